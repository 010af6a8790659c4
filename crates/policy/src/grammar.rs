//! What the sorts of policies ask for beyond the grammar that they share, as AWS checks it when a document is stored.

use std::collections::HashSet;

use crate::document::{Document, Statement};
use crate::{Condition, Problem};

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Attached to users, groups, roles; boundaries and session policies, too.
    Identity,
    /// A role's trust policy.
    Trust,
    /// Attached to a resource.
    Resource,
}

impl Document {
    /// Checks what this sort of document must and must not have.
    ///
    /// # Errors
    /// What is wrong, in IAM's words.
    pub fn check(&self, sort: Sort) -> Result<(), Problem> {
        let mut sids = HashSet::new();
        for statement in &self.statements {
            let sid = statement.sid.as_deref().unwrap_or_default();
            if sort != Sort::Resource && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Problem::Sid);
            }
            if !sid.is_empty() && !sids.insert(sid) {
                return Err(Problem::SameSid);
            }
            statement.check(sort)?;
        }
        Ok(())
    }
}

impl Statement {
    fn check(&self, sort: Sort) -> Result<(), Problem> {
        let actions = self.action.as_ref().ok_or(Problem::NoActions)?;
        actions.texts.iter().try_for_each(|action| check_action(action))?;
        match sort {
            Sort::Identity => {
                if self.principal.is_some() {
                    return Err(Problem::HasPrincipal);
                }
                let resources = self.resource.as_ref().ok_or(Problem::NoResources)?;
                resources.texts.iter().try_for_each(|resource| check_resource(resource))?;
            }
            Sort::Trust => {
                if self.resource.is_some() {
                    return Err(Problem::HasResource);
                }
                if self.principal.is_none() {
                    return Err(Problem::NoPrincipal);
                }
                let is_sts = |action: &String| action.to_ascii_lowercase().starts_with("sts:") || action == "*";
                if !actions.texts.iter().all(is_sts) {
                    return Err(Problem::NotSts);
                }
            }
            Sort::Resource => {
                if self.principal.is_none() {
                    return Err(Problem::NoPrincipal);
                }
            }
        }
        self.conditions.iter().try_for_each(check_condition)
    }
}

/// `vendor:Name`, or `*`.
fn check_action(action: &str) -> Result<(), Problem> {
    if action == "*" {
        return Ok(());
    }
    let (vendor, name) = action.split_once(':').ok_or(Problem::NoVendor)?;
    if name.contains(':') {
        return Err(Problem::ManyColons);
    }
    let is_vendor = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if vendor.is_empty() || !vendor.bytes().all(is_vendor) {
        return Err(Problem::Vendor(vendor.to_owned()));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'-' | b'_' | b'.' | b'/');
    if name.is_empty() || !name.bytes().all(is_name) { Err(Problem::Syntax) } else { Ok(()) }
}

fn check_resource(resource: &str) -> Result<(), Problem> {
    if resource == "*" {
        return Ok(());
    }
    let Some(rest) = resource.strip_prefix("arn:") else { return Err(Problem::NotArn(resource.to_owned())) };
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next().unwrap_or_default();
    if !matches!(partition, "aws" | "aws-cn" | "aws-us-gov" | "*") {
        return Err(Problem::Partition { partition: partition.to_owned(), resource: resource.to_owned() });
    }
    let (service, region) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = match (parts.next(), parts.next()) {
        (_, Some(path)) => path,
        // `arn:aws:s3:*`: the star stands for all that is missing.
        _ if rest.ends_with('*') => return Ok(()),
        _ => return Err(Problem::Legacy),
    };
    if service.contains(['*', '?']) {
        return Err(Problem::ResourceVendor);
    }
    match service {
        "iam" if !matches!(region, "" | "*") => Err(Problem::IamRegion(resource.to_owned())),
        "iam" if !is_iam_path(path) => Err(Problem::IamPath),
        // Access points have regions, buckets have none.
        "s3" if !matches!(region, "" | "*") && !path.starts_with("accesspoint") && !path.starts_with("job") => {
            Err(Problem::S3Region(resource.to_owned()))
        }
        _ => Ok(()),
    }
}

fn is_iam_path(path: &str) -> bool {
    const KINDS: [&str; 13] = [
        "user/",
        "federated-user/",
        "role/",
        "group/",
        "instance-profile/",
        "mfa/",
        "server-certificate/",
        "policy/",
        "sms-mfa/",
        "saml-provider/",
        "oidc-provider/",
        "report/",
        "access-report/",
    ];
    path.starts_with(['*', '?'])
        || path.contains("${")
        || path == "root"
        || KINDS
            .iter()
            .any(|kind| path.starts_with(kind) || path.split_once('*').is_some_and(|(head, _)| kind.starts_with(head)))
}

