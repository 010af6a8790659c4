//! The operations of paths.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::ends::{self, End};
use super::record::{Analysis, Path};
use crate::endpoint::VpcEndpoint;
use crate::faults::{invalid_combination, invalid_value};
use crate::filter::{Filters, number, text};
use crate::instance::Instance;
use crate::internet_gateway::InternetGateway;
use crate::nat_gateway::NatGateway;
use crate::network_interface::NetworkInterface;
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::tag::{self, Tags};
use crate::{cidr, client_token};

/// The id of an end: of this account's, or of any where it is given as an ARN.
fn end(w: &Writer, text: &str) -> Result<String, Fault> {
    let (id, scope) = match Arn::parse(text) {
        Some(arn) => {
            (arn.resource.rsplit('/').next().unwrap_or_default().to_owned(), Scope::new(&arn.account, &arn.region))
        }
        None => (text.to_owned(), w.scope().clone()),
    };
    let (read, scope) = (w.store(), &scope);
    match id.split_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => get::<Instance>(read, scope, &id).map(drop)?,
        "eni" => get::<NetworkInterface>(read, scope, &id).map(drop)?,
        "igw" => get::<InternetGateway>(read, scope, &id).map(drop)?,
        "vpce" => get::<VpcEndpoint>(read, scope, &id).map(drop)?,
        "nat" => get::<NatGateway>(read, scope, &id).map(drop)?,
        _ => return Err(invalid_value(format!("Value ({text}) is no source or destination that can be analyzed"))),
    }
    Ok(id)
}

pub fn create_network_insights_path(
    w: &mut Writer,
    input: CreateNetworkInsightsPathRequest,
) -> Result<CreateNetworkInsightsPathResult, Fault> {
    let claim = client_token::claim(w, "CreateNetworkInsightsPath", Some(&input.client_token), &input)?;
    let path = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let tags = tag::specified(w, input.tag_specifications, Path::KIND)?;
            if input.filter_at_source.is_some() && (input.source_ip.is_some() || input.destination_port.is_some()) {
                return Err(invalid_combination("FilterAtSource goes with neither SourceIp nor DestinationPort."));
            }
            if input.filter_at_destination.is_some() && input.destination_ip.is_some() {
                return Err(invalid_combination("FilterAtDestination does not go with DestinationIp."));
            }
            let (at_source, at_destination) =
                (ends::read(input.filter_at_source)?, ends::read(input.filter_at_destination)?);
            let is_addressed = at_source.as_ref().is_some_and(|end| end.destination.is_some());
            // AWS wants one of the two even where DestinationIp says enough; here that is enough.
            if input.destination.is_none() && input.destination_ip.is_none() && !is_addressed {
                let message = "The request must include either the Destination parameter or the \
                               FilterAtSource.DestinationAddress parameter. Add the required parameter and retry the request.";
                return Err(Fault::coded("MissingParameter", 400, message));
            }
            for address in input.source_ip.iter().chain(&input.destination_ip) {
                cidr::address4(address)?;
            }
            if input.destination_port.is_some_and(|port| !(0..=65535).contains(&port)) {
                return Err(invalid_value(
                    "Value for parameter DestinationPort is invalid. Ports are between 0 and 65535.",
                ));
            }
            let path = Path {
                id: Path::KIND.new_id(),
                source: end(w, &input.source)?,
                destination: input.destination.as_deref().map(|text| end(w, text)).transpose()?,
                source_ip: input.source_ip,
                destination_ip: input.destination_ip,
                protocol: input.protocol,
                port: input.destination_port,
                at_source,
                at_destination,
                created: w.now,
            };
            put(w, &path)?;
            tag::mark(w, &path, tags)?;
            claim.keep(w, &path.id)?;
            path
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &path.id)?;
    Ok(CreateNetworkInsightsPathResult { network_insights_path: Some(shown(&path, w.scope(), &tags)) })
}

pub fn arn(scope: &Scope, resource: String) -> String {
    Arn::new("ec2", &scope.region, &scope.account, resource).to_string()
}

/// The ARN of whatever has that id.
pub fn component_arn(scope: &Scope, id: &str) -> String {
    let kind = match id.rsplit_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => "instance",
        "eni" => "network-interface",
        "igw" => "internet-gateway",
        "sg" => "security-group",
        "sgr" => "security-group-rule",
        "acl" => "network-acl",
        "rtb" => "route-table",
        "nat" => "natgateway",
        "pcx" => "vpc-peering-connection",
        "vpce" => "vpc-endpoint",
        "eigw" => "egress-only-internet-gateway",
        kind => kind,
    };
    arn(scope, format!("{kind}/{id}"))
}

