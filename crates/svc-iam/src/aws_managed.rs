//! AWS's own managed policies: the documents that AWS publishes, in their default versions.
//!
//! Earlier versions and the policies' ids are not published with them and not known here.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use kogumo_base::Timestamp;

/// Made by `data/generate.py`, packed by `build.rs`, unpacked when somebody asks for the first time.
static LIST: LazyLock<String> = LazyLock::new(|| {
    let mut list = String::new();
    let mut packed = GzDecoder::new(&include_bytes!(concat!(env!("OUT_DIR"), "/managed_policies.gz"))[..]);
    if let Err(error) = packed.read_to_string(&mut list) {
        tracing::error!("the list of AWS's managed policies is damaged: {error}");
    }
    list
});

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
    static BY_PLACE: LazyLock<HashMap<&'static str, AwsPolicy>> =
        LazyLock::new(|| all().map(|policy| (policy.place, policy)).collect());
    BY_PLACE.get(arn.strip_prefix("arn:aws:iam::aws:policy/")?).copied()
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
