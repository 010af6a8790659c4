//! Custom domain names and the base paths below them. The records are shared with HTTP APIs.

use crate::faults::{bad_request, conflict, not_found};
use crate::patch::{self, Patch};
use crate::rest_api::{self, unless_empty_map};
use crate::stage;
use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_execute_api::domain::{self, Domain, Mapping};
use kogumo_model::apigateway as model;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

/// How the API writes the empty base path.
const NONE: &str = "(none)";
/// The hosted zone of CloudFront's names, which is the same for everybody.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

/// The domain of that name, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, name: &str) -> Result<Domain, Fault> {
    domain::find(read, scope, name)?.ok_or_else(|| not_found("Invalid domain name identifier specified"))
}

pub fn create_domain_name(w: &mut Writer, input: model::CreateDomainNameRequest) -> Result<model::DomainName, Fault> {
    let unbuilt = [
        ("mutualTlsAuthentication", input.mutual_tls_authentication.is_some()),
        ("certificateBody", input.certificate_body.is_some() || input.certificate_private_key.is_some()),
        ("policy", input.policy.is_some()),
        ("routingMode", input.routing_mode.as_deref().is_some_and(|mode| mode != "BASE_PATH_MAPPING_ONLY")),
    ];
    if let Some((member, _)) = unbuilt.iter().find(|(_, given)| *given) {
        return Err(Fault::not_implemented(&format!("CreateDomainName with {member}")));
    }
    let endpoint = input.endpoint_configuration.and_then(|given| given.types).and_then(|types| types.first().cloned());
    let endpoint = endpoint.unwrap_or_else(|| "EDGE".into());
    if endpoint == "PRIVATE" {
        return Err(Fault::not_implemented("CreateDomainName of the endpoint type PRIVATE"));
    }
    let regional = endpoint == "REGIONAL";
    let (arn, name) = match regional {
        true => (input.regional_certificate_arn, input.regional_certificate_name),
        false => (input.certificate_arn, input.certificate_name),
    };
    if arn.is_none() {
        return Err(bad_request("Certificate ARN must be provided"));
    }
    let domain = Domain {
        name: checked(&input.domain_name)?,
        endpoint,
        label: new_label(),
        certificate_arn: arn,
        certificate_name: name,
        security_policy: input.security_policy.unwrap_or_else(|| "TLS_1_2".into()),
        tags: input.tags.unwrap_or_default(),
        created: w.now,
    };
    if domain::is_taken(w.tx, &domain.name)? {
        return Err(conflict("The domain name you provided already exists."));
    }
    domain::put(w, &domain)?;
    Ok(shape(domain, w.scope()))
}

/// The label of AWS's own name for a domain.
fn new_label() -> String {
    format!("d-{}", kogumo_base::random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 10))
}

/// A host name in lower case, perhaps with `*` for its first label.
fn checked(name: &str) -> Result<String, Fault> {
    let name = name.to_ascii_lowercase();
    let label = |label: &str| {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(word)
    };
    if name.starts_with("*.") {
        return Err(Fault::not_implemented("CreateDomainName with a wildcard"));
    }
    if name.split('.').count() < 2 || !name.split('.').all(label) || name.ends_with(".amazonaws.com") {
        return Err(bad_request(format!("Invalid domain name: {name}")));
    }
    Ok(name)
}

pub fn get_domain_name(r: &Reader, input: model::GetDomainNameRequest) -> Result<model::DomainName, Fault> {
    Ok(shape(load(r.store, r.scope(), &input.domain_name)?, r.scope()))
}

pub fn get_domain_names(r: &Reader, input: model::GetDomainNamesRequest) -> Result<model::DomainNames, Fault> {
    let domains = domain::all(r.store, r.scope())?.into_iter();
    let shapes = domains.map(|domain| (domain.name.clone(), shape(domain, r.scope()))).collect();
    let (items, position) = crate::page::page(shapes, input.position, input.limit)?;
    Ok(model::DomainNames { items, position })
}

