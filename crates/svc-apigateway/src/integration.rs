//! Integrations of methods, and their responses.

use crate::definition::{INTEGRATION_TIMEOUT_MILLIS, Integration, IntegrationResponse, Method};
use crate::faults::{bad_request, not_found, unknown};
use crate::method::{find_method, find_method_mut};
use crate::patch::{self, Patch};
use crate::rest_api::{edit, load, unless_empty, unless_empty_map};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

pub fn put_integration(w: &mut Writer, input: model::PutIntegrationRequest) -> Result<model::Integration, Fault> {
    if input.integration_target.is_some() || input.response_transfer_mode.as_deref() == Some("STREAM") {
        return Err(Fault::not_implemented("PutIntegration with integrationTarget or response streaming"));
    }
    let (resource, name) = (input.resource_id.clone(), input.http_method.clone());
    edit(w, &input.rest_api_id.clone(), |api| {
        let method = find_method_mut(&mut api.definition, &resource, &name)?;
        let responses = method.integration.take().map(|old| old.responses).unwrap_or_default();
        let integration = Integration {
            cache_namespace: input.cache_namespace.or_else(|| Some(resource.clone())),
            kind: input.type_,
            http_method: input.integration_http_method,
            uri: input.uri,
            connection_type: input.connection_type,
            connection_id: input.connection_id,
            credentials: input.credentials,
            request_parameters: input.request_parameters.unwrap_or_default(),
            request_templates: input.request_templates.unwrap_or_default(),
            passthrough_behavior: Some(input.passthrough_behavior.unwrap_or_else(|| "WHEN_NO_MATCH".into())),
            content_handling: input.content_handling,
            timeout_in_millis: input.timeout_in_millis.unwrap_or(INTEGRATION_TIMEOUT_MILLIS),
            cache_key_parameters: input.cache_key_parameters.unwrap_or_default(),
            insecure_skip_verification: input.tls_config.and_then(|tls| tls.insecure_skip_verification),
            responses,
        };
        check(&integration)?;
        let answer = shape(&integration);
        method.integration = Some(integration);
        Ok(answer)
    })
}

/// What AWS refuses about an integration.
fn check(integration: &Integration) -> Result<(), Fault> {
    if !(50..=INTEGRATION_TIMEOUT_MILLIS).contains(&integration.timeout_in_millis) {
        return Err(bad_request("Timeout should be between 50 ms and 29000 ms"));
    }
    if let Some(behavior) = &integration.passthrough_behavior
        && !["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"].contains(&behavior.as_str())
    {
        return Err(bad_request(
            "Invalid PassthroughBehavior specified. Valid options are WHEN_NO_MATCH, WHEN_NO_TEMPLATES, and NEVER.",
        ));
    }
    if integration.kind == "MOCK" {
        return Ok(());
    }
    if integration.http_method.is_none() {
        return Err(bad_request("Enumeration value for HttpMethod must be non-empty"));
    }
    let uri = integration.uri.as_deref().unwrap_or("");
    match integration.kind.as_str() {
        "HTTP" | "HTTP_PROXY" if integration.connection_type.as_deref() == Some("VPC_LINK") => {
            Err(Fault::not_implemented("Integrations over a VPC link"))
        }
        "HTTP" | "HTTP_PROXY" => {
            let host = uri.split_once("://").map(|(_, rest)| rest).unwrap_or("");
            let http =
                uri.starts_with("http://") || uri.starts_with("https://") || uri.starts_with("${stageVariables.");
            if http && (!host.is_empty() || uri.starts_with('$')) {
                Ok(())
            } else {
                Err(bad_request("Invalid HTTP endpoint specified for URI"))
            }
        }
        _ if !uri.starts_with("arn:") => Err(bad_request("Invalid ARN specified in the request")),
        _ if !(uri.contains(":path/") || uri.contains(":action/")) => {
            Err(bad_request("AWS ARN for integration must contain path or action"))
        }
        "AWS_PROXY" if !uri.contains(":lambda:path/") => Err(bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        )),
        _ => Ok(()),
    }
}

fn own(method: &Method) -> Result<&Integration, Fault> {
    method.integration.as_ref().ok_or_else(|| unknown("Integration"))
}

fn own_mut(method: &mut Method) -> Result<&mut Integration, Fault> {
    method.integration.as_mut().ok_or_else(|| unknown("Integration"))
}

pub fn get_integration(r: &Reader, input: model::GetIntegrationRequest) -> Result<model::Integration, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    own(find_method(&api.definition, &input.resource_id, &input.http_method)?).map(shape)
}

pub fn update_integration(w: &mut Writer, input: model::UpdateIntegrationRequest) -> Result<model::Integration, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let integration = own_mut(find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?)?;
        patches.iter().try_for_each(|patch| apply(integration, patch))?;
        check(integration)?;
        Ok(shape(integration))
    })
}

