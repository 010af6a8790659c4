//! HTTP APIs: the record that holds all of one, and how it is found and changed.

use crate::alike::alike;
use crate::definition::{Cors, Definition, Integration, Route, Strings};
use crate::faults::{bad_request, unknown};
use crate::stage::{self, Stage};
use crate::{deployment, integration};
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Api {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub version: Option<String>,
    pub created: Timestamp,
    pub disable_execute_api_endpoint: bool,
    pub tags: Strings,
    pub definition: Definition,
}

static APIS: Table<Api> = Table::new("apigatewayv2/api");

/// In whose account and region an API lives, for the data plane, which is told the id only.
static HOMES: Table<Scope> = Table::new("apigatewayv2/home");

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// An id of ten characters. Those of HTTP APIs end in a digit, those of REST APIs in a letter, so
/// that the data plane sees from an address which of the two it is for.
fn new_api_id() -> String {
    kogumo_base::random_from(ALPHABET, 9) + &kogumo_base::random_from(b"0123456789", 1)
}

/// An id of a route, integration, deployment and so on.
pub fn new_id() -> String {
    kogumo_base::random_from(ALPHABET, 7)
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// The account and region of an API.
pub fn home(read: &dyn Read, id: &str) -> Result<Option<Scope>, Trouble> {
    HOMES.get(read, &everywhere(), id)
}

/// The API of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, id: &str) -> Result<Api, Fault> {
    APIS.get(read, scope, id)?.ok_or_else(|| unknown("API", id))
}

/// Changes an API in the writer's transaction.
pub fn edit<R>(w: &mut Writer, id: &str, change: impl FnOnce(&mut Api) -> Result<R, Fault>) -> Result<R, Fault> {
    let scope = w.scope().clone();
    let mut api = load(w.tx, &scope, id)?;
    let result = change(&mut api)?;
    APIS.put(w.tx, &scope, id, &api)?;
    Ok(result)
}

/// A new API under a new id.
pub fn add(w: &mut Writer, mut api: Api) -> Result<Api, Fault> {
    let scope = w.scope().clone();
    api.id = new_api_id();
    api.created = w.now;
    APIS.put(w.tx, &scope, api.id.as_str(), &api)?;
    HOMES.put(w.tx, &everywhere(), api.id.as_str(), &scope)?;
    Ok(api)
}

pub fn create_api(w: &mut Writer, input: model::CreateApiRequest) -> Result<model::CreateApiResponse, Fault> {
    if input.protocol_type != "HTTP" {
        return Err(Fault::not_implemented("CreateApi with protocolType WEBSOCKET"));
    }
    let mut definition =
        Definition { cors: input.cors_configuration.map(read_cors).transpose()?, ..Definition::default() };
    let quick = input.target.is_some();
    if let Some(target) = input.target {
        let integration = quick_integration(target, input.credentials_arn);
        let route = Route {
            id: new_id(),
            key: input.route_key.unwrap_or_else(|| "$default".into()),
            target: Some(format!("integrations/{}", integration.id)),
            authorization_type: "NONE".into(),
            ..Route::default()
        };
        definition.integrations.insert(integration.id.clone(), integration);
        definition.routes.insert(route.id.clone(), route);
    }
    let api = Api {
        name: input.name,
        description: input.description,
        version: input.version,
        disable_execute_api_endpoint: input.disable_execute_api_endpoint.unwrap_or(false),
        tags: input.tags.unwrap_or_default(),
        definition,
        ..Api::default()
    };
    let api = add(w, api)?;
    if quick {
        stage::put(
            w,
            &api.id,
            &Stage { name: "$default".into(), auto_deploy: true, created: w.now, updated: w.now, ..Stage::default() },
        )?;
    }
    let region = w.scope().region.clone();
    alike(&shape(api, &region))
}

/// `CreateApi` with a target: a function's ARN or an URL.
fn quick_integration(target: String, credentials: Option<String>) -> Integration {
    let function = target.starts_with("arn:");
    Integration {
        id: new_id(),
        kind: if function { "AWS_PROXY" } else { "HTTP_PROXY" }.into(),
        method: (!function).then(|| "ANY".into()),
        uri: Some(target),
        payload_format_version: if function { "2.0" } else { "1.0" }.into(),
        timeout_in_millis: integration::DEFAULT_TIMEOUT,
        credentials,
        description: None,
    }
}

