//! Signing in by a SAML provider: the browser goes there with a request and posts the answer here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Clock, Trouble};
use kogumo_wire::parse_query;

use super::Visit;
use super::answer::Answer;
use super::authorize::{self, with_query};
use super::federation::{Journey, arrive, finish, trouble};
use crate::client::Site;
use crate::provider::saml::Request;
use crate::provider::{self, Provider};

const PAGE: &str = "saml2/idpresponse";

/// The id of the request that a journey began with.
fn request_id(journey: &Journey) -> String {
    format!("_{}", journey.nonce)
}

/// Sends the browser to the provider.
pub fn begin(visit: &Visit, site: &Site, provider: &Provider, journey: &Journey, sealed: &[u8]) -> Answer {
    let Some(destination) = provider.details.get("SSORedirectBindingURI") else { return Answer::failed() };
    let (id, back) = (request_id(journey), visit.here(PAGE));
    let request = Request { id: &id, pool: &site.pool.id, back: &back, now: Clock::machine_now() };
    match request.encoded(destination) {
        Ok(encoded) => {
            let state = URL_SAFE_NO_PAD.encode(sealed);
            let query = [("SAMLRequest", encoded.as_str()), ("RelayState", &state)];
            Answer::redirect(&with_query(destination, &query, None, '?'))
        }
        Err(found) => trouble(visit, &found),
    }
}

/// `/saml2/idpresponse`: the browser is back.
pub async fn page(visit: Visit) -> Answer {
    let journey = visit.posted("RelayState").and_then(|state| arrive(&visit, state));
    let (Some(journey), Some(answer)) = (journey, visit.posted("SAMLResponse").map(str::to_owned)) else {
        return trouble(&visit, &Trouble::new("an assertion came that was not asked for, or too late, or twice"));
    };
    let back = visit.here(PAGE);
    let visit = Visit { query: parse_query(&journey.query, true), raw_query: journey.query.clone(), ..visit };
    let asked = match authorize::read(&visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let Ok(provider) = provider::get(&visit.cx.snapshot(), &asked.site.pool, &journey.provider) else {
        return Answer::missing();
    };
    let id = request_id(&journey);
    let request = Request { id: &id, pool: &asked.site.pool.id, back: &back, now: Clock::machine_now() };
    match provider.believe(&answer, &request) {
        Ok(said) => finish(&visit, &asked, &provider, &said).await,
        Err(found) => trouble(&visit, &found),
    }
}
