//! Which flows a client has: pure.

use kogumo_wire::Fault;

use crate::client::Client;
use crate::faults::invalid;

/// Flows of clients that name none.
const USUAL: [&str; 3] = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"];

/// Whether the client may begin that flow.
///
/// # Errors
/// It may not, or not by that operation.
pub fn check(client: &Client, flow: &str, admin: bool) -> Result<(), Fault> {
    let own = client.texts("ExplicitAuthFlows");
    let own: &[&str] = if own.is_empty() { &USUAL } else { &own };
    let has = |name: &str| own.contains(&name);
    let legacy = own.iter().all(|name| !name.starts_with("ALLOW_"));
    let custom_only = has("CUSTOM_AUTH_FLOW_ONLY");
    let (right_door, allowed) = match flow {
        "USER_SRP_AUTH" => (true, has("ALLOW_USER_SRP_AUTH") || (legacy && !custom_only)),
        "USER_PASSWORD_AUTH" => (!admin, has("ALLOW_USER_PASSWORD_AUTH") || has("USER_PASSWORD_AUTH")),
        "ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH" => {
            (admin, has("ALLOW_ADMIN_USER_PASSWORD_AUTH") || has("ADMIN_NO_SRP_AUTH"))
        }
        "CUSTOM_AUTH" => (true, has("ALLOW_CUSTOM_AUTH") || legacy),
        // Rotated tokens are refreshed by GetTokensFromRefreshToken only.
        "REFRESH_TOKEN" | "REFRESH_TOKEN_AUTH" => {
            (true, client.rotation().is_none() && (has("ALLOW_REFRESH_TOKEN_AUTH") || legacy))
        }
        "USER_AUTH" => (true, has("ALLOW_USER_AUTH")),
        _ => (false, false),
    };
    match (right_door, allowed) {
        (false, _) => Err(invalid("Initiate Auth method not supported.")),
        (true, true) => Ok(()),
        (true, false) if flow.starts_with("ADMIN_") => Err(invalid("Auth flow not enabled for this client")),
        (true, false) if matches!(flow, "USER_SRP_AUTH" | "CUSTOM_AUTH") => {
            Err(invalid(format!("{flow} is not enabled for the client.")))
        }
        (true, false) => Err(invalid(format!("{flow} flow not enabled for this client"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::client;

    #[test]
    fn old_names_and_new_ones() {
        let allowed = |flows: &[&str], flow, admin| check(&client(flows), flow, admin).is_ok();
        assert!(allowed(&[], "USER_SRP_AUTH", false));
        assert!(!allowed(&[], "USER_PASSWORD_AUTH", false));
        assert!(allowed(&["ADMIN_NO_SRP_AUTH"], "ADMIN_USER_PASSWORD_AUTH", true));
        assert!(!allowed(&["ALLOW_ADMIN_USER_PASSWORD_AUTH"], "ADMIN_USER_PASSWORD_AUTH", false));
        assert!(!allowed(&["CUSTOM_AUTH_FLOW_ONLY"], "USER_SRP_AUTH", false));
        assert!(!allowed(&["ALLOW_USER_AUTH"], "USER_SRP_AUTH", false));
    }
}
