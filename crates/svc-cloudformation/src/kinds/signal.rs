//! The URLs to which functions and instances answer a stack: `…/_aws/cloudformation/{account}/{region}/{what}/{id}`.
//! They stand for AWS's presigned S3 URLs: who knows one may put to it, once it is known to nobody else.

use std::sync::Arc;

use kogumo_base::Scope;
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_store::{Key, Table};
use kogumo_wire::Body;
use serde_json::Value;

use crate::record::SIGNALS;

const PREFIX: &str = "/_aws/cloudformation/";

/// The largest answer, in bytes: custom resources may answer 4 KiB.
const LARGEST: u64 = 64 << 10;

/// By the id of a custom resource's request: its answer.
pub static ANSWERS: Table<String> = Table::new("cloudformation/answer");

/// The URL of one request of a custom resource (`response`) or of a wait condition's handle (`signal`). Functions trust
/// the cloud's certificates and often take neither scheme nor port from the URL; whoever signals need not trust them.
pub fn url(cloud: &Cloud, scope: &Scope, what: &str, id: &str) -> String {
    let endpoint = match what {
        "response" => cloud.settings.callback_endpoint(),
        _ => cloud.settings.endpoint(),
    };
    format!("{endpoint}{PREFIX}{}/{}/{what}/{id}", scope.account, scope.region)
}

/// The part of the port where answers arrive.
pub fn surface() -> Surface {
    Surface {
        name: "cloudformation responses",
        claims: |incoming| incoming.request.path.starts_with(PREFIX),
        serve: |cloud, incoming| -> BoxFuture<http::Response<Body>> {
            Box::pin(async move { serve(&cloud, incoming).await })
        },
    }
}

async fn serve(cloud: &Arc<Cloud>, incoming: Incoming) -> http::Response<Body> {
    let status: u16 = match incoming.request.method.as_str() {
        "PUT" => put(cloud, incoming).await,
        _ => 405,
    };
    let mut response = http::Response::new(Body::default());
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
}

/// Keeps an answer; says how S3 would have answered.
async fn put(cloud: &Arc<Cloud>, incoming: Incoming) -> u16 {
    let path = incoming.request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let Ok(bytes) = incoming.request.body.collect(LARGEST).await else { return 413 };
    let Ok(text) = String::from_utf8(bytes.to_vec()) else { return 400 };
    let Ok(answer) = serde_json::from_str::<Value>(&text) else { return 400 };
    let done = match parts.as_slice() {
        [account, region, "response", id] => {
            let scope = Scope::new(*account, *region);
            cloud.store.write(|tx| ANSWERS.put(tx, &scope, *id, &text))
        }
        [account, region, "signal", uuid, handle] => {
            let scope = Scope::new(*account, *region);
            let unique = answer["UniqueId"].as_str().unwrap_or_default();
            let key = Key::new().str(uuid).str(handle).str(unique);
            cloud.store.write(|tx| SIGNALS.put(tx, &scope, key.clone(), &text))
        }
        _ => return 404,
    };
    match done {
        Ok(()) => 200,
        Err(trouble) => {
            tracing::error!("{trouble}");
            500
        }
    }
}
