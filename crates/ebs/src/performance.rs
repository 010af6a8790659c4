//! What a type gives a volume of that size: at all times, and while it has credits.

use crate::{Bucket, KIB, MIB, Rate, TIB, Volume, VolumeType, Work};

/// gp2: three IOPS for each GiB, between these.
const GP2_IOPS_PER_GIB: f64 = 3.0;
const GP2_IOPS: (f64, f64) = (100.0, 16_000.0);
/// What gp2 may do while it has credits, and how many it has.
const GP2_BURST: f64 = 3_000.0;
const GP2_CREDITS: f64 = 5_400_000.0;
/// Up to this many GiB gp2 has the smaller throughput.
const GP2_SMALL: u32 = 170;
const GP2_THROUGHPUT: (f64, f64) = (128.0 * MIB, 250.0 * MIB);

/// gp3 without anything provisioned.
const GP3_IOPS: u32 = 3_000;
const GP3_THROUGHPUT: u32 = 125;

/// io1 moves 256 KiB with each I/O up to this, and beyond 32,000 IOPS another 16 KiB with each.
const IO1_THROUGHPUT: f64 = 500.0 * MIB;
const IO1_LARGE: f64 = 32_000.0;
const IO1_THROUGHPUT_PER_IO: f64 = 16.0 * KIB;
const IO2_THROUGHPUT: f64 = 4_000.0 * MIB;

/// A hard disk's bytes a second for each TiB, with and without credits, its most, and its most IOPS.
struct Hdd {
    baseline: f64,
    burst: f64,
    most: f64,
    iops: f64,
}
const ST1: Hdd = Hdd { baseline: 40.0 * MIB, burst: 250.0 * MIB, most: 500.0 * MIB, iops: 500.0 };
const SC1: Hdd = Hdd { baseline: 12.0 * MIB, burst: 80.0 * MIB, most: 250.0 * MIB, iops: 250.0 };

/// Magnetic: "approximately 100 IOPS on average, with burst capability of up to hundreds of IOPS", 40 to 200 of them and
/// 40 to 90 MiB/s. AWS publishes no bucket: ours lets it do 200 for half a minute.
const STANDARD_IOPS: (f64, f64) = (100.0, 200.0);
const STANDARD_CREDITS: f64 = 3_000.0;
const STANDARD_THROUGHPUT: f64 = 90.0 * MIB;

/// How fast a volume is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Performance {
    pub kind: VolumeType,
    /// At all times.
    pub baseline: Rate,
    /// While there are credits; the baseline where there is no bucket.
    pub burst: Rate,
    pub bucket: Option<Bucket>,
}

impl Performance {
    /// What a volume of that type, size and provision has.
    #[must_use]
    pub fn of(volume: &Volume) -> Performance {
        match volume.kind {
            VolumeType::Gp2 => gp2(volume),
            VolumeType::Gp3 => {
                let throughput = f64::from(volume.throughput.unwrap_or(GP3_THROUGHPUT)) * MIB;
                steady(volume.kind, f64::from(volume.iops.unwrap_or(GP3_IOPS)), throughput)
            }
            VolumeType::Io1 => {
                let iops = f64::from(volume.iops.unwrap_or_default());
                let most = IO1_THROUGHPUT + (iops - IO1_LARGE).max(0.0) * IO1_THROUGHPUT_PER_IO;
                steady(volume.kind, iops, most.min(iops * volume.kind.io_bytes()))
            }
            VolumeType::Io2 => {
                let iops = f64::from(volume.iops.unwrap_or_default());
                steady(volume.kind, iops, IO2_THROUGHPUT.min(iops * volume.kind.io_bytes()))
            }
            VolumeType::St1 => hdd(volume, &ST1),
            VolumeType::Sc1 => hdd(volume, &SC1),
            VolumeType::Standard => standard(),
        }
    }

