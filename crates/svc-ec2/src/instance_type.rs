//! Instance types and where they are offered: facts, out of `facts/ec2-instance-types.txt`.

use std::sync::OnceLock;

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::region;

mod filters;
mod processor;

/// What is known of a type.
#[derive(Clone, Copy, Debug)]
pub struct InstanceType {
    pub name: &'static str,
    pub vcpus: i32,
    pub memory_mib: i64,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    pub hypervisor: &'static str,
    pub interfaces: i32,
    /// IPv4 addresses of each interface.
    pub addresses: i32,
    /// Whether it has CPU credits.
    pub burst: bool,
    pub free: bool,
    pub old: bool,
    /// Baseline Mbit/s and IOPS, most Mbit/s and IOPS.
    pub ebs: Option<[i32; 4]>,
    pub network: &'static str,
}

/// How many volumes an instance can have.
#[derive(Clone, Copy, Debug)]
pub struct Attachments {
    pub most: i32,
    /// Whether its network interfaces count, too.
    pub shared: bool,
}

impl InstanceType {
    /// Threads of each core.
    pub fn threads(&self) -> i32 {
        if self.architecture == "arm64" || self.vcpus == 1 { 1 } else { 2 }
    }

    /// Source: Amazon EBS User Guide, "Amazon EBS volume limits for Amazon EC2 instances".
    pub fn attachments(&self) -> Attachments {
        let family = self.name.split('.').next().unwrap_or_default();
        match self.hypervisor {
            "nitro" if family.contains('7') => Attachments { most: 32, shared: false },
            "nitro" => Attachments { most: 28, shared: true },
            _ => Attachments { most: 40, shared: false },
        }
    }
}

static FACTS: &str = include_str!("../../../facts/ec2-instance-types.txt");

/// All types, by name.
pub fn all() -> &'static [InstanceType] {
    static TYPES: OnceLock<Vec<InstanceType>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let mut types: Vec<InstanceType> = FACTS.lines().filter_map(read_line).collect();
        types.sort_by_key(|one| one.name);
        types
    })
}

/// The type of that name.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    let all = all();
    all.binary_search_by_key(&name, |one| one.name).ok().and_then(|index| all.get(index))
}

fn read_line(line: &'static str) -> Option<InstanceType> {
    if line.starts_with('#') {
        return None;
    }
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let vcpus = words.next()?.parse().ok()?;
    let memory_mib = words.next()?.parse().ok()?;
    let (architecture, hypervisor) = (words.next()?, words.next()?);
    let interfaces = words.next()?.parse().ok()?;
    let addresses = words.next()?.parse().ok()?;
    let flags = words.next()?;
    let has = |wanted: &str| flags.split(',').any(|flag| flag == wanted);
    let figures: Vec<i32> = words.next()?.split(':').filter_map(|figure| figure.parse().ok()).collect();
    let network = rest(line, 9);
    Some(InstanceType {
        name,
        vcpus,
        memory_mib,
        architecture,
        hypervisor,
        interfaces,
        addresses,
        burst: has("burst"),
        free: has("free"),
        old: has("old"),
        ebs: figures.try_into().ok(),
        network,
    })
}

/// What follows the first `words` words of a line.
fn rest(line: &'static str, words: usize) -> &'static str {
    let mut rest = line.trim_start();
    for _ in 0..words {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, tail)| tail.trim_start());
    }
    rest
}

