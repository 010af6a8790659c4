//! `/oauth2/authorize`: what a client asks for is checked; then the user signs in, or has already.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::Answer;
use super::code::{self, Code};
use super::cookie::Known;
use super::{Visit, cookie, federation, form};
use crate::client::Site;
use crate::token::issue::{self, SignIn};
use crate::trigger::Setting;

/// A request that has been checked.
pub struct Asked {
    pub site: Site,
    pub redirect: String,
    pub state: Option<String>,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
    pub challenge: Option<String>,
    pub implicit: bool,
}

/// Characters of a query's value that stay.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub fn quote(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// Reads and checks the query of a page. Who asks wrongly is told here if it is not sure where to send it, else there.
pub fn read(visit: &Visit) -> Result<Asked, Answer> {
    let wrong = |text: &str| {
        form::tell(visit, 400, visit.language.say("An error was encountered", "エラーが発生しました"), text)
    };
    let client =
        visit.asked("client_id").ok_or_else(|| wrong("Required String parameter 'client_id' is not present"))?;
    let site = visit.site(client).ok_or_else(|| wrong("Client does not exist."))?;
    let allowed = site.client.texts("CallbackURLs");
    let redirect = match visit.asked("redirect_uri") {
        Some(redirect) => redirect.to_owned(),
        None => site.client.text("DefaultRedirectURI").ok_or_else(|| wrong("redirect_mismatch"))?.to_owned(),
    };
    if !allowed.contains(&redirect.as_str()) {
        return Err(wrong("redirect_mismatch"));
    }
    if !site.client.flag("AllowedOAuthFlowsUserPoolClient") {
        return Err(wrong("unauthorized_client"));
    }
    let state = visit.asked("state").map(str::to_owned);
    let back = |error: &str, description: &str| {
        let mut query = vec![("error", error)];
        if !description.is_empty() {
            query.push(("error_description", description));
        }
        Answer::redirect(&with_query(&redirect, &query, state.as_deref(), '?'))
    };
    let flows = site.client.texts("AllowedOAuthFlows");
    let implicit = match visit.asked("response_type") {
        Some("code") if flows.contains(&"code") => false,
        Some("token") if flows.contains(&"implicit") => true,
        Some("code" | "token") => return Err(back("unauthorized_client", "")),
        _ => return Err(back("invalid_request", "invalid response_type")),
    };
    let allowed = site.client.texts("AllowedOAuthScopes");
    let scopes: Vec<String> = match visit.asked("scope") {
        Some(scopes) => scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        None => allowed.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    // What tells of the user goes with the identity only ("Authorize endpoint", scope).
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    let tells_without_identity = !has("openid") && ["email", "phone", "profile"].into_iter().any(has);
    if tells_without_identity || scopes.iter().any(|scope| !allowed.contains(&scope.as_str())) {
        return Err(back("invalid_scope", ""));
    }
    let challenge = visit.asked("code_challenge").map(str::to_owned);
    match (&challenge, visit.asked("code_challenge_method")) {
        (None, None) | (Some(_), Some("S256")) => {}
        (None, Some(_)) => return Err(back("invalid_request", "code_challenge is missing")),
        (Some(_), _) => return Err(back("invalid_request", "code_challenge_method is not supported")),
    }
    let nonce = visit.asked("nonce").map(str::to_owned);
    Ok(Asked { site, redirect, state, scopes, nonce, challenge, implicit })
}

pub async fn page(visit: &Visit) -> Answer {
    let asked = match read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let prompt = visit.asked("prompt").unwrap_or_default();
    let known = cookie::signed_in(visit, &asked.site).filter(|_| !prompt.split(' ').any(|word| word == "login"));
    match known {
        Some(known) => finish(visit, &asked, &known).await,
        None if prompt == "none" => {
            let query = [("error", "login_required")];
            Answer::redirect(&with_query(&asked.redirect, &query, asked.state.as_deref(), '?'))
        }
        None => match federation::wanted(visit, &asked.site).or_else(|| federation::only(visit, &asked.site)) {
            Some(provider) => federation::begin(visit, &asked.site, provider).await,
            None => Answer::redirect(&visit.beside("login")),
        },
    }
}

/// Sends a user who is in back to the client, with a code or with tokens.
pub async fn finish(visit: &Visit, asked: &Asked, known: &Known) -> Answer {
    let state = asked.state.as_deref();
    if !asked.implicit {
        let code = Code::new(visit, asked, known);
        return match code::seal(&asked.site, &code) {
            Ok(code) => Answer::redirect(&with_query(&asked.redirect, &[("code", &code)], state, '?')),
            Err(_) => Answer::failed(),
        };
    }
    let setting = Setting { cx: &visit.cx, pool: &asked.site.pool, client: &asked.site.client.id, metadata: None };
    let sign_in = SignIn {
        user: &known.user,
        scopes: asked.scopes.clone(),
        occasion: "HostedAuth",
        device: None,
        nonce: asked.nonce.as_deref(),
        provider: None,
        session: Some(known.grant.clone()),
        event: None,
    };
    let Ok(tokens) = issue::sign_in(setting, &asked.site, sign_in).await else {
        return Answer::redirect(&with_query(&asked.redirect, &[("error", "server_error")], state, '#'));
    };
    let lifetime = tokens.expires_in.unwrap_or_default().to_string();
    let (id, access) = (tokens.id_token.unwrap_or_default(), tokens.access_token.unwrap_or_default());
    let mut query = vec![("access_token", access.as_str()), ("expires_in", &lifetime), ("token_type", "Bearer")];
    if !id.is_empty() {
        query.insert(0, ("id_token", &id));
    }
    Answer::redirect(&with_query(&asked.redirect, &query, state, '#'))
}

/// An address with parameters behind `?` or `#`; the state goes back as it came.
pub fn with_query(address: &str, query: &[(&str, &str)], state: Option<&str>, mark: char) -> String {
    let all = query.iter().copied().chain(state.map(|state| ("state", state)));
    let pairs: Vec<String> = all.map(|(name, value)| format!("{name}={}", quote(value))).collect();
    let mark = if mark == '?' && address.contains('?') { '&' } else { mark };
    format!("{address}{mark}{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn parameters_are_quoted() {
        assert_eq!(
            with_query("https://a/b", &[("code", "x y")], Some("a&b=c"), '?'),
            "https://a/b?code=x%20y&state=a%26b%3Dc"
        );
        assert_eq!(with_query("https://a/b?c=d", &[("code", "1")], None, '?'), "https://a/b?c=d&code=1");
        assert_eq!(with_query("app://in", &[("t", "1")], None, '#'), "app://in#t=1");
    }
}
