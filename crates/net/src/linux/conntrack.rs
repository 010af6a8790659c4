//! The connections that a namespace tracks: read, and forgotten.

use std::net::Ipv4Addr;

use kogumo_base::Trouble;
use kogumo_netmodel::Protocol;

use super::namespace::Namespace;
use super::netlink::Netlink;
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
const IPV4: u8 = 2;

const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;

/// The connections that `ends` says so of are forgotten: their next packet is nothing that is known.
pub(crate) fn forget(namespace: &Namespace, ends: impl Fn(&Flow) -> bool) -> Result<(), Trouble> {
    let mut netlink = Netlink::open(namespace, PROTOCOL_NETFILTER)?;
    let sequence = netlink.next_sequence();
    let answers = netlink.exchange(&message(GET, REQUEST | DUMP, sequence, &[]), sequence);
    let answers = answers.map_err(|e| Trouble::from_cause("cannot read the tracked connections", e))?;
    for answer in answers.iter().filter(|answer| answer.kind == NEW) {
        let Some(attributes) = answer.payload.get(4..) else { continue };
        let (Some(original), Some(reply)) = (find(attributes, ORIGINAL), find(attributes, REPLY)) else { continue };
        if flow(original, reply).is_some_and(|flow| ends(&flow)) {
            let sequence = netlink.next_sequence();
            let mut body = Attributes::default();
            body.nest(ORIGINAL, |nest| nest.0.extend_from_slice(original));
            match netlink.exchange(&message(DELETE, REQUEST | ACK, sequence, &body.0), sequence) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                done => drop(done.map_err(|e| Trouble::from_cause("cannot end a connection", e))?),
            }
        }
    }
    Ok(())
}

fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(20 + body.len()).unwrap_or(u32::MAX).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend([IPV4, 0, 0, 0]);
    bytes.extend(body);
    bytes
}

fn flow(original: &[u8], reply: &[u8]) -> Option<Flow> {
    let (source, destination, protocol) = tuple(original)?;
    let (answers_from, answers_to, _) = tuple(reply)?;
    Some(Flow { source, destination, protocol, answers_from, answers_to })
}

fn tuple(bytes: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr, Protocol)> {
    let (ip, protocol) = (find(bytes, 1)?, find(bytes, 2)?);
    let address = |kind| find(ip, kind)?.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
    let port = |kind| find(protocol, kind)?.first_chunk::<2>().map(|port| u16::from_be_bytes(*port));
    let number = *find(protocol, 1)?.first()?;
    let ports = port(2).zip(port(3));
    let protocol = match (number, ports) {
        (6, Some((source, destination))) => Protocol::Tcp { source, destination },
        (17, Some((source, destination))) => Protocol::Udp { source, destination },
        (1, _) => Protocol::PING,
        (number, _) => Protocol::Other(number),
    };
    Some((address(1)?, address(2)?, protocol))
}
