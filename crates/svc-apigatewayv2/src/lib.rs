//! API Gateway HTTP APIs (`apigatewayv2`): routes to Lambda functions and HTTP backends, and the
//! data plane that serves them. WebSocket APIs are not built.

mod alike;
mod api;
mod authorizer;
mod data_plane;
mod definition;
mod deployment;
mod document;
mod domain_name;
mod faults;
mod integration;
mod ops;
mod page;
mod route;
mod stage;
mod tags;

use data_plane::runtime::Runtime;
use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::apigatewayv2::SERVICE, ops::ops())
        .grounds(grounds)
        .with(Runtime::default())
        .surface(data_plane::surface())
        .names(data_plane::NAMES)
        .on_reset(|cloud| {
            Box::pin(async move {
                if let Ok(runtime) = cloud.part::<Runtime>() {
                    runtime.clear();
                }
            })
        })
}

/// The tags of the API that is asked for, or that something asked for is a part of.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let path = ask.resource.split_once("/apis/").map(|(_, path)| path).filter(|_| grounding.wants_keys);
    let id = path.map(|path| path.split('/').next().unwrap_or(path));
    let api = id.and_then(|id| api::load(grounding.store, &grounding.caller.scope, id).ok());
    Ok(api.map_or_else(Ground::default, |api| Ground::default().tagged(&api.tags)))
}
