//! What the browser says of a ceremony: which one, which challenge it answered, on which page (Web Authentication,
//! section 5.8.1).

use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{Refused, decoded};

/// Checks the client's data. `kind` is `webauthn.create` or `webauthn.get`.
///
/// # Errors
/// Another form, challenge, or page.
pub fn check(bytes: &[u8], kind: &str, challenge: &[u8], relying_party: &str) -> Result<(), Refused> {
    const FORM: Refused = Refused::Form("clientDataJSON");
    let data: Value = serde_json::from_slice(bytes).map_err(|_| FORM)?;
    let text = |name: &str| data.get(name).and_then(Value::as_str).ok_or(FORM);
    if text("type")? != kind {
        return Err(FORM);
    }
    let answered = decoded(text("challenge")?).ok_or(FORM)?;
    if !bool::from(answered.ct_eq(challenge)) {
        return Err(Refused::Challenge);
    }
    let inside_another = data.get("crossOrigin").and_then(Value::as_bool).unwrap_or(false);
    if inside_another || !is_of(text("origin")?, relying_party) {
        return Err(Refused::Origin);
    }
    Ok(())
}

/// Whether an origin is a secure page of the relying party's domain, or of one below it.
fn is_of(origin: &str, relying_party: &str) -> bool {
    let Some((scheme, place)) = origin.split_once("://") else { return false };
    let host = match place.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return false,
        None => place,
    };
    if host.is_empty() || host.contains(['/', '?', '#', '@']) {
        return false;
    }
    let local = host == "localhost" || host.ends_with(".localhost");
    let secure = scheme == "https" || (scheme == "http" && local);
    let below = host.strip_suffix(relying_party).is_some_and(|front| front.is_empty() || front.ends_with('.'));
    secure && below
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn pages_of_a_relying_party() {
        for (origin, relying_party) in [
            ("https://example.com", "example.com"),
            ("https://login.example.com:8443", "example.com"),
            ("http://localhost:3000", "localhost"),
            ("https://app.auth.us-east-1.amazoncognito.com", "app.auth.us-east-1.amazoncognito.com"),
        ] {
            assert!(is_of(origin, relying_party), "{origin} {relying_party}");
        }
        for (origin, relying_party) in [
            ("http://example.com", "example.com"),
            ("https://badexample.com", "example.com"),
            ("https://example.com", "login.example.com"),
            ("https://example.com.evil.org", "example.com"),
            ("https://evil.org/https://example.com", "example.com"),
            ("https://user@example.com", "example.com"),
            ("https://example.com:x", "example.com"),
            ("android:apk-key-hash:abc", "example.com"),
            ("https://", ""),
            ("null", "example.com"),
        ] {
            assert!(!is_of(origin, relying_party), "{origin} {relying_party}");
        }
    }
}
