//! ListGrants and ListRetirableGrants.

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::kms::{
    GrantConstraints, GrantListEntry, ListGrantsRequest, ListGrantsResponse, ListRetirableGrantsRequest,
};
use kogumo_store::{Key as RowKey, Range};
use kogumo_wire::Fault;

use super::record::{GRANTS, Grant, Party};
use crate::key;
use crate::page::Page;
use crate::target::{self, Aliases};

pub fn list_grants(r: &Reader, input: ListGrantsRequest) -> Result<ListGrantsResponse, Fault> {
    let target = target::read(r, &input.key_id, Aliases::Refused)?;
    let grantee = Party::of(input.grantee_principal, input.grantee_service_principal);
    let wanted = |grant: &Grant| {
        input.grant_id.as_ref().is_none_or(|id| *id == grant.id)
            && grantee.as_ref().is_none_or(|grantee| *grantee == grant.grantee)
    };
    let range = Range::prefix(RowKey::new().str(&target.key.id));
    list(r, &target.scope, range, (input.limit, input.marker.as_deref()), wanted)
}

/// The grants that a principal may retire, whoever calls.
pub fn list_retirable_grants(r: &Reader, input: ListRetirableGrantsRequest) -> Result<ListGrantsResponse, Fault> {
    let retiring = Party::of(input.retiring_principal, input.retiring_service_principal)
        .ok_or_else(|| Fault::validation("Specify either RetiringPrincipal or RetiringServicePrincipal."))?;
    let wanted = |grant: &Grant| grant.retiring.as_ref() == Some(&retiring);
    list(r, r.scope(), Range::all(), (input.limit, input.marker.as_deref()), wanted)
}

fn list(
    r: &Reader,
    scope: &Scope,
    range: Range,
    (limit, marker): (Option<i32>, Option<&str>),
    wanted: impl Fn(&Grant) -> bool,
) -> Result<ListGrantsResponse, Fault> {
    let mut page = Page::new(limit, 50, 100, marker)?;
    for row in GRANTS.scan(r.store, scope, &page.within(range)) {
        let (place, grant) = row?;
        let key = place.reader().str().unwrap_or_default();
        if wanted(&grant) && !page.push(place, entry(scope, &key, grant)) {
            break;
        }
    }
    let (grants, next_marker, truncated) = page.finish();
    Ok(ListGrantsResponse { grants: Some(grants), next_marker, truncated: Some(truncated) })
}

fn entry(scope: &Scope, key: &str, grant: Grant) -> GrantListEntry {
    let bound = grant.equals.is_some() || grant.subset.is_some() || grant.source_arn.is_some();
    GrantListEntry {
        key_id: Some(key::arn(scope, key)),
        grant_id: Some(grant.id),
        // A grant without a name has an empty one.
        name: Some(grant.name.unwrap_or_default()),
        creation_date: Some(grant.created),
        grantee_principal: grant.grantee.principal(),
        grantee_service_principal: grant.grantee.service(),
        retiring_principal: grant.retiring.as_ref().and_then(Party::principal),
        retiring_service_principal: grant.retiring.as_ref().and_then(Party::service),
        issuing_account: Some(format!("arn:aws:iam::{}:root", grant.issuing_account)),
        operations: Some(grant.operations),
        constraints: bound.then_some(GrantConstraints {
            encryption_context_equals: grant.equals,
            encryption_context_subset: grant.subset,
            source_arn: grant.source_arn,
        }),
    }
}
