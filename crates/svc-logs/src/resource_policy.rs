//! Resource policies of an account: which services may write into its log groups.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    DeleteResourcePolicyRequest, DescribeResourcePoliciesRequest, DescribeResourcePoliciesResponse,
    INVALID_PARAMETER_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION, PutResourcePolicyRequest, PutResourcePolicyResponse,
    RESOURCE_NOT_FOUND_EXCEPTION, ResourcePolicy as Answer,
};
use kogumo_store::{Key, Range, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::page::{Page, decoded};

/// By name.
static POLICIES: Table<ResourcePolicy> = Table::new("logs/resource-policy");

/// An account has at most so many in a region.
const MOST: usize = 10;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ResourcePolicy {
    name: String,
    document: String,
    updated: Timestamp,
}

pub fn put_resource_policy(
    w: &mut Writer,
    input: PutResourcePolicyRequest,
) -> Result<PutResourcePolicyResponse, Fault> {
    if input.resource_arn.is_some() {
        return Err(Fault::not_implemented("A resource policy of a single log group"));
    }
    let (Some(name), Some(document)) = (input.policy_name, input.policy_document) else {
        return Err(INVALID_PARAMETER_EXCEPTION.because("Policy name and policy document must be specified."));
    };
    if w.cloud.documents.get(&document).is_none() {
        return Err(INVALID_PARAMETER_EXCEPTION.because("Malformed policy document"));
    }
    let scope = w.scope().clone();
    let known = POLICIES.scan(w.store(), &scope, &Range::all()).collect::<Result<Vec<_>, _>>()?;
    if known.len() >= MOST && !known.iter().any(|(_, policy)| policy.name == name) {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("Resource limit exceeded."));
    }
    let policy = ResourcePolicy { name, document, updated: w.now };
    POLICIES.put(w.tx, &scope, policy.name.as_str(), &policy)?;
    Ok(PutResourcePolicyResponse { resource_policy: Some(shown(policy)), ..PutResourcePolicyResponse::default() })
}

fn shown(policy: ResourcePolicy) -> Answer {
    Answer {
        policy_name: Some(policy.name),
        policy_document: Some(policy.document),
        last_updated_time: Some(policy.updated.0),
        policy_scope: Some("ACCOUNT".to_owned()),
        ..Answer::default()
    }
}

pub fn describe_resource_policies(
    r: &Reader,
    input: DescribeResourcePoliciesRequest,
) -> Result<DescribeResourcePoliciesResponse, Fault> {
    const PAGE: i32 = 50;
    let range = match &input.next_token {
        Some(token) => Range::all().after(Key::new().str(&decoded(token)?)),
        None => Range::all(),
    };
    let mut page = Page::new(input.limit, PAGE);
    for row in POLICIES.scan(r.store, r.scope(), &range) {
        let (_, policy) = row?;
        let name = policy.name.clone();
        if !page.push(&name, shown(policy)) {
            break;
        }
    }
    let (policies, next_token) = page.finish();
    Ok(DescribeResourcePoliciesResponse { resource_policies: Some(policies), next_token })
}

pub fn delete_resource_policy(w: &mut Writer, input: DeleteResourcePolicyRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let name = input.policy_name.unwrap_or_default();
    let gone = POLICIES.delete(w.tx, &scope, name.as_str())?;
    let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Policy with name [{name}] does not exist."));
    gone.map(|_| Unit).ok_or_else(missing)
}
