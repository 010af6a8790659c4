//! The flows that a VPC's namespace counts: what has been added to each since they were read last.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kogumo_base::Trouble;
use kogumo_netmodel::Id;

use super::netlink::Netlink;
use crate::family::Family;
use crate::nft::{Attributes, TABLE, all, find};
use crate::plan::{FLOWS, Key};

/// Subsystem 10 of nfnetlink (include/uapi/linux/netfilter/nf_tables.h).
const NEW_ELEMENT: u16 = 0xa0c;
const GET_ELEMENT: u16 = 0xa0d;
const REQUEST: u16 = 0x1;
const DUMP: u16 = 0x300;
/// The set changes while it is read; then it is read again.
const TRIES: usize = 5;

/// Packets of one flow at one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub vpc: Id,
    pub interface: Id,
    pub egress: bool,
    pub accepted: bool,
    pub source: IpAddr,
    pub destination: IpAddr,
    /// IANA's number.
    pub protocol: u8,
    /// Source and destination, of TCP and UDP; else 0.
    pub ports: (u16, u16),
    /// FIN, SYN, RST and ACK, as they stand in the header of these packets.
    pub tcp_flags: u8,
    pub packets: u64,
    pub bytes: u64,
}

/// Packets and bytes.
type Counters = (u64, u64);

/// Remembers what was read: the kernel's counters only grow.
#[derive(Debug, Default)]
pub(super) struct Flows(BTreeMap<Key, Counters>);

impl Flows {
    /// What has come since the last time.
    pub(super) fn read(&mut self, family: Family, netlink: &mut Netlink) -> Result<Vec<(Key, Counters)>, Trouble> {
        let now = dump(family, netlink)?;
        let new = now.iter().filter_map(|(key, counters)| {
            // One that was forgotten and came again counts from the beginning.
            let before = self.0.get(key).filter(|before| before.0 <= counters.0).copied().unwrap_or_default();
            let more = (counters.0 - before.0, counters.1.saturating_sub(before.1));
            (more.0 > 0).then(|| (key.clone(), more))
        });
        let new = new.collect();
        self.0 = now;
        Ok(new)
    }
}

fn dump(family: Family, netlink: &mut Netlink) -> Result<BTreeMap<Key, Counters>, Trouble> {
    for _ in 0..TRIES {
        let sequence = netlink.next_sequence();
        let answers = netlink.exchange(&request(family, sequence), sequence);
        let answers = answers.map_err(|e| Trouble::from_cause("cannot read the counted flows", e))?;
        if answers.iter().any(|answer| answer.interrupted) {
            continue;
        }
        let elements = answers.iter().filter(|answer| answer.kind == NEW_ELEMENT);
        let lists = elements.filter_map(|answer| find(answer.payload.get(4..)?, 3));
        return Ok(lists.flat_map(all).filter_map(|(_, element)| member(family, element)).collect());
    }
    Err(Trouble::new("the counted flows change faster than they can be read"))
}

fn request(family: Family, sequence: u32) -> Vec<u8> {
    let mut body = Attributes::default();
    body.text(1, TABLE).text(2, FLOWS);
    let mut bytes = u32::try_from(20 + body.0.len()).unwrap_or(u32::MAX).to_ne_bytes().to_vec();
    bytes.extend(GET_ELEMENT.to_ne_bytes());
    bytes.extend((REQUEST | DUMP).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend([family.number(), 0, 0, 0]);
    bytes.extend(body.0);
    bytes
}

/// A member and its counters.
fn member(family: Family, element: &[u8]) -> Option<(Key, Counters)> {
    let key = Key::read(family, find(find(element, 1)?, 1)?)?;
    let counters = find(find(element, 7)?, 2)?;
    let number = |kind| find(counters, kind)?.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    Some((key, (number(2)?, number(1)?)))
}
