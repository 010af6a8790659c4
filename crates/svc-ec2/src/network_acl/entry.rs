//! The rules of a network ACL. Source: Amazon VPC User Guide, "Network ACL rules".

use kogumo_door::Writer;
use kogumo_model::ec2::{
    CreateNetworkAclEntryRequest, DeleteNetworkAclEntryRequest, IcmpTypeCode, NetworkAclEntry, PortRange,
    ReplaceNetworkAclEntryRequest,
};
use kogumo_wire::{Fault, Unit};

use super::record::{Entry, LAST, NetworkAcl};
use crate::cidr;
use crate::faults::{invalid_combination, invalid_value, limit, missing_parameter};
use crate::resource::{get, put};

/// For each direction. Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST_ENTRIES: usize = 20;

const ICMP: &str = "1";
const TCP: &str = "6";
const UDP: &str = "17";
const ICMPV6: &str = "58";

/// What a request says of an entry.
struct Asked {
    number: i32,
    egress: bool,
    protocol: String,
    action: String,
    cidr: Option<String>,
    ipv6_cidr: Option<String>,
    icmp: Option<IcmpTypeCode>,
    ports: Option<PortRange>,
}

/// A checked entry.
fn entry(asked: Asked) -> Result<Entry, Fault> {
    if !(1..LAST).contains(&asked.number) {
        let message = format!("Invalid value '{}' for ruleNumber. Rule numbers are between 1 and 32766.", asked.number);
        return Err(invalid_value(message));
    }
    let protocol = protocol_number(&asked.protocol)?;
    let cidr = match (asked.cidr, asked.ipv6_cidr) {
        (Some(text), None) => cidr::v4(&text, "cidrBlock")?.to_string(),
        (None, Some(text)) => cidr::v6(&text, "ipv6CidrBlock")?.to_string(),
        (None, None) => return Err(missing_parameter("cidrBlock or ipv6CidrBlock")),
        _ => return Err(invalid_combination("The request must contain exactly one of cidrBlock, ipv6CidrBlock")),
    };
    let ports = match (&*protocol, asked.ports) {
        (TCP | UDP, Some(range)) => Some(port_range(&range)?),
        (TCP | UDP, None) => return Err(missing_parameter("PortRange")),
        _ => None,
    };
    let icmp = match (&*protocol, asked.icmp) {
        (ICMP | ICMPV6, Some(asked)) => Some(icmp_range(&asked)?),
        (ICMP | ICMPV6, None) => return Err(missing_parameter("IcmpTypeCode")),
        _ => None,
    };
    let allow = asked.action == "allow";
    Ok(Entry { number: asked.number, egress: asked.egress, protocol, allow, cidr, icmp, ports })
}

fn protocol_number(text: &str) -> Result<String, Fault> {
    let named = match text.to_ascii_lowercase().as_str() {
        "all" => Some("-1"),
        "icmp" => Some(ICMP),
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmpv6" => Some(ICMPV6),
        _ => None,
    };
    // 006 is 6.
    let number = named.unwrap_or(text).parse().ok().filter(|number: &i32| (-1..256).contains(number));
    let unknown = || invalid_value(format!("Invalid value '{text}' for IP protocol. Unknown protocol."));
    number.map(|number| number.to_string()).ok_or_else(unknown)
}

/// ICMP's type and code; -1 is any.
fn icmp_range(asked: &IcmpTypeCode) -> Result<(i32, i32), Fault> {
    let (kind, code) = (asked.type_.unwrap_or(-1), asked.code.unwrap_or(-1));
    for (noun, number) in [("type", kind), ("code", code)] {
        if !(-1..=255).contains(&number) {
            return Err(invalid_value(format!("ICMP {noun} ({number}) out of range")));
        }
    }
    if kind == -1 && code != -1 {
        return Err(invalid_value("ICMP code (-1 type) cannot be specified"));
    }
    Ok((kind, code))
}

fn port_range(range: &PortRange) -> Result<(i32, i32), Fault> {
    let from = range.from.ok_or_else(|| missing_parameter("portRange.from"))?;
    let to = range.to.ok_or_else(|| missing_parameter("portRange.to"))?;
    if !(0..=65535).contains(&from) || !(0..=65535).contains(&to) || from > to {
        return Err(invalid_value(format!("Invalid value '{from}-{to}' for portRange.")));
    }
    Ok((from, to))
}

