//! Domains: under which name a pool's hosted pages are found. A pool may have one below Amazon's, and one of the customer's
//! own, for which this cloud's authority vouches.

use kogumo_base::random_from;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{CustomDomain, Pool};
use crate::document;
use crate::faults::{invalid, unbuilt};
use crate::place::{self, Place, Sort};

pub fn create_user_pool_domain(
    w: &mut Writer,
    input: CreateUserPoolDomainRequest,
) -> Result<CreateUserPoolDomainResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_routing(input.routing.is_some())?;
    let version = version(&pool, input.managed_login_version)?;
    let name = input.domain;
    let has = if input.custom_domain_config.is_some() { pool.custom_domain.is_some() } else { pool.domain.is_some() };
    if has {
        return Err(invalid("User pool already has a domain configured."));
    }
    if place::find(w.store(), Sort::Domain, &name)?.is_some() {
        return Err(invalid("Domain already associated with another user pool."));
    }
    let place = Place { scope: pool.scope.clone(), pool: pool.id.clone() };
    let cloud_front_domain = match input.custom_domain_config {
        None => {
            check_prefix(&name)?;
            pool.domain = Some(name.clone());
            pool.login_version = version;
            None
        }
        Some(config) => {
            check_name(&name)?;
            let distribution = format!("d{}.cloudfront.net", random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 13));
            let config = document::of(&config);
            pool.custom_domain = Some(CustomDomain {
                name: name.clone(),
                config,
                distribution: distribution.clone(),
                login_version: version,
            });
            Some(distribution)
        }
    };
    place::put(w.tx, Sort::Domain, &name, &place)?;
    super::put(w.tx, &pool)?;
    Ok(CreateUserPoolDomainResponse {
        managed_login_version: Some(shown_version(version)),
        cloud_front_domain,
        ..CreateUserPoolDomainResponse::default()
    })
}

fn check_prefix(name: &str) -> Result<(), Fault> {
    if ["aws", "amazon", "cognito"].iter().any(|word| name.contains(word)) {
        return Err(invalid("Domain cannot contain reserved word: cognito, aws or amazon."));
    }
    if name.contains('.') {
        return Err(invalid(
            "Invalid domain prefix: it cannot contain a dot. A custom domain needs a CustomDomainConfig.",
        ));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Fault> {
    let labels: Vec<&str> = name.split('.').collect();
    let own = labels.len() > 1 && labels.iter().all(|label| !label.is_empty());
    let amazons = [".amazoncognito.com", ".amazonaws.com", ".cloudfront.net"].iter().any(|end| name.ends_with(end));
    if own && !amazons { Ok(()) } else { Err(invalid("Custom domain is not a valid subdomain.")) }
}

fn refuse_routing(routing: bool) -> Result<(), Fault> {
    if routing { Err(unbuilt("Routing of user pool domains")) } else { Ok(()) }
}

/// Which pages a domain has: the classic ones (1), or managed login's (2), whose look is a client's style.
fn version(pool: &Pool, given: Option<i32>) -> Result<u8, Fault> {
    match given {
        None | Some(1) => Ok(1),
        Some(2) => pool.refuse_lite("Managed login").map(|()| 2),
        Some(_) => Err(invalid("ManagedLoginVersion must be 1 or 2.")),
    }
}

/// Domains of before have no version.
fn shown_version(version: u8) -> i32 {
    i32::from(version.max(1))
}

/// The pool's custom domain, if the name is that.
fn custom<'p>(pool: &'p mut Pool, name: &str) -> Option<&'p mut CustomDomain> {
    pool.custom_domain.as_mut().filter(|domain| domain.name == name)
}

fn missing() -> Fault {
    invalid("No such domain or user pool exists.")
}

pub fn describe_user_pool_domain(
    r: &Reader,
    input: DescribeUserPoolDomainRequest,
) -> Result<DescribeUserPoolDomainResponse, Fault> {
    // A domain that nobody has is described as nothing.
    let place = place::find(r.store, Sort::Domain, &input.domain)?.filter(|place| place.scope == *r.scope());
    let Some(place) = place else {
        let nothing = DomainDescriptionType::default();
        return Ok(DescribeUserPoolDomainResponse { domain_description: Some(nothing) });
    };
    let mut pool = super::get(r.store, r.scope(), &place.pool)?;
    let prefix_version = pool.login_version;
    let own = custom(&mut pool, &input.domain);
    let version = own.as_ref().map_or(prefix_version, |domain| domain.login_version);
    let config = own.as_ref().map(|domain| document::into(domain.config.clone())).transpose()?;
    let description = DomainDescriptionType {
        user_pool_id: Some(place.pool),
        aws_account_id: Some(place.scope.account),
        cloud_front_distribution: own.map(|domain| domain.distribution.clone()),
        custom_domain_config: config,
        domain: Some(input.domain),
        status: Some("ACTIVE".into()),
        managed_login_version: Some(shown_version(version)),
        ..DomainDescriptionType::default()
    };
    Ok(DescribeUserPoolDomainResponse { domain_description: Some(description) })
}

pub fn update_user_pool_domain(
    w: &mut Writer,
    input: UpdateUserPoolDomainRequest,
) -> Result<UpdateUserPoolDomainResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_routing(input.routing.is_some())?;
    let wanted = version(&pool, input.managed_login_version)?;
    let is_prefix = pool.domain.as_deref() == Some(&input.domain);
    let distribution = match (custom(&mut pool, &input.domain), input.custom_domain_config) {
        (Some(domain), Some(config)) => {
            domain.config = document::of(&config);
            domain.login_version = wanted;
            Some(domain.distribution.clone())
        }
        (Some(domain), None) => {
            domain.login_version = wanted;
            Some(domain.distribution.clone())
        }
        (None, None) if is_prefix => {
            pool.login_version = wanted;
            None
        }
        (None, _) => return Err(missing()),
    };
    super::put(w.tx, &pool)?;
    Ok(UpdateUserPoolDomainResponse {
        managed_login_version: Some(shown_version(wanted)),
        cloud_front_domain: distribution,
        ..UpdateUserPoolDomainResponse::default()
    })
}

pub fn delete_user_pool_domain(
    w: &mut Writer,
    input: DeleteUserPoolDomainRequest,
) -> Result<DeleteUserPoolDomainResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    let is_prefix = pool.domain.as_deref() == Some(&input.domain);
    match custom(&mut pool, &input.domain) {
        Some(_) => pool.custom_domain = None,
        None if is_prefix => pool.domain = None,
        None => return Err(missing()),
    }
    place::delete(w.tx, Sort::Domain, &input.domain)?;
    super::put(w.tx, &pool)?;
    Ok(DeleteUserPoolDomainResponse::default())
}