fn apply(integration: &mut Integration, patch: &Patch) -> Result<(), Fault> {
    match patch.parts().as_slice() {
        ["httpMethod"] => integration.http_method = patch.optional(),
        ["uri"] => integration.uri = patch.optional(),
        ["type"] => integration.kind = patch.text()?,
        ["credentials"] => integration.credentials = patch.optional(),
        ["connectionType"] => integration.connection_type = patch.optional(),
        ["connectionId"] => integration.connection_id = patch.optional(),
        ["passthroughBehavior"] => integration.passthrough_behavior = Some(patch.text()?),
        ["contentHandling"] => integration.content_handling = patch.optional(),
        ["timeoutInMillis"] => integration.timeout_in_millis = patch.number()?,
        ["cacheNamespace"] => integration.cache_namespace = patch.optional(),
        ["cacheKeyParameters"] => patch.item(&mut integration.cache_key_parameters, None)?,
        ["cacheKeyParameters", name] => patch.item(&mut integration.cache_key_parameters, Some(name))?,
        ["requestParameters", name] => patch.entry(&mut integration.request_parameters, name),
        ["requestTemplates", media_type] => patch.entry(&mut integration.request_templates, media_type),
        ["tlsConfig", "insecureSkipVerification"] => integration.insecure_skip_verification = Some(patch.flag()?),
        _ => return Err(patch.refused()),
    }
    Ok(())
}

pub fn delete_integration(w: &mut Writer, input: model::DeleteIntegrationRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let method = find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        method.integration.take().map(|_| Unit).ok_or_else(|| unknown("Integration"))
    })
}

fn no_response() -> Fault {
    not_found("Invalid Response status code specified")
}

pub fn put_integration_response(
    w: &mut Writer,
    input: model::PutIntegrationResponseRequest,
) -> Result<model::IntegrationResponse, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let method = find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        let declared = method.responses.contains_key(&input.status_code);
        let integration = own_mut(method)?;
        if !declared {
            return Err(no_response());
        }
        let response = IntegrationResponse {
            selection_pattern: input.selection_pattern,
            response_parameters: input.response_parameters.unwrap_or_default(),
            response_templates: input.response_templates.unwrap_or_default(),
            content_handling: input.content_handling,
        };
        integration.responses.insert(input.status_code.clone(), response.clone());
        Ok(shape_response(&input.status_code, &response))
    })
}

pub fn get_integration_response(
    r: &Reader,
    input: model::GetIntegrationResponseRequest,
) -> Result<model::IntegrationResponse, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let integration = own(find_method(&api.definition, &input.resource_id, &input.http_method)?)?;
    let response = integration.responses.get(&input.status_code).ok_or_else(no_response)?;
    Ok(shape_response(&input.status_code, response))
}

pub fn update_integration_response(
    w: &mut Writer,
    input: model::UpdateIntegrationResponseRequest,
) -> Result<model::IntegrationResponse, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let integration = own_mut(find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?)?;
        let response = integration.responses.get_mut(&input.status_code).ok_or_else(no_response)?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["selectionPattern"] => response.selection_pattern = patch.optional(),
                ["contentHandling"] => response.content_handling = patch.optional(),
                ["responseParameters", name] => patch.entry(&mut response.response_parameters, name),
                ["responseTemplates", media_type] => patch.entry(&mut response.response_templates, media_type),
                _ => return Err(patch.refused()),
            }
        }
        Ok(shape_response(&input.status_code, response))
    })
}

pub fn delete_integration_response(
    w: &mut Writer,
    input: model::DeleteIntegrationResponseRequest,
) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let integration = own_mut(find_method_mut(&mut api.definition, &input.resource_id, &input.http_method)?)?;
        integration.responses.remove(&input.status_code).map(|_| Unit).ok_or_else(no_response)
    })
}

fn shape_response(status: &str, response: &IntegrationResponse) -> model::IntegrationResponse {
    model::IntegrationResponse {
        status_code: Some(status.to_owned()),
        selection_pattern: response.selection_pattern.clone(),
        response_parameters: unless_empty_map(response.response_parameters.clone()),
        response_templates: unless_empty_map(response.response_templates.clone()),
        content_handling: response.content_handling.clone(),
    }
}

/// The integration as it is answered.
pub fn shape(integration: &Integration) -> model::Integration {
    let responses =
        integration.responses.iter().map(|(status, response)| (status.clone(), shape_response(status, response)));
    let tls = |insecure| model::TlsConfig { insecure_skip_verification: Some(insecure) };
    model::Integration {
        type_: Some(integration.kind.clone()),
        http_method: integration.http_method.clone(),
        uri: integration.uri.clone(),
        connection_type: integration.connection_type.clone(),
        connection_id: integration.connection_id.clone(),
        credentials: integration.credentials.clone(),
        request_parameters: unless_empty_map(integration.request_parameters.clone()),
        request_templates: unless_empty_map(integration.request_templates.clone()),
        passthrough_behavior: integration.passthrough_behavior.clone(),
        content_handling: integration.content_handling.clone(),
        timeout_in_millis: Some(integration.timeout_in_millis),
        cache_namespace: integration.cache_namespace.clone(),
        cache_key_parameters: Some(unless_empty(integration.cache_key_parameters.clone()).unwrap_or_default()),
        integration_responses: unless_empty_map(responses.collect()),
        tls_config: integration.insecure_skip_verification.map(tls),
        ..model::Integration::default()
    }
}
