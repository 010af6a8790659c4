//! Expressions of rules. A register holds four bytes; longer values take several in a row.

use kogumo_netmodel::{Cidr, IcmpRange, PortRange, Traffic};

use crate::family::Family;

/// One expression. `to` and `from` are registers, 0 being the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    /// What is known of the packet beside its bytes.
    Meta {
        key: Meta,
        to: u32,
    },
    SetMark {
        from: u32,
    },
    /// Bytes of the network header.
    Network {
        offset: u32,
        length: u32,
        to: u32,
    },
    /// Bytes of the transport header.
    Transport {
        offset: u32,
        length: u32,
        to: u32,
    },
    /// Writes an address into the network header, and corrects the sums over it. IPv4.
    WriteNetwork {
        offset: u32,
        from: u32,
    },
    /// Writes an address into the packet that an ICMP message is about, and corrects the message's sum. IPv4.
    WriteQuoted {
        offset: u32,
        from: u32,
    },
    /// The state of the connection, as bits.
    ConnectionState {
        to: u32,
    },
    /// Whether a packet goes the way of the connection's first one (0) or answers (1), one byte.
    ConnectionDirection {
        to: u32,
    },
    Mask {
        register: u32,
        mask: Vec<u8>,
    },
    Compare {
        from: u32,
        how: Compare,
        value: Vec<u8>,
    },
    /// Both ends belong to it.
    Within {
        from: u32,
        low: Vec<u8>,
        high: Vec<u8>,
    },
    /// Goes on where the set has the value; `invert`: where it has not.
    Lookup {
        set: String,
        from: u32,
        invert: bool,
    },
    /// Puts what the map has for the value into a register; goes on where there is something.
    Map {
        map: String,
        from: u32,
        to: u32,
    },
    /// Does what the map says for the value.
    VerdictMap {
        map: String,
        from: u32,
    },
    /// Counts the packet at the member of the set that the registers hold.
    Count {
        set: String,
        from: u32,
    },
    Immediate {
        to: u32,
        value: Vec<u8>,
    },
    SourceNat {
        address: u32,
    },
    Masquerade,
    /// To a socket of this namespace that listens at the port in the register, whatever address the packet is for.
    TransparentProxy {
        port: u32,
    },
    /// Tells the sender that there is no such host (ICMP).
    NoSuchHost,
    Verdict(Verdict),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meta {
    Mark,
    /// 16 bytes, four registers.
    InputName,
    /// 16 bytes, four registers.
    OutputName,
    TransportProtocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
}

/// The register that matches of one value use.
const SCRATCH: u32 = 8;

/// A device's name, or how it begins where it ends with `*`.
pub(crate) fn match_name(key: Meta, name: &str) -> Vec<Expr> {
    let value = match name.strip_suffix('*') {
        Some(start) => start.as_bytes().to_vec(),
        None => super::ruleset::device(name),
    };
    vec![Expr::Meta { key, to: SCRATCH }, Expr::Compare { from: SCRATCH, how: Compare::Equal, value }]
}

/// The packet's source, or its destination, is in the block. Nothing is asked where that is all of them; none for the
/// other family.
pub(crate) fn match_cidr(family: Family, cidr: &Cidr, destination: bool) -> Option<Vec<Expr>> {
    let value = family.octets(cidr.address())?;
    if cidr.prefix() == 0 {
        return Some(Vec::new());
    }
    let mut exprs = vec![address(family, destination, SCRATCH)];
    if cidr.prefix() < family.host() {
        exprs.push(Expr::Mask { register: SCRATCH, mask: mask(cidr.prefix(), value.len()) });
    }
    exprs.push(Expr::Compare { from: SCRATCH, how: Compare::Equal, value });
    Some(exprs)
}

/// Loads the packet's source, or its destination.
pub(crate) fn address(family: Family, destination: bool, to: u32) -> Expr {
    let offset = if destination { family.destination() } else { family.source() };
    Expr::Network { offset, length: family.length(), to }
}

/// So many bytes of which the first `prefix` bits are set.
fn mask(prefix: u8, length: usize) -> Vec<u8> {
    let bits = |byte: usize| usize::from(prefix).saturating_sub(byte * 8).min(8);
    (0..length).map(|byte| u8::try_from(0xff00_u16 >> bits(byte) & 0xff).unwrap_or_default()).collect()
}

/// The protocol and the ports of a rule; none for what only the other family has.
pub(crate) fn match_traffic(family: Family, traffic: Traffic) -> Option<Vec<Expr>> {
    Some(match traffic {
        Traffic::All => Vec::new(),
        Traffic::Tcp(ports) => with_ports(6, ports),
        Traffic::Udp(ports) => with_ports(17, ports),
        Traffic::Icmp(range) if family == Family::V4 => with_icmp(family, range),
        Traffic::Icmpv6(range) if family == Family::V6 => with_icmp(family, range),
        Traffic::Icmp(_) | Traffic::Icmpv6(_) => return None,
        Traffic::Other(number) => protocol(number),
    })
}

fn protocol(number: u8) -> Vec<Expr> {
    vec![
        Expr::Meta { key: Meta::TransportProtocol, to: SCRATCH },
        Expr::Compare { from: SCRATCH, how: Compare::Equal, value: vec![number] },
    ]
}

fn with_ports(number: u8, ports: PortRange) -> Vec<Expr> {
    let mut exprs = protocol(number);
    if ports == PortRange::ALL {
        return exprs;
    }
    exprs.push(Expr::Transport { offset: 2, length: 2, to: SCRATCH });
    let (low, high) = (ports.from.to_be_bytes().to_vec(), ports.to.to_be_bytes().to_vec());
    exprs.push(if low == high {
        Expr::Compare { from: SCRATCH, how: Compare::Equal, value: low }
    } else {
        Expr::Within { from: SCRATCH, low, high }
    });
    exprs
}

fn with_icmp(family: Family, range: IcmpRange) -> Vec<Expr> {
    let mut exprs = protocol(family.icmp());
    for (offset, wanted) in [(0, range.kind), (1, range.code)] {
        if let Some(wanted) = wanted {
            exprs.push(Expr::Transport { offset, length: 1, to: SCRATCH });
            exprs.push(Expr::Compare { from: SCRATCH, how: Compare::Equal, value: vec![wanted] });
        }
    }
    exprs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_have_so_many_bits() {
        assert_eq!(mask(20, 4), [255, 255, 240, 0]);
        assert_eq!(mask(1, 4), [128, 0, 0, 0]);
        assert_eq!(mask(56, 16)[..8], [255, 255, 255, 255, 255, 255, 255, 0]);
    }

    #[test]
    fn a_block_is_asked_for_in_its_own_family() {
        let block: Cidr = "2001:db8::/56".parse().expect("a block");
        assert_eq!(match_cidr(Family::V4, &block, true), None);
        let asked = match_cidr(Family::V6, &block, true).expect("expressions");
        assert_eq!(asked.first(), Some(&Expr::Network { offset: 24, length: 16, to: SCRATCH }));
        assert_eq!(match_cidr(Family::V6, &Cidr::ANY_V6, false), Some(Vec::new()));
        assert_eq!(match_traffic(Family::V6, Traffic::Icmp(IcmpRange::default())), None);
    }
}
