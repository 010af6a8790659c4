//! Interfaces from the inside: the end of the pair that is in the owner's namespace.

use std::net::IpAddr;

use kogumo_base::Trouble;

use super::route::{MAIN, Routing, Way};
use crate::Guest;
use crate::family::{Family, ROUTER_V6};
use crate::plan::Port;

/// Who is behind an interface.
#[derive(Debug)]
pub(crate) struct Attached {
    pub guest: Guest,
    pub number: u64,
}

/// Takes away a device of that name: one of an earlier network, whose other end is gone or about to go.
pub(crate) fn clear(guest: &Guest) -> Result<(), Trouble> {
    Routing::open(&guest.namespace)?.remove_link(&guest.device)
}

/// Gives the device its addresses, brings it up and makes it the way to everywhere.
pub(crate) fn configure(guest: &Guest, port: &Port) -> Result<(), Trouble> {
    let mut routing = Routing::open(&guest.namespace)?;
    let loopback = routing.index("lo")?;
    routing.set_up(loopback)?;
    let device = routing.index(&guest.device)?;
    for address in &port.addresses {
        routing.add_address(device, *address, prefix(port, *address))?;
    }
    routing.set_up(device)?;
    for family in Family::ALL.into_iter().filter(|family| has(port, *family)) {
        lead(&mut routing, guest, device, port, family)?;
    }
    match guest.default_route {
        true => Ok(()),
        false => port.addresses.iter().try_for_each(|address| routing.add_source_rule(*address, own_table(guest))),
    }
}

/// In IPv6 a guest has its addresses for itself, as AWS's DHCP gives them, and asks the router for everybody else.
fn prefix(port: &Port, address: IpAddr) -> u8 {
    if address.is_ipv4() { port.prefix } else { Family::V6.host() }
}

fn has(port: &Port, family: Family) -> bool {
    port.addresses.iter().any(|address| family.has(*address))
}

/// The way to everywhere leads over the device, or, where it is not the first one, for what comes from its addresses.
fn lead(routing: &mut Routing, guest: &Guest, device: u32, port: &Port, family: Family) -> Result<(), Trouble> {
    let gateway = if family == Family::V4 { port.gateway.into() } else { ROUTER_V6.into() };
    routing.set_route(table(guest), family.everywhere(), Way::Via { device, gateway })
}

fn table(guest: &Guest) -> u32 {
    if guest.default_route { MAIN } else { own_table(guest) }
}

/// The table of an interface that is not the first one: what comes from its addresses leaves by it, as Amazon Linux does it.
/// Elsewhere the packets' source would not be the interface's own.
fn own_table(guest: &Guest) -> u32 {
    const FIRST: u32 = 10_000;
    let number = guest.device.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    FIRST + number.parse::<u32>().unwrap_or_default()
}

/// Brings the addresses of a device from one port's to another's.
pub(crate) fn readdress(guest: &Guest, seen: &Port, wanted: &Port) -> Result<(), Trouble> {
    let mut routing = Routing::open(&guest.namespace)?;
    let device = routing.index(&guest.device)?;
    for address in wanted.addresses.iter().filter(|address| !seen.addresses.contains(address)) {
        routing.add_address(device, *address, prefix(wanted, *address))?;
        if !guest.default_route {
            routing.add_source_rule(*address, own_table(guest))?;
        }
    }
    for address in seen.addresses.iter().filter(|address| !wanted.addresses.contains(address)) {
        routing.remove_address(device, *address, prefix(seen, *address))?;
        if !guest.default_route {
            routing.remove_source_rule(*address, own_table(guest))?;
        }
    }
    for family in Family::ALL {
        match (has(seen, family), has(wanted, family)) {
            (false, true) => lead(&mut routing, guest, device, wanted, family)?,
            (true, false) => routing.remove_route(table(guest), family.everywhere())?,
            _ => {}
        }
    }
    Ok(())
}
