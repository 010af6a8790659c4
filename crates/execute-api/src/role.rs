//! Roles that API Gateway assumes for a call.

use kogumo_door::Caller;

/// The session name under which API Gateway assumes a role.
const SESSION: &str = "BackplaneAssumeRoleSession";

/// A session of the role, in a region; `None` when the text is no role's ARN.
pub fn caller(role: &str, region: &str) -> Option<Caller> {
    Caller::in_role("apigateway.amazonaws.com", role, SESSION, region)
}

#[cfg(test)]
mod tests {
    use super::caller;

    #[test]
    fn roles_are_named_without_their_path() {
        let arn = caller("arn:aws:iam::000000000000:role/service/r", "us-east-1").map(|caller| caller.principal.arn());
        assert_eq!(arn.as_deref(), Some("arn:aws:sts::000000000000:assumed-role/r/BackplaneAssumeRoleSession"));
        assert!(caller("arn:aws:iam::*:user/*", "us-east-1").is_none());
    }
}
