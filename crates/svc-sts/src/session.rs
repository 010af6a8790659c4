//! Sessions: temporary credentials and whom they stand for.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Arn, Scope, Timestamp, Trouble, random_bytes, random_from};
use kogumo_door::{Context, Credential, Principal, Session, Writer};
use kogumo_model::iam::{GetRole, GetRoleRequest, Role};
use kogumo_model::sts::{
    AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser, Credentials, FederatedUser, GetFederationTokenRequest,
    GetFederationTokenResponse, GetSessionTokenRequest, GetSessionTokenResponse,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

/// The kind of the timers that remove sessions.
pub const EXPIRY: &str = "sts/session-expiry";

/// An expired key is told from an unknown one for a day (`ExpiredToken`).
const REMEMBERED_SECONDS: i64 = 24 * 3600;

/// By access key, in no account's scope: a key is looked up before its account is known.
static SESSIONS: Table<Issued> = Table::new("sts/session");

#[derive(Serialize, Deserialize)]
struct Issued {
    secret: String,
    token: String,
    expires: Timestamp,
    who: Who,
    #[serde(default)]
    session: Session,
}

#[derive(Clone, Serialize, Deserialize)]
enum Who {
    Root { account: String },
    User { account: String, name: String, path: String, id: String },
    Role { account: String, role: String, session: String, id: String },
    Federated { account: String, name: String, id: String },
}

/// Where session keys are kept.
fn keys() -> Scope {
    Scope::new("", "")
}

pub fn credential(read: &dyn Read, access_key: &str) -> Result<Option<Credential>, Trouble> {
    if !access_key.starts_with("ASIA") {
        return Ok(None);
    }
    let session = SESSIONS.get(read, &keys(), access_key)?;
    Ok(session.map(|issued| Credential {
        secret: issued.secret,
        session_token: Some(issued.token),
        expires: Some(issued.expires),
        principal: issued.who.principal(),
        active: true,
        session: Some(Arc::new(issued.session)),
    }))
}

/// Forgets a session that has been over for a day.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let key = timer.id.reader().str().unwrap_or_default();
    SESSIONS.delete(w.tx, &keys(), key.as_str()).map(drop)
}

/// Makes credentials for that long.
fn issue(tx: &mut Transaction, now: Timestamp, seconds: i32, who: Who) -> Result<Credentials, Trouble> {
    let access_key = format!("ASIA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
    // AWS's expirations are whole seconds.
    let expires = Timestamp::from_seconds(now.seconds() + i64::from(seconds));
    let session = Issued {
        secret: STANDARD.encode(random_bytes::<30>()),
        token: STANDARD.encode(random_bytes::<180>()),
        expires,
        who,
        session: Session { issued: now, expires, ..Session::default() },
    };
    SESSIONS.put(tx, &keys(), access_key.as_str(), &session)?;
    timers::put(tx, expires.plus_seconds(REMEMBERED_SECONDS), EXPIRY, &keys(), access_key.as_str(), &[])?;
    Ok(Credentials {
        access_key_id: access_key,
        secret_access_key: session.secret,
        session_token: session.token,
        expiration: expires,
    })
}

/// Sessions of roles. Services assume the roles that they were given; whether the role's trust lets anybody else is
/// the door's decision.
pub async fn assume_role(cx: Context, input: AssumeRoleRequest) -> Result<AssumeRoleResponse, Fault> {
    const DEFAULT_SECONDS: i32 = 3600;
    let arn = Arn::parse(&input.role_arn).filter(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    let Some(arn) = arn else {
        return Err(Fault::validation(format!("{} is invalid", input.role_arn)));
    };
    let name = arn.resource.rsplit('/').next().unwrap_or_default().to_owned();
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let role = find_role(&cx, &arn, &name).await?;
    let Some(role) = role else {
        let denied = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
            cx.caller.principal.arn(),
            input.role_arn
        );
        return Err(Fault::access_denied(denied));
    };
    if seconds > role.max_session_duration.unwrap_or(DEFAULT_SECONDS) {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Fault::validation(message));
    }
    let session = input.role_session_name.clone();
    let id = format!("{}:{session}", role.role_id);
    let who = Who::Role { account: arn.account.clone(), role: name, session, id: id.clone() };
    let credentials = cx.write(|w| issue(w.tx, w.now, seconds, who.clone()).map_err(Fault::from))?;
    Ok(AssumeRoleResponse {
        credentials: Some(credentials),
        assumed_role_user: Some(AssumedRoleUser { assumed_role_id: id, arn: who.principal().arn() }),
        source_identity: input.source_identity,
        ..AssumeRoleResponse::default()
    })
}

