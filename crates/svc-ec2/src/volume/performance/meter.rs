//! What is kept of a volume's credits, and the pure part of a round: what was done since the last one, and what that
//! leaves.

use kogumo_base::Timestamp;
use kogumo_ebs::{Performance, Rate, Share, VolumeType, Work};
use kogumo_machine::linux::throttle::Counters;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::volume::Volume;

/// The smallest I/O of the page cache.
const PAGE: f64 = 4096.0;

/// By the volume's id.
pub static METERS: Table<Meter> = Table::new("ec2/volume-meter");

/// A volume's credits, and how far its device had been read when they were settled. A server that was killed begins
/// there again: the device has counted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// The type that the credits are of.
    pub kind: String,
    pub balance: f64,
    pub at: Timestamp,
    pub device: Option<(u64, Counters)>,
}

/// What a device did in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    /// Seconds, by the cloud's clock.
    pub seconds: f64,
    pub counters: Counters,
}

/// The volume as the arithmetic knows it.
pub fn arithmetic(volume: &Volume) -> Option<kogumo_ebs::Volume> {
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    Some(kogumo_ebs::Volume {
        kind: VolumeType::named(&volume.kind)?,
        gib: u32::try_from(volume.size).ok()?,
        iops: number(volume.iops),
        throughput: number(volume.throughput),
    })
}

impl Meter {
    /// That of a new volume.
    pub fn new(volume: &Volume, performance: &Performance) -> Meter {
        Meter { kind: volume.kind.clone(), balance: performance.full(), at: volume.created, device: None }
    }

    /// Settles what was done until now. `seen` is the volume's device, if it has one.
    pub fn settle(
        &mut self,
        volume: &Volume,
        performance: &Performance,
        seen: Option<(u64, Counters)>,
        now: Timestamp,
    ) -> Done {
        if self.kind != volume.kind {
            // Credits of one type are none of another.
            self.kind.clone_from(&volume.kind);
            self.balance = performance.full();
        }
        let seconds = (now.0 - self.at.0).max(0) as f64 / 1000.0;
        let counters = match (self.device, seen) {
            (Some((before, last)), Some((after, counters))) if before == after => since(last, counters),
            // A device that has just become this volume's counted before, for others.
            _ => Counters::default(),
        };
        self.balance = performance.settle(self.balance, work(&counters), seconds);
        self.at = now;
        self.device = seen;
        Done { seconds, counters }
    }
}

/// What counts of it.
pub fn work(done: &Counters) -> Work {
    Work { ios: (done.reads + done.writes) as f64, bytes: (done.read_bytes + done.write_bytes) as f64 }
}

/// A second of it, by this machine's time.
pub fn rates(done: &Counters, seconds: f64) -> Share {
    let seconds = seconds.max(0.001);
    let rate = |ios: u64, bytes: u64| Rate { iops: ios as f64 / seconds, bytes: bytes as f64 / seconds };
    Share { reads: rate(done.reads, done.read_bytes), writes: rate(done.writes, done.write_bytes) }
}

/// The kernel counts I/Os as they come, before it merges neighbours up to the device's largest; AWS counts them after
/// that. What comes from the page cache is merged well, direct I/O is not: as it was last, so it is taken to go on.
pub fn before_merging(kind: VolumeType, ios: f64, done: u64, merged: u64) -> f64 {
    let pages = kind.io_bytes() / PAGE;
    ios * ((done + merged) as f64 / done.max(1) as f64).clamp(1.0, pages)
}

fn since(before: Counters, after: Counters) -> Counters {
    Counters {
        reads: after.reads.saturating_sub(before.reads),
        reads_merged: after.reads_merged.saturating_sub(before.reads_merged),
        read_bytes: after.read_bytes.saturating_sub(before.read_bytes),
        read_millis: after.read_millis.saturating_sub(before.read_millis),
        writes: after.writes.saturating_sub(before.writes),
        writes_merged: after.writes_merged.saturating_sub(before.writes_merged),
        write_bytes: after.write_bytes.saturating_sub(before.write_bytes),
        write_millis: after.write_millis.saturating_sub(before.write_millis),
        busy_millis: after.busy_millis.saturating_sub(before.busy_millis),
        queued_millis: after.queued_millis.saturating_sub(before.queued_millis),
    }
}

