//! Regions and their availability zones. Source: AWS documentation, "AWS Regions" and "AWS Availability Zones".

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::faults::invalid_value;
use crate::filter::{Filters, text};

/// A region of the `aws` partition.
pub struct RegionFacts {
    pub name: &'static str,
    /// What the ids of its zones begin with.
    zone_prefix: &'static str,
    /// Each zone's letter, and the number in its id.
    zones: &'static str,
    /// Whether an account has to ask for it.
    opt_in: bool,
    place: &'static str,
}

/// A zone: `ap-northeast-1a` is `apne1-az4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub name: String,
    pub id: String,
}

const fn region(
    name: &'static str,
    zone_prefix: &'static str,
    zones: &'static str,
    place: &'static str,
) -> RegionFacts {
    RegionFacts { name, zone_prefix, zones, opt_in: false, place }
}

const fn opt_in(
    name: &'static str,
    zone_prefix: &'static str,
    zones: &'static str,
    place: &'static str,
) -> RegionFacts {
    RegionFacts { name, zone_prefix, zones, opt_in: true, place }
}

/// The names of all regions.
pub fn names() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|region| region.name)
}

static REGIONS: &[RegionFacts] = &[
    opt_in("af-south-1", "afs1", "a1 b2 c3", "Africa (Cape Town)"),
    opt_in("ap-east-1", "ape1", "a1 b2 c3", "Asia Pacific (Hong Kong)"),
    opt_in("ap-east-2", "ape2", "a1 b2 c3", "Asia Pacific (Taipei)"),
    region("ap-northeast-1", "apne1", "a4 c1 d2", "Asia Pacific (Tokyo)"),
    region("ap-northeast-2", "apne2", "a1 b2 c3 d4", "Asia Pacific (Seoul)"),
    region("ap-northeast-3", "apne3", "a3 b1 c2", "Asia Pacific (Osaka)"),
    region("ap-south-1", "aps1", "a1 b3 c2", "Asia Pacific (Mumbai)"),
    opt_in("ap-south-2", "aps2", "a1 b2 c3", "Asia Pacific (Hyderabad)"),
    region("ap-southeast-1", "apse1", "a2 b1 c3", "Asia Pacific (Singapore)"),
    region("ap-southeast-2", "apse2", "a3 b1 c2", "Asia Pacific (Sydney)"),
    opt_in("ap-southeast-3", "apse3", "a1 b2 c3", "Asia Pacific (Jakarta)"),
    opt_in("ap-southeast-4", "apse4", "a1 b2 c3", "Asia Pacific (Melbourne)"),
    opt_in("ap-southeast-5", "apse5", "a1 b2 c3", "Asia Pacific (Malaysia)"),
    opt_in("ap-southeast-7", "apse7", "a1 b2 c3", "Asia Pacific (Thailand)"),
    region("ca-central-1", "cac1", "a1 b2 d4", "Canada (Central)"),
    opt_in("ca-west-1", "caw1", "a1 b2 c3", "Canada West (Calgary)"),
    region("eu-central-1", "euc1", "a2 b3 c1", "Europe (Frankfurt)"),
    opt_in("eu-central-2", "euc2", "a1 b2 c3", "Europe (Zurich)"),
    region("eu-north-1", "eun1", "a1 b2 c3", "Europe (Stockholm)"),
    opt_in("eu-south-1", "eus1", "a1 b2 c3", "Europe (Milan)"),
    opt_in("eu-south-2", "eus2", "a1 b2 c3", "Europe (Spain)"),
    region("eu-west-1", "euw1", "a3 b1 c2", "Europe (Ireland)"),
    region("eu-west-2", "euw2", "a2 b3 c1", "Europe (London)"),
    region("eu-west-3", "euw3", "a1 b2 c3", "Europe (Paris)"),
    opt_in("il-central-1", "ilc1", "a1 b2 c3", "Israel (Tel Aviv)"),
    opt_in("me-central-1", "mec1", "a1 b2 c3", "Middle East (UAE)"),
    opt_in("me-south-1", "mes1", "a1 b2 c3", "Middle East (Bahrain)"),
    opt_in("mx-central-1", "mxc1", "a1 b2 c3", "Mexico (Central)"),
    region("sa-east-1", "sae1", "a1 b2 c3", "South America (São Paulo)"),
    region("us-east-1", "use1", "a6 b1 c2 d4 e3 f5", "US East (N. Virginia)"),
    region("us-east-2", "use2", "a1 b2 c3", "US East (Ohio)"),
    region("us-west-1", "usw1", "a3 c1", "US West (N. California)"),
    region("us-west-2", "usw2", "a2 b1 c3 d4", "US West (Oregon)"),
];

/// The zones of a region; a region that AWS does not have gets three.
pub fn zones(name: &str) -> Vec<Zone> {
    let found = REGIONS.iter().find(|region| region.name == name);
    let (prefix, zones) = found.map_or((name, "a1 b2 c3"), |region| (region.zone_prefix, region.zones));
    let zone = |pair: &str| {
        let (letter, number) = pair.split_at(1);
        Zone { name: format!("{name}{letter}"), id: format!("{prefix}-az{number}") }
    };
    zones.split(' ').map(zone).collect()
}

