//! The records as the network's decision sees them: all VPCs of the cloud, of every account and region.

use std::net::IpAddr;

use kogumo_base::{Scope, Trouble};
use kogumo_netmodel as net;
use kogumo_netmodel::{Cidr, Public, Topology};
use kogumo_store::Read;

use crate::address::Address;
use crate::dhcp_options::DhcpOptions;
use crate::egress_gateway::EgressGateway;
use crate::endpoint::{self, VpcEndpoint};
use crate::flow_log::{self, FlowLog};
use crate::instance::Instance;
use crate::internet_gateway::InternetGateway;
use crate::nat_gateway::NatGateway;
use crate::network_acl::{Entry, LAST, NetworkAcl};
use crate::network_interface::NetworkInterface;
use crate::peering::VpcPeering;
use crate::prefix_list::{self, PrefixList};
use crate::resource::Resource;
use crate::route_table::{Route, RouteTable, Target};
use crate::security_group::{Peer, Rule, SecurityGroup};
use crate::subnet::Subnet;
use crate::vpc::Vpc;

/// Everything that a packet may meet.
///
/// # Errors
/// Trouble with the store.
pub fn topology(read: &dyn Read, public: Public) -> Result<Topology, Trouble> {
    let mut to = Topology { public, ..Topology::default() };
    let tables = every::<RouteTable>(read)?;
    let acls = every::<NetworkAcl>(read)?;
    for (scope, vpc) in every::<Vpc>(read)? {
        for list in prefix_list::of_region(public, &scope.region) {
            let cidrs = block(&list.cidr).into_iter().collect();
            to.prefix_lists.insert(list.id, net::PrefixList { name: list.name, cidrs });
        }
        let main = tables.iter().find(|(_, table)| table.vpc == vpc.id && table.is_main());
        let main = main.map(|(_, table)| table.id.clone()).unwrap_or_default();
        to.vpcs.insert(vpc.id.clone(), vpc_seen(vpc, scope, main));
    }
    for (_, subnet) in every::<Subnet>(read)? {
        if let Some(seen) = subnet_seen(&subnet, &tables, &acls) {
            to.subnets.insert(subnet.id, seen);
        }
    }
    for (_, table) in tables {
        for gateway in table.associations.iter().filter_map(|one| one.gateway.clone()) {
            to.gateway_route_tables.insert(gateway, table.id.clone());
        }
        let routes = table.routes.iter().filter_map(route_seen).collect();
        to.route_tables.insert(table.id, net::RouteTable { vpc: table.vpc, routes });
    }
    for (_, acl) in acls {
        let entries = acl.entries.iter().filter(|entry| entry.number < LAST).filter_map(entry_seen).collect();
        to.network_acls.insert(acl.id, net::NetworkAcl { vpc: acl.vpc, entries });
    }
    for (_, group) in every::<SecurityGroup>(read)? {
        let rules = group.rules.iter().filter_map(rule_seen).collect();
        to.security_groups.insert(group.id, net::SecurityGroup { vpc: group.vpc, rules });
    }
    for (_, interface) in every::<NetworkInterface>(read)? {
        to.interfaces.insert(interface.id.clone(), interface_seen(&interface));
    }
    for (_, address) in every::<Address>(read)? {
        if let (Ok(public), Some(name)) = (address.public.parse(), address.reverse_name) {
            to.reverse_names.insert(public, name.trim_end_matches('.').to_owned());
        }
    }
    for (_, gateway) in every::<InternetGateway>(read)? {
        to.internet_gateways.insert(gateway.id, net::InternetGateway { vpc: gateway.vpc });
    }
    for (_, gateway) in every::<EgressGateway>(read)? {
        to.egress_only_internet_gateways.insert(gateway.id, net::InternetGateway { vpc: Some(gateway.vpc) });
    }
    for (_, gateway) in every::<NatGateway>(read)?.into_iter().filter(|(_, gateway)| gateway.is_alive()) {
        let NatGateway { id, vpc, subnet, interface, .. } = gateway;
        to.nat_gateways.insert(id, net::NatGateway { vpc, subnet, interface, available: true });
    }
    for (_, peering) in every::<VpcPeering>(read)? {
        let active = peering.is_active();
        let VpcPeering { requester, accepter, .. } = peering;
        let resolving = [&requester, &accepter].into_iter().filter(|side| side.resolves_for_peer);
        let resolving = resolving.map(|side| side.vpc.clone()).collect();
        let seen = net::Peering { requester: requester.vpc, accepter: accepter.vpc, active, resolving };
        to.peerings.insert(peering.id, seen);
    }
    for (_, endpoint) in every::<VpcEndpoint>(read)? {
        to.endpoints.insert(endpoint.id.clone(), endpoint_seen(endpoint));
    }
    for (_, list) in every::<PrefixList>(read)? {
        let cidrs = list.entries().iter().filter_map(|entry| block(&entry.cidr)).collect();
        to.prefix_lists.insert(list.id, net::PrefixList { name: list.name, cidrs });
    }
    for (_, options) in every::<DhcpOptions>(read)? {
        to.dhcp_options.insert(options.id.clone(), options_seen(&options));
    }
    for (_, instance) in every::<Instance>(read)? {
        let names = net::ResourceNames { v4: instance.names.a_record, v6: instance.names.aaaa_record };
        to.resource_names.insert(instance.id.clone(), names);
        if instance.metadata.ipv6 {
            let owned =
                |own: &net::Interface| matches!(&own.owner, net::Owner::Instance { id, .. } if *id == instance.id);
            let own = to.interfaces.iter().filter(|(_, own)| owned(own)).map(|(id, _)| id.clone());
            to.metadata_v6.extend(own);
        }
    }
    let logs = every::<FlowLog>(read)?;
    let is_logged = |id: &str, own: &net::Interface| {
        logs.iter().any(|(_, log)| flow_log::covers(&log.resource, id, &own.subnet, &own.vpc))
    };
    to.logged = to.interfaces.iter().filter(|(id, own)| is_logged(id, own)).map(|(id, _)| id.clone()).collect();
    Ok(to)
}

