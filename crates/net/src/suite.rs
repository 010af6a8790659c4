//! What holds for every `Net`, the real one and the fake one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kogumo_netmodel::Topology;

use crate::linux::tests::two_subnets;
use crate::{Guest, Net};

/// A network under test, and how to send something over it.
pub(crate) trait Bench {
    fn net(&self) -> &dyn Net;

    /// Somebody new for that interface, who answers at port 80.
    fn guest(&self, interface: &str) -> Guest;

    /// Whether the interface's guest reaches that address at TCP port 80.
    fn reaches(&self, from: &str, to: IpAddr) -> bool;
}

const WEB: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 1, 5));
const DB: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 5));
const DB_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0x102, 0, 0, 0, 5));

fn attach(bench: &dyn Bench, interface: &str) {
    bench.net().attach(interface, bench.guest(interface)).expect("attached");
}

fn realise(bench: &dyn Bench, change: impl FnOnce(&mut Topology)) {
    let mut topology = two_subnets();
    change(&mut topology);
    bench.net().realise(&topology).expect("realised");
}

/// Everything, one after the other, on one network.
pub(crate) fn check(bench: &dyn Bench) {
    // Somebody may be attached before the topology knows of the interface.
    attach(bench, "eni-web");
    realise(bench, |_| ());
    attach(bench, "eni-db");
    assert_eq!(bench.net().attached(), ["eni-db", "eni-web"]);
    assert!(bench.reaches("eni-web", DB) && bench.reaches("eni-db", WEB));

    // A change is felt when `realise` returns, and taking it back is, too.
    realise(bench, |topology| topology.security_groups.get_mut("sg-a").expect("it").rules.retain(|rule| rule.egress));
    assert!(!bench.reaches("eni-web", DB) && !bench.reaches("eni-web", DB_V6));
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB) && bench.reaches("eni-web", DB_V6));

    // Addresses come and go while somebody is there.
    realise(bench, |topology| {
        let addresses = &mut topology.interfaces.get_mut("eni-db").expect("it").addresses;
        addresses.retain(|own| own.private.is_ipv4());
    });
    assert!(bench.reaches("eni-web", DB) && !bench.reaches("eni-web", DB_V6));
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB_V6));

    // The same again changes nothing.
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB) && bench.reaches("eni-web", DB_V6));

    // Who is detached is gone, and whoever comes next is reached.
    bench.net().detach("eni-db").expect("detached");
    bench.net().detach("eni-db").expect("detached once more");
    assert_eq!(bench.net().attached(), ["eni-web"]);
    assert!(!bench.reaches("eni-web", DB) && !bench.reaches("eni-web", DB_V6));
    attach(bench, "eni-db");
    assert!(bench.reaches("eni-web", DB) && bench.reaches("eni-web", DB_V6));

    // An instance that stops answers no more, and answers again.
    realise(bench, |topology| {
        topology.interfaces.remove("eni-db");
    });
    assert!(!bench.reaches("eni-web", DB) && !bench.reaches("eni-web", DB_V6));
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB) && bench.reaches("eni-web", DB_V6));

    bench.net().stop().expect("stopped");
    assert_eq!(bench.net().attached(), Vec::<String>::new());
}
