//! What is wrong with a document, in IAM's words. Services with words of their own tell the kinds apart.

use std::fmt;

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not JSON at all.
    Json,
    /// JSON that is no policy.
    Syntax,
    /// An element that no policy has.
    UnknownElement(String),
    Version,
    Effect,
    NoActions,
    NoResources,
    HasPrincipal,
    NoPrincipal,
    HasResource,
    /// A principal that is not written as one.
    Principal(String),
    NoVendor,
    ManyColons,
    Vendor(String),
    NotArn(String),
    Partition {
        partition: String,
        resource: String,
    },
    /// An ARN that lacks parts, a date that is none.
    Legacy,
    ResourceVendor,
    IamPath,
    IamRegion(String),
    S3Region(String),
    SameSid,
    Sid,
    NotSts,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Problem::Json => "This policy contains invalid Json",
            Problem::Syntax | Problem::UnknownElement(_) | Problem::Effect => "Syntax errors in policy.",
            Problem::Version => "The policy must contain a valid version string",
            Problem::NoActions => "Policy statement must contain actions.",
            Problem::NoResources => "Policy statement must contain resources.",
            Problem::HasPrincipal => "Policy document should not specify a principal.",
            Problem::NoPrincipal => "Missing required field Principal",
            Problem::HasResource => "Has prohibited field Resource",
            Problem::Principal(principal) => return write!(f, "Invalid principal in policy: {principal}"),
            Problem::NoVendor => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            Problem::ManyColons => "Actions/Condition can contain only one colon.",
            Problem::Vendor(vendor) => return write!(f, "Vendor {vendor} is not valid"),
            Problem::NotArn(text) => return write!(f, "Resource {text} must be in ARN format or \"*\"."),
            Problem::Partition { partition, resource } => {
                return write!(f, "Partition \"{partition}\" is not valid for resource \"{resource}\".");
            }
            Problem::Legacy => "The policy failed legacy parsing",
            Problem::ResourceVendor => "Resource vendor must be fully qualified and cannot contain regexes.",
            Problem::IamPath => {
                "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, \
                 instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                 report/, access-report/."
            }
            Problem::IamRegion(arn) => return write!(f, "IAM resource {arn} cannot contain region information."),
            Problem::S3Region(arn) => return write!(f, "Resource {arn} can not contain region information."),
            Problem::SameSid => "Statement IDs (SID) in a single policy must be unique.",
            Problem::Sid => {
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                 [0-9A-Za-z]*"
            }
            Problem::NotSts => "AssumeRole policy may only specify STS AssumeRole actions.",
        };
        f.write_str(text)
    }
}

impl std::error::Error for Problem {}
