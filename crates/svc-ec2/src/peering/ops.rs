//! The operations of VPC peering connections.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{VpcPeeringConnection as Shown, *};
use kogumo_store::Read;
use kogumo_store::timers::{self, Timer};
use kogumo_wire::Fault;

use super::record::{Side, VpcPeering};
use crate::cidr;
use crate::faults::{invalid_value, limit, missing_parameter, refuse};
use crate::filter::{Filters, each, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, find, get};
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

/// Of one VPC. Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 50;
/// A request that nobody accepts is over after a week.
const EXPIRES_SECONDS: i64 = 7 * 24 * 3600;

/// So long a connection that is over is shown. Source: Amazon VPC Peering Guide, "VPC peering connection lifecycle".
const SHOWN_SECONDS: i64 = 2 * 3600;
/// The timer that ends that.
pub const FORGET: &str = "ec2/vpc-peering-connection";

/// Puts the record where both sides see it.
pub(super) fn put(w: &mut Writer, peering: &VpcPeering) -> Result<(), Fault> {
    for side in [&peering.requester, &peering.accepter] {
        VpcPeering::TABLE.put(w.tx, &side.scope, peering.id.as_str(), peering)?;
        let over_at = match &*peering.status {
            "active" => None,
            "pending-acceptance" => Some(peering.expires),
            _ => Some(w.now),
        };
        match over_at {
            Some(over) => {
                let due = over.plus_seconds(SHOWN_SECONDS);
                timers::put(w.tx, due, FORGET, &side.scope, peering.id.as_str(), peering.id.as_bytes())?;
            }
            None => drop(timers::cancel(w.tx, FORGET, &side.scope, peering.id.as_str())?),
        }
    }
    Ok(())
}

/// A connection that has been over for a while is not shown any more.
///
/// # Errors
/// Trouble with the store.
pub fn forget(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let id = String::from_utf8_lossy(&timer.payload).into_owned();
    VpcPeering::TABLE.delete(w.tx, &timer.scope, id.as_str())?;
    tag::forget_in(w, &timer.scope, &id)
}

pub fn create_vpc_peering_connection(
    w: &mut Writer,
    input: CreateVpcPeeringConnectionRequest,
) -> Result<CreateVpcPeeringConnectionResult, Fault> {
    refuse(&[("RequesterPeeringConnectionOptions", input.requester_peering_connection_options.is_some())])?;
    let tags = tag::specified(w, input.tag_specifications, VpcPeering::KIND)?;
    let own: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    let other_id = input.peer_vpc_id.ok_or_else(|| missing_parameter("peerVpcId"))?;
    Vpc::KIND.check(&other_id)?;
    let account = input.peer_owner_id.unwrap_or_else(|| w.caller.account().to_owned());
    let region = input.peer_region.unwrap_or_else(|| w.caller.region().to_owned());
    let scope = Scope { account, region };
    let requester = Side { scope: w.scope().clone(), vpc: own.id.clone(), resolves_for_peer: false };
    let accepter = Side { scope, vpc: other_id, resolves_for_peer: false };
    if requester == accepter {
        return Err(invalid_value("A VPC cannot be peered with itself"));
    }
    let same = all::<VpcPeering>(w.store(), w.scope())?;
    let between =
        |one: &&VpcPeering| one.joins(&requester.vpc) && one.joins(&accepter.vpc) && status(one, w.now).0 != "expired";
    if let Some(same) = same.iter().find(between) {
        // AWS answers the connection that is there.
        let shown = one_shown(w, same)?;
        return Ok(CreateVpcPeeringConnectionResult { vpc_peering_connection: Some(shown) });
    }
    if same.iter().filter(|one| one.joins(&own.id)).count() >= MOST {
        let message = format!("The maximum number of VPC peering connections of VPC {} has been reached.", own.id);
        return Err(limit("VpcPeeringConnectionLimitExceeded", message));
    }
    let (status, message) = match find::<Vpc>(w.store(), &accepter.scope, &accepter.vpc)? {
        None => (
            "failed",
            format!("Incorrect vpc-id, account-id, or peer-region or overlapping CIDR range for VPC {}", accepter.vpc),
        ),
        Some(other) if overlap(&own, &other) => ("failed", "Overlapping CIDR range".to_owned()),
        Some(_) => ("pending-acceptance", format!("Pending Acceptance by {}", accepter.scope.account)),
    };
    let peering = VpcPeering {
        id: VpcPeering::KIND.new_id(),
        requester,
        accepter,
        status: status.into(),
        message,
        expires: w.now.plus_seconds(EXPIRES_SECONDS),
    };
    put(w, &peering)?;
    tag::mark(w, &peering, tags)?;
    let shown = one_shown(w, &peering)?;
    Ok(CreateVpcPeeringConnectionResult { vpc_peering_connection: Some(shown) })
}

