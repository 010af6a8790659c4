//! The reconciler of instances, volumes and snapshots: reads what is wanted, decides, and brings it about. What it does to
//! one instance may be repeated at any time: a server that was killed begins anew here, and adopts what runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Cloud};
use kogumo_store::Read;
use tokio::task::JoinSet;

use super::decide::{Step, decide};
use super::reality::Machines;
use super::record::{Instance, State};
use super::steps::{Done, Work};
use super::storage::Files;
use crate::resource::Resource;
use crate::snapshot::Snapshot;
use crate::volume::Volume;

/// Steps follow each other this quickly, so that a launch does not wait for the next round.
const PAUSE: Duration = Duration::from_millis(10);
/// In one run there are so many rounds at most.
const ROUNDS: usize = 800;

/// Makes reality match the records.
pub fn reconcile(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let machines = cloud.part::<Machines>()?;
        let host = machines.host(&cloud);
        let files = Files::below(&cloud.settings.data);
        let work = Work { cloud, machines, host, files };
        for _ in 0..ROUNDS {
            if !round(&work).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    })
}

/// Everything that is recorded.
struct Records {
    instances: Vec<(Scope, Instance)>,
    volumes: Vec<(Scope, Volume)>,
    snapshots: Vec<(Scope, Snapshot)>,
}

impl Records {
    fn read(read: &dyn Read) -> Result<Records, Trouble> {
        fn all<R: Resource>(read: &dyn Read) -> Result<Vec<(Scope, R)>, Trouble> {
            R::TABLE.scan_all_scopes(read).map(|row| row.map(|(scope, _, record)| (scope, record))).collect()
        }
        Ok(Records { instances: all(read)?, volumes: all(read)?, snapshots: all(read)? })
    }

    fn ids(&self) -> BTreeSet<&str> {
        let volumes = self.volumes.iter().map(|(_, one)| one.id.as_str());
        let snapshots = self.snapshots.iter().map(|(_, one)| one.id.as_str());
        volumes.chain(snapshots).chain(self.instances.iter().map(|(_, one)| one.id.as_str())).collect()
    }

    fn instance(&self, id: &str) -> Option<Instance> {
        self.instances.iter().map(|(_, one)| one).find(|one| one.id == id).cloned()
    }

    /// The volumes by the instances that have them.
    fn attached(&self) -> BTreeMap<&str, Vec<&Volume>> {
        let mut attached: BTreeMap<&str, Vec<&Volume>> = BTreeMap::new();
        for (_, volume) in &self.volumes {
            for held in volume.attachments() {
                attached.entry(&held.instance).or_default().push(volume);
            }
        }
        attached
    }
}

type Steps = JoinSet<Result<Done, Trouble>>;

/// One step for everything that is not as it should be; whether anything changed.
async fn round(work: &Work) -> Result<bool, Trouble> {
    let snapshot = work.cloud.store.read();
    let records = Records::read(&snapshot)?;
    if records.instances.is_empty() && records.volumes.is_empty() && records.snapshots.is_empty() && !work.has_files() {
        return Ok(false);
    }
    let mut steps = JoinSet::new();
    follow_storage(work, &records, &mut steps);
    let (attached, connections) = (records.attached(), work.machines.connections(&work.cloud)?);
    for (scope, instance) in &records.instances {
        let volumes = attached.get(instance.id.as_str()).map_or(&[][..], Vec::as_slice);
        let mut step = decide(instance.state, instance.reboot, &work.host.state(&instance.id));
        let is_settled = step == Step::Nothing && instance.state == State::Running;
        if is_settled && !connections.are_complete(&snapshot, scope, &instance.id) {
            step = Step::Connect;
        }
        take(work, step, (scope, instance), volumes, &mut steps);
    }
    let known: BTreeSet<&str> = records.instances.iter().map(|(_, one)| one.id.as_str()).collect();
    for id in work.host.list().into_iter().filter(|id| !known.contains(id.as_str())) {
        let work = work.clone();
        steps.spawn_blocking(move || work.remove(&id));
    }
    let mut changed = false;
    while let Some(done) = steps.join_next().await {
        match done {
            Ok(Ok(done)) => changed |= done == Done::Something,
            Ok(Err(trouble)) => tracing::error!("{trouble}"),
            Err(error) => tracing::error!("a step failed: {error}"),
        }
    }
    if !changed {
        work.files.sweep(&records.ids());
        crate::image::import::sweep(&work.cloud, &work.files);
    }
    Ok(changed)
}

fn follow_storage(work: &Work, records: &Records, steps: &mut Steps) {
    for (scope, volume) in &records.volumes {
        // One that is on its way to or from an instance goes first.
        let moving = volume.attachments().find(|held| held.state != "attached").map(|held| held.instance.as_str());
        let Some(step) = storage_step(volume, moving.is_some()) else { continue };
        let volume = volume.clone().seen_from(moving.unwrap_or_default());
        let instance = volume.attachment.as_ref().and_then(|held| records.instance(&held.instance));
        let (work, scope) = (work.clone(), scope.clone());
        steps.spawn_blocking(move || match step {
            StorageStep::Remove => work.remove_volume(&scope, &volume),
            StorageStep::Make => work.make_volume(&scope, &volume),
            StorageStep::Move => work.move_volume(&scope, &volume, instance.as_ref()),
            StorageStep::Modify => work.modify_volume(&scope, &volume),
        });
    }
    for (scope, snapshot) in records.snapshots.iter().filter(|(_, one)| one.is_due()) {
        let (work, scope, snapshot) = (work.clone(), scope.clone(), snapshot.clone());
        let volume = records.volumes.iter().map(|(_, one)| one).find(|one| one.id == snapshot.volume).cloned();
        steps.spawn_blocking(move || work.take_snapshot(&scope, &snapshot, volume.as_ref()));
    }
}

/// What a volume needs.
enum StorageStep {
    Remove,
    Make,
    Move,
    Modify,
}

fn storage_step(volume: &Volume, is_moving: bool) -> Option<StorageStep> {
    if volume.refused {
        volume.attachment.is_none().then_some(StorageStep::Remove)
    } else if !volume.made {
        Some(StorageStep::Make)
    } else if is_moving {
        Some(StorageStep::Move)
    } else {
        volume.modified().is_some_and(|one| one.applied.is_none()).then_some(StorageStep::Modify)
    }
}

/// Takes a step for an instance; `volumes` are those attached to it.
fn take(work: &Work, step: Step, (scope, instance): (&Scope, &Instance), volumes: &[&Volume], steps: &mut Steps) {
    if step == Step::Nothing {
        return;
    }
    // A launch waits for its volumes.
    if step == Step::Start && volumes.iter().any(|volume| !volume.made) {
        return;
    }
    let volumes: Vec<Volume> = volumes.iter().map(|&volume| volume.clone().seen_from(&instance.id)).collect();
    let (work, scope, instance) = (work.clone(), scope.clone(), instance.clone());
    steps.spawn_blocking(move || work.take(step, &scope, &instance, &volumes));
}
