//! What the registered claims of a verified token must say (RFC 7519, section 4.1).

use std::fmt;

use serde_json::{Map, Value};

/// What a relying party expects. Times are seconds since 1970 by whatever clock the party goes by.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    /// One of these must be among the token's audiences; an empty list asks for none.
    pub audiences: &'a [String],
    pub now: i64,
    /// Seconds by which the issuer's clock may be off.
    pub leeway: i64,
}

/// The first claim that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Issuer,
    Audience,
    Expired,
    NotYet,
    /// Issued in the future.
    Issued,
    /// A claim that must be there is missing or of the wrong type; its name.
    Missing(&'static str),
}

impl Expected<'_> {
    /// Checks the claims of a token whose signature has been verified. A token without an expiry is refused.
    ///
    /// # Errors
    /// The first claim that does not hold.
    pub fn check(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        let issuer = claims.get("iss").and_then(Value::as_str).ok_or(Refused::Missing("iss"))?;
        if issuer != self.issuer {
            return Err(Refused::Issuer);
        }
        if !self.audiences.is_empty() && !audiences(claims)?.iter().any(|found| self.audiences.contains(found)) {
            return Err(Refused::Audience);
        }
        let expires = moment(claims, "exp")?.ok_or(Refused::Missing("exp"))?;
        if self.now >= expires.saturating_add(self.leeway) {
            return Err(Refused::Expired);
        }
        if moment(claims, "nbf")?.is_some_and(|begins| self.now < begins.saturating_sub(self.leeway)) {
            return Err(Refused::NotYet);
        }
        if moment(claims, "iat")?.is_some_and(|issued| self.now < issued.saturating_sub(self.leeway)) {
            return Err(Refused::Issued);
        }
        Ok(())
    }
}

/// `aud` is one name or a list of them.
fn audiences(claims: &Map<String, Value>) -> Result<Vec<String>, Refused> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(several)) => Ok(several.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => Err(Refused::Missing("aud")),
    }
}

/// A NumericDate: seconds, perhaps with a fraction, which is cut off.
fn moment(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Refused> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    whole.map(Some).ok_or(Refused::Missing(name))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Issuer => f.write_str("the token is another issuer's"),
            Refused::Audience => f.write_str("the token is for another audience"),
            Refused::Expired => f.write_str("the token has expired"),
            Refused::NotYet => f.write_str("the token is not valid yet"),
            Refused::Issued => f.write_str("the token was issued in the future"),
            Refused::Missing(name) => write!(f, "the token has no proper \"{name}\" claim"),
        }
    }
}
