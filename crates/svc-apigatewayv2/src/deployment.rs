//! Deployments: frozen copies of an HTTP API's definition.

use crate::alike::alike;
use crate::api::{self, new_id};
use crate::definition::Definition;
use crate::faults::{bad_request, unknown};
use crate::stage;
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Deployment {
    pub id: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub definition: Definition,
}

static DEPLOYMENTS: Table<Deployment> = Table::new("apigatewayv2/deployment");

fn key(api: &str, id: &str) -> Key {
    Key::new().str(api).str(id)
}

/// The deployment of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, api: &str, id: &str) -> Result<Deployment, Fault> {
    DEPLOYMENTS.get(read, scope, key(api, id))?.ok_or_else(|| unknown("Deployment", id))
}

pub fn create_deployment(
    w: &mut Writer,
    input: model::CreateDeploymentRequest,
) -> Result<model::CreateDeploymentResponse, Fault> {
    let scope = w.scope().clone();
    let api = api::load(w.tx, &scope, &input.api_id)?;
    if api.definition.routes.is_empty() {
        return Err(bad_request("At least one route is required before deploying the API."));
    }
    let deployment =
        Deployment { id: new_id(), description: input.description, created: w.now, definition: api.definition };
    DEPLOYMENTS.put(w.tx, &scope, key(&api.id, &deployment.id), &deployment)?;
    if let Some(name) = input.stage_name {
        let mut stage = stage::load(w.tx, &scope, &api.id, &name)?;
        if stage.auto_deploy {
            return Err(bad_request("Deployment ID cannot be associated with a stage that has auto-deploy enabled"));
        }
        stage.deployment_id = Some(deployment.id.clone());
        stage.updated = w.now;
        stage::put(w, &api.id, &stage)?;
    }
    alike(&shape(deployment))
}

pub fn get_deployment(r: &Reader, input: model::GetDeploymentRequest) -> Result<model::GetDeploymentResponse, Fault> {
    api::load(r.store, r.scope(), &input.api_id)?;
    alike(&shape(load(r.store, r.scope(), &input.api_id, &input.deployment_id)?))
}

pub fn get_deployments(
    r: &Reader,
    input: model::GetDeploymentsRequest,
) -> Result<model::GetDeploymentsResponse, Fault> {
    api::load(r.store, r.scope(), &input.api_id)?;
    let mut deployments = Vec::new();
    for row in DEPLOYMENTS.scan(r.store, r.scope(), &Range::prefix(input.api_id.as_str())) {
        let deployment = row?.1;
        deployments.push((deployment.id.clone(), shape(deployment)));
    }
    let (items, next_token) = crate::page::page(deployments, input.next_token, input.max_results)?;
    Ok(model::GetDeploymentsResponse { items, next_token })
}

pub fn delete_deployment(w: &mut Writer, input: model::DeleteDeploymentRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    api::load(w.tx, &scope, &input.api_id)?;
    load(w.tx, &scope, &input.api_id, &input.deployment_id)?;
    let stages = stage::all(w.tx, &scope, &input.api_id)?;
    if stages.iter().any(|stage| stage.deployment_id.as_ref() == Some(&input.deployment_id)) {
        return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    DEPLOYMENTS.delete(w.tx, &scope, key(&input.api_id, &input.deployment_id))?;
    Ok(Unit)
}

/// Removes the deployments of an API that goes.
pub fn delete_all(w: &mut Writer, api: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let rows = DEPLOYMENTS.scan(w.tx, &scope, &Range::prefix(api));
    let keys: Vec<Key> = rows.map(|row| row.map(|row| row.0)).collect::<Result<_, _>>()?;
    for key in keys {
        DEPLOYMENTS.delete(w.tx, &scope, key)?;
    }
    Ok(())
}

fn shape(deployment: Deployment) -> model::Deployment {
    model::Deployment {
        auto_deployed: Some(false),
        created_date: Some(deployment.created),
        deployment_id: Some(deployment.id),
        deployment_status: Some("DEPLOYED".into()),
        description: deployment.description,
        ..model::Deployment::default()
    }
}
