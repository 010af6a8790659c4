//! What other resources do with network interfaces: instances, NAT gateways and endpoints make and hold them.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use kogumo_base::{Scope, random_bytes};
use kogumo_door::Writer;
use kogumo_store::{Range, Read};
use kogumo_wire::Fault;

use super::record::{Attachment, NetworkInterface, PrivateAddress, Public};
use crate::faults::{invalid_value, limit};
use crate::instance::Instance;
use crate::instance_type::{self, InstanceType};
use crate::resource::{Resource, all, delete, find, get, new_id, put};
use crate::security_group::{self, SecurityGroup};
use crate::subnet::Subnet;
use crate::{address, cidr, public_address};

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST_GROUPS: usize = 5;
/// Of the largest instance types.
pub const MOST_ADDRESSES: usize = 50;

/// An interface that is wanted.
#[derive(Default)]
pub struct Plan {
    pub description: String,
    /// The VPC's default group if there are none.
    pub groups: Vec<String>,
    pub primary: Option<String>,
    pub secondary: Vec<String>,
    /// So many more, whichever are free.
    pub secondary_count: usize,
    pub ipv6: Vec<String>,
    pub ipv6_count: usize,
    /// `interface` if empty.
    pub kind: String,
    pub made_for: Option<String>,
}

/// The interfaces in a subnet.
pub fn of_subnet(read: &dyn Read, scope: &Scope, subnet: &str) -> Result<Vec<NetworkInterface>, Fault> {
    let rows = NetworkInterface::TABLE.by_index(read, scope, "subnet", &Range::prefix(subnet));
    Ok(rows.map(|row| row.map(|(_, interface)| interface)).collect::<Result<_, _>>()?)
}

/// The interfaces of an instance, the first device first.
pub fn of_instance(read: &dyn Read, scope: &Scope, instance: &str) -> Result<Vec<NetworkInterface>, Fault> {
    let rows = NetworkInterface::TABLE.by_index(read, scope, "instance", &Range::prefix(instance));
    let mut interfaces: Vec<_> = rows.map(|row| row.map(|(_, interface)| interface)).collect::<Result<_, _>>()?;
    interfaces.sort_by_key(|interface| interface.attachment.as_ref().map(|held| held.device_index));
    Ok(interfaces)
}

/// Whether an interface is a member of the group.
pub fn uses_group(read: &dyn Read, scope: &Scope, group: &str) -> Result<bool, Fault> {
    Ok(all::<NetworkInterface>(read, scope)?.iter().any(|interface| interface.groups.iter().any(|own| own == group)))
}

/// The private addresses that a subnet's interfaces have.
pub fn used_addresses(read: &dyn Read, scope: &Scope, subnet: &str) -> Result<BTreeSet<Ipv4Addr>, Fault> {
    let interfaces = of_subnet(read, scope, subnet)?;
    let addresses = interfaces.iter().flat_map(|interface| &interface.addresses);
    Ok(addresses.filter_map(|own| own.address.parse().ok()).collect())
}

/// An interface in a subnet, attached to nothing.
///
/// # Errors
/// Addresses that are not the subnet's, taken or used up; groups of another VPC.
pub fn make(w: &mut Writer, subnet: &Subnet, plan: Plan) -> Result<NetworkInterface, Fault> {
    let groups = match plan.groups.is_empty() {
        true => {
            security_group::default_of(w.store(), w.scope(), &subnet.vpc)?.into_iter().map(|group| group.id).collect()
        }
        false => plan.groups,
    };
    check_groups(w, &subnet.vpc, &subnet.id, &groups)?;
    let mut used = used_addresses(w.store(), w.scope(), &subnet.id)?;
    let mut addresses: Vec<String> = Vec::new();
    addresses.push(claim(subnet, &mut used, plan.primary.as_deref())?);
    for text in &plan.secondary {
        addresses.push(claim(subnet, &mut used, Some(text))?);
    }
    for _ in 0..plan.secondary_count {
        addresses.push(claim(subnet, &mut used, None)?);
    }
    check_count(addresses.len())?;
    let interface = NetworkInterface {
        id: NetworkInterface::KIND.new_id(),
        vpc: subnet.vpc.clone(),
        subnet: subnet.id.clone(),
        zone: subnet.zone.clone(),
        zone_id: subnet.zone_id.clone(),
        mac: new_mac(),
        description: plan.description,
        addresses: addresses.into_iter().map(|address| PrivateAddress { address, public: None }).collect(),
        ipv6: ipv6_addresses(w.store(), w.scope(), subnet, &plan.ipv6, plan.ipv6_count)?,
        groups,
        source_dest_check: plan.kind != "nat_gateway",
        attachment: None,
        kind: if plan.kind.is_empty() { "interface".into() } else { plan.kind },
        made_for: plan.made_for,
    };
    put(w, &interface)?;
    Ok(interface)
}

