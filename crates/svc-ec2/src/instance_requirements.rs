//! GetInstanceTypesFromInstanceRequirements: which types have what somebody needs. Source: Amazon EC2 API Reference,
//! `InstanceRequirementsRequest`.

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::faults::{invalid_value, refuse};
use crate::filter::matches;
use crate::instance_type::{self, InstanceType};
use crate::page::{Wanted, cut};

pub fn get_instance_types_from_instance_requirements(
    _: &Reader,
    input: GetInstanceTypesFromInstanceRequirementsRequest,
) -> Result<GetInstanceTypesFromInstanceRequirementsResult, Fault> {
    let wanted = input.instance_requirements;
    refuse_unknown(&wanted)?;
    let is_within = |value: i64, min: i32, max: Option<i32>| {
        value >= i64::from(min) && max.is_none_or(|max| value <= i64::from(max))
    };
    let named = |patterns: &Option<Vec<String>>, kind: &InstanceType| {
        patterns.as_ref().map(|patterns| patterns.iter().any(|pattern| matches(pattern, kind.name)))
    };
    let fits = |kind: &&InstanceType| {
        let generation = if kind.old { "previous" } else { "current" };
        let per_processor = kind.memory_mib as f64 / 1024.0 / f64::from(kind.vcpus.max(1));
        let each = wanted.memory_gi_b_per_v_cpu.as_ref();
        let burst = wanted.burstable_performance.as_deref().unwrap_or("excluded");
        input.architecture_types.iter().any(|one| one == kind.architecture)
            && is_within(kind.vcpus.into(), wanted.v_cpu_count.min, wanted.v_cpu_count.max)
            && is_within(kind.memory_mib, wanted.memory_mi_b.min, wanted.memory_mi_b.max)
            && each.and_then(|range| range.min).is_none_or(|min| per_processor >= min)
            && each.and_then(|range| range.max).is_none_or(|max| per_processor <= max)
            && wanted.instance_generations.as_ref().is_none_or(|all| all.iter().any(|one| one == generation))
            && (burst == "included" || kind.burst == (burst == "required"))
            && named(&wanted.allowed_instance_types, kind) != Some(false)
            && named(&wanted.excluded_instance_types, kind) != Some(true)
    };
    let is_hvm = input.virtualization_types.iter().any(|one| one == "hvm");
    let found: Vec<&InstanceType> = instance_type::all().iter().filter(fits).filter(|_| is_hvm).collect();
    let shown = found
        .into_iter()
        .map(|kind| InstanceTypeInfoFromInstanceRequirements { instance_type: Some(kind.name.to_owned()) })
        .collect();
    let page = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(shown, page, |one: &InstanceTypeInfoFromInstanceRequirements| {
        one.instance_type.clone().unwrap_or_default()
    })?;
    Ok(GetInstanceTypesFromInstanceRequirementsResult { instance_types: Some(page.items), next_token: page.next_token })
}

/// What the facts of the types do not say.
fn refuse_unknown(wanted: &InstanceRequirementsRequest) -> Result<(), Fault> {
    if wanted.allowed_instance_types.is_some() && wanted.excluded_instance_types.is_some() {
        return Err(invalid_value("AllowedInstanceTypes and ExcludedInstanceTypes cannot be given together"));
    }
    let not_default = |value: &Option<String>| value.as_deref().is_some_and(|value| value == "required");
    refuse(&[
        ("CpuManufacturers", wanted.cpu_manufacturers.is_some()),
        ("BareMetal", not_default(&wanted.bare_metal)),
        ("RequireHibernateSupport", wanted.require_hibernate_support == Some(true)),
        ("NetworkInterfaceCount", wanted.network_interface_count.is_some()),
        ("LocalStorage", not_default(&wanted.local_storage)),
        ("LocalStorageTypes", wanted.local_storage_types.is_some()),
        ("TotalLocalStorageGB", wanted.total_local_storage_gb.is_some()),
        ("BaselineEbsBandwidthMbps", wanted.baseline_ebs_bandwidth_mbps.is_some()),
        ("AcceleratorTypes", wanted.accelerator_types.is_some()),
        ("AcceleratorCount", wanted.accelerator_count.as_ref().is_some_and(|count| count.max != Some(0))),
        ("AcceleratorManufacturers", wanted.accelerator_manufacturers.is_some()),
        ("AcceleratorNames", wanted.accelerator_names.is_some()),
        ("AcceleratorTotalMemoryMiB", wanted.accelerator_total_memory_mi_b.is_some()),
        ("NetworkBandwidthGbps", wanted.network_bandwidth_gbps.is_some()),
        ("BaselinePerformanceFactors", wanted.baseline_performance_factors.is_some()),
    ])
}
