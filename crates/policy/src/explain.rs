//! What a client is told whose call is refused.
//! Source: IAM User Guide, "Troubleshoot access denied error messages".

use crate::decide::{Decision, Layer, Verdict};

/// The words of AWS: `User: … is not authorized to perform: … on resource: … because …`.
pub fn denial(principal: &str, action: &str, resource: &str, decision: &Decision) -> String {
    let layer = decision.layer.unwrap_or(Layer::Identity);
    let why = match (decision.verdict, layer) {
        (Verdict::ExplicitDeny, layer) => format!("with an explicit deny in {}", with_article(layer)),
        (_, layer) => format!("because no {} allows the {action} action", layer.name()),
    };
    let on = if resource.is_empty() { String::new() } else { format!(" on resource: {resource}") };
    format!("User: {principal} is not authorized to perform: {action}{on} {why}")
}

impl Layer {
    /// As AWS's messages name a kind of policy.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Identity => "identity-based policy",
            Layer::Boundary => "permissions boundary",
            Layer::Session => "session policy",
            Layer::Resource => "resource-based policy",
            Layer::Trust => "role trust policy",
            Layer::Endpoint => "VPC endpoint policy",
            Layer::ServiceControl => "service control policy",
        }
    }
}

fn with_article(layer: Layer) -> String {
    let article = match layer {
        Layer::Identity => "an",
        Layer::Trust => "the",
        _ => "a",
    };
    format!("{article} {}", layer.name())
}
