//! What hangs on a VPC or a subnet: what keeps it from being deleted, and what goes with it.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::egress_gateway::EgressGateway;
use crate::internet_gateway::InternetGateway;
use crate::network_acl::{self, NetworkAcl};
use crate::network_interface::{self, NetworkInterface};
use crate::peering::{self, Side, VpcPeering};
use crate::resource::{all, delete};
use crate::route_table::{self, RouteTable};
use crate::security_group::SecurityGroup;
use crate::subnet::{self, Subnet, rules};
use crate::{endpoint, tag};

/// Whether anything is left in a VPC besides what was made with it.
///
/// # Errors
/// Trouble with the store.
pub fn has_dependents(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<bool, Fault> {
    let is_left = !subnet::of_vpc(read, scope, vpc)?.is_empty()
        || !endpoint::of_vpc(read, scope, vpc)?.is_empty()
        || all::<InternetGateway>(read, scope)?.iter().any(|gateway| gateway.vpc.as_deref() == Some(vpc))
        || all::<EgressGateway>(read, scope)?.iter().any(|gateway| gateway.vpc == vpc)
        || all::<RouteTable>(read, scope)?.iter().any(|table| table.vpc == vpc && !table.is_main())
        || all::<NetworkAcl>(read, scope)?.iter().any(|acl| acl.vpc == vpc && !acl.is_default)
        || all::<SecurityGroup>(read, scope)?.iter().any(|group| group.vpc == vpc && !group.is_default());
    Ok(is_left)
}

/// Deletes what was made with a VPC, and ends its peerings.
///
/// # Errors
/// Trouble with the store.
pub fn delete_own(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    for table in all::<RouteTable>(w.store(), w.scope())?.iter().filter(|table| table.vpc == vpc) {
        delete::<RouteTable>(w, &table.id)?;
    }
    for acl in all::<NetworkAcl>(w.store(), w.scope())?.iter().filter(|acl| acl.vpc == vpc) {
        delete::<NetworkAcl>(w, &acl.id)?;
    }
    for group in all::<SecurityGroup>(w.store(), w.scope())?.iter().filter(|group| group.vpc == vpc) {
        for rule in &group.rules {
            tag::forget(w, &rule.id)?;
        }
        delete::<SecurityGroup>(w, &group.id)?;
    }
    peering::end_all(w, vpc)
}

/// Whether anything lives in a subnet.
///
/// # Errors
/// Trouble with the store.
pub fn subnet_has_dependents(read: &dyn Read, scope: &Scope, subnet: &str) -> Result<bool, Fault> {
    Ok(!network_interface::of_subnet(read, scope, subnet)?.is_empty())
}

/// A subnet goes: its route table and its ACL let go of it.
///
/// # Errors
/// Trouble with the store.
pub fn leave_subnet(w: &mut Writer, subnet: &Subnet) -> Result<(), Fault> {
    route_table::let_go(w, &subnet.id)?;
    network_acl::let_go(w, &subnet.id)
}

/// How many addresses of a subnet no interface has.
///
/// # Errors
/// Trouble with the store.
pub fn free_addresses(read: &dyn Read, scope: &Scope, subnet: &Subnet) -> Result<usize, Fault> {
    let used = network_interface::used_addresses(read, scope, &subnet.id)?;
    Ok(rules::usable(&subnet.cidr).saturating_sub(used.len()))
}

/// Whether an interface of a VPC has a public address.
///
/// # Errors
/// Trouble with the store.
pub fn has_public_addresses(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<bool, Fault> {
    let has_one = |interface: &NetworkInterface| interface.addresses.iter().any(|own| own.public.is_some());
    Ok(all::<NetworkInterface>(read, scope)?.iter().any(|interface| interface.vpc == vpc && has_one(interface)))
}

/// The other sides of a VPC's active peerings, each with the peering's id.
///
/// # Errors
/// Trouble with the store.
pub fn peers(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<(Side, String)>, Fault> {
    let active = all::<VpcPeering>(read, scope)?.into_iter().filter(VpcPeering::is_active);
    let other = |peering: VpcPeering| {
        let VpcPeering { id, requester, accepter, .. } = peering;
        match (requester.vpc == vpc, accepter.vpc == vpc) {
            (true, _) => Some((accepter, id)),
            (_, true) => Some((requester, id)),
            _ => None,
        }
    };
    Ok(active.filter_map(other).collect())
}

/// Whether an active peering joins two VPCs.
///
/// # Errors
/// Trouble with the store.
pub fn are_peered(read: &dyn Read, scope: &Scope, one: &str, other: &str) -> Result<bool, Fault> {
    let joins = |peering: &VpcPeering| peering.is_active() && peering.joins(one) && peering.joins(other);
    Ok(all::<VpcPeering>(read, scope)?.iter().any(joins))
}
