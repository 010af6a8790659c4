//! Custom domains of a REST API, public or private, with their records in Route 53.

use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::{get_att, reference};
use crate::logical_id;
use crate::python2;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, list, text};

/// What a custom domain consists of.
#[derive(Default)]
pub(crate) struct Domain {
    pub(crate) resources: Vec<Resource>,
    /// The association with a VPC endpoint.
    pub(crate) access: Option<Resource>,
}

const ENDPOINTS: [&str; 3] = ["EDGE", "REGIONAL", "PRIVATE"];
/// The hosted zone of all CloudFront distributions.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

/// The domain of an API, if it has one. What SAM makes up is noted in the property: it is part of
/// the deployment's hash.
pub(crate) fn resources(api: &mut Instance, translation: &mut Translation) -> Result<Domain> {
    let Some(config) = api.get("Domain").cloned() else { return Ok(Domain::default()) };
    let mut config = Owner::Resource(&api.id).map("Domain", Some(&config))?.clone();
    let made = match config.str("EndpointConfiguration") {
        Some("PRIVATE") => private(api, &mut config, translation),
        _ => public(api, &mut config, translation),
    };
    api.properties.insert("Domain", config);
    made
}

fn public(api: &Instance, config: &mut Map, translation: &mut Translation) -> Result<Domain> {
    let (name, certificate) = names(api, config)?;
    let id = logical_id::of("ApiGatewayDomainName", &name);
    config.insert("ApiDomainName", id.as_str());
    let endpoint = match config.get("EndpointConfiguration") {
        None => text("REGIONAL"),
        Some(endpoint) if endpoint.as_str().is_some_and(|endpoint| ENDPOINTS.contains(&endpoint)) => endpoint.clone(),
        Some(_) => return Err(wrong_endpoint(api)),
    };
    config.insert("EndpointConfiguration", endpoint.clone());
    let property = if endpoint.is("REGIONAL") { "RegionalCertificateArn" } else { "CertificateArn" };
    let mut domain = Resource::new("AWS::ApiGateway::DomainName", id.as_str(), &api.passed_on())?
        .with("DomainName", name)
        .with(property, certificate)
        .with("EndpointConfiguration", endpoint_configuration(&endpoint, config));
    set_mutual_tls(&mut domain, api, config)?;
    set_options(&mut domain, config, &["SecurityPolicy", "EndpointAccessMode", "OwnershipVerificationCertificateArn"])?;
    let mut resources = vec![domain];
    for (mapping_id, base_path) in base_paths(api, config)? {
        let mapping = Resource::new("AWS::ApiGateway::BasePathMapping", mapping_id, &api.passed_on())?;
        resources.push(map_to(mapping, api, "DomainName", &id, base_path));
    }
    resources.extend(record_set_group(api, config, &text(&id), translation)?);
    Ok(Domain { resources, access: None })
}

fn private(api: &Instance, config: &mut Map, translation: &mut Translation) -> Result<Domain> {
    let (name, certificate) = names(api, config)?;
    let id = logical_id::of("ApiGatewayDomainNameV2", &name);
    let mut domain = Resource::new("AWS::ApiGateway::DomainNameV2", id.as_str(), &api.passed_on())?
        .with("DomainName", name.clone())
        .with("CertificateArn", certificate)
        .with("EndpointConfiguration", endpoint_configuration(&text("PRIVATE"), config));
    set_options(&mut domain, config, &["SecurityPolicy", "EndpointAccessMode", "Policy"])?;
    let mut resources = vec![domain];
    for (mapping_id, base_path) in base_paths(api, config)? {
        let mapping = Resource::new("AWS::ApiGateway::BasePathMappingV2", mapping_id, &api.passed_on())?;
        resources.push(map_to(mapping, api, "DomainNameArn", &id, base_path));
    }
    let access = config.get("AccessAssociation").map(|association| {
        let endpoint = association.get("VpcEndpointId").cloned().unwrap_or(Value::Null);
        let access_id = logical_id::of("DomainNameAccessAssociation", &list([endpoint.clone(), text(&id)]));
        Ok(Resource::new("AWS::ApiGateway::DomainNameAccessAssociation", access_id, &api.passed_on())?
            .with("DomainNameArn", reference(&id))
            .with("AccessAssociationSourceType", "VPCE")
            .with("AccessAssociationSource", endpoint))
    });
    let access = access.transpose()?;
    resources.extend(record_set_group(api, config, &name, translation)?);
    Ok(Domain { resources, access })
}

