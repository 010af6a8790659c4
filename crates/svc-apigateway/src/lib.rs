//! API Gateway REST APIs (`apigateway`): their records, their rules, and the data plane that serves them.

mod account;
mod api_key;
mod authorizer;
mod data_plane;
mod definition;
mod deployment;
mod documentation;
mod domain_name;
mod faults;
mod gateway_response;
mod integration;
mod method;
mod model;
mod openapi;
mod ops;
mod page;
mod patch;
mod resource;
mod rest_api;
mod stage;
mod tags;
mod test_invoke;
mod usage_plan;
mod validator;

use data_plane::runtime::Runtime;
use data_plane::serve;
use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::apigateway::SERVICE, ops::ops())
        .grounds(grounds)
        .with(Runtime::default())
        .surface(serve::surface())
        .names(serve::NAMES)
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
    let Some(path) = ask.resource.split_once("/restapis/").map(|(_, path)| path).filter(|_| grounding.wants_keys)
    else {
        return Ok(Ground::default());
    };
    let id = path.split('/').next().unwrap_or(path);
    let api = rest_api::REST_APIS.get(grounding.store, &grounding.caller.scope, id)?;
    Ok(api.map_or_else(Ground::default, |api| Ground::default().tagged(&api.tags)))
}