fn every<R: Resource>(read: &dyn Read) -> Result<Vec<(Scope, R)>, Trouble> {
    R::TABLE.scan_all_scopes(read).map(|row| row.map(|(scope, _, record)| (scope, record))).collect()
}

fn block(text: &str) -> Option<Cidr> {
    text.parse().ok()
}

fn vpc_seen(vpc: Vpc, scope: Scope, main_route_table: String) -> net::Vpc {
    net::Vpc {
        account: scope.account,
        region: scope.region,
        cidrs: vpc.blocks.iter().chain(&vpc.ipv6_blocks).filter_map(|one| block(&one.cidr)).collect(),
        dns_support: vpc.dns_support,
        dns_hostnames: vpc.dns_hostnames,
        dhcp_options: Some(vpc.dhcp_options).filter(|id| id != "default"),
        main_route_table,
    }
}

fn subnet_seen(subnet: &Subnet, tables: &[(Scope, RouteTable)], acls: &[(Scope, NetworkAcl)]) -> Option<net::Subnet> {
    let follows = |table: &RouteTable| table.associations.iter().any(|one| one.subnet.as_ref() == Some(&subnet.id));
    let guards = |acl: &NetworkAcl| acl.associations.iter().any(|one| one.subnet == subnet.id);
    Some(net::Subnet {
        vpc: subnet.vpc.clone(),
        zone: subnet.zone.clone(),
        cidr: block(&subnet.cidr)?,
        ipv6_cidr: subnet.ipv6_blocks.first().and_then(|one| block(&one.cidr)),
        route_table: tables.iter().find(|(_, table)| follows(table)).map(|(_, table)| table.id.clone()),
        network_acl: acls.iter().find(|(_, acl)| guards(acl)).map(|(_, acl)| acl.id.clone()).unwrap_or_default(),
    })
}

fn route_seen(route: &Route) -> Option<net::Route> {
    let destination = match &route.destination {
        list if list.starts_with("pl-") => net::Destination::PrefixList(list.clone()),
        text => net::Destination::Cidr(block(text)?),
    };
    let target = match route.target.clone() {
        Target::Local => net::Target::Local,
        Target::Gateway(id) if id.starts_with("vpce-") => net::Target::Endpoint(id),
        Target::Gateway(id) => net::Target::InternetGateway(id),
        Target::EgressOnly(id) => net::Target::EgressOnlyInternetGateway(id),
        Target::Nat(id) => net::Target::NatGateway(id),
        Target::Interface(id) => net::Target::Interface(id),
        Target::Peering(id) => net::Target::Peering(id),
    };
    Some(net::Route { destination, target })
}

fn ports((from, to): (i32, i32)) -> net::PortRange {
    let port = |number: i32| u16::try_from(number).unwrap_or_default();
    net::PortRange { from: port(from), to: port(to) }
}

/// -1 stands for any.
fn icmp((kind, code): (i32, i32)) -> net::IcmpRange {
    net::IcmpRange { kind: u8::try_from(kind).ok(), code: u8::try_from(code).ok() }
}

