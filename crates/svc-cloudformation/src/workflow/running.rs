//! Which workflows run in this process, and starting those that should.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;

use super::Run;
use crate::record::PENDING;
use crate::world::World;

/// The stacks whose workflows run, by uuid. Memory only: after a restart the rows say what is to be resumed.
#[derive(Default)]
pub struct Running {
    stacks: Mutex<HashSet<String>>,
}

/// How the world is made for a stack's owner. It is a part of the service, so that tests can bring their own.
pub struct Worlds(pub fn(&Arc<Cloud>, &crate::record::Stack, &Scope) -> Arc<dyn World>);

/// Starts the workflow of every stack that has something to do and isn't at it.
///
/// # Errors
/// A store that cannot be read.
pub fn resume(cloud: &Arc<Cloud>) -> Result<(), Trouble> {
    let snapshot = cloud.store.read();
    for row in PENDING.scan_all_scopes(&snapshot) {
        let (scope, key, _) = row?;
        let uuid = key.reader().str().unwrap_or_default();
        start(cloud, &scope, &uuid)?;
    }
    Ok(())
}

/// Starts one stack's workflow, unless it runs.
///
/// # Errors
/// The service was registered without its parts.
pub fn start(cloud: &Arc<Cloud>, scope: &Scope, uuid: &str) -> Result<(), Trouble> {
    let running = cloud.part::<Running>()?;
    if !running.lock().insert(uuid.to_owned()) {
        return Ok(());
    }
    let (cloud, scope, uuid) = (Arc::clone(cloud), scope.clone(), uuid.to_owned());
    tokio::spawn(async move {
        loop {
            if let Err(trouble) = drive(&cloud, &scope, &uuid).await {
                tracing::error!("stack {uuid}: {trouble}");
                running.lock().remove(&uuid);
                return;
            }
            // Under the lock: whoever writes a new operation now starts it after this.
            let mut stacks = running.lock();
            let more = PENDING.contains(&cloud.store.read(), &scope, uuid.as_str()).unwrap_or(false);
            if !more {
                stacks.remove(&uuid);
                return;
            }
        }
    });
    Ok(())
}

async fn drive(cloud: &Arc<Cloud>, scope: &Scope, uuid: &str) -> Result<(), Trouble> {
    let Some(stack) = crate::record::STACKS.get(&cloud.store.read(), scope, uuid)? else {
        return forget(cloud, scope, uuid);
    };
    let world = (cloud.part::<Worlds>()?.0)(cloud, &stack, scope);
    match Run::load(cloud, &world, scope, uuid)? {
        Some(mut run) => run.to_the_end().await,
        None => forget(cloud, scope, uuid),
    }
}

/// A row without an operation behind it says nothing.
fn forget(cloud: &Arc<Cloud>, scope: &Scope, uuid: &str) -> Result<(), Trouble> {
    cloud.store.write(|tx| PENDING.delete(tx, scope, uuid).map(drop))
}

impl Running {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.stacks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
