//! What holds for every volume and every workload.

use kogumo_ebs::{Access, Performance, Rate, Share, Volume, VolumeType, Work, Workload, share, simulate};
use proptest::prelude::*;

fn volume() -> impl Strategy<Value = Volume> {
    let kind = prop::sample::select(VolumeType::ALL.to_vec());
    (kind, 1_u32..=65_536, 100_u32..=256_000, 125_u32..=2_000).prop_map(|(kind, gib, iops, throughput)| {
        let is_provisioned = matches!(kind, VolumeType::Gp3 | VolumeType::Io1 | VolumeType::Io2);
        Volume {
            kind,
            gib,
            iops: is_provisioned.then_some(iops),
            throughput: (kind == VolumeType::Gp3).then_some(throughput),
        }
    })
}

proptest! {
    /// Neither credits nor time make a balance that is none.
    #[test]
    fn a_balance_stays_in_its_bucket(volume in volume(), part in 0.0..=1.0_f64, ios in 0.0..1e9_f64, seconds in 0.0..1e7_f64) {
        let performance = Performance::of(&volume);
        let work = Work { ios, bytes: ios * 4096.0 };
        let after = performance.settle(performance.full() * part, work, seconds);
        prop_assert!((0.0..=performance.full()).contains(&after));
        prop_assert!(performance.percent(after).is_none_or(|percent| (0.0..=100.0).contains(&percent)));
    }

    /// A volume has its baseline at all times, its burst at most, and more the more credits it has.
    #[test]
    fn limits_lie_between_baseline_and_burst(volume in volume(), low in 0.0..=1.0_f64, high in 0.0..=1.0_f64) {
        let performance = Performance::of(&volume);
        let (low, high) = (low.min(high), low.max(high));
        let (poor, rich) = (performance.limit(performance.full() * low, 1.0), performance.limit(performance.full() * high, 1.0));
        for limit in [poor, rich] {
            prop_assert!(limit.iops >= performance.baseline.iops && limit.iops <= performance.burst.iops);
            prop_assert!(limit.bytes >= performance.baseline.bytes.min(performance.burst.bytes) && limit.bytes <= performance.burst.bytes);
        }
        prop_assert!(poor.iops <= rich.iops && poor.bytes <= rich.bytes);
    }

    /// Who does no more than the limit never owes credits: over any time no more is done than earned and had.
    #[test]
    fn nothing_is_had_for_nothing(volume in volume(), seconds in 1_u32..5_000, start in 0.0..=1.0_f64) {
        let performance = Performance::of(&volume);
        let Some(bucket) = performance.bucket else { return Ok(()) };
        let begun = performance.full() * start;
        let (mut balance, mut spent) = (begun, 0.0);
        for _ in 0..seconds {
            let limit = performance.limit(balance, 1.0);
            let work = Work { ios: limit.iops, bytes: limit.bytes };
            spent += bucket.spent(work);
            balance = performance.settle(balance, work, 1.0);
        }
        let had = begun + bucket.earned() * f64::from(seconds);
        prop_assert!(spent <= had * (1.0 + 1e-9), "{spent} of {had}");
    }

    /// Reads and writes that keep to their shares keep to the limit together, from the second round on.
    #[test]
    fn shares_add_up(limit in 10.0..1e6_f64, reads in 0.0..2.0_f64, writes in 0.0..2.0_f64) {
        let rate = |iops: f64| Rate { iops, bytes: iops };
        let mut done = Share { reads: rate(limit * reads), writes: rate(limit * writes) };
        for round in 0..4 {
            let shared = share(rate(limit), done);
            done = Share {
                reads: rate(shared.reads.iops.min(limit * reads)),
                writes: rate(shared.writes.iops.min(limit * writes)),
            };
            if round > 0 {
                prop_assert!(done.reads.iops + done.writes.iops <= limit * 1.000_001, "{done:?} of {limit}");
            }
        }
    }

    /// Any workload can be played through, and gives no more than was wanted.
    #[test]
    fn nobody_gets_more_than_he_wants(volume in volume(), iops in 0.0..300_000.0_f64, minutes in 1_u32..60, io_kib in 1_u32..1024, random: bool) {
        let access = if random { Access::Random } else { Access::Sequential };
        let text = format!("{iops:.0}iops:{minutes}m,idle:1m,max:1m");
        let workload = Workload::parse(&text, f64::from(io_kib) * 1024.0, access).expect("a workload");
        let simulation = simulate(volume, &workload, 60);
        prop_assert_eq!(simulation.moments.len() as u32, minutes + 2);
        for moment in &simulation.moments {
            prop_assert!(moment.given <= moment.wanted + 1e-6);
            prop_assert!(moment.counted <= simulation.performance.burst.iops + 1e-6);
        }
    }

    /// Whatever is typed, it is a workload or refused.
    #[test]
    fn no_text_is_too_odd(text in ".{0,40}") {
        let _read = Workload::parse(&text, 4096.0, Access::Random);
    }
}
