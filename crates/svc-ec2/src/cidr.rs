//! Blocks of addresses, as EC2 reads them: host bits are cut off, not refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use kogumo_wire::Fault;

use crate::faults::invalid_value;

/// Reads an IPv4 block.
///
/// # Errors
/// A text that is none; `parameter` is the request's name for it.
pub fn v4(text: &str, parameter: &str) -> Result<Ipv4Net, Fault> {
    text.parse().map(|net: Ipv4Net| net.trunc()).map_err(|_| no_block(text, parameter))
}

/// Reads an IPv6 block.
///
/// # Errors
/// As of [`v4`].
pub fn v6(text: &str, parameter: &str) -> Result<Ipv6Net, Fault> {
    text.parse().map(|net: Ipv6Net| net.trunc()).map_err(|_| no_block(text, parameter))
}

fn no_block(text: &str, parameter: &str) -> Fault {
    invalid_value(format!("Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."))
}

/// A block of a record, which has been checked when it was stored.
pub fn stored(text: &str) -> Option<IpNet> {
    text.parse().ok()
}

pub fn stored_v4(text: &str) -> Option<Ipv4Net> {
    text.parse().ok()
}

pub fn stored_v6(text: &str) -> Option<Ipv6Net> {
    text.parse().ok()
}

pub fn overlap4(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

pub fn overlap6(one: &Ipv6Net, other: &Ipv6Net) -> bool {
    one.contains(other) || other.contains(one)
}

/// An address of a request.
///
/// # Errors
/// A text that is none.
pub fn address4(text: &str) -> Result<Ipv4Addr, Fault> {
    text.parse().map_err(|_| no_address(text))
}

/// As [`address4`].
///
/// # Errors
/// A text that is none.
pub fn address6(text: &str) -> Result<Ipv6Addr, Fault> {
    match text.parse() {
        Ok(IpAddr::V6(address)) => Ok(address),
        _ => Err(no_address(text)),
    }
}

fn no_address(text: &str) -> Fault {
    Fault::coded("InvalidAddress.Malformed", 400, format!("Invalid IP address: {text}"))
}

/// The addresses of a subnet that are nobody's: the network's, the router's, the resolver's, one kept for later, and
/// the last one. Source: Amazon VPC User Guide, "Subnet CIDR blocks".
pub fn is_reserved(net: &Ipv4Net, address: Ipv4Addr) -> bool {
    let from_start = u32::from(address).wrapping_sub(u32::from(net.network()));
    from_start < 4 || address == net.broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_cut_off() {
        assert_eq!(v4("100.68.0.18/18", "cidrBlock").map(|net| net.to_string()).ok().as_deref(), Some("100.68.0.0/18"));
        assert!(v4("10.0.0.0", "cidrBlock").is_err_and(|fault| fault.message.contains("not a valid CIDR block")));
    }

    #[test]
    fn five_addresses_of_a_subnet_are_reserved() {
        let net: Ipv4Net = "10.0.1.0/28".parse().expect("a block");
        let free: Vec<_> = net.subnets(32).into_iter().flatten().filter(|one| !is_reserved(&net, one.addr())).collect();
        assert_eq!(free.len(), 11);
        assert_eq!(free[0].addr(), Ipv4Addr::new(10, 0, 1, 4));
    }
}
