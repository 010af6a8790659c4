//! API keys, throttling and quotas of a request.

use super::call::Call;
use super::failure::{Failure, INVALID_API_KEY, QUOTA_EXCEEDED, THROTTLED};
use crate::definition::Method;
use crate::stage::{MethodSettings, Stage, settings_key};
use crate::usage_plan::{self, Throttle, UsagePlan};
use crate::{account, api_key};
use kogumo_execute_api::context::Context;
use kogumo_wire::Fault;

/// Lets a request through or tells why not. `identifier` is the key that an authorizer named.
pub fn check(call: &Call<'_>, method: &Method, identifier: Option<&str>, context: &mut Context) -> Result<(), Failure> {
    let Some(stage) = call.stage else { return Ok(()) };
    let (api, name) = (context.api_id.clone(), &stage.name);
    call.journal.step(|| {
        format!("Verifying Usage Plan for request: {}. API Key:  API Stage: {api}/{name}", context.request_id)
    });
    if method.api_key_required {
        check_key(call, stage, identifier, context)?;
        call.journal.step(|| format!("Usage Plan check succeeded for API Key and API Stage {api}/{name}"));
    } else {
        let method = format!("{} {}", context.http_method, context.resource_path);
        call.journal.step(|| {
            format!(
                "API Key authorized because method '{method}' does not require API Key. Request will not contribute to \
                 throttle or quota limits"
            )
        });
    }
    let settings = settings(stage, &context.resource_path, &context.http_method);
    let rate = settings.and_then(|s| s.rate_limit).filter(|rate| *rate >= 0.0).unwrap_or(account::RATE_LIMIT);
    let burst = settings.and_then(|s| s.burst_limit).filter(|burst| *burst >= 0).unwrap_or(account::BURST_LIMIT);
    let bucket = format!("stage/{}/{}/{}/{}", context.api_id, stage.name, context.resource_path, method.http_method);
    take(call, &bucket, rate, burst)
}

/// The settings of a method, else those of all methods.
pub fn settings<'s>(stage: &'s Stage, path: &str, method: &str) -> Option<&'s MethodSettings> {
    stage.method_settings.get(&settings_key(path, method)).or_else(|| stage.method_settings.get("*/*"))
}

fn take(call: &Call<'_>, bucket: &str, rate: f64, burst: i32) -> Result<(), Failure> {
    if call.runtime.buckets.take(bucket, rate, f64::from(burst), call.now) {
        Ok(())
    } else {
        Err(Failure::new(&THROTTLED))
    }
}

fn check_key(call: &Call<'_>, stage: &Stage, identifier: Option<&str>, context: &mut Context) -> Result<(), Failure> {
    let from_header = call.definition.api_key_source != "AUTHORIZER";
    let value = if from_header { call.request.header("x-api-key") } else { identifier };
    let forbidden = || Failure::new(&INVALID_API_KEY);
    let value = value.ok_or_else(forbidden)?;
    let snapshot = call.cloud.store.read();
    let broken = |_: Fault| forbidden();
    let key = api_key::by_value(&snapshot, call.scope, value).map_err(broken)?;
    let key = key.filter(|key| key.enabled).ok_or_else(forbidden)?;
    context.identity.api_key = Some(key.value.clone());
    context.identity.api_key_id = Some(key.id.clone());
    if key.stage_keys.contains(&format!("{}/{}", context.api_id, stage.name)) {
        return Ok(());
    }
    let plan = usage_plan::covering(&snapshot, call.scope, &key.id, &context.api_id, &stage.name).map_err(broken)?;
    let plan = plan.ok_or_else(forbidden)?;
    check_plan(call, &plan, &key.id, stage, context)
}

fn check_plan(call: &Call<'_>, plan: &UsagePlan, key: &str, stage: &Stage, context: &Context) -> Result<(), Failure> {
    let own = plan.stages.iter().find(|own| own.api_id == context.api_id && own.stage == stage.name);
    let method = format!("{}/{}", context.resource_path, context.http_method);
    let throttles = [
        (plan.throttle, format!("plan/{}/{key}", plan.id)),
        (
            own.and_then(|own| own.throttle.get(&method).copied()),
            format!("plan/{}/{key}/{}/{method}", plan.id, context.api_id),
        ),
    ];
    for (throttle, bucket) in throttles {
        if let Some(Throttle { burst, rate }) = throttle.filter(|throttle| throttle.rate > 0.0 || throttle.burst > 0) {
            take(call, &bucket, rate, burst)?;
        }
    }
    if plan.quota.is_none() {
        return Ok(());
    }
    let spent = call.cloud.store.write(|tx| usage_plan::spend(tx, call.scope, plan, key, call.now));
    match spent {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::new(&QUOTA_EXCEEDED)),
        Err(trouble) => {
            tracing::error!("{trouble}");
            Err(Failure::new(&super::failure::API_CONFIGURATION_ERROR))
        }
    }
}