    /// What the volume may do in the next `horizon` seconds, with that balance: more than its baseline only as far as the
    /// balance lasts, so that it never goes below zero, and there is no edge to fall over.
    #[must_use]
    pub fn limit(&self, balance: f64, horizon: f64) -> Rate {
        let spare = balance.max(0.0) / horizon.max(f64::EPSILON);
        let up_to = |base: f64, burst: f64| burst.min(base + spare).max(base);
        match self.bucket {
            None => self.baseline,
            Some(Bucket::Ios { .. }) => {
                let iops = up_to(self.baseline.iops, self.burst.iops);
                // A volume without credits moves no more than its I/Os can carry.
                let carried = (iops * self.kind.io_bytes()).max(self.baseline.bytes);
                Rate { iops, bytes: self.burst.bytes.min(carried) }
            }
            Some(Bucket::Bytes { .. }) => {
                Rate { iops: self.burst.iops, bytes: up_to(self.baseline.bytes, self.burst.bytes) }
            }
        }
    }

    /// The balance of a new volume; nothing where the type has no credits.
    #[must_use]
    pub fn full(&self) -> f64 {
        self.bucket.map_or(0.0, Bucket::capacity)
    }

    /// The balance after some time in which that was done.
    #[must_use]
    pub fn settle(&self, balance: f64, work: Work, seconds: f64) -> f64 {
        self.bucket.map_or(0.0, |bucket| bucket.settle(balance, work, seconds))
    }

    /// CloudWatch's BurstBalance, in percent.
    #[must_use]
    pub fn percent(&self, balance: f64) -> Option<f64> {
        self.bucket.map(|bucket| (balance / bucket.capacity() * 100.0).clamp(0.0, 100.0))
    }
}

/// A type without credits.
fn steady(kind: VolumeType, iops: f64, bytes: f64) -> Performance {
    let rate = Rate { iops, bytes };
    Performance { kind, baseline: rate, burst: rate, bucket: None }
}

fn gp2(volume: &Volume) -> Performance {
    let iops = (f64::from(volume.gib) * GP2_IOPS_PER_GIB).clamp(GP2_IOPS.0, GP2_IOPS.1);
    let most = if volume.gib <= GP2_SMALL { GP2_THROUGHPUT.0 } else { GP2_THROUGHPUT.1 };
    Performance {
        kind: volume.kind,
        baseline: Rate { iops, bytes: most.min(iops * volume.kind.io_bytes()) },
        burst: Rate { iops: iops.max(GP2_BURST), bytes: most },
        bucket: Some(Bucket::Ios { capacity: GP2_CREDITS, earned: iops }),
    }
}

fn hdd(volume: &Volume, of: &Hdd) -> Performance {
    let tib = f64::from(volume.gib) / 1024.0;
    let baseline = (of.baseline * tib).min(of.most);
    Performance {
        kind: volume.kind,
        baseline: Rate { iops: of.iops, bytes: baseline },
        burst: Rate { iops: of.iops, bytes: (of.burst * tib).min(of.most) },
        bucket: Some(Bucket::Bytes { capacity: tib * TIB, earned: baseline }),
    }
}

