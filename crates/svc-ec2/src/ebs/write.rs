//! Writing: a snapshot is started, its blocks come in any order, and it is completed once they are all there; or it is
//! given up when none comes any more.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Trouble};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ebs::*;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Body, Fault, Protocol};
use kogumo_xts::Cipher;
use ring::digest;

use super::blocks;
use super::faults::{invalid, invalid_value, no_snapshot, of_kms};
use super::read::{BLOCK_SIZE, blocking, cipher};
use super::{BLOCK, BLOCKS_PER_GIB};
use crate::client_token::{Claim, claim};
use crate::encryption::{self, Asked, Defaults, Encryption, Wish, decide};
use crate::image::base;
use crate::instance::Files;
use crate::resource::{self, Resource, all, put};
use crate::snapshot::{self, NO_VOLUME, Snapshot, Writing};
use crate::tag;

/// The SHA-256 of each block that was written, by snapshot and block, until the snapshot is complete.
static WRITTEN: Table<Vec<u8>> = Table::new("ebs/written-block");
/// The timer of a snapshot that is being written.
pub const EXPIRE: &str = "ebs/expire";
/// AWS gives up after an hour unless it was told otherwise.
const TIMEOUT_MINUTES: i32 = 60;
/// Snapshots that an account may be writing. Source: Amazon EBS User Guide, "Quotas for Amazon EBS".
const MOST: usize = 100;
const LARGEST: i64 = 65_536;

/// Two calls that find no file do not both make one.
#[derive(Default)]
pub struct Beginnings(Mutex<()>);

pub async fn start_snapshot(context: Context, input: StartSnapshotRequest) -> Result<StartSnapshotResponse, Fault> {
    let encryption = match context.read(|r| wish(r, &input))? {
        Wish::Key(key) => Some(encryption::make(&context, &key, &Snapshot::KIND.new_id()).await),
        _ => None,
    };
    let encryption = encryption.transpose().map_err(|fault| of_kms(&fault))?;
    let (snapshot, tags) = context.write(|w| start(w, &input, encryption.as_ref()))?;
    let (files, parts) = (Files::below(&context.cloud.settings.data), context.cloud.part::<Beginnings>()?);
    let of = snapshot.clone();
    blocking(move || begin(&files, &of, &parts)).await?;
    Ok(StartSnapshotResponse {
        description: Some(snapshot.description.clone()).filter(|text| !text.is_empty()),
        owner_id: Some(snapshot.owner.clone()),
        status: Some(snapshot.state().into()),
        start_time: Some(snapshot.started),
        volume_size: Some(snapshot.volume_size.into()),
        block_size: Some(BLOCK_SIZE),
        tags: Some(tags).filter(|tags| !tags.is_empty()),
        parent_snapshot_id: snapshot.parent,
        snapshot_id: Some(snapshot.id),
        sse_type: Some(if snapshot.encryption.is_some() { "sse-kms".into() } else { "none".into() }),
        kms_key_arn: snapshot.encryption.map(|one| one.key),
    })
}

/// What is to be encrypted. A snapshot that begins as another is encrypted as that is.
fn wish(r: &Reader, input: &StartSnapshotRequest) -> Result<Wish, Fault> {
    if input.parent_snapshot_id.is_some() {
        if input.encrypted.is_some() || input.kms_key_arn.is_some() {
            return Err(invalid_value("You can't specify ParentSnapshotId and Encrypted in the same request."));
        }
        return Ok(Wish::Same);
    }
    let asked = Asked::new(input.encrypted, input.kms_key_arn.as_deref());
    decide(&asked, None, &Defaults::of(r.store, r.scope())?).map_err(|fault| invalid_value(fault.message))
}

/// Records it.
fn start(
    w: &mut Writer,
    input: &StartSnapshotRequest,
    own: Option<&Encryption>,
) -> Result<(Snapshot, Vec<Tag>), Fault> {
    let tags = input.tags.clone().unwrap_or_default();
    let marks: Vec<_> = tags.iter().map(of_ec2).collect();
    tag::check(w, &marks).map_err(|fault| invalid("INVALID_TAG", fault.message))?;
    let claim: Claim = claim(w, "StartSnapshot", input.client_token.as_deref(), input).map_err(conflict)?;
    if let Some(made) = &claim.made {
        let made: Option<Snapshot> = resource::find(w.store(), w.scope(), made)?;
        return made
            .map(|made| (made, tags))
            .ok_or_else(|| CONFLICT_EXCEPTION.because("The snapshot has been deleted."));
    }
    let size = i32::try_from(input.volume_size).ok().filter(|_| input.volume_size <= LARGEST);
    let size = size.ok_or_else(|| {
        invalid("INVALID_VOLUME_SIZE", format!("The volume size must not be larger than {LARGEST} GiB."))
    })?;
    let parent = match input.parent_snapshot_id.as_deref() {
        Some(id) => Some(parent(w, id, size)?),
        None => None,
    };
    let is_written = |one: &Snapshot| one.writing.is_some();
    if all::<Snapshot>(w.store(), w.scope())?.iter().filter(|one| is_written(one)).count() >= MOST {
        let message = "You have reached the limit for concurrent StartSnapshot requests.";
        return Err(CONCURRENT_LIMIT_EXCEEDED_EXCEPTION.because(message));
    }
    let snapshot = Snapshot {
        encryption: own.cloned().or_else(|| parent.as_ref().and_then(|parent| parent.encryption.clone())),
        parent: parent.as_ref().map(|parent| parent.id.clone()),
        writing: Some(Writing { timeout_minutes: input.timeout.unwrap_or(TIMEOUT_MINUTES), progress: 0 }),
        ..Snapshot::new(w, NO_VOLUME, size, input.description.clone().unwrap_or_default())
    };
    put(w, &snapshot)?;
    if let Some(parent) = &parent {
        base::inherit(w, &parent.id, &snapshot.id)?;
    }
    tag::mark(w, &snapshot, marks)?;
    put_off(w, &snapshot)?;
    claim.keep(w, &snapshot.id)?;
    Ok((snapshot, tags))
}

