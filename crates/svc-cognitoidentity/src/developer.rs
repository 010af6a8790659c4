//! Developer authenticated identities: an application's own server vouches for its users.

use kogumo_base::Scope;
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use crate::access::{forbidden, of_logins};
use crate::identity::{self, Identity, Login};
use crate::login;
use crate::page::page;
use crate::pool::{self, Pool};
use crate::token::{self, Saying};

/// Seconds that a developer's token lasts if nobody says else.
const DEFAULT_SECONDS: i64 = 900;

fn invalid(message: impl Into<String>) -> Fault {
    INVALID_PARAMETER_EXCEPTION.because(message.into())
}

/// The caller's own pool, which has that developer provider.
fn pool_of(read: &dyn Read, scope: &Scope, id: &str, provider: &str) -> Result<Pool, Fault> {
    let pool = pool::own(read, scope, id)?;
    match pool.developer_provider.as_deref() == Some(provider) {
        true => Ok(pool),
        false => Err(invalid(format!("Invalid developer provider name: {provider}"))),
    }
}

pub async fn get_open_id_token_for_developer_identity(
    cx: Context,
    input: GetOpenIdTokenForDeveloperIdentityInput,
) -> Result<GetOpenIdTokenForDeveloperIdentityResponse, Fault> {
    let pool = pool::own(&cx.snapshot(), cx.scope(), &input.identity_pool_id)?;
    let mut others = input.logins;
    let user = pool.developer_provider.as_ref().and_then(|name| others.remove_entry(name));
    let Some((provider, subject)) = user else {
        return Err(invalid("Logins must include the identity pool's developer provider"));
    };
    let own = Login { provider, subject };
    let checked = login::check_all(&cx, &pool, &others).await?;
    let mut logins = vec![own.clone()];
    logins.extend(checked.iter().map(|one| one.login.clone()));
    let identity = cx.write(|w| match &input.identity_id {
        Some(id) => link_to(w, &pool, id, &own, &logins),
        None => of_logins(w, &pool, &logins),
    })?;
    let mut vouched = vec![own.provider.clone(), format!("{}:{}:{}", own.provider, pool.id, own.subject)];
    for one in checked {
        vouched.extend([one.login.provider, one.sign_in]);
    }
    let saying = Saying {
        identity: &identity,
        vouched,
        tags: input.principal_tags.unwrap_or_default(),
        seconds: input.token_duration.unwrap_or(DEFAULT_SECONDS),
    };
    let token = token::issue(&cx.cloud, saying).await?;
    Ok(GetOpenIdTokenForDeveloperIdentityResponse { identity_id: Some(identity.id), token: Some(token) })
}

/// Links a developer's user to an identity that is there.
fn link_to(w: &mut Writer, pool: &Pool, id: &str, own: &Login, logins: &[Login]) -> Result<Identity, Fault> {
    let mut identity = identity::own(w.store(), w.scope(), id)?;
    if identity.disabled {
        return Err(forbidden(id));
    }
    if identity.pool != pool.id {
        return Err(invalid(format!("Identity '{id}' is not of the identity pool")));
    }
    if identity::by_login(w.store(), &pool.id, own)?.is_some_and(|other| other != identity.id) {
        let message = "The developer user is already registered with another identity.";
        return Err(DEVELOPER_USER_ALREADY_REGISTERED_EXCEPTION.because(message));
    }
    for login in logins {
        match identity::by_login(w.store(), &pool.id, login)? {
            Some(other) if other != identity.id => {
                return Err(RESOURCE_CONFLICT_EXCEPTION.because("Login is already linked to another identity."));
            }
            Some(_) => {}
            None => identity::link(w, &mut identity, login.clone())?,
        }
    }
    Ok(identity)
}

/// The identity of a developer's user, or the users of an identity.
pub fn lookup_developer_identity(
    r: &Reader,
    input: LookupDeveloperIdentityInput,
) -> Result<LookupDeveloperIdentityResponse, Fault> {
    const MOST: i32 = 60;
    let pool = pool::own(r.store, r.scope(), &input.identity_pool_id)?;
    let provider = pool.developer_provider.clone();
    let provider = provider.ok_or_else(|| invalid("The identity pool has no developer provider"))?;
    let by_user = match &input.developer_user_identifier {
        Some(user) => {
            let login = Login { provider: provider.clone(), subject: user.clone() };
            let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Developer user '{user}' not found."));
            Some(identity::by_login(r.store, &pool.id, &login)?.ok_or_else(missing)?)
        }
        None => None,
    };
    if let (Some(found), Some(said)) = (&by_user, &input.identity_id)
        && found != said
    {
        let message = "The developer user identifier and the identity ID do not belong together.";
        return Err(RESOURCE_CONFLICT_EXCEPTION.because(message));
    }
    let id = by_user.or(input.identity_id);
    let id = id.ok_or_else(|| invalid("Either an identity ID or a developer user identifier is needed"))?;
    let identity = identity::own(r.store, r.scope(), &id)?;
    let users = identity.logins.into_iter().filter(|login| login.provider == provider).map(|login| login.subject);
    let most = input.max_results.unwrap_or(MOST);
    let (users, next_token) = page(users.collect(), input.next_token.as_deref(), most)?;
    Ok(LookupDeveloperIdentityResponse {
        identity_id: Some(id),
        developer_user_identifier_list: Some(users),
        next_token,
    })
}

/// The source's logins lead to the destination; the source's identity stands for nobody any more.
pub fn merge_developer_identities(
    w: &mut Writer,
    input: MergeDeveloperIdentitiesInput,
) -> Result<MergeDeveloperIdentitiesResponse, Fault> {
    let pool = pool_of(w.store(), w.scope(), &input.identity_pool_id, &input.developer_provider_name)?;
    let find = |w: &Writer, user: &str| {
        let login = Login { provider: input.developer_provider_name.clone(), subject: user.to_owned() };
        let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Developer user '{user}' not found."));
        let id = identity::by_login(w.store(), &pool.id, &login)?.ok_or_else(missing)?;
        identity::find(w.store(), &id)
    };
    let mut source = find(w, &input.source_user_identifier)?;
    let mut destination = find(w, &input.destination_user_identifier)?;
    if source.id == destination.id {
        return Err(invalid("Source and destination user identifiers are of the same identity"));
    }
    for login in source.logins.clone() {
        identity::unlink(w, &mut source, &login)?;
        identity::link(w, &mut destination, login)?;
    }
    Ok(MergeDeveloperIdentitiesResponse { identity_id: Some(destination.id) })
}

pub fn unlink_developer_identity(w: &mut Writer, input: UnlinkDeveloperIdentityInput) -> Result<Unit, Fault> {
    let pool = pool_of(w.store(), w.scope(), &input.identity_pool_id, &input.developer_provider_name)?;
    let mut identity = identity::own(w.store(), w.scope(), &input.identity_id)?;
    let login = Login { provider: input.developer_provider_name, subject: input.developer_user_identifier };
    if identity.pool != pool.id || !identity.logins.contains(&login) {
        let message = format!("Developer user '{}' is not linked to identity '{}'.", login.subject, identity.id);
        return Err(RESOURCE_NOT_FOUND_EXCEPTION.because(message));
    }
    identity::unlink(w, &mut identity, &login)?;
    Ok(Unit)
}
