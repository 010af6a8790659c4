//! Where a package can be fetched: a link that is good for ten minutes, as `GetFunction` answers it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Response, StatusCode};
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_wire::{Body, Bytes};

use crate::code::CodeStore;

const PREFIX: &str = "/_aws/lambda/code/";
const GOOD_FOR: Duration = Duration::from_secs(600);

/// The links that were given and are still good. They are forgotten with the process.
#[derive(Default)]
pub struct Locations(Mutex<HashMap<String, (String, Instant)>>);

impl Locations {
    /// A new link to the package of that hash.
    pub fn give(&self, endpoint: &str, hex: &str) -> String {
        let token = kogumo_base::hex_id(48);
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, given)| given.elapsed() < GOOD_FOR);
        links.insert(token.clone(), (hex.to_owned(), Instant::now()));
        format!("{endpoint}{PREFIX}{token}")
    }

    fn find(&self, token: &str) -> Option<String> {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (hex, given) = links.get(token)?;
        (given.elapsed() < GOOD_FOR).then(|| hex.clone())
    }
}

/// The part of the port that answers the links.
pub fn surface() -> Surface {
    Surface { name: "lambda code", claims, serve }
}

fn claims(incoming: &Incoming) -> bool {
    incoming.request.path.starts_with(PREFIX)
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let token = incoming.request.path.trim_start_matches(PREFIX);
        let hex = cloud.part::<Locations>().ok().and_then(|links| links.find(token));
        let Some(hex) = hex else { return answer(StatusCode::FORBIDDEN, "text/plain", "Request has expired".into()) };
        let path = CodeStore::new(&cloud.settings.data).package(&hex);
        let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
        match read {
            Ok(Ok(package)) => answer(StatusCode::OK, "application/zip", package.into()),
            _ => answer(StatusCode::NOT_FOUND, "text/plain", "The package is gone".into()),
        }
    })
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}
