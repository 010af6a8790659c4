//! Taking away what nothing needs any more: code without a function, and everything at a reset or stop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Cloud, Reconciler};

use crate::code::{Code, CodeStore, merged};
use crate::layer;
use crate::record::VERSIONS;
use crate::run::Pool;

/// How often code is looked through. A package is uploaded before its function is recorded; so long it may take.
const EVERY: Duration = Duration::from_secs(600);

/// When code was last looked through, in seconds of the machine's clock.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Removes code that no version and no layer needs. It is woken by every commit, and looks now and then only.
pub fn reconciler() -> Reconciler {
    Reconciler { name: "lambda code", period: EVERY, run: |cloud| Box::pin(async move { code(&cloud) }) }
}

fn code(cloud: &Arc<Cloud>) -> Result<(), Trouble> {
    let now = u64::try_from(kogumo_base::Clock::machine_now().seconds()).unwrap_or(0);
    let last = LAST.load(Ordering::Acquire);
    if last == 0 || now < last + EVERY.as_secs() {
        LAST.compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire).map(drop).unwrap_or_default();
        return Ok(());
    }
    LAST.store(now, Ordering::Release);
    let snapshot = cloud.store.read();
    let mut used = BTreeSet::new();
    for row in VERSIONS.scan_all_scopes(&snapshot) {
        let version = row?.2;
        used.insert(version.code.hex());
        let layers: Vec<Code> = version.settings.layers.into_iter().map(|layer| layer.code).collect();
        used.extend(layers.iter().map(Code::hex));
        used.insert(merged(&layers));
    }
    used.extend(layer::codes(&snapshot)?.iter().map(Code::hex));
    let store = CodeStore::new(&cloud.settings.data);
    store.forget_all_but(&used).iter().for_each(|trouble| tracing::warn!("{trouble}"));
    Ok(())
}

/// The cloud was emptied: environments go, and all code.
pub fn everything(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        environments(Arc::clone(&cloud)).await;
        let store = CodeStore::new(&cloud.settings.data);
        store.forget_all_but(&BTreeSet::new()).iter().for_each(|trouble| tracing::warn!("{trouble}"));
    })
}

/// The cloud stops: environments go.
pub fn environments(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        if let Ok(pool) = Pool::of(&cloud) {
            pool.clear().await;
        }
    })
}
