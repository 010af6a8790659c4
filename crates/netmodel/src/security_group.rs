//! Security groups: rules that allow, at an interface, with memory: what answers an allowed packet is allowed.

use std::net::IpAddr;

use crate::{Cidr, Header, Id, Topology, Traffic};

#[derive(Debug, Clone, PartialEq)]
pub struct SecurityGroup {
    pub vpc: Id,
    pub rules: Vec<SecurityGroupRule>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SecurityGroupRule {
    /// `sgr-…`.
    pub id: Id,
    pub egress: bool,
    pub traffic: Traffic,
    pub peer: Peer,
}

/// Who may be at the other end.
#[derive(Debug, Clone, PartialEq)]
pub enum Peer {
    Cidr(Cidr),
    /// The interfaces of a group, of the same VPC or of one that is peered with it.
    Group(Id),
    PrefixList(Id),
}

impl SecurityGroupRule {
    /// Whether the rule, of a group in `vpc`, allows the packet.
    #[must_use]
    pub fn allows(&self, topology: &Topology, vpc: &str, egress: bool, header: &Header) -> bool {
        let remote = if egress { header.destination } else { header.source };
        self.egress == egress && self.traffic.matches(header) && self.peer.matches(topology, vpc, remote)
    }
}

impl Peer {
    fn matches(&self, topology: &Topology, vpc: &str, remote: IpAddr) -> bool {
        match self {
            Self::Cidr(cidr) => cidr.contains(remote),
            Self::PrefixList(id) => topology.prefix_lists.get(id).is_some_and(|list| list.contains(remote)),
            Self::Group(id) => topology.members(vpc, id).any(|address| address == remote),
        }
    }
}

impl Topology {
    /// The private addresses of a group's interfaces, as far as rules in `vpc` may refer to them: the group is of this VPC,
    /// or of one with an active peering.
    pub fn members<'a>(&'a self, vpc: &'a str, group: &'a str) -> impl Iterator<Item = IpAddr> + 'a {
        let home = self.security_groups.get(group).map(|group| group.vpc.as_str());
        let near = home.is_some_and(|home| home == vpc || self.are_peered(home, vpc));
        let members = self.interfaces.values().filter(move |interface| {
            near && home == Some(interface.vpc.as_str()) && interface.groups.iter().any(|own| own == group)
        });
        members.flat_map(|interface| interface.addresses.iter().map(|own| own.private))
    }

    fn are_peered(&self, one: &str, other: &str) -> bool {
        self.peerings.values().any(|peering| peering.active && peering.beyond(one).is_some_and(|vpc| vpc == other))
    }
}
