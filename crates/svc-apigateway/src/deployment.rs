//! Deployments: frozen copies of an API's definition.

use crate::definition::Definition;
use crate::faults::{bad_request, unknown};
use crate::patch;
use crate::rest_api::{self, new_id};
use crate::stage::{self, Stage};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a stage serves. The definition never changes, so it may be cached by the deployment's id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Deployment {
    pub id: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub definition: Definition,
}

static DEPLOYMENTS: Table<Deployment> = Table::new("apigateway/deployment");

fn key(api: &str, id: &str) -> Key {
    Key::new().str(api).str(id)
}

/// The deployment of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, api: &str, id: &str) -> Result<Deployment, Fault> {
    DEPLOYMENTS.get(read, scope, key(api, id))?.ok_or_else(|| unknown("Deployment"))
}

pub fn create_deployment(w: &mut Writer, input: model::CreateDeploymentRequest) -> Result<model::Deployment, Fault> {
    if input.canary_settings.is_some() {
        return Err(Fault::not_implemented("CreateDeployment with canarySettings"));
    }
    let scope = w.scope().clone();
    let api = rest_api::load(w.tx, &scope, &input.rest_api_id)?;
    let mut methods = api.definition.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(bad_request("The REST API doesn't contain any methods"));
    }
    if methods.any(|method| method.integration.is_none()) {
        return Err(bad_request("No integration defined for method"));
    }
    let deployment =
        Deployment { id: new_id(), description: input.description, created: w.now, definition: api.definition };
    DEPLOYMENTS.put(w.tx, &scope, key(&api.id, &deployment.id), &deployment)?;
    if let Some(name) = input.stage_name {
        let stage = Stage {
            name,
            deployment_id: deployment.id.clone(),
            description: input.stage_description,
            variables: input.variables.unwrap_or_default(),
            tracing_enabled: input.tracing_enabled.unwrap_or(false),
            ..Stage::default()
        };
        stage::refuse_cache(input.cache_cluster_enabled)?;
        stage::deploy(w, &api.id, stage)?;
    }
    Ok(shape(deployment, false))
}

pub fn get_deployment(r: &Reader, input: model::GetDeploymentRequest) -> Result<model::Deployment, Fault> {
    rest_api::load(r.store, r.scope(), &input.rest_api_id)?;
    let summary = input.embed.unwrap_or_default().iter().any(|name| name == "apisummary");
    load(r.store, r.scope(), &input.rest_api_id, &input.deployment_id).map(|deployment| shape(deployment, summary))
}

pub fn get_deployments(r: &Reader, input: model::GetDeploymentsRequest) -> Result<model::Deployments, Fault> {
    rest_api::load(r.store, r.scope(), &input.rest_api_id)?;
    let mut deployments = Vec::new();
    for row in DEPLOYMENTS.scan(r.store, r.scope(), &Range::prefix(input.rest_api_id.as_str())) {
        let deployment = row?.1;
        deployments.push((deployment.id.clone(), shape(deployment, false)));
    }
    let (items, position) = crate::page::page(deployments, input.position, input.limit)?;
    Ok(model::Deployments { items, position })
}

pub fn update_deployment(w: &mut Writer, input: model::UpdateDeploymentRequest) -> Result<model::Deployment, Fault> {
    let scope = w.scope().clone();
    rest_api::load(w.tx, &scope, &input.rest_api_id)?;
    let mut deployment = load(w.tx, &scope, &input.rest_api_id, &input.deployment_id)?;
    for patch in patch::read(input.patch_operations)? {
        match patch.parts().as_slice() {
            ["description"] => deployment.description = patch.optional(),
            _ => return Err(patch.refused()),
        }
    }
    DEPLOYMENTS.put(w.tx, &scope, key(&input.rest_api_id, &deployment.id), &deployment)?;
    Ok(shape(deployment, false))
}

pub fn delete_deployment(w: &mut Writer, input: model::DeleteDeploymentRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    rest_api::load(w.tx, &scope, &input.rest_api_id)?;
    load(w.tx, &scope, &input.rest_api_id, &input.deployment_id)?;
    let stages = stage::all(w.tx, &scope, &input.rest_api_id)?;
    if stages.iter().any(|stage| stage.deployment_id == input.deployment_id) {
        return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    DEPLOYMENTS.delete(w.tx, &scope, key(&input.rest_api_id, &input.deployment_id))?;
    Ok(Unit)
}

/// Removes the deployments of an API that goes.
pub fn delete_all(w: &mut Writer, api: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let keys: Vec<Key> = DEPLOYMENTS
        .scan(w.tx, &scope, &Range::prefix(api))
        .map(|row| row.map(|row| row.0))
        .collect::<Result<_, _>>()?;
    for key in keys {
        DEPLOYMENTS.delete(w.tx, &scope, key)?;
    }
    Ok(())
}

fn shape(deployment: Deployment, summary: bool) -> model::Deployment {
    let snapshot = || {
        let resources = deployment.definition.resources.values().filter(|resource| !resource.methods.is_empty());
        let methods = |resource: &crate::definition::Resource| -> BTreeMap<String, model::MethodSnapshot> {
            let snapshot = |method: &crate::definition::Method| model::MethodSnapshot {
                authorization_type: Some(method.authorization_type.clone()),
                api_key_required: Some(method.api_key_required),
            };
            resource.methods.iter().map(|(name, method)| (name.clone(), snapshot(method))).collect()
        };
        resources.map(|resource| (resource.path.clone(), methods(resource))).collect()
    };
    model::Deployment {
        api_summary: summary.then(snapshot),
        id: Some(deployment.id),
        description: deployment.description,
        created_date: Some(deployment.created),
    }
}
