//! What flow logs are made of: where a packet passes a port, or does not, it is counted at a member of a set. The kernel
//! adds up; nobody is asked packet by packet. Where no interface is logged there is nothing of this.

use std::net::IpAddr;

use kogumo_netmodel::Topology;

use super::router::Router;
use crate::family::Family;
use crate::nft::{ChainType, Compare, Expr, Hook, HookType, Kind, Meta, Rule, Ruleset, Set, Verdict, address, device};

/// The set of flows.
pub(crate) const FLOWS: &str = "flows";
/// A flow that nothing was seen of for so long begins anew, in milliseconds.
const FORGOTTEN_AFTER: u64 = 120_000;
const LOGGED: &str = "logged";
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Where the parts of a member stand, in registers: the device's name, what it is, the two addresses, the protocol, the two
/// ports, the flags of TCP.
const NAME: u32 = 0;
const WHAT: u32 = 4;
const SOURCE: u32 = 5;
const EGRESS: u8 = 1;
const REJECTED: u8 = 2;

/// Where the parts behind the source stand. IPv6 fills all the registers that there are.
struct Layout {
    destination: u32,
    protocol: u32,
    ports: u32,
    flags: u32,
}

impl Layout {
    const fn of(family: Family) -> Self {
        let words = family.length() / 4;
        let destination = SOURCE + words;
        let protocol = destination + words;
        Self { destination, protocol, ports: protocol + 1, flags: protocol + 2 }
    }

    /// Bytes of a member.
    const fn length(&self) -> u32 {
        (self.flags + 1) * 4
    }
}

/// A member of the set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub device: String,
    pub egress: bool,
    pub accepted: bool,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    pub ports: (u16, u16),
    /// FIN, SYN, RST and ACK of one packet.
    pub tcp_flags: u8,
}

