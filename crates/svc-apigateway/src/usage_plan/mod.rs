//! Usage plans: which keys may call which stages, how fast and how often.

mod keys;
mod ops;
mod quota;

pub use keys::{create_usage_plan_key, delete_usage_plan_key, forget_key, get_usage_plan_key, get_usage_plan_keys};
pub use ops::{create_usage_plan, delete_usage_plan, get_usage_plan, get_usage_plans, update_usage_plan};
pub use quota::spend;

use crate::definition::Strings;
use crate::faults::not_found;
use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UsagePlan {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub stages: Vec<PlanStage>,
    pub throttle: Option<Throttle>,
    pub quota: Option<Quota>,
    pub product_code: Option<String>,
    pub tags: Strings,
    /// Ids of API keys.
    pub keys: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanStage {
    pub api_id: String,
    pub stage: String,
    /// By `{path}/{METHOD}`.
    pub throttle: BTreeMap<String, Throttle>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// Requests at once; 0 for no limit of its own.
    pub burst: i32,
    /// Requests a second; 0 for no limit of its own.
    pub rate: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// Requests in a period.
    pub limit: i32,
    /// The day that a period begins with: of the week, from Sunday, or of the month, from its first.
    pub offset: i32,
    /// `DAY`, `WEEK` or `MONTH`.
    pub period: String,
}

static PLANS: Table<UsagePlan> = Table::new("apigateway/usage-plan");

/// The plan of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, id: &str) -> Result<UsagePlan, Fault> {
    PLANS.get(read, scope, id)?.ok_or_else(|| not_found("Invalid Usage Plan ID specified"))
}

/// Changes a plan in the writer's transaction.
pub fn edit(w: &mut Writer, id: &str, change: impl FnOnce(&mut UsagePlan)) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let mut plan = load(w.tx, &scope, id)?;
    change(&mut plan);
    Ok(PLANS.put(w.tx, &scope, id, &plan)?)
}

/// All plans of an account and region.
pub fn all(read: &dyn Read, scope: &Scope) -> Result<Vec<UsagePlan>, Fault> {
    let rows = PLANS.scan(read, scope, &Range::all());
    Ok(rows.map(|row| row.map(|row| row.1)).collect::<Result<_, _>>()?)
}

/// The plan under which a key may call a stage.
pub fn covering(read: &dyn Read, scope: &Scope, key: &str, api: &str, stage: &str) -> Result<Option<UsagePlan>, Fault> {
    let covers =
        |plan: &UsagePlan| plan.keys.contains(key) && plan.stages.iter().any(|s| s.api_id == api && s.stage == stage);
    Ok(all(read, scope)?.into_iter().find(covers))
}
