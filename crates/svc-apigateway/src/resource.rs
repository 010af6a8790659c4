//! Resources: the tree of paths.

use crate::definition::{Definition, Resource};
use crate::faults::{bad_request, conflict, unknown};
use crate::openapi::is_path_part;
use crate::patch::{self, Verb};
use crate::rest_api::{edit, load, new_id, unless_empty_map};
use crate::{method, page};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

/// The resource of that id, or AWS's error.
pub fn find<'d>(definition: &'d Definition, id: &str) -> Result<&'d Resource, Fault> {
    definition.resources.get(id).ok_or_else(|| unknown("Resource"))
}

/// The resource of that id to be changed, or AWS's error.
pub fn find_mut<'d>(definition: &'d mut Definition, id: &str) -> Result<&'d mut Resource, Fault> {
    definition.resources.get_mut(id).ok_or_else(|| unknown("Resource"))
}

pub fn create_resource(w: &mut Writer, input: model::CreateResourceRequest) -> Result<model::Resource, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let definition = &mut api.definition;
        let parent = find(definition, &input.parent_id)?;
        let resource = Resource {
            id: new_id(),
            parent_id: Some(parent.id.clone()),
            path: parent.child_path(&input.path_part),
            path_part: input.path_part.clone(),
            ..Resource::default()
        };
        check_place(definition, parent, &resource)?;
        definition.resources.insert(resource.id.clone(), resource.clone());
        Ok(shape(&resource, false))
    })
}

/// Whether a resource may stand under its parent.
fn check_place(definition: &Definition, parent: &Resource, new: &Resource) -> Result<(), Fault> {
    let part = new.path_part.as_str();
    if !is_path_part(part) {
        return Err(bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
        ));
    }
    if parent.path_part.ends_with("+}") {
        return Err(bad_request(format!(
            "Cannot create a child of a resource with a greedy path variable: {}",
            parent.path_part
        )));
    }
    let variable = |part: &str| part.starts_with('{');
    let siblings = definition
        .resources
        .values()
        .filter(|resource| resource.parent_id.as_ref() == Some(&parent.id) && resource.id != new.id);
    for sibling in siblings {
        if sibling.path_part == part {
            return Err(conflict(format!("Another resource with the same parent already has this name: {part}")));
        }
        if variable(part) && variable(&sibling.path_part) && part.ends_with("+}") == sibling.path_part.ends_with("+}") {
            return Err(bad_request(format!(
                "A sibling ({}) of this resource already has a variable path part -- only one is allowed",
                sibling.path_part
            )));
        }
    }
    Ok(())
}

pub fn get_resource(r: &Reader, input: model::GetResourceRequest) -> Result<model::Resource, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let resource = find(&api.definition, &input.resource_id)?;
    Ok(shape(resource, embeds_methods(input.embed)))
}

pub fn get_resources(r: &Reader, input: model::GetResourcesRequest) -> Result<model::Resources, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let methods = embeds_methods(input.embed);
    let resources = api.definition.resources.values().map(|resource| (resource.id.clone(), shape(resource, methods)));
    let (items, position) = page::page(resources.collect(), input.position, input.limit)?;
    Ok(model::Resources { items, position })
}

fn embeds_methods(embed: Option<Vec<String>>) -> bool {
    embed.unwrap_or_default().iter().any(|name| name == "methods")
}

pub fn update_resource(w: &mut Writer, input: model::UpdateResourceRequest) -> Result<model::Resource, Fault> {
    let patches = patch::read(input.patch_operations)?;
    let id = input.resource_id;
    edit(w, &input.rest_api_id, |api| {
        let definition = &mut api.definition;
        for patch in &patches {
            let mut resource = find(definition, &id)?.clone();
            let parent_id = match patch.parts().as_slice() {
                ["pathPart"] if patch.verb == Verb::Replace => {
                    resource.path_part = patch.text()?;
                    resource.parent_id.clone()
                }
                ["parentId"] if patch.verb == Verb::Replace => Some(patch.text()?),
                _ => return Err(patch.refused()),
            };
            let Some(parent_id) = parent_id else { return Err(bad_request("Root resource cannot be changed")) };
            if descends(definition, &parent_id, &id) {
                return Err(bad_request("Resource cannot be moved under itself"));
            }
            let parent = find(definition, &parent_id)?.clone();
            check_place(definition, &parent, &resource)?;
            resource.parent_id = Some(parent_id);
            definition.resources.insert(id.clone(), resource);
            rename(definition, &parent, &id);
        }
        Ok(shape(find(definition, &id)?, false))
    })
}

/// Whether `id` is `ancestor` or lies under it.
fn descends(definition: &Definition, id: &str, ancestor: &str) -> bool {
    let mut at = Some(id.to_owned());
    while let Some(id) = at {
        if id == ancestor {
            return true;
        }
        at = definition.resources.get(&id).and_then(|resource| resource.parent_id.clone());
    }
    false
}

/// Writes the paths of a resource and of all under it anew.
fn rename(definition: &mut Definition, parent: &Resource, id: &str) {
    let mut todo = vec![(parent.clone(), id.to_owned())];
    while let Some((parent, id)) = todo.pop() {
        let Some(resource) = definition.resources.get_mut(&id) else { continue };
        resource.path = parent.child_path(&resource.path_part);
        let resource = resource.clone();
        let children = definition.resources.values().filter(|child| child.parent_id.as_ref() == Some(&resource.id));
        todo.extend(children.map(|child| (resource.clone(), child.id.clone())));
    }
}

pub fn delete_resource(w: &mut Writer, input: model::DeleteResourceRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let definition = &mut api.definition;
        if find(definition, &input.resource_id)?.parent_id.is_none() {
            return Err(bad_request("Root resource cannot be deleted"));
        }
        let gone: Vec<String> =
            definition.resources.keys().filter(|id| descends(definition, id, &input.resource_id)).cloned().collect();
        gone.iter().for_each(|id| {
            definition.resources.remove(id);
        });
        Ok(Unit)
    })
}

/// The resource as it is answered: its methods by name, and in full where they are asked for.
fn shape(resource: &Resource, methods: bool) -> model::Resource {
    let methods = resource
        .methods
        .iter()
        .map(|(name, own)| (name.clone(), if methods { method::shape(own) } else { model::Method::default() }));
    model::Resource {
        id: Some(resource.id.clone()),
        parent_id: resource.parent_id.clone(),
        path_part: resource.parent_id.as_ref().map(|_| resource.path_part.clone()),
        path: Some(resource.path.clone()),
        resource_methods: unless_empty_map(methods.collect()),
    }
}
