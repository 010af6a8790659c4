//! Sessions of users themselves, and of people whom a user vouches for.

use kogumo_door::{Context, Principal, Session};
use kogumo_model::sts::{
    FederatedUser, GetFederationTokenRequest, GetFederationTokenResponse, GetSessionTokenRequest,
    GetSessionTokenResponse,
};
use kogumo_wire::Fault;

use crate::assume_role::one_time_password;
use crate::narrowing::Narrowing;
use crate::role;
use crate::session::{self, Lasting, Who};

const HALF_A_DAY: i32 = 43_200;

/// The root's sessions last an hour at most.
const ROOT_SECONDS: i32 = 3600;

fn seconds(who: &Principal, asked: Option<i32>) -> i32 {
    let seconds = asked.unwrap_or(HALF_A_DAY);
    if matches!(who, Principal::Root { .. }) { seconds.min(ROOT_SECONDS) } else { seconds }
}

/// Keys that were issued for a time make no others of this kind.
fn refuse_sessions(cx: &Context, operation: &str) -> Result<(), Fault> {
    match cx.caller.session {
        Some(_) => Err(Fault::access_denied(format!("Cannot call {operation} with session credentials"))),
        None => Ok(()),
    }
}

/// A session of the calling user, with a one-time password if one is shown.
pub async fn get_session_token(cx: Context, input: GetSessionTokenRequest) -> Result<GetSessionTokenResponse, Fault> {
    refuse_sessions(&cx, "GetSessionToken")?;
    let who = match Principal::clone(&cx.caller.principal) {
        Principal::Root { account } => Who::Root { account },
        Principal::User { account, name, path, id } => Who::User { account, name, path, id },
        _ => return Err(Fault::access_denied("Cannot call GetSessionToken with session credentials")),
    };
    let mfa = one_time_password(&cx, input.serial_number.as_deref(), input.token_code.as_deref())?;
    let session = Session { mfa: mfa.then(|| cx.now()), ..Session::default() };
    let seconds = seconds(&cx.caller.principal, input.duration_seconds);
    let lasting = Lasting { seconds, least_token: input.minimum_session_token_size };
    let credentials = cx.write(|w| session::issue(w, lasting, who.clone(), session.clone()).map_err(Fault::from))?;
    Ok(GetSessionTokenResponse { credentials: Some(credentials), ..GetSessionTokenResponse::default() })
}

/// A federated user's session under the calling user's account: the user's permissions, narrowed by the policies.
pub async fn get_federation_token(
    cx: Context,
    input: GetFederationTokenRequest,
) -> Result<GetFederationTokenResponse, Fault> {
    refuse_sessions(&cx, "GetFederationToken")?;
    if !matches!(*cx.caller.principal, Principal::Root { .. } | Principal::User { .. }) {
        return Err(Fault::access_denied("Cannot call GetFederationToken with session credentials"));
    }
    let mut session = Session { maker: Some(cx.caller.principal.arn()), ..Session::default() };
    let narrowing = Narrowing {
        policy: input.policy.clone(),
        policy_arns: input.policy_arns.clone(),
        tags: input.tags.clone(),
        transitive: None,
    };
    let packed_policy_size = narrowing.apply(&mut session, None)?;
    role::check_policies(&cx, cx.caller.account(), &session.policy_arns).await?;
    let account = cx.caller.account().to_owned();
    let id = format!("{account}:{}", input.name);
    let who = Who::Federated { account, name: input.name, id: id.clone() };
    let arn = who.principal().arn();
    let seconds = seconds(&cx.caller.principal, input.duration_seconds);
    let lasting = Lasting { seconds, least_token: input.minimum_session_token_size };
    let credentials = cx.write(|w| session::issue(w, lasting, who.clone(), session.clone()).map_err(Fault::from))?;
    Ok(GetFederationTokenResponse {
        credentials: Some(credentials),
        federated_user: Some(FederatedUser { federated_user_id: id, arn }),
        packed_policy_size,
        ..GetFederationTokenResponse::default()
    })
}
