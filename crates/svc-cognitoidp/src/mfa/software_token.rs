//! Authenticator apps: a shared secret, associated, then verified by its first code.

use kogumo_base::{Timestamp, random_bytes};
use kogumo_door::{Context, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::auth::session::{self, State, Step};
use crate::faults::{invalid, invalid_session, no_user, too_many_attempts};
use crate::pool::{self, Pool};
use crate::token::access;
use crate::totp;
use crate::user::{self, User, find};

/// Where a token is set up: signed in, or on the way in with a session of MFA_SETUP.
struct Place {
    pool: Pool,
    user: User,
    state: Option<State>,
}

fn place(
    cloud: &kogumo_door::Cloud,
    read: &dyn kogumo_store::Read,
    now: Timestamp,
    token: Option<&str>,
    session: Option<&str>,
) -> Result<Place, Fault> {
    if let Some(token) = token {
        let bearer = access::bearer(cloud, read, now, token)?;
        return Ok(Place { pool: bearer.pool, user: bearer.user, state: None });
    }
    let session = session.ok_or_else(|| invalid("Either AccessToken or Session must be given."))?;
    let (pool, state) = session::open_anywhere(cloud, read, now, session)?;
    if !matches!(state.step, Step::MfaSetup { .. }) {
        return Err(invalid_session());
    }
    let user = user::by_name(read, &pool, &state.user)?.ok_or_else(no_user)?;
    Ok(Place { pool, user, state: Some(state) })
}

pub fn associate_software_token(
    w: &mut Writer,
    input: AssociateSoftwareTokenRequest,
) -> Result<AssociateSoftwareTokenResponse, Fault> {
    let at = place(w.cloud, w.store(), w.now, input.access_token.as_deref(), input.session.as_deref())?;
    if at.pool.mfa_mode() != "OFF" && !at.pool.allows_mfa("SOFTWARE_TOKEN_MFA") {
        return Err(
            SOFTWARE_TOKEN_MFA_NOT_FOUND_EXCEPTION.because("Software Token MFA has not been enabled for the userPool")
        );
    }
    let secret = random_bytes::<32>();
    user::update(w.tx, &at.pool, &at.user.name, |user| {
        user.mfa.pending_token = Some(secret.to_vec());
        Ok(())
    })?;
    let session = match at.state {
        Some(state) => Some(session::seal(w.cloud, w.store(), &at.pool, &session::renewed(state))?),
        None => None,
    };
    Ok(AssociateSoftwareTokenResponse { secret_code: Some(totp::base32(&secret)), session })
}

pub async fn verify_software_token(
    cx: Context,
    input: VerifySoftwareTokenRequest,
) -> Result<VerifySoftwareTokenResponse, Fault> {
    let at = cx.read(|r| place(r.cloud, r.store, r.now, input.access_token.as_deref(), input.session.as_deref()))?;
    let in_setup = at.state.is_some();
    // Codes are made from the authenticator's own clock.
    let seconds = kogumo_base::Clock::machine_now().seconds();
    let verdict = cx.write(|w| {
        let now = w.now;
        user::update(w.tx, &at.pool, &at.user.name, |user| {
            if now < user.codes_locked_until {
                return Ok(Err(too_many_attempts()));
            }
            let Some(secret) = user.mfa.pending_token.clone() else {
                return Ok(Err(invalid("No software token has been associated with the user.")));
            };
            let Some(step) = totp::matching_step(&secret, &input.user_code, seconds) else {
                crate::code::count_wrong(user, now);
                return Ok(Err(ENABLE_SOFTWARE_TOKEN_MFA_EXCEPTION.because("Code mismatch")));
            };
            user.mfa.software_token = Some((secret, step));
            user.mfa.pending_token = None;
            user.mfa.software_name.clone_from(&input.friendly_device_name);
            user.wrong_codes = 0;
            if in_setup {
                user.mfa.enabled.insert("SOFTWARE_TOKEN_MFA".into());
                user.mfa.preferred = Some("SOFTWARE_TOKEN_MFA".into());
            }
            Ok(Ok(()))
        })
    })?;
    verdict?;
    let session = match at.state {
        Some(state) => {
            let done = State { step: Step::MfaSetup { done: true }, ..session::renewed(state) };
            Some(cx.read(|r| session::seal(r.cloud, r.store, &at.pool, &done))?)
        }
        None => None,
    };
    Ok(VerifySoftwareTokenResponse { status: Some("SUCCESS".into()), session })
}

pub fn admin_delete_software_token(
    w: &mut Writer,
    input: AdminDeleteSoftwareTokenRequest,
) -> Result<AdminDeleteSoftwareTokenResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let known = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    user::update(w.tx, &pool, &known.name, |user| {
        user.mfa.software_token = None;
        user.mfa.pending_token = None;
        user.mfa.enabled.remove("SOFTWARE_TOKEN_MFA");
        user.mfa.preferred = user.mfa.preferred.take().filter(|kind| kind != "SOFTWARE_TOKEN_MFA");
        Ok(())
    })?;
    Ok(AdminDeleteSoftwareTokenResponse::default())
}