fn names(api: &Instance, config: &Map) -> Result<(Value, Value)> {
    let owner = Owner::Resource(&api.id);
    let name = owner.some("Domain.DomainName", config.get("DomainName"))?;
    let certificate = owner.some("Domain.CertificateArn", config.get("CertificateArn"))?;
    Ok((name.clone(), certificate.clone()))
}

fn wrong_endpoint(api: &Instance) -> crate::error::Error {
    api.error("EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].")
}

fn endpoint_configuration(endpoint: &Value, config: &Map) -> Map {
    let mut configuration = Map::new();
    configuration.insert("Types", list([endpoint.clone()]));
    configuration.insert_some("IpAddressType", config.get("IpAddressType").filter(|kind| kind.truthy()).cloned());
    configuration
}

/// Sets what a kind of domain knows; the other kind's options are mistakes.
fn set_options(domain: &mut Resource, config: &Map, names: &[&str]) -> Result<()> {
    for name in ["SecurityPolicy", "EndpointAccessMode", "Policy", "OwnershipVerificationCertificateArn"] {
        let Some(value) = config.get(name).filter(|value| value.truthy()) else { continue };
        if !names.contains(&name) {
            let message = format!("property {name} not defined for resource of type {}", domain.kind);
            return Err(Owner::Resource(&domain.id).error(message));
        }
        domain.set(name, value.clone());
    }
    Ok(())
}

fn set_mutual_tls(domain: &mut Resource, api: &Instance, config: &Map) -> Result<()> {
    let Some(given) = config.get("MutualTlsAuthentication").filter(|given| given.truthy()) else { return Ok(()) };
    let given = Owner::Resource(&api.id).map("Domain.MutualTlsAuthentication", Some(given))?;
    let known = ["TruststoreUri", "TruststoreVersion"];
    if !given.keys().iter().all(|key| known.contains(&&**key)) {
        let message = "Available Domain.MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].";
        return Err(api.error(message));
    }
    let some = |name: &&str| Some(((*name).into(), given.get(name).filter(|value| value.truthy())?.clone()));
    domain.set("MutualTlsAuthentication", known.iter().filter_map(some).collect::<Map>());
    Ok(())
}

/// Logical ids and base paths of the mappings; one without a path if there is none.
fn base_paths(api: &Instance, config: &Map) -> Result<Vec<(String, Option<Value>)>> {
    let paths = match config.get("BasePath").filter(|paths| paths.truthy()) {
        Some(Value::Text(path)) => list([path.clone().into()]),
        Some(Value::List(paths)) => paths.clone().into(),
        _ => return Ok(vec![(format!("{}BasePathMapping", api.id), None)]),
    };
    let normalize = config.get("NormalizeBasePath").map_or(!config.contains("NormalizeBasePath"), Value::truthy);
    let paths =
        Owner::Resource(&api.id).texts("Domain.BasePath", Some(&paths))?.into_iter().cloned().collect::<Vec<_>>();
    Ok(paths
        .into_iter()
        .map(|path| {
            let letters: String = path.chars().filter(|c| c.is_alphanumeric()).collect();
            let id = format!("{}{letters}BasePathMapping", api.id);
            (id, Some(if normalize { text(letters) } else { path.into() }))
        })
        .collect())
}

fn map_to(mapping: Resource, api: &Instance, property: &str, domain: &str, base_path: Option<Value>) -> Resource {
    mapping
        .with(property, reference(domain))
        .with("RestApiId", reference(&api.id))
        .with("Stage", reference(&format!("{}.Stage", api.id)))
        .with_some("BasePath", base_path)
}

