//! The default VPC that every account has in every region: 172.31.0.0/16, a /20 in each zone, an internet gateway and
//! a route to it. It is made when the account first speaks to EC2 in the region, so that a start costs nothing.

use kogumo_base::Scope;
use kogumo_door::{Caller, Cloud, Writer};
use kogumo_store::Table;
use kogumo_wire::Fault;

use crate::resource::put;
use crate::route_table::{self, Target};
use crate::subnet::{self, Subnet};
use crate::vpc::{self, Vpc};
use crate::{cidr, dhcp_options, internet_gateway, region};

/// The scopes that have been prepared, whatever has been deleted in them since.
static PREPARED: Table<bool> = Table::new("ec2/prepared");

const BLOCK: &str = "172.31.0.0/16";
const SUBNET_BITS: u8 = 20;

/// Runs before each call of EC2.
///
/// # Errors
/// Trouble with the store.
pub fn prepare(cloud: &Cloud, scope: &Scope) -> Result<(), Fault> {
    if PREPARED.contains(&cloud.store.read(), scope, "")? {
        return Ok(());
    }
    let caller = Caller::service("ec2.amazonaws.com", scope.clone());
    let now = cloud.clock.now();
    cloud.store.write(|tx| {
        let mut w = Writer { tx, caller: &caller, now, cloud };
        if PREPARED.contains(w.store(), scope, "")? {
            return Ok(());
        }
        PREPARED.put(w.tx, scope, "", &true)?;
        make(&mut w).map(drop)
    })
}

/// A default VPC with all its parts.
///
/// # Errors
/// Trouble with the store.
pub fn make(w: &mut Writer) -> Result<Vpc, Fault> {
    let mut vpc = vpc::make(w, BLOCK, "default", true)?;
    vpc.dhcp_options = dhcp_options::default_of_region(w)?;
    put(w, &vpc)?;
    let mut subnets: Vec<Subnet> = Vec::new();
    for zone in region::zones(w.caller.region()) {
        if let Some(cidr) = free_block(&vpc, &subnets) {
            subnets.push(subnet::make(w, &vpc, zone, &cidr, true)?);
        }
    }
    let gateway = internet_gateway::make(w, Some(&vpc.id))?;
    route_table::add_to_main(w, &vpc.id, "0.0.0.0/0", Target::Gateway(gateway.id))?;
    Ok(vpc)
}

/// The first /20 of a default VPC that no subnet lies in.
pub fn free_block(vpc: &Vpc, subnets: &[Subnet]) -> Option<String> {
    let block = cidr::stored_v4(vpc.cidr())?;
    let taken: Vec<_> = subnets.iter().filter_map(|subnet| cidr::stored_v4(&subnet.cidr)).collect();
    let mut blocks = block.subnets(SUBNET_BITS).ok()?;
    blocks.find(|block| !taken.iter().any(|other| cidr::overlap4(block, other))).map(|block| block.to_string())
}