fn shown(one: &InstanceType) -> InstanceTypeInfo {
    let threads = one.threads();
    let is_nitro = one.hypervisor == "nitro";
    let ebs = one.ebs.map(|[mbps, iops, most_mbps, most_iops]| EbsOptimizedInfo {
        baseline_bandwidth_in_mbps: Some(mbps),
        baseline_throughput_in_m_bps: Some(f64::from(mbps) / 8.0),
        baseline_iops: Some(iops),
        maximum_bandwidth_in_mbps: Some(most_mbps),
        maximum_throughput_in_m_bps: Some(f64::from(most_mbps) / 8.0),
        maximum_iops: Some(most_iops),
    });
    let architectures = match one.architecture {
        "x86_64" if one.name.starts_with("t2.") || one.name.starts_with("t1.") => {
            vec!["i386".to_owned(), "x86_64".to_owned()]
        }
        architecture => vec![architecture.to_owned()],
    };
    InstanceTypeInfo {
        instance_type: Some(one.name.to_owned()),
        current_generation: Some(!one.old),
        free_tier_eligible: Some(one.free),
        supported_usage_classes: Some(vec!["on-demand".into(), "spot".into()]),
        supported_root_device_types: Some(vec!["ebs".into()]),
        supported_virtualization_types: Some(vec!["hvm".into()]),
        bare_metal: Some(false),
        hypervisor: Some(one.hypervisor.to_owned()),
        processor_info: Some(ProcessorInfo {
            supported_architectures: Some(architectures),
            sustained_clock_speed_in_ghz: processor::clock(one),
            manufacturer: Some(processor::maker(one).into()),
            ..ProcessorInfo::default()
        }),
        v_cpu_info: Some(VCpuInfo {
            default_v_cpus: Some(one.vcpus),
            default_cores: Some((one.vcpus / threads).max(1)),
            default_threads_per_core: Some(threads),
            ..VCpuInfo::default()
        }),
        memory_info: Some(MemoryInfo { size_in_mi_b: Some(one.memory_mib) }),
        instance_storage_supported: Some(false),
        ebs_info: Some(EbsInfo {
            ebs_optimized_support: Some(if is_nitro || ebs.is_some() {
                "default".into()
            } else {
                "unsupported".into()
            }),
            encryption_support: Some("supported".into()),
            ebs_optimized_info: ebs,
            nvme_support: Some(if is_nitro { "required".into() } else { "unsupported".into() }),
            maximum_ebs_attachments: Some(one.attachments().most),
            attachment_limit_type: Some(if one.attachments().shared { "shared".into() } else { "dedicated".into() }),
            ..EbsInfo::default()
        }),
        network_info: Some(NetworkInfo {
            network_performance: Some(one.network.to_owned()),
            maximum_network_interfaces: Some(one.interfaces),
            maximum_network_cards: Some(1),
            default_network_card_index: Some(0),
            network_cards: Some(vec![NetworkCardInfo {
                network_card_index: Some(0),
                network_performance: Some(one.network.to_owned()),
                maximum_network_interfaces: Some(one.interfaces),
                ..NetworkCardInfo::default()
            }]),
            ipv4_addresses_per_interface: Some(one.addresses),
            ipv6_addresses_per_interface: Some(one.addresses),
            ipv6_supported: Some(true),
            ena_support: Some(if is_nitro { "required".into() } else { "unsupported".into() }),
            efa_supported: Some(false),
            encryption_in_transit_supported: Some(false),
            ena_srd_supported: Some(false),
            flexible_ena_queues_support: Some("unsupported".into()),
            ..NetworkInfo::default()
        }),
        placement_group_info: Some(PlacementGroupInfo {
            supported_strategies: Some(match one.burst || one.old {
                true => vec!["partition".into(), "spread".into()],
                false => vec!["cluster".into(), "partition".into(), "spread".into()],
            }),
        }),
        hibernation_supported: Some(false),
        burstable_performance_supported: Some(one.burst),
        dedicated_hosts_supported: Some(!one.burst || one.name.starts_with("t3.")),
        auto_recovery_supported: Some(true),
        supported_boot_modes: Some(vec!["legacy-bios".into(), "uefi".into()]),
        nitro_enclaves_support: Some("unsupported".into()),
        nitro_tpm_support: Some("unsupported".into()),
        phc_support: Some("unsupported".into()),
        reboot_migration_support: Some("unsupported".into()),
        ..InstanceTypeInfo::default()
    }
}

/// AWS's pages of types hold a hundred.
const PAGE: i32 = 100;

pub fn describe_instance_types(
    _: &Reader,
    input: DescribeInstanceTypesRequest,
) -> Result<DescribeInstanceTypesResult, Fault> {
    let wanted = input.instance_types.unwrap_or_default();
    let unknown: Vec<&str> = wanted.iter().map(String::as_str).filter(|name| find(name).is_none()).collect();
    if !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(Fault::coded("InvalidInstanceType", 400, message));
    }
    let chosen = all().iter().filter(|one| wanted.is_empty() || wanted.iter().any(|name| name == one.name));
    let types = filters::TYPES.select(chosen.map(shown).collect(), input.filters)?;
    let most = if wanted.is_empty() { Some(input.max_results.unwrap_or(PAGE)) } else { None };
    let wanted = Wanted { token: input.next_token.as_deref(), most, named: None };
    let page = cut(types, wanted, |one| one.instance_type.clone().unwrap_or_default())?;
    Ok(DescribeInstanceTypesResult { instance_types: Some(page.items), next_token: page.next_token })
}

static OFFERING_FILTERS: Filters<InstanceTypeOffering> = Filters {
    names: &[("instance-type", |one| text(&one.instance_type)), ("location", |one| text(&one.location))],
    tags: None,
};

/// Every type is offered in every zone of every region.
pub fn describe_instance_type_offerings(
    r: &Reader,
    input: DescribeInstanceTypeOfferingsRequest,
) -> Result<DescribeInstanceTypeOfferingsResult, Fault> {
    let kind = input.location_type.unwrap_or_else(|| "region".into());
    let zones = region::zones(r.caller.region());
    let locations: Vec<String> = match kind.as_str() {
        "region" => vec![r.caller.region().to_owned()],
        "availability-zone" => zones.into_iter().map(|zone| zone.name).collect(),
        "availability-zone-id" => zones.into_iter().map(|zone| zone.id).collect(),
        other => return Err(crate::faults::invalid_value(format!("Invalid value '{other}' for location type."))),
    };
    let offerings = all().iter().flat_map(|one| {
        locations.iter().map(|location| InstanceTypeOffering {
            instance_type: Some(one.name.to_owned()),
            location_type: Some(kind.clone()),
            location: Some(location.clone()),
        })
    });
    let offerings = OFFERING_FILTERS.select(offerings.collect(), input.filters)?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(offerings, wanted, |one| {
        format!("{} {}", one.instance_type.as_deref().unwrap_or_default(), one.location.as_deref().unwrap_or_default())
    })?;
    Ok(DescribeInstanceTypeOfferingsResult { instance_type_offerings: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_type() {
        let lines = FACTS.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().len(), lines);
        let micro = find("t3.micro").expect("a type");
        assert_eq!((micro.vcpus, micro.memory_mib, micro.network), (2, 1024, "Up to 5 Gigabit"));
        assert_eq!(find("t2.micro").map(|one| one.network), Some("Low to Moderate"));
        assert_eq!(find("m5.large").and_then(|one| one.ebs), Some([650, 3600, 4750, 18750]));
    }
}
