//! CPU options: an instance with fewer cores or threads than its type has. Its machine gets that many processors.
//! Source: Amazon EC2 User Guide, "CPU options for Amazon EC2 instances".

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::attribute::require_stopped;
use super::record::Instance;
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::instance_type::{self, InstanceType};
use crate::resource::{get, put};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    pub cores: i32,
    pub threads: i32,
}

impl Cpu {
    /// All that a type has.
    pub fn of_type(kind: &InstanceType) -> Cpu {
        let threads = kind.threads();
        Cpu { cores: (kind.vcpus / threads).max(1), threads }
    }

    /// What an instance has: what it was given, or all of its type.
    pub fn of(instance: &Instance) -> Option<Cpu> {
        instance.cpu.or_else(|| instance_type::find(&instance.kind).map(Cpu::of_type))
    }

    pub fn vcpus(self) -> i32 {
        self.cores * self.threads
    }
}

/// What is asked for, of a type.
///
/// # Errors
/// More than the type has; one without the other.
pub fn chosen(kind: &InstanceType, cores: Option<i32>, threads: Option<i32>) -> Result<Option<Cpu>, Fault> {
    let whole = Cpu::of_type(kind);
    let cpu = match (cores, threads) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(missing_parameter("CpuOptions.ThreadsPerCore")),
        (None, Some(_)) => return Err(missing_parameter("CpuOptions.CoreCount")),
        (Some(cores), Some(threads)) => Cpu { cores, threads },
    };
    if !(1..=whole.cores).contains(&cpu.cores) {
        let message =
            format!("The specified core count {} is not valid for the instance type {}.", cpu.cores, kind.name);
        return Err(invalid_value(message));
    }
    if !(1..=whole.threads).contains(&cpu.threads) {
        let message = format!(
            "The specified number of threads per core {} is not valid for the instance type {}.",
            cpu.threads, kind.name
        );
        return Err(invalid_value(message));
    }
    Ok(Some(cpu))
}

/// As [`chosen`], of a launch.
///
/// # Errors
/// As of [`chosen`].
pub fn of_launch(input: &RunInstancesRequest, kind: &InstanceType) -> Result<Option<Cpu>, Fault> {
    let Some(wanted) = &input.cpu_options else { return Ok(None) };
    refuse(&[
        ("CpuOptions.AmdSevSnp", wanted.amd_sev_snp.as_deref() == Some("enabled")),
        ("CpuOptions.NestedVirtualization", wanted.nested_virtualization.as_deref() == Some("enabled")),
    ])?;
    chosen(kind, wanted.core_count, wanted.threads_per_core)
}

pub fn shown(instance: &Instance) -> Option<CpuOptions> {
    let cpu = Cpu::of(instance)?;
    Some(CpuOptions { core_count: Some(cpu.cores), threads_per_core: Some(cpu.threads), ..CpuOptions::default() })
}

pub fn modify_instance_cpu_options(
    w: &mut Writer,
    input: ModifyInstanceCpuOptionsRequest,
) -> Result<ModifyInstanceCpuOptionsResult, Fault> {
    refuse(&[("NestedVirtualization", input.nested_virtualization.as_deref() == Some("enabled"))])?;
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    let kind = instance_type::find(&instance.kind).ok_or_else(|| invalid_value("The instance has no type."))?;
    let cpu = chosen(kind, input.core_count, input.threads_per_core)?.ok_or_else(|| missing_parameter("CoreCount"))?;
    require_stopped(&instance)?;
    instance.cpu = Some(cpu);
    put(w, &instance)?;
    Ok(ModifyInstanceCpuOptionsResult {
        instance_id: Some(instance.id),
        core_count: Some(cpu.cores),
        threads_per_core: Some(cpu.threads),
        nested_virtualization: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_type_has() {
        let kind = instance_type::find("m5.2xlarge").expect("a type");
        let of = |cores, threads| chosen(kind, Some(cores), Some(threads)).map(|cpu| cpu.map_or(0, Cpu::vcpus));
        assert_eq!([of(4, 2).ok(), of(2, 1).ok(), of(5, 1).ok(), of(1, 3).ok()], [Some(8), Some(2), None, None]);
        assert!(chosen(kind, Some(1), None).is_err());
    }
}
