//! The behaviour suite on the kernel's network.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use super::probe::{Servers, Sockets};
use super::{Linux, Namespace, permitted};
use crate::suite::{self, Bench};
use crate::{Guest, Net};

struct Kernel {
    net: Linux,
    guests: Mutex<BTreeMap<String, (Namespace, Servers)>>,
}

impl Bench for Kernel {
    fn net(&self) -> &dyn Net {
        &self.net
    }

    fn guest(&self, interface: &str) -> Guest {
        let namespace = Namespace::new().expect("a guest");
        let share = namespace.share().expect("a share");
        let servers = Servers::start(&namespace, &[Ipv6Addr::UNSPECIFIED.into()]);
        self.guests.lock().expect("the guests").insert(interface.to_owned(), (namespace, servers));
        Guest { namespace: share, device: "eth0".into(), default_route: true }
    }

    fn reaches(&self, from: &str, to: IpAddr) -> bool {
        let guests = self.guests.lock().expect("the guests");
        Sockets::connect(&guests[from].0, to, 80)
    }
}

#[test]
fn the_kernel_behaves() {
    if !permitted() {
        return;
    }
    let net = Linux::seen_from(Namespace::new().expect("an outside")).expect("a network");
    suite::check(&Kernel { net, guests: Mutex::default() });
}
