//! The bytes of objects. Small ones are rows of the store, written in the same transaction as their record; large ones
//! are files of an `object_store`, written before their record commits and removed after it is gone.
//!
//! A file without a row in [`FILES`] that nobody is writing is an orphan of a crash: [`Blobs::sweep`] removes it.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use kogumo_base::{Trouble, hex_id};
use kogumo_sigv4::{Checksum, ChecksumAlgorithm};
use kogumo_store::{Range, RawTable, Snapshot, Store, Transaction};
use kogumo_wire::Body;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::record::{EVERYWHERE, Part};
use crate::sse::Cipher;

/// Up to this many bytes are kept in the store: reading a row is quicker than opening a file.
const SMALL: u64 = 16 << 10;
/// What is gathered before it is written: the least that every backend of `object_store` takes as a part.
const PIECE: usize = 5 << 20;
/// What is read at a time.
const CHUNK: u64 = 1 << 20;
/// Bytes of memory for files that were read whole, none of them larger than a chunk.
const REMEMBERED: u64 = 32 << 20;

/// Small blobs by id.
static SMALL_BYTES: RawTable = RawTable::new("s3/small-bytes");
/// The files that records refer to, by id.
static FILES: RawTable = RawTable::new("s3/file");
/// The files that nothing refers to any more, by id.
static GARBAGE: RawTable = RawTable::new("s3/garbage");

/// Where bytes are put and found again.
pub struct Blobs {
    files: Arc<dyn ObjectStore>,
    /// The folder of the files, if they are in one.
    folder: Option<PathBuf>,
    /// Whether the orphans of an earlier process are gone.
    orphans_swept: AtomicBool,
    /// Files on their way, which a sweep must spare.
    writing: Arc<Mutex<HashSet<String>>>,
    /// Files by their ids, which are never given again. Reading them anew would copy each byte once more.
    remembered: Cache<String, Bytes, Length>,
}

/// Weighs what is remembered by its bytes.
#[derive(Clone)]
struct Length;

impl Weighter<String, Bytes> for Length {
    fn weight(&self, _: &String, bytes: &Bytes) -> u64 {
        bytes.len() as u64
    }
}

/// Bytes that have come in, and that no record refers to yet. Dropping it leaves them to the sweep.
pub struct Fresh {
    pub part: Part,
    /// MD5, 16 bytes.
    pub md5: Vec<u8>,
    /// The checksums that were asked for, in their order.
    pub sums: Vec<Vec<u8>>,
    small: Option<Bytes>,
    _writing: Writing,
}

struct Writing {
    id: String,
    all: Arc<Mutex<HashSet<String>>>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        locked(&self.all).remove(&self.id);
    }
}

/// Why bytes did not come in.
#[derive(Debug)]
pub enum Unreceived {
    /// More than were allowed.
    TooLarge,
    /// The client's side broke off, or its signature or checksum is wrong.
    Broken(Trouble),
    /// Our side failed.
    Ours(Trouble),
}

impl From<Trouble> for Unreceived {
    fn from(trouble: Trouble) -> Self {
        Unreceived::Ours(trouble)
    }
}

impl Blobs {
    /// Files wherever `object_store` reaches.
    pub fn new(files: Arc<dyn ObjectStore>) -> Self {
        let few = (REMEMBERED / CHUNK) as usize;
        Blobs {
            files,
            folder: None,
            orphans_swept: AtomicBool::new(false),
            writing: Arc::default(),
            remembered: Cache::with_weighter(few, REMEMBERED, Length),
        }
    }

    /// Files in a local folder, which is made with the first one.
    ///
    /// # Errors
    /// A path that cannot be made absolute.
    pub fn in_folder(folder: &std::path::Path, fsync: bool) -> Result<Self, Trouble> {
        let unfit = |error| Trouble::from_cause(format!("cannot keep objects in {}", folder.display()), error);
        let folder = std::path::absolute(folder).map_err(unfit)?;
        let prefix = Path::from_absolute_path(&folder).map_err(|error| unfit(std::io::Error::other(error)))?;
        let local = LocalFileSystem::new().with_fsync(fsync);
        let files = Arc::new(PrefixStore::new(local, prefix));
        Ok(Blobs { folder: Some(folder), ..Blobs::new(files) })
    }

