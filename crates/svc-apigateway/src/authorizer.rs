//! Authorizers: Lambda functions and Cognito user pools that say who may call.

use crate::definition::{Authorizer, Definition};
use crate::faults::{bad_request, conflict, unknown};
use crate::patch::{self, Patch};
use crate::rest_api::{edit, load, new_id, unless_empty};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

/// How long AWS keeps an authorizer's answer unless it is told otherwise.
pub const DEFAULT_TTL_SECONDS: i32 = 300;

pub fn create_authorizer(w: &mut Writer, input: model::CreateAuthorizerRequest) -> Result<model::Authorizer, Fault> {
    if input.jwt_configuration.is_some() {
        return Err(Fault::not_implemented("CreateAuthorizer with jwtConfiguration"));
    }
    edit(w, &input.rest_api_id, |api| {
        let authorizer = Authorizer {
            id: new_id(),
            name: input.name,
            kind: input.type_,
            provider_arns: input.provider_ar_ns.unwrap_or_default(),
            auth_type: input.auth_type,
            uri: input.authorizer_uri,
            credentials: input.authorizer_credentials,
            identity_source: input.identity_source,
            identity_validation_expression: input.identity_validation_expression,
            result_ttl_in_seconds: Some(input.authorizer_result_ttl_in_seconds.unwrap_or(DEFAULT_TTL_SECONDS)),
        };
        check(&authorizer)?;
        if api.definition.authorizers.values().any(|known| known.name == authorizer.name) {
            return Err(conflict("Authorizer name must be unique. Authorizer already exists in this RestApi."));
        }
        api.definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
        Ok(shape(&authorizer))
    })
}

fn check(authorizer: &Authorizer) -> Result<(), Fault> {
    let ttl = authorizer.result_ttl_in_seconds.unwrap_or(DEFAULT_TTL_SECONDS);
    if !(0..=3600).contains(&ttl) {
        return Err(bad_request("Authorizer result TTL must be between 0 and 3600 seconds"));
    }
    let source = authorizer.identity_source.as_deref().unwrap_or("");
    match authorizer.kind.as_str() {
        "TOKEN" | "REQUEST" if !authorizer.uri.as_deref().unwrap_or("").contains(":lambda:path/") => {
            Err(bad_request("Invalid Authorizer URI. Must be a valid Lambda function invocation ARN"))
        }
        "TOKEN" if source.is_empty() => Err(bad_request("Identity source is required for TOKEN authorizers")),
        "REQUEST" if source.is_empty() && ttl > 0 => {
            Err(bad_request("Identity source is required for REQUEST authorizers when caching is enabled"))
        }
        "COGNITO_USER_POOLS" if authorizer.provider_arns.is_empty() => {
            Err(bad_request("Provider ARNs are required for COGNITO_USER_POOLS authorizers"))
        }
        "TOKEN" | "REQUEST" | "COGNITO_USER_POOLS" => Ok(()),
        other => Err(bad_request(format!("Invalid authorizer type specified: {other}"))),
    }
}

fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d Authorizer, Fault> {
    definition.authorizers.get(id).ok_or_else(|| unknown("Authorizer"))
}

pub fn get_authorizer(r: &Reader, input: model::GetAuthorizerRequest) -> Result<model::Authorizer, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    find(&api.definition, &input.authorizer_id).map(shape)
}

pub fn get_authorizers(r: &Reader, input: model::GetAuthorizersRequest) -> Result<model::Authorizers, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let authorizers = api.definition.authorizers.values().map(|known| (known.id.clone(), shape(known)));
    let (items, position) = crate::page::page(authorizers.collect(), input.position, input.limit)?;
    Ok(model::Authorizers { items, position })
}

pub fn update_authorizer(w: &mut Writer, input: model::UpdateAuthorizerRequest) -> Result<model::Authorizer, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let mut authorizer = find(&api.definition, &input.authorizer_id)?.clone();
        patches.iter().try_for_each(|patch| apply(&mut authorizer, patch))?;
        check(&authorizer)?;
        api.definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
        Ok(shape(&authorizer))
    })
}

fn apply(authorizer: &mut Authorizer, patch: &Patch) -> Result<(), Fault> {
    match patch.parts().as_slice() {
        ["name"] => authorizer.name = patch.text()?,
        ["type"] => authorizer.kind = patch.text()?,
        ["authType"] => authorizer.auth_type = patch.optional(),
        ["authorizerUri"] => authorizer.uri = patch.optional(),
        ["authorizerCredentials"] => authorizer.credentials = patch.optional(),
        ["identitySource"] => authorizer.identity_source = patch.optional(),
        ["identityValidationExpression"] => authorizer.identity_validation_expression = patch.optional(),
        ["authorizerResultTtlInSeconds"] => authorizer.result_ttl_in_seconds = Some(patch.number()?),
        ["providerARNs"] => patch.item(&mut authorizer.provider_arns, None)?,
        ["providerARNs", arn] => patch.item(&mut authorizer.provider_arns, Some(arn))?,
        _ => return Err(patch.refused()),
    }
    Ok(())
}

pub fn delete_authorizer(w: &mut Writer, input: model::DeleteAuthorizerRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        find(&api.definition, &input.authorizer_id)?;
        let mut methods = api.definition.resources.values().flat_map(|resource| resource.methods.values());
        if methods.any(|method| method.authorizer_id.as_ref() == Some(&input.authorizer_id)) {
            return Err(conflict("Cannot delete authorizer, is referenced in API method(s)"));
        }
        api.definition.authorizers.remove(&input.authorizer_id);
        Ok(Unit)
    })
}

fn shape(authorizer: &Authorizer) -> model::Authorizer {
    let kind = if authorizer.kind == "COGNITO_USER_POOLS" { "cognito_user_pools" } else { "custom" };
    model::Authorizer {
        id: Some(authorizer.id.clone()),
        name: Some(authorizer.name.clone()),
        type_: Some(authorizer.kind.clone()),
        provider_ar_ns: unless_empty(authorizer.provider_arns.clone()),
        auth_type: Some(authorizer.auth_type.clone().unwrap_or_else(|| kind.to_owned())),
        authorizer_uri: authorizer.uri.clone(),
        authorizer_credentials: authorizer.credentials.clone(),
        identity_source: authorizer.identity_source.clone(),
        identity_validation_expression: authorizer.identity_validation_expression.clone(),
        authorizer_result_ttl_in_seconds: authorizer.result_ttl_in_seconds,
        ..model::Authorizer::default()
    }
}