impl Done {
    /// Adds what was done after it.
    pub fn add(&mut self, more: &Done) {
        let (sum, one) = (&mut self.counters, &more.counters);
        sum.reads += one.reads;
        sum.reads_merged += one.reads_merged;
        sum.read_bytes += one.read_bytes;
        sum.read_millis += one.read_millis;
        sum.writes += one.writes;
        sum.writes_merged += one.writes_merged;
        sum.write_bytes += one.write_bytes;
        sum.write_millis += one.write_millis;
        sum.busy_millis += one.busy_millis;
        sum.queued_millis += one.queued_millis;
        self.seconds += more.seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(kind: &str, size: i32) -> Volume {
        Volume {
            id: "vol-1".into(),
            zone: "us-east-1a".into(),
            size,
            kind: kind.into(),
            iops: None,
            throughput: None,
            snapshot: None,
            created: Timestamp(0),
            fresh_root: false,
            made: true,
            attachment: None,
            modifications: Vec::new(),
            auto_enable_io: false,
            encryption: None,
            source: None,
            grants: Vec::new(),
            refused: false,
            fast_restored: false,
            others: Vec::new(),
            multi_attach: false,
        }
    }

    fn performance(volume: &Volume) -> Performance {
        Performance::of(&arithmetic(volume).expect("a type"))
    }

    fn writes(writes: u64) -> Counters {
        Counters { writes, write_bytes: writes * 4096, ..Counters::default() }
    }

    #[test]
    fn work_is_debited_once_and_time_earns() {
        let volume = volume("gp2", 100);
        let performance = performance(&volume);
        let mut meter = Meter::new(&volume, &performance);
        meter.settle(&volume, &performance, Some((7, writes(0))), Timestamp(0));
        let seen = Some((7, writes(30_000)));
        let done = meter.settle(&volume, &performance, seen, Timestamp(10_000));
        assert_eq!((done.seconds, done.counters.writes), (10.0, 30_000));
        assert_eq!(meter.balance, 5_400_000.0 - 30_000.0 + 3_000.0);
        // The same counters again are nothing new.
        meter.settle(&volume, &performance, seen, Timestamp(10_000));
        assert_eq!(meter.balance, 5_400_000.0 - 27_000.0);
        // Another device counted for others before it became this volume's.
        meter.settle(&volume, &performance, Some((8, writes(1_000_000))), Timestamp(10_000));
        meter.settle(&volume, &performance, Some((8, writes(1_000_100))), Timestamp(10_000));
        assert_eq!(meter.balance, 5_400_000.0 - 27_100.0);
        // An hour of rest, moved or waited for, fills it.
        meter.settle(&volume, &performance, None, Timestamp(3_610_000));
        assert_eq!(meter.balance, 5_400_000.0);
    }

    #[test]
    fn merged_neighbours_count_once() {
        assert_eq!(before_merging(VolumeType::Io1, 100.0, 0, 0), 100.0);
        assert_eq!(before_merging(VolumeType::Io1, 100.0, 50, 0), 100.0);
        assert_eq!(before_merging(VolumeType::Io1, 100.0, 10, 630), 6_400.0);
        assert_eq!(before_merging(VolumeType::Io1, 100.0, 1, 1_000_000), 6_400.0);
    }

    #[test]
    fn another_type_begins_with_a_full_bucket() {
        let gp2 = volume("gp2", 500);
        let mut meter = Meter::new(&gp2, &performance(&gp2));
        meter.settle(&gp2, &performance(&gp2), Some((1, writes(0))), Timestamp(0));
        meter.settle(&gp2, &performance(&gp2), Some((1, writes(5_000_000))), Timestamp(0));
        assert_eq!(meter.balance, 400_000.0);
        let sc1 = volume("sc1", 500);
        let done = meter.settle(&sc1, &performance(&sc1), Some((1, writes(5_000_000))), Timestamp(0));
        assert_eq!(done.counters, Counters::default());
        assert_eq!(performance(&sc1).percent(meter.balance), Some(100.0));
    }
}