    /// Makes the files match the records: garbage goes at once, orphans once after each start.
    ///
    /// # Errors
    /// Trouble with the store or the files.
    pub async fn reconcile(&self, store: &Store) -> Result<(), Trouble> {
        if !self.orphans_swept.load(Ordering::Relaxed) {
            self.sweep_unfinished().await?;
            self.sweep(store, true).await?;
            self.orphans_swept.store(true, Ordering::Relaxed);
        }
        self.sweep(store, false).await
    }

    /// Removes what a killed process has left of files that it was writing (`id#1`); `object_store` does not list them.
    async fn sweep_unfinished(&self) -> Result<(), Trouble> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let writing = self.writing.clone();
        let sweep = move || {
            let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
            for file in inside(folder).flat_map(|entry| inside(entry.path())) {
                let name = file.file_name();
                let id = name.to_str().and_then(|name| name.split_once('#')).map(|(id, _)| id);
                if id.is_some_and(|id| !locked(&writing).contains(id)) {
                    let _ = fs::remove_file(file.path());
                }
            }
        };
        let swept = tokio::task::spawn_blocking(sweep).await;
        swept.map_err(|error| Trouble::from_cause("cannot sweep the folder of objects", error))
    }

    /// Takes a body in, up to `limit` bytes, and sums it up on the way; what is kept of it goes through the cipher, if
    /// there is one. A large one is never held whole.
    pub async fn receive(
        &self,
        mut body: Body,
        limit: u64,
        algorithms: &[ChecksumAlgorithm],
        cipher: Option<&Cipher>,
    ) -> Result<Fresh, Unreceived> {
        if body.length().is_some_and(|length| length > limit) {
            return Err(Unreceived::TooLarge);
        }
        let mut md5 = Checksum::new(ChecksumAlgorithm::Md5);
        let mut sums: Vec<_> = algorithms.iter().map(|algorithm| Checksum::new(*algorithm)).collect();
        let digits = hex_id(31);
        let mut piece = Piece::default();
        let mut size = 0;
        let mut file: Option<Upload> = None;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(Unreceived::Broken)?;
            let offset = size;
            size += chunk.len() as u64;
            if size > limit {
                return Err(Unreceived::TooLarge);
            }
            md5.update(&chunk);
            sums.iter_mut().for_each(|sum| sum.update(&chunk));
            piece.push(match cipher {
                Some(cipher) => cipher.turn(&digits, offset, chunk),
                None => chunk,
            });
            if piece.length >= PIECE {
                let upload = match &mut file {
                    Some(upload) => upload,
                    None => file.insert(self.begin(&digits).await?),
                };
                upload.parts.put_part(piece.take()).await.map_err(trouble)?;
            }
        }
        let (writing, small) = match file {
            Some(mut upload) => {
                if piece.length > 0 {
                    upload.parts.put_part(piece.take()).await.map_err(trouble)?;
                }
                upload.parts.complete().await.map_err(trouble)?;
                (upload.writing, None)
            }
            None if size <= SMALL => (self.writing('s', &digits), Some(piece.joined())),
            None => {
                let writing = self.writing('f', &digits);
                self.files.put(&path(&writing.id), piece.take()).await.map_err(trouble)?;
                (writing, None)
            }
        };
        Ok(Fresh {
            part: Part { number: 1, size, blob: writing.id.clone(), checksum: None },
            md5: md5.finish(),
            sums: sums.into_iter().map(Checksum::finish).collect(),
            small,
            _writing: writing,
        })
    }

    /// Reads from `first` to `last` (both included) of the parts in a row. What fits is read at once, more
    /// is streamed. The cipher is the one that they came in through.
    pub async fn read(
        &self,
        read: &Snapshot,
        parts: &[Part],
        first: u64,
        last: u64,
        cipher: Option<Cipher>,
    ) -> Result<Body, Trouble> {
        let mut spans = spans(parts, first, last);
        if let [span] = spans.as_slice()
            && span.length() <= CHUNK
        {
            let size = parts.iter().find(|part| part.blob == span.blob).map_or(0, |part| part.size);
            let bytes = self.span(read, span, size).await?;
            return Ok(Body::from(span.turned(cipher.as_ref(), bytes)));
        }
        // Rows of the store are read now, under the one snapshot; they are small.
        for span in &mut spans {
            if is_small(&span.blob) {
                span.ready = Some(small_bytes(read, span)?);
            }
        }
        let files = self.files.clone();
        let chunks = stream::iter(spans.into_iter().flat_map(Span::chunks)).then(move |chunk| {
            let (files, cipher) = (files.clone(), cipher.clone());
            async move { Ok(chunk.turned(cipher.as_ref(), chunk.fetch(files.as_ref()).await?)) }
        });
        Ok(Body::Stream(Box::pin(chunks), Some(last + 1 - first)))
    }

    /// A stretch of a chunk at most. `size` is that of the whole blob.
    async fn span(&self, read: &Snapshot, span: &Span, size: u64) -> Result<Bytes, Trouble> {
        if is_small(&span.blob) {
            return small_bytes(read, span);
        }
        let stretch = span.first as usize..span.end as usize;
        if let Some(bytes) = self.remembered.get(&span.blob).filter(|bytes| stretch.end <= bytes.len()) {
            return Ok(bytes.slice(stretch));
        }
        let bytes = span.fetch(self.files.as_ref()).await?;
        if span.length() == size {
            self.remembered.insert(span.blob.clone(), bytes.clone());
        }
        Ok(bytes)
    }

    /// Removes the files that are garbage and, with `orphans`, those that nothing refers to.
    pub async fn sweep(&self, store: &Store, orphans: bool) -> Result<(), Trouble> {
        let garbage: Vec<_> = {
            let snapshot = store.read();
            GARBAGE.scan(&snapshot, &EVERYWHERE, &Range::all()).collect::<Result<_, _>>()?
        };
        for (key, _) in garbage {
            let Some(id) = key.reader().str() else { continue };
            self.remove(&id).await?;
            store.write(|tx| {
                GARBAGE.delete(tx, &EVERYWHERE, &key);
                Ok::<_, Trouble>(())
            })?;
        }
        if orphans {
            let mut files = self.files.list(None);
            while let Some(file) = files.try_next().await.map_err(trouble)? {
                let id = file.location.filename().unwrap_or_default();
                // Looked at in this order: a file leaves the set of those on their way only after its row is there.
                let on_its_way = locked(&self.writing).contains(id);
                if !on_its_way && FILES.get(&store.read(), &EVERYWHERE, id)?.is_none() {
                    self.remove(id).await?;
                }
            }
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<(), Trouble> {
        self.remembered.remove(id);
        match self.files.delete(&path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(trouble(error)),
        }
    }

    async fn begin(&self, digits: &str) -> Result<Upload, Trouble> {
        let writing = self.writing('f', digits);
        let parts = self.files.put_multipart(&path(&writing.id)).await.map_err(trouble)?;
        Ok(Upload { parts, writing })
    }

    fn writing(&self, kind: char, digits: &str) -> Writing {
        let id = format!("{kind}{digits}");
        if kind == 'f' {
            locked(&self.writing).insert(id.clone());
        }
        Writing { id, all: self.writing.clone() }
    }
}

/// Makes fresh bytes last, in the transaction that makes a record refer to them.
pub fn keep(tx: &mut Transaction, fresh: &Fresh) {
    let id = fresh.part.blob.as_str();
    match &fresh.small {
        Some(bytes) => SMALL_BYTES.put(tx, &EVERYWHERE, id, &bytes[..]),
        None => FILES.put(tx, &EVERYWHERE, id, &[][..]),
    }
}

/// Lets bytes go, in the transaction that removes the record.
pub fn forget<'a>(tx: &mut Transaction, parts: impl IntoIterator<Item = &'a Part>) {
    for part in parts {
        let id = part.blob.as_str();
        if is_small(id) {
            SMALL_BYTES.delete(tx, &EVERYWHERE, id);
        } else {
            FILES.delete(tx, &EVERYWHERE, id);
            GARBAGE.put(tx, &EVERYWHERE, id, &[][..]);
        }
    }
}

