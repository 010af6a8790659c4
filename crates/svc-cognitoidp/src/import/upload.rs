//! Where the file of an import job is put: `PUT /_aws/cognito-idp/import/{pool}/{job}?token=…`.

use std::sync::Arc;

use http::{Method, Response, StatusCode};
use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_wire::Body;
use subtle::ConstantTimeEq;

use super::{FILES, JOBS, Job, key};
use crate::pool::{self, Pool};

const PREFIX: &str = "/_aws/cognito-idp/import/";
/// The largest file, in bytes.
const LARGEST: u64 = 16 << 20;

/// The address that a job's file goes to.
pub fn address(cloud: &Cloud, pool: &Pool, job: &Job) -> String {
    format!("{}{PREFIX}{}/{}?token={}", cloud.settings.endpoint(), pool.id, job.id, job.token)
}

pub fn surface() -> Surface {
    Surface {
        name: "user imports",
        claims: |incoming| incoming.request.path.starts_with(PREFIX),
        serve: |cloud, incoming| -> BoxFuture<Response<Body>> {
            Box::pin(async move {
                let status = put(&cloud, incoming).await.unwrap_or_else(|trouble| {
                    tracing::error!("{trouble}");
                    StatusCode::INTERNAL_SERVER_ERROR
                });
                let mut response = Response::new(Body::Empty);
                *response.status_mut() = status;
                response
            })
        },
    }
}

async fn put(cloud: &Arc<Cloud>, incoming: Incoming) -> Result<StatusCode, Trouble> {
    if incoming.request.method != Method::PUT {
        return Ok(StatusCode::METHOD_NOT_ALLOWED);
    }
    let path = incoming.request.path.strip_prefix(PREFIX).unwrap_or_default();
    let Some((pool, id)) = path.split_once('/') else { return Ok(StatusCode::NOT_FOUND) };
    let read = cloud.store.read();
    let Some(pool) = pool::find(&read, pool)? else { return Ok(StatusCode::NOT_FOUND) };
    let Some(job) = JOBS.get(&read, &pool.scope, key(&pool, id))? else { return Ok(StatusCode::NOT_FOUND) };
    drop(read);
    let token = incoming.request.query_value("token").unwrap_or_default();
    if !bool::from(token.as_bytes().ct_eq(job.token.as_bytes())) || job.status != "Created" {
        return Ok(StatusCode::FORBIDDEN);
    }
    let Ok(body) = incoming.request.body.collect(LARGEST).await else { return Ok(StatusCode::PAYLOAD_TOO_LARGE) };
    let Ok(text) = String::from_utf8(body.to_vec()) else { return Ok(StatusCode::BAD_REQUEST) };
    cloud.store.write(|tx| FILES.put(tx, &pool.scope, key(&pool, &job.id), &text))?;
    Ok(StatusCode::OK)
}
