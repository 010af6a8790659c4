//! Flows over an interval: what is added up until a record is written. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kogumo_net::Counted;

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    pub egress: bool,
    pub accepted: bool,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    pub ports: (u16, u16),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub packets: u64,
    pub bytes: u64,
    /// Those of all packets.
    pub tcp_flags: u8,
    /// Seconds since 1970.
    pub first: i64,
    pub last: i64,
    /// AWS's number for the way out, where it goes out.
    pub path: Option<u8>,
}

/// An interval of one flow log at one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Seconds since 1970.
    pub start: i64,
    pub flows: BTreeMap<Flow, Totals>,
}

impl Window {
    pub fn new(start: i64) -> Self {
        Self { start, flows: BTreeMap::new() }
    }

    pub fn add(&mut self, now: i64, counted: &Counted, path: Option<u8>) {
        let flow = Flow {
            egress: counted.egress,
            accepted: counted.accepted,
            source: counted.source,
            destination: counted.destination,
            protocol: counted.protocol,
            ports: counted.ports,
        };
        let totals = self.flows.entry(flow).or_insert_with(|| Totals { first: now, path, ..Totals::default() });
        totals.packets += counted.packets;
        totals.bytes += counted.bytes;
        totals.tcp_flags |= counted.tcp_flags;
        totals.last = now;
    }

    /// Whether the interval of so many seconds is over.
    pub fn is_over(&self, now: i64, interval: i64) -> bool {
        now >= self.start.saturating_add(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_a_flow_add_up() {
        let mut counted = Counted {
            vpc: "vpc-1".into(),
            interface: "eni-1".into(),
            egress: false,
            accepted: true,
            source: [10, 0, 0, 1].into(),
            destination: [10, 0, 0, 2].into(),
            protocol: 6,
            ports: (1, 2),
            tcp_flags: 2,
            packets: 1,
            bytes: 60,
        };
        let mut window = Window::new(100);
        window.add(101, &counted, None);
        counted.tcp_flags = 1;
        window.add(103, &counted, None);
        counted.accepted = false;
        window.add(104, &counted, None);
        let totals: Vec<&Totals> = window.flows.values().collect();
        assert_eq!(totals.len(), 2);
        let accepted = window.flows.iter().find(|(flow, _)| flow.accepted).map(|(_, totals)| totals.clone());
        assert_eq!(accepted, Some(Totals { packets: 2, bytes: 120, tcp_flags: 3, first: 101, last: 103, path: None }));
        assert!(!window.is_over(159, 60) && window.is_over(160, 60));
    }
}
