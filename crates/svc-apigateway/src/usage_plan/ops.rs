//! Creating, reading, changing and deleting usage plans.

use super::{PLANS, PlanStage, Quota, Throttle, UsagePlan, all, load};
use crate::faults::{bad_request, conflict};
use crate::patch::{self, Patch, Verb};
use crate::rest_api::{new_id, unless_empty, unless_empty_map};
use crate::stage;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};
use std::collections::BTreeMap;

pub fn create_usage_plan(w: &mut Writer, input: model::CreateUsagePlanRequest) -> Result<model::UsagePlan, Fault> {
    let plan = UsagePlan {
        id: new_id(),
        name: input.name,
        description: input.description,
        stages: input.api_stages.unwrap_or_default().into_iter().map(read_stage).collect(),
        throttle: input.throttle.map(|throttle| read_throttle(&throttle)),
        quota: input.quota.map(read_quota).transpose()?,
        tags: input.tags.unwrap_or_default(),
        ..UsagePlan::default()
    };
    save(w, &plan)?;
    Ok(shape(plan))
}

fn save(w: &mut Writer, plan: &UsagePlan) -> Result<(), Fault> {
    let scope = w.scope().clone();
    for own in &plan.stages {
        stage::load(w.tx, &scope, &own.api_id, &own.stage)
            .map_err(|_| bad_request("API Stage not found: ".to_owned() + &own.api_id + ":" + &own.stage))?;
    }
    Ok(PLANS.put(w.tx, &scope, plan.id.as_str(), plan)?)
}

fn read_stage(stage: model::ApiStage) -> PlanStage {
    let throttle = stage.throttle.unwrap_or_default();
    PlanStage {
        api_id: stage.api_id.unwrap_or_default(),
        stage: stage.stage.unwrap_or_default(),
        throttle: throttle.iter().map(|(method, throttle)| (method.clone(), read_throttle(throttle))).collect(),
    }
}

fn read_throttle(throttle: &model::ThrottleSettings) -> Throttle {
    Throttle { burst: throttle.burst_limit.unwrap_or(0), rate: throttle.rate_limit.unwrap_or(0.0) }
}

fn read_quota(quota: model::QuotaSettings) -> Result<Quota, Fault> {
    let quota = Quota {
        limit: quota.limit.unwrap_or(0),
        offset: quota.offset.unwrap_or(0),
        period: quota.period.unwrap_or_default(),
    };
    check_quota(&quota)?;
    Ok(quota)
}

fn check_quota(quota: &Quota) -> Result<(), Fault> {
    if quota.limit <= 0 {
        return Err(bad_request("Usage Plan quota limit must be greater than 0"));
    }
    let days = match quota.period.as_str() {
        "DAY" => 0,
        "WEEK" => 6,
        "MONTH" => 27,
        _ => return Err(bad_request("Usage Plan quota period must be DAY, WEEK or MONTH")),
    };
    if !(0..=days).contains(&quota.offset) {
        return Err(bad_request(format!("Usage Plan quota offset must be zero in the {} period", quota.period)));
    }
    Ok(())
}

pub fn get_usage_plan(r: &Reader, input: model::GetUsagePlanRequest) -> Result<model::UsagePlan, Fault> {
    load(r.store, r.scope(), &input.usage_plan_id).map(shape)
}

pub fn get_usage_plans(r: &Reader, input: model::GetUsagePlansRequest) -> Result<model::UsagePlans, Fault> {
    let wanted = |plan: &UsagePlan| input.key_id.as_ref().is_none_or(|key| plan.keys.contains(key));
    let plans = all(r.store, r.scope())?.into_iter().filter(wanted).map(|plan| (plan.id.clone(), shape(plan)));
    let (items, position) = crate::page::page(plans.collect(), input.position, input.limit)?;
    Ok(model::UsagePlans { items, position })
}

pub fn update_usage_plan(w: &mut Writer, input: model::UpdateUsagePlanRequest) -> Result<model::UsagePlan, Fault> {
    let mut plan = load(w.tx, &w.caller.scope, &input.usage_plan_id)?;
    for patch in patch::read(input.patch_operations)? {
        apply(&mut plan, &patch)?;
    }
    plan.quota.as_ref().map_or(Ok(()), check_quota)?;
    save(w, &plan)?;
    Ok(shape(plan))
}

