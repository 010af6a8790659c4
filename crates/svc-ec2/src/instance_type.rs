//! Instance types and where they are offered: facts, out of `facts/ec2-instance-types.txt`.

use std::sync::OnceLock;

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::filter::{Filters, flag, text};
use crate::page::{Wanted, cut};
use crate::region;

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
    let threads = if one.architecture == "arm64" || one.vcpus == 1 { 1 } else { 2 };
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
            ebs_optimized_support: Some(if is_nitro { "default".into() } else { "unsupported".into() }),
            encryption_support: Some("supported".into()),
            ebs_optimized_info: ebs,
            nvme_support: Some(if is_nitro { "required".into() } else { "unsupported".into() }),
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
            ..NetworkInfo::default()
        }),
        placement_group_info: Some(PlacementGroupInfo {
            supported_strategies: Some(vec!["partition".into(), "spread".into()]),
        }),
        hibernation_supported: Some(false),
        burstable_performance_supported: Some(one.burst),
        dedicated_hosts_supported: Some(!one.burst || one.name.starts_with("t3.")),
        auto_recovery_supported: Some(true),
        supported_boot_modes: Some(vec!["legacy-bios".into(), "uefi".into()]),
        nitro_enclaves_support: Some("unsupported".into()),
        nitro_tpm_support: Some("unsupported".into()),
        ..InstanceTypeInfo::default()
    }
}

fn processor(one: &InstanceTypeInfo) -> Vec<String> {
    one.processor_info.iter().flat_map(|info| info.supported_architectures.iter().flatten().cloned()).collect()
}

static FILTERS: Filters<InstanceTypeInfo> = Filters {
    names: &[
        ("auto-recovery-supported", |one| flag(one.auto_recovery_supported)),
        ("bare-metal", |one| flag(one.bare_metal)),
        ("burstable-performance-supported", |one| flag(one.burstable_performance_supported)),
        ("current-generation", |one| flag(one.current_generation)),
        ("dedicated-hosts-supported", |one| flag(one.dedicated_hosts_supported)),
        ("ebs-info.ebs-optimized-support", |one| {
            one.ebs_info.iter().flat_map(|ebs| text(&ebs.ebs_optimized_support)).collect()
        }),
        ("ebs-info.encryption-support", |one| {
            one.ebs_info.iter().flat_map(|ebs| text(&ebs.encryption_support)).collect()
        }),
        ("ebs-info.nvme-support", |one| one.ebs_info.iter().flat_map(|ebs| text(&ebs.nvme_support)).collect()),
        ("free-tier-eligible", |one| flag(one.free_tier_eligible)),
        ("hibernation-supported", |one| flag(one.hibernation_supported)),
        ("hypervisor", |one| text(&one.hypervisor)),
        ("instance-storage-supported", |one| flag(one.instance_storage_supported)),
        ("instance-type", |one| text(&one.instance_type)),
        ("memory-info.size-in-mib", |one| {
            one.memory_info.iter().filter_map(|info| Some(info.size_in_mi_b?.to_string())).collect()
        }),
        ("network-info.ena-support", |one| one.network_info.iter().flat_map(|info| text(&info.ena_support)).collect()),
        ("network-info.ipv6-supported", |one| {
            one.network_info.iter().flat_map(|info| flag(info.ipv6_supported)).collect()
        }),
        ("network-info.maximum-network-interfaces", |one| {
            one.network_info.iter().flat_map(|info| crate::filter::number(info.maximum_network_interfaces)).collect()
        }),
        ("network-info.network-performance", |one| {
            one.network_info.iter().flat_map(|info| text(&info.network_performance)).collect()
        }),
        ("processor-info.supported-architecture", processor),
        ("supported-boot-mode", |one| one.supported_boot_modes.clone().unwrap_or_default()),
        ("supported-root-device-type", |one| one.supported_root_device_types.clone().unwrap_or_default()),
        ("supported-usage-class", |one| one.supported_usage_classes.clone().unwrap_or_default()),
        ("supported-virtualization-type", |one| one.supported_virtualization_types.clone().unwrap_or_default()),
        ("vcpu-info.default-cores", |one| {
            one.v_cpu_info.iter().flat_map(|info| crate::filter::number(info.default_cores)).collect()
        }),
        ("vcpu-info.default-threads-per-core", |one| {
            one.v_cpu_info.iter().flat_map(|info| crate::filter::number(info.default_threads_per_core)).collect()
        }),
        ("vcpu-info.default-vcpus", |one| {
            one.v_cpu_info.iter().flat_map(|info| crate::filter::number(info.default_v_cpus)).collect()
        }),
    ],
    tags: None,
};

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
    let types = FILTERS.select(chosen.map(shown).collect(), input.filters)?;
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