impl Key {
    /// Reads a member as the kernel holds it.
    pub(crate) fn read(family: Family, bytes: &[u8]) -> Option<Self> {
        let layout = Layout::of(family);
        let from = |register: u32| bytes.get(register as usize * 4..);
        let part = |register: u32| from(register)?.first_chunk::<4>().copied();
        let name = bytes.get(..16)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let [what, ..] = part(WHAT)?;
        let [protocol, ..] = part(layout.protocol)?;
        let [a, b, c, d] = part(layout.ports)?;
        let [tcp_flags, ..] = part(layout.flags)?;
        Some(Self {
            device: std::str::from_utf8(name.get(..end)?).ok()?.to_owned(),
            egress: what & EGRESS != 0,
            accepted: what & REJECTED == 0,
            source: family.read(from(SOURCE)?)?,
            destination: family.read(from(layout.destination)?)?,
            protocol,
            ports: (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            tcp_flags,
        })
    }
}

/// Adds the set and the chains that count, if one of the router's interfaces is logged; the answer says so.
pub(super) fn add(ruleset: &mut Ruleset, family: Family, topology: &Topology, router: &Router) -> bool {
    let mut logged = Set::new(16, Kind::Nothing);
    let ports = router.ports.iter().filter(|(id, _)| topology.logged.contains(*id));
    ports.for_each(|(_, port)| logged.insert(device(&port.device)));
    if logged.elements.is_empty() {
        return false;
    }
    ruleset.set(LOGGED, logged);
    ruleset.set(FLOWS, Set::new(Layout::of(family).length(), Kind::Counters(FORGOTTEN_AFTER)));
    for egress in [false, true] {
        for accepted in [false, true] {
            ruleset.chain(&chain(egress, accepted), rules(family, egress, accepted));
        }
        ruleset.chain(&drop_chain(egress), drop_rules(egress));
    }
    let passed = [true, false].map(|egress| jump(&chain(egress, true)));
    let last = Hook { kind: HookType::Forward, chain: ChainType::Filter, priority: 20, accept: true };
    ruleset.base("passed", last, passed.to_vec());
    true
}

/// How a packet is dropped by what the sender has (`egress`) or the receiver: counted first where that is wanted.
pub(super) fn drop_verdict(egress: bool, logs: bool) -> Verdict {
    if logs { Verdict::Goto(drop_chain(egress)) } else { Verdict::Drop }
}

fn drop_chain(egress: bool) -> String {
    format!("refuse-{}", if egress { "out" } else { "in" })
}

/// What does not get out was refused to its sender. What does not get in has left its sender.
fn drop_rules(egress: bool) -> Vec<Rule> {
    let mut rules = match egress {
        true => vec![jump(&chain(true, false))],
        false => vec![jump(&chain(true, true)), jump(&chain(false, false))],
    };
    rules.push(vec![Expr::Verdict(Verdict::Drop)]);
    rules
}

fn chain(egress: bool, accepted: bool) -> String {
    format!("count-{}-{}", if egress { "out" } else { "in" }, if accepted { "accept" } else { "reject" })
}

fn jump(chain: &str) -> Rule {
    vec![Expr::Verdict(Verdict::Jump(chain.to_owned()))]
}

fn rules(family: Family, egress: bool, accepted: bool) -> Vec<Rule> {
    let layout = Layout::of(family);
    let (ports, flags) = (layout.ports, layout.flags);
    let what = if egress { EGRESS } else { 0 } | if accepted { 0 } else { REJECTED };
    let is = |number: u8, how| Expr::Compare { from: layout.protocol, how, value: vec![number] };
    let load_ports = Expr::Transport { offset: 0, length: 4, to: ports };
    let zero = |to| Expr::Immediate { to, value: vec![0; 4] };
    let load_flags = [
        Expr::Transport { offset: 13, length: 1, to: flags },
        Expr::Mask { register: flags, mask: vec![0x17, 0, 0, 0] },
    ];
    let tcp = [vec![is(TCP, Compare::Equal), load_ports.clone()], load_flags.to_vec()].concat();
    let udp = vec![is(UDP, Compare::Equal), load_ports, zero(flags)];
    let other = vec![is(TCP, Compare::NotEqual), is(UDP, Compare::NotEqual), zero(ports), zero(flags)];
    let rule = |end: Vec<Expr>| {
        let key = if egress { Meta::InputName } else { Meta::OutputName };
        let mut rule = vec![
            Expr::Meta { key, to: NAME },
            Expr::Lookup { set: LOGGED.to_owned(), from: NAME, invert: false },
            Expr::Immediate { to: WHAT, value: vec![what, 0, 0, 0] },
            address(family, false, SOURCE),
            address(family, true, layout.destination),
            Expr::Meta { key: Meta::TransportProtocol, to: layout.protocol },
        ];
        rule.extend(end);
        rule.push(Expr::Count { set: FLOWS.to_owned(), from: NAME });
        rule
    };
    [tcp, udp, other].map(rule).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_read() {
        let mut bytes = device("eni0123");
        bytes.extend([
            EGRESS | REJECTED,
            0,
            0,
            0,
            10,
            0,
            1,
            5,
            10,
            0,
            1,
            6,
            TCP,
            0,
            0,
            0,
            0x9c,
            0x40,
            0,
            22,
            2,
            0,
            0,
            0,
        ]);
        let key = Key::read(Family::V4, &bytes).expect("a member");
        assert_eq!((key.device.as_str(), key.egress, key.accepted), ("eni0123", true, false));
        assert_eq!((key.source, key.destination), ([10, 0, 1, 5].into(), [10, 0, 1, 6].into()));
        assert_eq!((key.protocol, key.ports, key.tcp_flags), (TCP, (40000, 22), 2));
        assert_eq!(Key::read(Family::V4, &bytes[..39]), None);
    }

    #[test]
    fn a_member_of_ipv6_fills_the_registers() {
        assert_eq!(Layout::of(Family::V6).length(), 64);
        let mut bytes = device("eni0123");
        bytes.extend([EGRESS, 0, 0, 0]);
        bytes.extend("2001:db8::5".parse::<std::net::Ipv6Addr>().expect("an address").octets());
        bytes.extend("2001:db8::6".parse::<std::net::Ipv6Addr>().expect("an address").octets());
        bytes.extend([UDP, 0, 0, 0, 0, 53, 0, 54, 0, 0, 0, 0]);
        let key = Key::read(Family::V6, &bytes).expect("a member");
        assert_eq!((key.source.to_string(), key.destination.to_string()), ("2001:db8::5".into(), "2001:db8::6".into()));
        assert_eq!((key.protocol, key.ports), (UDP, (53, 54)));
    }
}