fn overlap(one: &Vpc, other: &Vpc) -> bool {
    let blocks = |vpc: &Vpc| -> Vec<_> { vpc.blocks.iter().filter_map(|block| cidr::stored_v4(&block.cidr)).collect() };
    blocks(one).iter().any(|own| blocks(other).iter().any(|foreign| cidr::overlap4(own, foreign)))
}

/// The state at that time: requests run out by themselves.
fn status(peering: &VpcPeering, now: Timestamp) -> (&str, &str) {
    if peering.status == "pending-acceptance" && now >= peering.expires {
        return ("expired", "The VPC peering connection request has expired");
    }
    (&peering.status, &peering.message)
}

fn side_shown(read: &dyn Read, side: &Side) -> Result<VpcPeeringConnectionVpcInfo, Fault> {
    let vpc = find::<Vpc>(read, &side.scope, &side.vpc)?;
    let blocks = vpc.iter().flat_map(|vpc| &vpc.blocks);
    let ipv6 = vpc.iter().flat_map(|vpc| &vpc.ipv6_blocks);
    Ok(VpcPeeringConnectionVpcInfo {
        cidr_block: vpc.as_ref().map(|vpc| vpc.cidr().to_owned()),
        ipv6_cidr_block_set: Some(
            ipv6.map(|block| Ipv6CidrBlock { ipv6_cidr_block: Some(block.cidr.clone()) }).collect(),
        ),
        cidr_block_set: Some(blocks.map(|block| CidrBlock { cidr_block: Some(block.cidr.clone()) }).collect()),
        owner_id: Some(side.scope.account.clone()),
        peering_options: Some(VpcPeeringConnectionOptionsDescription {
            allow_dns_resolution_from_remote_vpc: Some(side.resolves_for_peer),
            allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
            allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
            ..VpcPeeringConnectionOptionsDescription::default()
        }),
        vpc_id: Some(side.vpc.clone()),
        region: Some(side.scope.region.clone()),
    })
}

fn shown(read: &dyn Read, peering: &VpcPeering, now: Timestamp, tags: &Tags) -> Result<Shown, Fault> {
    let (code, message) = status(peering, now);
    Ok(Shown {
        accepter_vpc_info: Some(side_shown(read, &peering.accepter)?),
        expiration_time: (code == "pending-acceptance").then_some(peering.expires),
        requester_vpc_info: Some(side_shown(read, &peering.requester)?),
        status: Some(VpcPeeringConnectionStateReason { code: Some(code.into()), message: Some(message.into()) }),
        tags: Some(tags.shown(&peering.id)),
        vpc_peering_connection_id: Some(peering.id.clone()),
        multipath_resilience_status: None,
    })
}

fn one_shown(w: &Writer, peering: &VpcPeering) -> Result<Shown, Fault> {
    let tags = Tags::of_one(w.store(), w.scope(), &peering.id)?;
    shown(w.store(), peering, w.now, &tags)
}

fn side(
    info: &Option<VpcPeeringConnectionVpcInfo>,
    value: fn(&VpcPeeringConnectionVpcInfo) -> Vec<String>,
) -> Vec<String> {
    info.iter().flat_map(value).collect()
}

