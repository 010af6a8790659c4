//! Domains: under which name a pool's hosted pages are found.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::faults::{invalid, unbuilt};
use crate::place::{self, Place, Sort};

pub fn create_user_pool_domain(
    w: &mut Writer,
    input: CreateUserPoolDomainRequest,
) -> Result<CreateUserPoolDomainResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_unbuilt(input.custom_domain_config.is_some(), input.routing.is_some(), input.managed_login_version)?;
    if ["aws", "amazon", "cognito"].iter().any(|word| input.domain.contains(word)) {
        return Err(invalid("Domain cannot contain reserved word: cognito, aws or amazon."));
    }
    if pool.domain.is_some() {
        return Err(invalid("User pool already has a domain configured."));
    }
    if place::find(w.store(), Sort::Domain, &input.domain)?.is_some() {
        return Err(invalid("Domain already associated with another user pool."));
    }
    let place = Place { scope: pool.scope.clone(), pool: pool.id.clone() };
    place::put(w.tx, Sort::Domain, &input.domain, &place)?;
    pool.domain = Some(input.domain);
    super::put(w.tx, &pool)?;
    Ok(CreateUserPoolDomainResponse { managed_login_version: Some(1), ..CreateUserPoolDomainResponse::default() })
}

fn refuse_unbuilt(custom: bool, routing: bool, version: Option<i32>) -> Result<(), Fault> {
    let what = match (custom, routing, version) {
        (true, _, _) => "CustomDomainConfig of user pool domains",
        (_, true, _) => "Routing of user pool domains",
        (_, _, Some(2)) => "ManagedLoginVersion 2 of user pool domains",
        _ => return Ok(()),
    };
    Err(unbuilt(what))
}

pub fn describe_user_pool_domain(
    r: &Reader,
    input: DescribeUserPoolDomainRequest,
) -> Result<DescribeUserPoolDomainResponse, Fault> {
    // A domain that nobody has is described as nothing.
    let place = place::find(r.store, Sort::Domain, &input.domain)?.filter(|place| place.scope == *r.scope());
    let description = place.map(|place| DomainDescriptionType {
        user_pool_id: Some(place.pool),
        aws_account_id: Some(place.scope.account),
        domain: Some(input.domain),
        status: Some("ACTIVE".into()),
        managed_login_version: Some(1),
        ..DomainDescriptionType::default()
    });
    Ok(DescribeUserPoolDomainResponse { domain_description: Some(description.unwrap_or_default()) })
}

pub fn update_user_pool_domain(
    w: &mut Writer,
    input: UpdateUserPoolDomainRequest,
) -> Result<UpdateUserPoolDomainResponse, Fault> {
    let pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_unbuilt(input.custom_domain_config.is_some(), input.routing.is_some(), input.managed_login_version)?;
    if pool.domain.as_deref() != Some(&input.domain) {
        return Err(invalid("No such domain or user pool exists."));
    }
    Ok(UpdateUserPoolDomainResponse { managed_login_version: Some(1), ..UpdateUserPoolDomainResponse::default() })
}

pub fn delete_user_pool_domain(
    w: &mut Writer,
    input: DeleteUserPoolDomainRequest,
) -> Result<DeleteUserPoolDomainResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    if pool.domain.as_deref() != Some(&input.domain) {
        return Err(invalid("No such domain or user pool exists."));
    }
    place::delete(w.tx, Sort::Domain, &input.domain)?;
    pool.domain = None;
    super::put(w.tx, &pool)?;
    Ok(DeleteUserPoolDomainResponse::default())
}
