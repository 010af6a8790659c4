//! Interfaces from the inside: the end of the pair that is in the owner's namespace.

use std::net::Ipv4Addr;

use kogumo_base::Trouble;

use super::route::{MAIN, Routing, Way};
use crate::Guest;
use crate::plan::Port;

const EVERYWHERE: (Ipv4Addr, u8) = (Ipv4Addr::UNSPECIFIED, 0);

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
        routing.add_address(device, *address, port.prefix)?;
    }
    routing.set_up(device)?;
    if guest.default_route {
        let way = Way::Via { device, gateway: port.gateway };
        routing.set_route(MAIN, EVERYWHERE, way)?;
    } else {
        let table = own_table(guest);
        routing.set_route(table, EVERYWHERE, Way::Via { device, gateway: port.gateway })?;
        port.addresses.iter().try_for_each(|address| routing.add_source_rule(*address, table))?;
    }
    Ok(())
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
        routing.add_address(device, *address, wanted.prefix)?;
        if !guest.default_route {
            routing.add_source_rule(*address, own_table(guest))?;
        }
    }
    for address in seen.addresses.iter().filter(|address| !wanted.addresses.contains(address)) {
        routing.remove_address(device, *address, seen.prefix)?;
        if !guest.default_route {
            routing.remove_source_rule(*address, own_table(guest))?;
        }
    }
    Ok(())
}
