//! AWS's documented rules, by example.

use std::net::IpAddr;

use super::*;
use crate::*;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn cidr(text: &str) -> Cidr {
    text.parse().expect("a block")
}

const ANYWHERE: &str = "203.0.113.9";

fn rule(egress: bool, traffic: Traffic, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule { id: format!("sgr-{egress}"), egress, traffic, peer }
}

fn group(vpc: &str, ingress: Vec<(Traffic, Peer)>) -> SecurityGroup {
    let mut rules: Vec<_> = ingress.into_iter().map(|(traffic, peer)| rule(false, traffic, peer)).collect();
    rules.push(rule(true, Traffic::All, Peer::Cidr(Cidr::ANY)));
    SecurityGroup { vpc: vpc.into(), rules }
}

fn interface(vpc: &str, subnet: &str, private: &str, public: Option<&str>, group: &str) -> Interface {
    Interface {
        vpc: vpc.into(),
        subnet: subnet.into(),
        mac: [2, 0, 0, 0, 0, 1],
        addresses: vec![Address { private: ip(private), public: public.map(ip) }],
        groups: vec![group.into()],
        source_dest_check: true,
        owner: Owner::Instance { id: "i-1".into(), device_index: 0, running: true },
        forwarding: Forwarding::None,
    }
}

fn allow_all(vpc: &str) -> NetworkAcl {
    let entry = |egress| AclEntry { number: 100, egress, allow: true, traffic: Traffic::All, cidr: Cidr::ANY };
    NetworkAcl { vpc: vpc.into(), entries: vec![entry(false), entry(true)] }
}

/// A VPC with a public subnet (a web server, with a public address) and a private one (a database).
fn two_subnets() -> Topology {
    let mut topology = Topology::default();
    add_vpc(&mut topology, "vpc-a", "10.0.0.0/16");
    add_subnet(&mut topology, "vpc-a", "subnet-pub", "10.0.1.0/24");
    add_subnet(&mut topology, "vpc-a", "subnet-pri", "10.0.2.0/24");
    topology.internet_gateways.insert("igw-a".into(), InternetGateway { vpc: Some("vpc-a".into()) });
    add_route(&mut topology, "rtb-pub", "0.0.0.0/0", Target::InternetGateway("igw-a".into()));
    topology.subnets.get_mut("subnet-pub").expect("a subnet").route_table = Some("rtb-pub".into());
    let web =
        vec![(Traffic::Tcp(PortRange::one(80)), Peer::Cidr(Cidr::ANY)), (Traffic::All, Peer::Group("sg-db".into()))];
    topology.security_groups.insert("sg-web".into(), group("vpc-a", web));
    let db = vec![(Traffic::Tcp(PortRange::one(3306)), Peer::Group("sg-web".into()))];
    topology.security_groups.insert("sg-db".into(), group("vpc-a", db));
    let web = interface("vpc-a", "subnet-pub", "10.0.1.5", Some("198.18.4.1"), "sg-web");
    topology.interfaces.insert("eni-web".into(), web);
    topology.interfaces.insert("eni-db".into(), interface("vpc-a", "subnet-pri", "10.0.2.5", None, "sg-db"));
    topology
}

fn add_vpc(topology: &mut Topology, id: &str, block: &str) {
    let vpc = Vpc {
        account: "000000000000".into(),
        region: "ap-northeast-1".into(),
        cidrs: vec![cidr(block)],
        dns_support: true,
        dns_hostnames: true,
        dhcp_options: None,
        main_route_table: format!("rtb-main-{id}"),
    };
    topology.route_tables.insert(vpc.main_route_table.clone(), RouteTable { vpc: id.into(), routes: Vec::new() });
    topology.network_acls.insert(format!("acl-{id}"), allow_all(id));
    topology.vpcs.insert(id.into(), vpc);
}

fn add_subnet(topology: &mut Topology, vpc: &str, id: &str, block: &str) {
    let subnet = Subnet {
        vpc: vpc.into(),
        zone: "ap-northeast-1a".into(),
        cidr: cidr(block),
        ipv6_cidr: None,
        route_table: None,
        network_acl: format!("acl-{vpc}"),
    };
    topology.subnets.insert(id.into(), subnet);
}