fn entry_seen(entry: &Entry) -> Option<net::AclEntry> {
    let all_ports = (0, 65535);
    let traffic = match entry.protocol.as_str() {
        "-1" => net::Traffic::All,
        "1" => net::Traffic::Icmp(icmp(entry.icmp.unwrap_or((-1, -1)))),
        "6" => net::Traffic::Tcp(ports(entry.ports.unwrap_or(all_ports))),
        "17" => net::Traffic::Udp(ports(entry.ports.unwrap_or(all_ports))),
        "58" => net::Traffic::Icmpv6(icmp(entry.icmp.unwrap_or((-1, -1)))),
        number => net::Traffic::Other(number.parse().ok()?),
    };
    let number = u16::try_from(entry.number).ok()?;
    Some(net::AclEntry { number, egress: entry.egress, allow: entry.allow, traffic, cidr: block(&entry.cidr)? })
}

fn rule_seen(rule: &Rule) -> Option<net::SecurityGroupRule> {
    let range = rule.from.zip(rule.to);
    let traffic = match rule.protocol.as_str() {
        "-1" => net::Traffic::All,
        "tcp" => net::Traffic::Tcp(ports(range?)),
        "udp" => net::Traffic::Udp(ports(range?)),
        "icmp" => net::Traffic::Icmp(icmp(range?)),
        "icmpv6" => net::Traffic::Icmpv6(icmp(range?)),
        number => net::Traffic::Other(number.parse().ok()?),
    };
    let peer = match &rule.peer {
        Peer::Ipv4(text) | Peer::Ipv6(text) => net::Peer::Cidr(block(text)?),
        Peer::PrefixList(id) => net::Peer::PrefixList(id.clone()),
        Peer::Group { id, .. } => net::Peer::Group(id.clone()),
    };
    Some(net::SecurityGroupRule { id: rule.id.clone(), egress: rule.egress, traffic, peer })
}

fn interface_seen(interface: &NetworkInterface) -> net::Interface {
    let v4 = interface.addresses.iter().filter_map(|own| {
        let public = own.public.as_ref().and_then(|public| public.address.parse().ok());
        Some(net::Address { private: own.address.parse().ok()?, public })
    });
    let v6 = interface.ipv6.iter().filter_map(|text| Some(net::Address { private: text.parse().ok()?, public: None }));
    net::Interface {
        vpc: interface.vpc.clone(),
        subnet: interface.subnet.clone(),
        mac: mac(&interface.mac),
        addresses: v4.chain(v6).collect(),
        groups: interface.groups.clone(),
        source_dest_check: interface.source_dest_check,
        owner: owner(interface),
        forwarding: net::Forwarding::None,
    }
}

fn mac(text: &str) -> [u8; 6] {
    let mut mac = [0; 6];
    for (byte, part) in mac.iter_mut().zip(text.split(':')) {
        *byte = u8::from_str_radix(part, 16).unwrap_or_default();
    }
    mac
}

/// An instance that is not there any more holds nothing; whether one runs, its interface's attachment says.
fn owner(interface: &NetworkInterface) -> net::Owner {
    let Some(held) = &interface.attachment else { return net::Owner::Nobody };
    match (&held.instance, &interface.made_for) {
        (Some(id), _) => net::Owner::Instance {
            id: id.clone(),
            device_index: u16::try_from(held.device_index).unwrap_or_default(),
            running: held.running,
        },
        (None, Some(id)) if id.starts_with("nat-") => net::Owner::NatGateway(id.clone()),
        (None, Some(id)) if id.starts_with("vpce-") => net::Owner::Endpoint(id.clone()),
        (None, Some(id)) => net::Owner::Service(id.clone()),
        (None, None) => net::Owner::Nobody,
    }
}

fn endpoint_seen(endpoint: VpcEndpoint) -> net::Endpoint {
    let kind = match endpoint.kind {
        endpoint::Kind::Gateway { .. } => net::EndpointKind::Gateway,
        endpoint::Kind::Interface { interfaces, private_dns, .. } => {
            net::EndpointKind::Interface { interfaces, private_dns }
        }
    };
    net::Endpoint { vpc: endpoint.vpc, service: endpoint.service, kind, available: true }
}

fn options_seen(options: &DhcpOptions) -> net::DhcpOptions {
    let values = |key: &str| -> &[String] {
        options.configurations.iter().find(|(own, _)| own == key).map_or(&[], |(_, values)| values)
    };
    let addresses = |key: &str| -> Vec<IpAddr> { values(key).iter().filter_map(|text| text.parse().ok()).collect() };
    net::DhcpOptions {
        domain_name: values("domain-name").first().cloned(),
        domain_name_servers: addresses("domain-name-servers"),
        ntp_servers: addresses("ntp-servers"),
    }
}
