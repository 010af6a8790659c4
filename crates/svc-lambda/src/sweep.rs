//! Taking away what nothing needs any more: code without a function, and everything at a reset or stop.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Cloud, Reconciler};

use crate::code::{Code, CodeStore, merged};
use crate::layer;
use crate::record::VERSIONS;
use crate::run::Pool;

/// How often code is looked through, and how long a package may wait for its function to be recorded.
const EVERY: Duration = Duration::from_secs(600);

/// When code was last looked through.
pub struct LastSweep(Mutex<Instant>);

impl Default for LastSweep {
    fn default() -> Self {
        LastSweep(Mutex::new(Instant::now()))
    }
}

impl LastSweep {
    /// Whether it is time again; the next time is counted from now then.
    fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.elapsed() >= EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }
}

/// Removes code that no version and no layer needs. It is woken by every commit, and looks now and then only.
pub fn reconciler() -> Reconciler {
    Reconciler {
        name: "lambda code",
        follows: &["lambda"],
        period: EVERY,
        run: |cloud| Box::pin(async move { code(&cloud) }),
    }
}

fn code(cloud: &Arc<Cloud>) -> Result<(), Trouble> {
    if !cloud.part::<LastSweep>()?.is_due() {
        return Ok(());
    }
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
    store.forget_all_but(&used, EVERY).iter().for_each(|trouble| tracing::warn!("{trouble}"));
    Ok(())
}

/// The cloud was emptied: environments go, and all code.
pub fn everything(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        environments(Arc::clone(&cloud)).await;
        let store = CodeStore::new(&cloud.settings.data);
        store.forget_all_but(&BTreeSet::new(), Duration::ZERO).iter().for_each(|trouble| tracing::warn!("{trouble}"));
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
