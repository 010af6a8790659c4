//! What instances use, told to CloudWatch: the namespace `AWS/EC2`. Every five minutes of the cloud's clock, and every
//! minute with detailed monitoring; status checks every minute.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Cloud, Reconciler};
use kogumo_machine::{Host, State as Seen, Usage};
use kogumo_model::cloudwatch::{Dimension, MetricDatum};

use super::cpu::Cpu;
use super::reality::Machines;
use super::record::{Instance, State};
use crate::resource::Resource;

const NAMESPACE: &str = "AWS/EC2";
/// A new instance's meter is read for the first time within this.
const EVERY: Duration = Duration::from_secs(5);
/// In milliseconds of the cloud's clock.
const MINUTE: i64 = 60_000;
const FIVE_MINUTES: i64 = 5 * MINUTE;

pub const RECONCILER: Reconciler =
    Reconciler { name: "ec2/instance-metrics", follows: &["ec2"], period: EVERY, run: reconcile };

/// What was read between two rounds.
#[derive(Default)]
pub struct Meters(Mutex<Known>);

#[derive(Default)]
struct Known {
    last: Option<Instant>,
    /// The cloud's minute of the last round.
    minute: i64,
    instances: BTreeMap<String, Meter>,
}

/// How far an instance's use has been told.
struct Meter {
    usage: Usage,
    read: Instant,
}

type Data = BTreeMap<Scope, Vec<MetricDatum>>;

fn reconcile(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let meters = cloud.part::<Meters>()?;
        let round = {
            let cloud = Arc::clone(&cloud);
            move || round(&cloud, &mut meters.0.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let done = tokio::task::spawn_blocking(round).await;
        let data = done.unwrap_or_else(|error| Err(Trouble::from_cause("a round over the meters broke off", error)))?;
        for (scope, data) in data {
            let told = crate::metrics::put(&cloud, scope, NAMESPACE, data).await;
            told.map_err(|fault| Trouble::new(fault.to_string()))?;
        }
        Ok(())
    })
}

fn round(cloud: &Cloud, known: &mut Known) -> Result<Data, Trouble> {
    let now = cloud.clock.now();
    let (before, minute) = (known.minute, now.0.div_euclid(MINUTE));
    let is_next = before != minute;
    // Commits wake a reconciler, too.
    if !is_next && known.last.is_some_and(|last| last.elapsed() < EVERY) {
        return Ok(Data::new());
    }
    (known.last, known.minute) = (Some(Instant::now()), minute);
    let running = running(cloud)?;
    known.instances.retain(|id, _| running.iter().any(|(_, instance)| instance.id == *id));
    let host = cloud.part::<Machines>()?.host(cloud);
    let mut data = Data::new();
    for (scope, instance) in &running {
        let Some(meter) = known.instances.get_mut(&instance.id) else {
            known.instances.insert(instance.id.clone(), Meter::begin(instance, &*host, now));
            continue;
        };
        if !is_next {
            continue;
        }
        let told = data.entry(scope.clone()).or_default();
        told.extend(status(instance, &*host, start(now, MINUTE)));
        let period = if instance.monitoring { MINUTE } else { FIVE_MINUTES };
        if now.0.div_euclid(period) != (before * MINUTE).div_euclid(period) {
            told.extend(meter.tell(instance, &*host, start(now, period)));
        }
    }
    Ok(data)
}

fn running(cloud: &Cloud) -> Result<Vec<(Scope, Instance)>, Trouble> {
    let snapshot = cloud.store.read();
    let rows = Instance::TABLE.scan_all_scopes(&snapshot).map(|row| row.map(|(scope, _, instance)| (scope, instance)));
    rows.filter(|row| row.as_ref().map_or(true, |(_, instance)| instance.state == State::Running)).collect()
}

/// When the period began that is over now.
fn start(now: Timestamp, period: i64) -> Timestamp {
    Timestamp((now.0.div_euclid(period) - 1) * period)
}

impl Meter {
    /// From the launch on, if that was lately; else from now on, since what was before may have been told already.
    fn begin(instance: &Instance, host: &dyn Host, now: Timestamp) -> Meter {
        let age = u64::try_from(now.0 - instance.launched.0).unwrap_or_default();
        let launch = Instant::now().checked_sub(Duration::from_millis(age));
        match launch.filter(|_| age < MINUTE.unsigned_abs()) {
            Some(read) => Meter { usage: Usage::default(), read },
            None => Meter { usage: host.usage(&instance.id).unwrap_or_default(), read: Instant::now() },
        }
    }

