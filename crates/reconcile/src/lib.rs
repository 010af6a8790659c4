//! The driver: runs reconcilers when something was committed that they follow, when the clock was moved and once in each period,
//! hands due timers to their services, and writes the audit trail out.

mod timers;

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Clock, Timestamp};
use kogumo_door::{Cloud, Reconciler, trail};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use timers::run_due;

/// Many commits in a row wake a reconciler once.
const SETTLE: Duration = Duration::from_millis(5);

/// Starts everything that runs beside the calls. It goes on until the answer is dropped.
pub fn start(cloud: &Arc<Cloud>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (service, index) in every_reconciler(cloud) {
        tasks.spawn(drive(Arc::clone(cloud), service, index));
    }
    tasks.spawn(timers::drive(Arc::clone(cloud)));
    tasks.spawn(write_trail(Arc::clone(cloud)));
    tasks
}

fn every_reconciler(cloud: &Arc<Cloud>) -> Vec<(usize, usize)> {
    let services = cloud.services().iter().enumerate();
    services.flat_map(|(at, service)| (0..service.reconcilers.len()).map(move |index| (at, index))).collect()
}

/// Runs one reconciler for ever. Commits that it makes itself wake it once more: it then finds nothing to do.
async fn drive(cloud: Arc<Cloud>, service: usize, index: usize) {
    let reconciler: &Reconciler = &cloud.services()[service].reconcilers[index];
    let mut commits = cloud.store.changes_of(reconciler.follows);
    let mut moves = cloud.clock_moves();
    loop {
        commits.mark_unchanged();
        moves.mark_unchanged();
        if let Err(trouble) = (reconciler.run)(Arc::clone(&cloud)).await {
            tracing::error!("{}: {trouble}", reconciler.name);
        }
        let woken = async {
            tokio::select! {
                () = commits.changed() => sleep(SETTLE).await,
                _ = moves.changed() => {}
            }
        };
        let _ = timeout(reconciler.period, woken).await;
    }
}

async fn write_trail(cloud: Arc<Cloud>) {
    const EXPIRE_EVERY_SECONDS: i64 = 3600;
    let mut expired = Timestamp(0);
    loop {
        sleep(trail::WRITE_EVERY).await;
        if let Err(trouble) = cloud.trail.flush().and_then(|()| cloud.write_uses()) {
            tracing::error!("{trouble}");
        }
        if Clock::machine_now() > expired.plus_seconds(EXPIRE_EVERY_SECONDS) {
            expired = Clock::machine_now();
            if let Err(trouble) = cloud.trail.expire(cloud.clock.now()) {
                tracing::error!("{trouble}");
            }
        }
    }
}
