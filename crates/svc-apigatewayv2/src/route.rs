//! Routes: a method and a path, and the integration that they lead to.

use crate::alike::alike;
use crate::api::{edit, load, new_id, set};
use crate::definition::{Definition, Route};
use crate::faults::{bad_request, conflict, unknown};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

pub fn create_route(w: &mut Writer, input: model::CreateRouteRequest) -> Result<model::CreateRouteResult, Fault> {
    if input.api_key_required == Some(true) {
        return Err(bad_request("API keys are not supported for HTTP APIs"));
    }
    let route = edit(w, &input.api_id, |api| {
        let route = Route {
            id: new_id(),
            key: input.route_key,
            target: input.target,
            authorization_type: input.authorization_type.unwrap_or_else(|| "NONE".into()),
            authorizer_id: input.authorizer_id,
            authorization_scopes: input.authorization_scopes.unwrap_or_default(),
            operation_name: input.operation_name,
        };
        check(&api.definition, &route)?;
        api.definition.routes.insert(route.id.clone(), route.clone());
        Ok(route)
    })?;
    alike(&shape(&route))
}

/// What AWS refuses about a route.
fn check(definition: &Definition, route: &Route) -> Result<(), Fault> {
    let valid = match route.key.split_once(' ') {
        Some((method, path)) => METHODS.contains(&method) && path.starts_with('/'),
        None => route.key == "$default",
    };
    if !valid {
        return Err(bad_request(
            "The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"",
        ));
    }
    if definition.routes.values().any(|known| known.key == route.key && known.id != route.id) {
        return Err(conflict(format!("Route with key {} already exists for this API", route.key)));
    }
    if let Some(target) = &route.target {
        let known = target.strip_prefix("integrations/").is_some_and(|id| definition.integrations.contains_key(id));
        if !known {
            return Err(bad_request(format!("Target {target} is not an integration of this API")));
        }
    }
    match route.authorization_type.as_str() {
        "NONE" => Ok(()),
        "AWS_IAM" => Ok(()),
        kind @ ("CUSTOM" | "JWT") => {
            let authorizer = route.authorizer_id.as_ref().and_then(|id| definition.authorizers.get(id));
            match authorizer.is_some_and(|authorizer| authorizer.jwt.is_some() == (kind == "JWT")) {
                true => Ok(()),
                false => {
                    Err(bad_request(format!("A valid authorizerId is required for the authorization type {kind}")))
                }
            }
        }
        other => Err(bad_request(format!("Invalid authorizationType {other}"))),
    }
}

fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d Route, Fault> {
    definition.routes.get(id).ok_or_else(|| unknown("Route", id))
}

pub fn get_route(r: &Reader, input: model::GetRouteRequest) -> Result<model::GetRouteResult, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    alike(&shape(find(&api.definition, &input.route_id)?))
}

pub fn get_routes(r: &Reader, input: model::GetRoutesRequest) -> Result<model::GetRoutesResponse, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    let routes = api.definition.routes.values().map(|route| (route.id.clone(), shape(route)));
    let (items, next_token) = crate::page::page(routes.collect(), input.next_token, input.max_results)?;
    Ok(model::GetRoutesResponse { items, next_token })
}

pub fn update_route(w: &mut Writer, input: model::UpdateRouteRequest) -> Result<model::UpdateRouteResult, Fault> {
    let route = edit(w, &input.api_id, |api| {
        let mut route = find(&api.definition, &input.route_id)?.clone();
        set(&mut route.key, input.route_key);
        set(&mut route.authorization_type, input.authorization_type);
        set(&mut route.authorization_scopes, input.authorization_scopes);
        route.target = input.target.or(route.target);
        // A route that is open leaves its authorizer.
        let kept = route.authorizer_id.filter(|_| route.authorization_type != "NONE");
        route.authorizer_id = input.authorizer_id.or(kept);
        route.operation_name = input.operation_name.or(route.operation_name);
        check(&api.definition, &route)?;
        api.definition.routes.insert(route.id.clone(), route.clone());
        Ok(route)
    })?;
    alike(&shape(&route))
}

pub fn delete_route(w: &mut Writer, input: model::DeleteRouteRequest) -> Result<Unit, Fault> {
    edit(w, &input.api_id, |api| {
        let removed = api.definition.routes.remove(&input.route_id);
        removed.map(|_| Unit).ok_or_else(|| unknown("Route", &input.route_id))
    })
}

fn shape(route: &Route) -> model::Route {
    model::Route {
        api_key_required: Some(false),
        authorization_scopes: Some(route.authorization_scopes.clone()).filter(|scopes| !scopes.is_empty()),
        authorization_type: Some(route.authorization_type.clone()),
        authorizer_id: route.authorizer_id.clone(),
        operation_name: route.operation_name.clone(),
        route_id: Some(route.id.clone()),
        route_key: route.key.clone(),
        target: route.target.clone(),
        ..model::Route::default()
    }
}
