//! A round over all volumes: read, settle, limit, tell.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Cloud};
use kogumo_ebs::{Debt, Performance, Rate, share};
use kogumo_machine::linux::throttle::{self, Attached, Counters, Most};
use kogumo_model::cloudwatch::MetricDatum;

use super::instances::Instances;
use super::meter::{Done, METERS, Meter, arithmetic, before_merging, rates, work};
use super::metrics;
use crate::instance::Files;
use crate::resource::Resource;
use crate::volume::Volume;

/// Commits wake a reconciler, too; rounds are not closer than this.
const PAUSE: Duration = Duration::from_millis(100);
/// Work is told to CloudWatch this soon, and otherwise once a minute of the cloud's.
const SOON: Duration = Duration::from_secs(5);
/// A limit holds until the next round.
const HORIZON: f64 = 1.0;
const MINUTE: i64 = 60_000;
/// CloudWatch takes data that are younger than two weeks.
const TELLABLE: i64 = 13 * 86_400;

/// What is known of the volumes between two rounds; all of it can be read again.
#[derive(Default)]
pub struct Meters(Mutex<Known>);

#[derive(Default)]
struct Known {
    last: Option<Instant>,
    swept: bool,
    volumes: BTreeMap<String, Live>,
    instances: Instances,
}

struct Live {
    scope: Scope,
    meter: Meter,
    /// What CloudWatch has not been told yet, since when by the cloud's clock, and since when by this machine's.
    pending: Done,
    since: Timestamp,
    told: Instant,
    limited: Option<Limited>,
    /// What it might have done since the last round, and what it did beyond that.
    allowed: Rate,
    debt: Debt,
}

/// The limit that a device has now.
#[derive(Clone, PartialEq)]
struct Limited {
    machines: Vec<String>,
    attached: Attached,
    most: (Most, Most),
}

/// What a round knows of a volume.
pub(super) struct Turn<'v> {
    pub scope: &'v Scope,
    pub volume: &'v Volume,
    pub attached: Option<&'v Attached>,
    pub performance: Performance,
    /// Since the last round.
    pub done: Done,
    /// What it was given in the last round, and what it may do until the next one.
    pub given: Rate,
    pub allowed: Rate,
}

/// What a round leaves to be written.
#[derive(Default)]
struct Outcome {
    data: BTreeMap<Scope, Vec<MetricDatum>>,
    meters: Vec<(Scope, String, Meter)>,
    gone: Vec<(Scope, String)>,
}

impl Meters {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes devices as fast as their volumes' records say.
pub fn reconcile(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let meters = cloud.part::<Meters>()?;
        let round = {
            let cloud = Arc::clone(&cloud);
            move || round(&cloud, &mut meters.known())
        };
        let done = tokio::task::spawn_blocking(round).await;
        let outcome =
            done.unwrap_or_else(|error| Err(Trouble::from_cause("a round over the volumes broke off", error)))?;
        if !outcome.meters.is_empty() || !outcome.gone.is_empty() {
            keep(&cloud, &outcome)?;
        }
        for (scope, data) in outcome.data {
            crate::metrics::put(&cloud, scope, metrics::NAMESPACE, data)
                .await
                .map_err(|fault| Trouble::new(fault.to_string()))?;
        }
        Ok(())
    })
}

fn round(cloud: &Arc<Cloud>, known: &mut Known) -> Result<Outcome, Trouble> {
    let started = Instant::now();
    let elapsed = known.last.map(|last| started - last);
    if elapsed.is_some_and(|elapsed| elapsed < PAUSE) {
        return Ok(Outcome::default());
    }
    if !std::mem::replace(&mut known.swept, true) {
        throttle::forget_unused();
    }
    let snapshot = cloud.store.read();
    let volumes: Vec<(Scope, Volume)> = Volume::TABLE
        .scan_all_scopes(&snapshot)
        .map(|row| row.map(|(scope, _, volume)| (scope, volume)))
        .collect::<Result<_, _>>()?;
    let mut outcome = Outcome::default();
    if volumes.is_empty() && known.volumes.is_empty() {
        return Ok(outcome);
    }
    known.last = Some(started);
    let files = Files::below(&cloud.settings.data);
    let devices: BTreeMap<PathBuf, Attached> =
        throttle::attached(&files.volumes()).into_iter().map(|one| (one.file.clone(), one)).collect();
    forget(known, &volumes, &mut outcome);
    known.volumes.values_mut().for_each(|live| live.release(&devices));
    let now = cloud.clock.now();
    let real_seconds = elapsed.map_or(1.0, |elapsed| elapsed.as_secs_f64());
    let mut turns = Vec::new();
    for (scope, volume) in &volumes {
        let Some(arithmetic) = arithmetic(volume) else { continue };
        let performance = Performance::of(&arithmetic);
        if !known.volumes.contains_key(&volume.id) {
            let kept = METERS.get(&snapshot, scope, volume.id.as_str())?;
            let meter = kept.unwrap_or_else(|| Meter::new(volume, &performance));
            known.volumes.insert(volume.id.clone(), Live::new(scope, meter, now));
        }
        let Some(live) = known.volumes.get_mut(&volume.id) else { continue };
        let attached = devices.get(&files.volume(&volume.id));
        let done = live.settle(volume, &performance, attached, now);
        let allowed = performance.limit(live.meter.balance, HORIZON);
        turns.push(Turn { scope, volume, attached, performance, done, given: live.allowed, allowed });
    }
    known.instances.hold(&snapshot, &mut turns, real_seconds)?;
    for turn in &turns {
        let Some(live) = known.volumes.get_mut(&turn.volume.id) else { continue };
        live.limit(turn, real_seconds);
        if turn.attached.is_some() || live.pending.counters != Counters::default() {
            live.tell(turn.volume, &turn.performance, now, &mut outcome);
        }
    }
    Ok(outcome)
}