/// Checks and reads a CORS configuration.
pub fn read_cors(cors: model::Cors) -> Result<Cors, Fault> {
    let cors = Cors {
        allow_credentials: cors.allow_credentials.unwrap_or(false),
        allow_headers: cors.allow_headers.unwrap_or_default(),
        allow_methods: cors.allow_methods.unwrap_or_default(),
        allow_origins: cors.allow_origins.unwrap_or_default(),
        expose_headers: cors.expose_headers.unwrap_or_default(),
        max_age: cors.max_age,
    };
    let any = cors.allow_origins.iter().chain(&cors.allow_headers).chain(&cors.allow_methods).any(|value| value == "*");
    if cors.allow_credentials && any {
        return Err(bad_request("allow-credentials can not be true when * is an allowed origin, header or method"));
    }
    Ok(cors)
}

pub fn get_api(r: &Reader, input: model::GetApiRequest) -> Result<model::GetApiResponse, Fault> {
    alike(&shape(load(r.store, r.scope(), &input.api_id)?, &r.scope().region))
}

pub fn get_apis(r: &Reader, input: model::GetApisRequest) -> Result<model::GetApisResponse, Fault> {
    let mut apis = Vec::new();
    for row in APIS.scan(r.store, r.scope(), &Range::all()) {
        let api = row?.1;
        apis.push((api.id.clone(), shape(api, &r.scope().region)));
    }
    let (items, next_token) = crate::page::page(apis, input.next_token, input.max_results)?;
    Ok(model::GetApisResponse { items, next_token })
}

pub fn update_api(w: &mut Writer, input: model::UpdateApiRequest) -> Result<model::UpdateApiResponse, Fault> {
    if input.target.is_some() || input.route_key.is_some() || input.credentials_arn.is_some() {
        return Err(Fault::not_implemented("UpdateApi with target, routeKey or credentialsArn"));
    }
    let region = w.scope().region.clone();
    let api = edit(w, &input.api_id, |api| {
        set(&mut api.name, input.name);
        api.description = input.description.or_else(|| api.description.take());
        api.version = input.version.or_else(|| api.version.take());
        set(&mut api.disable_execute_api_endpoint, input.disable_execute_api_endpoint);
        if let Some(cors) = input.cors_configuration {
            api.definition.cors = Some(read_cors(cors)?);
        }
        Ok(api.clone())
    })?;
    alike(&shape(api, &region))
}

/// Sets a field to what was given, if anything was.
pub fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

pub fn delete_api(w: &mut Writer, input: model::DeleteApiRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let id = input.api_id;
    load(w.tx, &scope, &id)?;
    stage::delete_all(w, &id)?;
    deployment::delete_all(w, &id)?;
    APIS.delete(w.tx, &scope, id.as_str())?;
    HOMES.delete(w.tx, &everywhere(), id.as_str())?;
    Ok(Unit)
}

pub fn delete_cors_configuration(w: &mut Writer, input: model::DeleteCorsConfigurationRequest) -> Result<Unit, Fault> {
    edit(w, &input.api_id, |api| {
        api.definition.cors = None;
        Ok(Unit)
    })
}

/// The API as it is answered.
pub fn shape(api: Api, region: &str) -> model::Api {
    let list = |list: Vec<String>| if list.is_empty() { None } else { Some(list) };
    model::Api {
        api_endpoint: Some(format!("https://{}.execute-api.{region}.amazonaws.com", api.id)),
        api_id: Some(api.id),
        api_key_selection_expression: Some("$request.header.x-api-key".into()),
        cors_configuration: api.definition.cors.map(|cors| model::Cors {
            allow_credentials: Some(cors.allow_credentials),
            allow_headers: list(cors.allow_headers),
            allow_methods: list(cors.allow_methods),
            allow_origins: list(cors.allow_origins),
            expose_headers: list(cors.expose_headers),
            max_age: cors.max_age,
        }),
        created_date: Some(api.created),
        description: api.description,
        disable_execute_api_endpoint: Some(api.disable_execute_api_endpoint),
        name: api.name,
        protocol_type: "HTTP".into(),
        route_selection_expression: "$request.method $request.path".into(),
        tags: Some(api.tags),
        version: api.version,
        ..model::Api::default()
    }
}
