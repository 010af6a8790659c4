//! Integrations: where routes lead.

use crate::alike::alike;
use crate::api::{edit, load, new_id, set};
use crate::definition::{Definition, INTEGRATION_TIMEOUT_MILLIS, Integration};
use crate::faults::{bad_request, conflict, unknown};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

/// How long an integration is waited for unless it says otherwise, milliseconds.
pub const DEFAULT_TIMEOUT: i32 = INTEGRATION_TIMEOUT_MILLIS;

pub fn create_integration(
    w: &mut Writer,
    input: model::CreateIntegrationRequest,
) -> Result<model::CreateIntegrationResult, Fault> {
    if input.integration_subtype.is_some() || input.request_parameters.is_some() || input.response_parameters.is_some()
    {
        return Err(Fault::not_implemented("CreateIntegration with a subtype or parameter mappings"));
    }
    if input.connection_type.as_deref() == Some("VPC_LINK") || input.tls_config.is_some() {
        return Err(Fault::not_implemented("CreateIntegration over a VPC link"));
    }
    let integration = edit(w, &input.api_id, |api| {
        let proxy = input.integration_type == "AWS_PROXY";
        let integration = Integration {
            id: new_id(),
            method: input.integration_method.or_else(|| proxy.then(|| "POST".into())),
            kind: input.integration_type,
            uri: input.integration_uri,
            payload_format_version: input.payload_format_version.unwrap_or_else(|| "1.0".into()),
            timeout_in_millis: input.timeout_in_millis.unwrap_or(DEFAULT_TIMEOUT),
            credentials: input.credentials_arn,
            description: input.description,
        };
        check(&integration)?;
        api.definition.integrations.insert(integration.id.clone(), integration.clone());
        Ok(integration)
    })?;
    alike(&shape(&integration))
}

/// What AWS refuses about an integration of an HTTP API.
fn check(integration: &Integration) -> Result<(), Fault> {
    if !(50..=INTEGRATION_TIMEOUT_MILLIS).contains(&integration.timeout_in_millis) {
        return Err(bad_request("Timeout should be between 50 ms and 30000 ms"));
    }
    if !["1.0", "2.0"].contains(&integration.payload_format_version.as_str()) {
        return Err(bad_request("Invalid payloadFormatVersion specified. Must be 1.0 or 2.0"));
    }
    let uri = integration.uri.as_deref().unwrap_or("");
    match integration.kind.as_str() {
        "AWS_PROXY" if uri.starts_with("arn:") => Ok(()),
        "AWS_PROXY" => Err(bad_request("Invalid integration URI specified: it must be the ARN of a Lambda function")),
        "HTTP_PROXY" if integration.method.is_none() => Err(bad_request("HttpMethod must be non-empty for HTTP_PROXY")),
        "HTTP_PROXY" if uri.starts_with("http://") || uri.starts_with("https://") => Ok(()),
        "HTTP_PROXY" => Err(bad_request("Invalid HTTP endpoint specified for URI")),
        _ => Err(bad_request("HTTP APIs support only AWS_PROXY and HTTP_PROXY integrations")),
    }
}

fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d Integration, Fault> {
    definition.integrations.get(id).ok_or_else(|| unknown("Integration", id))
}

pub fn get_integration(r: &Reader, input: model::GetIntegrationRequest) -> Result<model::GetIntegrationResult, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    alike(&shape(find(&api.definition, &input.integration_id)?))
}

pub fn get_integrations(
    r: &Reader,
    input: model::GetIntegrationsRequest,
) -> Result<model::GetIntegrationsResponse, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    let integrations = api.definition.integrations.values().map(|known| (known.id.clone(), shape(known)));
    let (items, next_token) = crate::page::page(integrations.collect(), input.next_token, input.max_results)?;
    Ok(model::GetIntegrationsResponse { items, next_token })
}

pub fn update_integration(
    w: &mut Writer,
    input: model::UpdateIntegrationRequest,
) -> Result<model::UpdateIntegrationResult, Fault> {
    if input.integration_subtype.is_some() || input.request_parameters.is_some() || input.response_parameters.is_some()
    {
        return Err(Fault::not_implemented("UpdateIntegration with a subtype or parameter mappings"));
    }
    if input.connection_type.as_deref() == Some("VPC_LINK") || input.tls_config.is_some() {
        return Err(Fault::not_implemented("UpdateIntegration over a VPC link"));
    }
    let integration = edit(w, &input.api_id, |api| {
        let mut integration = find(&api.definition, &input.integration_id)?.clone();
        set(&mut integration.kind, input.integration_type);
        set(&mut integration.payload_format_version, input.payload_format_version);
        set(&mut integration.timeout_in_millis, input.timeout_in_millis);
        integration.method = input.integration_method.or(integration.method);
        integration.uri = input.integration_uri.or(integration.uri);
        integration.credentials = input.credentials_arn.or(integration.credentials);
        integration.description = input.description.or(integration.description);
        check(&integration)?;
        api.definition.integrations.insert(integration.id.clone(), integration.clone());
        Ok(integration)
    })?;
    alike(&shape(&integration))
}

pub fn delete_integration(w: &mut Writer, input: model::DeleteIntegrationRequest) -> Result<Unit, Fault> {
    edit(w, &input.api_id, |api| {
        find(&api.definition, &input.integration_id)?;
        let target = Some(format!("integrations/{}", input.integration_id));
        if let Some(route) = api.definition.routes.values().find(|route| route.target == target) {
            return Err(conflict(format!(
                "Cannot delete Integration '{}', because it is the target of the Route '{}'.",
                input.integration_id, route.id
            )));
        }
        api.definition.integrations.remove(&input.integration_id);
        Ok(Unit)
    })
}

fn shape(integration: &Integration) -> model::Integration {
    model::Integration {
        connection_type: Some("INTERNET".into()),
        credentials_arn: integration.credentials.clone(),
        description: integration.description.clone(),
        integration_id: Some(integration.id.clone()),
        integration_method: integration.method.clone(),
        integration_type: Some(integration.kind.clone()),
        integration_uri: integration.uri.clone(),
        payload_format_version: Some(integration.payload_format_version.clone()),
        timeout_in_millis: Some(integration.timeout_in_millis),
        ..model::Integration::default()
    }
}
