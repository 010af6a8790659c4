//! Amazon Resource Names: `arn:partition:service:region:account:resource`.
//! Source: AWS General Reference, "Amazon Resource Names (ARNs)".

use std::fmt;

/// An ARN in its six parts. `resource` keeps every colon and slash behind the fifth colon.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    pub resource: String,
}

impl Arn {
    /// An ARN of the `aws` partition.
    pub fn new(service: &str, region: &str, account: &str, resource: impl Into<String>) -> Self {
        Arn {
            partition: "aws".into(),
            service: service.into(),
            region: region.into(),
            account: account.into(),
            resource: resource.into(),
        }
    }

    /// Takes an ARN apart; `None` if it has fewer than six parts or does not begin with `arn:`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Arn {
            partition: parts.next()?.into(),
            service: parts.next()?.into(),
            region: parts.next()?.into(),
            account: parts.next()?.into(),
            resource: parts.next()?.into(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:{}:{}:{}", self.partition, self.service, self.region, self.account, self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_colons_of_the_resource() {
        let text = "arn:aws:lambda:us-east-1:000000000000:function:f:1";
        let arn = Arn::parse(text).expect("six parts");
        assert_eq!(arn.resource, "function:f:1");
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn refuses_what_is_no_arn() {
        assert_eq!(Arn::parse("arn:aws:s3"), None);
        assert_eq!(Arn::parse("urn:aws:s3:::b"), None);
    }
}
