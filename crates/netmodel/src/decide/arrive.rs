//! A leg's end: a packet comes to an interface, past the ACL of its subnet and its security groups.

use std::net::IpAddr;

use super::{Phase, Place};
use crate::{Cause, Header, Interface, Step, Target, Topology, What};

/// Comes to an interface, from another one of that subnet, or from outside of all subnets.
pub(super) fn interface(
    topology: &Topology,
    id: &str,
    from_subnet: Option<&str>,
    header: &Header,
    phase: Phase,
    steps: &mut Vec<Step>,
) -> Result<Place, Cause> {
    let lacks = || Cause::NoSource { component: id.to_owned() };
    let interface = topology.interfaces.get(id).ok_or_else(lacks)?;
    if !interface.is_up() {
        return Err(Cause::Down { interface: id.to_owned() });
    }
    if from_subnet != Some(interface.subnet.as_str()) {
        check_acl(topology, &interface.subnet, false, header, steps)?;
    }
    if interface.source_dest_check && !interface.owns(header.destination) {
        let address = header.destination;
        return Err(Cause::SourceDestCheck { interface: id.to_owned(), egress: false, address });
    }
    check_groups(topology, id, interface, false, header, phase, steps)?;
    steps.push(Step { component: id.to_owned(), what: What::Arrives, header: *header });
    Ok(Place::Interface(id.to_owned()))
}

/// Comes from the internet to a public address, through the internet gateway of its VPC.
pub(super) fn from_internet(
    topology: &Topology,
    header: &mut Header,
    phase: Phase,
    steps: &mut Vec<Step>,
) -> Result<Place, Cause> {
    let public = header.destination;
    let Some((id, interface, private)) = topology.interface_behind(public) else {
        // Answers go back to where they came from; what begins here is for the cloud or lost.
        let known = phase == Phase::Answer || topology.public.is_cloud(public);
        return if known { Ok(Place::Internet) } else { Err(Cause::NoSuchPublicAddress { address: public }) };
    };
    let gateway = way_in(topology, &interface.vpc, public, phase)?;
    header.destination = private;
    let what = if public == private { What::Passes } else { What::PublicDestination { public, private } };
    steps.push(Step { component: gateway.to_owned(), what, header: *header });
    let middle = edge(topology, gateway, &interface.vpc, header, steps)?;
    self::interface(topology, middle.unwrap_or(id), None, header, phase, steps)
}

/// Where the gateway's own route table leads what comes in, if it has one and it leads elsewhere than straight there.
fn edge<'t>(
    topology: &'t Topology,
    gateway: &str,
    vpc_id: &str,
    header: &Header,
    steps: &mut Vec<Step>,
) -> Result<Option<&'t str>, Cause> {
    let Some(table_id) = topology.gateway_route_tables.get(gateway) else { return Ok(None) };
    let lacks = |component: &str| Cause::NoSource { component: component.to_owned() };
    let table = topology.route_tables.get(table_id).ok_or_else(|| lacks(table_id))?;
    let vpc = topology.vpcs.get(vpc_id).ok_or_else(|| lacks(vpc_id))?;
    let Some((destination, target)) = topology.route_to(vpc, table, header.destination) else { return Ok(None) };
    if !topology.is_active(vpc_id, target) {
        let target = target.id().to_owned();
        return Err(Cause::Blackhole { table: table_id.clone(), route: destination, target });
    }
    let what = What::Route { destination, target: target.id().to_owned() };
    steps.push(Step { component: table_id.clone(), what, header: *header });
    match target {
        Target::Interface(id) => Ok(Some(id)),
        _ => Ok(None),
    }
}

/// The gateway that lets it in. An egress-only one lets in what answers, and is for IPv6 only.
fn way_in<'a>(topology: &'a Topology, vpc: &str, public: IpAddr, phase: Phase) -> Result<&'a str, Cause> {
    if let Some(gateway) = topology.internet_gateway_of(vpc) {
        return Ok(gateway);
    }
    let mut egress_only = topology.egress_only_internet_gateways.iter();
    match egress_only.find(|(_, gateway)| public.is_ipv6() && gateway.vpc.as_deref() == Some(vpc)) {
        Some((gateway, _)) if phase == Phase::Answer => Ok(gateway),
        Some((gateway, _)) => Err(Cause::EgressOnly { gateway: gateway.clone() }),
        None => Err(Cause::NoInternetGateway { vpc: vpc.to_owned(), address: public }),
    }
}

pub(super) fn check_acl(
    topology: &Topology,
    subnet: &str,
    egress: bool,
    header: &Header,
    steps: &mut Vec<Step>,
) -> Result<(), Cause> {
    let lacks = |component: &str| Cause::NoSource { component: component.to_owned() };
    let id = &topology.subnets.get(subnet).ok_or_else(|| lacks(subnet))?.network_acl;
    let acl = topology.network_acls.get(id).ok_or_else(|| lacks(id))?;
    let rule = acl.deciding(egress, header);
    let (acl, subnet) = (id.clone(), subnet.to_owned());
    match rule {
        Some(rule) if rule.allow => {
            let what = What::Acl { egress, rule: rule.number, subnet };
            steps.push(Step { component: acl, what, header: *header });
            Ok(())
        }
        rule => Err(Cause::Acl { acl, subnet, egress, rule: rule.map(|rule| rule.number), header: *header }),
    }
}

/// Asks the interface's groups. One that has none at all is not guarded by groups.
pub(super) fn check_groups(
    topology: &Topology,
    id: &str,
    interface: &Interface,
    egress: bool,
    header: &Header,
    phase: Phase,
    steps: &mut Vec<Step>,
) -> Result<(), Cause> {
    let Some(first) = interface.groups.first() else { return Ok(()) };
    if phase == Phase::Answer {
        steps.push(Step { component: first.clone(), what: What::Remembered { egress }, header: *header });
        return Ok(());
    }
    for group_id in &interface.groups {
        let Some(group) = topology.security_groups.get(group_id) else { continue };
        let allowing = group.rules.iter().find(|rule| rule.allows(topology, &group.vpc, egress, header));
        if let Some(rule) = allowing {
            let what = What::Group { egress, rule: rule.id.clone() };
            steps.push(Step { component: group_id.clone(), what, header: *header });
            return Ok(());
        }
    }
    let groups = interface.groups.clone();
    Err(Cause::Groups { interface: id.to_owned(), groups, egress, header: *header })
}

impl Topology {
    /// Whether it is an address of the pools that is, or could be, an interface's; or an IPv6 address of one.
    pub(crate) fn is_public(&self, address: IpAddr) -> bool {
        let of_pool = self.public.pool().contains(address) || self.public.pool_v6().contains(address);
        let v6 = || address.is_ipv6() && self.interface_behind(address).is_some();
        (of_pool && !self.public.is_cloud(address)) || v6()
    }
}