/// The records of the domain, in a group for their hosted zone or in one of their own.
fn record_set_group(
    api: &Instance,
    config: &mut Map,
    domain: &Value,
    translation: &mut Translation,
) -> Result<Option<Resource>> {
    let Some(route53) = config.get("Route53").cloned() else { return Ok(None) };
    let owner = Owner::Resource(&api.id);
    let mut route53 = owner.map("Domain.Route53", Some(&route53))?.clone();
    if route53.get("HostedZoneId").is_none() && route53.get("HostedZoneName").is_none() {
        let message = "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.";
        return Err(api.error(message));
    }
    let some = |route53: &Map, name: &str| route53.get(name).filter(|value| value.truthy()).cloned();
    let zone_id = some(&route53, "HostedZoneId");
    let zone = zone_id.clone().or_else(|| route53.get("HostedZoneName").cloned()).unwrap_or(Value::Null);
    let separate = some(&route53, "SeparateRecordSetGroup");
    if separate.is_some() {
        owner.bool("Domain.Route53.SeparateRecordSetGroup", separate.as_ref())?;
        let name = config.get("DomainName").cloned().unwrap_or(Value::Null);
        let id = logical_id::of("RecordSetGroup", &list([zone, name]));
        let group = Resource::new("AWS::Route53::RecordSetGroup", id, &api.passed_on())?
            .with_some("HostedZoneId", zone_id)
            .with_some("HostedZoneName", some(&route53, "HostedZoneName"));
        let records = record_sets(config, domain, &mut route53);
        config.insert("Route53", route53);
        return Ok(Some(group.with("RecordSets", records)));
    }
    let id = logical_id::of("RecordSetGroup", &zone);
    let mut group = match translation.record_set_groups.get(&id) {
        Some(group) => group.clone(),
        None => Resource::new("AWS::Route53::RecordSetGroup", id.as_str(), &api.passed_on())?
            .with_same(&["HostedZoneId", "HostedZoneName"], &route53)
            .with("RecordSets", Vec::new()),
    };
    let records = record_sets(config, domain, &mut route53);
    if let Some(all) = group.properties.get_mut("RecordSets").and_then(Value::as_list_mut) {
        all.extend(records);
    }
    config.insert("Route53", route53);
    translation.record_set_groups.insert(id, group.clone());
    Ok(Some(group))
}

fn record_sets(config: &Map, domain: &Value, route53: &mut Map) -> Vec<Value> {
    let target = alias_target(config, domain, route53);
    let mut kinds = vec!["A"];
    if route53.get("IpV6").and_then(Value::as_bool) == Some(true) {
        kinds.push("AAAA");
    }
    let record = |kind: &str| {
        let mut record = Map::new();
        record.insert("Name", config.get("DomainName").cloned().unwrap_or(Value::Null));
        record.insert("Type", kind);
        record.insert("AliasTarget", target.clone());
        record.insert_some("Region", route53.get("Region").cloned());
        record.insert_some("SetIdentifier", route53.get("SetIdentifier").cloned());
        record.into()
    };
    kinds.into_iter().map(record).collect()
}

fn alias_target(config: &Map, domain: &Value, route53: &mut Map) -> Map {
    let attribute = |name: &str| get_att(python2::str(domain), name);
    let mut target = Map::new();
    target.insert_some("EvaluateTargetHealth", route53.get("EvaluateTargetHealth").cloned());
    match config.str("EndpointConfiguration") {
        Some("REGIONAL") => {
            target.insert("HostedZoneId", attribute("RegionalHostedZoneId"));
            target.insert("DNSName", attribute("RegionalDomainName"));
        }
        Some("EDGE") => {
            if route53.get("DistributionDomainName").is_none() {
                route53.insert("DistributionDomainName", attribute("DistributionDomainName"));
            }
            target.insert("HostedZoneId", CLOUDFRONT_ZONE);
            target.insert("DNSName", route53.get("DistributionDomainName").cloned().unwrap_or(Value::Null));
        }
        _ => {
            target.insert("HostedZoneId", route53.get("VpcEndpointHostedZoneId").cloned().unwrap_or(Value::Null));
            target.insert("DNSName", route53.get("VpcEndpointDomainName").cloned().unwrap_or(Value::Null));
        }
    }
    target
}

/// A domain that refers to nothing yet.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    #[test]
    fn a_regional_domain_is_an_alias_of_its_regional_name() {
        let config = map([("EndpointConfiguration", text("REGIONAL"))]);
        let target = alias_target(config.as_map().unwrap(), &text("D"), &mut Map::new());
        assert_eq!(target.get("DNSName"), Some(&get_att("D", "RegionalDomainName")));
    }
}
