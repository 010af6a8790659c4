//! Edge associations and translation: what comes in through the internet gateway is led through somebody in the middle.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Forwarding, Peer, PortRange, RouteTable, SecurityGroup, Target, Topology, Traffic};

use super::probe::{Answers, Probe};
use super::world::{self, Lab, two_subnets};
use super::{Namespace, permitted};

/// The web server's subnet lies behind a firewall: both ways of its traffic lead over it.
fn behind_a_firewall() -> Topology {
    let mut topology = two_subnets();
    world::add_subnet(&mut topology, "vpc-a", "subnet-mid", "10.0.3.0/24");
    let mid = topology.subnets.get_mut("subnet-mid").expect("it");
    (mid.ipv6_cidr, mid.route_table) = ("2001:db8:0:103::/64".parse().ok(), Some("rtb-mid".into()));
    let mut firewall = world::interface("vpc-a", "subnet-mid", 7, "10.0.3.7", None, "sg-mid");
    (firewall.source_dest_check, firewall.forwarding) = (false, Forwarding::Route);
    topology.interfaces.insert("eni-mid".into(), firewall);
    world::add_address_v6(&mut topology, "eni-mid", 7);
    let all = |egress, cidr| world::rule(egress, Traffic::All, Peer::Cidr(cidr));
    let rules = [true, false].map(|egress| [all(egress, Cidr::ANY), all(egress, Cidr::ANY_V6)]).concat();
    topology.security_groups.insert("sg-mid".into(), SecurityGroup { vpc: "vpc-a".into(), rules });
    topology.route_tables.insert("rtb-pub".into(), RouteTable { vpc: "vpc-a".into(), routes: Vec::new() });
    let middle = || Target::Interface("eni-mid".into());
    for everywhere in ["0.0.0.0/0", "::/0"] {
        world::add_route(&mut topology, "rtb-mid", "vpc-a", everywhere, Target::InternetGateway("igw-a".into()));
        world::add_route(&mut topology, "rtb-pub", "vpc-a", everywhere, middle());
    }
    for own in ["10.0.1.0/24", "2001:db8:0:101::/64"] {
        world::add_route(&mut topology, "rtb-edge", "vpc-a", own, middle());
    }
    topology.gateway_route_tables.insert("igw-a".into(), "rtb-edge".into());
    topology
}

#[test]
fn an_edge_table_leads_through_the_middle() {
    if !permitted() {
        return;
    }
    let mut lab = Lab::new(behind_a_firewall());
    let probes = [
        Probe::tcp("outside", "198.18.4.1", 80),
        Probe::ping("outside", "198.18.4.1"),
        Probe::tcp("outside", "2001:db8:0:101::5", 80),
        Probe::ping("outside", "2001:db8:0:101::5"),
        Probe::tcp("eni-web", "203.0.113.9", 80),
        Probe::udp("eni-web", "203.0.113.9", 80),
        Probe::ping("eni-web", "203.0.113.9"),
        Probe::udp("eni-web", "2606:4700::9", 80),
    ];
    assert_eq!(Answers::of(&lab, &probes).0, [true; 8]);
    // Everything went that way: with its check on, the firewall takes none of it.
    lab.change(|topology| topology.interfaces.get_mut("eni-mid").expect("it").source_dest_check = true);
    assert_eq!(Answers::of(&lab, &probes).0, [false; 8]);
    lab.change(|topology| topology.interfaces.get_mut("eni-mid").expect("it").source_dest_check = false);
    // Without the association what comes in goes straight there, and only answers take the way over the firewall.
    lab.change(|topology| topology.gateway_route_tables.clear());
    assert_eq!(Answers::of(&lab, &probes).0, [true; 8]);
    lab.change(|topology| {
        topology.gateway_route_tables.insert("igw-a".into(), "rtb-edge".into());
        topology.interfaces.get_mut("eni-mid").expect("it").owner = kogumo_netmodel::Owner::Nobody;
    });
    assert_eq!(Answers::of(&lab, &probes).0, [false; 8]);
}

/// Whether a datagram to that port is answered by the message that nobody listens there.
fn is_told(from: &Namespace, to: IpAddr) -> bool {
    let trouble = |error| Trouble::from_cause("a socket", error);
    let ask = || {
        let socket = UdpSocket::bind(("0.0.0.0", 0)).map_err(trouble)?;
        socket.set_read_timeout(Some(Duration::from_millis(500))).map_err(trouble)?;
        socket.connect((to, 81)).map_err(trouble)?;
        socket.send(b"?").map_err(trouble)?;
        Ok(socket.recv(&mut [0; 8]).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused))
    };
    (0..2).any(|_| from.enter(ask).expect("a namespace"))
}

#[test]
fn messages_about_packets_are_translated_with_them() {
    if !permitted() {
        return;
    }
    let mut topology = two_subnets();
    let rule = world::rule(false, Traffic::Udp(PortRange::one(81)), Peer::Cidr(Cidr::ANY));
    topology.security_groups.get_mut("sg-a").expect("it").rules.push(rule);
    let lab = Lab::new(topology);
    assert!(is_told(lab.namespace(None), Ipv4Addr::new(198, 18, 4, 1).into()), "what the guest says of a packet");
    assert!(is_told(lab.namespace(Some("eni-web")), world::OUTSIDE), "what is said to the guest of its packet");
}
