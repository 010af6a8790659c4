//! StartWebAuthnRegistration and its kin.

use kogumo_base::random_bytes;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::{MOST, Passkey, Pending, model, settings, words};
use crate::faults::invalid;
use crate::page::page;
use crate::pool::Pool;
use crate::token::access;
use crate::user::{self, User};
use crate::webauthn::{self, ALGORITHMS, Asked, Refused};

/// How long a browser has to register a passkey, in seconds.
const PATIENCE: i64 = 5 * 60;

fn refuse_disabled(pool: &Pool) -> Result<(), Fault> {
    match settings::are_enabled(pool) {
        true => Ok(()),
        false => Err(WEB_AUTHN_NOT_ENABLED_EXCEPTION.because("Passkeys are not enabled for the user pool.")),
    }
}

/// The domain that the pool's passkeys are bound to.
fn domain_of(pool: &Pool) -> Result<String, Fault> {
    refuse_disabled(pool)?;
    settings::relying_party(pool)
}

pub fn start_web_authn_registration(
    w: &mut Writer,
    input: StartWebAuthnRegistrationRequest,
) -> Result<StartWebAuthnRegistrationResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    let credential_creation_options = start(w, &bearer.pool, &bearer.user, &bearer.client)?;
    Ok(StartWebAuthnRegistrationResponse { credential_creation_options })
}

/// Begins a registration: what the browser is to be asked.
///
/// # Errors
/// The pool has no passkeys, or the user has too many.
pub fn start(w: &mut Writer, pool: &Pool, user: &User, client: &str) -> Result<Value, Fault> {
    let domain = domain_of(pool)?;
    if user.passkeys.all.len() >= MOST {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because(format!("A user may have {MOST} passkeys.")));
    }
    let challenge = random_bytes::<32>();
    let expires = w.now.plus_seconds(PATIENCE);
    user::update(w.tx, pool, &user.name, |user| {
        user.passkeys.pending = Some(Pending { challenge: challenge.to_vec(), client: client.to_owned(), expires });
        Ok(())
    })?;
    let known = user.passkeys.all.iter().filter(|passkey| passkey.relying_party == domain);
    let known: Vec<_> = known.map(|passkey| json!({ "type": "public-key", "id": passkey.text_id() })).collect();
    let name = user.attribute("email").filter(|_| pool.names_by_attribute()).unwrap_or(&user.name);
    Ok(json!({
            "rp": { "id": domain, "name": domain },
            "user": { "id": webauthn::encoded(user.sub.as_bytes()), "name": name, "displayName": name },
            "challenge": webauthn::encoded(&challenge),
            "pubKeyCredParams": ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm })),
            "timeout": 60_000,
            "excludeCredentials": known,
            "authenticatorSelection": {
                "requireResidentKey": true,
                "residentKey": "required",
                "userVerification": settings::user_verification(pool),
            },
    }))
}

pub fn complete_web_authn_registration(
    w: &mut Writer,
    input: CompleteWebAuthnRegistrationRequest,
) -> Result<CompleteWebAuthnRegistrationResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    complete(w, &bearer.pool, &bearer.user, &bearer.client, &input.credential)?;
    Ok(CompleteWebAuthnRegistrationResponse::default())
}

/// Takes in the passkey that the browser has made.
///
/// # Errors
/// It is not what was asked for.
pub fn complete(w: &mut Writer, pool: &Pool, user: &User, client: &str, credential: &Value) -> Result<(), Fault> {
    let domain = domain_of(pool)?;
    let now = w.now;
    let pending = user.passkeys.pending.as_ref().filter(|pending| now < pending.expires);
    let pending = pending.ok_or_else(|| {
        WEB_AUTHN_CHALLENGE_NOT_FOUND_EXCEPTION.because("There is no registration of a passkey, or it has expired.")
    })?;
    if pending.client != client {
        return Err(WEB_AUTHN_CLIENT_MISMATCH_EXCEPTION.because("The registration was begun with another app client."));
    }
    let asked = Asked {
        challenge: &pending.challenge,
        relying_party: &domain,
        verify_user: settings::user_verification(pool) == "required",
    };
    let made = webauthn::registration(&asked, credential).map_err(refused)?;
    let passkey = Passkey {
        id: made.id,
        key: made.key,
        sign_count: made.sign_count,
        name: model(made.aaguid).to_owned(),
        relying_party: domain.clone(),
        transports: made.transports,
        attachment: made.attachment,
        created: now,
    };
    user::update(w.tx, pool, &user.name, |user| {
        if user.passkeys.all.iter().any(|known| known.id == passkey.id) {
            return Err(invalid("The passkey is registered already."));
        }
        user.passkeys.pending = None;
        user.passkeys.all.push(passkey);
        Ok(())
    })
}

fn refused(why: Refused) -> Fault {
    let words = words(why);
    match why {
        Refused::Challenge => WEB_AUTHN_CHALLENGE_NOT_FOUND_EXCEPTION.because(words),
        Refused::Origin => WEB_AUTHN_ORIGIN_NOT_ALLOWED_EXCEPTION.because(words),
        Refused::RelyingParty => WEB_AUTHN_RELYING_PARTY_MISMATCH_EXCEPTION.because(words),
        Refused::User | Refused::Unsupported => WEB_AUTHN_CREDENTIAL_NOT_SUPPORTED_EXCEPTION.because(words),
        Refused::Form(_) | Refused::Signature | Refused::Counter => invalid(words),
    }
}

pub fn list_web_authn_credentials(
    r: &Reader,
    input: ListWebAuthnCredentialsRequest,
) -> Result<ListWebAuthnCredentialsResponse, Fault> {
    let bearer = access::bearer(r.cloud, r.store, r.now, &input.access_token)?;
    let (page, next_token) = page(bearer.user.passkeys.all, input.next_token.as_deref(), input.max_results)?;
    let shown = |passkey: Passkey| WebAuthnCredentialDescription {
        credential_id: passkey.text_id(),
        friendly_credential_name: passkey.name,
        relying_party_id: passkey.relying_party,
        authenticator_attachment: passkey.attachment,
        authenticator_transports: passkey.transports,
        created_at: passkey.created,
    };
    Ok(ListWebAuthnCredentialsResponse { credentials: page.into_iter().map(shown).collect(), next_token })
}

pub fn delete_web_authn_credential(
    w: &mut Writer,
    input: DeleteWebAuthnCredentialRequest,
) -> Result<DeleteWebAuthnCredentialResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    user::update(w.tx, &bearer.pool, &bearer.user.name, |user| {
        let before = user.passkeys.all.len();
        user.passkeys.all.retain(|passkey| passkey.text_id() != input.credential_id);
        match user.passkeys.all.len() < before {
            true => Ok(()),
            false => Err(RESOURCE_NOT_FOUND_EXCEPTION.because("The passkey does not exist.")),
        }
    })?;
    Ok(DeleteWebAuthnCredentialResponse::default())
}