fn add_route(topology: &mut Topology, table: &str, block: &str, target: Target) {
    let route = Route { destination: Destination::Cidr(cidr(block)), target };
    let table = topology
        .route_tables
        .entry(table.into())
        .or_insert_with(|| RouteTable { vpc: "vpc-a".into(), routes: Vec::new() });
    table.routes.push(route);
}

fn tcp(port: u16) -> Protocol {
    Protocol::Tcp { source: 40000, destination: port }
}

fn from(topology: &Topology, id: &str, to: &str, protocol: Protocol) -> Verdict {
    let source = topology.interfaces[id].addresses[0].private;
    let header = Header { source, destination: ip(to), protocol };
    decide(topology, &Packet { from: Origin::Interface(id.into()), header })
}

fn from_outside(topology: &Topology, to: &str, protocol: Protocol) -> Verdict {
    let header = Header { source: ip(ANYWHERE), destination: ip(to), protocol };
    decide(topology, &Packet { from: Origin::Internet, header })
}

#[track_caller]
fn stopped(verdict: &Verdict, code: &str, component: &str) {
    let cause = verdict.cause().expect("it should be stopped");
    assert_eq!((cause.code(), cause.component()), (code, Some(component)), "{}", cause.english());
    assert!(!cause.english().is_empty() && !cause.japanese().is_empty());
    assert!(!verdict.connects());
}

#[track_caller]
fn connects(verdict: &Verdict) {
    assert!(verdict.connects(), "{}", verdict.cause().map(Cause::english).unwrap_or_default());
}

#[test]
fn groups_refer_to_groups_and_remember() {
    let topology = two_subnets();
    connects(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)));
    stopped(&from(&topology, "eni-web", "10.0.2.5", tcp(22)), "ENI_SG_RULES_MISMATCH", "eni-db");
    connects(&from(&topology, "eni-db", "10.0.1.5", tcp(22)));
}

#[test]
fn groups_stop_what_goes_out() {
    let mut topology = two_subnets();
    topology.security_groups.get_mut("sg-web").expect("a group").rules.retain(|rule| !rule.egress);
    stopped(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)), "ENI_SG_RULES_MISMATCH", "eni-web");
    // What answers goes out all the same.
    connects(&from_outside(&topology, "198.18.4.1", tcp(80)));
}

#[test]
fn rules_of_several_groups_add_up() {
    let mut topology = two_subnets();
    topology.security_groups.insert(
        "sg-ssh".into(),
        group("vpc-a", vec![(Traffic::Tcp(PortRange::one(22)), Peer::Cidr(cidr("10.0.1.0/24")))]),
    );
    topology.interfaces.get_mut("eni-db").expect("it").groups.push("sg-ssh".into());
    connects(&from(&topology, "eni-web", "10.0.2.5", tcp(22)));
    connects(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)));
}

#[test]
fn a_prefix_list_is_a_peer() {
    let mut topology = two_subnets();
    let list = PrefixList { name: "offices".into(), cidrs: vec![cidr("203.0.113.0/24")] };
    topology.prefix_lists.insert("pl-1".into(), list);
    let rules = vec![(Traffic::Tcp(PortRange { from: 20, to: 30 }), Peer::PrefixList("pl-1".into()))];
    topology.security_groups.insert("sg-web".into(), group("vpc-a", rules));
    connects(&from_outside(&topology, "198.18.4.1", tcp(22)));
    stopped(&from_outside(&topology, "198.18.4.1", tcp(80)), "ENI_SG_RULES_MISMATCH", "eni-web");
}