fn of_ec2(tag: &Tag) -> kogumo_model::ec2::Tag {
    kogumo_model::ec2::Tag { key: tag.key.clone(), value: tag.value.clone() }
}

/// The same token with another request.
fn conflict(fault: Fault) -> Fault {
    match fault.code(Protocol::RestJson) {
        "IdempotentParameterMismatch" => CONFLICT_EXCEPTION.because(fault.message),
        _ => fault,
    }
}

fn parent(w: &Writer, id: &str, size: i32) -> Result<Snapshot, Fault> {
    let parent = snapshot::find(w.store(), w.scope(), id).map_err(|_| no_snapshot(id))?;
    if !parent.made {
        return Err(invalid("INVALID_SNAPSHOT_ID", format!("The snapshot '{id}' is not completed.")));
    }
    if size < parent.volume_size {
        let message = format!("The volume size must not be smaller than that of the parent '{id}'.");
        return Err(invalid("INVALID_VOLUME_SIZE", message));
    }
    Ok(parent)
}

/// It is given up unless something happens within its time from now on.
fn put_off(w: &mut Writer, snapshot: &Snapshot) -> Result<(), Trouble> {
    let Some(writing) = &snapshot.writing else { return Ok(()) };
    let due = w.now.plus_seconds(i64::from(writing.timeout_minutes) * 60);
    timers::put(w.tx, due, EXPIRE, &w.caller.scope, snapshot.id.as_str(), &[])
}

/// Makes the file that blocks are written into, if it is not there.
fn begin(files: &Files, snapshot: &Snapshot, beginnings: &Beginnings) -> Result<(), Trouble> {
    let _alone = beginnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    files.begin(snapshot)
}

/// A snapshot of the caller's own that is being written.
fn written(read: &dyn Read, scope: &Scope, id: &str) -> Result<Snapshot, Fault> {
    let found: Option<Snapshot> = resource::find(read, scope, id)?;
    let snapshot = found.ok_or_else(|| no_snapshot(id))?;
    if snapshot.failure.is_some() {
        return Err(invalid("WRITE_REQUEST_TIMEOUT", format!("The snapshot '{id}' was not completed in time.")));
    }
    // One that is imported is not the client's to write.
    if snapshot.writing.as_ref().is_none_or(|writing| writing.timeout_minutes == 0) {
        return Err(invalid("INVALID_SNAPSHOT_ID", format!("The snapshot '{id}' is not pending.")));
    }
    Ok(snapshot)
}

pub async fn put_snapshot_block(
    context: Context,
    input: PutSnapshotBlockRequest,
) -> Result<PutSnapshotBlockResponse, Fault> {
    let PutSnapshotBlockRequest { snapshot_id, block_index, block_data, data_length, progress, checksum, .. } = input;
    // All of it, whatever is said of it: a connection whose request was not read cannot be used again.
    let data = whole_block(block_data, data_length).await;
    let snapshot = context.read(|r| written(r.store, r.scope(), &snapshot_id))?;
    let last = u64::try_from(snapshot.volume_size).unwrap_or_default() * BLOCKS_PER_GIB;
    let block = u32::try_from(block_index).ok().filter(|block| u64::from(*block) < last);
    let block = block.ok_or_else(|| {
        invalid("INVALID_BLOCK", format!("The block index {block_index} is beyond the end of the volume."))
    })?;
    let data = data?;
    let sum = digest::digest(&digest::SHA256, &data).as_ref().to_vec();
    let shown = STANDARD.encode(&sum);
    if shown != checksum {
        return Err(invalid_value("The checksum provided does not match that of the block's data."));
    }
    let (files, parts) = (Files::below(&context.cloud.settings.data), context.cloud.part::<Beginnings>()?);
    let cipher = cipher(&context, &snapshot).await?;
    blocking(move || put_block(&files, &snapshot, &parts, (block, &data), cipher.as_ref())).await?;
    context.write(|w| {
        let mut snapshot = written(w.store(), w.scope(), &snapshot_id)?;
        if let Some(writing) = &mut snapshot.writing {
            writing.progress = progress.unwrap_or(writing.progress);
        }
        put(w, &snapshot)?;
        put_off(w, &snapshot)?;
        Ok::<_, Fault>(WRITTEN.put(w.tx, &w.caller.scope, row(&snapshot_id, block), &sum)?)
    })?;
    Ok(PutSnapshotBlockResponse { checksum: Some(shown), checksum_algorithm: Some("SHA256".into()) })
}

