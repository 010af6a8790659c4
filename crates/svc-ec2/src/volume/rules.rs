//! What a volume may be. Source: Amazon EBS User Guide, "Amazon EBS volume types".

use kogumo_wire::Fault;

use crate::faults::{invalid_combination, invalid_value};

/// A type's limits.
struct Limits {
    kind: &'static str,
    /// GiB.
    size: (i32, i32),
    /// What a client may ask for; `None` where the type decides itself.
    iops: Option<(i32, i32)>,
    /// IOPS per GiB at most.
    ratio: i32,
    boot: bool,
}

const LIMITS: [Limits; 7] = [
    Limits { kind: "gp2", size: (1, 16_384), iops: None, ratio: 0, boot: true },
    Limits { kind: "gp3", size: (1, 65_536), iops: Some((3000, 80_000)), ratio: 500, boot: true },
    Limits { kind: "io1", size: (4, 16_384), iops: Some((100, 64_000)), ratio: 50, boot: true },
    Limits { kind: "io2", size: (4, 65_536), iops: Some((100, 256_000)), ratio: 1000, boot: true },
    Limits { kind: "st1", size: (125, 16_384), iops: None, ratio: 0, boot: false },
    Limits { kind: "sc1", size: (125, 16_384), iops: None, ratio: 0, boot: false },
    Limits { kind: "standard", size: (1, 1024), iops: None, ratio: 0, boot: true },
];

/// The throughput of gp3, MiB/s.
const THROUGHPUT: (i32, i32) = (125, 2000);

/// A volume that is wanted, and after [`check`] one that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub kind: String,
    pub size: i32,
    pub iops: Option<i32>,
    pub throughput: Option<i32>,
}

/// Checks a volume and fills in what the type decides.
///
/// # Errors
/// AWS's, for the first thing that is wrong.
pub fn check(mut shape: Shape, is_root: bool) -> Result<Shape, Fault> {
    let kind = shape.kind.clone();
    let limits = LIMITS.iter().find(|limits| limits.kind == kind);
    let limits = limits.ok_or_else(|| {
        Fault::coded("UnknownVolumeType", 400, format!("Unsupported volume type '{kind}' for volume creation."))
    })?;
    if is_root && !limits.boot {
        let message = format!("Invalid value '{kind}' for VolumeType: {kind} volumes cannot be used as boot volumes.");
        return Err(invalid_value(message));
    }
    let (least, most) = limits.size;
    if shape.size < least {
        let message =
            format!("Volume of {}GiB is too small for volume type {kind}; minimum is {least}GiB.", shape.size);
        return Err(invalid_value(message));
    }
    if shape.size > most {
        let message = format!("Volume of {}GiB is too large for volume type {kind}; maximum is {most}GiB.", shape.size);
        return Err(invalid_value(message));
    }
    check_iops(&mut shape, limits)?;
    check_throughput(&mut shape)?;
    Ok(shape)
}

fn check_iops(shape: &mut Shape, limits: &Limits) -> Result<(), Fault> {
    let kind = limits.kind;
    match (limits.iops, shape.iops) {
        (None, Some(_)) => {
            let message = format!("The parameter iops is not supported for {kind} volumes.");
            Err(invalid_combination(message))
        }
        (None, None) => {
            // gp2 has three for each GiB, between 100 and 16,000.
            shape.iops = (kind == "gp2").then(|| (shape.size * 3).clamp(100, 16_000));
            Ok(())
        }
        (Some(_), None) if kind == "gp3" => {
            shape.iops = Some(3000);
            Ok(())
        }
        (Some(_), None) => {
            Err(invalid_combination(format!("The parameter iops must be specified for {kind} volumes.")))
        }
        (Some((least, most)), Some(iops)) => {
            if iops < least {
                let message = format!("Volume iops of {iops} is too low; minimum is {least}.");
                return Err(invalid_value(message));
            }
            if iops > most {
                let message = format!("Volume iops of {iops} is too high; maximum is {most}.");
                return Err(invalid_value(message));
            }
            if i64::from(iops) > i64::from(shape.size) * i64::from(limits.ratio) && !(kind == "gp3" && iops == 3000) {
                let message = format!(
                    "Iops to volume size ratio of {:.6} is too high; maximum is {}",
                    f64::from(iops) / f64::from(shape.size),
                    limits.ratio
                );
                return Err(invalid_value(message));
            }
            Ok(())
        }
    }
}

fn check_throughput(shape: &mut Shape) -> Result<(), Fault> {
    let (least, most) = THROUGHPUT;
    match shape.throughput {
        None => {
            shape.throughput = (shape.kind == "gp3").then_some(least);
            Ok(())
        }
        Some(_) if shape.kind != "gp3" => {
            Err(invalid_combination("throughput can only be specified for volumeType gp3."))
        }
        Some(throughput) if throughput < least => {
            Err(invalid_value(format!("Volume throughput of {throughput} MiB/s is too low; minimum is {least} MiB/s.")))
        }
        Some(throughput) if throughput > most => {
            Err(invalid_value(format!("Volume throughput of {throughput} MiB/s is too high; maximum is {most} MiB/s.")))
        }
        Some(throughput) if i64::from(throughput) * 4 > i64::from(shape.iops.unwrap_or(3000)) => {
            let message = format!(
                "Throughput (MiBps) to iops ratio of {:.6} is too high; maximum is 0.250000 MiBps per iops",
                f64::from(throughput) / f64::from(shape.iops.unwrap_or(3000))
            );
            Err(invalid_value(message))
        }
        Some(_) => Ok(()),
    }
}

/// Only volumes whose IOPS are provisioned may be on several instances at once.
///
/// # Errors
/// `InvalidParameterCombination` for all others.
pub fn check_multi_attach(kind: &str, wanted: bool) -> Result<(), Fault> {
    if !wanted || matches!(kind, "io1" | "io2") {
        return Ok(());
    }
    let message = "multi-attach-enabled can only be specified for volumeType io1 and io2.";
    Err(Fault::coded("InvalidParameterCombination", 400, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(kind: &str, size: i32, iops: Option<i32>, root: bool) -> Result<Shape, String> {
        let shape = Shape { kind: kind.into(), size, iops, throughput: None };
        check(shape, root).map_err(|fault| fault.message)
    }

    #[test]
    fn types_have_their_limits() {
        assert_eq!(tried("gp2", 100, None, false).map(|shape| shape.iops), Ok(Some(300)));
        assert_eq!(tried("gp2", 8, None, true).map(|shape| shape.iops), Ok(Some(100)));
        assert_eq!(
            tried("gp3", 8, None, true).map(|shape| (shape.iops, shape.throughput)),
            Ok((Some(3000), Some(125)))
        );
        assert!(tried("st1", 500, None, true).is_err());
        assert!(tried("st1", 124, None, false).is_err_and(|message| message.contains("minimum is 125GiB")));
        assert!(
            tried("io1", 10, Some(501), false).is_err_and(|message| message.ends_with("is too high; maximum is 50"))
        );
        assert!(tried("io1", 10, None, false).is_err());
        assert!(tried("standard", 1025, None, false).is_err());
        assert!(tried("gp2", 8, Some(100), false).is_err());
        assert!(tried("floppy", 1, None, false).is_err());
    }
}
