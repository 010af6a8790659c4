//! What other resources do to network ACLs: a VPC makes its default one, subnets come and go.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Association, Entry, LAST, LAST_IPV6, NetworkAcl};
use crate::resource::{Resource, all, new_id, put};
use crate::subnet::Subnet;

/// An ACL that lets nothing through yet.
pub fn closed(vpc: &str, is_default: bool) -> NetworkAcl {
    let entries = [true, false].map(|egress| Entry::all(LAST, egress, false, "0.0.0.0/0")).to_vec();
    NetworkAcl { id: NetworkAcl::KIND.new_id(), vpc: vpc.to_owned(), is_default, entries, associations: Vec::new() }
}

/// The default ACL lets everything through.
pub fn make_default(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    let mut acl = closed(vpc, true);
    acl.entries.extend([true, false].map(|egress| Entry::all(100, egress, true, "0.0.0.0/0")));
    put(w, &acl)
}

/// The ACLs of a VPC.
pub fn of_vpc(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<NetworkAcl>, Fault> {
    let mut acls = all::<NetworkAcl>(read, scope)?;
    acls.retain(|acl| acl.vpc == vpc);
    Ok(acls)
}

/// The VPC has IPv6 from now on: its ACLs speak of it.
pub fn allow_ipv6(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    for mut acl in of_vpc(w.store(), w.scope(), vpc)? {
        if acl.entries.iter().any(|entry| entry.number == LAST_IPV6) {
            continue;
        }
        for egress in [true, false] {
            acl.entries.push(Entry::all(LAST_IPV6, egress, false, "::/0"));
            if acl.is_default && !acl.entries.iter().any(|entry| entry.egress == egress && entry.number == 101) {
                acl.entries.push(Entry::all(101, egress, true, "::/0"));
            }
        }
        put(w, &acl)?;
    }
    Ok(())
}

/// A new subnet gets its VPC's default ACL.
pub fn take_in(w: &mut Writer, subnet: &Subnet) -> Result<(), Fault> {
    for mut acl in of_vpc(w.store(), w.scope(), &subnet.vpc)?.into_iter().filter(|acl| acl.is_default) {
        acl.associations.push(Association { id: new_id("aclassoc"), subnet: subnet.id.clone() });
        put(w, &acl)?;
    }
    Ok(())
}

/// A subnet that is gone.
pub fn let_go(w: &mut Writer, subnet: &str) -> Result<(), Fault> {
    for mut acl in all::<NetworkAcl>(w.store(), w.scope())? {
        if acl.associations.iter().any(|association| association.subnet == subnet) {
            acl.associations.retain(|association| association.subnet != subnet);
            put(w, &acl)?;
        }
    }
    Ok(())
}