fn check_condition(condition: &Condition) -> Result<(), Problem> {
    if condition.key.contains(':') { Ok(()) } else { Err(Problem::NoVendor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statement: &str, sort: Sort) -> Result<(), Problem> {
        Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#))?.check(sort)
    }

    #[test]
    fn well_formed_documents_pass() {
        for (statement, sort) in [
            (r#""Effect":"Allow","Action":"s3:*","Resource":"*""#, Sort::Identity),
            (
                r#""Sid":"","Effect":"Deny","NotAction":["iam:Get*","*"],"NotResource":["arn:aws:s3:::b/${aws:username}"]"#,
                Sort::Identity,
            ),
            (
                r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}"#,
                Sort::Trust,
            ),
            (
                r#""Sid":"a b","Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"arn:aws:s3:::b/*""#,
                Sort::Resource,
            ),
            (
                r#""Effect":"Allow","Action":"iam:PassRole","Resource":["arn:aws:iam::*:role/x","arn:aws:iam::1:*"]"#,
                Sort::Identity,
            ),
        ] {
            assert_eq!(check(statement, sort), Ok(()), "{statement}");
        }
    }

    #[test]
    fn malformed_statements_are_told_apart() {
        let good = r#""Effect":"Allow","Action":"s3:*","Resource":"*""#;
        for (statement, said) in [
            (
                r#""Effect":"Allow","Action":"invalid","Resource":"*""#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                r#""Effect":"Allow","Action":"s3:List:Bucket","Resource":"*""#,
                "Actions/Condition can contain only one colon.",
            ),
            (r#""Effect":"Allow","Action":"a a:ListBucket","Resource":"*""#, "Vendor a a is not valid"),
            (r#""Effect":"Allow","Resource":"*""#, "Policy statement must contain actions."),
            (r#""Effect":"Allow","Action":[],"Resource":"*""#, "Policy statement must contain actions."),
            (r#""Effect":"Allow","Action":"s3:*""#, "Policy statement must contain resources."),
            (r#""Effect":"Allow","Action":"s3:*","Resource":[]"#, "Policy statement must contain resources."),
            (r#""Effect":"Allow","Action":"s3:*","Resource":"b""#, "Resource b must be in ARN format or \"*\"."),
            (r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3::b""#, "The policy failed legacy parsing"),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"arn:error:s3:::b""#,
                "Partition \"error\" is not valid for resource \"arn:error:s3:::b\".",
            ),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:us-east-1::b""#,
                "Resource arn:aws:s3:us-east-1::b can not contain region information.",
            ),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:*:::b""#,
                "Resource vendor must be fully qualified and cannot contain regexes.",
            ),
            (r#""Effect":"allow","Action":"s3:*","Resource":"*""#, "Syntax errors in policy."),
            (r#""Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*""#, "Syntax errors in policy."),
            (r#""Effect":"Allow","Action":"s3:*","Resource":"*","Extra":1"#, "Syntax errors in policy."),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"aws:a":"b"}}"#,
                "Syntax errors in policy.",
            ),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateEquals":{"aws:a":"b"}}"#,
                "The policy failed legacy parsing",
            ),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":"b"}}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                r#""Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*""#,
                "Policy document should not specify a principal.",
            ),
            (
                r#""Sid":"a-b","Effect":"Allow","Action":"s3:*","Resource":"*""#,
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            ),
        ] {
            let problem = check(statement, Sort::Identity).expect_err(statement);
            assert_eq!(problem.to_string(), said, "{statement}");
        }
        assert_eq!(check(good, Sort::Trust), Err(Problem::HasResource));
        assert_eq!(check(good, Sort::Resource), Err(Problem::NoPrincipal));
        assert_eq!(check(r#""Effect":"Allow","Action":"s3:*","Principal":"*""#, Sort::Trust), Err(Problem::NotSts));
        let twice = format!(r#"{{"Statement":[{{"Sid":"a",{good}}},{{"Sid":"a",{good}}}]}}"#);
        assert_eq!(Document::parse(&twice).and_then(|twice| twice.check(Sort::Identity)), Err(Problem::SameSid));
    }

    #[test]
    fn malformed_documents_are_refused() {
        let deep = "[".repeat(100_000);
        for (text, problem) in [
            ("", Problem::Json),
            (deep.as_str(), Problem::Json),
            ("[]", Problem::Syntax),
            ("{}", Problem::Syntax),
            (r#"{"Statement":[]}"#, Problem::Syntax),
            (r#"{"Version":"2020-01-01","Statement":[{}]}"#, Problem::Version),
            (r#"{"Statement":[{}],"More":1}"#, Problem::UnknownElement("More".into())),
            (
                r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:root"}}]}"#,
                Problem::Principal("\"AWS\":\"arn:aws:iam::*:root\"".into()),
            ),
        ] {
            assert_eq!(Document::parse(text), Err(problem), "{}", text.get(..100).unwrap_or(text));
        }
    }
}
