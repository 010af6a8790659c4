//! Documentation of an API: parts that describe its entities, and versions of them all, which exports show.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::faults::{bad_request, conflict, unknown};
use crate::rest_api::{edit, load, new_id};
use crate::{patch, stage};

/// What an API says about itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Documentation {
    /// By id.
    pub parts: BTreeMap<String, Part>,
    /// By name.
    pub versions: BTreeMap<String, Version>,
}

/// The description of one entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub id: String,
    pub location: Location,
    /// A JSON object.
    pub properties: String,
}

/// The entity that a part describes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// `API`, `RESOURCE`, `METHOD` and so on.
    pub kind: String,
    pub path: Option<String>,
    pub method: Option<String>,
    pub status: Option<String>,
    pub name: Option<String>,
}

/// The parts as they were when it was made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Version {
    pub name: String,
    pub created: Timestamp,
    pub description: Option<String>,
    pub parts: Vec<Part>,
}

impl Version {
    /// What an export holds.
    pub fn exported(&self) -> Json {
        let parts = self.parts.iter().map(|part| {
            let properties: Json = serde_json::from_str(&part.properties).unwrap_or_default();
            json!({"location": part.location.exported(), "properties": properties})
        });
        json!({
            "version": self.name,
            "createdDate": self.created.iso(),
            "documentationParts": parts.collect::<Vec<_>>(),
        })
    }
}

impl Location {
    /// Only what a kind of entity is known by, with AWS's defaults.
    fn read(given: model::DocumentationPartLocation) -> Result<Self, Fault> {
        let kind = given.type_;
        let may = |members: &str| members.split(' ').any(|member| member == kind);
        let has_path = !may("API AUTHORIZER MODEL");
        let has_method = has_path && kind != "RESOURCE";
        let has_status = may("RESPONSE RESPONSE_HEADER RESPONSE_BODY");
        let has_name = may("AUTHORIZER MODEL PATH_PARAMETER QUERY_PARAMETER REQUEST_HEADER RESPONSE_HEADER");
        let invalid = |member: &str| bad_request(format!("Invalid location: {member} is not allowed for type {kind}"));
        let unless = |allowed: bool, member: &str, value: Option<String>| match value {
            Some(_) if !allowed => Err(invalid(member)),
            value => Ok(value),
        };
        let location = Location {
            path: unless(has_path, "path", given.path)?.or(has_path.then(|| "/".into())),
            method: unless(has_method, "method", given.method)?.or(has_method.then(|| "*".into())),
            status: unless(has_status, "statusCode", given.status_code)?.or(has_status.then(|| "*".into())),
            name: unless(has_name, "name", given.name)?,
            kind,
        };
        if has_name && location.name.is_none() {
            return Err(bad_request(format!("Invalid location: name is required for type {}", location.kind)));
        }
        Ok(location)
    }

    fn shape(self) -> model::DocumentationPartLocation {
        model::DocumentationPartLocation {
            type_: self.kind,
            path: self.path,
            method: self.method,
            status_code: self.status,
            name: self.name,
        }
    }

    fn exported(&self) -> Json {
        let own = [("path", &self.path), ("method", &self.method), ("statusCode", &self.status), ("name", &self.name)];
        let mut members = Map::from_iter([("type".to_owned(), json!(self.kind))]);
        members.extend(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
        Json::Object(members)
    }
}

fn check_properties(text: &str) -> Result<(), Fault> {
    let is_object = serde_json::from_str::<Json>(text).is_ok_and(|value| value.is_object());
    is_object.then_some(()).ok_or_else(|| bad_request("Documentation part properties must be a valid JSON object"))
}

pub fn create_documentation_part(
    w: &mut Writer,
    input: model::CreateDocumentationPartRequest,
) -> Result<model::DocumentationPart, Fault> {
    check_properties(&input.properties)?;
    let location = Location::read(input.location)?;
    edit(w, &input.rest_api_id, |api| {
        if api.documentation.parts.values().any(|part| part.location == location) {
            return Err(conflict("Documentation part already exists for the specified location"));
        }
        let part = Part { id: new_id(), location, properties: input.properties };
        api.documentation.parts.insert(part.id.clone(), part.clone());
        Ok(part_shape(part))
    })
}

fn part_shape(part: Part) -> model::DocumentationPart {
    model::DocumentationPart {
        id: Some(part.id),
        location: Some(part.location.shape()),
        properties: Some(part.properties),
    }
}

pub fn get_documentation_part(
    r: &Reader,
    input: model::GetDocumentationPartRequest,
) -> Result<model::DocumentationPart, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let part = api.documentation.parts.get(&input.documentation_part_id).cloned();
    part.map(part_shape).ok_or_else(|| unknown("Documentation part"))
}

