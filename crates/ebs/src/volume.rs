//! What a volume is, as far as its speed goes.

use std::fmt;

use crate::{KIB, MIB};

/// `gp2`, `gp3`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumeType {
    Gp2,
    Gp3,
    Io1,
    Io2,
    St1,
    Sc1,
    Standard,
}

/// A volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    pub kind: VolumeType,
    pub gib: u32,
    /// Provisioned IOPS, of gp3, io1 and io2.
    pub iops: Option<u32>,
    /// Provisioned MiB/s, of gp3.
    pub throughput: Option<u32>,
}

/// GiB that a volume of the type may have.
fn sizes(kind: VolumeType) -> (u32, u32) {
    match kind {
        VolumeType::Gp2 => (1, 16_384),
        VolumeType::Gp3 => (1, 65_536),
        VolumeType::Io1 => (4, 16_384),
        VolumeType::Io2 => (4, 65_536),
        VolumeType::St1 | VolumeType::Sc1 => (125, 16_384),
        VolumeType::Standard => (1, 1_024),
    }
}

impl Volume {
    /// Whether there can be such a volume, as far as its arithmetic needs it. EC2 has its own words for what it refuses.
    ///
    /// # Errors
    /// What a person should be told.
    pub fn check(&self) -> Result<(), String> {
        let (least, most) = sizes(self.kind);
        if !(least..=most).contains(&self.gib) {
            return Err(format!("a volume of type {} has {least} to {most} GiB", self.kind));
        }
        match (self.kind, self.iops) {
            (VolumeType::Io1 | VolumeType::Io2, None) => Err(format!("say how many IOPS {} shall have", self.kind)),
            (VolumeType::Io1 | VolumeType::Io2, Some(0..100)) => Err("100 IOPS are the least".into()),
            (VolumeType::Io1 | VolumeType::Io2 | VolumeType::Gp3, _) => Ok(()),
            (_, None) if self.throughput.is_none() => Ok(()),
            _ => Err(format!("nothing is provisioned with {}", self.kind)),
        }
    }
}

impl VolumeType {
    pub const ALL: [VolumeType; 7] = [
        VolumeType::Gp2,
        VolumeType::Gp3,
        VolumeType::Io1,
        VolumeType::Io2,
        VolumeType::St1,
        VolumeType::Sc1,
        VolumeType::Standard,
    ];

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<VolumeType> {
        VolumeType::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// AWS's name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            VolumeType::Gp2 => "gp2",
            VolumeType::Gp3 => "gp3",
            VolumeType::Io1 => "io1",
            VolumeType::Io2 => "io2",
            VolumeType::St1 => "st1",
            VolumeType::Sc1 => "sc1",
            VolumeType::Standard => "standard",
        }
    }

    /// Whether its platters turn: what counts is throughput then.
    #[must_use]
    pub fn is_hdd(self) -> bool {
        matches!(self, VolumeType::St1 | VolumeType::Sc1)
    }

    /// The most bytes that count as one I/O; what is larger is split.
    #[must_use]
    pub fn io_bytes(self) -> f64 {
        if self.is_hdd() { MIB } else { 256.0 * KIB }
    }
}

impl fmt::Display for VolumeType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}
