//! Creating, reading, changing and deleting REST APIs.

use super::{
    HOMES, REST_APIS, RestApi, add, edit, everywhere, load, new_api_id, new_id, unless_empty, unless_empty_map,
};
use crate::definition::{Definition, Model};
use crate::faults::bad_request;
use crate::patch::{self, Patch, Verb};
use crate::{deployment, stage};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_store::Range;
use kogumo_wire::{Fault, Unit};

pub fn create_rest_api(w: &mut Writer, input: model::CreateRestApiRequest) -> Result<model::RestApi, Fault> {
    let definition = match &input.clone_from {
        Some(id) => load(w.tx, &w.caller.scope, id)?.definition,
        None => with_first_models(Definition::new(kogumo_base::random_from(super::ALPHABET, 10))),
    };
    let endpoint = input.endpoint_configuration.unwrap_or_default();
    let api = RestApi {
        id: new_api_id(),
        name: input.name,
        description: input.description,
        created: w.now,
        version: input.version,
        endpoint_types: endpoint.types.unwrap_or_else(|| vec!["EDGE".into()]),
        vpc_endpoint_ids: endpoint.vpc_endpoint_ids.unwrap_or_default(),
        ip_address_type: endpoint.ip_address_type,
        security_policy: input.security_policy,
        tags: input.tags.unwrap_or_default(),
        definition: Definition {
            binary_media_types: input.binary_media_types.unwrap_or_default(),
            minimum_compression_size: input.minimum_compression_size,
            api_key_source: input.api_key_source.unwrap_or_else(|| "HEADER".into()),
            policy: input.policy,
            disable_execute_api_endpoint: input.disable_execute_api_endpoint.unwrap_or(false),
            ..definition
        },
        ..RestApi::default()
    };
    if api.name.trim().is_empty() {
        return Err(bad_request("Name cannot be blank"));
    }
    check_size(api.definition.minimum_compression_size)?;
    add(w, &api)?;
    Ok(shape(api))
}

/// The two models that every API made by hand begins with.
fn with_first_models(mut definition: Definition) -> Definition {
    const EMPTY: &str = "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}";
    const ERROR: &str = "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}";
    for (name, description, schema) in [
        ("Empty", "This is a default empty schema model", EMPTY),
        ("Error", "This is a default error schema model", ERROR),
    ] {
        let model = Model {
            id: new_id(),
            name: name.into(),
            description: Some(description.into()),
            schema: Some(schema.into()),
            content_type: "application/json".into(),
        };
        definition.models.insert(name.into(), model);
    }
    definition
}

fn check_size(size: Option<i32>) -> Result<(), Fault> {
    match size {
        Some(size) if !(0..=10_485_760).contains(&size) => {
            Err(bad_request("Invalid minimum compression size, must be between 0 and 10485760"))
        }
        _ => Ok(()),
    }
}

pub fn get_rest_api(r: &Reader, input: model::GetRestApiRequest) -> Result<model::RestApi, Fault> {
    load(r.store, r.scope(), &input.rest_api_id).map(shape)
}

pub fn get_rest_apis(r: &Reader, input: model::GetRestApisRequest) -> Result<model::RestApis, Fault> {
    let mut apis = Vec::new();
    for row in REST_APIS.scan(r.store, r.scope(), &Range::all()) {
        let api = row?.1;
        apis.push((api.id.clone(), shape(api)));
    }
    let (items, position) = crate::page::page(apis, input.position, input.limit)?;
    Ok(model::RestApis { items, position })
}

pub fn update_rest_api(w: &mut Writer, input: model::UpdateRestApiRequest) -> Result<model::RestApi, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        patches.iter().try_for_each(|patch| apply(api, patch))?;
        Ok(shape(api.clone()))
    })
}

fn apply(api: &mut RestApi, patch: &Patch) -> Result<(), Fault> {
    let definition = &mut api.definition;
    match patch.parts().as_slice() {
        ["name"] => api.name = patch.text()?,
        ["description"] => api.description = patch.optional(),
        ["version"] => api.version = patch.optional(),
        ["policy"] => definition.policy = patch.optional().filter(|policy| !policy.is_empty()),
        ["apiKeySource"] => match patch.text()?.as_str() {
            source @ ("HEADER" | "AUTHORIZER") => definition.api_key_source = source.into(),
            _ => return Err(bad_request("Invalid ApiKeySourceType: must be HEADER or AUTHORIZER")),
        },
        ["minimumCompressionSize"] => {
            let size = match patch.optional().filter(|size| !size.is_empty()) {
                Some(_) => Some(patch.number()?),
                None => None,
            };
            check_size(size)?;
            definition.minimum_compression_size = size;
        }
        ["disableExecuteApiEndpoint"] => definition.disable_execute_api_endpoint = patch.flag()?,
        ["binaryMediaTypes", media_type] => patch.item(&mut definition.binary_media_types, Some(media_type))?,
        ["endpointConfiguration", "types", index] if index.parse::<usize>().is_ok() && patch.verb == Verb::Replace => {
            api.endpoint_types = vec![patch.text()?];
        }
        ["endpointConfiguration", "types", kind] if patch.verb == Verb::Replace => {
            api.endpoint_types.retain(|known| known != kind);
            api.endpoint_types.push(patch.text()?);
        }
        ["endpointConfiguration", "vpcEndpointIds"] => patch.item(&mut api.vpc_endpoint_ids, None)?,
        ["endpointConfiguration", "vpcEndpointIds", id] => patch.item(&mut api.vpc_endpoint_ids, Some(id))?,
        ["endpointConfiguration", "ipAddressType"] => api.ip_address_type = patch.optional(),
        ["securityPolicy"] => api.security_policy = patch.optional(),
        _ => return Err(patch.refused()),
    }
    Ok(())
}

pub fn delete_rest_api(w: &mut Writer, input: model::DeleteRestApiRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let id = input.rest_api_id;
    load(w.tx, &scope, &id)?;
    stage::delete_all(w, &id)?;
    deployment::delete_all(w, &id)?;
    REST_APIS.delete(w.tx, &scope, id.as_str())?;
    HOMES.delete(w.tx, &everywhere(), id.as_str())?;
    Ok(Unit)
}

/// The API as it is answered.
pub fn shape(api: RestApi) -> model::RestApi {
    model::RestApi {
        root_resource_id: Some(api.definition.root_id().to_owned()),
        id: Some(api.id),
        name: Some(api.name),
        description: api.description,
        created_date: Some(api.created),
        version: api.version,
        binary_media_types: unless_empty(api.definition.binary_media_types),
        minimum_compression_size: api.definition.minimum_compression_size,
        api_key_source: Some(api.definition.api_key_source),
        endpoint_configuration: Some(model::EndpointConfiguration {
            types: Some(api.endpoint_types),
            ip_address_type: Some(api.ip_address_type.unwrap_or_else(|| "ipv4".into())),
            vpc_endpoint_ids: unless_empty(api.vpc_endpoint_ids),
        }),
        policy: api.definition.policy,
        tags: unless_empty_map(api.tags),
        disable_execute_api_endpoint: Some(api.definition.disable_execute_api_endpoint),
        security_policy: api.security_policy,
        api_status: Some("AVAILABLE".into()),
        ..model::RestApi::default()
    }
}
