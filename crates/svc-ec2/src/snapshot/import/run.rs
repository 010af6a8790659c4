//! The imports themselves: each is read from S3 into the file of its snapshot. One that a server has not come to the end of
//! begins anew at the next one's start.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Reconciler, Writer};
use kogumo_model::s3;
use kogumo_wire::Fault;
use kogumo_xts::Cipher;

use super::ops::in_role;
use super::record::{Import, State};
use crate::ebs::blocks;
use crate::encryption;
use crate::instance::Files;
use crate::resource::{Resource, delete, find, put};
use crate::snapshot::Snapshot;

pub const RECONCILER: Reconciler =
    Reconciler { name: "ec2/snapshot-imports", follows: &["ec2"], period: Duration::from_secs(2), run };
/// So much is written at once: whole blocks.
const CHUNK: usize = 16 * blocks::BLOCK_BYTES;

/// The imports that are under way.
#[derive(Default)]
pub struct Imports(Mutex<BTreeSet<String>>);

impl Imports {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let snapshot = cloud.store.read();
        let imports = cloud.part::<Imports>()?;
        for row in Import::TABLE.scan_all_scopes(&snapshot) {
            let (scope, _, import) = row?;
            if import.state == State::Active && imports.lock().insert(import.id.clone()) {
                let (cloud, imports) = (Arc::clone(&cloud), Arc::clone(&imports));
                tokio::spawn(async move {
                    if let Err(trouble) = bring(&cloud, &scope, &import).await {
                        tracing::warn!("{}: {trouble}", import.id);
                    }
                    imports.lock().remove(&import.id);
                });
            }
        }
        Ok(())
    })
}

fn write<R>(cloud: &Cloud, scope: &Scope, mut work: impl FnMut(&mut Writer) -> Result<R, Fault>) -> Result<R, Fault> {
    let caller = Caller::service("ec2.amazonaws.com", scope.clone());
    let now = cloud.clock.now();
    cloud.store.write(|tx| work(&mut Writer { tx, caller: &caller, now, cloud }))
}

/// Brings one to its end, good or bad.
async fn bring(cloud: &Arc<Cloud>, scope: &Scope, import: &Import) -> Result<(), Fault> {
    let snapshot: Option<Snapshot> = find(&cloud.store.read(), scope, &import.snapshot)?;
    let Some(snapshot) = snapshot else { return Ok(()) };
    let done = read_in(cloud, scope, import, &snapshot).await;
    encryption::retire(cloud, &scope.account, &snapshot.id, &snapshot.grants).await;
    let state = match &done {
        Ok(()) => State::Completed,
        Err(fault) => State::Deleted(format!("ClientError: {}", fault.message)),
    };
    write(cloud, scope, |w| {
        let Some(mut import) = find::<Import>(w.store(), w.scope(), &import.id)? else { return Ok(()) };
        if import.state != State::Active {
            return Ok(());
        }
        (import.state, import.progress) = (state.clone(), 100);
        put(w, &import)?;
        match find::<Snapshot>(w.store(), w.scope(), &import.snapshot)? {
            Some(snapshot) if state == State::Completed => {
                put(w, &Snapshot { made: true, writing: None, grants: Vec::new(), ..snapshot })
            }
            Some(snapshot) => delete::<Snapshot>(w, &snapshot.id),
            None => Ok(()),
        }
    })
}

async fn read_in(cloud: &Arc<Cloud>, scope: &Scope, import: &Import, snapshot: &Snapshot) -> Result<(), Fault> {
    let cipher = match &snapshot.encryption {
        Some(encryption) => {
            Cipher::new(encryption::open(cloud, &scope.account, encryption, &snapshot.id).await?.bytes())
        }
        None => None,
    };
    let files = Files::below(&cloud.settings.data);
    files.begin(snapshot)?;
    let path = files.snapshot(&snapshot.id);
    let opened = File::options().write(true).open(&path);
    let file = Arc::new((opened.map_err(|e| Trouble::from_cause("cannot write a snapshot", e))?, cipher));
    let client = in_role(cloud, scope, &import.role, &import.id).ok_or_else(|| Trouble::new("no role"))?;
    let input = s3::GetObjectRequest {
        bucket: import.bucket.clone(),
        key: import.key.clone(),
        ..s3::GetObjectRequest::default()
    };
    let mut body = client.call::<s3::GetObject>(input).await?.body;
    let mut held = BytesMut::new();
    let mut block = 0;
    loop {
        let chunk = body.next().await.transpose()?;
        let is_end = chunk.is_none();
        held.extend_from_slice(&chunk.unwrap_or_default());
        if held.len() < CHUNK && !is_end {
            continue;
        }
        let whole = if is_end { held.len() } else { held.len() - held.len() % CHUNK };
        let bytes = held.split_to(whole).freeze();
        block = put_blocks(&file, block, bytes).await?;
        if is_end {
            return Ok(());
        }
        tell(cloud, scope, import, block)?;
    }
}

/// Writes blocks from one on; answers which is next. What is all zeros stays a hole.
async fn put_blocks(file: &Arc<(File, Option<Cipher>)>, first: u32, bytes: Bytes) -> Result<u32, Fault> {
    let file = Arc::clone(file);
    let written = tokio::task::spawn_blocking(move || {
        let mut block = first;
        for data in bytes.chunks(blocks::BLOCK_BYTES) {
            if data.iter().any(|byte| *byte != 0) {
                let mut whole = data.to_vec();
                whole.resize(blocks::BLOCK_BYTES, 0);
                blocks::write(&file.0, block, &whole, file.1.as_ref())?;
            }
            block += 1;
        }
        Ok(block)
    });
    Ok(written.await.unwrap_or_else(|error| Err(Trouble::from_cause("an import broke off", error)))?)
}

/// How far it is; an error if it was cancelled.
fn tell(cloud: &Cloud, scope: &Scope, import: &Import, block: u32) -> Result<(), Fault> {
    let done = i64::from(block) * blocks::BLOCK_BYTES as i64;
    let progress = i32::try_from((done * 100).checked_div(import.bytes).unwrap_or_default()).unwrap_or_default();
    write(cloud, scope, |w| {
        let seen = find::<Import>(w.store(), w.scope(), &import.id)?;
        let seen = seen.filter(|seen| seen.state == State::Active);
        let mut seen = seen.ok_or_else(|| Fault::from(Trouble::new("it was cancelled")))?;
        seen.progress = progress.min(99);
        put(w, &seen)
    })
}