/// A large body on its way into a file.
struct Upload {
    parts: Box<dyn object_store::MultipartUpload>,
    writing: Writing,
}

/// Chunks that are not written yet, as they came.
#[derive(Default)]
struct Piece {
    chunks: Vec<Bytes>,
    length: usize,
}

impl Piece {
    fn push(&mut self, chunk: Bytes) {
        self.length += chunk.len();
        self.chunks.push(chunk);
    }

    fn take(&mut self) -> PutPayload {
        self.length = 0;
        std::mem::take(&mut self.chunks).into_iter().collect()
    }

    fn joined(self) -> Bytes {
        match <[Bytes; 1]>::try_from(self.chunks) {
            Ok([chunk]) => chunk,
            Err(chunks) => {
                let mut joined = BytesMut::with_capacity(self.length);
                chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
                joined.freeze()
            }
        }
    }
}

/// A stretch of one blob, from `first` up to and without `end`.
#[derive(Clone, Debug)]
struct Span {
    blob: String,
    first: u64,
    end: u64,
    ready: Option<Bytes>,
}

impl Span {
    fn length(&self) -> u64 {
        self.end - self.first
    }

    fn chunks(self) -> impl Iterator<Item = Span> + Send {
        let step = if self.ready.is_some() { u64::MAX } else { CHUNK };
        let mut at = self.first;
        std::iter::from_fn(move || {
            let first = at;
            at = first.saturating_add(step).min(self.end);
            (first < at).then(|| Span { blob: self.blob.clone(), first, end: at, ready: self.ready.clone() })
        })
    }

