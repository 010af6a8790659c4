//! A verdict in the words of the Reachability Analyzer: components in order, and why it ends.
//! Source: "VPC Reachability Analyzer explanation codes".

use kogumo_base::Scope;
use kogumo_model::ec2::{
    AnalysisAclRule, AnalysisComponent, AnalysisPacketHeader, AnalysisRouteTableRoute, AnalysisSecurityGroupRule,
    Explanation, NetworkInsightsAnalysis, PathComponent, PortRange,
};
use kogumo_netmodel::{Cause, Header, Path, Protocol, Step, Verdict, What};

use super::path::component_arn;

/// What a verdict says.
pub fn found(verdict: &Verdict, scope: &Scope) -> NetworkInsightsAnalysis {
    let components = |path: &Path| path.steps.iter().enumerate().map(|(at, step)| component(at, step, scope)).collect();
    NetworkInsightsAnalysis {
        status: Some("succeeded".into()),
        network_path_found: Some(verdict.connects()),
        forward_path_components: verdict.connects().then(|| components(&verdict.there)),
        return_path_components: verdict.back.as_ref().filter(|_| verdict.connects()).map(components),
        explanations: verdict.cause().map(|cause| vec![explanation(cause, scope)]),
        ..NetworkInsightsAnalysis::default()
    }
}

fn named(scope: &Scope, id: &str) -> Option<AnalysisComponent> {
    Some(AnalysisComponent { id: Some(id.to_owned()), arn: Some(component_arn(scope, id)), name: None })
}

fn header(header: &Header) -> AnalysisPacketHeader {
    let range = |port: u16| Some(vec![PortRange { from: Some(i32::from(port)), to: Some(i32::from(port)) }]);
    let (number, source, destination) = match header.protocol {
        Protocol::Tcp { source, destination } => (6, Some(source), Some(destination)),
        Protocol::Udp { source, destination } => (17, Some(source), Some(destination)),
        Protocol::Icmp { .. } => (1, None, None),
        Protocol::Other(number) => (i32::from(number), None, None),
    };
    AnalysisPacketHeader {
        destination_addresses: Some(vec![format!("{}/32", header.destination)]),
        destination_port_ranges: destination.and_then(range),
        protocol: Some(number.to_string()),
        source_addresses: Some(vec![format!("{}/32", header.source)]),
        source_port_ranges: source.and_then(range),
    }
}

fn component(at: usize, step: &Step, scope: &Scope) -> PathComponent {
    let mut shown = PathComponent {
        sequence_number: i32::try_from(at + 1).ok(),
        component: named(scope, &step.component),
        outbound_header: Some(header(&step.header)),
        ..PathComponent::default()
    };
    match &step.what {
        What::Group { egress, .. } => {
            shown.security_group_rule = Some(AnalysisSecurityGroupRule {
                security_group_id: Some(step.component.clone()),
                direction: Some(direction(*egress)),
                ..AnalysisSecurityGroupRule::default()
            });
        }
        What::Acl { egress, rule, subnet } => {
            shown.subnet = named(scope, subnet);
            shown.acl_rule = Some(acl_rule(*egress, Some(*rule), "allow"));
        }
        What::Route { destination, target } => shown.route_table_route = Some(route(&destination.to_string(), target)),
        _ => {}
    }
    shown
}

fn direction(egress: bool) -> String {
    if egress { "egress".into() } else { "ingress".into() }
}

fn acl_rule(egress: bool, rule: Option<u16>, action: &str) -> AnalysisAclRule {
    AnalysisAclRule {
        egress: Some(egress),
        rule_action: Some(action.into()),
        rule_number: Some(rule.map_or(32767, i32::from)),
        ..AnalysisAclRule::default()
    }
}

fn route(destination: &str, target: &str) -> AnalysisRouteTableRoute {
    let id = Some(target.to_owned());
    let mut route = AnalysisRouteTableRoute {
        destination_cidr: Some(destination.to_owned()),
        origin: Some(if target == "local" { "createroutetable".into() } else { "createroute".into() }),
        ..AnalysisRouteTableRoute::default()
    };
    match target.split('-').next().unwrap_or_default() {
        "nat" => route.nat_gateway_id = id,
        "eni" => route.network_interface_id = id,
        "pcx" => route.vpc_peering_connection_id = id,
        "eigw" => route.egress_only_internet_gateway_id = id,
        _ => route.gateway_id = id,
    }
    route
}

fn explanation(cause: &Cause, scope: &Scope) -> Explanation {
    let mut shown = Explanation {
        explanation_code: Some(cause.code().into()),
        component: cause.component().and_then(|id| named(scope, id)),
        ..Explanation::default()
    };
    let port_range = |header: &Header| {
        header.protocol.port().map(|port| vec![PortRange { from: Some(i32::from(port)), to: Some(i32::from(port)) }])
    };
    match cause {
        Cause::Groups { interface, groups, egress, header } => {
            shown.network_interface = named(scope, interface);
            shown.security_groups = Some(groups.iter().filter_map(|id| named(scope, id)).collect());
            shown.direction = Some(direction(*egress));
            shown.port_ranges = port_range(header);
        }
        Cause::Acl { acl, subnet, egress, rule, header } => {
            shown.acl = named(scope, acl);
            shown.acl_rule = Some(acl_rule(*egress, *rule, "deny"));
            shown.subnet = named(scope, subnet);
            shown.direction = Some(direction(*egress));
            shown.port_ranges = port_range(header);
        }
        Cause::NoRoute { table, destination, .. } => {
            shown.route_table = named(scope, table);
            shown.address = Some(destination.to_string());
        }
        Cause::Blackhole { table, route: destination, target } => {
            shown.route_table = named(scope, table);
            shown.route_table_route = Some(route(&destination.to_string(), target));
            shown.state = Some("blackhole".into());
        }
        Cause::Down { interface } => {
            shown.network_interface = named(scope, interface);
            shown.state = Some("down".into());
        }
        Cause::SourceDestCheck { interface, egress, address } => {
            shown.network_interface = named(scope, interface);
            shown.direction = Some(direction(*egress));
            shown.address = Some(address.to_string());
        }
        Cause::NoPublicAddress { gateway, address } => {
            shown.internet_gateway = named(scope, gateway);
            shown.address = Some(address.to_string());
        }
        Cause::NobodyThere { vpc, address } | Cause::NoInternetGateway { vpc, address } => {
            shown.vpc = named(scope, vpc);
            shown.address = Some(address.to_string());
        }
        Cause::NoSuchPublicAddress { address } => shown.address = Some(address.to_string()),
        Cause::BeyondPeering { peering, address, .. } => {
            shown.vpc_peering_connection = named(scope, peering);
            shown.address = Some(address.to_string());
        }
        Cause::NatGatewayForInside { nat_gateway, .. } => shown.nat_gateway = named(scope, nat_gateway),
        Cause::EndpointProtocol { endpoint, .. } => shown.vpc_endpoint = named(scope, endpoint),
        Cause::NoResolver { vpc } | Cause::NotServed { vpc, .. } => shown.vpc = named(scope, vpc),
        Cause::Astray { interface, header } => {
            shown.network_interface = named(scope, interface);
            shown.address = Some(header.destination.to_string());
        }
        Cause::NoSource { .. } | Cause::EgressOnly { .. } | Cause::Loop { .. } => {}
    }
    shown
}
