//! What is not AWS's API: the issuer's documents, and the hosted pages where people sign in by a browser.
//!
//! A pool's pages are at `{domain}.auth.{region}.amazoncognito.com`, and at `/{pool id}/…` where no DNS leads there.

mod address;
mod answer;
mod authorize;
mod choice;
mod code;
mod cookie;
mod federation;
mod form;
mod login;
mod look;
mod mfa_setup;
mod password;
mod revoke;
mod saml;
mod sign_out;
mod sign_up;
mod token;
mod user_info;
pub mod well_known;
mod words;

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderMap, HeaderValue, Method};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Context, CrossOrigin, Incoming, Names, Surface};
use kogumo_wire::{Body, parse_query};

use crate::client::Site;
use crate::place;
use crate::pool;
use address::Address;
use answer::Answer;
use words::Language;

pub fn surface() -> Surface {
    Surface {
        name: "hosted pages of user pools",
        claims: |incoming| address::read(&incoming.host, &incoming.request.path).is_some(),
        serve: |cloud, incoming| -> BoxFuture<http::Response<Body>> {
            Box::pin(async move {
                let address = address::read(&incoming.host, &incoming.request.path);
                serve(cloud, incoming, address).await.response()
            })
        },
    }
}

/// Names of pages that customers chose.
pub const NAMES: Names = Names {
    has: |cloud, host| is_chosen(cloud, host).unwrap_or(false),
    claims: |cloud, incoming| is_chosen(cloud, &incoming.host).unwrap_or(false),
    serve: |cloud, incoming| -> BoxFuture<http::Response<Body>> {
        Box::pin(async move {
            let address = address::custom(&incoming.host, &incoming.request.path);
            serve(cloud, incoming, address).await.response()
        })
    },
};

fn is_chosen(cloud: &Cloud, host: &str) -> Result<bool, Trouble> {
    // Prefixes of domains below Amazon's are in the same table, and have no dot.
    Ok(host.contains('.') && place::find(&cloud.store.read(), place::Sort::Domain, host)?.is_some())
}

/// A request to a page, taken apart.
pub struct Visit {
    pub cx: Context,
    pub pool: pool::Pool,
    pub method: Method,
    pub query: Vec<(String, String)>,
    pub raw_query: String,
    pub form: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub language: Language,
    pub tls: bool,
    /// Whether these are managed login's pages, which look as the client's style says.
    pub managed: bool,
    /// What stands before the page in its path: empty, or `/{pool id}`.
    pub base: String,
}

impl Visit {
    pub fn asked(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    pub fn posted(&self, name: &str) -> Option<&str> {
        value(&self.form, name)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    /// The address of another page with the same query.
    pub fn beside(&self, page: &str) -> String {
        format!("{}/{page}?{}", self.base, self.raw_query)
    }

    /// The whole address of a page, as the browser has it.
    pub fn here(&self, page: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}/{page}", self.header("host").unwrap_or("localhost"), self.base)
    }

    /// The client of that id, if it is one of this pool.
    pub fn site(&self, client: &str) -> Option<Site> {
        Site::of_client(&self.cx, client).ok().filter(|site| site.pool.id == self.pool.id)
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

async fn serve(cloud: Arc<Cloud>, incoming: Incoming, address: Option<Address>) -> Answer {
    let Some(address) = address else { return Answer::missing() };
    let (page, visit) = match visit(cloud, incoming, address).await {
        Ok(Some(found)) => found,
        Ok(None) => return Answer::missing(),
        Err(trouble) => {
            tracing::error!("{trouble}");
            return Answer::failed();
        }
    };
    if visit.method == Method::OPTIONS && page.starts_with("oauth2/") {
        return Answer::preflight();
    }
    match page.as_str() {
        "oauth2/authorize" => authorize::page(&visit).await,
        "oauth2/token" => token::page(&visit).await,
        "oauth2/userInfo" => user_info::page(&visit),
        "oauth2/revoke" => revoke::page(&visit),
        "oauth2/idpresponse" => federation::page(visit).await,
        "saml2/idpresponse" => saml::page(visit).await,
        "login" => login::page(&visit).await,
        "signup" => sign_up::page(&visit).await,
        "confirm" => sign_up::confirm_page(&visit).await,
        "confirmUser" => sign_up::link_page(&visit).await,
        "forgotPassword" => password::forgot_page(&visit).await,
        "confirmForgotPassword" => password::confirm_page(&visit).await,
        "passkeys/add" => choice::add_page(&visit).await,
        "logout" => sign_out::page(&visit),
        "assets/logo" => look::logo(&visit),
        "assets/image" => look::image(&visit),
        _ => Answer::missing(),
    }
}

/// Finds the pool behind an address and reads what was posted.
async fn visit(cloud: Arc<Cloud>, incoming: Incoming, address: Address) -> Result<Option<(String, Visit)>, Trouble> {
    const LARGEST: u64 = 64 * 1024;
    let read = cloud.store.read();
    let pool = match &address.place {
        address::Place::Pool(id) => pool::find(&read, id)?,
        address::Place::Custom(host) => {
            let place = place::find(&read, place::Sort::Domain, host)?;
            place.map(|place| pool::find(&read, &place.pool)).transpose()?.flatten()
        }
        address::Place::Domain { name, region } => {
            let place = place::find(&read, place::Sort::Domain, name)?.filter(|place| place.scope.region == *region);
            place.map(|place| pool::find(&read, &place.pool)).transpose()?.flatten()
        }
    };
    drop(read);
    let Some(pool) = pool else { return Ok(None) };
    let own = pool.custom_domain.as_ref().map_or(0, |domain| domain.login_version);
    let version = match &address.place {
        address::Place::Custom(_) => own,
        address::Place::Domain { .. } => pool.login_version,
        address::Place::Pool(_) => own.max(pool.login_version),
    };
    let scope = Scope::new(&pool.scope.account, &pool.scope.region);
    let mut caller = Caller::service("cognito-idp.amazonaws.com", scope);
    caller.source_ip = Some(incoming.peer.ip());
    let mut request = incoming.request;
    let Ok(body) = std::mem::take(&mut request.body).collect(LARGEST).await else { return Ok(None) };
    let language = Language::of(
        request.query_value("lang"),
        request.headers.get("accept-language").and_then(|value| value.to_str().ok()),
    );
    Ok(Some((
        address.page,
        Visit {
            cx: Context { cloud, caller },
            pool,
            method: request.method,
            query: request.query,
            raw_query: incoming.raw_query,
            form: parse_query(&String::from_utf8_lossy(&body), true),
            headers: request.headers,
            language,
            tls: incoming.tls,
            managed: version == 2,
            base: address.base,
        },
    )))
}

/// Pages of any origin may call what needs no signature: that is how web apps sign their users in. What is signed they may
/// not: no page is to use the keys that it might guess.
pub fn cross_origin(_: &Cloud, asked: &CrossOrigin) -> Option<HeaderMap> {
    if asked.headers.iter().any(|name| name == "authorization") || asked.method != "POST" {
        return None;
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let shown = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(shown));
    if asked.preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("172800"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::try_from(asked.headers.join(",")).ok()?);
    }
    Some(headers)
}