pub fn update_domain_name(w: &mut Writer, input: model::UpdateDomainNameRequest) -> Result<model::DomainName, Fault> {
    let scope = w.scope().clone();
    let mut domain = load(w.tx, &scope, &input.domain_name)?;
    for patch in patch::read(input.patch_operations)? {
        match patch.parts().as_slice() {
            ["certificateArn" | "regionalCertificateArn"] => domain.certificate_arn = Some(patch.text()?),
            ["certificateName" | "regionalCertificateName"] => domain.certificate_name = patch.optional(),
            ["securityPolicy"] => domain.security_policy = patch.text()?,
            ["endpointConfiguration", "types", ..] => domain.endpoint = endpoint(&patch)?,
            _ => return Err(patch.refused()),
        }
    }
    domain::put(w, &domain)?;
    Ok(shape(domain, &scope))
}

fn endpoint(patch: &Patch) -> Result<String, Fault> {
    let kind = patch.text()?;
    if ["EDGE", "REGIONAL"].contains(&kind.as_str()) { Ok(kind) } else { Err(patch.refused()) }
}

pub fn delete_domain_name(w: &mut Writer, input: model::DeleteDomainNameRequest) -> Result<Unit, Fault> {
    let name = load(w.tx, &w.caller.scope, &input.domain_name)?.name;
    domain::delete(w, &name)?;
    Ok(Unit)
}

/// Changes a domain's tags.
pub fn retag(w: &mut Writer, name: &str, change: impl FnOnce(&mut crate::definition::Strings)) -> Result<(), Fault> {
    let mut domain = load(w.tx, &w.caller.scope, name)?;
    change(&mut domain.tags);
    Ok(domain::put(w, &domain)?)
}

fn shape(domain: Domain, scope: &Scope) -> model::DomainName {
    let regional = domain.endpoint == "REGIONAL";
    let own = |value: &Option<String>, is: bool| value.clone().filter(|_| is);
    let edge_name = format!("{}.cloudfront.net", domain.label.trim_start_matches("d-"));
    model::DomainName {
        domain_name_arn: Some(format!("arn:aws:apigateway:{}::/domainnames/{}", scope.region, domain.name)),
        domain_name: Some(domain.name),
        certificate_arn: own(&domain.certificate_arn, !regional),
        certificate_name: own(&domain.certificate_name, !regional),
        certificate_upload_date: (!regional).then_some(domain.created),
        regional_certificate_arn: own(&domain.certificate_arn, regional),
        regional_certificate_name: own(&domain.certificate_name, regional),
        regional_domain_name: regional.then(|| format!("{}.execute-api.{}.amazonaws.com", domain.label, scope.region)),
        regional_hosted_zone_id: regional.then(|| domain::hosted_zone(&scope.region)),
        distribution_domain_name: (!regional).then_some(edge_name),
        distribution_hosted_zone_id: (!regional).then(|| CLOUDFRONT_ZONE.to_owned()),
        endpoint_configuration: Some(model::EndpointConfiguration {
            types: Some(vec![domain.endpoint]),
            ip_address_type: Some("ipv4".into()),
            ..Default::default()
        }),
        domain_name_status: Some("AVAILABLE".into()),
        security_policy: Some(domain.security_policy),
        routing_mode: Some("BASE_PATH_MAPPING_ONLY".into()),
        tags: unless_empty_map(domain.tags),
        ..Default::default()
    }
}

fn find(read: &dyn Read, scope: &Scope, name: &str, base_path: &str) -> Result<(Domain, Mapping), Fault> {
    let domain = load(read, scope, name)?;
    let path = if base_path == NONE { "" } else { base_path };
    let found = domain::mappings(read, scope, &domain.name)?.into_iter().find(|mapping| mapping.path == path);
    let missing = || not_found("Invalid base path mapping identifier specified");
    Ok((domain, found.ok_or_else(missing)?))
}

