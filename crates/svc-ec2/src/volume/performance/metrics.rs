//! What CloudWatch is told of volumes: the namespace `AWS/EBS`.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html>

use kogumo_base::Timestamp;
use kogumo_ebs::{Performance, VolumeType};
use kogumo_model::cloudwatch::{Dimension, MetricDatum};

use super::meter::{Done, work};

pub const NAMESPACE: &str = "AWS/EBS";
const MINUTE: f64 = 60.0;

/// What a volume did, as data of the minute in which it began to, and the balance that is left now.
pub fn data(
    volume: &str,
    performance: &Performance,
    balance: f64,
    done: &Done,
    real_seconds: f64,
    (since, now): (Timestamp, Timestamp),
) -> Vec<MetricDatum> {
    let counters = &done.counters;
    let seconds = |millis: u64| millis as f64 / 1000.0;
    let idle = (done.seconds - seconds(counters.busy_millis)).clamp(0.0, MINUTE);
    let mut values = vec![
        ("VolumeReadBytes", "Bytes", counters.read_bytes as f64),
        ("VolumeWriteBytes", "Bytes", counters.write_bytes as f64),
        ("VolumeReadOps", "Count", counters.reads as f64),
        ("VolumeWriteOps", "Count", counters.writes as f64),
        ("VolumeTotalReadTime", "Seconds", seconds(counters.read_millis)),
        ("VolumeTotalWriteTime", "Seconds", seconds(counters.write_millis)),
        ("VolumeIdleTime", "Seconds", idle),
        ("VolumeQueueLength", "Count", seconds(counters.queued_millis) / real_seconds.max(1.0)),
    ];
    match performance.kind {
        VolumeType::Gp2 | VolumeType::St1 | VolumeType::Sc1 => {
            values.extend(performance.percent(balance).map(|percent| ("BurstBalance", "Percent", percent)));
        }
        VolumeType::Io1 | VolumeType::Io2 => {
            let ios = work(counters).ios;
            let share = ios / real_seconds.max(1.0) / performance.baseline.iops.max(1.0);
            values.push(("VolumeConsumedReadWriteOps", "Count", ios));
            values.push(("VolumeThroughputPercentage", "Percent", (share * 100.0).min(100.0)));
        }
        VolumeType::Gp3 | VolumeType::Standard => {}
    }
    let dimension = Dimension { name: "VolumeId".into(), value: volume.to_owned() };
    let datum = |(name, unit, value): (&str, &str, f64)| MetricDatum {
        metric_name: name.to_owned(),
        timestamp: Some(if name == "BurstBalance" { now } else { since }),
        dimensions: Some(vec![dimension.clone()]),
        value: Some(value),
        unit: Some(unit.to_owned()),
        ..MetricDatum::default()
    };
    values.into_iter().map(datum).collect()
}
