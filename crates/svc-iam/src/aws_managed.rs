//! AWS's own managed policies: the documents that AWS publishes, in their default versions.
//!
//! Earlier versions and the policies' ids are not published with them and not known here.

use std::collections::HashMap;
use std::sync::OnceLock;

use kogumo_base::Timestamp;

/// Made by `data/generate.py`.
const LIST: &str = include_str!("../data/managed_policies.txt");

/// A policy of AWS's.
#[derive(Clone, Copy, Debug)]
pub struct AwsPolicy {
    /// `service-role/AWSLambdaBasicExecutionRole`
    place: &'static str,
    /// The default version: `v3`.
    pub version: &'static str,
    created: &'static str,
    updated: &'static str,
    /// JSON.
    pub document: &'static str,
}

impl AwsPolicy {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        Some(AwsPolicy { place: next()?, version: next()?, created: next()?, updated: next()?, document: next()? })
    }

    pub fn name(&self) -> &'static str {
        self.place.rsplit('/').next().unwrap_or_default()
    }

    pub fn path(&self) -> String {
        self.place.rsplit_once('/').map_or_else(|| "/".to_owned(), |(path, _)| format!("/{path}/"))
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy/{}", self.place)
    }

    pub fn created(&self) -> Option<Timestamp> {
        Timestamp::parse_iso(self.created)
    }

    pub fn updated(&self) -> Option<Timestamp> {
        Timestamp::parse_iso(self.updated)
    }
}

/// All policies in the order of their names.
pub fn all() -> impl Iterator<Item = AwsPolicy> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(AwsPolicy::read)
}

/// The policy behind an ARN.
pub fn find(arn: &str) -> Option<AwsPolicy> {
    static BY_PLACE: OnceLock<HashMap<&'static str, AwsPolicy>> = OnceLock::new();
    let by_place = BY_PLACE.get_or_init(|| all().map(|policy| (policy.place, policy)).collect());
    by_place.get(arn.strip_prefix("arn:aws:iam::aws:policy/")?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_policies_are_found_by_their_arns() {
        let found = find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").expect("known");
        assert_eq!((found.name(), found.path().as_str()), ("AWSLambdaBasicExecutionRole", "/service-role/"));
        assert!(found.document.contains("logs:PutLogEvents"));
        assert!(find("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole").is_none());
    }

    #[test]
    fn every_document_is_well_formed() {
        for policy in all() {
            let document: serde_json::Value = serde_json::from_str(policy.document).expect(policy.place);
            assert!(document["Statement"].is_array() || document["Statement"].is_object(), "{}", policy.place);
            assert!(policy.created().is_some() && policy.updated().is_some(), "{}", policy.place);
        }
    }
}
