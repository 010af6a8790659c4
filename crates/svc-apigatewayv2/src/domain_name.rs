//! Custom domain names and API mappings. The records are shared with REST APIs.

use crate::alike::alike;
use crate::definition::Strings;
use crate::faults::{bad_request, conflict, unknown};
use crate::{api, stage};
use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_execute_api::address::is_rest;
use kogumo_execute_api::domain::{self, Domain, Mapping};
use kogumo_model::apigatewayv2 as model;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

/// The domain of that name, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, name: &str) -> Result<Domain, Fault> {
    domain::find(read, scope, name)?.ok_or_else(|| unknown("domain name", name))
}

fn refuse_unbuilt(mutual_tls: bool, routing: Option<&str>) -> Result<(), Fault> {
    if mutual_tls {
        return Err(Fault::not_implemented("MutualTlsAuthentication of a domain name"));
    }
    match routing {
        None | Some("API_MAPPING_ONLY") => Ok(()),
        Some(mode) => Err(Fault::not_implemented(&format!("RoutingMode {mode} of a domain name"))),
    }
}

pub fn create_domain_name(
    w: &mut Writer,
    input: model::CreateDomainNameRequest,
) -> Result<model::CreateDomainNameResponse, Fault> {
    refuse_unbuilt(input.mutual_tls_authentication.is_some(), input.routing_mode.as_deref())?;
    let given = first(input.domain_name_configurations)?;
    let name = input.domain_name.to_ascii_lowercase();
    if name.starts_with("*.") {
        return Err(Fault::not_implemented("CreateDomainName with a wildcard"));
    }
    if !name.contains('.') || name.contains(['/', ' ', ':']) || name.ends_with(".amazonaws.com") {
        return Err(bad_request(format!("Invalid domain name: {name}")));
    }
    if given.certificate_arn.is_none() {
        return Err(bad_request("Certificate ARN must be provided"));
    }
    if domain::is_taken(w.tx, &name)? {
        return Err(conflict("The domain name you provided already exists."));
    }
    let domain = Domain {
        name,
        endpoint: "REGIONAL".into(),
        label: format!("d-{}", kogumo_base::random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 10)),
        certificate_arn: given.certificate_arn,
        certificate_name: given.certificate_name,
        security_policy: given.security_policy.unwrap_or_else(|| "TLS_1_2".into()),
        tags: input.tags.unwrap_or_default(),
        created: w.now,
    };
    domain::put(w, &domain)?;
    alike(&shape(domain, w.scope()))
}

/// The one configuration that a domain has: regional, as all of HTTP APIs are.
fn first(given: Option<Vec<model::DomainNameConfiguration>>) -> Result<model::DomainNameConfiguration, Fault> {
    let given = given.and_then(|given| given.into_iter().next());
    let given = given.ok_or_else(|| bad_request("DomainNameConfigurations must be provided"))?;
    match given.endpoint_type.as_deref() {
        None | Some("REGIONAL") => Ok(given),
        Some(_) => Err(bad_request("Only REGIONAL EndpointType is supported for this domain name")),
    }
}

pub fn get_domain_name(r: &Reader, input: model::GetDomainNameRequest) -> Result<model::GetDomainNameResponse, Fault> {
    alike(&shape(load(r.store, r.scope(), &input.domain_name)?, r.scope()))
}

pub fn get_domain_names(
    r: &Reader,
    input: model::GetDomainNamesRequest,
) -> Result<model::GetDomainNamesResponse, Fault> {
    let domains = domain::all(r.store, r.scope())?.into_iter();
    let shapes = domains.map(|domain| (domain.name.clone(), shape(domain, r.scope()))).collect();
    let (items, next_token) = crate::page::page(shapes, input.next_token, input.max_results)?;
    Ok(model::GetDomainNamesResponse { items, next_token })
}

pub fn update_domain_name(
    w: &mut Writer,
    input: model::UpdateDomainNameRequest,
) -> Result<model::UpdateDomainNameResponse, Fault> {
    refuse_unbuilt(input.mutual_tls_authentication.is_some(), input.routing_mode.as_deref())?;
    let scope = w.scope().clone();
    let mut domain = load(w.tx, &scope, &input.domain_name)?;
    if input.domain_name_configurations.is_some() {
        let given = first(input.domain_name_configurations)?;
        domain.certificate_arn = given.certificate_arn.or(domain.certificate_arn);
        domain.certificate_name = given.certificate_name.or(domain.certificate_name);
        domain.security_policy = given.security_policy.unwrap_or(domain.security_policy);
        domain.endpoint = "REGIONAL".into();
    }
    domain::put(w, &domain)?;
    alike(&shape(domain, &scope))
}

pub fn delete_domain_name(w: &mut Writer, input: model::DeleteDomainNameRequest) -> Result<Unit, Fault> {
    let name = load(w.tx, &w.caller.scope, &input.domain_name)?.name;
    domain::delete(w, &name)?;
    Ok(Unit)
}

/// Changes a domain's tags.
pub fn retag(w: &mut Writer, name: &str, change: impl FnOnce(&mut Strings)) -> Result<(), Fault> {
    let mut domain = load(w.tx, &w.caller.scope, name)?;
    change(&mut domain.tags);
    Ok(domain::put(w, &domain)?)
}

