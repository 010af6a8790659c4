//! Tags of parameters.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::ssm::{
    AddTagsToResourceRequest, AddTagsToResourceResult, INVALID_RESOURCE_ID, ListTagsForResourceRequest,
    ListTagsForResourceResult, RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult, TOO_MANY_TAGS_ERROR, Tag,
};
use kogumo_wire::Fault;

use crate::record::{PARAMETERS, Parameter};

/// A parameter has at most so many.
const MOST: usize = 50;

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResult, Fault> {
    check_kind(&input.resource_type)?;
    let parameter = PARAMETERS.get(r.store, r.scope(), input.resource_id.as_str())?.ok_or_else(not_there)?;
    let tags = parameter.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(ListTagsForResourceResult { tag_list: Some(tags) })
}

pub fn add_tags_to_resource(w: &mut Writer, input: AddTagsToResourceRequest) -> Result<AddTagsToResourceResult, Fault> {
    check_kind(&input.resource_type)?;
    let mut parameter = find(w, &input.resource_id)?;
    add(&mut parameter.tags, input.tags)?;
    put(w, &parameter)?;
    Ok(AddTagsToResourceResult::default())
}

pub fn remove_tags_from_resource(
    w: &mut Writer,
    input: RemoveTagsFromResourceRequest,
) -> Result<RemoveTagsFromResourceResult, Fault> {
    check_kind(&input.resource_type)?;
    let mut parameter = find(w, &input.resource_id)?;
    parameter.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &parameter)?;
    Ok(RemoveTagsFromResourceResult::default())
}

/// Puts tags to those that are there.
pub fn add(tags: &mut BTreeMap<String, String>, more: Vec<Tag>) -> Result<(), Fault> {
    for Tag { key, value } in more {
        // CloudFormation's own tags are the exception to what nobody may set.
        if key.to_lowercase().starts_with("aws:") && !key.starts_with("aws:cloudformation:") {
            return Err(Fault::validation("aws: prefixed tag key names are not allowed for external use."));
        }
        tags.insert(key, value);
    }
    match tags.keys().filter(|key| !key.starts_with("aws:")).count() > MOST {
        true => Err(TOO_MANY_TAGS_ERROR
            .because(format!("The Targets parameter includes too many tags. The maximum is {MOST}."))),
        false => Ok(()),
    }
}

fn check_kind(kind: &str) -> Result<(), Fault> {
    match kind {
        "Parameter" => Ok(()),
        other => Err(Fault::not_implemented(&format!("Tags of resources of type {other}"))),
    }
}

fn find(w: &Writer, name: &str) -> Result<Parameter, Fault> {
    PARAMETERS.get(w.tx, w.scope(), name)?.ok_or_else(not_there)
}

fn put(w: &mut Writer, parameter: &Parameter) -> Result<(), Fault> {
    let scope = w.scope().clone();
    Ok(PARAMETERS.put(w.tx, &scope, parameter.name.as_str(), parameter)?)
}

fn not_there() -> Fault {
    INVALID_RESOURCE_ID.because("The resource ID is not valid. Verify that you entered the correct ID and try again.")
}
