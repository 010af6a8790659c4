//! What hangs on a VPC or a subnet: what keeps it from being deleted, and what goes with it.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::internet_gateway::InternetGateway;
use crate::network_acl::{self, NetworkAcl};
use crate::resource::{all, delete};
use crate::route_table::{self, RouteTable};
use crate::security_group::SecurityGroup;
use crate::subnet::{self, Subnet, rules};

/// Whether anything is left in a VPC besides what was made with it.
///
/// # Errors
/// Trouble with the store.
pub fn has_dependents(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<bool, Fault> {
    let is_left = !subnet::of_vpc(read, scope, vpc)?.is_empty()
        || all::<InternetGateway>(read, scope)?.iter().any(|gateway| gateway.vpc.as_deref() == Some(vpc))
        || all::<RouteTable>(read, scope)?.iter().any(|table| table.vpc == vpc && !table.is_main())
        || all::<NetworkAcl>(read, scope)?.iter().any(|acl| acl.vpc == vpc && !acl.is_default)
        || all::<SecurityGroup>(read, scope)?.iter().any(|group| group.vpc == vpc && !group.is_default());
    Ok(is_left)
}

/// Deletes what was made with a VPC.
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
        delete::<SecurityGroup>(w, &group.id)?;
    }
    Ok(())
}

/// Whether anything lives in a subnet.
///
/// # Errors
/// Trouble with the store.
pub fn subnet_has_dependents(_: &dyn Read, _: &Scope, _: &str) -> Result<bool, Fault> {
    Ok(false)
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
pub fn free_addresses(_: &dyn Read, _: &Scope, subnet: &Subnet) -> Result<usize, Fault> {
    Ok(rules::usable(&subnet.cidr))
}

/// Whether an interface of a VPC has a public address.
///
/// # Errors
/// Trouble with the store.
pub fn has_public_addresses(_: &dyn Read, _: &Scope, _: &str) -> Result<bool, Fault> {
    Ok(false)
}