    /// The stretch's bytes, as they were before they went through the cipher.
    fn turned(&self, cipher: Option<&Cipher>, bytes: Bytes) -> Bytes {
        match cipher {
            Some(cipher) => cipher.turn(self.blob.get(1..).unwrap_or_default(), self.first, bytes),
            None => bytes,
        }
    }

    async fn fetch(&self, files: &dyn ObjectStore) -> Result<Bytes, Trouble> {
        match &self.ready {
            Some(bytes) => Ok(bytes.clone()),
            None => files.get_range(&path(&self.blob), self.first..self.end).await.map_err(trouble),
        }
    }
}

/// The stretches that make up `first` to `last` (both included) of the parts in a row.
fn spans(parts: &[Part], first: u64, last: u64) -> Vec<Span> {
    let mut begin = 0u64;
    let mut spans = Vec::new();
    for part in parts {
        let end = begin + part.size;
        if first < end && begin <= last && part.size > 0 {
            let (from, to) = (first.max(begin) - begin, (last + 1).min(end) - begin);
            spans.push(Span { blob: part.blob.clone(), first: from, end: to, ready: None });
        }
        begin = end;
    }
    spans
}

fn small_bytes(read: &Snapshot, span: &Span) -> Result<Bytes, Trouble> {
    let value = SMALL_BYTES.get(read, &EVERYWHERE, span.blob.as_str())?;
    let (first, end) = (usize::try_from(span.first).ok(), usize::try_from(span.end).ok());
    let bytes = value.as_deref().and_then(|value| value.get(first?..end?));
    bytes.map(Bytes::copy_from_slice).ok_or_else(|| Trouble::new(format!("the bytes of blob {} are gone", span.blob)))
}