/// # Errors
/// More interfaces than an instance of the type has.
pub fn check_interfaces(count: usize, kind: &InstanceType) -> Result<(), Fault> {
    if i32::try_from(count).unwrap_or(i32::MAX) > kind.interfaces {
        let message = format!("Interface count {count} exceeds the limit for {}", kind.name);
        return Err(Fault::coded("AttachmentLimitExceeded", 400, message));
    }
    Ok(())
}

/// # Errors
/// More addresses than an interface of the type has.
pub fn check_addresses(interface: &NetworkInterface, kind: &InstanceType) -> Result<(), Fault> {
    let most = usize::try_from(kind.addresses).unwrap_or(MOST_ADDRESSES);
    if interface.addresses.len() > most || interface.ipv6.len() > most {
        let message = format!("{}: Number of private addresses will exceed limit.", interface.id);
        return Err(Fault::coded("PrivateIpAddressLimitExceeded", 400, message));
    }
    Ok(())
}

/// The type of the instance that has the interface.
///
/// # Errors
/// Trouble with the store.
pub fn kind_of(w: &Writer, instance: Option<&str>) -> Result<Option<&'static InstanceType>, Fault> {
    let Some(id) = instance else { return Ok(None) };
    let found = find::<Instance>(w.store(), w.scope(), id)?;
    Ok(found.and_then(|found| instance_type::find(&found.kind)))
}

/// # Errors
/// `PrivateIpAddressLimitExceeded`.
pub fn check_count(addresses: usize) -> Result<(), Fault> {
    if addresses > MOST_ADDRESSES {
        let message = format!("Number of private addresses will exceed limit: {MOST_ADDRESSES}");
        return Err(limit("PrivateIpAddressLimitExceeded", message));
    }
    Ok(())
}