#[test]
fn the_internet_needs_route_gateway_and_public_address() {
    let topology = two_subnets();
    let out = from(&topology, "eni-web", ANYWHERE, tcp(443));
    connects(&out);
    assert_eq!(out.there.end, Ok(Place::Internet));
    assert_eq!(out.header.source, ip("198.18.4.1"), "the outside sees the public address");

    let cause = from(&topology, "eni-db", ANYWHERE, tcp(443));
    stopped(&cause, "NO_ROUTE_TO_DESTINATION", "rtb-main-vpc-a");
    let english = cause.cause().expect("a cause").english();
    assert_eq!(english, "rtb-main-vpc-a has no route for 203.0.113.9: add 0.0.0.0/0 → igw-a");

    let mut detached = topology.clone();
    detached.internet_gateways.get_mut("igw-a").expect("it").vpc = None;
    stopped(&from(&detached, "eni-web", ANYWHERE, tcp(443)), "BAD_STATE_ROUTE", "rtb-pub");
    stopped(&from_outside(&detached, "198.18.4.1", tcp(80)), "BAD_STATE_ATTACHMENT", "vpc-a");

    let mut nameless = topology;
    nameless.interfaces.get_mut("eni-web").expect("it").addresses[0].public = None;
    stopped(&from(&nameless, "eni-web", ANYWHERE, tcp(443)), "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-a");
    let lost = from_outside(&nameless, "198.18.4.1", tcp(80));
    assert_eq!(lost.cause().map(Cause::code), Some("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"));
}

#[test]
fn the_answer_needs_a_route_too() {
    let mut topology = two_subnets();
    connects(&from_outside(&topology, "198.18.4.1", tcp(80)));
    topology.subnets.get_mut("subnet-pub").expect("a subnet").route_table = None;
    let verdict = from_outside(&topology, "198.18.4.1", tcp(80));
    assert!(verdict.there.end.is_ok());
    stopped(&verdict, "NO_ROUTE_TO_DESTINATION", "rtb-main-vpc-a");
}

#[test]
fn a_public_address_of_the_own_vpc_goes_through_the_gateway() {
    let mut topology = two_subnets();
    connects(&from(&topology, "eni-web", "198.18.4.1", tcp(80)));
    // A reference to a group matches private addresses only.
    let rules = vec![(Traffic::All, Peer::Group("sg-web".into()))];
    topology.security_groups.insert("sg-web".into(), group("vpc-a", rules));
    stopped(&from(&topology, "eni-web", "198.18.4.1", tcp(80)), "ENI_SG_RULES_MISMATCH", "eni-web");
}

#[test]
fn network_acls_are_stateless_and_tried_in_order() {
    let mut topology = two_subnets();
    let entry = |number, egress, allow, traffic| AclEntry { number, egress, allow, traffic, cidr: Cidr::ANY };
    let mut acl =
        NetworkAcl { vpc: "vpc-a".into(), entries: vec![entry(100, false, true, Traffic::Tcp(PortRange::one(3306)))] };
    topology.network_acls.insert("acl-db".into(), acl.clone());
    topology.subnets.get_mut("subnet-pri").expect("a subnet").network_acl = "acl-db".into();
    // In, but the answer to the ephemeral port does not come out.
    let verdict = from(&topology, "eni-web", "10.0.2.5", tcp(3306));
    assert!(verdict.there.end.is_ok());
    stopped(&verdict, "SUBNET_ACL_RESTRICTION", "acl-db");

    acl.entries.push(entry(100, true, true, Traffic::Tcp(PortRange { from: 1024, to: 65535 })));
    topology.network_acls.insert("acl-db".into(), acl.clone());
    connects(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)));

    acl.entries.push(entry(99, false, false, Traffic::All));
    topology.network_acls.insert("acl-db".into(), acl);
    let verdict = from(&topology, "eni-web", "10.0.2.5", tcp(3306));
    assert!(matches!(verdict.cause(), Some(Cause::Acl { rule: Some(99), egress: false, .. })));
}

#[test]
fn network_acls_say_nothing_inside_of_a_subnet() {
    let mut topology = two_subnets();
    topology.network_acls.insert("acl-vpc-a".into(), NetworkAcl { vpc: "vpc-a".into(), entries: Vec::new() });
    stopped(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)), "SUBNET_ACL_RESTRICTION", "acl-vpc-a");
    topology.interfaces.get_mut("eni-db").expect("it").subnet = "subnet-pub".into();
    connects(&from(&topology, "eni-web", "10.0.2.5", tcp(3306)));
}

