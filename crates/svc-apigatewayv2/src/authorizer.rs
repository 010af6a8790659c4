//! Authorizers of HTTP APIs: Lambda functions, and issuers of JSON Web Tokens.

use crate::alike::alike;
use crate::api::{edit, load, new_id, set};
use crate::definition::{Authorizer, Definition, Jwt};
use crate::faults::{bad_request, conflict, unknown};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

pub fn create_authorizer(
    w: &mut Writer,
    input: model::CreateAuthorizerRequest,
) -> Result<model::CreateAuthorizerResponse, Fault> {
    let authorizer = edit(w, &input.api_id, |api| {
        let ttl = if input.identity_source.is_empty() { 0 } else { 300 };
        let jwt = (input.authorizer_type == "JWT").then(|| jwt(input.jwt_configuration)).transpose()?;
        let authorizer = Authorizer {
            jwt,
            id: new_id(),
            name: input.name,
            uri: input.authorizer_uri.unwrap_or_default(),
            credentials: input.authorizer_credentials_arn,
            identity_source: input.identity_source,
            payload_format_version: input.authorizer_payload_format_version.unwrap_or_default(),
            simple_responses: input.enable_simple_responses.unwrap_or(false),
            // Tokens are verified with every request: there is nothing to keep.
            result_ttl_in_seconds: input.authorizer_result_ttl_in_seconds.unwrap_or(ttl),
        };
        check(&api.definition, &authorizer)?;
        api.definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
        Ok(authorizer)
    })?;
    alike(&shape(&authorizer))
}

/// The issuer and the audiences of tokens.
fn jwt(given: Option<model::JWTConfiguration>) -> Result<Jwt, Fault> {
    let given = given.unwrap_or_default();
    let issuer = given.issuer.filter(|issuer| issuer.starts_with("https://") || is_local(issuer));
    let issuer = issuer.ok_or_else(|| bad_request("Invalid issuer: it must be an HTTPS URL"))?;
    Ok(Jwt { issuer, audiences: given.audience.unwrap_or_default() })
}

/// An issuer on this machine may do without TLS.
fn is_local(issuer: &str) -> bool {
    issuer.strip_prefix("http://").is_some_and(kogumo_issuers::is_local)
}

fn check(definition: &Definition, authorizer: &Authorizer) -> Result<(), Fault> {
    if definition.authorizers.values().any(|known| known.name == authorizer.name && known.id != authorizer.id) {
        return Err(conflict("Authorizer name must be unique"));
    }
    if authorizer.jwt.is_some() {
        return match authorizer.identity_source.as_slice() {
            [one] if one.starts_with("$request.header.") || one.starts_with("$request.querystring.") => Ok(()),
            _ => Err(bad_request("JWT authorizers need one identity source: a header or a query string parameter")),
        };
    }
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
        if let (Some(_), Some(given)) = (&authorizer.jwt, input.jwt_configuration) {
            authorizer.jwt = Some(jwt(Some(given))?);
        }
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
    let common = model::Authorizer {
        authorizer_id: Some(authorizer.id.clone()),
        identity_source: Some(authorizer.identity_source.clone()),
        name: authorizer.name.clone(),
        ..model::Authorizer::default()
    };
    if let Some(jwt) = &authorizer.jwt {
        let jwt = model::JWTConfiguration { audience: Some(jwt.audiences.clone()), issuer: Some(jwt.issuer.clone()) };
        return model::Authorizer { authorizer_type: Some("JWT".into()), jwt_configuration: Some(jwt), ..common };
    }
    model::Authorizer {
        authorizer_credentials_arn: authorizer.credentials.clone(),
        authorizer_payload_format_version: Some(authorizer.payload_format_version.clone()),
        authorizer_result_ttl_in_seconds: Some(authorizer.result_ttl_in_seconds),
        authorizer_type: Some("REQUEST".into()),
        authorizer_uri: Some(authorizer.uri.clone()),
        enable_simple_responses: Some(authorizer.simple_responses),
        ..common
    }
}