fn side_blocks(info: &VpcPeeringConnectionVpcInfo) -> Vec<String> {
    each(&info.cidr_block_set, |block| text(&block.cidr_block))
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("accepter-vpc-info.cidr-block", |one| side(&one.accepter_vpc_info, side_blocks)),
        ("accepter-vpc-info.owner-id", |one| side(&one.accepter_vpc_info, |info| text(&info.owner_id))),
        ("accepter-vpc-info.vpc-id", |one| side(&one.accepter_vpc_info, |info| text(&info.vpc_id))),
        ("expiration-time", |one| one.expiration_time.iter().map(|time| time.iso_millis()).collect()),
        ("requester-vpc-info.cidr-block", |one| side(&one.requester_vpc_info, side_blocks)),
        ("requester-vpc-info.owner-id", |one| side(&one.requester_vpc_info, |info| text(&info.owner_id))),
        ("requester-vpc-info.vpc-id", |one| side(&one.requester_vpc_info, |info| text(&info.vpc_id))),
        ("status-code", |one| one.status.iter().flat_map(|status| text(&status.code)).collect()),
        ("status-message", |one| one.status.iter().flat_map(|status| text(&status.message)).collect()),
        ("vpc-peering-connection-id", |one| text(&one.vpc_peering_connection_id)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

pub fn describe_vpc_peering_connections(
    r: &Reader,
    input: DescribeVpcPeeringConnectionsRequest,
) -> Result<DescribeVpcPeeringConnectionsResult, Fault> {
    let ids = input.vpc_peering_connection_ids.as_deref();
    let peerings = chosen::<VpcPeering>(r.store, r.scope(), ids)?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let peerings = peerings.iter().map(|one| shown(r.store, one, r.now, &tags)).collect::<Result<_, _>>()?;
    let named = ids.map(|_| "vpcPeeringConnectionIds");
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named };
    let peerings = FILTERS.select(peerings, input.filters)?;
    let page = cut(peerings, wanted, |one| one.vpc_peering_connection_id.clone().unwrap_or_default())?;
    Ok(DescribeVpcPeeringConnectionsResult { vpc_peering_connections: Some(page.items), next_token: page.next_token })
}

/// A request that waits for this account and region to answer.
fn asked(w: &Writer, id: &str) -> Result<VpcPeering, Fault> {
    let peering: VpcPeering = get(w.store(), w.scope(), id)?;
    if peering.accepter.scope != *w.scope() {
        let message = format!("User {} cannot accept peering {id}", w.caller.account());
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    if status(&peering, w.now).0 != "pending-acceptance" {
        let message = format!(
            "The vpcPeeringConnection ID '{id}' is not in a valid state for this operation: {}",
            peering.status
        );
        return Err(Fault::coded("InvalidStateTransition", 400, message));
    }
    Ok(peering)
}

pub fn accept_vpc_peering_connection(
    w: &mut Writer,
    input: AcceptVpcPeeringConnectionRequest,
) -> Result<AcceptVpcPeeringConnectionResult, Fault> {
    let mut peering = asked(w, &input.vpc_peering_connection_id)?;
    (peering.status, peering.message) = ("active".into(), "Active".into());
    put(w, &peering)?;
    let shown = one_shown(w, &peering)?;
    Ok(AcceptVpcPeeringConnectionResult { vpc_peering_connection: Some(shown) })
}

pub fn reject_vpc_peering_connection(
    w: &mut Writer,
    input: RejectVpcPeeringConnectionRequest,
) -> Result<RejectVpcPeeringConnectionResult, Fault> {
    let mut peering = asked(w, &input.vpc_peering_connection_id)?;
    (peering.status, peering.message) = ("rejected".into(), format!("Rejected by {}", w.caller.account()));
    put(w, &peering)?;
    Ok(RejectVpcPeeringConnectionResult { return_: Some(true) })
}

/// Either side may end it. Routes over it become blackholes.
pub fn delete_vpc_peering_connection(
    w: &mut Writer,
    input: DeleteVpcPeeringConnectionRequest,
) -> Result<DeleteVpcPeeringConnectionResult, Fault> {
    let peering: VpcPeering = get(w.store(), w.scope(), &input.vpc_peering_connection_id)?;
    if matches!(&*peering.status, "rejected" | "failed") {
        let message = format!(
            "The vpcPeeringConnection ID '{}' is not in a valid state for this operation: {}",
            peering.id, peering.status
        );
        return Err(Fault::coded("InvalidStateTransition", 400, message));
    }
    end(w, peering)?;
    Ok(DeleteVpcPeeringConnectionResult { return_: Some(true) })
}

fn end(w: &mut Writer, mut peering: VpcPeering) -> Result<(), Fault> {
    (peering.status, peering.message) = ("deleted".into(), format!("Deleted by {}", w.caller.account()));
    put(w, &peering)
}

/// A VPC is gone, and its peerings with it.
///
/// # Errors
/// Trouble with the store.
pub fn end_all(w: &mut Writer, vpc: &str) -> Result<(), Fault> {
    for peering in all::<VpcPeering>(w.store(), w.scope())? {
        if peering.joins(vpc) {
            end(w, peering)?;
        }
    }
    Ok(())
}
