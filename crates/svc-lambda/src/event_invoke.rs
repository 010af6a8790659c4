//! How asynchronous invocations are retried, and where their outcomes go.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::faults;
use crate::name::Target;
use crate::page::page;
use crate::record;

/// By function and qualifier.
pub static CONFIGS: Table<Config> = Table::new("lambda/event-invoke-config");

/// What was asked for; what wasn't is as usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub qualifier: String,
    /// 0 to 2; usually 2.
    pub retries: Option<i32>,
    /// Seconds, 60 to 21,600; usually the most.
    pub maximum_age: Option<i32>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub last_modified: Timestamp,
}

fn key(target: &Target) -> Key {
    Key::new().str(&target.name).str(target.qualifier())
}

/// The configuration of a version or alias, if it has one.
pub fn of(read: &dyn Read, target: &Target) -> Result<Option<Config>, kogumo_base::Trouble> {
    CONFIGS.get(read, &target.scope, key(target))
}

fn find(read: &dyn Read, target: &Target) -> Result<Config, Fault> {
    record::version(read, target)?;
    of(read, target)?.ok_or_else(|| {
        let arn = format!("{}:{}", target.unqualified_arn(), target.qualifier());
        faults::not_found(format!("The function {arn} doesn't have an EventInvokeConfig"))
    })
}

fn view(target: &Target, config: &Config) -> FunctionEventInvokeConfig {
    FunctionEventInvokeConfig {
        last_modified: Some(config.last_modified),
        function_arn: Some(format!("{}:{}", target.unqualified_arn(), config.qualifier)),
        maximum_retry_attempts: config.retries,
        maximum_event_age_in_seconds: config.maximum_age,
        destination_config: Some(DestinationConfig {
            on_success: Some(OnSuccess { destination: config.on_success.clone() }),
            on_failure: Some(OnFailure { destination: config.on_failure.clone() }),
        }),
    }
}

/// The destinations of a request: `Some(None)` takes one away, `None` leaves it as it is.
fn destinations(asked: Option<DestinationConfig>) -> (Option<Option<String>>, Option<Option<String>>) {
    let Some(asked) = asked else { return (None, None) };
    let given = |arn: Option<String>| arn.filter(|arn| !arn.is_empty());
    (asked.on_success.map(|to| given(to.destination)), asked.on_failure.map(|to| given(to.destination)))
}

fn keep(w: &mut Writer, target: &Target, config: Config) -> Result<FunctionEventInvokeConfig, Fault> {
    let own = [target.unqualified_arn(), format!("{}:{}", target.unqualified_arn(), target.qualifier())];
    for arn in config.on_success.iter().chain(&config.on_failure) {
        if own.contains(arn) {
            return Err(faults::invalid("A function cannot be configured as a destination for itself."));
        }
    }
    CONFIGS.put(w.tx, &target.scope, key(target), &config)?;
    Ok(view(target, &config))
}

pub fn put_function_event_invoke_config(
    w: &mut Writer,
    input: PutFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, Fault> {
    let target = Target::parse(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    record::version(w.tx, &target)?;
    let (on_success, on_failure) = destinations(input.destination_config);
    let config = Config {
        qualifier: target.qualifier().to_owned(),
        retries: input.maximum_retry_attempts,
        maximum_age: input.maximum_event_age_in_seconds,
        on_success: on_success.flatten(),
        on_failure: on_failure.flatten(),
        last_modified: w.now,
    };
    keep(w, &target, config)
}

pub fn update_function_event_invoke_config(
    w: &mut Writer,
    input: UpdateFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, Fault> {
    let target = Target::parse(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    let before = find(w.tx, &target)?;
    let (on_success, on_failure) = destinations(input.destination_config);
    let config = Config {
        retries: input.maximum_retry_attempts.or(before.retries),
        maximum_age: input.maximum_event_age_in_seconds.or(before.maximum_age),
        on_success: on_success.unwrap_or(before.on_success),
        on_failure: on_failure.unwrap_or(before.on_failure),
        last_modified: w.now,
        qualifier: before.qualifier,
    };
    keep(w, &target, config)
}

pub fn get_function_event_invoke_config(
    r: &Reader,
    input: GetFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, Fault> {
    let target = Target::parse(r.scope(), &input.function_name, input.qualifier.as_deref())?;
    Ok(view(&target, &find(r.store, &target)?))
}

pub fn delete_function_event_invoke_config(
    w: &mut Writer,
    input: DeleteFunctionEventInvokeConfigRequest,
) -> Result<Unit, Fault> {
    let target = Target::parse(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    find(w.tx, &target)?;
    CONFIGS.delete(w.tx, &target.scope, key(&target))?;
    Ok(Unit)
}

pub fn list_function_event_invoke_configs(
    r: &Reader,
    input: ListFunctionEventInvokeConfigsRequest,
) -> Result<ListFunctionEventInvokeConfigsResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    record::function(r.store, &target)?;
    let mut items = Vec::new();
    for row in CONFIGS.scan(r.store, &target.scope, &Range::prefix(Key::new().str(&target.name))) {
        let config = row?.1;
        items.push((config.qualifier.clone(), view(&target, &config)));
    }
    let (configs, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListFunctionEventInvokeConfigsResponse { function_event_invoke_configs: Some(configs), next_marker })
}
