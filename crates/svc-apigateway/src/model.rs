//! Models: JSON schemas of payloads.

use crate::definition::Model;
use crate::faults::{bad_request, conflict, not_found};
use crate::patch;
use crate::rest_api::{edit, load, new_id};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

fn none(name: &str) -> Fault {
    not_found(format!("Invalid model name specified: {name}"))
}

pub fn create_model(w: &mut Writer, input: model::CreateModelRequest) -> Result<model::Model, Fault> {
    edit(w, &input.rest_api_id, |api| {
        if input.name.is_empty() || !input.name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(bad_request(format!("Model name must be alphanumeric: {}", input.name)));
        }
        if api.definition.models.contains_key(&input.name) {
            return Err(conflict("Model name already exists for this REST API"));
        }
        let new = Model {
            id: new_id(),
            name: input.name,
            description: input.description,
            schema: input.schema,
            content_type: input.content_type,
        };
        check(&new)?;
        api.definition.models.insert(new.name.clone(), new.clone());
        Ok(shape(&new))
    })
}

fn check(new: &Model) -> Result<(), Fault> {
    let json = new.content_type == "application/json";
    let schema = new.schema.as_deref().unwrap_or("{}");
    if json && serde_json::from_str::<serde_json::Map<_, _>>(schema).is_err() {
        return Err(bad_request("Invalid model schema specified. The schema must be a JSON object."));
    }
    Ok(())
}

pub fn get_model(r: &Reader, input: model::GetModelRequest) -> Result<model::Model, Fault> {
    if input.flatten == Some(true) {
        return Err(Fault::not_implemented("GetModel with flatten"));
    }
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    api.definition.models.get(&input.model_name).map(shape).ok_or_else(|| none(&input.model_name))
}

pub fn get_models(r: &Reader, input: model::GetModelsRequest) -> Result<model::Models, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let models = api.definition.models.values().map(|known| (known.name.clone(), shape(known)));
    let (items, position) = crate::page::page(models.collect(), input.position, input.limit)?;
    Ok(model::Models { items, position })
}

pub fn update_model(w: &mut Writer, input: model::UpdateModelRequest) -> Result<model::Model, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let known = api.definition.models.get_mut(&input.model_name).ok_or_else(|| none(&input.model_name))?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["schema"] => known.schema = Some(patch.text()?),
                ["description"] => known.description = patch.optional(),
                _ => return Err(patch.refused()),
            }
        }
        check(known)?;
        Ok(shape(known))
    })
}

pub fn delete_model(w: &mut Writer, input: model::DeleteModelRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let name = &input.model_name;
        if !api.definition.models.contains_key(name) {
            return Err(none(name));
        }
        let mut methods = api.definition.resources.values().flat_map(|resource| resource.methods.values());
        let used = methods.any(|method| {
            let answers = method.responses.values().flat_map(|response| response.response_models.values());
            method.request_models.values().chain(answers).any(|model| model == name)
        });
        if used {
            return Err(conflict(format!("Cannot delete model '{name}', is referenced in API method(s)")));
        }
        api.definition.models.remove(name);
        Ok(Unit)
    })
}

fn shape(known: &Model) -> model::Model {
    model::Model {
        id: Some(known.id.clone()),
        name: Some(known.name.clone()),
        description: known.description.clone(),
        schema: known.schema.clone(),
        content_type: Some(known.content_type.clone()),
    }
}