/// One segment or none; the API that it leads to, and its stage if one is said.
fn check(w: &Writer, domain: &Domain, mapping: &Mapping) -> Result<(), Fault> {
    let scope = w.scope();
    let word = |c: char| c.is_ascii_alphanumeric() || "$-_.+!*'()".contains(c);
    if !mapping.path.chars().all(word) {
        return Err(bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
        ));
    }
    rest_api::load(w.tx, scope, &mapping.api_id)?;
    if !mapping.stage.is_empty() {
        stage::load(w.tx, scope, &mapping.api_id, &mapping.stage)
            .map_err(|_| bad_request("Invalid stage identifier specified"))?;
    }
    let mappings = domain::mappings(w.tx, scope, &domain.name)?;
    if mappings.iter().any(|known| known.path == mapping.path && known.id != mapping.id) {
        return Err(conflict("Base path already exists for this domain name"));
    }
    Ok(())
}

pub fn create_base_path_mapping(
    w: &mut Writer,
    input: model::CreateBasePathMappingRequest,
) -> Result<model::BasePathMapping, Fault> {
    let domain = load(w.tx, &w.caller.scope, &input.domain_name)?;
    let mapping = Mapping {
        id: rest_api::new_id(),
        path: input.base_path.filter(|path| path != NONE).unwrap_or_default(),
        api_id: input.rest_api_id,
        stage: input.stage.unwrap_or_default(),
    };
    check(w, &domain, &mapping)?;
    domain::map(w, &domain.name, &mapping)?;
    Ok(shown(mapping))
}

pub fn get_base_path_mapping(
    r: &Reader,
    input: model::GetBasePathMappingRequest,
) -> Result<model::BasePathMapping, Fault> {
    Ok(shown(find(r.store, r.scope(), &input.domain_name, &input.base_path)?.1))
}

pub fn get_base_path_mappings(
    r: &Reader,
    input: model::GetBasePathMappingsRequest,
) -> Result<model::BasePathMappings, Fault> {
    let domain = load(r.store, r.scope(), &input.domain_name)?;
    let mut mappings = domain::mappings(r.store, r.scope(), &domain.name)?;
    mappings.sort_by(|one, other| one.path.cmp(&other.path));
    let shapes = mappings.into_iter().map(|mapping| (mapping.path.clone(), shown(mapping))).collect();
    let (items, position) = crate::page::page(shapes, input.position, input.limit)?;
    Ok(model::BasePathMappings { items, position })
}

pub fn update_base_path_mapping(
    w: &mut Writer,
    input: model::UpdateBasePathMappingRequest,
) -> Result<model::BasePathMapping, Fault> {
    let (domain, mut mapping) = find(w.tx, &w.caller.scope, &input.domain_name, &input.base_path)?;
    for patch in patch::read(input.patch_operations)? {
        match patch.parts().as_slice() {
            ["basePath"] => mapping.path = patch.optional().filter(|path| path != NONE).unwrap_or_default(),
            ["restapiId" | "restApiId"] => mapping.api_id = patch.text()?,
            ["stage"] => mapping.stage = patch.optional().unwrap_or_default(),
            _ => return Err(patch.refused()),
        }
    }
    check(w, &domain, &mapping)?;
    domain::map(w, &domain.name, &mapping)?;
    Ok(shown(mapping))
}

pub fn delete_base_path_mapping(w: &mut Writer, input: model::DeleteBasePathMappingRequest) -> Result<Unit, Fault> {
    let (domain, mapping) = find(w.tx, &w.caller.scope, &input.domain_name, &input.base_path)?;
    domain::unmap(w, &domain.name, &mapping.id)?;
    Ok(Unit)
}

fn shown(mapping: Mapping) -> model::BasePathMapping {
    let path = if mapping.path.is_empty() { NONE.to_owned() } else { mapping.path };
    model::BasePathMapping {
        base_path: Some(path),
        rest_api_id: Some(mapping.api_id),
        stage: Some(mapping.stage).filter(|stage| !stage.is_empty()),
    }
}
