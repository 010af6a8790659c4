//! Stages: a deployment under a name, with variables and settings.

use crate::definition::Strings;
use crate::faults::{bad_request, conflict, not_found};
use crate::patch::{self, Patch, Verb};
use crate::rest_api::{self, unless_empty_map};
use crate::{account, deployment};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_execute_api::access_log::AccessLog;
use kogumo_model::apigateway as model;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stage {
    pub name: String,
    pub deployment_id: String,
    pub description: Option<String>,
    pub variables: Strings,
    /// By `{path with ~1}/{METHOD}`, or `*/*`.
    pub method_settings: BTreeMap<String, MethodSettings>,
    pub access_log: Option<AccessLog>,
    pub tracing_enabled: bool,
    pub documentation_version: Option<String>,
    pub tags: Strings,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MethodSettings {
    pub metrics_enabled: bool,
    /// `OFF`, `ERROR` or `INFO`.
    pub logging_level: Option<String>,
    pub data_trace_enabled: bool,
    /// Requests at once; -1 for the account's limit.
    pub burst_limit: Option<i32>,
    /// Requests a second; -1 for the account's limit.
    pub rate_limit: Option<f64>,
}

static STAGES: Table<Stage> = Table::new("apigateway/stage");

fn key(api: &str, name: &str) -> Key {
    Key::new().str(api).str(name)
}

/// The stage of that name, if there is one.
pub fn find(read: &dyn Read, scope: &Scope, api: &str, name: &str) -> Result<Option<Stage>, Fault> {
    Ok(STAGES.get(read, scope, key(api, name))?)
}

/// The stage of that name, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, api: &str, name: &str) -> Result<Stage, Fault> {
    find(read, scope, api, name)?.ok_or_else(|| not_found("Invalid stage identifier specified"))
}

/// All stages of an API.
pub fn all(read: &dyn Read, scope: &Scope, api: &str) -> Result<Vec<Stage>, Fault> {
    let rows = STAGES.scan(read, scope, &Range::prefix(api));
    Ok(rows.map(|row| row.map(|row| row.1)).collect::<Result<_, _>>()?)
}

/// Changes a stage in the writer's transaction.
pub fn edit<R>(
    w: &mut Writer,
    api: &str,
    name: &str,
    change: impl FnOnce(&mut Stage) -> Result<R, Fault>,
) -> Result<R, Fault> {
    let scope = w.scope().clone();
    rest_api::load(w.tx, &scope, api)?;
    let mut stage = load(w.tx, &scope, api, name)?;
    let result = change(&mut stage)?;
    STAGES.put(w.tx, &scope, key(api, name), &stage)?;
    Ok(result)
}

/// Caches of responses are not built.
pub fn refuse_cache(enabled: Option<bool>) -> Result<(), Fault> {
    if enabled == Some(true) { Err(Fault::not_implemented("A stage's cache cluster")) } else { Ok(()) }
}

fn check(stage: &Stage) -> Result<(), Fault> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if stage.name.is_empty() || !stage.name.chars().all(word) {
        return Err(bad_request("Stage name only allows a-zA-Z0-9_"));
    }
    let value = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
    for (name, text) in &stage.variables {
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || !text.chars().all(value) {
            return Err(bad_request(format!(
                "Stage variable name or value is invalid: {name}. Values may have the characters a-zA-Z0-9-._~:/?#&=,"
            )));
        }
    }
    Ok(())
}

/// Points a stage at a deployment; makes the stage if it is not there.
pub fn deploy(w: &mut Writer, api: &str, new: Stage) -> Result<(), Fault> {
    check(&new)?;
    let scope = w.scope().clone();
    let stage = match find(w.tx, &scope, api, &new.name)? {
        Some(old) => Stage {
            deployment_id: new.deployment_id,
            description: new.description.or(old.description),
            variables: if new.variables.is_empty() { old.variables } else { new.variables },
            tracing_enabled: new.tracing_enabled || old.tracing_enabled,
            updated: w.now,
            ..old
        },
        None => Stage { created: w.now, updated: w.now, ..new },
    };
    Ok(STAGES.put(w.tx, &scope, key(api, &stage.name), &stage)?)
}

