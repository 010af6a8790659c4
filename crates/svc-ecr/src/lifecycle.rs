//! When images expire. With no images there is nothing that a policy could act on; its grammar is checked.

use kogumo_door::{Reader, Writer};
use kogumo_model::ecr::*;
use kogumo_wire::Fault;
use serde_json::Value;

use crate::repository;

fn missing(name: &str, account: &str) -> Fault {
    let message = format!(
        "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{account}'"
    );
    LIFECYCLE_POLICY_NOT_FOUND_EXCEPTION.because(message)
}

/// Rules with a priority, a selection and an action (ECR user guide, "Lifecycle policy properties").
fn is_policy(text: &str) -> bool {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let rules = parsed.as_ref().and_then(|policy| policy["rules"].as_array());
    rules.is_some_and(|rules| {
        !rules.is_empty()
            && rules.iter().all(|rule| {
                rule["rulePriority"].is_u64() && rule["selection"].is_object() && rule["action"]["type"].is_string()
            })
    })
}

pub fn put_lifecycle_policy(
    w: &mut Writer,
    input: PutLifecyclePolicyRequest,
) -> Result<PutLifecyclePolicyResponse, Fault> {
    if !is_policy(&input.lifecycle_policy_text) {
        let message = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure'";
        return Err(INVALID_PARAMETER_EXCEPTION.because(message));
    }
    let record = repository::update(w, &input.repository_name, |record| {
        record.lifecycle = Some(input.lifecycle_policy_text);
        Ok(())
    })?;
    Ok(PutLifecyclePolicyResponse {
        registry_id: Some(w.caller.account().to_owned()),
        repository_name: Some(record.name),
        lifecycle_policy_text: record.lifecycle,
    })
}

pub fn get_lifecycle_policy(r: &Reader, input: GetLifecyclePolicyRequest) -> Result<GetLifecyclePolicyResponse, Fault> {
    let record = repository::get(r.store, r.scope(), &input.repository_name)?;
    let policy = record.lifecycle.ok_or_else(|| missing(&record.name, r.caller.account()))?;
    Ok(GetLifecyclePolicyResponse {
        registry_id: Some(r.caller.account().to_owned()),
        repository_name: Some(record.name),
        lifecycle_policy_text: Some(policy),
        last_evaluated_at: None,
    })
}

pub fn delete_lifecycle_policy(
    w: &mut Writer,
    input: DeleteLifecyclePolicyRequest,
) -> Result<DeleteLifecyclePolicyResponse, Fault> {
    let account = w.caller.account().to_owned();
    let mut policy = None;
    repository::update(w, &input.repository_name, |record| {
        policy = record.lifecycle.take();
        policy.is_some().then_some(()).ok_or_else(|| missing(&record.name, &account))
    })?;
    Ok(DeleteLifecyclePolicyResponse {
        registry_id: Some(account),
        repository_name: Some(input.repository_name),
        lifecycle_policy_text: policy,
        last_evaluated_at: None,
    })
}