#[test]
fn the_longest_prefix_wins_over_the_default() {
    let mut topology = two_subnets();
    add_route(&mut topology, "rtb-pub", "203.0.113.0/24", Target::NatGateway("nat-gone".into()));
    stopped(&from(&topology, "eni-web", ANYWHERE, tcp(443)), "BAD_STATE_ROUTE", "rtb-pub");
    connects(&from(&topology, "eni-web", "192.0.2.1", tcp(443)));
}

/// As two_subnets, with a NAT instance in the public subnet as the private one's way out.
fn with_nat_instance() -> Topology {
    let mut topology = two_subnets();
    let all = vec![(Traffic::All, Peer::Cidr(cidr("10.0.0.0/16")))];
    topology.security_groups.insert("sg-nat".into(), group("vpc-a", all));
    let mut nat = interface("vpc-a", "subnet-pub", "10.0.1.9", Some("198.18.4.9"), "sg-nat");
    nat.source_dest_check = false;
    nat.forwarding = Forwarding::Masquerade;
    topology.interfaces.insert("eni-nat".into(), nat);
    add_route(&mut topology, "rtb-main-vpc-a", "0.0.0.0/0", Target::Interface("eni-nat".into()));
    topology
}

#[test]
fn a_nat_instance_needs_its_source_dest_check_off() {
    let mut topology = with_nat_instance();
    let out = from(&topology, "eni-db", ANYWHERE, tcp(443));
    connects(&out);
    assert_eq!(out.header.source, ip("198.18.4.9"), "the outside sees the NAT instance's public address");

    topology.interfaces.get_mut("eni-nat").expect("it").source_dest_check = true;
    stopped(&from(&topology, "eni-db", ANYWHERE, tcp(443)), "ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-nat");
}

#[test]
fn a_guest_that_does_not_forward_is_the_end() {
    let mut topology = with_nat_instance();
    topology.interfaces.get_mut("eni-nat").expect("it").forwarding = Forwarding::None;
    let verdict = from(&topology, "eni-db", ANYWHERE, tcp(443));
    assert_eq!(verdict.there.end, Ok(Place::Interface("eni-nat".into())));
}

#[test]
fn a_guest_forwards_only_what_it_has_an_address_of() {
    let mut guest = interface("vpc-a", "subnet-pub", "10.0.1.9", None, "sg-nat");
    guest.forwarding = Forwarding::Route;
    let packet = |source, destination| Header { source: ip(source), destination: ip(destination), protocol: tcp(443) };
    let (v4, v6) = (packet("10.0.2.5", ANYWHERE), packet("2001:db8:0:100::5", "2606:4700::9"));
    assert!(routes(&guest, &v4) && !routes(&guest, &v6));
    guest.addresses.push(Address { private: ip("2001:db8:0:100::9"), public: None });
    assert!(routes(&guest, &v6));
}

#[test]
fn a_stopped_instance_makes_its_route_a_blackhole() {
    let mut topology = with_nat_instance();
    topology.interfaces.get_mut("eni-nat").expect("it").owner =
        Owner::Instance { id: "i-nat".into(), device_index: 0, running: false };
    stopped(&from(&topology, "eni-db", ANYWHERE, tcp(443)), "BAD_STATE_ROUTE", "rtb-main-vpc-a");
}

#[test]
fn a_nat_gateway_lets_out_and_not_in() {
    let mut topology = two_subnets();
    let mut nat = interface("vpc-a", "subnet-pub", "10.0.1.8", Some("198.18.4.8"), "");
    nat.groups.clear();
    nat.source_dest_check = false;
    nat.owner = Owner::NatGateway("nat-1".into());
    topology.interfaces.insert("eni-nat".into(), nat);
    let gateway =
        NatGateway { vpc: "vpc-a".into(), subnet: "subnet-pub".into(), interface: "eni-nat".into(), available: true };
    topology.nat_gateways.insert("nat-1".into(), gateway);
    add_route(&mut topology, "rtb-main-vpc-a", "0.0.0.0/0", Target::NatGateway("nat-1".into()));
    let out = from(&topology, "eni-db", ANYWHERE, tcp(443));
    connects(&out);
    assert_eq!(out.header.source, ip("198.18.4.8"));
    stopped(&from_outside(&topology, "198.18.4.8", tcp(443)), "NGW_REQUIRES_SOURCE_IN_VPC", "nat-1");
}

