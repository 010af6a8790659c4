//! Versions of managed policies: at most five, numbered for ever.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_wire::{Fault, Unit};

use crate::aws_managed::{self, AwsPolicy};
use crate::document::{self, Purpose};
use crate::page::page;
use crate::policy::{self, ManagedPolicy, Version};
use crate::quota;

const MOST: usize = 5;

pub fn shown(policy: &ManagedPolicy, number: u32, version: &Version, with_document: bool) -> PolicyVersion {
    PolicyVersion {
        document: with_document.then(|| document::shown(&version.document)),
        version_id: Some(format!("v{number}")),
        is_default_version: Some(number == policy.default_version),
        create_date: Some(version.created),
    }
}

/// The default version of a policy of AWS's; earlier ones are not known.
pub fn shown_of_aws(policy: &AwsPolicy, with_document: bool) -> PolicyVersion {
    PolicyVersion {
        document: with_document.then(|| document::shown(policy.document)),
        version_id: Some(policy.version.to_owned()),
        is_default_version: Some(true),
        create_date: policy.updated(),
    }
}

/// The number of a version that is there.
fn number(policy: &ManagedPolicy, id: &str) -> Result<u32, Fault> {
    let number = id.strip_prefix('v').and_then(|digits| digits.split('.').next()?.parse().ok());
    let found = number.filter(|number| policy.versions.contains_key(number));
    let missing = || {
        NO_SUCH_ENTITY_EXCEPTION
            .because(format!("Policy {} version {id} does not exist or is not attachable.", policy.arn))
    };
    found.ok_or_else(missing)
}

pub fn create_policy_version(
    w: &mut Writer,
    input: CreatePolicyVersionRequest,
) -> Result<CreatePolicyVersionResponse, Fault> {
    document::check(&input.policy_document, Purpose::Identity)?;
    quota::managed_policy_size(&input.policy_document)?;
    let mut policy = policy::get(w.store(), w.scope(), &input.policy_arn)?;
    if policy.versions.len() >= MOST {
        let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
        return Err(LIMIT_EXCEEDED_EXCEPTION.because(message));
    }
    let number = policy.next_version;
    policy.next_version += 1;
    policy.updated = Timestamp::from_seconds(w.now.seconds());
    policy.versions.insert(number, Version { document: input.policy_document, created: policy.updated });
    if input.set_as_default == Some(true) {
        policy.default_version = number;
    }
    policy::put(w, &policy)?;
    let made = policy.versions.get(&number).map(|version| shown(&policy, number, version, false));
    Ok(CreatePolicyVersionResponse { policy_version: made })
}

pub fn get_policy_version(r: &Reader, input: GetPolicyVersionRequest) -> Result<GetPolicyVersionResponse, Fault> {
    if let Some(policy) = aws_managed::find(&input.policy_arn) {
        if input.version_id != policy.version {
            return Err(Fault::not_implemented("GetPolicyVersion of earlier versions of policies that AWS manages"));
        }
        return Ok(GetPolicyVersionResponse { policy_version: Some(shown_of_aws(&policy, true)) });
    }
    let policy = policy::get(r.store, r.scope(), &input.policy_arn)?;
    let number = number(&policy, &input.version_id)?;
    let version = policy.versions.get(&number).map(|version| shown(&policy, number, version, true));
    Ok(GetPolicyVersionResponse { policy_version: version })
}

pub fn list_policy_versions(r: &Reader, input: ListPolicyVersionsRequest) -> Result<ListPolicyVersionsResponse, Fault> {
    if let Some(policy) = aws_managed::find(&input.policy_arn) {
        let versions = Some(vec![shown_of_aws(&policy, false)]);
        return Ok(ListPolicyVersionsResponse { versions, is_truncated: Some(false), marker: None });
    }
    let policy = policy::get(r.store, r.scope(), &input.policy_arn)?;
    // The newest comes first.
    let versions =
        policy.versions.iter().rev().map(|(number, version)| shown(&policy, *number, version, false)).collect();
    let page = page(versions, input.marker.as_deref(), input.max_items)?;
    Ok(ListPolicyVersionsResponse { versions: Some(page.items), is_truncated: page.is_truncated, marker: page.marker })
}

pub fn delete_policy_version(w: &mut Writer, input: DeletePolicyVersionRequest) -> Result<Unit, Fault> {
    let mut policy = policy::get(w.store(), w.scope(), &input.policy_arn)?;
    let number = number(&policy, &input.version_id)?;
    if number == policy.default_version {
        return Err(DELETE_CONFLICT_EXCEPTION.because("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    policy::put(w, &policy)?;
    Ok(Unit)
}

pub fn set_default_policy_version(w: &mut Writer, input: SetDefaultPolicyVersionRequest) -> Result<Unit, Fault> {
    let mut policy = policy::get(w.store(), w.scope(), &input.policy_arn)?;
    policy.default_version = number(&policy, &input.version_id)?;
    policy.updated = Timestamp::from_seconds(w.now.seconds());
    policy::put(w, &policy)?;
    Ok(Unit)
}