pub fn create_stage(w: &mut Writer, input: model::CreateStageRequest) -> Result<model::Stage, Fault> {
    if input.canary_settings.is_some() {
        return Err(Fault::not_implemented("CreateStage with canarySettings"));
    }
    refuse_cache(input.cache_cluster_enabled)?;
    let scope = w.scope().clone();
    let api = rest_api::load(w.tx, &scope, &input.rest_api_id)?.id;
    deployment::load(w.tx, &scope, &api, &input.deployment_id)?;
    let stage = Stage {
        name: input.stage_name,
        deployment_id: input.deployment_id,
        description: input.description,
        variables: input.variables.unwrap_or_default(),
        tracing_enabled: input.tracing_enabled.unwrap_or(false),
        documentation_version: input.documentation_version,
        tags: input.tags.unwrap_or_default(),
        created: w.now,
        updated: w.now,
        ..Stage::default()
    };
    check(&stage)?;
    if find(w.tx, &scope, &api, &stage.name)?.is_some() {
        return Err(conflict("Stage already exists"));
    }
    STAGES.put(w.tx, &scope, key(&api, &stage.name), &stage)?;
    Ok(shape(stage))
}

pub fn get_stage(r: &Reader, input: model::GetStageRequest) -> Result<model::Stage, Fault> {
    rest_api::load(r.store, r.scope(), &input.rest_api_id)?;
    load(r.store, r.scope(), &input.rest_api_id, &input.stage_name).map(shape)
}

pub fn get_stages(r: &Reader, input: model::GetStagesRequest) -> Result<model::Stages, Fault> {
    rest_api::load(r.store, r.scope(), &input.rest_api_id)?;
    let wanted = |stage: &Stage| input.deployment_id.as_ref().is_none_or(|id| stage.deployment_id == *id);
    let stages = all(r.store, r.scope(), &input.rest_api_id)?;
    Ok(model::Stages { item: Some(stages.into_iter().filter(wanted).map(shape).collect()) })
}

