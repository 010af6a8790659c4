//! Timers that fall due by the cloud's clock.

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Cloud, TimerHandler, Writer};
use kogumo_store::timers::{self, Timer};
use tokio::time::sleep;

/// So many timers are handled before others get their turn.
const AT_ONCE: usize = 256;

/// The machine may sleep; the clock is looked at this often at least.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

pub(crate) async fn drive(cloud: Arc<Cloud>) {
    let mut commits = cloud.store.changes_of(&["timers"]);
    let mut moves = cloud.clock_moves();
    loop {
        commits.mark_unchanged();
        moves.mark_unchanged();
        match run_due(&cloud) {
            Ok(0) => {}
            Ok(_) => {
                tokio::task::yield_now().await;
                continue;
            }
            Err(trouble) => tracing::error!("timers: {trouble}"),
        }
        let pause = until_next(&cloud).unwrap_or(LONGEST_SLEEP);
        tokio::select! {
            () = sleep(pause) => {}
            _ = moves.changed() => {}
            () = commits.changed() => sleep(crate::SETTLE).await,
        }
    }
}

/// Handles the timers that are due and answers how many there were.
///
/// # Errors
/// A store that cannot be read or written. A handler's own trouble is logged and its timer is kept for later.
pub fn run_due(cloud: &Arc<Cloud>) -> Result<usize, Trouble> {
    let now = cloud.clock.now();
    let due = timers::due(&cloud.store.read(), now, AT_ONCE)?;
    let mut handled = 0;
    for timer in &due {
        match handler(cloud, &timer.kind) {
            Some(handler) => match handle(cloud, handler, timer) {
                Ok(()) => handled += 1,
                Err(trouble) => tracing::error!("timer {}: {trouble}", timer.kind),
            },
            None => tracing::warn!("no service handles timers of the kind {}", timer.kind),
        }
    }
    Ok(handled)
}

/// The timer and what it brings about go together.
fn handle(cloud: &Arc<Cloud>, handler: TimerHandler, timer: &Timer) -> Result<(), Trouble> {
    let caller = Caller::service("kogumo.timers", timer.scope.clone());
    let now = cloud.clock.now();
    cloud.store.write(|tx| {
        timers::cancel(tx, &timer.kind, &timer.scope, timer.id.clone())?;
        handler(&mut Writer { tx, caller: &caller, now, cloud }, timer)
    })
}

fn handler(cloud: &Cloud, kind: &str) -> Option<TimerHandler> {
    let all = cloud.services().iter().flat_map(|service| &service.timers);
    all.into_iter().find(|(handled, _)| *handled == kind).map(|(_, handler)| *handler)
}

fn until_next(cloud: &Cloud) -> Option<Duration> {
    let next = timers::next_due(&cloud.store.read()).ok()??;
    let millis = u64::try_from(next.0 - cloud.clock.now().0).unwrap_or(0);
    Some(Duration::from_millis(millis.max(10)).min(LONGEST_SLEEP))
}
