//! Authorizers of HTTP APIs: Lambda functions. Those that verify JWTs are not built.

use crate::alike::alike;
use crate::api::{edit, load, new_id, set};
use crate::definition::{Authorizer, Definition};
use crate::faults::{bad_request, conflict, unknown};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

pub fn create_authorizer(
    w: &mut Writer,
    input: model::CreateAuthorizerRequest,
) -> Result<model::CreateAuthorizerResponse, Fault> {
    if input.authorizer_type != "REQUEST" {
        return Err(Fault::not_implemented(&format!("CreateAuthorizer with authorizerType {}", input.authorizer_type)));
    }
    let authorizer = edit(w, &input.api_id, |api| {
        let ttl = if input.identity_source.is_empty() { 0 } else { 300 };
        let authorizer = Authorizer {
            id: new_id(),
            name: input.name,
            uri: input.authorizer_uri.unwrap_or_default(),
            credentials: input.authorizer_credentials_arn,
            identity_source: input.identity_source,
            payload_format_version: input.authorizer_payload_format_version.unwrap_or_default(),
            simple_responses: input.enable_simple_responses.unwrap_or(false),
            result_ttl_in_seconds: input.authorizer_result_ttl_in_seconds.unwrap_or(ttl),
        };
        check(&api.definition, &authorizer)?;
        api.definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
        Ok(authorizer)
    })?;
    alike(&shape(&authorizer))
}

fn check(definition: &Definition, authorizer: &Authorizer) -> Result<(), Fault> {
    if !authorizer.uri.contains(":lambda:path/") {
        return Err(bad_request("Invalid Authorizer URI specified"));
    }
    match (authorizer.payload_format_version.as_str(), authorizer.simple_responses) {
        ("2.0", _) | ("1.0", false) => {}
        ("1.0", true) => return Err(bad_request("Simple responses need AuthorizerPayloadFormatVersion 2.0")),
        _ => return Err(bad_request("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")),
    }
    if !(0..=3600).contains(&authorizer.result_ttl_in_seconds) {
        return Err(bad_request("Authorizer result TTL must be between 0 and 3600 seconds"));
    }
    if definition.authorizers.values().any(|known| known.name == authorizer.name && known.id != authorizer.id) {
        return Err(conflict("Authorizer name must be unique"));
    }
    Ok(())
}

fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d Authorizer, Fault> {
    definition.authorizers.get(id).ok_or_else(|| unknown("Authorizer", id))
}

pub fn get_authorizer(r: &Reader, input: model::GetAuthorizerRequest) -> Result<model::GetAuthorizerResponse, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    alike(&shape(find(&api.definition, &input.authorizer_id)?))
}

pub fn get_authorizers(
    r: &Reader,
    input: model::GetAuthorizersRequest,
) -> Result<model::GetAuthorizersResponse, Fault> {
    let api = load(r.store, r.scope(), &input.api_id)?;
    let authorizers = api.definition.authorizers.values().map(|known| (known.id.clone(), shape(known)));
    let (items, next_token) = crate::page::page(authorizers.collect(), input.next_token, input.max_results)?;
    Ok(model::GetAuthorizersResponse { items, next_token })
}

pub fn update_authorizer(
    w: &mut Writer,
    input: model::UpdateAuthorizerRequest,
) -> Result<model::UpdateAuthorizerResponse, Fault> {
    let authorizer = edit(w, &input.api_id, |api| {
        let mut authorizer = find(&api.definition, &input.authorizer_id)?.clone();
        set(&mut authorizer.name, input.name);
        set(&mut authorizer.uri, input.authorizer_uri);
        set(&mut authorizer.identity_source, input.identity_source);
        set(&mut authorizer.payload_format_version, input.authorizer_payload_format_version);
        set(&mut authorizer.simple_responses, input.enable_simple_responses);
        set(&mut authorizer.result_ttl_in_seconds, input.authorizer_result_ttl_in_seconds);
        authorizer.credentials = input.authorizer_credentials_arn.or(authorizer.credentials);
        check(&api.definition, &authorizer)?;
        api.definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
        Ok(authorizer)
    })?;
    alike(&shape(&authorizer))
}

pub fn delete_authorizer(w: &mut Writer, input: model::DeleteAuthorizerRequest) -> Result<Unit, Fault> {
    edit(w, &input.api_id, |api| {
        find(&api.definition, &input.authorizer_id)?;
        let used = |id: &Option<String>| id.as_ref() == Some(&input.authorizer_id);
        if api.definition.routes.values().any(|route| used(&route.authorizer_id)) {
            return Err(conflict("Cannot delete authorizer, because it is in use by a route"));
        }
        api.definition.authorizers.remove(&input.authorizer_id);
        Ok(Unit)
    })
}

fn shape(authorizer: &Authorizer) -> model::Authorizer {
    model::Authorizer {
        authorizer_credentials_arn: authorizer.credentials.clone(),
        authorizer_id: Some(authorizer.id.clone()),
        authorizer_payload_format_version: Some(authorizer.payload_format_version.clone()),
        authorizer_result_ttl_in_seconds: Some(authorizer.result_ttl_in_seconds),
        authorizer_type: Some("REQUEST".into()),
        authorizer_uri: Some(authorizer.uri.clone()),
        enable_simple_responses: Some(authorizer.simple_responses),
        identity_source: Some(authorizer.identity_source.clone()),
        name: authorizer.name.clone(),
        ..model::Authorizer::default()
    }
}
