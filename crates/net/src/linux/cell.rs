//! What every namespace of ours has: its sockets to the kernel, its settings, its ruleset.

use std::fs;

use kogumo_base::Trouble;

use super::flows::Flows;
use super::namespace::Namespace;
use super::netlink::Netlink;
use super::route::Routing;
use crate::family::Family;
use crate::nft::{Rulesets, diff, transaction};
use crate::plan::{FLOWS, Key};

const PROTOCOL_NETFILTER: isize = 12;

/// A namespace that routes.
pub(crate) struct Cell {
    pub namespace: Namespace,
    pub routing: Routing,
    pub loopback: u32,
    netfilter: Netlink,
    rules: Rulesets,
    flows: [Flows; 2],
}

impl Cell {
    /// A new namespace that forwards, and answers ARP for those that it can reach where `proxy` says so.
    pub(crate) fn new(proxy: bool) -> Result<Self, Trouble> {
        let namespace = Namespace::new()?;
        namespace.enter(|| set_up(proxy).and_then(|()| set_up_v6()))?;
        let mut routing = Routing::open(&namespace)?;
        let netfilter = Netlink::open(&namespace, PROTOCOL_NETFILTER)?;
        let loopback = routing.index("lo")?;
        routing.set_up(loopback)?;
        Ok(Self { namespace, routing, loopback, netfilter, rules: Rulesets::default(), flows: Default::default() })
    }

    /// Changes the rules of both families, in one transaction.
    pub(crate) fn set_rules(&mut self, wanted: &Rulesets) -> Result<(), Trouble> {
        let of =
            |family: Family| diff(self.rules.of(family), wanted.of(family)).into_iter().map(move |one| (family, one));
        let changes: Vec<_> = Family::ALL.into_iter().flat_map(of).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let first = self.rules == Rulesets::default();
        let sequence = self.netfilter.next_sequence();
        let batch = transaction(&changes, sequence);
        let done = self.netfilter.exchange(&batch, sequence);
        done.map_err(|e| Trouble::from_cause("the kernel refuses a change of nftables", e))?;
        self.rules = wanted.clone();
        if first {
            // Known only once something asks for the state of connections.
            self.namespace.enter(|| {
                track();
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Cell {
    /// What has been counted since the last time: packets and bytes of each flow.
    pub(crate) fn count(&mut self) -> Result<Vec<(Key, (u64, u64))>, Trouble> {
        let mut counted = Vec::new();
        for (family, flows) in Family::ALL.into_iter().zip(&mut self.flows) {
            match self.rules.of(family).sets.contains_key(FLOWS) {
                true => counted.extend(flows.read(family, &mut self.netfilter)?),
                false => *flows = Flows::default(),
            }
        }
        Ok(counted)
    }

    pub(crate) fn take_over_connections(&self, may: bool) -> Result<(), Trouble> {
        self.namespace.enter(|| {
            set_tracking("nf_conntrack_tcp_loose", if may { "1" } else { "0" });
            Ok(())
        })
    }

    /// Answers ARP for others at once. Usually such an answer is delayed at random, for others to be first.
    pub(crate) fn answer_at_once(&mut self, device: u32) -> Result<(), Trouble> {
        // Of sysctls there are none for neighbours where the namespace is not root's.
        self.routing.set_proxy_delay(device, 0)
    }
}

/// Settings of a namespace that routes. New devices take what `default` says.
fn set_up(proxy: bool) -> Result<(), Trouble> {
    let proxy = if proxy { "1" } else { "0" };
    let settings = [
        ("ip_forward", "1"),
        ("conf/all/rp_filter", "0"),
        ("conf/default/rp_filter", "0"),
        ("conf/all/send_redirects", "0"),
        ("conf/default/send_redirects", "0"),
        ("conf/all/accept_redirects", "0"),
        ("conf/default/accept_redirects", "0"),
        ("conf/default/proxy_arp", proxy),
    ];
    for (name, value) in settings {
        let path = format!("/proc/sys/net/ipv4/{name}");
        fs::write(&path, value).map_err(|e| Trouble::from_cause(format!("cannot set {path}"), e))?;
    }
    Ok(())
}

/// The same for IPv6, where this machine has it. Nothing gives itself an address: what there is is ours. Nobody is asked
/// whether somebody has it already, which would take a second each time.
fn set_up_v6() -> Result<(), Trouble> {
    if !has_ipv6() {
        return Ok(());
    }
    let settings = [
        ("all/forwarding", "1"),
        ("default/forwarding", "1"),
        ("default/accept_ra", "0"),
        ("default/accept_dad", "0"),
        ("default/addr_gen_mode", "1"),
        ("all/accept_redirects", "0"),
        ("default/accept_redirects", "0"),
    ];
    for (name, value) in settings {
        let path = format!("/proc/sys/net/ipv6/conf/{name}");
        fs::write(&path, value).map_err(|e| Trouble::from_cause(format!("cannot set {path}"), e))?;
    }
    Ok(())
}

/// Whether the kernel speaks IPv6.
pub(crate) fn has_ipv6() -> bool {
    std::path::Path::new("/proc/sys/net/ipv6").exists()
}

/// Windows of TCP are the guests' own matter, and a connection begins with its first packet. A kernel that does not know
/// these settings does without.
fn track() {
    for (name, value) in [("nf_conntrack_tcp_be_liberal", "1"), ("nf_conntrack_tcp_loose", "0")] {
        set_tracking(name, value);
    }
}

fn set_tracking(name: &str, value: &str) {
    if let Err(error) = fs::write(format!("/proc/sys/net/netfilter/{name}"), value) {
        tracing::debug!(%error, name, "a setting of connection tracking is not there");
    }
}
