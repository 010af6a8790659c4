//! Which connections end with a change. Those that security groups track go on, though the rule that let them begin is gone;
//! those that they need not track end at once, as do those whose public address is somebody else's now ("Security group
//! connection tracking" in the EC2 user guide).

use std::net::Ipv4Addr;

use kogumo_netmodel::{Cidr, Header, Interface, Peer, PortRange, Protocol, SecurityGroupRule, Topology, Traffic};

/// A connection as the kernel knows it: as it began, and as its answers come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flow {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub protocol: Protocol,
    /// Where answers come from: the destination, with its private address.
    pub answers_from: Ipv4Addr,
    /// Where answers go to: the source, with its public address.
    pub answers_to: Ipv4Addr,
}

/// Whether a connection in that VPC ends, now that the topology is `after`.
pub(crate) fn ends(before: &Topology, after: &Topology, vpc: &str, flow: &Flow) -> bool {
    let moved = |private: Ipv4Addr, public: Ipv4Addr| {
        let owner = after.interface_at(vpc, private.into()).filter(|_| after.internet_gateway_of(vpc).is_some());
        private != public
            && after.public.pool().contains(public.into())
            && owner.and_then(|(_, own)| own.public_of(private.into())) != Some(public.into())
    };
    if moved(flow.answers_from, flow.destination) || moved(flow.source, flow.answers_to) {
        return true;
    }
    let header = Header { source: flow.source.into(), destination: flow.answers_from.into(), protocol: flow.protocol };
    let ends_at = |address: Ipv4Addr, egress: bool| {
        let at = |topology| Topology::interface_at(topology, vpc, address.into()).map(|(_, own)| own.clone());
        let (Some(was), Some(is)) = (at(before), at(after)) else { return false };
        is_untracked(before, &was, egress, &header) && !allows(after, &is, egress, &header)
    };
    ends_at(flow.source, true) || ends_at(flow.answers_from, false)
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
    let any = |rule: &SecurityGroupRule| rule.peer == Peer::Cidr(Cidr::ANY);
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
