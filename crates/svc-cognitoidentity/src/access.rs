//! What people and guests ask of a pool: an id, a token, credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_door::{Caller, Client, Context, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_model::sts::{AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityRequest};
use kogumo_wire::{Common, Fault, FaultKind, Unit};

use crate::guest;
use crate::identity::{self, Identity, Login};
use crate::login::{self, Checked};
use crate::pool::{self, Pool};
use crate::role_choice::NoRole;
use crate::token::{self, Saying};

/// The name of the sessions that pools make.
const SESSION: &str = "CognitoIdentityCredentials";

/// An identity with what was just shown for it.
struct Shown {
    pool: Pool,
    identity: Identity,
    logins: Vec<Checked>,
    /// How the user signed in; empty for guests.
    vouched: Vec<String>,
}

pub async fn get_id(cx: Context, input: GetIdInput) -> Result<GetIdResponse, Fault> {
    let pool = pool::find(&cx.snapshot(), &input.identity_pool_id)?;
    if input.account_id.as_ref().is_some_and(|account| *account != pool.scope.account) {
        return Err(pool::missing(&pool.id));
    }
    let logins = input.logins.unwrap_or_default();
    if logins.is_empty() {
        refuse_guests(&pool)?;
        let identity = cx.write(|w| identity::create(w, &pool.id, []))?;
        return Ok(GetIdResponse { identity_id: Some(identity.id) });
    }
    refuse_developers(&pool, &logins)?;
    let checked = login::check_all(&cx, &pool, &logins).await?;
    let logins: Vec<Login> = checked.into_iter().map(|checked| checked.login).collect();
    let identity = cx.write(|w| of_logins(w, &pool, &logins))?;
    Ok(GetIdResponse { identity_id: Some(identity.id) })
}

fn refuse_guests(pool: &Pool) -> Result<(), Fault> {
    if pool.unauthenticated {
        return Ok(());
    }
    Err(NOT_AUTHORIZED_EXCEPTION.because("Unauthenticated access is not supported for this identity pool."))
}

/// Developers' servers sign their users in with their own credentials, not their users.
fn refuse_developers(pool: &Pool, logins: &BTreeMap<String, String>) -> Result<(), Fault> {
    match &pool.developer_provider {
        Some(name) if logins.contains_key(name) => {
            let message = "You must use GetOpenIdTokenForDeveloperIdentity to authenticate developer identities.";
            Err(INVALID_PARAMETER_EXCEPTION.because(message))
        }
        _ => Ok(()),
    }
}

/// The one identity that these logins lead to; a new one if none does. Logins that are new to it lead to it from now on.
pub fn of_logins(w: &mut Writer, pool: &Pool, logins: &[Login]) -> Result<Identity, Fault> {
    let mut found: Option<String> = None;
    for login in logins {
        match (identity::by_login(w.store(), &pool.id, login)?, &found) {
            (Some(id), Some(other)) if id != *other => {
                return Err(RESOURCE_CONFLICT_EXCEPTION.because("Logins are linked to different identities."));
            }
            (Some(id), _) => found = Some(id),
            (None, _) => {}
        }
    }
    match found {
        Some(id) => {
            let mut identity = identity::find(w.store(), &id)?;
            for login in logins {
                if !identity.logins.contains(login) {
                    identity::link(w, &mut identity, login.clone())?;
                }
            }
            Ok(identity)
        }
        None => identity::create(w, &pool.id, logins.iter().cloned()),
    }
}

/// Checks what is shown for an identity. A guest's identity that shows a login for the first time becomes that user's.
async fn shown(cx: &Context, id: &str, logins: Option<BTreeMap<String, String>>) -> Result<Shown, Fault> {
    let identity = identity::find(&cx.snapshot(), id)?;
    let pool = pool::find(&cx.snapshot(), &identity.pool)?;
    let mut logins = logins.unwrap_or_default();
    // Who has lost the last login is nobody any more, whatever is shown.
    if identity.disabled || (logins.is_empty() && !identity.logins.is_empty()) {
        return Err(forbidden(id));
    }
    if logins.is_empty() {
        refuse_guests(&pool)?;
        return Ok(Shown { pool, identity, logins: Vec::new(), vouched: Vec::new() });
    }
    refuse_developers(&pool, &logins)?;
    let mut vouched = Vec::new();
    if let Some(own) = logins.remove(login::OWN) {
        let (subject, how) = login::check_own(cx, &pool, &own).await?;
        if subject != identity.id {
            return Err(foreign());
        }
        vouched.extend(how);
    }
    let checked = login::check_all(cx, &pool, &logins).await?;
    for one in &checked {
        vouched.extend([one.login.provider.clone(), one.sign_in.clone()]);
    }
    let identity = cx.write(|w| take_in(w, id, &checked))?;
    Ok(Shown { pool, identity, logins: checked, vouched })
}

/// An identity that cannot be reached so, or not at all.
pub fn forbidden(id: &str) -> Fault {
    NOT_AUTHORIZED_EXCEPTION.because(format!("Access to Identity '{id}' is forbidden."))
}

fn foreign() -> Fault {
    NOT_AUTHORIZED_EXCEPTION
        .because("Logins don't match. Please include at least one valid login for this identity or identity pool.")
}

/// Links logins that lead nowhere yet to the identity that shows them.
fn take_in(w: &mut Writer, id: &str, checked: &[Checked]) -> Result<Identity, Fault> {
    let mut identity = identity::find(w.store(), id)?;
    let known = checked.iter().any(|one| identity.logins.contains(&one.login));
    if !checked.is_empty() && !known && !identity.logins.is_empty() {
        return Err(foreign());
    }
    for one in checked {
        match identity::by_login(w.store(), &identity.pool, &one.login)? {
            Some(other) if other != identity.id && known => {
                return Err(RESOURCE_CONFLICT_EXCEPTION.because("Login is already linked to another identity."));
            }
            Some(other) if other != identity.id => return Err(foreign()),
            Some(_) => {}
            None => identity::link(w, &mut identity, one.login.clone())?,
        }
    }
    Ok(identity)
}

