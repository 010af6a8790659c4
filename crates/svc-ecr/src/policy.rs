//! Who else may use a repository.

use kogumo_door::{Reader, Writer};
use kogumo_model::ecr::*;
use kogumo_policy::{Document, Sort};
use kogumo_wire::Fault;

use crate::repository;

fn missing(name: &str, account: &str) -> Fault {
    let message = format!(
        "Repository policy does not exist for the repository with name '{name}' in the registry with id '{account}'"
    );
    REPOSITORY_POLICY_NOT_FOUND_EXCEPTION.because(message)
}

pub fn set_repository_policy(
    w: &mut Writer,
    input: SetRepositoryPolicyRequest,
) -> Result<SetRepositoryPolicyResponse, Fault> {
    let checked = Document::parse(&input.policy_text).and_then(|policy| policy.check(Sort::Resource));
    if checked.is_err() {
        let message =
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'";
        return Err(INVALID_PARAMETER_EXCEPTION.because(message));
    }
    let record = repository::update(w, &input.repository_name, |record| {
        record.policy = Some(input.policy_text);
        Ok(())
    })?;
    Ok(SetRepositoryPolicyResponse {
        registry_id: Some(w.caller.account().to_owned()),
        repository_name: Some(record.name),
        policy_text: record.policy,
    })
}

pub fn get_repository_policy(
    r: &Reader,
    input: GetRepositoryPolicyRequest,
) -> Result<GetRepositoryPolicyResponse, Fault> {
    let record = repository::get(r.store, r.scope(), &input.repository_name)?;
    let policy = record.policy.ok_or_else(|| missing(&record.name, r.caller.account()))?;
    Ok(GetRepositoryPolicyResponse {
        registry_id: Some(r.caller.account().to_owned()),
        repository_name: Some(record.name),
        policy_text: Some(policy),
    })
}

pub fn delete_repository_policy(
    w: &mut Writer,
    input: DeleteRepositoryPolicyRequest,
) -> Result<DeleteRepositoryPolicyResponse, Fault> {
    let account = w.caller.account().to_owned();
    let mut policy = None;
    repository::update(w, &input.repository_name, |record| {
        policy = record.policy.take();
        policy.is_some().then_some(()).ok_or_else(|| missing(&record.name, &account))
    })?;
    Ok(DeleteRepositoryPolicyResponse {
        registry_id: Some(account),
        repository_name: Some(input.repository_name),
        policy_text: policy,
    })
}
