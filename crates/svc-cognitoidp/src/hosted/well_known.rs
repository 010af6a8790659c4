//! `/{pool}/.well-known/jwks.json` and `/{pool}/.well-known/openid-configuration`.

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_wire::Body;
use serde_json::{Value, json};

use crate::pool::{self, Pool, keys};

pub fn surface() -> Surface {
    Surface {
        name: "issuers of user pools",
        claims: |incoming| split(&incoming.request.path).is_some(),
        serve: |cloud, incoming| -> BoxFuture<Response<Body>> { Box::pin(async move { serve(&cloud, &incoming) }) },
    }
}

/// The pool's id and the document's name. The id has the form that ids of pools have.
fn split(path: &str) -> Option<(&str, &str)> {
    let (id, document) = path.strip_prefix('/')?.split_once("/.well-known/")?;
    let (region, name) = id.split_once('_')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && !name.is_empty() && matches!(document, "jwks.json" | "openid-configuration")).then_some((id, document))
}

fn serve(cloud: &Arc<Cloud>, incoming: &Incoming) -> Response<Body> {
    let found =
        split(&incoming.request.path).map_or(Ok(None), |(id, document)| document_of(cloud, incoming, id, document));
    match found {
        Ok(Some(document)) => respond(200, &document),
        Ok(None) => respond(404, &json!({ "message": "User pool does not exist." })),
        Err(trouble) => {
            tracing::error!("{trouble}");
            respond(500, &json!({ "message": "Internal Server Error" }))
        }
    }
}

fn document_of(cloud: &Cloud, incoming: &Incoming, id: &str, document: &str) -> Result<Option<Value>, Trouble> {
    let read = cloud.store.read();
    let Some(pool) = pool::find(&read, id)? else { return Ok(None) };
    Ok(Some(match document {
        "jwks.json" => keys::of(cloud, &read, &pool)?.public().to_json(),
        _ => configuration(&pool, incoming),
    }))
}

/// Addresses are AWS's, but for who asks at this machine's own name: there they lead back to where the question came from.
fn configuration(pool: &Pool, incoming: &Incoming) -> Value {
    let aws = incoming.host.ends_with(".amazonaws.com");
    let scheme = if incoming.tls { "https" } else { "http" };
    let here = incoming.request.header("host").unwrap_or(&incoming.host);
    let keys_at = match aws {
        true => pool.issuer(),
        false => format!("{scheme}://{here}/{}", pool.id),
    };
    let pages_at = match (pool.pages_host(), aws) {
        (Some(host), true) => Some(format!("https://{host}")),
        (Some(_), false) => Some(keys_at.clone()),
        (None, _) => None,
    };
    let mut document = json!({
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": pool.issuer(),
        "jwks_uri": format!("{keys_at}/.well-known/jwks.json"),
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    if let Some(pages) = pages_at {
        document["authorization_endpoint"] = json!(format!("{pages}/oauth2/authorize"));
        document["token_endpoint"] = json!(format!("{pages}/oauth2/token"));
        document["userinfo_endpoint"] = json!(format!("{pages}/oauth2/userInfo"));
        document["revocation_endpoint"] = json!(format!("{pages}/oauth2/revoke"));
        document["end_session_endpoint"] = json!(format!("{pages}/logout"));
    }
    document
}

fn respond(status: u16, document: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(kogumo_wire::Bytes::from(document.to_string())));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn addresses_of_documents() {
        assert_eq!(split("/us-east-1_AbC123xyz/.well-known/jwks.json"), Some(("us-east-1_AbC123xyz", "jwks.json")));
        for path in [
            "/.well-known/jwks.json",
            "/bucket/.well-known/jwks.json",
            "/a_b/c/.well-known/jwks.json",
            "/us-east-1_A/.well-known/x",
            "/my_b.et/.well-known/jwks.json",
        ] {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