/// As two_subnets, with a second VPC that is peered and has a server.
fn with_peering() -> Topology {
    let mut topology = two_subnets();
    add_vpc(&mut topology, "vpc-b", "10.1.0.0/16");
    add_subnet(&mut topology, "vpc-b", "subnet-b", "10.1.1.0/24");
    let rules = vec![(Traffic::Tcp(PortRange::one(22)), Peer::Group("sg-web".into()))];
    topology.security_groups.insert("sg-b".into(), group("vpc-b", rules));
    topology.interfaces.insert("eni-b".into(), interface("vpc-b", "subnet-b", "10.1.1.5", None, "sg-b"));
    let peering = Peering { requester: "vpc-a".into(), accepter: "vpc-b".into(), active: true, resolving: Vec::new() };
    topology.peerings.insert("pcx-1".into(), peering);
    add_route(&mut topology, "rtb-pub", "10.1.0.0/16", Target::Peering("pcx-1".into()));
    add_route(&mut topology, "rtb-main-vpc-b", "10.0.0.0/16", Target::Peering("pcx-1".into()));
    topology
}

#[test]
fn a_peering_needs_routes_on_both_sides_and_leads_no_further() {
    let mut topology = with_peering();
    connects(&from(&topology, "eni-web", "10.1.1.5", tcp(22)));
    add_route(&mut topology, "rtb-pub", "172.16.0.0/16", Target::Peering("pcx-1".into()));
    stopped(&from(&topology, "eni-web", "172.16.0.1", tcp(22)), "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "pcx-1");
    topology.route_tables.get_mut("rtb-main-vpc-b").expect("a table").routes.clear();
    stopped(&from(&topology, "eni-web", "10.1.1.5", tcp(22)), "NO_ROUTE_TO_DESTINATION", "rtb-main-vpc-b");
    topology.peerings.get_mut("pcx-1").expect("it").active = false;
    stopped(&from(&topology, "eni-web", "10.1.1.5", tcp(22)), "BAD_STATE_ROUTE", "rtb-pub");
}

#[test]
fn the_resolver_and_the_metadata_service_are_under_no_rule() {
    let mut topology = two_subnets();
    topology.security_groups.get_mut("sg-db").expect("a group").rules.clear();
    topology.network_acls.get_mut("acl-vpc-a").expect("an acl").entries.clear();
    let dns = Protocol::Udp { source: 40000, destination: 53 };
    for resolver in ["10.0.0.2", "169.254.169.253"] {
        let verdict = from(&topology, "eni-db", resolver, dns);
        connects(&verdict);
        assert_eq!(verdict.there.end, Ok(Place::Resolver("vpc-a".into())));
    }
    connects(&from(&topology, "eni-db", "169.254.169.254", tcp(80)));
    stopped(&from(&topology, "eni-db", "10.0.0.2", tcp(80)), "PROTOCOL_RESTRICTION", "vpc-a");
    topology.vpcs.get_mut("vpc-a").expect("it").dns_support = false;
    stopped(&from(&topology, "eni-db", "10.0.0.2", dns), "PROTOCOL_RESTRICTION", "vpc-a");
}

#[test]
fn a_gateway_endpoint_needs_no_way_out() {
    let mut topology = two_subnets();
    topology.prefix_lists.insert("pl-s3".into(), PrefixList { name: "s3".into(), cidrs: vec![Public::default().s3()] });
    let endpoint = Endpoint {
        vpc: "vpc-a".into(),
        service: "com.amazonaws.ap-northeast-1.s3".into(),
        kind: EndpointKind::Gateway,
        available: true,
    };
    topology.endpoints.insert("vpce-s3".into(), endpoint);
    let table = topology.route_tables.get_mut("rtb-main-vpc-a").expect("a table");
    let target = Target::Endpoint("vpce-s3".into());
    table.routes.push(Route { destination: Destination::PrefixList("pl-s3".into()), target });
    connects(&from(&topology, "eni-db", "198.18.1.1", tcp(443)));
    let udp = Protocol::Udp { source: 40000, destination: 443 };
    stopped(&from(&topology, "eni-db", "198.18.1.1", udp), "VPCE_GATEWAY_PROTOCOL_RESTRICTION", "vpce-s3");
    stopped(&from(&topology, "eni-db", "198.18.2.1", tcp(443)), "NO_ROUTE_TO_DESTINATION", "rtb-main-vpc-a");
}

#[test]
fn addresses_that_nobody_has_are_dropped() {
    let topology = two_subnets();
    stopped(&from(&topology, "eni-web", "10.0.2.77", tcp(80)), "NO_POSSIBLE_DESTINATION", "vpc-a");
    stopped(&from_other_source(&topology), "ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-web");
}

fn from_other_source(topology: &Topology) -> Verdict {
    let header = Header { source: ip("10.0.1.77"), destination: ip("10.0.2.5"), protocol: tcp(3306) };
    decide(topology, &Packet { from: Origin::Interface("eni-web".into()), header })
}

#[test]
fn ipv6_goes_out_through_an_egress_only_gateway_and_not_in() {
    let mut topology = two_subnets();
    topology.vpcs.get_mut("vpc-a").expect("it").cidrs.push(cidr("2001:db8:0:100::/56"));
    let own = Address { private: ip("2001:db8:0:100::5"), public: None };
    topology.interfaces.get_mut("eni-db").expect("it").addresses.insert(0, own);
    topology.internet_gateways.clear();
    let gateway = InternetGateway { vpc: Some("vpc-a".into()) };
    topology.egress_only_internet_gateways.insert("eigw-1".into(), gateway);
    add_route(&mut topology, "rtb-main-vpc-a", "::/0", Target::EgressOnlyInternetGateway("eigw-1".into()));
    let everything = |egress| rule(egress, Traffic::All, Peer::Cidr(Cidr::ANY_V6));
    topology.security_groups.get_mut("sg-db").expect("a group").rules.extend([everything(true), everything(false)]);
    let entry = |egress| AclEntry { number: 101, egress, allow: true, traffic: Traffic::All, cidr: Cidr::ANY_V6 };
    topology.network_acls.get_mut("acl-vpc-a").expect("an acl").entries.extend([entry(true), entry(false)]);
    connects(&from(&topology, "eni-db", "2606:4700::1111", tcp(443)));
    let header = Header { source: ip("2606:4700::1111"), destination: ip("2001:db8:0:100::5"), protocol: tcp(443) };
    let verdict = decide(&topology, &Packet { from: Origin::Internet, header });
    stopped(&verdict, "NO_PATH", "eigw-1");
}

/// What goes out of an internet gateway goes to the world as this machine knows it, and its own network is a part of that.
#[test]
fn addresses_of_the_machines_own_network_are_the_internet() {
    let topology = two_subnets();
    connects(&from(&topology, "eni-web", "192.168.1.1", tcp(80)));
    stopped(&from(&topology, "eni-db", "192.168.1.1", tcp(80)), "NO_ROUTE_TO_DESTINATION", "rtb-main-vpc-a");
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn protocols() -> impl Strategy<Value = Protocol> {
        prop_oneof![
            (any::<u16>(), any::<u16>()).prop_map(|(source, destination)| Protocol::Tcp { source, destination }),
            (any::<u16>(), any::<u16>()).prop_map(|(source, destination)| Protocol::Udp { source, destination }),
            (any::<u8>(), any::<u8>()).prop_map(|(kind, code)| Protocol::Icmp { kind, code }),
            any::<u8>().prop_map(Protocol::Other),
        ]
    }

    fn addresses() -> impl Strategy<Value = IpAddr> {
        let known =
            ["10.0.1.5", "10.0.2.5", "10.0.0.2", "198.18.4.1", "198.18.0.2", "169.254.169.254", "203.0.113.9", "::1"];
        prop_oneof![
            prop::sample::select(known.to_vec()).prop_map(ip),
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into()))
        ]
    }

    fn traffics() -> impl Strategy<Value = Traffic> {
        prop_oneof![
            Just(Traffic::All),
            (any::<u16>(), any::<u16>()).prop_map(|(a, b)| Traffic::Tcp(PortRange { from: a.min(b), to: a.max(b) })),
            Just(Traffic::Icmp(IcmpRange::default())),
        ]
    }

    fn send(topology: &Topology, from: &str, to: IpAddr, protocol: Protocol) -> Verdict {
        let source = topology.interfaces[from].addresses[0].private;
        decide(
            topology,
            &Packet { from: Origin::Interface(from.into()), header: Header { source, destination: to, protocol } },
        )
    }

    proptest! {
        /// Every packet comes to an end, and whatever stops it can be told.
        #[test]
        fn every_packet_is_decided_about(source in addresses(), to in addresses(), protocol in protocols(), inside: bool) {
            let topology = with_nat_instance();
            let from = if inside { Origin::Interface("eni-db".into()) } else { Origin::Internet };
            let verdict = decide(&topology, &Packet { from, header: Header { source, destination: to, protocol } });
            prop_assert_eq!(verdict.connects(), verdict.cause().is_none());
            if let Some(cause) = verdict.cause() {
                prop_assert!(!cause.code().is_empty() && !cause.english().is_empty() && !cause.japanese().is_empty());
            }
        }

        /// Rules of groups only allow: one more never stops what came through.
        #[test]
        fn a_further_rule_of_a_group_stops_nothing(to in addresses(), protocol in protocols(), egress: bool, traffic in traffics()) {
            let before = two_subnets();
            let mut after = before.clone();
            let rule = rule(egress, traffic, Peer::Cidr(Cidr::ANY));
            after.security_groups.get_mut("sg-web").expect("a group").rules.push(rule);
            if send(&before, "eni-db", to, protocol).connects() {
                prop_assert!(send(&after, "eni-db", to, protocol).connects());
            }
        }

        /// The lowest number that matches decides, in whatever order the entries stand.
        #[test]
        fn the_lowest_number_decides(numbers in prop::collection::btree_set(1..32_766_u16, 1..8), traffic in traffics(), port: u16) {
            let entry = |number: &u16| AclEntry { number: *number, egress: false, allow: number % 2 == 0, traffic, cidr: Cidr::ANY };
            let entries: Vec<AclEntry> = numbers.iter().rev().map(entry).collect();
            let header = Header { source: ip(ANYWHERE), destination: ip("10.0.1.5"), protocol: tcp(port) };
            let first = numbers.first().filter(|_| traffic.matches(&header));
            let acl = NetworkAcl { vpc: "vpc-a".into(), entries };
            prop_assert_eq!(acl.deciding(false, &header).map(|entry| &entry.number), first);
        }

        /// The longest prefix that holds the address is taken.
        #[test]
        fn the_longest_prefix_is_taken(blocks in prop::collection::vec((any::<u32>(), 0_u8..=32), 0..8), to: u32) {
            let mut topology = two_subnets();
            for (address, prefix) in &blocks {
                let block = Cidr::new(IpAddr::V4((*address).into()), *prefix).expect("a block");
                add_route(&mut topology, "rtb-pub", &block.to_string(), Target::Interface("eni-db".into()));
            }
            let to = IpAddr::V4(to.into());
            let (vpc, table) = (&topology.vpcs["vpc-a"], &topology.route_tables["rtb-pub"]);
            let longest = topology.routes(vpc, table).iter().filter(|(cidr, _)| cidr.contains(to)).map(|(cidr, _)| cidr.prefix()).max();
            prop_assert_eq!(topology.route_to(vpc, table, to).map(|(cidr, _)| cidr.prefix()), longest);
        }
    }
}