/// The role, asked of IAM in the role's own account.
async fn find_role(cx: &Context, arn: &Arn, name: &str) -> Result<Option<Role>, Fault> {
    let mut caller = cx.caller.through("sts.amazonaws.com");
    caller.scope.account.clone_from(&arn.account);
    caller.principal = Principal::Service("sts.amazonaws.com".into());
    let client = kogumo_door::Client::new(std::sync::Arc::clone(&cx.cloud), caller);
    match client.call::<GetRole>(GetRoleRequest { role_name: name.to_owned() }).await {
        Ok(found) => Ok(Some(found.role).filter(|role| role.arn == arn.to_string())),
        Err(fault) if fault.is(&kogumo_model::iam::NO_SUCH_ENTITY_EXCEPTION) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A session of the calling user. MFA comes with IAM's devices.
pub fn get_session_token(w: &mut Writer, input: GetSessionTokenRequest) -> Result<GetSessionTokenResponse, Fault> {
    const HALF_A_DAY: i32 = 43_200;
    if input.serial_number.is_some() || input.token_code.is_some() {
        return Err(Fault::not_implemented("GetSessionToken with an MFA device"));
    }
    let who = match w.caller.principal.clone() {
        Principal::Root { account } => Who::Root { account },
        Principal::User { account, name, path, id } => Who::User { account, name, path, id },
        _ => return Err(Fault::access_denied("Cannot call GetSessionToken with session credentials")),
    };
    // AWS gives root at most an hour.
    let longest = if matches!(who, Who::Root { .. }) { 3600 } else { 129_600 };
    let seconds = input.duration_seconds.unwrap_or(HALF_A_DAY).min(longest);
    let credentials = issue(w.tx, w.now, seconds, who)?;
    Ok(GetSessionTokenResponse { credentials: Some(credentials), ..GetSessionTokenResponse::default() })
}

/// A federated user's session under the calling user's account.
pub fn get_federation_token(
    w: &mut Writer,
    input: GetFederationTokenRequest,
) -> Result<GetFederationTokenResponse, Fault> {
    const HALF_A_DAY: i32 = 43_200;
    if !matches!(w.caller.principal, Principal::Root { .. } | Principal::User { .. }) {
        return Err(Fault::access_denied("Cannot call GetFederationToken with session credentials"));
    }
    let account = w.caller.account().to_owned();
    let id = format!("{account}:{}", input.name);
    let who = Who::Federated { account, name: input.name, id: id.clone() };
    let arn = who.principal().arn();
    let credentials = issue(w.tx, w.now, input.duration_seconds.unwrap_or(HALF_A_DAY), who)?;
    Ok(GetFederationTokenResponse {
        credentials: Some(credentials),
        federated_user: Some(FederatedUser { federated_user_id: id, arn }),
        ..GetFederationTokenResponse::default()
    })
}

impl Who {
    fn principal(&self) -> Principal {
        match self.clone() {
            Who::Root { account } => Principal::Root { account },
            Who::User { account, name, path, id } => Principal::User { account, name, path, id },
            Who::Role { account, role, session, id } => Principal::AssumedRole { account, role, session, id },
            Who::Federated { account, name, id } => Principal::Federated { account, name, id },
        }
    }
}