pub fn get_documentation_parts(
    r: &Reader,
    input: model::GetDocumentationPartsRequest,
) -> Result<model::DocumentationParts, Fault> {
    if input.location_status.as_deref() == Some("UNDOCUMENTED") {
        return Err(Fault::not_implemented("GetDocumentationParts with locationStatus UNDOCUMENTED"));
    }
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let fits = |wanted: &Option<String>, value: Option<&String>| {
        wanted.as_ref().is_none_or(|wanted| value.is_some_and(|value| value == wanted))
    };
    let wanted = |part: &Part| {
        fits(&input.type_, Some(&part.location.kind))
            && fits(&input.path, part.location.path.as_ref())
            && fits(&input.name_query, part.location.name.as_ref())
    };
    let parts = api.documentation.parts.into_values().filter(wanted);
    let shapes = parts.map(|part| (part.id.clone(), part_shape(part))).collect();
    let (items, position) = crate::page::page(shapes, input.position, input.limit)?;
    Ok(model::DocumentationParts { items, position })
}

pub fn update_documentation_part(
    w: &mut Writer,
    input: model::UpdateDocumentationPartRequest,
) -> Result<model::DocumentationPart, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let part = api.documentation.parts.get_mut(&input.documentation_part_id);
        let part = part.ok_or_else(|| unknown("Documentation part"))?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["properties"] => part.properties = patch.text()?,
                _ => return Err(patch.refused()),
            }
            check_properties(&part.properties)?;
        }
        Ok(part_shape(part.clone()))
    })
}

pub fn delete_documentation_part(w: &mut Writer, input: model::DeleteDocumentationPartRequest) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let gone = api.documentation.parts.remove(&input.documentation_part_id);
        gone.map(|_| Unit).ok_or_else(|| unknown("Documentation part"))
    })
}

pub fn create_documentation_version(
    w: &mut Writer,
    input: model::CreateDocumentationVersionRequest,
) -> Result<model::DocumentationVersion, Fault> {
    let now = w.now;
    let version = edit(w, &input.rest_api_id, |api| {
        if api.documentation.versions.contains_key(&input.documentation_version) {
            return Err(conflict("Documentation version already exists"));
        }
        let version = Version {
            name: input.documentation_version,
            created: now,
            description: input.description,
            parts: api.documentation.parts.values().cloned().collect(),
        };
        api.documentation.versions.insert(version.name.clone(), version.clone());
        Ok(version)
    })?;
    if let Some(name) = &input.stage_name {
        stage::edit(w, &input.rest_api_id, name, |stage| {
            stage.documentation_version = Some(version.name.clone());
            Ok(())
        })?;
    }
    Ok(version_shape(version))
}

fn version_shape(version: Version) -> model::DocumentationVersion {
    model::DocumentationVersion {
        version: Some(version.name),
        created_date: Some(version.created),
        description: version.description,
    }
}

pub fn get_documentation_version(
    r: &Reader,
    input: model::GetDocumentationVersionRequest,
) -> Result<model::DocumentationVersion, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let version = api.documentation.versions.get(&input.documentation_version).cloned();
    version.map(version_shape).ok_or_else(|| unknown("Documentation version"))
}

pub fn get_documentation_versions(
    r: &Reader,
    input: model::GetDocumentationVersionsRequest,
) -> Result<model::DocumentationVersions, Fault> {
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let versions = api.documentation.versions.into_values();
    let shapes = versions.map(|version| (version.name.clone(), version_shape(version))).collect();
    let (items, position) = crate::page::page(shapes, input.position, input.limit)?;
    Ok(model::DocumentationVersions { items, position })
}

pub fn update_documentation_version(
    w: &mut Writer,
    input: model::UpdateDocumentationVersionRequest,
) -> Result<model::DocumentationVersion, Fault> {
    let patches = patch::read(input.patch_operations)?;
    edit(w, &input.rest_api_id, |api| {
        let version = api.documentation.versions.get_mut(&input.documentation_version);
        let version = version.ok_or_else(|| unknown("Documentation version"))?;
        for patch in &patches {
            match patch.parts().as_slice() {
                ["description"] => version.description = patch.optional(),
                _ => return Err(patch.refused()),
            }
        }
        Ok(version_shape(version.clone()))
    })
}

pub fn delete_documentation_version(
    w: &mut Writer,
    input: model::DeleteDocumentationVersionRequest,
) -> Result<Unit, Fault> {
    edit(w, &input.rest_api_id, |api| {
        let gone = api.documentation.versions.remove(&input.documentation_version);
        gone.map(|_| Unit).ok_or_else(|| unknown("Documentation version"))
    })
}