/// The zone of a request, by name or id; the first one if it names none.
///
/// # Errors
/// A zone that the region does not have.
pub fn zone(region: &str, name: Option<&str>, id: Option<&str>) -> Result<Zone, Fault> {
    let mut zones = zones(region);
    let found = zones.iter().position(|zone| match (name, id) {
        (Some(name), _) => zone.name == name,
        (None, Some(id)) => zone.id == id,
        (None, None) => true,
    });
    match found {
        Some(index) => Ok(zones.swap_remove(index)),
        None => {
            let (wanted, parameter) =
                name.map_or((id.unwrap_or_default(), "availabilityZoneId"), |name| (name, "availabilityZone"));
            let known: Vec<&str> =
                zones.iter().map(|zone| if name.is_some() { &*zone.name } else { &*zone.id }).collect();
            let message = format!(
                "Value ({wanted}) for parameter {parameter} is invalid. Subnets can currently only be created in the \
                 following availability zones: {}.",
                known.join(", ")
            );
            Err(invalid_value(message))
        }
    }
}

static REGION_FILTERS: Filters<Region> = Filters {
    names: &[
        ("endpoint", |region| text(&region.endpoint)),
        ("opt-in-status", |region| text(&region.opt_in_status)),
        ("region-name", |region| text(&region.region_name)),
    ],
    tags: None,
};

/// Every region can be used here; those that AWS wants to be asked for count as asked for.
pub fn describe_regions(_: &Reader, input: DescribeRegionsRequest) -> Result<DescribeRegionsResult, Fault> {
    let wanted = input.region_names.unwrap_or_default();
    if let Some(unknown) = wanted.iter().find(|name| !REGIONS.iter().any(|region| region.name == **name)) {
        return Err(invalid_value(format!("Invalid region names: [{unknown}]")));
    }
    let chosen = REGIONS.iter().filter(|region| wanted.is_empty() || wanted.iter().any(|name| name == region.name));
    let shown = chosen.map(|region| Region {
        region_name: Some(region.name.to_owned()),
        endpoint: Some(format!("ec2.{}.amazonaws.com", region.name)),
        opt_in_status: Some(opt_in_status(region).to_owned()),
        geography: None,
    });
    Ok(DescribeRegionsResult { regions: Some(REGION_FILTERS.select(shown.collect(), input.filters)?) })
}

fn opt_in_status(region: &RegionFacts) -> &'static str {
    if region.opt_in { "opted-in" } else { "opt-in-not-required" }
}

static ZONE_FILTERS: Filters<AvailabilityZone> = Filters {
    names: &[
        ("group-long-name", |zone| text(&zone.group_long_name)),
        ("group-name", |zone| text(&zone.group_name)),
        ("message", |_| Vec::new()),
        ("opt-in-status", |zone| text(&zone.opt_in_status)),
        ("parent-zone-id", |zone| text(&zone.parent_zone_id)),
        ("parent-zone-name", |zone| text(&zone.parent_zone_name)),
        ("region-name", |zone| text(&zone.region_name)),
        ("state", |zone| text(&zone.state)),
        ("zone-id", |zone| text(&zone.zone_id)),
        ("zone-name", |zone| text(&zone.zone_name)),
        ("zone-type", |zone| text(&zone.zone_type)),
    ],
    tags: None,
};

pub fn describe_availability_zones(
    r: &Reader,
    input: DescribeAvailabilityZonesRequest,
) -> Result<DescribeAvailabilityZonesResult, Fault> {
    let region = r.caller.region();
    let (names, ids) = (input.zone_names.unwrap_or_default(), input.zone_ids.unwrap_or_default());
    let zones = zones(region);
    if let Some(unknown) = names.iter().find(|name| !zones.iter().any(|zone| zone.name == **name)) {
        return Err(invalid_value(format!("Invalid availability zone: [{unknown}]")));
    }
    if let Some(unknown) = ids.iter().find(|id| !zones.iter().any(|zone| zone.id == **id)) {
        return Err(invalid_value(format!("Invalid availability zone-id: [{unknown}]")));
    }
    let chosen = zones
        .into_iter()
        .filter(|zone| (names.is_empty() || names.contains(&zone.name)) && (ids.is_empty() || ids.contains(&zone.id)));
    let place = REGIONS.iter().find(|facts| facts.name == region).map_or(region, |facts| facts.place);
    let shown = chosen.map(|zone| AvailabilityZone {
        state: Some("available".into()),
        opt_in_status: Some("opt-in-not-required".into()),
        messages: Some(Vec::new()),
        region_name: Some(region.to_owned()),
        zone_name: Some(zone.name),
        zone_id: Some(zone.id),
        group_name: Some(format!("{region}-zg-1")),
        group_long_name: Some(format!("{place} 1")),
        network_border_group: Some(region.to_owned()),
        zone_type: Some("availability-zone".into()),
        ..AvailabilityZone::default()
    });
    let shown = ZONE_FILTERS.select(shown.collect(), input.filters)?;
    Ok(DescribeAvailabilityZonesResult { availability_zones: Some(shown) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokyo_has_no_zone_b() {
        let names: Vec<String> = zones("ap-northeast-1").into_iter().map(|zone| zone.name).collect();
        assert_eq!(names, ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]);
        assert!(zone("ap-northeast-1", Some("ap-northeast-1b"), None).is_err());
        assert_eq!(
            zone("ap-northeast-1", None, Some("apne1-az1")).map(|zone| zone.name).ok().as_deref(),
            Some("ap-northeast-1c")
        );
    }
}
