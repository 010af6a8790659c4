//! The filters of DescribeInstanceTypes.

use kogumo_model::ec2::*;

use crate::filter::{Filters, flag, number, text};

/// Without a point where there is nothing behind it.
fn real(value: Option<f64>) -> Vec<String> {
    value.iter().map(f64::to_string).collect()
}

fn optimized(one: &InstanceTypeInfo, value: fn(&EbsOptimizedInfo) -> Vec<String>) -> Vec<String> {
    one.ebs_info.iter().flat_map(|ebs| ebs.ebs_optimized_info.iter()).flat_map(value).collect()
}

fn network(one: &InstanceTypeInfo, value: fn(&NetworkInfo) -> Vec<String>) -> Vec<String> {
    one.network_info.iter().flat_map(value).collect()
}

fn cpus(one: &InstanceTypeInfo, value: fn(&VCpuInfo) -> &Option<Vec<i32>>) -> Vec<String> {
    one.v_cpu_info.iter().flat_map(|info| value(info).iter().flatten()).map(i32::to_string).collect()
}

fn processor(one: &InstanceTypeInfo) -> Vec<String> {
    one.processor_info.iter().flat_map(|info| info.supported_architectures.iter().flatten().cloned()).collect()
}

pub static TYPES: Filters<InstanceTypeInfo> = Filters {
    names: &[
        ("auto-recovery-supported", |one| flag(one.auto_recovery_supported)),
        ("bare-metal", |one| flag(one.bare_metal)),
        ("burstable-performance-supported", |one| flag(one.burstable_performance_supported)),
        ("current-generation", |one| flag(one.current_generation)),
        ("dedicated-hosts-supported", |one| flag(one.dedicated_hosts_supported)),
        ("ebs-info.attachment-limit-type", |one| {
            one.ebs_info.iter().flat_map(|ebs| text(&ebs.attachment_limit_type)).collect()
        }),
        ("ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps", |one| {
            optimized(one, |own| number(own.baseline_bandwidth_in_mbps))
        }),
        ("ebs-info.ebs-optimized-info.baseline-iops", |one| optimized(one, |own| number(own.baseline_iops))),
        ("ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", |one| {
            optimized(one, |own| real(own.baseline_throughput_in_m_bps))
        }),
        ("ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", |one| {
            optimized(one, |own| number(own.maximum_bandwidth_in_mbps))
        }),
        ("ebs-info.ebs-optimized-info.maximum-iops", |one| optimized(one, |own| number(own.maximum_iops))),
        ("ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", |one| {
            optimized(one, |own| real(own.maximum_throughput_in_m_bps))
        }),
        ("ebs-info.ebs-optimized-support", |one| {
            one.ebs_info.iter().flat_map(|ebs| text(&ebs.ebs_optimized_support)).collect()
        }),
        ("ebs-info.encryption-support", |one| {
            one.ebs_info.iter().flat_map(|ebs| text(&ebs.encryption_support)).collect()
        }),
        ("ebs-info.maximum-ebs-attachments", |one| {
            one.ebs_info.iter().flat_map(|ebs| number(ebs.maximum_ebs_attachments)).collect()
        }),
        ("ebs-info.nvme-support", |one| one.ebs_info.iter().flat_map(|ebs| text(&ebs.nvme_support)).collect()),
        ("free-tier-eligible", |one| flag(one.free_tier_eligible)),
        ("hibernation-supported", |one| flag(one.hibernation_supported)),
        ("hypervisor", |one| text(&one.hypervisor)),
        // No type here has disks of its own.
        ("instance-storage-info.disk.count", |_| Vec::new()),
        ("instance-storage-info.disk.size-in-gb", |_| Vec::new()),
        ("instance-storage-info.disk.type", |_| Vec::new()),
        ("instance-storage-info.encryption-support", |_| Vec::new()),
        ("instance-storage-info.nvme-support", |_| Vec::new()),
        ("instance-storage-info.total-size-in-gb", |_| Vec::new()),
        ("instance-storage-supported", |one| flag(one.instance_storage_supported)),
        ("instance-type", |one| text(&one.instance_type)),
        ("memory-info.size-in-mib", |one| {
            one.memory_info.iter().filter_map(|info| Some(info.size_in_mi_b?.to_string())).collect()
        }),
        ("network-info.bandwidth-weightings", |one| {
            network(one, |info| info.bandwidth_weightings.clone().unwrap_or_default())
        }),
        ("network-info.efa-info.maximum-efa-interfaces", |one| {
            network(one, |info| info.efa_info.iter().flat_map(|efa| number(efa.maximum_efa_interfaces)).collect())
        }),
        ("network-info.efa-supported", |one| network(one, |info| flag(info.efa_supported))),
        ("network-info.encryption-in-transit-supported", |one| {
            network(one, |info| flag(info.encryption_in_transit_supported))
        }),
        ("network-info.flexible-ena-queues-support", |one| {
            network(one, |info| text(&info.flexible_ena_queues_support))
        }),
        ("network-info.ipv4-addresses-per-interface", |one| {
            network(one, |info| number(info.ipv4_addresses_per_interface))
        }),
        ("network-info.ipv6-addresses-per-interface", |one| {
            network(one, |info| number(info.ipv6_addresses_per_interface))
        }),
        ("network-info.maximum-network-cards", |one| network(one, |info| number(info.maximum_network_cards))),
        ("network-info.ena-support", |one| one.network_info.iter().flat_map(|info| text(&info.ena_support)).collect()),
        ("network-info.ipv6-supported", |one| {
            one.network_info.iter().flat_map(|info| flag(info.ipv6_supported)).collect()
        }),
        ("network-info.maximum-network-interfaces", |one| {
            one.network_info.iter().flat_map(|info| number(info.maximum_network_interfaces)).collect()
        }),
        ("network-info.network-performance", |one| {
            one.network_info.iter().flat_map(|info| text(&info.network_performance)).collect()
        }),
        ("nitro-enclaves-support", |one| text(&one.nitro_enclaves_support)),
        ("nitro-tpm-info.supported-versions", |_| Vec::new()),
        ("nitro-tpm-support", |one| text(&one.nitro_tpm_support)),
        ("processor-info.supported-architecture", processor),
        ("processor-info.supported-features", |_| Vec::new()),
        ("processor-info.sustained-clock-speed-in-ghz", |one| {
            one.processor_info.iter().flat_map(|info| real(info.sustained_clock_speed_in_ghz)).collect()
        }),
        ("reboot-migration-support", |one| text(&one.reboot_migration_support)),
        ("supported-boot-mode", |one| one.supported_boot_modes.clone().unwrap_or_default()),
        ("supported-root-device-type", |one| one.supported_root_device_types.clone().unwrap_or_default()),
        ("supported-usage-class", |one| one.supported_usage_classes.clone().unwrap_or_default()),
        ("supported-virtualization-type", |one| one.supported_virtualization_types.clone().unwrap_or_default()),
        ("vcpu-info.default-cores", |one| one.v_cpu_info.iter().flat_map(|info| number(info.default_cores)).collect()),
        ("vcpu-info.default-threads-per-core", |one| {
            one.v_cpu_info.iter().flat_map(|info| number(info.default_threads_per_core)).collect()
        }),
        ("vcpu-info.default-vcpus", |one| one.v_cpu_info.iter().flat_map(|info| number(info.default_v_cpus)).collect()),
        ("vcpu-info.valid-cores", |one| cpus(one, |info| &info.valid_cores)),
        ("vcpu-info.valid-threads-per-core", |one| cpus(one, |info| &info.valid_threads_per_core)),
    ],
    tags: None,
};
