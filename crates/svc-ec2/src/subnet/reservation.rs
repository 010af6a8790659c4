//! CIDR reservations: parts of a subnet out of which no address is chosen by itself. Who names one gets it.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::record::Subnet;
use crate::cidr;
use crate::faults::{invalid_value, unsupported};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::resource::{Kind, all, get, put};
use crate::tag::{self, Tags};

/// What reservations are to tags and errors.
pub static RESERVATION: &Kind = &Kind {
    prefix: "scr",
    name: "subnet-cidr-reservation",
    malformed: "InvalidSubnetCidrReservationID.Malformed",
    not_found: "InvalidSubnetCidrReservationID.NotFound",
    text: "The subnet CIDR reservation ID '{}' does not exist",
};

/// A part of a subnet, kept in its record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// `scr-…`
    pub id: String,
    pub cidr: String,
    /// `prefix` or `explicit`.
    pub kind: String,
    pub description: Option<String>,
}

pub fn reservation_exists(read: &dyn Read, scope: &Scope, id: &str) -> Result<bool, Trouble> {
    Ok(all::<Subnet>(read, scope)?.iter().any(|subnet| subnet.reservations.iter().any(|own| own.id == id)))
}

pub fn create_subnet_cidr_reservation(
    w: &mut Writer,
    input: CreateSubnetCidrReservationRequest,
) -> Result<CreateSubnetCidrReservationResult, Fault> {
    let mut subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id)?;
    if input.cidr.contains(':') {
        return Err(unsupported("Cidr of IPv6"));
    }
    let wanted = cidr::v4(&input.cidr, "cidr")?;
    let outside = cidr::stored_v4(&subnet.cidr).is_none_or(|own| !own.contains(&wanted));
    if outside {
        return Err(invalid_value(format!("The CIDR '{wanted}' is not within the subnet's CIDR {}.", subnet.cidr)));
    }
    let known = subnet.reservations.iter().filter_map(|own| cidr::stored_v4(&own.cidr));
    if known.into_iter().any(|own| cidr::overlap4(&own, &wanted)) {
        let message = format!("The CIDR '{wanted}' conflicts with another reservation of the subnet.");
        return Err(Fault::coded("InvalidSubnetCidrReservation.Conflict", 400, message));
    }
    let tags = tag::specified(w, input.tag_specifications, RESERVATION)?;
    let (id, kind) = (RESERVATION.new_id(), input.reservation_type);
    let reservation = Reservation { id, cidr: wanted.to_string(), kind, description: input.description };
    subnet.reservations.push(reservation.clone());
    put(w, &subnet)?;
    tag::add(w, RESERVATION, &reservation.id, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &reservation.id)?;
    let shown = shown(&subnet, &reservation, w.scope(), &tags);
    Ok(CreateSubnetCidrReservationResult { subnet_cidr_reservation: Some(shown) })
}

fn shown(subnet: &Subnet, own: &Reservation, scope: &Scope, tags: &Tags) -> SubnetCidrReservation {
    SubnetCidrReservation {
        subnet_cidr_reservation_id: Some(own.id.clone()),
        subnet_id: Some(subnet.id.clone()),
        cidr: Some(own.cidr.clone()),
        reservation_type: Some(own.kind.clone()),
        owner_id: Some(scope.account.clone()),
        description: own.description.clone(),
        tags: Some(tags.shown(&own.id)),
    }
}

static FILTERS: Filters<SubnetCidrReservation> = Filters {
    names: &[("reservation-type", |own| text(&own.reservation_type)), ("subnet-id", |own| text(&own.subnet_id))],
    tags: Some(|own| own.tags.as_ref()),
};

pub fn get_subnet_cidr_reservations(
    r: &Reader,
    input: GetSubnetCidrReservationsRequest,
) -> Result<GetSubnetCidrReservationsResult, Fault> {
    let subnet: Subnet = get(r.store, r.scope(), &input.subnet_id)?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let shown = subnet.reservations.iter().map(|own| shown(&subnet, own, r.scope(), &tags)).collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let key = |own: &SubnetCidrReservation| own.subnet_cidr_reservation_id.clone().unwrap_or_default();
    let page = cut(FILTERS.select(shown, input.filters)?, wanted, key)?;
    Ok(GetSubnetCidrReservationsResult {
        subnet_ipv4_cidr_reservations: Some(page.items),
        subnet_ipv6_cidr_reservations: Some(Vec::new()),
        next_token: page.next_token,
    })
}

pub fn delete_subnet_cidr_reservation(
    w: &mut Writer,
    input: DeleteSubnetCidrReservationRequest,
) -> Result<DeleteSubnetCidrReservationResult, Fault> {
    let id = &input.subnet_cidr_reservation_id;
    RESERVATION.check(id)?;
    for mut subnet in all::<Subnet>(w.store(), w.scope())? {
        let Some(at) = subnet.reservations.iter().position(|own| own.id == *id) else { continue };
        let gone = subnet.reservations.remove(at);
        let tags = Tags::of_one(w.store(), w.scope(), id)?;
        let shown = shown(&subnet, &gone, w.scope(), &tags);
        put(w, &subnet)?;
        tag::forget(w, id)?;
        return Ok(DeleteSubnetCidrReservationResult { deleted_subnet_cidr_reservation: Some(shown) });
    }
    Err(RESERVATION.missing(id))
}
