//! Which connections end with a change. Those that security groups track go on, though the rule that let them begin is gone;
//! those that they need not track end at once ("Security group connection tracking" in the EC2 user guide).

use std::net::IpAddr;

use kogumo_netmodel::{Cidr, Header, Interface, Peer, PortRange, Protocol, SecurityGroupRule, Topology, Traffic};

/// A connection as the kernel knows it, by private addresses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flow {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: Protocol,
}

/// Whether a connection in that VPC ends, now that the topology is `after`.
pub(crate) fn ends(before: &Topology, after: &Topology, vpc: &str, flow: &Flow) -> bool {
    let header = Header { source: flow.source, destination: flow.destination, protocol: flow.protocol };
    let ends_at = |address: IpAddr, egress: bool| {
        let at = |topology| Topology::interface_at(topology, vpc, address).map(|(_, own)| own.clone());
        let (Some(was), Some(is)) = (at(before), at(after)) else { return false };
        is_untracked(before, &was, egress, &header) && !allows(after, &is, egress, &header)
    };
    ends_at(flow.source, true) || ends_at(flow.destination, false)
}

fn rules<'a>(topology: &'a Topology, own: &'a Interface) -> impl Iterator<Item = (&'a str, &'a SecurityGroupRule)> {
    let groups = own.groups.iter().filter_map(|id| topology.security_groups.get(id));
    groups.flat_map(|group| group.rules.iter().map(|rule| (group.vpc.as_str(), rule)))
}

fn allows(topology: &Topology, own: &Interface, egress: bool, header: &Header) -> bool {
    own.groups.is_empty() || rules(topology, own).any(|(vpc, rule)| rule.allows(topology, vpc, egress, header))
}

/// Everybody may send it, and everybody may be answered: there is nothing to remember.
fn is_untracked(topology: &Topology, own: &Interface, egress: bool, header: &Header) -> bool {
    let everybody = if header.source.is_ipv4() { Cidr::ANY } else { Cidr::ANY_V6 };
    let any = |rule: &SecurityGroupRule| rule.peer == Peer::Cidr(everybody);
    let all_ports = |traffic: Traffic| match header.protocol {
        Protocol::Tcp { .. } => matches!(traffic, Traffic::All | Traffic::Tcp(PortRange::ALL)),
        Protocol::Udp { .. } => matches!(traffic, Traffic::All | Traffic::Udp(PortRange::ALL)),
        _ => false,
    };
    let there =
        rules(topology, own).any(|(_, rule)| rule.egress == egress && any(rule) && rule.traffic.matches(header));
    let back = rules(topology, own).any(|(_, rule)| rule.egress != egress && any(rule) && all_ports(rule.traffic));
    there && back
}