/// # Errors
/// Groups that are not there or of another VPC; more than five.
pub fn check_groups(w: &Writer, vpc: &str, subnet: &str, groups: &[String]) -> Result<(), Fault> {
    if groups.len() > MOST_GROUPS {
        let message = "The maximum number of security groups per interface has been reached.";
        return Err(limit("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    for id in groups {
        let group: SecurityGroup = get(w.store(), w.scope(), id)?;
        if group.vpc != vpc {
            let message = format!("Security group {id} and subnet {subnet} belong to different networks.");
            return Err(Fault::coded("InvalidParameter", 400, message));
        }
    }
    Ok(())
}

/// A free address of the subnet: this one, or the first.
///
/// # Errors
/// It is not the subnet's, reserved or taken; there is none left.
pub fn claim(subnet: &Subnet, used: &mut BTreeSet<Ipv4Addr>, wanted: Option<&str>) -> Result<String, Fault> {
    let net =
        cidr::stored_v4(&subnet.cidr).ok_or_else(|| kogumo_base::Trouble::new("a subnet's block cannot be read"))?;
    let kept: Vec<_> = subnet.reservations.iter().filter_map(|own| cidr::stored_v4(&own.cidr)).collect();
    let is_free = |host: &Ipv4Addr| !cidr::is_reserved(&net, *host) && !used.contains(host);
    let address = match wanted {
        Some(text) => {
            let address = cidr::address4(text)?;
            if !net.contains(&address) {
                return Err(invalid_value(format!("Address {text} does not fall within the subnet's address range")));
            }
            if cidr::is_reserved(&net, address) {
                return Err(invalid_value(format!("Address {text} is in subnet's reserved address range")));
            }
            if used.contains(&address) {
                return Err(Fault::coded("InvalidIPAddress.InUse", 400, format!("Address {text} is in use.")));
            }
            address
        }
        None => {
            net.hosts().find(|host| is_free(host) && !kept.iter().any(|part| part.contains(host))).ok_or_else(|| {
                let message = format!(
                    "There are not enough free addresses in subnet '{}' to satisfy the requested number of instances.",
                    subnet.id
                );
                Fault::coded("InsufficientFreeAddressesInSubnet", 400, message)
            })?
        }
    };
    used.insert(address);
    Ok(address.to_string())
}

/// These IPv6 addresses, and so many others, of the subnet's block.
///
/// # Errors
/// A subnet without such a block; addresses out of it or taken.
pub fn ipv6_addresses(
    read: &dyn Read,
    scope: &Scope,
    subnet: &Subnet,
    wanted: &[String],
    count: usize,
) -> Result<Vec<String>, Fault> {
    if wanted.is_empty() && count == 0 {
        return Ok(Vec::new());
    }
    let net = subnet.ipv6_blocks.first().and_then(|block| cidr::stored_v6(&block.cidr));
    let net =
        net.ok_or_else(|| invalid_value(format!("The subnet {} does not have an IPv6 CIDR block.", subnet.id)))?;
    let interfaces = of_subnet(read, scope, &subnet.id)?;
    let mut used: BTreeSet<Ipv6Addr> =
        interfaces.iter().flat_map(|interface| &interface.ipv6).filter_map(|own| own.parse().ok()).collect();
    let mut addresses = Vec::new();
    for text in wanted {
        let address = cidr::address6(text)?;
        if !net.contains(&address) {
            return Err(invalid_value(format!("Address {text} does not fall within the subnet's address range")));
        }
        if !used.insert(address) {
            return Err(Fault::coded("InvalidIPAddress.InUse", 400, format!("Address {text} is in use.")));
        }
        addresses.push(address.to_string());
    }
    while addresses.len() < wanted.len() + count {
        let host = u128::from(u64::from_be_bytes(random_bytes()));
        let mask = u128::MAX.checked_shr(u32::from(net.prefix_len())).unwrap_or_default();
        let address = Ipv6Addr::from(u128::from(net.network()) | host & mask);
        if used.insert(address) {
            addresses.push(address.to_string());
        }
    }
    Ok(addresses)
}

/// Locally administered, as AWS's are.
fn new_mac() -> String {
    let [a, b, c, d, e] = random_bytes::<5>();
    format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}")
}

/// Attaches an interface to an instance, or (without one) to the service that it was made for.
///
/// # Errors
/// `InvalidNetworkInterface.InUse`.
pub fn attach(
    w: &mut Writer,
    interface: &mut NetworkInterface,
    instance: Option<&str>,
    device_index: i32,
    delete_on_termination: bool,
) -> Result<String, Fault> {
    if interface.attachment.is_some() {
        let message = format!("Interface: [{}] in use.", interface.id);
        return Err(Fault::coded("InvalidNetworkInterface.InUse", 400, message));
    }
    let id = new_id("eni-attach");
    interface.attachment = Some(Attachment {
        id: id.clone(),
        instance: instance.map(str::to_owned),
        device_index,
        delete_on_termination,
        attached: w.now,
        running: instance.is_none(),
    });
    put(w, interface)?;
    Ok(id)
}

/// An instance has begun to run, or has stopped: its interfaces answer, or do not.
///
/// # Errors
/// Trouble with the store.
pub fn set_running(w: &mut Writer, instance: &str, running: bool) -> Result<(), Fault> {
    for mut interface in of_instance(w.store(), w.scope(), instance)? {
        if let Some(held) = &mut interface.attachment {
            held.running = running;
        }
        put(w, &interface)?;
    }
    Ok(())
}

/// Takes an interface from what it is attached to. An automatic public address does not survive that.
///
/// # Errors
/// Trouble with the store.
pub fn detach(w: &mut Writer, interface: &mut NetworkInterface) -> Result<(), Fault> {
    interface.attachment = None;
    drop_automatic(w, interface)?;
    put(w, interface)
}

/// Gives the primary address an automatic public one, if it has none.
///
/// # Errors
/// No address is left.
pub fn give_public_address(w: &mut Writer, interface: &mut NetworkInterface) -> Result<(), Fault> {
    if interface.addresses.first().is_some_and(|primary| primary.public.is_some()) {
        return Ok(());
    }
    let address = public_address::take(w)?.to_string();
    if let Some(primary) = interface.addresses.first_mut() {
        primary.public = Some(Public { address, allocation: None, association: None });
    }
    put(w, interface)
}

/// Gives automatic public addresses back; the caller puts the interface.
///
/// # Errors
/// Trouble with the store.
pub fn drop_automatic(w: &mut Writer, interface: &mut NetworkInterface) -> Result<(), Fault> {
    for own in &mut interface.addresses {
        if let Some(public) = own.public.take_if(|public| public.allocation.is_none()) {
            public_address::give_back(w, &public.address)?;
        }
    }
    Ok(())
}

/// Deletes an interface: its Elastic IPs stay with the account, its automatic address goes back.
///
/// # Errors
/// Trouble with the store.
pub fn remove(w: &mut Writer, mut interface: NetworkInterface) -> Result<(), Fault> {
    drop_automatic(w, &mut interface)?;
    address::let_go(w, &mut interface, None)?;
    delete::<NetworkInterface>(w, &interface.id)
}
