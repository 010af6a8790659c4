//! The names CloudFormation makes up: `stack-LogicalId-1A2B3C4D5E6F`, within each service's limits.

use kogumo_base::random_from;

/// The end of a made-up name.
pub fn suffix() -> String {
    random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12)
}

/// What a type allows its names to be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub longest: usize,
    pub lower_case: bool,
}

/// The limits of the types whose resources have names of their own.
pub fn limits(kind: &str) -> Limits {
    let (longest, lower_case) = match kind {
        "AWS::S3::Bucket" => (63, true),
        "AWS::ECR::Repository" => (256, true),
        "AWS::Lambda::Function" | "AWS::IAM::Role" | "AWS::IAM::User" => (64, false),
        "AWS::IAM::Group" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::InstanceProfile" | "AWS::IAM::Policy" => {
            (128, false)
        }
        "AWS::Lambda::LayerVersion" => (140, false),
        // Behind it there is room for `.fifo`.
        "AWS::SQS::Queue" => (75, false),
        "AWS::SNS::Topic" => (251, false),
        _ => (255, false),
    };
    Limits { longest, lower_case }
}

/// A name for a resource that was given none. Too long a name loses the end of the stack's name first, then of the id's.
pub fn generated(kind: &str, stack: &str, logical_id: &str, suffix: &str) -> String {
    if kind == "AWS::SSM::Parameter" {
        return format!("CFN-{logical_id}-{suffix}");
    }
    let limits = limits(kind);
    let room = limits.longest.saturating_sub(suffix.len() + 2);
    let id = clipped(logical_id, room.saturating_sub(stack.len().min(room / 2)));
    let stack = clipped(stack, room - id.len());
    let name = format!("{stack}-{id}-{suffix}");
    if limits.lower_case { name.to_lowercase() } else { name }
}

fn clipped(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_limits() {
        assert_eq!(generated("AWS::DynamoDB::Table", "my-stack", "Table", "ABC"), "my-stack-Table-ABC");
        assert_eq!(generated("AWS::S3::Bucket", "My-Stack", "Bucket", "ABC"), "my-stack-bucket-abc");
        assert_eq!(generated("AWS::SSM::Parameter", "s", "P", "ABC"), "CFN-P-ABC");
        let long = generated("AWS::IAM::Role", &"s".repeat(100), &"L".repeat(100), &suffix());
        assert_eq!(long.len(), 64);
        assert!(long.starts_with("ssss") && long.contains("-LLLL"));
        let short_stack = generated("AWS::IAM::Role", "s", &"L".repeat(100), "ABC");
        assert!(short_stack.starts_with("s-LLL") && short_stack.len() == 64);
    }
}
