//! A packet, as far as a network looks at it, and the ranges of protocols and ports that rules are written in.

use std::fmt;
use std::net::IpAddr;

use crate::Id;

/// The first packet of a connection, or of an exchange without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    pub from: Origin,
    pub header: Header,
}

/// Where a packet comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A network interface, `eni-…`.
    Interface(Id),
    /// Anywhere outside of the VPCs: the internet, or this machine itself.
    Internet,
}

/// Addresses, protocol and ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Tcp {
        source: u16,
        destination: u16,
    },
    Udp {
        source: u16,
        destination: u16,
    },
    /// ICMP for IPv4, ICMPv6 for IPv6.
    Icmp {
        kind: u8,
        code: u8,
    },
    /// Any other, by its number.
    Other(u8),
}

impl Protocol {
    /// An echo request of IPv4, as ping sends it.
    pub const PING: Self = Self::Icmp { kind: 8, code: 0 };
    /// The same of IPv6.
    pub const PING_V6: Self = Self::Icmp { kind: 128, code: 0 };

    /// The protocol of what comes back.
    #[must_use]
    pub fn reply(self) -> Self {
        match self {
            Self::Tcp { source, destination } => Self::Tcp { source: destination, destination: source },
            Self::Udp { source, destination } => Self::Udp { source: destination, destination: source },
            Self::Icmp { kind: 8, code } => Self::Icmp { kind: 0, code },
            Self::Icmp { kind: 128, code } => Self::Icmp { kind: 129, code },
            other => other,
        }
    }

    /// The port it is for.
    #[must_use]
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Tcp { destination, .. } | Self::Udp { destination, .. } => Some(destination),
            _ => None,
        }
    }

    fn number(self, v4: bool) -> u8 {
        match self {
            Self::Tcp { .. } => 6,
            Self::Udp { .. } => 17,
            Self::Icmp { .. } if v4 => 1,
            Self::Icmp { .. } => 58,
            Self::Other(number) => number,
        }
    }
}

impl Header {
    /// The header of what comes back.
    #[must_use]
    pub fn reply(self) -> Self {
        Self { source: self.destination, destination: self.source, protocol: self.protocol.reply() }
    }
}

impl fmt::Display for Header {
    /// `10.0.1.5 → 10.0.2.5 tcp 22`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.source, self.destination, self.protocol)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { destination, .. } => write!(f, "tcp {destination}"),
            Self::Udp { destination, .. } => write!(f, "udp {destination}"),
            Self::Icmp { kind: 8 | 128, code: 0 } => f.write_str("icmp echo request"),
            Self::Icmp { kind: 0 | 129, code: 0 } => f.write_str("icmp echo reply"),
            Self::Icmp { kind, code } => write!(f, "icmp type {kind} code {code}"),
            Self::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

/// Ports, both ends belonging to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    pub from: u16,
    pub to: u16,
}

impl PortRange {
    pub const ALL: Self = Self { from: 0, to: u16::MAX };

    #[must_use]
    pub const fn one(port: u16) -> Self {
        Self { from: port, to: port }
    }

    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        self.from <= port && port <= self.to
    }
}

/// Types and codes of ICMP; none is AWS's -1, any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IcmpRange {
    pub kind: Option<u8>,
    pub code: Option<u8>,
}

impl IcmpRange {
    #[must_use]
    pub fn contains(self, kind: u8, code: u8) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind) && self.code.is_none_or(|wanted| wanted == code)
    }
}

/// The protocol and ports of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// AWS's protocol -1.
    All,
    Tcp(PortRange),
    Udp(PortRange),
    /// Protocol 1.
    Icmp(IcmpRange),
    /// Protocol 58.
    Icmpv6(IcmpRange),
    /// Any other, by its number; rules for it have no ports.
    Other(u8),
}

impl Traffic {
    #[must_use]
    pub fn matches(self, header: &Header) -> bool {
        let v4 = header.source.is_ipv4();
        match (self, header.protocol) {
            (Self::All, _) => true,
            (Self::Tcp(ports), Protocol::Tcp { destination, .. }) => ports.contains(destination),
            (Self::Udp(ports), Protocol::Udp { destination, .. }) => ports.contains(destination),
            (Self::Icmp(range), Protocol::Icmp { kind, code }) => v4 && range.contains(kind, code),
            (Self::Icmpv6(range), Protocol::Icmp { kind, code }) => !v4 && range.contains(kind, code),
            (Self::Other(number), protocol) => number == protocol.number(v4),
            _ => false,
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all traffic"),
            Self::Tcp(ports) => write!(f, "tcp {ports}"),
            Self::Udp(ports) => write!(f, "udp {ports}"),
            Self::Icmp(_) => f.write_str("icmp"),
            Self::Icmpv6(_) => f.write_str("icmpv6"),
            Self::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}