async fn whole_block(body: Body, length: i32) -> Result<bytes::Bytes, Fault> {
    let wrong = || invalid_value(format!("The data of a block must be {BLOCK} bytes long."));
    let data = body.collect(BLOCK).await.map_err(|_| wrong())?;
    if length != BLOCK_SIZE || data.len() as u64 != BLOCK {
        return Err(wrong());
    }
    Ok(data)
}

fn put_block(
    files: &Files,
    snapshot: &Snapshot,
    beginnings: &Arc<Beginnings>,
    (block, data): (u32, &[u8]),
    cipher: Option<&Cipher>,
) -> Result<(), Trouble> {
    let path = files.snapshot(&snapshot.id);
    // A server that was killed may not have come to making it.
    if !path.exists() {
        begin(files, snapshot, beginnings)?;
    }
    blocks::write(&open(&path)?, block, data, cipher)
}

fn open(path: &Path) -> Result<File, Trouble> {
    let opened = File::options().read(true).write(true).open(path);
    opened.map_err(|e| Trouble::from_cause(format!("cannot write {}", path.display()), e))
}

fn row(snapshot: &str, block: u32) -> Key {
    Key::new().str(snapshot).u64(u64::from(block))
}

/// The checksums of what was written, in the order of the blocks.
fn sums(read: &dyn Read, scope: &Scope, snapshot: &str) -> Result<Vec<(Key, Vec<u8>)>, Trouble> {
    WRITTEN.scan(read, scope, &Range::prefix(Key::new().str(snapshot))).collect()
}

pub async fn complete_snapshot(
    context: Context,
    input: CompleteSnapshotRequest,
) -> Result<CompleteSnapshotResponse, Fault> {
    let (snapshot, rows) = context.read(|r| {
        let snapshot = written(r.store, r.scope(), &input.snapshot_id)?;
        Ok::<_, Fault>((snapshot, sums(r.store, r.scope(), &input.snapshot_id)?))
    })?;
    if usize::try_from(input.changed_blocks_count).ok() != Some(rows.len()) {
        let message = format!("{} blocks were written, and not {}.", rows.len(), input.changed_blocks_count);
        return Err(invalid_value(message));
    }
    if let Some(given) = &input.checksum {
        let all: Vec<u8> = rows.into_iter().flat_map(|(_, sum)| sum).collect();
        if STANDARD.encode(digest::digest(&digest::SHA256, &all)) != *given {
            return Err(invalid_value("The checksum provided does not match that of the blocks' checksums."));
        }
    }
    let (files, parts) = (Files::below(&context.cloud.settings.data), context.cloud.part::<Beginnings>()?);
    let of = snapshot.clone();
    blocking(move || {
        begin(&files, &of, &parts)?;
        let synced = open(&files.snapshot(&of.id))?.sync_data();
        synced.map_err(|e| Trouble::from_cause("cannot keep a snapshot's blocks", e))
    })
    .await?;
    let status = context.write(|w| {
        let mut snapshot = written(w.store(), w.scope(), &input.snapshot_id)?;
        (snapshot.writing, snapshot.made) = (None, true);
        put(w, &snapshot)?;
        forget(w, &snapshot.id)?;
        Ok::<_, Fault>(snapshot.state())
    })?;
    Ok(CompleteSnapshotResponse { status: Some(status.into()) })
}

/// What is kept only while a snapshot is written goes.
///
/// # Errors
/// Trouble with the store.
pub fn forget(w: &mut Writer, snapshot: &str) -> Result<(), Trouble> {
    let scope = w.caller.scope.clone();
    forget_in(w, &scope, snapshot)
}

fn forget_in(w: &mut Writer, scope: &Scope, snapshot: &str) -> Result<(), Trouble> {
    timers::cancel(w.tx, EXPIRE, scope, snapshot)?;
    for (key, _) in sums(w.store(), scope, snapshot)? {
        WRITTEN.delete(w.tx, scope, key)?;
    }
    Ok(())
}

/// Nothing has come for as long as the snapshot's time is: it is an error from now on.
///
/// # Errors
/// Trouble with the store.
pub fn abandon(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let id = timer.id.reader().str().unwrap_or_default();
    if let Some(mut snapshot) = Snapshot::TABLE.get(w.store(), &timer.scope, id.as_str())? {
        snapshot.writing = None;
        snapshot.failure = Some("The snapshot was not completed in time.".into());
        Snapshot::TABLE.put(w.tx, &timer.scope, id.as_str(), &snapshot)?;
    }
    forget_in(w, &timer.scope, &id)
}
