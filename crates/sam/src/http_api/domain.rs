//! Custom domains of HTTP and WebSocket APIs, with their records in Route 53.

use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::intrinsics::{get_att, reference};
use crate::logical_id;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, list, map, text};

/// The domain of an API, if it has one: name, mappings, records.
pub(crate) fn resources(api: &mut Instance, tag: &str, translation: &mut Translation) -> Result<Vec<Resource>> {
    let Some(Value::Map(config)) = api.get("Domain") else { return Ok(Vec::new()) };
    let mut config = config.clone();
    let (Some(name), Some(certificate)) = (config.get("DomainName").cloned(), config.get("CertificateArn").cloned())
    else {
        return Err(api.error("Custom Domains only works if both DomainName and CertificateArn are provided."));
    };
    let id = logical_id::of("ApiGatewayDomainNameV2", &name);
    match config.get("EndpointConfiguration") {
        None => config.insert("EndpointConfiguration", "REGIONAL"),
        Some(endpoint) if endpoint.is("REGIONAL") => {}
        Some(_) => return Err(api.error("EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].")),
    }
    let mut configuration = Map::new();
    configuration.insert("CertificateArn", certificate);
    configuration.insert("EndpointType", "REGIONAL");
    for name in ["OwnershipVerificationCertificateArn", "SecurityPolicy"] {
        configuration.insert_some(name, config.get(name).filter(|value| value.truthy()).cloned());
    }
    let mut domain = Resource::new("AWS::ApiGatewayV2::DomainName", id.as_str(), &api.passed_on())?
        .with("DomainName", name)
        .with("Tags", map([(tag, text("SAM"))]))
        .with("DomainNameConfigurations", list([configuration.into()]));
    set_mutual_tls(&mut domain, api, &config)?;
    let mut resources = vec![domain];
    resources.extend(mappings(api, &config, &id)?);
    resources.extend(record_set_group(api, &config, &id, translation)?);
    Ok(resources)
}

fn set_mutual_tls(domain: &mut Resource, api: &Instance, config: &Map) -> Result<()> {
    let Some(given) = config.get("MutualTlsAuthentication").filter(|given| given.truthy()) else { return Ok(()) };
    let Value::Map(given) = given else {
        let message = "MutualTlsAuthentication must be a map with at least one of the following fields \
                       ['TruststoreUri', 'TruststoreVersion'].";
        return Err(api.error(message));
    };
    let known = ["TruststoreUri", "TruststoreVersion"];
    let mut invalid: Vec<String> =
        given.keys().iter().filter(|key| !known.contains(&&***key)).map(|key| key.to_string()).collect();
    if !invalid.is_empty() {
        invalid.sort();
        let message = "Available MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].";
        return Err(Error::resource(invalid.join(","), message));
    }
    let some = |name: &&str| Some(((*name).into(), given.get(name).filter(|value| value.truthy())?.clone()));
    domain.set("MutualTlsAuthentication", known.iter().filter_map(some).collect::<Map>());
    Ok(())
}

fn mappings(api: &Instance, config: &Map, domain: &str) -> Result<Vec<Resource>> {
    let mapping = |id: String, key: Option<Value>| {
        Ok(Resource::new("AWS::ApiGatewayV2::ApiMapping", id, &api.passed_on())?
            .with("DomainName", reference(domain))
            .with("ApiId", reference(&api.id))
            .with("Stage", reference(&format!("{}.Stage", api.id)))
            .with_some("ApiMappingKey", key))
    };
    let paths = match config.get("BasePath").filter(|paths| paths.truthy()) {
        Some(Value::Text(path)) => vec![Value::Text(path.clone())],
        Some(Value::List(paths)) => paths.clone(),
        _ => return Ok(vec![mapping(format!("{}ApiMapping", api.id), None)?]),
    };
    paths
        .iter()
        .map(|path| {
            let Some(path) = path.as_str() else { return Err(api.error("Basepath must be a string.")) };
            if !path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_".contains(c)) {
                return Err(api.error("Invalid Basepath name provided."));
            }
            let letters: String = path.chars().filter(|c| !"/-_".contains(*c)).collect();
            mapping(format!("{}{letters}ApiMapping", api.id), Some(text(path.trim_matches('/'))))
        })
        .collect()
}

fn record_set_group(
    api: &Instance,
    config: &Map,
    domain: &str,
    translation: &mut Translation,
) -> Result<Option<Resource>> {
    let Some(route53) = config.get("Route53") else { return Ok(None) };
    let route53 = Owner::Resource(&api.id).map("Domain.Route53", Some(route53))?;
    if route53.get("HostedZoneId").is_none() && route53.get("HostedZoneName").is_none() {
        let message = "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.";
        return Err(api.error(message));
    }
    let zone_id = route53.get("HostedZoneId").filter(|id| id.truthy());
    let zone = zone_id.or_else(|| route53.get("HostedZoneName")).unwrap_or(&Value::Null);
    let id = logical_id::of("RecordSetGroup", zone);
    let mut group = match translation.record_set_groups.get(&id) {
        Some(group) => group.clone(),
        None => {
            let name = if route53.contains("HostedZoneId") { "HostedZoneId" } else { "HostedZoneName" };
            Resource::new("AWS::Route53::RecordSetGroup", id.as_str(), &api.passed_on())?
                .with_same(&[name], route53)
                .with("RecordSets", Vec::new())
        }
    };
    if let Some(all) = group.properties.get_mut("RecordSets").and_then(Value::as_list_mut) {
        all.extend(record_sets(config, route53, domain));
    }
    translation.record_set_groups.insert(id, group.clone());
    Ok(Some(group))
}

fn record_sets(config: &Map, route53: &Map, domain: &str) -> Vec<Value> {
    let mut target = Map::new();
    target.insert_some("EvaluateTargetHealth", route53.get("EvaluateTargetHealth").cloned());
    target.insert("HostedZoneId", get_att(domain, "RegionalHostedZoneId"));
    target.insert("DNSName", get_att(domain, "RegionalDomainName"));
    let record = |kind: &str| {
        let mut record = Map::new();
        record.insert("Name", config.get("DomainName").cloned().unwrap_or(Value::Null));
        record.insert("Type", kind);
        record.insert("AliasTarget", target.clone());
        record.insert_some("Region", route53.get("Region").cloned());
        record.insert_some("SetIdentifier", route53.get("SetIdentifier").cloned());
        Value::from(record)
    };
    let ipv6 = route53.get("IpV6").and_then(Value::as_bool) == Some(true);
    std::iter::once(record("A")).chain(ipv6.then(|| record("AAAA"))).collect()
}