fn shown(path: &Path, scope: &Scope, tags: &Tags) -> NetworkInsightsPath {
    NetworkInsightsPath {
        network_insights_path_arn: Some(arn(scope, format!("network-insights-path/{}", path.id))),
        network_insights_path_id: Some(path.id.clone()),
        created_date: Some(path.created),
        source: Some(path.source.clone()),
        destination: path.destination.clone(),
        source_arn: Some(component_arn(scope, &path.source)),
        destination_arn: path.destination.as_ref().map(|id| component_arn(scope, id)),
        source_ip: path.source_ip.clone(),
        destination_ip: path.destination_ip.clone(),
        protocol: Some(path.protocol.clone()),
        destination_port: path.port,
        filter_at_source: path.at_source.as_ref().map(End::shown),
        filter_at_destination: path.at_destination.as_ref().map(End::shown),
        tags: Some(tags.shown(&path.id)),
        ..NetworkInsightsPath::default()
    }
}

fn ports(range: &Option<FilterPortRange>) -> Vec<String> {
    let text = |range: &FilterPortRange| Some(format!("{}-{}", range.from_port?, range.to_port?));
    range.iter().filter_map(text).collect()
}

static FILTERS: Filters<NetworkInsightsPath> = Filters {
    names: &[
        ("destination", |path| text(&path.destination)),
        ("destination-port", |path| number(path.destination_port)),
        ("filter-at-source.source-address", |path| {
            path.filter_at_source.iter().flat_map(|own| text(&own.source_address)).collect()
        }),
        ("filter-at-source.source-port-range", |path| {
            path.filter_at_source.iter().flat_map(|own| ports(&own.source_port_range)).collect()
        }),
        ("filter-at-source.destination-address", |path| {
            path.filter_at_source.iter().flat_map(|own| text(&own.destination_address)).collect()
        }),
        ("filter-at-source.destination-port-range", |path| {
            path.filter_at_source.iter().flat_map(|own| ports(&own.destination_port_range)).collect()
        }),
        ("filter-at-destination.source-address", |path| {
            path.filter_at_destination.iter().flat_map(|own| text(&own.source_address)).collect()
        }),
        ("filter-at-destination.source-port-range", |path| {
            path.filter_at_destination.iter().flat_map(|own| ports(&own.source_port_range)).collect()
        }),
        ("filter-at-destination.destination-address", |path| {
            path.filter_at_destination.iter().flat_map(|own| text(&own.destination_address)).collect()
        }),
        ("filter-at-destination.destination-port-range", |path| {
            path.filter_at_destination.iter().flat_map(|own| ports(&own.destination_port_range)).collect()
        }),
        ("protocol", |path| text(&path.protocol)),
        ("source", |path| text(&path.source)),
    ],
    tags: Some(|path| path.tags.as_ref()),
};

pub fn describe_network_insights_paths(
    r: &Reader,
    input: DescribeNetworkInsightsPathsRequest,
) -> Result<DescribeNetworkInsightsPathsResult, Fault> {
    let paths = chosen::<Path>(r.store, r.scope(), input.network_insights_path_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let paths = paths.iter().map(|path| shown(path, r.scope(), &tags)).collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let paths = FILTERS.select(paths, input.filters)?;
    let page = cut(paths, wanted, |path| path.network_insights_path_id.clone().unwrap_or_default())?;
    Ok(DescribeNetworkInsightsPathsResult { network_insights_paths: Some(page.items), next_token: page.next_token })
}

pub fn delete_network_insights_path(
    w: &mut Writer,
    input: DeleteNetworkInsightsPathRequest,
) -> Result<DeleteNetworkInsightsPathResult, Fault> {
    let path: Path = get(w.store(), w.scope(), &input.network_insights_path_id)?;
    if all::<Analysis>(w.store(), w.scope())?.iter().any(|analysis| analysis.path == path.id) {
        let message = format!("Network insights path {} has analyses: delete them first", path.id);
        return Err(Fault::coded("AnalysisExistsForNetworkInsightsPath", 400, message));
    }
    delete::<Path>(w, &path.id)?;
    Ok(DeleteNetworkInsightsPathResult { network_insights_path_id: Some(path.id) })
}
