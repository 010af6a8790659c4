//! The pool of public addresses: one for the whole cloud, since the machine it runs on is its internet.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use kogumo_base::{Scope, random_bytes};
use kogumo_door::{Cloud, Writer};
use kogumo_netmodel::{Cidr, Public};
use kogumo_store::{Key, Range, Table};
use kogumo_wire::Fault;

use crate::resource::Resource;
use crate::vpc::Vpc;

/// Which addresses are public in this cloud.
pub fn plan(cloud: &Cloud) -> Public {
    let (base, prefix) = cloud.settings.public_addresses;
    let (base_v6, prefix_v6) = cloud.settings.public_ipv6_addresses;
    let v4 = Public::new(base, prefix).unwrap_or_default();
    v4.with_v6(base_v6, prefix_v6).unwrap_or(v4)
}

/// Whose an address is: account and region. By the address as a number.
static HELD: Table<Scope> = Table::new("ec2/public-address");

fn everywhere() -> Scope {
    Scope::new("", "")
}

fn key(address: Ipv4Addr) -> Key {
    Key::new().u64(u64::from(u32::from(address)))
}

/// Whether an interface may have that address: networks' first and last ones are left out.
fn is_usable(plan: Public, address: Ipv4Addr) -> bool {
    address >= plan.first() && plan.pool().contains(address.into()) && !matches!(address.octets()[3], 0 | 255)
}

/// So many addresses are tried at random before they are gone through.
const TRIES: usize = 16;

/// Takes a free address, at random: several clouds on one machine then hardly ever hand out the same, and each of them is
/// reached from there.
///
/// # Errors
/// `InsufficientAddressCapacity`.
pub fn take(w: &mut Writer) -> Result<Ipv4Addr, Fault> {
    let pool = plan(w.cloud).pool();
    for _ in 0..TRIES {
        let place = u128::from(u32::from_be_bytes(random_bytes::<4>())) % pool.size();
        let Some(IpAddr::V4(address)) = pool.nth(place) else { continue };
        if take_this(w, address)? {
            return Ok(address);
        }
    }
    take_first(w)
}

fn take_first(w: &mut Writer) -> Result<Ipv4Addr, Fault> {
    let plan = plan(w.cloud);
    let mut next = u32::from(plan.first());
    for row in HELD.scan(w.store(), &everywhere(), &Range::all()) {
        let (row, _) = row?;
        let held = row.reader().u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
        while !is_usable(plan, Ipv4Addr::from(next)) && next < held {
            next += 1;
        }
        if held != next {
            break;
        }
        next += 1;
    }
    while !is_usable(plan, Ipv4Addr::from(next)) && plan.pool().contains(Ipv4Addr::from(next).into()) {
        next += 1;
    }
    let address = Ipv4Addr::from(next);
    if !plan.pool().contains(address.into()) {
        let message = "There are no addresses left in the pool of this cloud.";
        return Err(Fault::coded("InsufficientAddressCapacity", 503, message));
    }
    hold(w, address)?;
    Ok(address)
}

/// Takes a certain address; answers whether it was free.
///
/// # Errors
/// Trouble with the store.
pub fn take_this(w: &mut Writer, address: Ipv4Addr) -> Result<bool, Fault> {
    if !is_usable(plan(w.cloud), address) || HELD.contains(w.store(), &everywhere(), key(address))? {
        return Ok(false);
    }
    hold(w, address)?;
    Ok(true)
}

fn hold(w: &mut Writer, address: Ipv4Addr) -> Result<(), Fault> {
    Ok(HELD.put(w.tx, &everywhere(), key(address), &w.caller.scope)?)
}

/// An address that somebody holds is the caller's from now on.
///
/// # Errors
/// Trouble with the store.
pub fn hand_over(w: &mut Writer, address: &str) -> Result<(), Fault> {
    if let Ok(address) = address.parse() {
        hold(w, address)?;
    }
    Ok(())
}

/// Gives an address back.
///
/// # Errors
/// Trouble with the store.
pub fn give_back(w: &mut Writer, address: &str) -> Result<(), Fault> {
    if let Ok(address) = address.parse() {
        HELD.delete(w.tx, &everywhere(), key(address))?;
    }
    Ok(())
}

/// A free IPv6 block for a VPC, at random, as addresses are taken.
///
/// # Errors
/// `InsufficientAddressCapacity`.
pub fn take_ipv6_block(w: &mut Writer) -> Result<Cidr, Fault> {
    let plan = plan(w.cloud);
    let mut taken = BTreeSet::new();
    for row in Vpc::TABLE.scan_all_scopes(w.store()) {
        taken.extend(row?.2.ipv6_blocks.into_iter().map(|block| block.cidr));
    }
    let tried = (0..TRIES * 64).map(|_| plan.of_vpc(u64::from_be_bytes(random_bytes())));
    tried.into_iter().find(|block| !taken.contains(&block.to_string())).ok_or_else(|| {
        let message = "There are no IPv6 blocks left in the pool of this cloud.";
        Fault::coded("InsufficientAddressCapacity", 503, message)
    })
}

/// `ec2-198-18-4-1.ap-northeast-1.compute.amazonaws.com`
pub fn dns_name(region: &str, address: &str) -> String {
    let host = address.replace('.', "-");
    match region {
        "us-east-1" => format!("ec2-{host}.compute-1.amazonaws.com"),
        region => format!("ec2-{host}.{region}.compute.amazonaws.com"),
    }
}