fn is_small(blob: &str) -> bool {
    blob.starts_with('s')
}

/// Spread over folders, so that none gets too large.
fn path(id: &str) -> Path {
    Path::from_iter([id.get(1..3).unwrap_or_default(), id])
}

fn trouble(error: object_store::Error) -> Trouble {
    Trouble::from_cause("cannot reach the bytes of objects", error)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn part(blob: &str, size: u64) -> Part {
        Part { number: 1, size, blob: blob.into(), checksum: None }
    }

    #[test]
    fn spans_cover_the_range() {
        let parts = [part("a", 10), part("empty", 0), part("b", 5), part("c", 7)];
        let of = |first, last| {
            spans(&parts, first, last).into_iter().map(|span| (span.blob, span.first, span.end)).collect::<Vec<_>>()
        };
        assert_eq!(of(0, 21), [("a".into(), 0, 10), ("b".into(), 0, 5), ("c".into(), 0, 7)]);
        assert_eq!(of(3, 3), [("a".into(), 3, 4)]);
        assert_eq!(of(9, 10), [("a".into(), 9, 10), ("b".into(), 0, 1)]);
        assert_eq!(of(15, 21), [("c".into(), 0, 7)]);
    }

    async fn round_trip(size: usize) {
        let blobs = Blobs::new(Arc::new(InMemory::new()));
        let store = Store::ephemeral().expect("a store");
        let bytes: Bytes = (0..size).map(|number| (number % 251) as u8).collect();
        let chunks: Vec<Result<Bytes, Trouble>> =
            bytes.chunks(70_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let body = Body::Stream(Box::pin(stream::iter(chunks)), None);
        let fresh = blobs.receive(body, u64::MAX, &[ChecksumAlgorithm::Sha256], None).await.expect("received");
        assert_eq!(fresh.md5, Checksum::of(ChecksumAlgorithm::Md5, &bytes));
        assert_eq!(fresh.sums, [Checksum::of(ChecksumAlgorithm::Sha256, &bytes)]);
        // While it is on its way a sweep spares it.
        blobs.sweep(&store, true).await.expect("swept");
        store.write(|tx| Ok::<_, Trouble>(keep(tx, &fresh))).expect("kept");
        let parts = [fresh.part.clone()];
        drop(fresh);
        blobs.sweep(&store, true).await.expect("swept");
        for (first, last) in [(0, size as u64 - 1), (size as u64 / 3, size as u64 / 2)] {
            let body = blobs.read(&store.read(), &parts, first, last, None).await.expect("read");
            assert_eq!(body.length(), Some(last + 1 - first));
            let read = body.collect(u64::MAX).await.expect("collected");
            assert_eq!(read, bytes.slice(first as usize..=last as usize));
        }
        store.write(|tx| Ok::<_, Trouble>(forget(tx, &parts))).expect("forgotten");
        blobs.sweep(&store, false).await.expect("swept");
        assert!(blobs.read(&store.read(), &parts, 0, 0, None).await.is_err());
    }

    #[tokio::test]
    async fn bytes_come_back_and_go() {
        for size in [1, 1024, 16 << 10, (16 << 10) + 1, 1 << 20, (12 << 20) + 5] {
            round_trip(size).await;
        }
    }

    #[tokio::test]
    async fn orphans_are_swept() {
        let blobs = Blobs::new(Arc::new(InMemory::new()));
        let store = Store::ephemeral().expect("a store");
        let body = || Body::from(Bytes::from(vec![1; 100_000]));
        let fresh = blobs.receive(body(), u64::MAX, &[], None).await.expect("received");
        let parts = [fresh.part.clone()];
        drop(fresh);
        blobs.sweep(&store, true).await.expect("swept");
        assert!(blobs.read(&store.read(), &parts, 0, 0, None).await.is_err());
        assert!(matches!(blobs.receive(body(), 99_999, &[], None).await, Err(Unreceived::TooLarge)));
    }
}
