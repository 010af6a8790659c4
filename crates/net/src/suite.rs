//! What holds for every `Net`, the real one and the fake one.

use std::net::Ipv4Addr;

use kogumo_netmodel::Topology;

use crate::linux::tests::two_subnets;
use crate::{Guest, Net};

/// A network under test, and how to send something over it.
pub(crate) trait Bench {
    fn net(&self) -> &dyn Net;

    /// Somebody new for that interface, who answers at port 80.
    fn guest(&self, interface: &str) -> Guest;

    /// Whether the interface's guest reaches that address at TCP port 80.
    fn reaches(&self, from: &str, to: Ipv4Addr) -> bool;
}

const WEB: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 5);
const DB: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 5);

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
    assert!(!bench.reaches("eni-web", DB));
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB));

    // The same again changes nothing.
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB));

    // Who is detached is gone, and whoever comes next is reached.
    bench.net().detach("eni-db").expect("detached");
    bench.net().detach("eni-db").expect("detached once more");
    assert_eq!(bench.net().attached(), ["eni-web"]);
    assert!(!bench.reaches("eni-web", DB));
    attach(bench, "eni-db");
    assert!(bench.reaches("eni-web", DB));

    // An instance that stops answers no more, and answers again.
    realise(bench, |topology| {
        topology.interfaces.remove("eni-db");
    });
    assert!(!bench.reaches("eni-web", DB));
    realise(bench, |_| ());
    assert!(bench.reaches("eni-web", DB));

    bench.net().stop().expect("stopped");
    assert_eq!(bench.net().attached(), Vec::<String>::new());
}
