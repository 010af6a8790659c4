//! Stages of HTTP APIs. One that deploys by itself always serves the API as it is.

use crate::alike::alike;
use crate::api::{self, set};
use crate::definition::Strings;
use crate::deployment;
use crate::faults::{bad_request, conflict, unknown};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_execute_api::access_log::AccessLog;
use kogumo_model::apigatewayv2 as model;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stage {
    /// `$default` is served without its name in the path.
    pub name: String,
    pub deployment_id: Option<String>,
    pub auto_deploy: bool,
    pub description: Option<String>,
    pub variables: Strings,
    pub default_throttle: Throttle,
    /// By route key.
    pub throttles: BTreeMap<String, Throttle>,
    pub access_log: Option<AccessLog>,
    pub tags: Strings,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Throttle {
    /// Requests at once.
    pub burst: Option<i32>,
    /// Requests a second.
    pub rate: Option<f64>,
    pub detailed_metrics: Option<bool>,
}

static STAGES: Table<Stage> = Table::new("apigatewayv2/stage");

fn key(api: &str, name: &str) -> Key {
    Key::new().str(api).str(name)
}

/// The stage of that name, if there is one.
pub fn find(read: &dyn Read, scope: &Scope, api: &str, name: &str) -> Result<Option<Stage>, Fault> {
    Ok(STAGES.get(read, scope, key(api, name))?)
}

/// The stage of that name, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, api: &str, name: &str) -> Result<Stage, Fault> {
    find(read, scope, api, name)?.ok_or_else(|| unknown("Stage", name))
}

/// Puts a stage.
pub fn put(w: &mut Writer, api: &str, stage: &Stage) -> Result<(), Fault> {
    let scope = w.scope().clone();
    Ok(STAGES.put(w.tx, &scope, key(api, &stage.name), stage)?)
}

/// All stages of an API.
pub fn all(read: &dyn Read, scope: &Scope, api: &str) -> Result<Vec<Stage>, Fault> {
    let rows = STAGES.scan(read, scope, &Range::prefix(api));
    Ok(rows.map(|row| row.map(|row| row.1)).collect::<Result<_, _>>()?)
}

pub fn create_stage(w: &mut Writer, input: model::CreateStageRequest) -> Result<model::CreateStageResponse, Fault> {
    let scope = w.scope().clone();
    api::load(w.tx, &scope, &input.api_id)?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if input.stage_name != "$default" && (input.stage_name.is_empty() || !input.stage_name.chars().all(word)) {
        return Err(bad_request("Stage name only allows a-zA-Z0-9_- or $default"));
    }
    if find(w.tx, &scope, &input.api_id, &input.stage_name)?.is_some() {
        return Err(conflict("Stage already exists"));
    }
    if let Some(id) = &input.deployment_id {
        deployment::load(w.tx, &scope, &input.api_id, id)?;
    }
    let stage = Stage {
        name: input.stage_name,
        deployment_id: input.deployment_id,
        auto_deploy: input.auto_deploy.unwrap_or(false),
        description: input.description,
        variables: input.stage_variables.unwrap_or_default(),
        default_throttle: input.default_route_settings.map(read_throttle).transpose()?.unwrap_or_default(),
        throttles: read_throttles(input.route_settings.unwrap_or_default())?,
        access_log: input.access_log_settings.map(read_log),
        tags: input.tags.unwrap_or_default(),
        created: w.now,
        updated: w.now,
    };
    put(w, &input.api_id, &stage)?;
    alike(&shape(stage))
}

fn read_log(log: model::AccessLogSettings) -> AccessLog {
    AccessLog { format: log.format, destination_arn: log.destination_arn }
}

fn read_throttle(settings: model::RouteSettings) -> Result<Throttle, Fault> {
    let logs = settings.logging_level.as_deref().is_some_and(|level| level != "OFF");
    if logs || settings.data_trace_enabled == Some(true) {
        return Err(bad_request("Execution logs are not supported on protocolType HTTP"));
    }
    Ok(Throttle {
        burst: settings.throttling_burst_limit,
        rate: settings.throttling_rate_limit,
        detailed_metrics: settings.detailed_metrics_enabled,
    })
}

