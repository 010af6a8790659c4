//! Request validators.

use crate::definition::{Definition, RequestValidator};
use crate::faults::not_found;
use crate::patch;
use crate::rest_api::{edit, load, new_id};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d RequestValidator, Fault> {
    definition.validators.get(id).ok_or_else(none)
}

fn none() -> Fault {
    not_found("Invalid Request Validator identifier specified")
}

pub fn create_request_validator(
    w: &mut Writer,
    input: model::CreateRequestValidatorRequest,
) -> Result<model::RequestValidator, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let validator = RequestValidator {
            id: new_id(),
            name: input.name.unwrap_or_default(),
            validate_request_body: input.validate_request_body.unwrap_or(false),
            validate_request_parameters: input.validate_request_parameters.unwrap_or(false),
        };
        api.definition.validators.insert(validator.id.clone(), validator.clone());
        Ok(shape(&validator))
    })
}

pub fn get_request_validator(
    r: &Reader,
    input: model::GetRequestValidatorRequest,
) -> Result<model::RequestValidator, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    find(&api.definition, &input.request_validator_id).map(shape)
}

pub fn get_request_validators(
    r: &Reader,
    input: model::GetRequestValidatorsRequest,
) -> Result<model::RequestValidators, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let validators = api.definition.validators.values().map(|validator| (validator.id.clone(), shape(validator)));
    let (items, position) = crate::page::page(validators.collect(), input.position, input.limit)?;
    Ok(model::RequestValidators { items, position })
}

pub fn update_request_validator(
    w: &mut Writer,
    input: model::UpdateRequestValidatorRequest,
) -> Result<model::RequestValidator, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let validator = api.definition.validators.get_mut(&input.request_validator_id).ok_or_else(none)?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["name"] => validator.name = patch.text()?,
                ["validateRequestBody"] => validator.validate_request_body = patch.flag()?,
                ["validateRequestParameters"] => validator.validate_request_parameters = patch.flag()?,
                _ => return Err(patch.refused()),
            }
        }
        Ok(shape(validator))
    })
}

pub fn delete_request_validator(w: &mut Writer, input: model::DeleteRequestValidatorRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        api.definition.validators.remove(&input.request_validator_id).map(|_| Unit).ok_or_else(none)
    })
}

fn shape(validator: &RequestValidator) -> model::RequestValidator {
    model::RequestValidator {
        id: Some(validator.id.clone()),
        name: Some(validator.name.clone()),
        validate_request_body: Some(validator.validate_request_body),
        validate_request_parameters: Some(validator.validate_request_parameters),
    }
}
