//! The kernel's network, observed from inside of its guests with real packets. Needs root (or a user namespace in which
//! the test runs as root); is skipped loudly without.

mod bench;
mod differential;
mod edge;
mod probe;
mod random;
mod speed;
mod world;

use kogumo_netmodel::{Cidr, Forwarding, NatGateway, Owner, Peer, PortRange, SecurityGroup, Target, Topology, Traffic};

use super::*;
use probe::{Answers, Probe};
use world::Lab;
pub(crate) use world::two_subnets;

/// Whether these tests can run.
fn permitted() -> bool {
    let permitted = Namespace::new().is_ok();
    if !permitted {
        eprintln!("SKIPPED: network namespaces need root; the kernel's network was not tested");
    }
    permitted
}

#[test]
fn neighbours_reach_each_other_as_groups_allow() {
    if !permitted() {
        return;
    }
    let lab = Lab::new(two_subnets());
    let answers = Answers::of(
        &lab,
        &[
            Probe::tcp("eni-web", "10.0.2.5", 80),
            Probe::tcp("eni-web", "10.0.2.5", 22),
            Probe::udp("eni-web", "10.0.2.5", 80),
            Probe::ping("eni-web", "10.0.2.5"),
        ],
    );
    assert_eq!(answers.0, [true, false, true, true]);
}

#[test]
fn the_internet_is_behind_gateway_route_and_public_address() {
    if !permitted() {
        return;
    }
    let mut lab = Lab::new(two_subnets());
    let probes = [
        Probe::tcp("eni-web", "203.0.113.9", 80),
        Probe::ping("eni-web", "203.0.113.9"),
        Probe::tcp("eni-db", "203.0.113.9", 80),
        Probe::tcp("outside", "198.18.4.1", 80),
        Probe::tcp("outside", "198.18.4.1", 22),
        Probe::ping("outside", "198.18.4.1"),
        Probe::tcp("outside", "10.0.1.5", 80),
        Probe::tcp("eni-web", "198.18.4.1", 80),
    ];
    assert_eq!(Answers::of(&lab, &probes).0, [true, true, false, true, false, true, false, true]);
    lab.change(|topology| {
        topology.internet_gateways.get_mut("igw-a").expect("it").vpc = None;
    });
    assert_eq!(Answers::of(&lab, &probes).0, [false; 8]);
}

/// The private subnet's way out, over an interface in the public one.
fn with_way_out(owner: Owner, target: Target) -> Topology {
    let mut topology = two_subnets();
    let mut nat = world::interface("vpc-a", "subnet-pub", 9, "10.0.1.9", Some("198.18.4.9"), "sg-nat");
    nat.source_dest_check = false;
    if matches!(owner, Owner::NatGateway(_)) {
        nat.groups.clear();
    } else {
        nat.forwarding = Forwarding::Masquerade;
    }
    nat.owner = owner;
    topology.interfaces.insert("eni-nat".into(), nat);
    let all = |egress| world::rule(egress, Traffic::All, Peer::Cidr(Cidr::ANY));
    let group = SecurityGroup { vpc: "vpc-a".into(), rules: vec![all(true), all(false)] };
    topology.security_groups.insert("sg-nat".into(), group);
    world::add_route(&mut topology, "rtb-main-vpc-a", "vpc-a", "0.0.0.0/0", target);
    topology
}

#[test]
fn a_nat_instance_forwards_once_its_check_is_off() {
    if !permitted() {
        return;
    }
    let owner = Owner::Instance { id: "i-9".into(), device_index: 0, running: true };
    let mut lab = Lab::new(with_way_out(owner, Target::Interface("eni-nat".into())));
    let probes = [
        Probe::tcp("eni-db", "203.0.113.9", 80),
        Probe::udp("eni-db", "203.0.113.9", 80),
        Probe::ping("eni-db", "203.0.113.9"),
    ];
    assert_eq!(Answers::of(&lab, &probes).0, [true; 3]);
    lab.change(|topology| topology.interfaces.get_mut("eni-nat").expect("it").source_dest_check = true);
    assert_eq!(Answers::of(&lab, &probes).0, [false; 3]);
}

#[test]
fn a_nat_gateway_lets_out_and_not_in() {
    if !permitted() {
        return;
    }
    let mut topology = with_way_out(Owner::NatGateway("nat-1".into()), Target::NatGateway("nat-1".into()));
    let nat =
        NatGateway { vpc: "vpc-a".into(), subnet: "subnet-pub".into(), interface: "eni-nat".into(), available: true };
    topology.nat_gateways.insert("nat-1".into(), nat);
    let lab = Lab::new(topology);
    let probes = [
        Probe::tcp("eni-db", "203.0.113.9", 80),
        Probe::ping("eni-db", "203.0.113.9"),
        Probe::tcp("outside", "198.18.4.9", 80),
        Probe::ping("outside", "198.18.4.9"),
    ];
    assert_eq!(Answers::of(&lab, &probes).0, [true, true, false, false]);
}

