//! What a transform has to know about its surroundings.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// AWS's managed policies by name: the letters of their partitions, and path and name.
static MANAGED_POLICIES: LazyLock<HashMap<&str, (&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("../data/managed_policies.txt").lines().filter(|line| !line.starts_with('#'));
    let fields = lines.filter_map(|line| line.split_once(' '));
    fields.map(|(letters, path)| (path.rsplit('/').next().unwrap_or(path), (letters, path))).collect()
});

/// Where the template is going to be deployed.
#[derive(Clone, Debug)]
pub struct Context {
    /// `us-east-1` and the like. It also decides the partition.
    pub region: String,
    /// Names of managed policies beyond those that the transform knows, with their ARNs.
    pub managed_policies: BTreeMap<String, String>,
    /// Templates of the Serverless Application Repository: application id and version to URL.
    pub applications: BTreeMap<(String, String), String>,
    /// Seconds since 1970, for `AlwaysDeploy`.
    pub now: i64,
}

impl Context {
    /// A region, with nothing else known.
    pub fn new(region: impl Into<String>) -> Context {
        Context { region: region.into(), managed_policies: BTreeMap::new(), applications: BTreeMap::new(), now: 0 }
    }

    /// The partition of the region: `aws`, `aws-cn` and so on.
    pub(crate) fn partition(&self) -> &'static str {
        let region = self.region.to_lowercase();
        let starts = [
            ("cn-", "aws-cn"),
            ("us-iso-", "aws-iso"),
            ("us-isob", "aws-iso-b"),
            ("us-gov", "aws-us-gov"),
            ("eu-isoe", "aws-iso-e"),
            ("us-isof", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        starts.iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, partition)| partition)
    }

    /// Whether API Gateway has edge-optimised endpoints here.
    pub(crate) fn has_edge_endpoints(&self) -> bool {
        let partition = self.partition();
        !partition.starts_with("aws-iso") && !["aws-us-gov", "aws-cn", "aws-eusc"].contains(&partition)
    }

    /// The ARN of a policy of AWS, by path and name.
    pub(crate) fn aws_policy_arn(&self, path: &str) -> String {
        format!("arn:{}:iam::aws:policy/{path}", self.partition())
    }

    /// The ARN of a managed policy that a template names; what is unknown stays as it is.
    pub(crate) fn managed_policy_arn(&self, name: &str) -> String {
        let letter = match self.partition() {
            "aws" => 'a',
            "aws-cn" => 'c',
            "aws-us-gov" => 'g',
            "aws-eusc" => 'e',
            _ => '-',
        };
        let known = MANAGED_POLICIES.get(name).filter(|(letters, _)| letters.contains(letter));
        match known {
            Some((_, path)) => self.aws_policy_arn(path),
            None => self.managed_policies.get(name).cloned().unwrap_or_else(|| name.to_owned()),
        }
    }

    /// The policy that lets a function write to X-Ray.
    pub(crate) fn xray_policy(&self) -> &'static str {
        match self.partition() {
            "aws" => "AWSXrayWriteOnlyAccess",
            _ => "AWSXRayDaemonWriteAccess",
        }
    }

    /// An ARN pattern for `Fn::Sub` in this partition.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        arn(self.partition(), service, resource)
    }
}

/// An ARN pattern for `Fn::Sub`.
pub(crate) fn arn(partition: &str, service: &str, resource: &str) -> String {
    format!("arn:{partition}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_managed_policy_is_found_by_name() {
        let context = Context::new("us-east-1");
        assert_eq!(context.managed_policy_arn("TranslateFullAccess"), "arn:aws:iam::aws:policy/TranslateFullAccess");
        let arn = context.managed_policy_arn("AWSLambdaBasicExecutionRole");
        assert_eq!(arn, "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
        assert_eq!(context.managed_policy_arn("NoSuchPolicy"), "NoSuchPolicy");
    }
}
