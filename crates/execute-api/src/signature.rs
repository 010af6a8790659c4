//! Requests that are signed for `execute-api` with keys that the cloud knows: methods and routes of type `AWS_IAM`.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::{Clock, Scope, Trouble};
use kogumo_door::{Caller, Cloud, KeyProblem, Principal};
use kogumo_sigv4::{Authentication, BodyHash, Rules, SigningKey};

use crate::context::{CognitoIdentity, Context};
use crate::exchange::Request;

/// Why a request is as good as not signed.
#[derive(Debug)]
pub enum Unsigned {
    /// There is no signature.
    Missing,
    /// It does not stand.
    Wrong,
    /// It was made too long ago.
    TooOld,
    UnknownKey,
    /// The credentials are over.
    Expired,
    Trouble(Trouble),
}

/// Who has signed a request to an API that is at home in that region.
///
/// # Errors
/// See [`Unsigned`].
pub fn signer(cloud: &Arc<Cloud>, request: &Request, region: &str) -> Result<Caller, Unsigned> {
    let headers = headers(request);
    let Ok(Some(Authentication::V4(presented))) = Authentication::read(&headers, &request.raw_query) else {
        return Err(Unsigned::Missing);
    };
    presented.check_scope().map_err(|_| Unsigned::Wrong)?;
    presented.check_time(Clock::machine_now()).map_err(|_| Unsigned::TooOld)?;
    let credential = &presented.credential;
    let known = cloud.key(&credential.access_key, presented.token.as_deref()).map_err(|problem| match problem {
        KeyProblem::Unknown | KeyProblem::WrongToken => Unsigned::UnknownKey,
        KeyProblem::Expired => Unsigned::Expired,
        KeyProblem::Trouble(trouble) => Unsigned::Trouble(trouble),
    })?;
    if let Some(secret) = &known.secret {
        let key = SigningKey::derive(secret, &credential.date, &credential.region, &credential.service);
        let signed = kogumo_sigv4::Request {
            method: &request.method,
            path: &request.sent_path,
            query: &request.raw_query,
            headers: &headers,
        };
        let payload = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok().map(str::to_owned));
        let payload = payload.unwrap_or_else(|| BodyHash::of(&request.body));
        presented.verify(&signed, Rules::General, &payload, &key).map_err(|_| Unsigned::Wrong)?;
    }
    let scope = Scope::new(known.principal.account(), region);
    Ok(Caller {
        principal: known.principal,
        access_key: credential.access_key.clone(),
        session: known.session,
        source_ip: request.source_ip.parse().ok(),
        user_agent: request.header("user-agent").unwrap_or_default().to_owned(),
        ..Caller::service("", scope)
    })
}

/// The headers as they came; the signature covers their values.
fn headers(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            headers.append(name, value);
        }
    }
    headers
}

/// Says in the context who signed.
pub fn describe(caller: &Caller, context: &mut Context) {
    let principal = &*caller.principal;
    let identity = &mut context.identity;
    identity.access_key = Some(caller.access_key.clone());
    identity.account_id = match principal {
        Principal::Service(_) | Principal::Anonymous => None,
        known => Some(known.account().to_owned()),
    };
    identity.caller = Some(principal.id().to_owned());
    identity.user = Some(principal.id().to_owned());
    identity.user_arn = Some(principal.arn());
    identity.cognito = cognito(caller);
}

/// The identity of an identity pool whose session signed.
fn cognito(caller: &Caller) -> Option<CognitoIdentity> {
    let claims = &caller.session.as_deref()?.claims;
    let of = |name: &str| claims.get(&format!("cognito-identity.amazonaws.com:{name}")).cloned();
    Some(CognitoIdentity {
        pool: of("aud")?.into_iter().next()?,
        identity: of("sub")?.into_iter().next()?,
        how: of("amr").unwrap_or_default(),
    })
}