fn apply(plan: &mut UsagePlan, patch: &Patch) -> Result<(), Fault> {
    match patch.parts().as_slice() {
        ["name"] => plan.name = patch.text()?,
        ["description"] => plan.description = patch.optional(),
        ["productCode"] => plan.product_code = patch.optional(),
        ["throttle"] if patch.verb == Verb::Remove => plan.throttle = None,
        ["throttle", name] => apply_throttle(plan.throttle.get_or_insert_default(), name, patch)?,
        ["quota"] if patch.verb == Verb::Remove => plan.quota = None,
        ["quota", name] => {
            let quota = plan.quota.get_or_insert_with(|| Quota { limit: 1, period: "DAY".into(), ..Quota::default() });
            match *name {
                "limit" => quota.limit = patch.number()?,
                "offset" => quota.offset = patch.number()?,
                "period" => quota.period = patch.text()?,
                _ => return Err(patch.refused()),
            }
        }
        ["apiStages"] => apply_stage(plan, patch)?,
        ["apiStages", name, "throttle", path, method, rest @ ..] => {
            let (api, stage) = name.split_once(':').ok_or_else(|| patch.refused())?;
            let own = plan.stages.iter_mut().find(|own| own.api_id == api && own.stage == stage);
            let throttle = &mut own.ok_or_else(|| patch.refused())?.throttle;
            let key = format!("{path}/{method}");
            match rest {
                [name] => apply_throttle(throttle.entry(key).or_default(), name, patch)?,
                [] if patch.verb == Verb::Remove => drop(throttle.remove(&key)),
                _ => return Err(patch.refused()),
            }
        }
        _ => return Err(patch.refused()),
    }
    Ok(())
}

fn apply_throttle(throttle: &mut Throttle, name: &str, patch: &Patch) -> Result<(), Fault> {
    match name {
        "burstLimit" => throttle.burst = patch.number()?,
        "rateLimit" => throttle.rate = patch.number()?,
        _ => return Err(patch.refused()),
    }
    Ok(())
}

/// `add` or `remove` of `{api}:{stage}`.
fn apply_stage(plan: &mut UsagePlan, patch: &Patch) -> Result<(), Fault> {
    let mut names: Vec<String> = plan.stages.iter().map(|own| format!("{}:{}", own.api_id, own.stage)).collect();
    patch.item(&mut names, None)?;
    let mut old: BTreeMap<String, PlanStage> =
        plan.stages.drain(..).map(|own| (format!("{}:{}", own.api_id, own.stage), own)).collect();
    for name in names {
        let (api, stage) =
            name.split_once(':').ok_or_else(|| bad_request("API Stage must be given as {api}:{stage}"))?;
        let new = PlanStage { api_id: api.to_owned(), stage: stage.to_owned(), ..PlanStage::default() };
        plan.stages.push(old.remove(&name).unwrap_or(new));
    }
    Ok(())
}

pub fn delete_usage_plan(w: &mut Writer, input: model::DeleteUsagePlanRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let plan = load(w.tx, &scope, &input.usage_plan_id)?;
    if !plan.stages.is_empty() {
        return Err(conflict("Cannot delete Usage Plan. It has API stages associated."));
    }
    PLANS.delete(w.tx, &scope, plan.id.as_str())?;
    Ok(Unit)
}

fn shape(plan: UsagePlan) -> model::UsagePlan {
    let throttle = |throttle: Throttle| model::ThrottleSettings {
        burst_limit: Some(throttle.burst),
        rate_limit: Some(throttle.rate),
    };
    let stages = plan.stages.into_iter().map(|own| model::ApiStage {
        api_id: Some(own.api_id),
        stage: Some(own.stage),
        throttle: unless_empty_map(own.throttle.into_iter().map(|(method, own)| (method, throttle(own))).collect()),
    });
    model::UsagePlan {
        id: Some(plan.id),
        name: Some(plan.name),
        description: plan.description,
        api_stages: Some(unless_empty(stages.collect()).unwrap_or_default()),
        throttle: plan.throttle.map(throttle),
        quota: plan.quota.map(|quota| model::QuotaSettings {
            limit: Some(quota.limit),
            offset: Some(quota.offset),
            period: Some(quota.period),
        }),
        product_code: plan.product_code,
        tags: unless_empty_map(plan.tags),
    }
}