fn shape(domain: Domain, scope: &Scope) -> model::DomainName {
    let configuration = model::DomainNameConfiguration {
        api_gateway_domain_name: Some(format!("{}.execute-api.{}.amazonaws.com", domain.label, scope.region)),
        certificate_arn: domain.certificate_arn,
        certificate_name: domain.certificate_name,
        domain_name_status: Some("AVAILABLE".into()),
        endpoint_type: Some(domain.endpoint),
        hosted_zone_id: Some(domain::hosted_zone(&scope.region)),
        ip_address_type: Some("ipv4".into()),
        security_policy: Some(domain.security_policy),
        ..Default::default()
    };
    model::DomainName {
        api_mapping_selection_expression: Some("$request.basepath".into()),
        domain_name_arn: Some(format!("arn:aws:apigateway:{}::/domainnames/{}", scope.region, domain.name)),
        domain_name: domain.name,
        domain_name_configurations: Some(vec![configuration]),
        routing_mode: Some("API_MAPPING_ONLY".into()),
        tags: Some(domain.tags),
        ..Default::default()
    }
}

fn find(read: &dyn Read, scope: &Scope, domain: &Domain, id: &str) -> Result<Mapping, Fault> {
    let mappings = domain::mappings(read, scope, &domain.name)?;
    mappings.into_iter().find(|mapping| mapping.id == id).ok_or_else(|| unknown("ApiMapping", id))
}

/// Keys may have several segments. Stages of HTTP APIs must be there; REST APIs are another service's to know.
fn check(w: &Writer, domain: &Domain, mapping: &Mapping) -> Result<(), Fault> {
    let scope = w.scope();
    let segment = |segment: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || "$-_.+!*'()".contains(c);
        !segment.is_empty() && segment.chars().all(word)
    };
    if !mapping.path.is_empty() && !mapping.path.split('/').all(segment) {
        return Err(bad_request("API mapping key should not start with or end in a '/' and not contain '//'"));
    }
    if !is_rest(&mapping.api_id) {
        api::load(w.tx, scope, &mapping.api_id)?;
        stage::load(w.tx, scope, &mapping.api_id, &mapping.stage)?;
    }
    let mappings = domain::mappings(w.tx, scope, &domain.name)?;
    if mappings.iter().any(|known| known.path == mapping.path && known.id != mapping.id) {
        return Err(conflict("ApiMapping key already exists for this domain name"));
    }
    Ok(())
}

pub fn create_api_mapping(
    w: &mut Writer,
    input: model::CreateApiMappingRequest,
) -> Result<model::CreateApiMappingResponse, Fault> {
    let domain = load(w.tx, &w.caller.scope, &input.domain_name)?;
    let mapping = Mapping {
        id: kogumo_base::random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 6),
        path: input.api_mapping_key.filter(|key| key != "(none)").unwrap_or_default(),
        api_id: input.api_id,
        stage: input.stage,
    };
    check(w, &domain, &mapping)?;
    domain::map(w, &domain.name, &mapping)?;
    alike(&shown(mapping))
}

pub fn get_api_mapping(r: &Reader, input: model::GetApiMappingRequest) -> Result<model::GetApiMappingResponse, Fault> {
    let domain = load(r.store, r.scope(), &input.domain_name)?;
    alike(&shown(find(r.store, r.scope(), &domain, &input.api_mapping_id)?))
}

pub fn get_api_mappings(
    r: &Reader,
    input: model::GetApiMappingsRequest,
) -> Result<model::GetApiMappingsResponse, Fault> {
    let domain = load(r.store, r.scope(), &input.domain_name)?;
    let mappings = domain::mappings(r.store, r.scope(), &domain.name)?.into_iter();
    let shapes = mappings.map(|mapping| (mapping.id.clone(), shown(mapping))).collect();
    let (items, next_token) = crate::page::page(shapes, input.next_token, input.max_results)?;
    Ok(model::GetApiMappingsResponse { items, next_token })
}

pub fn update_api_mapping(
    w: &mut Writer,
    input: model::UpdateApiMappingRequest,
) -> Result<model::UpdateApiMappingResponse, Fault> {
    let scope = w.scope().clone();
    let domain = load(w.tx, &scope, &input.domain_name)?;
    let old = find(w.tx, &scope, &domain, &input.api_mapping_id)?;
    let mapping = Mapping {
        id: old.id,
        path: input.api_mapping_key.map_or(old.path, |key| if key == "(none)" { String::new() } else { key }),
        api_id: input.api_id,
        stage: input.stage.unwrap_or(old.stage),
    };
    check(w, &domain, &mapping)?;
    domain::map(w, &domain.name, &mapping)?;
    alike(&shown(mapping))
}

pub fn delete_api_mapping(w: &mut Writer, input: model::DeleteApiMappingRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let domain = load(w.tx, &scope, &input.domain_name)?;
    let mapping = find(w.tx, &scope, &domain, &input.api_mapping_id)?;
    domain::unmap(w, &domain.name, &mapping.id)?;
    Ok(Unit)
}

fn shown(mapping: Mapping) -> model::ApiMapping {
    model::ApiMapping {
        api_id: mapping.api_id,
        api_mapping_id: Some(mapping.id),
        api_mapping_key: Some(mapping.path),
        stage: mapping.stage,
    }
}
