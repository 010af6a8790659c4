//! What every namespace of ours has: its sockets to the kernel, its settings, its ruleset.

use std::fs;

use kogumo_base::Trouble;

use super::flows::Flows;
use super::namespace::Namespace;
use super::netlink::Netlink;
use super::route::Routing;
use crate::nft::{Ruleset, diff, transaction};
use crate::plan::{FLOWS, Key};

const PROTOCOL_NETFILTER: isize = 12;

/// The other end of a link, as a route names it; and our own. The links have no addresses, and their neighbours are known
/// for good, so that the same two serve all links.
pub(crate) const NEXT: std::net::Ipv4Addr = std::net::Ipv4Addr::new(169, 254, 1, 1);

/// A namespace that routes.
pub(crate) struct Cell {
    pub namespace: Namespace,
    pub routing: Routing,
    pub loopback: u32,
    netfilter: Netlink,
    ruleset: Ruleset,
    flows: Flows,
}

impl Cell {
    /// A new namespace that forwards, and answers ARP for those that it can reach where `proxy` says so.
    pub(crate) fn new(proxy: bool) -> Result<Self, Trouble> {
        let namespace = Namespace::new()?;
        namespace.enter(|| set_up(proxy))?;
        let mut routing = Routing::open(&namespace)?;
        let netfilter = Netlink::open(&namespace, PROTOCOL_NETFILTER)?;
        let loopback = routing.index("lo")?;
        routing.set_up(loopback)?;
        Ok(Self { namespace, routing, loopback, netfilter, ruleset: Ruleset::default(), flows: Flows::default() })
    }

    /// Changes the ruleset, in one transaction.
    pub(crate) fn set_rules(&mut self, wanted: &Ruleset) -> Result<(), Trouble> {
        let changes = diff(&self.ruleset, wanted);
        if changes.is_empty() {
            return Ok(());
        }
        let first = self.ruleset == Ruleset::default();
        let sequence = self.netfilter.next_sequence();
        let batch = transaction(&changes, sequence);
        let done = self.netfilter.exchange(&batch, sequence);
        done.map_err(|e| Trouble::from_cause("the kernel refuses a change of nftables", e))?;
        self.ruleset = wanted.clone();
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
        match self.ruleset.sets.contains_key(FLOWS) {
            true => self.flows.read(&mut self.netfilter),
            false => {
                self.flows = Flows::default();
                Ok(Vec::new())
            }
        }
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