    /// What was used since the last time.
    fn tell(&mut self, instance: &Instance, host: &dyn Host, at: Timestamp) -> Vec<MetricDatum> {
        let Some(usage) = host.usage(&instance.id) else { return Vec::new() };
        let used = usage.since(&self.usage);
        let seconds = self.read.elapsed().as_secs_f64().max(f64::EPSILON);
        (self.usage, self.read) = (usage, Instant::now());
        let values = values(&used, seconds, processors(instance), instance.monitoring);
        let sets = dimensions(instance);
        let data = sets.iter().flat_map(|set| values.iter().map(|value| datum(value, set, at)));
        data.collect()
    }
}

/// The processors that a type really gets here.
fn processors(instance: &Instance) -> f64 {
    let here = std::thread::available_parallelism().map_or(1, usize::from);
    let of_type = Cpu::of(instance).and_then(|cpu| usize::try_from(cpu.vcpus()).ok());
    of_type.unwrap_or(1).clamp(1, here) as f64
}

type Value = (&'static str, &'static str, f64);

fn values(used: &Usage, seconds: f64, processors: f64, detailed: bool) -> Vec<Value> {
    let utilization = used.processors.as_secs_f64() / seconds / processors * 100.0;
    let mut values = vec![
        ("CPUUtilization", "Percent", utilization.clamp(0.0, 100.0)),
        ("NetworkIn", "Bytes", used.received.bytes as f64),
        ("NetworkOut", "Bytes", used.sent.bytes as f64),
    ];
    // AWS counts packets with basic monitoring only.
    if !detailed {
        values.push(("NetworkPacketsIn", "Count", used.received.packets as f64));
        values.push(("NetworkPacketsOut", "Count", used.sent.packets as f64));
    }
    values
}

/// Whether an instance's machine is there, as its status checks see it. What they would see of a host's faults is not
/// to be seen here.
fn status(instance: &Instance, host: &dyn Host, at: Timestamp) -> Vec<MetricDatum> {
    let failed = if matches!(host.state(&instance.id), Seen::Running { .. }) { 0.0 } else { 1.0 };
    let values = [
        ("StatusCheckFailed", "Count", failed),
        ("StatusCheckFailed_Instance", "Count", failed),
        ("StatusCheckFailed_System", "Count", 0.0),
    ];
    values.iter().map(|value| datum(value, &[("InstanceId", &instance.id)], at)).collect()
}

/// By instance; with detailed monitoring also by type, by image, and all together.
fn dimensions(instance: &Instance) -> Vec<Vec<(&'static str, &str)>> {
    let mut sets = vec![vec![("InstanceId", instance.id.as_str())]];
    if instance.monitoring {
        sets.push(vec![("InstanceType", instance.kind.as_str())]);
        sets.push(vec![("ImageId", instance.image.as_str())]);
        sets.push(Vec::new());
    }
    sets
}

fn datum(&(name, unit, value): &Value, dimensions: &[(&str, &str)], at: Timestamp) -> MetricDatum {
    let dimension = |(name, value): &(&str, &str)| Dimension { name: (*name).to_owned(), value: (*value).to_owned() };
    MetricDatum {
        metric_name: name.to_owned(),
        timestamp: Some(at),
        dimensions: Some(dimensions.iter().map(dimension).collect()),
        value: Some(value),
        unit: Some(unit.to_owned()),
        ..MetricDatum::default()
    }
}

#[cfg(test)]
mod tests {
    use kogumo_machine::Traffic;

    use super::*;

    #[test]
    fn a_processor_that_works_half_of_the_time() {
        let used = Usage {
            processors: Duration::from_secs(30),
            received: Traffic { bytes: 5, packets: 1 },
            sent: Traffic::default(),
        };
        let of = |name: &str, detailed| {
            let values = values(&used, 60.0, 1.0, detailed);
            values.into_iter().find(|(known, ..)| *known == name).map(|(.., value)| value)
        };
        assert_eq!(of("CPUUtilization", false), Some(50.0));
        assert_eq!(of("NetworkIn", true), Some(5.0));
        assert_eq!((of("NetworkPacketsIn", false), of("NetworkPacketsIn", true)), (Some(1.0), None));
    }

    #[test]
    fn data_stand_at_the_beginning_of_their_period() {
        assert_eq!(start(Timestamp(10 * FIVE_MINUTES + 7), FIVE_MINUTES), Timestamp(9 * FIVE_MINUTES));
    }
}
