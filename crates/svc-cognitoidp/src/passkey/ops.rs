//! StartWebAuthnRegistration and its kin.

use kogumo_base::random_bytes;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde_json::json;

use super::{MOST, Passkey, Pending, model, settings, words};
use crate::faults::invalid;
use crate::page::page;
use crate::pool::Pool;
use crate::token::access::{self, Bearer};
use crate::user;
use crate::webauthn::{self, ALGORITHMS, Asked, Refused};

/// How long a browser has to register a passkey, in seconds.
const PATIENCE: i64 = 5 * 60;

fn refuse_disabled(pool: &Pool) -> Result<(), Fault> {
    match settings::are_enabled(pool) {
        true => Ok(()),
        false => Err(WEB_AUTHN_NOT_ENABLED_EXCEPTION.because("Passkeys are not enabled for the user pool.")),
    }
}

fn bearer(w: &Writer, token: &str) -> Result<(Bearer, String), Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, token)?;
    refuse_disabled(&bearer.pool)?;
    let domain = settings::relying_party(&bearer.pool)?;
    Ok((bearer, domain))
}

pub fn start_web_authn_registration(
    w: &mut Writer,
    input: StartWebAuthnRegistrationRequest,
) -> Result<StartWebAuthnRegistrationResponse, Fault> {
    let (bearer, domain) = bearer(w, &input.access_token)?;
    let (pool, user) = (&bearer.pool, &bearer.user);
    if user.passkeys.all.len() >= MOST {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because(format!("A user may have {MOST} passkeys.")));
    }
    let challenge = random_bytes::<32>();
    let expires = w.now.plus_seconds(PATIENCE);
    user::update(w.tx, pool, &user.name, |user| {
        user.passkeys.pending = Some(Pending { challenge: challenge.to_vec(), client: bearer.client.clone(), expires });
        Ok(())
    })?;
    let known = user.passkeys.all.iter().filter(|passkey| passkey.relying_party == domain);
    let known: Vec<_> = known.map(|passkey| json!({ "type": "public-key", "id": passkey.text_id() })).collect();
    let name = user.attribute("email").filter(|_| pool.names_by_attribute()).unwrap_or(&user.name);
    Ok(StartWebAuthnRegistrationResponse {
        credential_creation_options: json!({
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
        }),
    })
}

pub fn complete_web_authn_registration(
    w: &mut Writer,
    input: CompleteWebAuthnRegistrationRequest,
) -> Result<CompleteWebAuthnRegistrationResponse, Fault> {
    let (bearer, domain) = bearer(w, &input.access_token)?;
    let (pool, now) = (&bearer.pool, w.now);
    let pending = bearer.user.passkeys.pending.as_ref().filter(|pending| now < pending.expires);
    let pending = pending.ok_or_else(|| {
        WEB_AUTHN_CHALLENGE_NOT_FOUND_EXCEPTION.because("There is no registration of a passkey, or it has expired.")
    })?;
    if pending.client != bearer.client {
        return Err(WEB_AUTHN_CLIENT_MISMATCH_EXCEPTION.because("The registration was begun with another app client."));
    }
    let asked = Asked {
        challenge: &pending.challenge,
        relying_party: &domain,
        verify_user: settings::user_verification(pool) == "required",
    };
    let made = webauthn::registration(&asked, &input.credential).map_err(refused)?;
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
    user::update(w.tx, pool, &bearer.user.name, |user| {
        if user.passkeys.all.iter().any(|known| known.id == passkey.id) {
            return Err(invalid("The passkey is registered already."));
        }
        user.passkeys.pending = None;
        user.passkeys.all.push(passkey);
        Ok(())
    })?;
    Ok(CompleteWebAuthnRegistrationResponse::default())
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
