//! Methods of type `AWS_IAM`: the request is signed for `execute-api` with keys that the cloud knows.

use super::authorize::no_token;
use super::call::Call;
use super::failure::{EXPIRED_TOKEN, Failure, INVALID_SIGNATURE};
use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::{Clock, Timestamp};
use kogumo_door::Principal;
use kogumo_execute_api::context::Context;
use kogumo_sigv4::{Authentication, BodyHash, Presented, Request, Rules, SigningKey};

/// Verifies the signature and says in the context who signed.
pub fn identify(call: &Call<'_>, context: &mut Context) -> Result<(), Failure> {
    let headers = headers(call);
    let read = Authentication::read(&headers, &call.request.raw_query);
    let presented = match read {
        Ok(Some(Authentication::V4(presented))) => presented,
        _ => return Err(no_token()),
    };
    let refused = |_| Failure::new(&INVALID_SIGNATURE);
    presented.check_scope().map_err(refused)?;
    presented.check_time(Clock::machine_now()).map_err(|_| Failure::saying(&INVALID_SIGNATURE, "Signature expired"))?;
    let (principal, secret) = look_up(call, &presented)?;
    if let Some(secret) = secret {
        let credential = &presented.credential;
        let key = SigningKey::derive(&secret, &credential.date, &credential.region, &credential.service);
        let request = Request {
            method: &call.request.method,
            path: &call.request.sent_path,
            query: &call.request.raw_query,
            headers: &headers,
        };
        let payload = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok().map(str::to_owned));
        let payload = payload.unwrap_or_else(|| BodyHash::of(&call.request.body));
        presented.verify(&request, Rules::General, &payload, &key).map_err(refused)?;
    }
    context.identity.access_key = Some(presented.credential.access_key.clone());
    context.identity.account_id = principal_account(&principal);
    context.identity.caller = Some(principal.id().to_owned());
    context.identity.user = Some(principal.id().to_owned());
    context.identity.user_arn = Some(principal.arn());
    Ok(())
}

/// The headers as they came; the signature covers their values.
fn headers(call: &Call<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.request.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            headers.append(name, value);
        }
    }
    headers
}

/// Who has the key, and its secret where one is known.
fn look_up(call: &Call<'_>, presented: &Presented) -> Result<(Principal, Option<String>), Failure> {
    let key = presented.credential.access_key.as_str();
    let root = |account: &str| Principal::Root { account: account.to_owned() };
    if !call.cloud.settings.strict {
        if key == "test" {
            return Ok((root("000000000000"), Some("test".to_owned())));
        }
        if key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok((root(key), None));
        }
    }
    let unknown = || Failure::saying(&INVALID_SIGNATURE, "The security token included in the request is invalid.");
    let found = call.cloud.credential(key).ok().flatten().filter(|credential| credential.active);
    let credential = found.ok_or_else(unknown)?;
    if credential.session_token != presented.token {
        return Err(unknown());
    }
    let now: Timestamp = call.now;
    if credential.expires.is_some_and(|expires| now >= expires) {
        return Err(Failure::new(&EXPIRED_TOKEN));
    }
    Ok((credential.principal, Some(credential.secret)))
}

fn principal_account(principal: &Principal) -> Option<String> {
    match principal {
        Principal::Root { account }
        | Principal::User { account, .. }
        | Principal::AssumedRole { account, .. }
        | Principal::Federated { account, .. } => Some(account.clone()),
        Principal::Service(_) | Principal::Anonymous => None,
    }
}
