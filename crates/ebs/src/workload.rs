//! What is asked of a volume over time: `3000iops:40m,idle:2h`.

use crate::{KIB, MIB, Rate, VolumeType, Work};

/// Phases, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub phases: Vec<Phase>,
    /// Bytes of each read or write.
    pub io_bytes: f64,
    pub access: Access,
}

/// A demand that lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    pub demand: Demand,
    pub seconds: u32,
}

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    Idle,
    /// Reads and writes a second.
    Iops(f64),
    /// Bytes a second.
    Bytes(f64),
    /// Whatever the volume gives.
    Most,
}

/// Where the next read or write lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Beside the last one: they are merged up to the type's largest.
    Sequential,
    /// Anywhere: each counts for itself, and as a whole one on a hard disk.
    Random,
}

/// The longest that can be played through.
const LONGEST: u32 = 31 * 86_400;

impl Workload {
    /// Reads a workload: phases of a demand and a duration, or one of a few names.
    ///
    /// # Errors
    /// What a person should be told.
    pub fn parse(text: &str, io_bytes: f64, access: Access) -> Result<Workload, String> {
        let text = match text.trim() {
            "burst" => "max:1h,idle:3h",
            "boot" => "2000iops:2m,100iops:58m",
            "daily" => "50iops:8h,600iops:9h,max:1h,50iops:6h",
            "idle" => "idle:1h",
            given => given,
        };
        let phases =
            text.split([',', ';', '\n']).map(|phase| Phase::parse(phase.trim())).collect::<Result<Vec<_>, _>>()?;
        let total = phases.iter().fold(0_u32, |sum, phase| sum.saturating_add(phase.seconds));
        if total > LONGEST {
            return Err("a workload lasts 31 days at most".into());
        }
        if !(512.0..=16.0 * MIB).contains(&io_bytes) {
            return Err("an I/O has 512 bytes to 16 MiB".into());
        }
        Ok(Workload { phases, io_bytes, access })
    }

    /// How long it takes.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        self.phases.iter().map(|phase| phase.seconds).sum()
    }

    /// What one read or write counts for.
    #[must_use]
    pub fn counted(&self, kind: VolumeType) -> Work {
        let largest = kind.io_bytes();
        match self.access {
            Access::Sequential => Work { ios: self.io_bytes / largest, bytes: self.io_bytes },
            Access::Random => {
                let ios = (self.io_bytes / largest).ceil();
                Work { ios, bytes: if kind.is_hdd() { ios * largest } else { self.io_bytes } }
            }
        }
    }

    /// The reads and writes a second that a phase wants of a volume with that limit, and those that it gets.
    #[must_use]
    pub fn served(&self, demand: Demand, counted: Work, limit: Rate) -> (f64, f64) {
        let most = (limit.iops / counted.ios).min(limit.bytes / counted.bytes);
        let wanted = match demand {
            Demand::Idle => 0.0,
            Demand::Iops(iops) => iops,
            Demand::Bytes(bytes) => bytes / self.io_bytes,
            Demand::Most => most,
        };
        (wanted, wanted.min(most))
    }
}

impl Phase {
    fn parse(text: &str) -> Result<Phase, String> {
        let (demand, duration) = text.split_once([':', '@']).unwrap_or((text, "1h"));
        Ok(Phase { demand: Demand::parse(demand.trim())?, seconds: crate::duration(duration.trim())? })
    }
}

impl Demand {
    fn parse(text: &str) -> Result<Demand, String> {
        let odd = || format!("'{text}' is no demand: say 3000iops, 100MiB/s, max or idle");
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "idle" => return Ok(Demand::Idle),
            "max" => return Ok(Demand::Most),
            _ => {}
        }
        let digits = lower.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(lower.len());
        let (number, unit) = lower.split_at(digits);
        let number: f64 = number.parse().map_err(|_| odd())?;
        match unit.trim() {
            "" | "iops" => Ok(Demand::Iops(number)),
            "mib/s" | "mb/s" | "mibps" | "mbps" => Ok(Demand::Bytes(number * MIB)),
            "kib/s" | "kb/s" => Ok(Demand::Bytes(number * KIB)),
            _ => Err(odd()),
        }
    }
}

/// The seconds of `90s`, `15m`, `6h`, `2d`, or plain seconds.
///
/// # Errors
/// What a person should be told.
pub fn duration(text: &str) -> Result<u32, String> {
    let odd = || format!("'{text}' is no duration: say 90s, 15m, 6h or 2d");
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().last()),
        None => (text, None),
    };
    let unit = match unit {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => 1,
    };
    let number: u32 = number.parse().map_err(|_| odd())?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).ok_or_else(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_read() {
        let read = |text: &str| Workload::parse(text, 16.0 * KIB, Access::Random);
        let workload = read("3000iops:40m, idle:2h,100MiB/s:90,max").expect("a workload");
        assert_eq!(workload.seconds(), 2_400 + 7_200 + 90 + 3_600);
        assert_eq!(workload.phases[2].demand, Demand::Bytes(100.0 * MIB));
        for odd in ["", "fast", "3000iops:", "3000iops:0s", "3000iops:1y", "-5", "max:999999999d", "1h:3000"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn small_reads_count_by_where_they_lie() {
        let counted = |kind, io_bytes, access| Workload { phases: Vec::new(), io_bytes, access }.counted(kind);
        let small = counted(VolumeType::St1, 128.0 * KIB, Access::Random);
        assert_eq!((small.ios, small.bytes), (1.0, MIB));
        let beside = counted(VolumeType::St1, 128.0 * KIB, Access::Sequential);
        assert_eq!((beside.ios, beside.bytes), (0.125, 128.0 * KIB));
        assert_eq!(counted(VolumeType::Gp2, 1024.0 * KIB, Access::Random).ios, 4.0);
        assert_eq!(counted(VolumeType::Gp2, 32.0 * KIB, Access::Sequential).ios, 0.125);
    }
}
