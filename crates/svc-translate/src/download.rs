//! Terminology files are handed out by address, as AWS does with presigned ones: whoever has the address can read the file
//! for half an hour.

use std::sync::Arc;

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{BoxFuture, Cloud, Incoming, Settings, Surface};
use kogumo_wire::Body;

use crate::terminology::{TERMINOLOGIES, Terminology};

const PATH: &str = "/_aws/translate/terminology/";

/// How long an address is good.
const SECONDS: i64 = 30 * 60;

/// Serves the files.
pub fn surface() -> Surface {
    Surface { name: "translate terminologies", claims, serve }
}

/// The address of a terminology's file from `now` on.
pub fn address(settings: &Settings, scope: &Scope, terminology: &Terminology, now: Timestamp) -> String {
    let expires = now.plus_seconds(SECONDS).seconds();
    let token = token(terminology, expires);
    let (Scope { account, region }, name) = (scope, &terminology.name);
    format!("{}{PATH}{account}/{region}/{name}/{expires}/{token}", settings.endpoint())
}

/// Nobody without the secret can make one, and it says until when it is good.
fn token(terminology: &Terminology, expires: i64) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, terminology.download_secret.as_bytes());
    let tag = ring::hmac::sign(&key, expires.to_string().as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn claims(incoming: &Incoming) -> bool {
    incoming.request.path.starts_with(PATH)
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    let file = file(&cloud, &incoming.request.path);
    Box::pin(async move {
        let (status, body) = match file {
            Some(file) => (200_u16, Body::from(bytes::Bytes::from(file))),
            None => (403, Body::from(bytes::Bytes::from_static(b"The address has expired or is wrong.\n"))),
        };
        http::Response::builder().status(status).body(body).unwrap_or_default()
    })
}

fn file(cloud: &Cloud, path: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = path.strip_prefix(PATH)?.split('/').collect();
    let [account, region, name, expires, given] = parts[..] else { return None };
    let expires: i64 = expires.parse().ok()?;
    let found = TERMINOLOGIES.get(&cloud.store.read(), &Scope::new(account, region), name).ok()??;
    let good = token(&found, expires) == given && cloud.clock.now().seconds() < expires;
    good.then_some(found.file)
}
