//! Clients' secrets: the hash that flows carry, and the secret itself at the hosted token endpoint.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_wire::Fault;
use ring::hmac;
use subtle::ConstantTimeEq;

use super::Client;
use super::record::Secret;
use crate::faults::not_authorized;

/// Checks `SECRET_HASH`: the HMAC of user name and client id under the secret, in base 64.
///
/// # Errors
/// It is missing, another one, or there although the client has no secret.
pub fn check_hash(client: &Client, username: &str, given: Option<&str>) -> Result<(), Fault> {
    let refused = || not_authorized(format!("Unable to verify secret hash for client {}", client.id));
    match (&client.secret, given) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(not_authorized(format!(
            "Client {} is not configured for secret but secret hash was received",
            client.id
        ))),
        (Some(_), None) => Err(not_authorized(format!(
            "Client {} is configured with secret but SECRET_HASH was not received",
            client.id
        ))),
        (Some(_), Some(given)) => {
            let given = STANDARD.decode(given).map_err(|_| refused())?;
            let named = format!("{username}{}", client.id);
            let is_by = |secret: &Secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.value.as_bytes());
                hmac::verify(&key, named.as_bytes(), &given).is_ok()
            };
            if client.secrets().iter().any(is_by) { Ok(()) } else { Err(refused()) }
        }
    }
}

/// The hash that a client with a secret sends along.
pub fn hash(client: &Client, username: &str) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, client.secret.as_ref()?.as_bytes());
    Some(STANDARD.encode(hmac::sign(&key, format!("{username}{}", client.id).as_bytes())))
}

/// Whether that is a secret of the client's; a client without one takes none.
pub fn fits(client: &Client, given: Option<&str>) -> bool {
    match (&client.secret, given) {
        (None, None) => true,
        (Some(_), Some(given)) => {
            client.secrets().iter().any(|secret| secret.value.as_bytes().ct_eq(given.as_bytes()).into())
        }
        _ => false,
    }
}