impl Shown {
    /// The tags that the providers' claims give.
    fn tags(&self) -> BTreeMap<String, String> {
        let maps = self.logins.iter().filter_map(|one| Some((self.pool.tag_maps.get(&one.login.provider)?, one)));
        maps.flat_map(|(map, one)| map.tags(&one.claims)).collect()
    }

    async fn token(&self, cx: &Context) -> Result<String, Fault> {
        let saying = Saying {
            identity: &self.identity,
            vouched: self.vouched.clone(),
            tags: self.tags(),
            seconds: token::SHORT,
        };
        token::issue(&cx.cloud, saying).await
    }

    /// The role of the credentials.
    fn role(&self, wanted: Option<&str>) -> Result<String, Fault> {
        if self.vouched.is_empty() {
            return match wanted {
                Some(_) => Err(not_theirs()),
                None => self.default_role("unauthenticated"),
            };
        }
        for one in &self.logins {
            let provider = &one.login.provider;
            let of_client = self.pool.mappings.get(&format!("{provider}:{}", one.audience));
            let Some(mapping) = of_client.or_else(|| self.pool.mappings.get(provider)) else { continue };
            return match mapping.choose(&one.claims, wanted) {
                Ok(Some(role)) => Ok(role),
                Ok(None) => self.default_role("authenticated"),
                Err(NoRole::Denied) => {
                    Err(NOT_AUTHORIZED_EXCEPTION
                        .because("No role can be resolved for this identity: access is denied."))
                }
                Err(NoRole::NotTheirs) => Err(not_theirs()),
            };
        }
        match wanted {
            Some(_) => Err(not_theirs()),
            None => self.default_role("authenticated"),
        }
    }

    fn default_role(&self, kind: &str) -> Result<String, Fault> {
        self.pool.roles.get(kind).cloned().ok_or_else(misconfigured)
    }
}

fn not_theirs() -> Fault {
    NOT_AUTHORIZED_EXCEPTION.because("The custom role is not one of the roles that the token gives.")
}

fn misconfigured() -> Fault {
    INVALID_IDENTITY_POOL_CONFIGURATION_EXCEPTION
        .because("Invalid identity pool configuration. Check assigned IAM roles for this pool.")
}

/// The basic flow: a token that its owner takes to STS.
pub async fn get_open_id_token(cx: Context, input: GetOpenIdTokenInput) -> Result<GetOpenIdTokenResponse, Fault> {
    let identity = identity::find(&cx.snapshot(), &input.identity_id)?;
    if pool::find(&cx.snapshot(), &identity.pool)?.classic != Some(true) {
        let message = "Basic (classic) flow is not enabled, please use enhanced flow.";
        return Err(INVALID_PARAMETER_EXCEPTION.because(message));
    }
    let shown = shown(&cx, &input.identity_id, input.logins).await?;
    let token = shown.token(&cx).await?;
    Ok(GetOpenIdTokenResponse { identity_id: Some(shown.identity.id), token: Some(token) })
}

/// The enhanced flow: the pool takes its own token to STS.
pub async fn get_credentials_for_identity(
    cx: Context,
    input: GetCredentialsForIdentityInput,
) -> Result<GetCredentialsForIdentityResponse, Fault> {
    let shown = shown(&cx, &input.identity_id, input.logins).await?;
    let role_arn = shown.role(input.custom_role_arn.as_deref())?;
    let token = shown.token(&cx).await?;
    let caller = Caller::service("cognito-identity.amazonaws.com", shown.pool.scope.clone());
    let (policy, policy_arns) = guest::limits(shown.vouched.is_empty());
    let wanted = AssumeRoleWithWebIdentityRequest {
        role_arn,
        role_session_name: SESSION.into(),
        web_identity_token: token,
        policy,
        policy_arns,
        ..AssumeRoleWithWebIdentityRequest::default()
    };
    let client = Client::new(Arc::clone(&cx.cloud), caller);
    let session = client.call::<AssumeRoleWithWebIdentity>(wanted).await.map_err(|fault| match fault.kind {
        // STS does not say why, and neither does Cognito.
        FaultKind::Common(Common::AccessDenied | Common::Validation) => misconfigured(),
        _ => fault,
    })?;
    let credentials = session.credentials.map(|keys| Credentials {
        access_key_id: Some(keys.access_key_id),
        secret_key: Some(keys.secret_access_key),
        session_token: Some(keys.session_token),
        expiration: Some(keys.expiration),
    });
    Ok(GetCredentialsForIdentityResponse { identity_id: Some(shown.identity.id), credentials })
}

/// Takes logins off an identity; who has lost the last one is nobody any more.
pub async fn unlink_identity(cx: Context, input: UnlinkIdentityInput) -> Result<Unit, Fault> {
    let shown = shown(&cx, &input.identity_id, Some(input.logins)).await?;
    if shown.vouched.is_empty() {
        return Err(forbidden(&shown.identity.id));
    }
    cx.write(|w| {
        let mut identity = identity::find(w.store(), &shown.identity.id)?;
        let gone: Vec<Login> =
            identity.logins.iter().filter(|login| input.logins_to_remove.contains(&login.provider)).cloned().collect();
        gone.iter().try_for_each(|login| identity::unlink(w, &mut identity, login))
    })?;
    Ok(Unit)
}
