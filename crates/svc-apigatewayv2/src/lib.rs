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
use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::apigatewayv2::SERVICE, ops::ops())
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