impl Live {
    fn new(scope: &Scope, meter: Meter, now: Timestamp) -> Live {
        Live {
            scope: scope.clone(),
            meter,
            pending: Done::default(),
            since: now,
            told: Instant::now(),
            limited: None,
            allowed: Rate::default(),
            debt: Debt::default(),
        }
    }

    fn settle(
        &mut self,
        volume: &Volume,
        performance: &Performance,
        attached: Option<&Attached>,
        now: Timestamp,
    ) -> Done {
        let seen = attached.and_then(|one| Some((one.sequence, throttle::counters(&one.device)?)));
        let done = self.meter.settle(volume, performance, seen, now);
        self.pending.add(&done);
        done
    }

    /// A limit whose device is not this volume's any more goes before any other is set: the device may be another's by now.
    fn release(&mut self, devices: &BTreeMap<PathBuf, Attached>) {
        let is_gone = |one: &mut Limited| devices.get(&one.attached.file) != Some(&one.attached);
        if let Some(limited) = self.limited.take_if(is_gone) {
            limited.lift();
        }
    }

    /// Limits the device after what it did in the last round.
    fn limit(&mut self, turn: &Turn, seconds: f64) {
        let (performance, done) = (&turn.performance, &turn.done.counters);
        if self.limited.is_some() {
            self.debt = self.debt.after(work(done), self.allowed, seconds);
        }
        self.allowed = turn.allowed;
        let shared = share(self.debt.taken_off(self.allowed), rates(done, seconds));
        let wanted = turn.attached.map(|attached| Limited {
            machines: turn.volume.attachments().map(|held| held.instance.clone()).collect(),
            attached: attached.clone(),
            most: (
                most(performance, shared.reads, done.reads, done.reads_merged),
                most(performance, shared.writes, done.writes, done.writes_merged),
            ),
        });
        if wanted == self.limited {
            return;
        }
        let Some(wanted) = wanted else { return };
        throttle::split(&wanted.attached.device, performance.kind.io_bytes() as u64);
        match wanted.set(Some(wanted.most)) {
            Ok(()) => self.limited = Some(wanted),
            Err(trouble) => tracing::warn!("{}: {trouble}", turn.volume.id),
        }
    }

    /// Tells CloudWatch once a minute, and soon where there was something to do.
    fn tell(&mut self, volume: &Volume, performance: &Performance, now: Timestamp, outcome: &mut Outcome) {
        let is_next = now.0.div_euclid(MINUTE) != self.since.0.div_euclid(MINUTE);
        let has_worked = self.pending.counters != Counters::default();
        let real = self.told.elapsed();
        if !is_next && !(has_worked && real >= SOON) {
            return;
        }
        let since = self.since.max(now.plus_seconds(-TELLABLE));
        let balance = self.meter.balance;
        let data = metrics::data(&volume.id, performance, balance, &self.pending, real.as_secs_f64(), (since, now));
        outcome.data.entry(self.scope.clone()).or_default().extend(data);
        outcome.meters.push((self.scope.clone(), volume.id.clone(), self.meter.clone()));
        (self.pending, self.since, self.told) = (Done::default(), now, Instant::now());
    }
}

impl Limited {
    /// For each machine that has it; a volume that none has is limited for this program.
    fn set(&self, most: Option<(Most, Most)>) -> Result<(), Trouble> {
        match self.machines.as_slice() {
            [] => throttle::limit("", &self.attached.device, most),
            machines => machines.iter().try_for_each(|machine| throttle::limit(machine, &self.attached.device, most)),
        }
    }

    fn lift(&self) {
        let _gone = self.set(None);
    }
}

/// What the kernel is told of a rate.
fn most(performance: &Performance, rate: Rate, done: u64, merged: u64) -> Most {
    let ios = before_merging(performance.kind, rate.iops, done, merged);
    Most { ios: ios.round() as u64, bytes: rate.bytes.round() as u64 }
}

/// Volumes that are no more.
fn forget(known: &mut Known, volumes: &[(Scope, Volume)], outcome: &mut Outcome) {
    known.volumes.retain(|id, live| {
        let is_there = volumes.iter().any(|(_, volume)| volume.id == *id);
        if !is_there {
            if let Some(limited) = &live.limited {
                limited.lift();
            }
            outcome.gone.push((live.scope.clone(), id.clone()));
        }
        is_there
    });
}

fn keep(cloud: &Arc<Cloud>, outcome: &Outcome) -> Result<(), Trouble> {
    cloud.store.write(|tx| {
        for (scope, id, meter) in &outcome.meters {
            METERS.put(tx, scope, id.as_str(), meter)?;
        }
        for (scope, id) in &outcome.gone {
            METERS.delete(tx, scope, id.as_str())?;
        }
        Ok(())
    })
}

/// Settles and keeps all credits, and lifts all limits: the cloud stops.
///
/// # Errors
/// Trouble with the store.
pub fn lift_all(cloud: &Arc<Cloud>) -> Result<(), Trouble> {
    let meters = cloud.part::<Meters>()?;
    let mut known = meters.known();
    known.last = None;
    let _told_later = round(cloud, &mut known)?;
    let mut outcome = Outcome::default();
    for (id, live) in std::mem::take(&mut known.volumes) {
        if let Some(limited) = &live.limited {
            limited.lift();
        }
        outcome.meters.push((live.scope.clone(), id, live.meter.clone()));
    }
    keep(cloud, &outcome)
}