pub fn update_stage(w: &mut Writer, input: model::UpdateStageRequest) -> Result<model::Stage, Fault> {
    let patches = patch::read(input.patch_operations)?;
    let (scope, now, api) = (w.scope().clone(), w.now, input.rest_api_id);
    for patch in &patches {
        if patch.parts() == ["deploymentId"] {
            deployment::load(w.tx, &scope, &api, &patch.text()?)?;
        }
    }
    let logs = |patch: &Patch| {
        patch.parts().ends_with(&["logging", "loglevel"]) && patch.optional().is_some_and(|level| level != "OFF")
    };
    if patches.iter().any(logs) && !account::logs(w.tx, &scope)? {
        return Err(bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging"));
    }
    edit(w, &api, &input.stage_name, |stage| {
        patches.iter().try_for_each(|patch| apply(stage, patch))?;
        check(stage)?;
        stage.updated = now;
        Ok(shape(stage.clone()))
    })
}

fn apply(stage: &mut Stage, patch: &Patch) -> Result<(), Fault> {
    match patch.parts().as_slice() {
        ["deploymentId"] => stage.deployment_id = patch.text()?,
        ["description"] => stage.description = patch.optional(),
        ["documentationVersion"] => stage.documentation_version = patch.optional(),
        ["tracingEnabled"] => stage.tracing_enabled = patch.flag()?,
        ["cacheClusterEnabled"] => refuse_cache(Some(patch.flag()?))?,
        ["cacheClusterSize"] => {}
        ["variables", name] => patch.entry(&mut stage.variables, name),
        ["accessLogSettings"] if patch.verb == Verb::Remove => stage.access_log = None,
        ["accessLogSettings", "format"] => stage.access_log.get_or_insert_default().format = patch.optional(),
        ["accessLogSettings", "destinationArn"] => {
            stage.access_log.get_or_insert_default().destination_arn = patch.optional();
        }
        ["canarySettings", ..] => return Err(Fault::not_implemented("A stage's canarySettings")),
        [path, method] if patch.verb == Verb::Remove => {
            stage.method_settings.remove(&settings_key(path, method));
        }
        [path, method, group, name] => {
            let settings = stage.method_settings.entry(settings_key(path, method)).or_default();
            apply_setting(settings, group, name, patch)?;
        }
        _ => return Err(patch.refused()),
    }
    Ok(())
}

/// The key of a method's settings, as AWS writes it.
pub fn settings_key(path: &str, method: &str) -> String {
    format!("{}/{method}", path.replace('/', "~1"))
}

fn apply_setting(settings: &mut MethodSettings, group: &str, name: &str, patch: &Patch) -> Result<(), Fault> {
    match (group, name) {
        ("metrics", "enabled") => settings.metrics_enabled = patch.flag()?,
        ("logging", "loglevel") => settings.logging_level = logging_level(patch)?,
        ("logging", "dataTrace") => settings.data_trace_enabled = patch.flag()?,
        ("throttling", "burstLimit") => settings.burst_limit = Some(patch.number()?),
        ("throttling", "rateLimit") => settings.rate_limit = Some(patch.number()?),
        ("caching", "enabled") => refuse_cache(Some(patch.flag()?))?,
        // Without a cache these say nothing.
        (
            "caching",
            "ttlInSeconds"
            | "dataEncrypted"
            | "requireAuthorizationForCacheControl"
            | "unauthorizedCacheControlHeaderStrategy",
        ) => {}
        _ => return Err(patch.refused()),
    }
    Ok(())
}

fn logging_level(patch: &Patch) -> Result<Option<String>, Fault> {
    let level = patch.optional();
    match level.as_deref() {
        None | Some("OFF" | "ERROR" | "INFO") => Ok(level),
        Some(other) => Err(bad_request(format!("Invalid logging level {other}. Valid values are OFF, ERROR and INFO"))),
    }
}

pub fn delete_stage(w: &mut Writer, input: model::DeleteStageRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    rest_api::load(w.tx, &scope, &input.rest_api_id)?;
    load(w.tx, &scope, &input.rest_api_id, &input.stage_name)?;
    STAGES.delete(w.tx, &scope, key(&input.rest_api_id, &input.stage_name))?;
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
    let settings = stage.method_settings.into_iter().map(|(key, settings)| (key, shape_settings(settings)));
    model::Stage {
        deployment_id: Some(stage.deployment_id),
        stage_name: Some(stage.name),
        description: stage.description,
        cache_cluster_enabled: Some(false),
        cache_cluster_status: Some("NOT_AVAILABLE".into()),
        method_settings: Some(settings.collect()),
        variables: unless_empty_map(stage.variables),
        documentation_version: stage.documentation_version,
        access_log_settings: stage
            .access_log
            .map(|log| model::AccessLogSettings { format: log.format, destination_arn: log.destination_arn }),
        tracing_enabled: Some(stage.tracing_enabled),
        tags: unless_empty_map(stage.tags),
        created_date: Some(stage.created),
        last_updated_date: Some(stage.updated),
        ..model::Stage::default()
    }
}

fn shape_settings(settings: MethodSettings) -> model::MethodSetting {
    model::MethodSetting {
        metrics_enabled: Some(settings.metrics_enabled),
        logging_level: Some(settings.logging_level.unwrap_or_else(|| "OFF".into())),
        data_trace_enabled: Some(settings.data_trace_enabled),
        throttling_burst_limit: Some(settings.burst_limit.unwrap_or(account::BURST_LIMIT)),
        throttling_rate_limit: Some(settings.rate_limit.unwrap_or(account::RATE_LIMIT)),
        caching_enabled: Some(false),
        cache_ttl_in_seconds: Some(300),
        cache_data_encrypted: Some(false),
        require_authorization_for_cache_control: Some(true),
        unauthorized_cache_control_header_strategy: Some("SUCCEED_WITH_RESPONSE_HEADER".into()),
    }
}
