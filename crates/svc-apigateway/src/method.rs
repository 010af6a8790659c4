//! Methods of resources, and their responses.

use crate::definition::{Definition, Method, MethodResponse};
use crate::faults::{bad_request, conflict, not_found, unknown};
use crate::integration;
use crate::patch::{self, Patch, Verb};
use crate::resource::{find, find_mut};
use crate::rest_api::{edit, load, unless_empty, unless_empty_map};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The method of a resource, or AWS's error.
pub fn find_method<'d>(definition: &'d Definition, resource: &str, name: &str) -> Result<&'d Method, Fault> {
    find(definition, resource)?.methods.get(name).ok_or_else(|| unknown("Method"))
}

/// The method of a resource to be changed, or AWS's error.
pub fn find_method_mut<'d>(
    definition: &'d mut Definition,
    resource: &str,
    name: &str,
) -> Result<&'d mut Method, Fault> {
    find_mut(definition, resource)?.methods.get_mut(name).ok_or_else(|| unknown("Method"))
}

pub fn put_method(w: &mut Writer, input: model::PutMethodRequest) -> Result<model::Method, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let definition = &mut api.definition;
        if find(definition, &input.resource_id)?.methods.contains_key(&input.http_method) {
            return Err(conflict("Method already exists for this resource"));
        }
        if !METHODS.contains(&input.http_method.as_str()) {
            return Err(bad_request(
                "Invalid HttpMethod specified. Valid options are ".to_owned() + &METHODS.join(","),
            ));
        }
        let method = Method {
            http_method: input.http_method.clone(),
            authorization_type: input.authorization_type,
            authorizer_id: input.authorizer_id,
            authorization_scopes: input.authorization_scopes.unwrap_or_default(),
            api_key_required: input.api_key_required.unwrap_or(false),
            operation_name: input.operation_name,
            request_validator_id: input.request_validator_id,
            request_parameters: input.request_parameters.unwrap_or_default(),
            request_models: input.request_models.unwrap_or_default(),
            ..Method::default()
        };
        check(definition, &method)?;
        find_mut(definition, &input.resource_id)?.methods.insert(input.http_method, method.clone());
        Ok(shape(&method))
    })
}

/// Whether what a method refers to is there.
fn check(definition: &Definition, method: &Method) -> Result<(), Fault> {
    match method.authorization_type.as_str() {
        "NONE" | "AWS_IAM" => {}
        "CUSTOM" | "COGNITO_USER_POOLS" => {
            let known = method.authorizer_id.as_ref().is_some_and(|id| definition.authorizers.contains_key(id));
            if !known {
                return Err(bad_request(
                    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
                ));
            }
        }
        _ => {
            return Err(bad_request(
                "Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, and COGNITO_USER_POOLS.",
            ));
        }
    }
    if method.request_validator_id.as_ref().is_some_and(|id| !definition.validators.contains_key(id)) {
        return Err(bad_request("Invalid Request Validator identifier specified"));
    }
    if let Some(model) = method.request_models.values().find(|model| !definition.models.contains_key(*model)) {
        return Err(bad_request(format!("Invalid model identifier specified: {model}")));
    }
    for name in method.request_parameters.keys() {
        let known = ["path", "querystring", "header", "multivaluequerystring", "multivalueheader"];
        let location = name.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
        if !location.is_some_and(|(location, name)| known.contains(&location) && !name.is_empty()) {
            return Err(bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {name}]"
            )));
        }
    }
    Ok(())
}

pub fn get_method(r: &Reader, input: model::GetMethodRequest) -> Result<model::Method, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    find_method(&api.definition, &input.resource_id, &input.http_method).map(shape)
}

pub fn update_method(w: &mut Writer, input: model::UpdateMethodRequest) -> Result<model::Method, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let mut method = find_method(&api.definition, &input.resource_id, &input.http_method)?.clone();
        patches.iter().try_for_each(|patch| apply(&mut method, patch))?;
        check(&api.definition, &method)?;
        *find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)? = method.clone();
        Ok(shape(&method))
    })
}

