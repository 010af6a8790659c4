//! Reading: which blocks a snapshot has, in which it differs from another, and their bytes.

use std::fs::File;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Trouble;
use kogumo_door::{Context, Reader};
use kogumo_model::ebs::*;
use kogumo_wire::Fault;
use kogumo_xts::Cipher;
use ring::digest;

use super::blocks::{self, Part};
use super::faults::{invalid, no_snapshot, of_kms};
use super::token::{self, LIFE_SECONDS, Sealer, Verdict};
use super::{BLOCK, lineage};
use crate::encryption;
use crate::instance::Files;
use crate::snapshot::{self, Snapshot};

/// As many as a page holds if the client does not say.
const PAGE: i32 = 10_000;
pub(super) const BLOCK_SIZE: i32 = BLOCK as i32;

/// A complete snapshot that the caller can use.
fn complete(r: &Reader, id: &str) -> Result<Snapshot, Fault> {
    let found = snapshot::find(r.store, r.scope(), id).map_err(|_| no_snapshot(id))?;
    if !found.made {
        let message = format!("The snapshot '{id}' is not completed.");
        return Err(invalid("INVALID_SNAPSHOT_ID", message));
    }
    Ok(found)
}

fn open(context: &Context, snapshot: &Snapshot) -> Result<File, Fault> {
    let path = Files::below(&context.cloud.settings.data).snapshot(&snapshot.id);
    if path.is_dir() {
        return Err(Fault::not_implemented("Blocks of a root volume of a cloud without root, which is a folder,"));
    }
    Ok(File::open(&path).map_err(|e| Trouble::from_cause(format!("cannot read {}", snapshot.id), e))?)
}

/// The block that a list begins with: what the token says goes before what the client says.
fn start(of: &str, page: Option<&str>, from: Option<i32>) -> Result<u32, Fault> {
    match page {
        Some(page) => {
            token::read_page(of, page).ok_or_else(|| invalid("INVALID_PAGE_TOKEN", "The page token is not valid."))
        }
        None => Ok(u32::try_from(from.unwrap_or_default()).unwrap_or_default()),
    }
}

fn most(wanted: Option<i32>) -> usize {
    usize::try_from(wanted.unwrap_or(PAGE)).unwrap_or_default()
}

fn index(block: u32) -> Option<i32> {
    i32::try_from(block).ok()
}

/// Runs what reads files where it may block.
pub(super) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Trouble> + Send + 'static,
) -> Result<R, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|error| Err(Trouble::from_cause("the work on a snapshot broke off", error)))?)
}

/// What a snapshot's blocks are encrypted with, opened by the caller's own right.
pub(super) async fn cipher(context: &Context, snapshot: &Snapshot) -> Result<Option<Cipher>, Fault> {
    let Some(encryption) = &snapshot.encryption else { return Ok(None) };
    let key = encryption::open_as_caller(context, encryption).await.map_err(|fault| of_kms(&fault))?;
    let cipher = Cipher::new(key.bytes()).ok_or_else(|| Trouble::new("KMS has opened another key than ours"))?;
    Ok(Some(cipher))
}

pub async fn list_snapshot_blocks(
    context: Context,
    input: ListSnapshotBlocksRequest,
) -> Result<ListSnapshotBlocksResponse, Fault> {
    let snapshot = context.read(|r| complete(r, &input.snapshot_id))?;
    let from = start(&snapshot.id, input.next_token.as_deref(), input.starting_block_index)?;
    let file = open(&context, &snapshot)?;
    let most = most(input.max_results);
    let Part { items, next } = blocking(move || blocks::list(&file, from, most)).await?;
    let sealer = Sealer::of(&context)?;
    let ends = context.now().plus_seconds(LIFE_SECONDS);
    let shown = items
        .into_iter()
        .map(|block| Block { block_index: index(block), block_token: Some(sealer.token(&snapshot.id, block, ends)) });
    Ok(ListSnapshotBlocksResponse {
        blocks: Some(shown.collect()),
        expiry_time: Some(ends),
        volume_size: Some(snapshot.volume_size.into()),
        block_size: Some(BLOCK_SIZE),
        next_token: next.map(|block| token::page(&snapshot.id, block)),
    })
}

pub async fn list_changed_blocks(
    context: Context,
    input: ListChangedBlocksRequest,
) -> Result<ListChangedBlocksResponse, Fault> {
    let missing = || invalid("INVALID_SNAPSHOT_ID", "FirstSnapshotId must be specified with SecondSnapshotId.");
    let first = input.first_snapshot_id.ok_or_else(missing)?;
    let (first, second) = context.read(|r| {
        let (first, second) = (complete(r, &first)?, complete(r, &input.second_snapshot_id)?);
        match lineage::is_one(r.store, r.scope(), &first, &second)? {
            true => Ok::<_, Fault>((first, second)),
            false => {
                let message = format!("The snapshots '{}' and '{}' are not related.", first.id, second.id);
                Err(invalid("UNRELATED_SNAPSHOTS", message))
            }
        }
    })?;
    if first.volume_size > second.volume_size {
        let message = "The volume of the second snapshot is smaller than that of the first.";
        return Err(invalid("INVALID_VOLUME_SIZE", message));
    }
    let list = format!("{} {}", first.id, second.id);
    let from = start(&list, input.next_token.as_deref(), input.starting_block_index)?;
    let files = (open(&context, &first)?, open(&context, &second)?);
    let most = most(input.max_results);
    let Part { items, next } = blocking(move || blocks::compare(&files.0, &files.1, from, most)).await?;
    let sealer = Sealer::of(&context)?;
    let ends = context.now().plus_seconds(LIFE_SECONDS);
    let shown = items.into_iter().map(|one| ChangedBlock {
        block_index: index(one.block),
        first_block_token: one.in_first.then(|| sealer.token(&first.id, one.block, ends)),
        // What the second has no more reads as zeros there.
        second_block_token: Some(sealer.token(&second.id, one.block, ends)),
    });
    Ok(ListChangedBlocksResponse {
        changed_blocks: Some(shown.collect()),
        expiry_time: Some(ends),
        volume_size: Some(second.volume_size.into()),
        block_size: Some(BLOCK_SIZE),
        next_token: next.map(|block| token::page(&list, block)),
    })
}

pub async fn get_snapshot_block(
    context: Context,
    input: GetSnapshotBlockRequest,
) -> Result<GetSnapshotBlockResponse, Fault> {
    let snapshot = context.read(|r| complete(r, &input.snapshot_id))?;
    let block = u32::try_from(input.block_index).unwrap_or_default();
    match Sealer::of(&context)?.judge(&input.block_token, &snapshot.id, block, context.now()) {
        Verdict::Good => {}
        Verdict::Expired => return Err(invalid("INVALID_BLOCK_TOKEN", "The block token has expired.")),
        Verdict::Wrong => return Err(invalid("INVALID_BLOCK_TOKEN", "The block token is not valid for this block.")),
    }
    let file = open(&context, &snapshot)?;
    let cipher = cipher(&context, &snapshot).await?;
    let data = blocking(move || blocks::read(&file, block, cipher.as_ref())).await?;
    Ok(GetSnapshotBlockResponse {
        data_length: Some(BLOCK_SIZE),
        checksum: Some(STANDARD.encode(digest::digest(&digest::SHA256, &data))),
        checksum_algorithm: Some("SHA256".into()),
        block_data: Bytes::from(data).into(),
    })
}
