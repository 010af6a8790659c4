//! The operations of placement groups.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{PlacementGroup as Shown, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use super::record::{PlacementGroup, Strategy};
use super::rules::{Member, place};
use crate::faults::{invalid_combination, invalid_value, limit, missing_parameter, refuse};
use crate::filter::{Filters, text};
use crate::instance::{Instance, State};
use crate::instance_type::InstanceType;
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::tag::{self, Tags};

/// Source: Amazon EC2 User Guide, "Placement group rules and limitations".
const MOST_GROUPS: usize = 500;
const MOST_PARTITIONS: i32 = 7;
const PARTITIONS: i32 = 2;
const LONGEST_NAME: usize = 255;

/// The group of that name.
///
/// # Errors
/// `InvalidPlacementGroup.Unknown`.
pub fn named(read: &dyn Read, scope: &Scope, name: &str) -> Result<PlacementGroup, Fault> {
    let found = all::<PlacementGroup>(read, scope)?.into_iter().find(|group| group.name == name);
    found.ok_or_else(|| PlacementGroup::KIND.missing(name))
}

/// The group that a launch or a move names, by name or id.
///
/// # Errors
/// Both are named, or there is none such.
pub fn wanted(
    read: &dyn Read,
    scope: &Scope,
    name: Option<&str>,
    id: Option<&str>,
) -> Result<Option<PlacementGroup>, Fault> {
    match (name.filter(|name| !name.is_empty()), id.filter(|id| !id.is_empty())) {
        (Some(_), Some(_)) => Err(invalid_combination("Specify GroupName or GroupId of a placement group, not both")),
        (Some(name), None) => named(read, scope, name).map(Some),
        (None, Some(id)) => get(read, scope, id).map(Some),
        (None, None) => Ok(None),
    }
}

/// The partition for one more instance of the group, beside those that are in it.
///
/// # Errors
/// As of [`place`].
pub fn join(
    w: &Writer,
    group: &PlacementGroup,
    kind: &InstanceType,
    zone: &str,
    partition: Option<i32>,
) -> Result<Option<i32>, Fault> {
    let instances = all::<Instance>(w.store(), w.scope())?;
    let is_there =
        |one: &&Instance| one.group_name == group.name && matches!(one.state, State::Pending | State::Running);
    let member = |one: &'_ Instance| (one.zone.clone(), one.partition);
    let held: Vec<(String, Option<i32>)> = instances.iter().filter(is_there).map(member).collect();
    let members: Vec<Member> = held.iter().map(|(zone, partition)| Member { zone, partition: *partition }).collect();
    place(group, &members, kind, zone, partition)
}

fn strategy(input: &CreatePlacementGroupRequest) -> Result<Strategy, Fault> {
    let word = input.strategy.as_deref().unwrap_or("cluster");
    if input.partition_count.is_some() && word != "partition" {
        return Err(invalid_combination("PartitionCount is valid only when Strategy is set to partition."));
    }
    if input.spread_level.is_some() && word != "spread" {
        return Err(invalid_combination("SpreadLevel is valid only when Strategy is set to spread."));
    }
    match word {
        "cluster" => Ok(Strategy::Cluster),
        "spread" => Ok(Strategy::Spread),
        _ => {
            let count = input.partition_count.unwrap_or(PARTITIONS);
            if !(1..=MOST_PARTITIONS).contains(&count) {
                return Err(invalid_value(format!("Value ({count}) for parameter PartitionCount is invalid.")));
            }
            Ok(Strategy::Partition(count))
        }
    }
}

pub fn create_placement_group(
    w: &mut Writer,
    input: CreatePlacementGroupRequest,
) -> Result<CreatePlacementGroupResult, Fault> {
    refuse(&[
        ("Strategy=precision-time", input.strategy.as_deref() == Some("precision-time")),
        ("SpreadLevel=host", input.spread_level.as_deref() == Some("host")),
        ("ParentGroupId", input.parent_group_id.is_some()),
        ("LinkedGroupId", input.linked_group_id.is_some()),
        ("Operator", input.operator.is_some()),
    ])?;
    let strategy = strategy(&input)?;
    let name = input.group_name.filter(|name| !name.is_empty()).ok_or_else(|| missing_parameter("groupName"))?;
    if name.len() > LONGEST_NAME || !name.is_ascii() {
        return Err(invalid_value(format!("Value ({name}) for parameter groupName is invalid.")));
    }
    let tags = tag::specified(w, input.tag_specifications, PlacementGroup::KIND)?;
    let others = all::<PlacementGroup>(w.store(), w.scope())?;
    if others.iter().any(|other| other.name == name) {
        let message = format!("The Placement Group '{name}' already exists.");
        return Err(Fault::coded("InvalidPlacementGroup.Duplicate", 400, message));
    }
    if others.len() >= MOST_GROUPS {
        return Err(limit("PlacementGroupLimitExceeded", "The maximum number of placement groups has been reached."));
    }
    let group = PlacementGroup { id: PlacementGroup::KIND.new_id(), name, strategy };
    put(w, &group)?;
    tag::mark(w, &group, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &group.id)?;
    Ok(CreatePlacementGroupResult { placement_group: Some(shown(&group, w.scope(), &tags)) })
}

fn shown(group: &PlacementGroup, scope: &Scope, tags: &Tags) -> Shown {
    let arn = Arn::new("ec2", &scope.region, &scope.account, format!("placement-group/{}", group.name));
    Shown {
        group_name: Some(group.name.clone()),
        state: Some("available".into()),
        strategy: Some(group.strategy.word().into()),
        partition_count: match group.strategy {
            Strategy::Partition(count) => Some(count),
            _ => None,
        },
        group_id: Some(group.id.clone()),
        tags: Some(tags.shown(&group.id)),
        group_arn: Some(arn.to_string()),
        spread_level: (group.strategy == Strategy::Spread).then(|| "rack".into()),
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("group-name", |group| text(&group.group_name)),
        ("group-arn", |group| text(&group.group_arn)),
        ("spread-level", |group| text(&group.spread_level)),
        ("state", |group| text(&group.state)),
        ("strategy", |group| text(&group.strategy)),
    ],
    tags: Some(|group| group.tags.as_ref()),
};

pub fn describe_placement_groups(
    r: &Reader,
    input: DescribePlacementGroupsRequest,
) -> Result<DescribePlacementGroupsResult, Fault> {
    let mut groups = chosen::<PlacementGroup>(r.store, r.scope(), input.group_ids.as_deref())?;
    let names = input.group_names.unwrap_or_default();
    for name in &names {
        named(r.store, r.scope(), name)?;
    }
    groups.retain(|group| names.is_empty() || names.contains(&group.name));
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    let tags = Tags::of_all(r.store, r.scope())?;
    let groups = groups.iter().map(|group| shown(group, r.scope(), &tags)).collect();
    Ok(DescribePlacementGroupsResult { placement_groups: Some(FILTERS.select(groups, input.filters)?) })
}

/// Stopped instances hold their group, too.
pub fn delete_placement_group(w: &mut Writer, input: DeletePlacementGroupRequest) -> Result<Unit, Fault> {
    let group = named(w.store(), w.scope(), &input.group_name)?;
    let is_in = |one: &Instance| one.group_name == group.name && one.state != State::Terminated;
    if all::<Instance>(w.store(), w.scope())?.iter().any(is_in) {
        let message = format!("The placement group '{}' is in use and may not be deleted.", group.name);
        return Err(Fault::coded("InvalidPlacementGroup.InUse", 400, message));
    }
    delete::<PlacementGroup>(w, &group.id)?;
    Ok(Unit)
}
