//! The services that endpoints lead to: those of AWS that this cloud has.

use kogumo_door::{Cloud, Reader};
use kogumo_model::ec2::{
    DescribeVpcEndpointServicesRequest, DescribeVpcEndpointServicesResult, PrivateDnsDetails, ServiceDetail,
    ServiceTypeDetail,
};
use kogumo_wire::Fault;

use crate::filter::{Filters, each, text};
use crate::page::{Wanted, cut};
use crate::region::zones;

/// Services whose names for endpoints are not those of their facts. Source: AWS PrivateLink Guide, "AWS services that
/// integrate with AWS PrivateLink".
const OTHER_NAMES: [(&str, &[&str]); 7] = [
    ("apigateway", &["execute-api"]),
    ("cloudwatch", &["monitoring"]),
    ("cognitoidp", &["cognito-idp"]),
    ("ecr", &["ecr.api", "ecr.dkr"]),
    ("kinesis", &["kinesis-streams"]),
    ("stepfunctions", &["states"]),
    ("dynamodbstreams", &["dynamodb-streams"]),
];
/// Those that PrivateLink does not offer.
const NONE: [&str; 4] = ["apigatewayv2", "cloudfront", "iam", "route53"];
/// Those with gateway endpoints, besides.
const GATEWAYS: [&str; 2] = ["dynamodb", "s3"];

/// A service that an endpoint can lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `s3`, `ecr.api`
    pub short: String,
    pub has_gateway: bool,
}

impl Offer {
    pub fn name(&self, region: &str) -> String {
        format!("com.amazonaws.{region}.{}", self.short)
    }

    /// The name that clients know the service by: `logs.ap-northeast-1.amazonaws.com`.
    pub fn host(&self, region: &str) -> String {
        let label = match self.short.as_str() {
            "ecr.api" => "api.ecr",
            "ecr.dkr" => "*.dkr.ecr",
            "execute-api" => "*.execute-api",
            "kinesis-streams" => "kinesis",
            "dynamodb-streams" => "streams.dynamodb",
            short => short,
        };
        format!("{label}.{region}.amazonaws.com")
    }
}

/// The services of this cloud.
pub fn offers(cloud: &Cloud) -> Vec<Offer> {
    let mut offers = Vec::new();
    for service in cloud.services().iter().map(|service| service.facts.name).filter(|name| !NONE.contains(name)) {
        let other = OTHER_NAMES.iter().find(|(own, _)| *own == service);
        let names = other.map_or(vec![service], |(_, names)| names.to_vec());
        let offer = |short: &str| Offer { short: short.to_owned(), has_gateway: GATEWAYS.contains(&short) };
        offers.extend(names.into_iter().map(offer));
    }
    offers.sort_by(|one, other| one.short.cmp(&other.short));
    offers
}

/// The service of that name.
///
/// # Errors
/// `InvalidServiceName`.
pub fn offer(cloud: &Cloud, region: &str, name: &str) -> Result<Offer, Fault> {
    let found = offers(cloud).into_iter().find(|offer| offer.name(region) == name);
    found.ok_or_else(|| {
        let message = format!("The Vpc Endpoint Service '{name}' does not exist");
        Fault::coded("InvalidServiceName", 400, message)
    })
}

fn detail(offer: &Offer, region: &str, kind: &str) -> ServiceDetail {
    let is_gateway = kind == "Gateway";
    let zones = zones(region);
    ServiceDetail {
        service_name: Some(offer.name(region)),
        service_id: Some(format!("vpce-svc-{}-{}", kind.to_ascii_lowercase(), offer.short.replace('.', "-"))),
        service_type: Some(vec![ServiceTypeDetail { service_type: Some(kind.into()) }]),
        service_region: Some(region.to_owned()),
        availability_zones: Some(zones.iter().map(|zone| zone.name.clone()).collect()),
        availability_zone_ids: Some(zones.into_iter().map(|zone| zone.id).collect()),
        owner: Some("amazon".into()),
        base_endpoint_dns_names: Some(vec![if is_gateway {
            offer.host(region)
        } else {
            format!("{}.{region}.vpce.amazonaws.com", offer.short)
        }]),
        private_dns_name: (!is_gateway).then(|| offer.host(region)),
        private_dns_names: (!is_gateway)
            .then(|| vec![PrivateDnsDetails { private_dns_name: Some(offer.host(region)) }]),
        vpc_endpoint_policy_supported: Some(true),
        acceptance_required: Some(false),
        manages_vpc_endpoints: Some(false),
        private_dns_name_verification_state: Some("verified".into()),
        supported_ip_address_types: Some(vec!["ipv4".into()]),
        tags: Some(Vec::new()),
        ..ServiceDetail::default()
    }
}

static FILTERS: Filters<ServiceDetail> = Filters {
    names: &[
        ("owner", |one| text(&one.owner)),
        ("service-name", |one| text(&one.service_name)),
        ("service-region", |one| text(&one.service_region)),
        ("service-type", |one| each(&one.service_type, |kind| text(&kind.service_type))),
        ("supported-ip-address-types", |one| one.supported_ip_address_types.iter().flatten().cloned().collect()),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

pub fn describe_vpc_endpoint_services(
    r: &Reader,
    input: DescribeVpcEndpointServicesRequest,
) -> Result<DescribeVpcEndpointServicesResult, Fault> {
    let region = r.caller.region();
    let mut details = Vec::new();
    for offer in offers(r.cloud) {
        if offer.has_gateway {
            details.push(detail(&offer, region, "Gateway"));
        }
        details.push(detail(&offer, region, "Interface"));
    }
    if let Some(names) = input.service_names {
        names.iter().try_for_each(|name| offer(r.cloud, region, name).map(drop))?;
        details.retain(|one| one.service_name.as_ref().is_some_and(|name| names.contains(name)));
    }
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(FILTERS.select(details, input.filters)?, wanted, |one| one.service_id.clone().unwrap_or_default())?;
    let mut names: Vec<String> = page.items.iter().filter_map(|one| one.service_name.clone()).collect();
    names.sort();
    names.dedup();
    Ok(DescribeVpcEndpointServicesResult {
        service_names: Some(names),
        service_details: Some(page.items),
        next_token: page.next_token,
    })
}
