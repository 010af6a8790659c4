//! The connections that a namespace tracks: read, and forgotten.

use kogumo_base::Trouble;
use kogumo_netmodel::Protocol;

use super::namespace::Namespace;
use super::netlink::Netlink;
use crate::family::Family;
use crate::nft::{Attributes, find};
use crate::plan::Flow;

const PROTOCOL_NETFILTER: isize = 12;
/// Subsystem 1 of nfnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h).
const NEW: u16 = 0x100;
const GET: u16 = 0x101;
const DELETE: u16 = 0x102;
const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const DUMP: u16 = 0x300;
const BOTH: u8 = 0;

const ORIGINAL: u16 = 1;

/// The connections that `ends` says so of are forgotten: their next packet is nothing that is known.
pub(crate) fn forget(namespace: &Namespace, ends: impl Fn(&Flow) -> bool) -> Result<(), Trouble> {
    let mut netlink = Netlink::open(namespace, PROTOCOL_NETFILTER)?;
    let sequence = netlink.next_sequence();
    let answers = netlink.exchange(&message(GET, REQUEST | DUMP, BOTH, sequence, &[]), sequence);
    let answers = answers.map_err(|e| Trouble::from_cause("cannot read the tracked connections", e))?;
    for answer in answers.iter().filter(|answer| answer.kind == NEW) {
        let Some(attributes) = answer.payload.get(4..) else { continue };
        let Some(original) = find(attributes, ORIGINAL) else { continue };
        let Some(flow) = flow(original) else { continue };
        if ends(&flow) {
            let family = Family::of(flow.source).number();
            let sequence = netlink.next_sequence();
            let mut body = Attributes::default();
            body.nest(ORIGINAL, |nest| nest.0.extend_from_slice(original));
            match netlink.exchange(&message(DELETE, REQUEST | ACK, family, sequence, &body.0), sequence) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                done => drop(done.map_err(|e| Trouble::from_cause("cannot end a connection", e))?),
            }
        }
    }
    Ok(())
}

fn message(kind: u16, flags: u16, family: u8, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(20 + body.len()).unwrap_or(u32::MAX).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend([family, 0, 0, 0]);
    bytes.extend(body);
    bytes
}

fn flow(bytes: &[u8]) -> Option<Flow> {
    let (ip, protocol) = (find(bytes, 1)?, find(bytes, 2)?);
    let family = if find(ip, 1).is_some() { Family::V4 } else { Family::V6 };
    let address = |kind| family.read(find(ip, if family == Family::V4 { kind } else { kind + 2 })?);
    let port = |kind| find(protocol, kind)?.first_chunk::<2>().map(|port| u16::from_be_bytes(*port));
    let number = *find(protocol, 1)?.first()?;
    let ports = port(2).zip(port(3));
    let protocol = match (number, ports) {
        (6, Some((source, destination))) => Protocol::Tcp { source, destination },
        (17, Some((source, destination))) => Protocol::Udp { source, destination },
        (1, _) => Protocol::PING,
        (58, _) => Protocol::PING_V6,
        (number, _) => Protocol::Other(number),
    };
    Some(Flow { source: address(1)?, destination: address(2)?, protocol })
}
