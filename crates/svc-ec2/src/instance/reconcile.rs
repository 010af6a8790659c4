//! The reconciler of instances, volumes and snapshots: reads what is wanted, decides, and brings it about. What it does to
//! one instance may be repeated at any time: a server that was killed begins anew here, and adopts what runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Cloud};
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
    fn read(cloud: &Cloud) -> Result<Records, Trouble> {
        let snapshot = cloud.store.read();
        fn all<R: Resource>(read: &dyn kogumo_store::Read) -> Result<Vec<(Scope, R)>, Trouble> {
            R::TABLE.scan_all_scopes(read).map(|row| row.map(|(scope, _, record)| (scope, record))).collect()
        }
        Ok(Records { instances: all(&snapshot)?, volumes: all(&snapshot)?, snapshots: all(&snapshot)? })
    }

    fn ids(&self) -> BTreeSet<&str> {
        let volumes = self.volumes.iter().map(|(_, one)| one.id.as_str());
        let snapshots = self.snapshots.iter().map(|(_, one)| one.id.as_str());
        volumes.chain(snapshots).chain(self.instances.iter().map(|(_, one)| one.id.as_str())).collect()
    }

    fn volumes_of(&self, instance: &str) -> Vec<Volume> {
        let own = self.volumes.iter().filter(|(_, one)| one.is_on(instance));
        own.map(|(_, one)| one.clone().seen_from(instance)).collect()
    }
}

type Steps = JoinSet<Result<Done, Trouble>>;

/// One step for everything that is not as it should be; whether anything changed.
async fn round(work: &Work) -> Result<bool, Trouble> {
    let records = Records::read(&work.cloud)?;
    if records.instances.is_empty() && records.volumes.is_empty() && records.snapshots.is_empty() && !work.has_files() {
        return Ok(false);
    }
    let mut steps = JoinSet::new();
    follow_storage(work, &records, &mut steps);
    for (scope, instance) in &records.instances {
        follow_instance(work, &records, scope, instance, &mut steps);
    }
    let strangers = work.host.list().into_iter().filter(|id| !records.instances.iter().any(|(_, one)| one.id == *id));
    for id in strangers {
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
        let moving = volume.attachments().find(|held| held.state != "attached").map(|held| held.instance.clone());
        let volume = volume.clone().seen_from(moving.as_deref().unwrap_or_default());
        let (work, scope) = (work.clone(), scope.clone());
        let instance = volume
            .attachment
            .as_ref()
            .and_then(|held| records.instances.iter().map(|(_, one)| one).find(|one| one.id == held.instance).cloned());
        if volume.refused {
            if volume.attachment.is_none() {
                steps.spawn_blocking(move || work.remove_volume(&scope, &volume));
            }
        } else if !volume.made {
            steps.spawn_blocking(move || work.make_volume(&scope, &volume));
        } else if volume.attachment.as_ref().is_some_and(|held| held.state != "attached") {
            steps.spawn_blocking(move || work.move_volume(&scope, &volume, instance.as_ref()));
        } else if volume.modified().is_some_and(|one| one.applied.is_none()) {
            steps.spawn_blocking(move || work.modify_volume(&scope, &volume));
        }
    }
    for (scope, snapshot) in records.snapshots.iter().filter(|(_, one)| one.is_due()) {
        let (work, scope, snapshot) = (work.clone(), scope.clone(), snapshot.clone());
        let volume = records.volumes.iter().map(|(_, one)| one).find(|one| one.id == snapshot.volume).cloned();
        steps.spawn_blocking(move || work.take_snapshot(&scope, &snapshot, volume.as_ref()));
    }
}

fn follow_instance(work: &Work, records: &Records, scope: &Scope, instance: &Instance, steps: &mut Steps) {
    let mut step = decide(instance.state, instance.reboot, &work.host.state(&instance.id));
    if instance.state == State::Running && step == Step::Nothing {
        if !work.machines.is_connected(&work.cloud, scope, instance) {
            step = Step::Connect;
        }
    }
    if step == Step::Nothing {
        return;
    }
    let volumes = records.volumes_of(&instance.id);
    // A launch waits for its volumes.
    if step == Step::Start && volumes.iter().any(|volume| !volume.made) {
        return;
    }
    let (work, scope, instance) = (work.clone(), scope.clone(), instance.clone());
    steps.spawn_blocking(move || work.take(step, &scope, &instance, &volumes));
}
