//! Who may be in a placement group. Source: Amazon EC2 User Guide, "Placement strategies for your placement groups".

use kogumo_wire::Fault;

use super::record::{PlacementGroup, Strategy};
use crate::faults::{invalid_combination, invalid_value};
use crate::instance_type::InstanceType;

/// For each group and zone.
const MOST_SPREAD: usize = 7;

/// An instance that is in the group and runs, or is about to.
pub struct Member<'a> {
    pub zone: &'a str,
    pub partition: Option<i32>,
}

/// The partition for one more instance, in groups that have partitions: that which is wanted, else one that has the fewest.
///
/// # Errors
/// The type or the zone does not go with the group, or the group is full.
pub fn place(
    group: &PlacementGroup,
    members: &[Member],
    kind: &InstanceType,
    zone: &str,
    wanted: Option<i32>,
) -> Result<Option<i32>, Fault> {
    let Strategy::Partition(partitions) = group.strategy else {
        if wanted.is_some() {
            let message =
                format!("The Placement Group '{}' has no partitions: its strategy is not partition.", group.name);
            return Err(invalid_combination(message));
        }
        return apart_or_together(group, members, kind, zone).map(|()| None);
    };
    if let Some(wanted) = wanted {
        if !(1..=partitions).contains(&wanted) {
            let message = format!("Value ({wanted}) for parameter PartitionNumber is invalid: there are {partitions}.");
            return Err(invalid_value(message));
        }
        return Ok(Some(wanted));
    }
    let held = |number: &i32| members.iter().filter(|one| one.partition == Some(*number)).count();
    Ok((1..=partitions).min_by_key(held))
}

fn apart_or_together(group: &PlacementGroup, members: &[Member], kind: &InstanceType, zone: &str) -> Result<(), Fault> {
    match group.strategy {
        Strategy::Cluster if kind.burst || kind.old => {
            let message = format!("Placement groups may not be used with instances of type '{}'.", kind.name);
            Err(invalid_combination(message))
        }
        Strategy::Cluster if members.iter().any(|one| one.zone != zone) => {
            Err(invalid_combination("Your placement group is spread across Availability Zones."))
        }
        Strategy::Spread if members.iter().filter(|one| one.zone == zone).count() >= MOST_SPREAD => {
            let message = format!(
                "There is no more distinct hardware for the Placement Group '{}' in {zone}: it has {MOST_SPREAD} running instances there.",
                group.name
            );
            Err(Fault::coded("InsufficientInstanceCapacity", 500, message))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance_type::find;

    fn group(strategy: Strategy) -> PlacementGroup {
        PlacementGroup { id: "pg-1".into(), name: "g".into(), strategy }
    }

    fn placed(strategy: Strategy, members: &[Member], kind: &str, wanted: Option<i32>) -> Result<Option<i32>, String> {
        place(&group(strategy), members, find(kind).expect("a type"), "a", wanted).map_err(|fault| fault.message)
    }

    #[test]
    fn a_cluster_is_in_one_zone() {
        let (here, there) = (Member { zone: "a", partition: None }, Member { zone: "c", partition: None });
        assert_eq!(placed(Strategy::Cluster, &[here], "c5.large", None), Ok(None));
        assert!(placed(Strategy::Cluster, &[there], "c5.large", None).is_err());
        let refused = placed(Strategy::Cluster, &[], "t3.micro", None);
        assert_eq!(refused, Err("Placement groups may not be used with instances of type 't3.micro'.".into()));
    }

    #[test]
    fn seven_are_spread_over_a_zone() {
        let of = |zone| move |_| Member { zone, partition: None };
        let full: Vec<Member> = (0..7).map(of("a")).collect();
        let elsewhere: Vec<Member> = (0..7).map(of("c")).collect();
        assert!(placed(Strategy::Spread, &full, "t3.micro", None).is_err());
        assert_eq!(placed(Strategy::Spread, &elsewhere, "t3.micro", None), Ok(None));
        assert!(placed(Strategy::Spread, &[], "t3.micro", Some(1)).is_err());
    }

    #[test]
    fn partitions_are_filled_evenly() {
        let mut members = Vec::new();
        for expected in [1, 2, 3, 1, 2, 3] {
            let partition = placed(Strategy::Partition(3), &members, "t3.micro", None).expect("a place");
            assert_eq!(partition, Some(expected));
            members.push(Member { zone: "a", partition });
        }
        assert_eq!(placed(Strategy::Partition(3), &members, "t3.micro", Some(3)), Ok(Some(3)));
        assert!(placed(Strategy::Partition(3), &members, "t3.micro", Some(4)).is_err());
    }
}