pub fn shown(entry: &Entry) -> NetworkAclEntry {
    let block = Some(entry.cidr.clone());
    let is_ipv6 = entry.cidr.contains(':');
    NetworkAclEntry {
        cidr_block: block.clone().filter(|_| !is_ipv6),
        egress: Some(entry.egress),
        icmp_type_code: entry.icmp.map(|(type_, code)| IcmpTypeCode { type_: Some(type_), code: Some(code) }),
        ipv6_cidr_block: block.filter(|_| is_ipv6),
        port_range: entry.ports.map(|(from, to)| PortRange { from: Some(from), to: Some(to) }),
        protocol: Some(entry.protocol.clone()),
        rule_action: Some(if entry.allow { "allow".into() } else { "deny".into() }),
        rule_number: Some(entry.number),
    }
}

fn position(acl: &NetworkAcl, number: i32, egress: bool) -> Option<usize> {
    acl.entries.iter().position(|entry| entry.number == number && entry.egress == egress)
}

fn no_entry(acl: &NetworkAcl, number: i32) -> Fault {
    let message = format!("The network acl entry identified by {number} does not exist in network acl {}.", acl.id);
    Fault::coded("InvalidNetworkAclEntry.NotFound", 400, message)
}

pub fn create_network_acl_entry(w: &mut Writer, input: CreateNetworkAclEntryRequest) -> Result<Unit, Fault> {
    let mut acl: NetworkAcl = get(w.store(), w.scope(), &input.network_acl_id)?;
    let entry = entry(Asked {
        number: input.rule_number,
        egress: input.egress,
        protocol: input.protocol,
        action: input.rule_action,
        cidr: input.cidr_block,
        ipv6_cidr: input.ipv6_cidr_block,
        icmp: input.icmp_type_code,
        ports: input.port_range,
    })?;
    if position(&acl, entry.number, entry.egress).is_some() {
        let message = format!("The network acl entry identified by {} already exists.", entry.number);
        return Err(Fault::coded("NetworkAclEntryAlreadyExists", 400, message));
    }
    let own = acl.entries.iter().filter(|one| one.egress == entry.egress && one.number < LAST).count();
    if own >= MOST_ENTRIES {
        let message = "The maximum number of network acl entries has been reached.";
        return Err(limit("NetworkAclEntryLimitExceeded", message));
    }
    acl.entries.push(entry);
    put(w, &acl)?;
    Ok(Unit)
}

pub fn replace_network_acl_entry(w: &mut Writer, input: ReplaceNetworkAclEntryRequest) -> Result<Unit, Fault> {
    let mut acl: NetworkAcl = get(w.store(), w.scope(), &input.network_acl_id)?;
    let entry = entry(Asked {
        number: input.rule_number,
        egress: input.egress,
        protocol: input.protocol,
        action: input.rule_action,
        cidr: input.cidr_block,
        ipv6_cidr: input.ipv6_cidr_block,
        icmp: input.icmp_type_code,
        ports: input.port_range,
    })?;
    let at = position(&acl, entry.number, entry.egress).ok_or_else(|| no_entry(&acl, entry.number))?;
    acl.entries[at] = entry;
    put(w, &acl)?;
    Ok(Unit)
}

pub fn delete_network_acl_entry(w: &mut Writer, input: DeleteNetworkAclEntryRequest) -> Result<Unit, Fault> {
    let mut acl: NetworkAcl = get(w.store(), w.scope(), &input.network_acl_id)?;
    let number = input.rule_number;
    if number >= LAST {
        return Err(invalid_value(format!("The network acl entry identified by {number} cannot be deleted.")));
    }
    let at = position(&acl, number, input.egress).ok_or_else(|| no_entry(&acl, number))?;
    acl.entries.remove(at);
    put(w, &acl)?;
    Ok(Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_one_spelling() {
        for (text, number) in [("tcp", "6"), ("6", "6"), ("006", "6"), ("ALL", "-1"), ("-1", "-1"), ("50", "50")] {
            assert_eq!(protocol_number(text).ok().as_deref(), Some(number));
        }
        assert!(["x", "256", "-2", ""].into_iter().all(|text| protocol_number(text).is_err()));
    }

    #[test]
    fn half_a_range_is_none() {
        assert!(port_range(&PortRange { from: Some(22), to: None }).is_err());
        assert!(port_range(&PortRange { from: Some(22), to: Some(21) }).is_err());
        assert!(icmp_range(&IcmpTypeCode { type_: Some(300), code: Some(0) }).is_err());
        assert_eq!(icmp_range(&IcmpTypeCode { type_: Some(8), code: None }).ok(), Some((8, -1)));
    }
}