fn read_throttles(settings: BTreeMap<String, model::RouteSettings>) -> Result<BTreeMap<String, Throttle>, Fault> {
    settings.into_iter().map(|(route, settings)| Ok((route, read_throttle(settings)?))).collect()
}

pub fn get_stage(r: &Reader, input: model::GetStageRequest) -> Result<model::GetStageResponse, Fault> {
    api::load(r.store, r.scope(), &input.api_id)?;
    alike(&shape(load(r.store, r.scope(), &input.api_id, &input.stage_name)?))
}

pub fn get_stages(r: &Reader, input: model::GetStagesRequest) -> Result<model::GetStagesResponse, Fault> {
    api::load(r.store, r.scope(), &input.api_id)?;
    let stages = all(r.store, r.scope(), &input.api_id)?.into_iter().map(|stage| (stage.name.clone(), shape(stage)));
    let (items, next_token) = crate::page::page(stages.collect(), input.next_token, input.max_results)?;
    Ok(model::GetStagesResponse { items, next_token })
}

pub fn update_stage(w: &mut Writer, input: model::UpdateStageRequest) -> Result<model::UpdateStageResponse, Fault> {
    let scope = w.scope().clone();
    api::load(w.tx, &scope, &input.api_id)?;
    let mut stage = load(w.tx, &scope, &input.api_id, &input.stage_name)?;
    if let Some(id) = &input.deployment_id {
        deployment::load(w.tx, &scope, &input.api_id, id)?;
    }
    stage.deployment_id = input.deployment_id.or(stage.deployment_id);
    stage.description = input.description.or(stage.description);
    set(&mut stage.auto_deploy, input.auto_deploy);
    stage.variables.extend(input.stage_variables.unwrap_or_default());
    stage.variables.retain(|_, value| !value.is_empty());
    set(&mut stage.default_throttle, input.default_route_settings.map(read_throttle).transpose()?);
    stage.throttles.extend(read_throttles(input.route_settings.unwrap_or_default())?);
    if let Some(log) = input.access_log_settings {
        stage.access_log = Some(read_log(log));
    }
    stage.updated = w.now;
    put(w, &input.api_id, &stage)?;
    alike(&shape(stage))
}

pub fn delete_stage(w: &mut Writer, input: model::DeleteStageRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    api::load(w.tx, &scope, &input.api_id)?;
    load(w.tx, &scope, &input.api_id, &input.stage_name)?;
    STAGES.delete(w.tx, &scope, key(&input.api_id, &input.stage_name))?;
    Ok(Unit)
}

/// Removes the stages of an API that goes.
pub fn delete_all(w: &mut Writer, api: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    for stage in all(w.tx, &scope, api)? {
        STAGES.delete(w.tx, &scope, key(api, &stage.name))?;
    }
    Ok(())
}

fn shape(stage: Stage) -> model::Stage {
    let settings = |throttle: Throttle| model::RouteSettings {
        detailed_metrics_enabled: Some(throttle.detailed_metrics.unwrap_or(false)),
        throttling_burst_limit: throttle.burst,
        throttling_rate_limit: throttle.rate,
        ..model::RouteSettings::default()
    };
    model::Stage {
        access_log_settings: stage
            .access_log
            .map(|AccessLog { destination_arn, format }| model::AccessLogSettings { destination_arn, format }),
        auto_deploy: Some(stage.auto_deploy),
        created_date: Some(stage.created),
        default_route_settings: Some(settings(stage.default_throttle)),
        deployment_id: stage.deployment_id,
        description: stage.description,
        last_updated_date: Some(stage.updated),
        route_settings: Some(
            stage.throttles.into_iter().map(|(route, throttle)| (route, settings(throttle))).collect(),
        ),
        stage_name: stage.name,
        stage_variables: Some(stage.variables),
        tags: Some(stage.tags),
        ..model::Stage::default()
    }
}
