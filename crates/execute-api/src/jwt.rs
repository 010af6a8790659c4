//! Tokens that callers bring: JSON Web Tokens of user pools and other issuers.

use std::sync::Arc;

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Cloud;
use kogumo_issuers::NoKeys;
use kogumo_jwt::{Expected, Refused, Token};
use serde_json::{Map, Value as Json};

/// Why a token is not believed.
#[derive(Debug)]
pub enum Unbelieved {
    /// Forged, of another issuer, for another time, or no token at all.
    Invalid,
    Expired,
    /// The issuer cannot be asked for its keys.
    NoKeys(String),
    Trouble(Trouble),
}

/// Seconds by which an issuer's clock may be off.
const LEEWAY: i64 = 60;

/// The claims of a token of that issuer. Whom it is for is not looked at.
///
/// # Errors
/// See [`Unbelieved`].
pub async fn claims(
    cloud: &Arc<Cloud>,
    issuer: &str,
    token: &str,
    now: Timestamp,
) -> Result<Map<String, Json>, Unbelieved> {
    let token = Token::read(token).map_err(|_| Unbelieved::Invalid)?;
    if token.issuer() != Some(issuer) {
        return Err(Unbelieved::Invalid);
    }
    let keys = kogumo_issuers::keys(cloud, issuer, &token).await.map_err(|why| match why {
        NoKeys::Trouble(trouble) => Unbelieved::Trouble(trouble),
        why => Unbelieved::NoKeys(why.to_string()),
    })?;
    let claims = token.verified_by(&keys).map_err(|_| Unbelieved::Invalid)?;
    let expected = |leeway| Expected { issuer, audiences: &[], now: now.seconds(), leeway };
    match expected(0).check(claims) {
        Ok(()) => Ok(claims.clone()),
        Err(Refused::Issued | Refused::NotYet) if expected(LEEWAY).check(claims).is_ok() => Ok(claims.clone()),
        Err(Refused::Expired) => Err(Unbelieved::Expired),
        Err(_) => Err(Unbelieved::Invalid),
    }
}

/// The scopes of an access token: `scope`, with blanks between, or the list `scp`.
pub fn scopes(claims: &Map<String, Json>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Json::String(scopes)) => scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        Some(Json::Array(scopes)) => scopes.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whom the token is for: `aud`, and of a user pool's access tokens `client_id`.
pub fn audiences(claims: &Map<String, Json>) -> Vec<String> {
    match claims.get("aud").or_else(|| claims.get("client_id")) {
        Some(Json::String(one)) => vec![one.clone()],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// When the token ends.
pub fn ends(claims: &Map<String, Json>) -> Timestamp {
    let seconds = claims.get("exp").and_then(|exp| exp.as_i64().or_else(|| exp.as_f64().map(|exp| exp as i64)));
    Timestamp::from_seconds(seconds.unwrap_or(0))
}

/// A header's token without the word `Bearer`.
pub fn without_scheme(header: &str) -> &str {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_claims_say() {
        let of = |value: Json| value.as_object().cloned().unwrap_or_default();
        assert_eq!(scopes(&of(json!({"scope": "a b"}))), ["a", "b"]);
        assert_eq!(scopes(&of(json!({"scp": ["c"]}))), ["c"]);
        assert_eq!(audiences(&of(json!({"client_id": "x"}))), ["x"]);
        assert_eq!(audiences(&of(json!({"aud": ["x", "y"]}))), ["x", "y"]);
        assert_eq!(without_scheme("Bearer abc"), "abc");
        assert_eq!(without_scheme("abc"), "abc");
    }
}
