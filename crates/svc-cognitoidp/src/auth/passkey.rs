//! WEB_AUTHN: a passkey as first factor; where pool and user say so, as both factors.

use kogumo_base::random_bytes;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, after_first_factor, lockout, refuse_unready};
use crate::faults::{invalid, invalid_session, not_authorized, wrong_credentials};
use crate::passkey::{settings, words};
use crate::user::{User, update};
use crate::webauthn::{self, Asked, Known, Refused};

/// Asks for an assertion of one of the user's passkeys.
pub fn challenge(flow: &Flow, state: State, user: Option<&User>) -> Result<Outcome, Fault> {
    let pool = &flow.site.pool;
    let user = user.ok_or_else(wrong_credentials)?;
    let domain = settings::relying_party(pool)?;
    let challenge = random_bytes::<32>();
    let known = user.passkeys.all.iter().filter(|passkey| passkey.relying_party == domain);
    let known: Vec<Value> = known
        .map(|passkey| json!({ "type": "public-key", "id": passkey.text_id(), "transports": passkey.transports }))
        .collect();
    let options = json!({
        "challenge": webauthn::encoded(&challenge),
        "timeout": flow.site.client.session_lifetime() * 1000,
        "rpId": domain,
        "allowCredentials": known,
        "userVerification": settings::user_verification(pool),
    });
    let username = user.name.clone();
    let state = State { step: Step::Passkey { challenge: challenge.to_vec() }, ..state };
    let parameters = [("CREDENTIAL_REQUEST_OPTIONS", options.to_string()), ("USERNAME", username)];
    flow.challenge("WEB_AUTHN", &state, parameters)
}

/// Checks the assertion. Whatever it is worth, the challenge is over.
pub async fn respond(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    let Step::Passkey { challenge } = &answers.state.step else { return Err(invalid_session()) };
    let credential: Value = serde_json::from_str(answers.required("CREDENTIAL")?)
        .map_err(|_| invalid("CREDENTIAL is not a JSON document."))?;
    let pool = &flow.site.pool;
    let user = answers.user()?;
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    lockout::refuse(user, flow.now())?;
    let domain = settings::relying_party(pool)?;
    let asked = Asked {
        challenge,
        relying_party: &domain,
        verify_user: settings::user_verification(pool) == "required" || settings::are_mfa(pool, user),
    };
    let asserted = webauthn::assertion(&asked, &credential, |id| {
        let passkey = user.passkeys.all.iter().find(|passkey| passkey.id == id && passkey.relying_party == domain)?;
        Some(Known { key: &passkey.key, sign_count: passkey.sign_count, user: user.sub.as_bytes() })
    });
    session::consume(flow, &answers.state, asserted.is_ok())?;
    let asserted = match asserted {
        Ok(asserted) => asserted,
        Err(refused) => {
            if refused == Refused::Signature {
                lockout::note_failure(&flow.cx, pool, &user.name)?;
            }
            return Err(not_authorized(words(refused)));
        }
    };
    refuse_unready(user, flow.now())?;
    let id = credential.get("id").and_then(Value::as_str).unwrap_or_default().trim_end_matches('=').to_owned();
    let user = flow.cx.write(|w| {
        update(w.tx, pool, &user.name, |user| {
            if let Some(passkey) = user.passkeys.all.iter_mut().find(|passkey| passkey.text_id() == id) {
                passkey.sign_count = asserted.sign_count;
            }
            Ok(user.clone())
        })
    })?;
    let mut state = session::renewed(answers.state.clone());
    state.factor = "WEB_AUTHN".into();
    after_first_factor(flow, state, user).await
}
