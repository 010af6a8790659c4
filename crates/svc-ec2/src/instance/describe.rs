//! DescribeInstances.

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::filters::{FILTERS, INTERFACE, Row};
use super::record::Instance;
use super::shown::{World, of};
use crate::page::{Wanted, cut_fives};
use crate::resource::chosen;

pub fn describe_instances(r: &Reader, input: DescribeInstancesRequest) -> Result<DescribeInstancesResult, Fault> {
    let instances = chosen::<Instance>(r.store, r.scope(), input.instance_ids.as_deref())?;
    let mut world = World::read(r.store, r.scope())?;
    let names = input.filters.iter().flatten().filter_map(|filter| filter.name.as_deref());
    let by_interface = names.into_iter().any(|name| name.starts_with(INTERFACE));
    let row = |instance: &Instance| Row {
        reservation: instance.reservation.clone(),
        owner: r.scope().account.clone(),
        // Before the instance takes them.
        interfaces: if by_interface { world.interfaces(instance).to_vec() } else { Vec::new() },
        shown: Box::new(world.show(instance)),
    };
    let rows = FILTERS.select(instances.iter().map(row).collect(), input.filters)?;
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.instance_ids.as_ref().map(|_| "instancesSet"),
    };
    let page = cut_fives(rows, wanted, |row| {
        let (index, id) = (row.shown.ami_launch_index.unwrap_or_default(), row.shown.instance_id.as_deref());
        format!("{} {index:06} {}", row.reservation, id.unwrap_or_default())
    })?;
    let mut reservations: Vec<Reservation> = Vec::new();
    for row in page.items {
        match reservations.last_mut().filter(|last| last.reservation_id.as_ref() == Some(&row.reservation)) {
            Some(last) => last.instances.get_or_insert_default().push(*row.shown),
            None => reservations.push(of(&row.owner, &row.reservation, vec![*row.shown])),
        }
    }
    Ok(DescribeInstancesResult { reservations: Some(reservations), next_token: page.next_token })
}