fn standard() -> Performance {
    Performance {
        kind: VolumeType::Standard,
        baseline: Rate { iops: STANDARD_IOPS.0, bytes: STANDARD_IOPS.0 * VolumeType::Standard.io_bytes() },
        burst: Rate {
            iops: STANDARD_IOPS.1,
            bytes: STANDARD_THROUGHPUT.min(STANDARD_IOPS.1 * VolumeType::Standard.io_bytes()),
        },
        bucket: Some(Bucket::Ios { capacity: STANDARD_CREDITS, earned: STANDARD_IOPS.0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: VolumeType, gib: u32) -> Performance {
        Performance::of(&Volume { kind, gib, iops: None, throughput: None })
    }

    fn io(kind: VolumeType, iops: u32) -> Performance {
        Performance::of(&Volume { kind, gib: 4_000, iops: Some(iops), throughput: None })
    }

    #[test]
    fn gp2_has_three_iops_for_each_gib() {
        let baselines = [
            (1, 100.0),
            (33, 100.0),
            (34, 102.0),
            (100, 300.0),
            (1_000, 3_000.0),
            (5_334, 16_000.0),
            (16_384, 16_000.0),
        ];
        for (gib, iops) in baselines {
            assert_eq!(of(VolumeType::Gp2, gib).baseline.iops, iops, "{gib} GiB");
        }
        assert_eq!(of(VolumeType::Gp2, 100).burst.iops, 3_000.0);
        assert_eq!(of(VolumeType::Gp2, 2_000).burst.iops, 6_000.0);
        let throughput = [(170, 128.0), (171, 250.0), (334, 250.0)]
            .map(|(gib, mib)| of(VolumeType::Gp2, gib).burst.bytes == mib * MIB);
        assert_eq!(throughput, [true; 3]);
        // 334 GiB are the first that have 250 MiB/s whatever their credits.
        assert!(of(VolumeType::Gp2, 333).baseline.bytes < 250.0 * MIB);
        assert_eq!(of(VolumeType::Gp2, 334).baseline.bytes, 250.0 * MIB);
    }

    #[test]
    fn a_full_gp2_bursts_for_half_an_hour() {
        let small = of(VolumeType::Gp2, 1);
        assert_eq!(small.limit(small.full(), 1.0), Rate { iops: 3_000.0, bytes: 128.0 * MIB });
        assert_eq!(small.limit(0.0, 1.0).iops, 100.0);
        let mut balance = small.full();
        let mut seconds = 0;
        while small.limit(balance, 1.0).iops == 3_000.0 {
            balance = small.settle(balance, Work { ios: 3_000.0, bytes: 0.0 }, 1.0);
            seconds += 1;
        }
        // 5.4 million / (3,000 - 100)
        assert!((1_860..=1_863).contains(&seconds), "{seconds}");
    }

    #[test]
    fn hard_disks_have_throughput_credits() {
        let st1 = of(VolumeType::St1, 1_024);
        assert_eq!((st1.baseline.bytes, st1.burst.bytes, st1.full()), (40.0 * MIB, 250.0 * MIB, TIB));
        assert_eq!(of(VolumeType::St1, 2_048).burst.bytes, 500.0 * MIB);
        assert_eq!(of(VolumeType::St1, 16_384).baseline.bytes, 500.0 * MIB);
        let sc1 = of(VolumeType::Sc1, 1_024);
        assert_eq!((sc1.baseline.bytes, sc1.burst.bytes, sc1.full()), (12.0 * MIB, 80.0 * MIB, TIB));
        assert_eq!(of(VolumeType::Sc1, 16_384).baseline.bytes, 192.0 * MIB);
        assert_eq!(of(VolumeType::Sc1, 16_384).burst.bytes, 250.0 * MIB);
    }

    #[test]
    fn provisioned_types_give_what_was_provisioned() {
        assert_eq!(of(VolumeType::Gp3, 10).baseline, Rate { iops: 3_000.0, bytes: 125.0 * MIB });
        assert_eq!(io(VolumeType::Io1, 100).baseline, Rate { iops: 100.0, bytes: 25.0 * MIB });
        assert_eq!(io(VolumeType::Io1, 2_000).baseline.bytes, 500.0 * MIB);
        assert_eq!(io(VolumeType::Io1, 48_000).baseline.bytes, 750.0 * MIB);
        assert_eq!(io(VolumeType::Io1, 64_000).baseline.bytes, 1_000.0 * MIB);
        assert_eq!(io(VolumeType::Io2, 256_000).baseline.bytes, 4_000.0 * MIB);
        assert_eq!(io(VolumeType::Io1, 100).percent(0.0), None);
    }
}
