//! Cookies of the pages: that somebody has signed in (for an hour, if nothing else is set), and the token that a form must repeat.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Timestamp, random_from};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::Visit;
use crate::client::Site;
use crate::token::grant;
use crate::user::{User, by_name};
use crate::user_session::settings;

const SESSION: &str = "cognito";
const FORM: &str = "XSRF-TOKEN";
const PURPOSE: &str = "browser session";
const HOUR: i64 = 3600;

/// Somebody who has signed in with this browser.
#[derive(Serialize, Deserialize)]
struct Session {
    user: String,
    since: Timestamp,
    expires: Timestamp,
    /// Its row is gone once the user has signed out everywhere.
    grant: String,
}

fn cookie<'a>(visit: &'a Visit, name: &str) -> Option<&'a str> {
    let all = visit.headers.get_all("cookie").into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

fn set(visit: &Visit, name: &str, value: &str, seconds: i64) -> String {
    let secure = if visit.tls { "; Secure" } else { "" };
    let path = if visit.base.is_empty() { "/" } else { &visit.base };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// A user whom the browser has signed in.
pub struct Known {
    pub user: User,
    pub since: Timestamp,
    /// The grant of the browser's session.
    pub grant: String,
}

/// Remembers who has signed in: the session, and the cookie that lets the user in again.
pub fn sign_in(visit: &Visit, site: &Site, user: &User) -> Result<(Known, String), Fault> {
    let now = visit.cx.now();
    let seconds = settings::longest(&visit.cx.snapshot(), &site.pool)?;
    let session =
        Session { user: user.name.clone(), since: now, expires: now.plus_seconds(seconds), grant: kogumo_base::uuid() };
    let row = grant::Grant {
        id: session.grant.clone(),
        user: user.name.clone(),
        client: String::new(),
        scopes: Vec::new(),
        authenticated: now,
        expires: session.expires,
        device: None,
        generation: 0,
        previous_until: Timestamp(0),
        provider: None,
        session: None,
        created: Some(now),
        active: None,
        ip: visit.cx.caller.source_ip.map(|ip| ip.to_string()),
    };
    visit.cx.write(|w| grant::put(w.tx, &site.pool, &row, now))?;
    let sealed = site.keys.sealer.seal(PURPOSE, json!(session).to_string().as_bytes())?;
    let known = Known { user: user.clone(), since: now, grant: session.grant };
    Ok((known, set(visit, SESSION, &URL_SAFE_NO_PAD.encode(sealed), seconds)))
}

pub fn sign_out(visit: &Visit) -> String {
    set(visit, SESSION, "", 0)
}

/// Who has signed in with this browser, and when; as long as the client takes that for a sign-in.
pub fn signed_in(visit: &Visit, site: &Site) -> Option<Known> {
    let sealed = URL_SAFE_NO_PAD.decode(cookie(visit, SESSION)?).ok()?;
    let session: Session = serde_json::from_slice(&site.keys.sealer.open(PURPOSE, &sealed)?).ok()?;
    let silent = session.since.plus_seconds(settings::silent(&site.pool, &site.client));
    if session.expires.min(silent) <= visit.cx.now() {
        return None;
    }
    let read = visit.cx.snapshot();
    grant::find(&read, &site.pool, &session.user, &session.grant).ok().flatten()?;
    let user = by_name(&read, &site.pool, &session.user).ok().flatten()?;
    user.enabled.then_some(Known { user, since: session.since, grant: session.grant })
}

/// The token that a form carries, and the cookie that it is compared with.
pub fn for_form(visit: &Visit) -> (String, String) {
    let token = random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 32);
    let cookie = set(visit, FORM, &token, HOUR);
    (token, cookie)
}

/// Whether a form was ours: another site's page cannot read the cookie, so it cannot repeat it.
pub fn form_is_ours(visit: &Visit) -> bool {
    match (cookie(visit, FORM), visit.posted("_csrf")) {
        (Some(kept), Some(given)) => kept.as_bytes().ct_eq(given.as_bytes()).into(),
        _ => false,
    }
}
