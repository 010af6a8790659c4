//! What other resources do to security groups: a VPC makes its default one, and has IPv6.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Peer, Rule, SecurityGroup};
use crate::resource::{Resource, all, new_id, put};

/// A group that lets everything out, as each does at first.
pub fn open_outwards(vpc: &str, name: &str, description: &str) -> SecurityGroup {
    SecurityGroup {
        id: SecurityGroup::KIND.new_id(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc: vpc.to_owned(),
        rules: vec![all_traffic(true, Peer::Ipv4("0.0.0.0/0".into()))],
    }
}

fn all_traffic(egress: bool, peer: Peer) -> Rule {
    Rule { id: new_id("sgr"), egress, protocol: "-1".into(), from: None, to: None, peer, description: None }
}

/// The default group: its members may speak with each other.
pub fn make_default(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    let mut group = open_outwards(vpc, "default", "default VPC security group");
    let own = Peer::Group { id: group.id.clone(), account: w.caller.account().to_owned() };
    group.rules.push(all_traffic(false, own));
    put(w, &group)
}

/// The VPC has IPv6 from now on: groups that let everything out, as they did at first, let that out, too. Source: Amazon VPC
/// User Guide, "Add IPv6 support for your VPC".
pub fn allow_ipv6(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    for mut group in of_vpc(w.store(), w.scope(), vpc)? {
        let mut outwards = group.rules.iter().filter(|rule| rule.egress);
        let first = |rule: &Rule| rule.protocol == "-1" && rule.peer == Peer::Ipv4("0.0.0.0/0".into());
        if outwards.next().is_some_and(first) && outwards.next().is_none() {
            group.rules.push(all_traffic(true, Peer::Ipv6("::/0".into())));
            put(w, &group)?;
        }
    }
    Ok(())
}

/// The groups of a VPC.
pub fn of_vpc(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<SecurityGroup>, Fault> {
    let mut groups = all::<SecurityGroup>(read, scope)?;
    groups.retain(|group| group.vpc == vpc);
    Ok(groups)
}

/// The default group of a VPC, for interfaces that name none.
pub fn default_of(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Option<SecurityGroup>, Fault> {
    Ok(of_vpc(read, scope, vpc)?.into_iter().find(SecurityGroup::is_default))
}
