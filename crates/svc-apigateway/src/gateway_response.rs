//! Gateway responses: what clients are told when no integration answers.

use crate::data_plane::failure::{DEFAULT_TEMPLATE, KINDS};
use crate::definition::{GatewayResponse, Strings};
use crate::faults::not_found;
use crate::patch;
use crate::rest_api::{edit, load};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

/// The defaults of a type.
fn default_of(kind: &str) -> Result<GatewayResponse, Fault> {
    let class = matches!(kind, "DEFAULT_4XX" | "DEFAULT_5XX");
    let known = KINDS.iter().find(|known| known.name == kind);
    if known.is_none() && !class {
        return Err(not_found("Invalid Gateway response type specified"));
    }
    Ok(GatewayResponse {
        status_code: known.map(|known| known.status.to_string()),
        response_parameters: Strings::new(),
        response_templates: Strings::from([("application/json".to_owned(), DEFAULT_TEMPLATE.to_owned())]),
    })
}

pub fn put_gateway_response(
    w: &mut Writer,
    input: model::PutGatewayResponseRequest,
) -> Result<model::GatewayResponse, Fault> {
    let default = default_of(&input.response_type)?;
    edit(w, &input.rest_api_id, |api| {
        let response = GatewayResponse {
            status_code: input.status_code.or(default.status_code),
            response_parameters: input.response_parameters.unwrap_or_default(),
            response_templates: input.response_templates.unwrap_or(default.response_templates),
        };
        api.definition.gateway_responses.insert(input.response_type.clone(), response.clone());
        Ok(shape(&input.response_type, &response, false))
    })
}

pub fn get_gateway_response(
    r: &Reader,
    input: model::GetGatewayResponseRequest,
) -> Result<model::GatewayResponse, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    match api.definition.gateway_responses.get(&input.response_type) {
        Some(own) => Ok(shape(&input.response_type, own, false)),
        None => Ok(shape(&input.response_type, &default_of(&input.response_type)?, true)),
    }
}

pub fn get_gateway_responses(
    r: &Reader,
    input: model::GetGatewayResponsesRequest,
) -> Result<model::GatewayResponses, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).chain(["DEFAULT_4XX", "DEFAULT_5XX"]).collect();
    names.sort_unstable();
    let mut responses = Vec::new();
    for name in names {
        let response = match api.definition.gateway_responses.get(name) {
            Some(own) => shape(name, own, false),
            None => shape(name, &default_of(name)?, true),
        };
        responses.push((name.to_owned(), response));
    }
    let (items, position) = crate::page::page(responses, input.position, input.limit)?;
    Ok(model::GatewayResponses { items, position })
}

pub fn update_gateway_response(
    w: &mut Writer,
    input: model::UpdateGatewayResponseRequest,
) -> Result<model::GatewayResponse, Fault> {
    let patches = patch::read(input.patch_operations)?;
    let default = default_of(&input.response_type)?;
    edit(w, &input.rest_api_id, |api| {
        let response = api.definition.gateway_responses.entry(input.response_type.clone()).or_insert(default);
        for patch in &patches {
            match patch.parts().as_slice() {
                ["statusCode"] => response.status_code = patch.optional(),
                ["responseParameters", name] => patch.entry(&mut response.response_parameters, name),
                ["responseTemplates", media_type] => patch.entry(&mut response.response_templates, media_type),
                _ => return Err(patch.refused()),
            }
        }
        Ok(shape(&input.response_type, response, false))
    })
}

pub fn delete_gateway_response(w: &mut Writer, input: model::DeleteGatewayResponseRequest) -> Result<Unit, Fault> {
    default_of(&input.response_type)?;
    edit(w, &input.rest_api_id, |api| {
        let removed = api.definition.gateway_responses.remove(&input.response_type);
        removed.map(|_| Unit).ok_or_else(|| not_found("Gateway response type not defined on api"))
    })
}

fn shape(kind: &str, response: &GatewayResponse, default: bool) -> model::GatewayResponse {
    model::GatewayResponse {
        response_type: Some(kind.to_owned()),
        status_code: response.status_code.clone(),
        response_parameters: Some(response.response_parameters.clone()),
        response_templates: Some(response.response_templates.clone()),
        default_response: Some(default),
    }
}