/// A connection that goes on, and whether a word comes back over it.
fn talks(stream: &std::net::TcpStream, answer: &std::net::TcpStream) -> bool {
    use std::io::{Read, Write};
    let (mut to, mut from) = (stream, answer);
    from.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    to.write_all(b"x").is_ok() && from.read(&mut [0]).is_ok_and(|length| length == 1)
}

#[test]
fn what_groups_need_not_track_ends_with_its_rule_and_what_they_track_goes_on() {
    if !permitted() {
        return;
    }
    let mut lab = Lab::new(two_subnets());
    let trouble = |error| Trouble::from_cause("a socket", error);
    let web = lab.namespace(Some("eni-web"));
    let listener = web.enter(|| std::net::TcpListener::bind(("0.0.0.0", 8080)).map_err(trouble)).expect("a server");
    let open = |lab: &mut Lab, block: &str| {
        let block: Cidr = block.parse().expect("a block");
        lab.change(|topology| {
            let rules = &mut topology.security_groups.get_mut("sg-a").expect("it").rules;
            rules.push(world::rule(false, Traffic::Tcp(PortRange::one(8080)), Peer::Cidr(block)));
        });
        let connect = || std::net::TcpStream::connect(("198.18.4.1", 8080)).map_err(trouble);
        let stream = lab.namespace(None).enter(connect).expect("a connection");
        (stream, listener.accept().expect("the other end").0)
    };
    for (block, goes_on) in [("0.0.0.0/0", false), ("198.18.0.0/15", true)] {
        let (stream, answer) = open(&mut lab, block);
        assert!(talks(&stream, &answer));
        lab.change(|topology| {
            topology.security_groups.get_mut("sg-a").expect("it").rules.pop();
        });
        assert_eq!(talks(&stream, &answer), goes_on, "{block}");
        assert_eq!(talks(&answer, &stream), goes_on, "{block}");
    }
    let (stream, answer) = open(&mut lab, "198.18.0.0/15");
    assert!(talks(&stream, &answer));
    lab.change(|topology| {
        topology.interfaces.get_mut("eni-web").expect("it").addresses[0].public = None;
    });
    assert!(!talks(&stream, &answer), "the public address is gone");
}

#[test]
fn flows_of_both_families_are_counted() {
    if !permitted() {
        return;
    }
    let mut topology = two_subnets();
    topology.logged.insert("eni-web".into());
    let lab = Lab::new(topology);
    let probes = [
        Probe::tcp("eni-db", "10.0.1.5", 80),
        Probe::tcp("eni-db", "2001:db8:0:101::5", 80),
        Probe::tcp("eni-db", "2001:db8:0:101::5", 22),
    ];
    assert_eq!(Answers::of(&lab, &probes).0, [true, true, false]);
    let counted = lab.net.count().expect("counted");
    let seen = |source: &str, port: u16, accepted: bool| {
        let source: IpAddr = source.parse().expect("an address");
        let of = |one: &&Counted| (one.source, one.ports.1, one.egress) == (source, port, false);
        counted.iter().filter(of).any(|one| one.accepted == accepted && one.protocol == 6 && one.packets > 0)
    };
    assert!(seen("10.0.2.5", 80, true) && seen("2001:db8:0:102::5", 80, true), "{counted:?}");
    assert!(seen("2001:db8:0:102::5", 22, false) && !seen("2001:db8:0:102::5", 22, true), "{counted:?}");
}

#[test]
fn nothing_is_left_behind() {
    if !permitted() {
        return;
    }
    let lab = Lab::new(two_subnets());
    let mut host = route::Routing::open(lab.namespace(None)).expect("rtnetlink");
    assert!(host.index("kogumo0").is_ok());
    let router = lab.net.routers().remove(0).1;
    lab.net.stop().expect("stopped");
    // Namespaces end a moment after nobody holds them.
    drop(router);
    let gone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        host.index("kogumo0").is_err()
    });
    assert!(gone, "the host's device stays");
    let mut guest = route::Routing::open(lab.namespace(Some("eni-web"))).expect("rtnetlink");
    assert!(guest.index("eth0").is_err(), "the guest's device stays");
    assert_eq!(lab.net.attached(), Vec::<String>::new());
}
