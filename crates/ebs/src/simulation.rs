//! A volume under a workload, second by second.

use crate::{Performance, Volume, Work, Workload};

/// A volume's life under a workload.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub volume: Volume,
    pub performance: Performance,
    /// One for each row of the table: what happened since the one before.
    pub moments: Vec<Moment>,
    /// When the credits were gone for the first time, in seconds.
    pub empty: Option<u32>,
    /// When they were all there again after that.
    pub full_again: Option<u32>,
}

/// What was wanted and given on average in some time, and the balance at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Its end, in seconds from the beginning.
    pub at: u32,
    /// Reads and writes a second.
    pub wanted: f64,
    /// Reads and writes a second.
    pub given: f64,
    /// Bytes a second.
    pub bytes: f64,
    /// What counts against the limit, a second.
    pub counted: f64,
    /// Percent; nothing where the type has no credits.
    pub balance: Option<f64>,
}

/// Plays a workload through, and looks at it every `every` seconds. A volume starts with a full bucket, as a new one.
#[must_use]
pub fn simulate(volume: Volume, workload: &Workload, every: u32) -> Simulation {
    let performance = Performance::of(&volume);
    let counted = workload.counted(volume.kind);
    let every = every.max(1);
    let mut simulation = Simulation { volume, performance, moments: Vec::new(), empty: None, full_again: None };
    let mut balance = performance.full();
    let mut sum = Moment::default();
    let (mut at, mut since) = (0, 0);
    let total = workload.seconds();
    let seconds = workload.phases.iter().flat_map(|phase| (0..phase.seconds).map(|_| phase.demand));
    for demand in seconds {
        let (wanted, given) = workload.served(demand, counted, performance.limit(balance, 1.0));
        let work = Work { ios: given * counted.ios, bytes: given * counted.bytes };
        balance = performance.settle(balance, work, 1.0);
        at += 1;
        sum.wanted += wanted;
        sum.given += given;
        sum.bytes += given * workload.io_bytes;
        sum.counted += work.ios;
        simulation.note(balance, at);
        if at % every == 0 || at == total {
            let seconds = f64::from(at - since);
            simulation.moments.push(Moment {
                at,
                wanted: sum.wanted / seconds,
                given: sum.given / seconds,
                bytes: sum.bytes / seconds,
                counted: sum.counted / seconds,
                balance: performance.percent(balance),
            });
            (sum, since) = (Moment::default(), at);
        }
    }
    simulation
}

impl Simulation {
    fn note(&mut self, balance: f64, at: u32) {
        let Some(bucket) = self.performance.bucket else { return };
        // Empty is what does not last for another second of bursting.
        if self.empty.is_none() && balance < 1.0 {
            self.empty = Some(at);
        } else if self.empty.is_some() && self.full_again.is_none() && balance >= bucket.capacity() {
            self.full_again = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, KIB, MIB, VolumeType};

    fn played(kind: VolumeType, gib: u32, workload: &str, io_bytes: f64, access: Access) -> Simulation {
        let workload = Workload::parse(workload, io_bytes, access).expect("a workload");
        simulate(Volume { kind, gib, iops: None, throughput: None }, &workload, 60)
    }

    #[test]
    fn a_hundred_gib_of_gp2_burst_for_two_thousand_seconds() {
        let played = played(VolumeType::Gp2, 100, "3000iops:1h,idle:6h", 16.0 * KIB, Access::Random);
        // 5,400,000 / (3,000 - 300), the example of AWS's page.
        let empty = played.empty.expect("they last for 33 minutes");
        assert!((2_000..=2_001).contains(&empty), "{empty}");
        let after = played.moments.iter().find(|moment| moment.at == 3_600).expect("a row");
        assert_eq!((after.wanted, after.given.round()), (3_000.0, 300.0));
        // 5,400,000 / 300 seconds of rest.
        let full = played.full_again.expect("six hours are enough");
        assert!((3_600 + 17_990..=3_600 + 18_001).contains(&full), "{full}");
    }

    #[test]
    fn a_large_gp2_never_needs_credits() {
        let played = played(VolumeType::Gp2, 1_000, "3000iops:2h", 16.0 * KIB, Access::Random);
        assert_eq!(played.empty, None);
        assert!(played.moments.iter().all(|moment| moment.balance == Some(100.0)));
    }

    #[test]
    fn an_st1_of_half_a_tib_bursts_at_half_the_rate() {
        let played = played(VolumeType::St1, 512, "max:3h", MIB, Access::Sequential);
        assert_eq!(played.moments[0].bytes, 125.0 * MIB);
        // 0.5 TiB / (125 - 20) MiB/s
        let empty = played.empty.expect("they go");
        assert!((4_993..=4_995).contains(&empty), "{empty}");
        assert_eq!(played.moments.last().map(|moment| (moment.bytes / MIB).round()), Some(20.0));
    }
}