fn apply(method: &mut Method, patch: &Patch) -> Result<(), Fault> {
    match patch.parts().as_slice() {
        ["authorizationType"] => method.authorization_type = patch.text()?,
        ["authorizerId"] => method.authorizer_id = patch.optional(),
        ["authorizationScopes"] => patch.item(&mut method.authorization_scopes, None)?,
        ["authorizationScopes", scope] => patch.item(&mut method.authorization_scopes, Some(scope))?,
        ["apiKeyRequired"] => method.api_key_required = patch.flag()?,
        ["operationName"] => method.operation_name = patch.optional(),
        ["requestValidatorId"] => method.request_validator_id = patch.optional().filter(|id| !id.is_empty()),
        ["requestParameters", name] => match patch.verb {
            Verb::Remove => {
                method.request_parameters.remove(*name);
            }
            _ => {
                let required = patch.optional().is_some() && patch.flag()?;
                method.request_parameters.insert((*name).to_owned(), required);
            }
        },
        ["requestModels", media_type] => patch.entry(&mut method.request_models, media_type),
        _ => return Err(patch.refused()),
    }
    Ok(())
}

pub fn delete_method(w: &mut Writer, input: model::DeleteMethodRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let methods = &mut find_mut(&mut api.definition, &input.resource_id)?.methods;
        methods.remove(&input.http_method).map(|_| Unit).ok_or_else(|| unknown("Method"))
    })
}

fn no_response() -> Fault {
    not_found("Invalid Response status code specified")
}

pub fn put_method_response(
    w: &mut Writer,
    input: model::PutMethodResponseRequest,
) -> Result<model::MethodResponse, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let models = api.definition.models.clone();
        let method = find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        if method.responses.contains_key(&input.status_code) {
            return Err(conflict("Response already exists for this resource"));
        }
        let response = MethodResponse {
            response_parameters: input.response_parameters.unwrap_or_default(),
            response_models: input.response_models.unwrap_or_default(),
        };
        if let Some(model) = response.response_models.values().find(|model| !models.contains_key(*model)) {
            return Err(bad_request(format!("Invalid model identifier specified: {model}")));
        }
        method.responses.insert(input.status_code.clone(), response.clone());
        Ok(shape_response(&input.status_code, &response))
    })
}

pub fn get_method_response(r: &Reader, input: model::GetMethodResponseRequest) -> Result<model::MethodResponse, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let method = find_method(&api.definition, &input.resource_id, &input.http_method)?;
    let response = method.responses.get(&input.status_code).ok_or_else(no_response)?;
    Ok(shape_response(&input.status_code, response))
}

pub fn update_method_response(
    w: &mut Writer,
    input: model::UpdateMethodResponseRequest,
) -> Result<model::MethodResponse, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let method = find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        let response = method.responses.get_mut(&input.status_code).ok_or_else(no_response)?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["responseParameters", name] => match patch.verb {
                    Verb::Remove => drop(response.response_parameters.remove(*name)),
                    _ => {
                        let required = patch.optional().is_some() && patch.flag()?;
                        response.response_parameters.insert((*name).to_owned(), required);
                    }
                },
                ["responseModels", media_type] => patch.entry(&mut response.response_models, media_type),
                _ => return Err(patch.refused()),
            }
        }
        Ok(shape_response(&input.status_code, response))
    })
}

pub fn delete_method_response(w: &mut Writer, input: model::DeleteMethodResponseRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let method = find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        method.responses.remove(&input.status_code).map(|_| Unit).ok_or_else(no_response)
    })
}

fn shape_response(status: &str, response: &MethodResponse) -> model::MethodResponse {
    model::MethodResponse {
        status_code: Some(status.to_owned()),
        response_parameters: unless_empty_map(response.response_parameters.clone()),
        response_models: unless_empty_map(response.response_models.clone()),
    }
}

/// The method as it is answered.
pub fn shape(method: &Method) -> model::Method {
    let responses =
        method.responses.iter().map(|(status, response)| (status.clone(), shape_response(status, response)));
    model::Method {
        http_method: Some(method.http_method.clone()),
        authorization_type: Some(method.authorization_type.clone()),
        authorizer_id: method.authorizer_id.clone(),
        api_key_required: Some(method.api_key_required),
        request_validator_id: method.request_validator_id.clone(),
        operation_name: method.operation_name.clone(),
        request_parameters: unless_empty_map(method.request_parameters.clone()),
        request_models: unless_empty_map(method.request_models.clone()),
        method_responses: unless_empty_map(responses.collect()),
        method_integration: method.integration.as_ref().map(integration::shape),
        authorization_scopes: unless_empty(method.authorization_scopes.clone()),
    }
}
