//! The store itself: opening, reading, writing, emptying, and waking those who wait for changes.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use kogumo_base::Trouble;
use tokio::sync::watch;

use crate::changes::{Changes, Latest};
use crate::ephemeral::Folder;
use crate::group_commit::GroupCommit;
use crate::{Range, Read, Snapshot, Transaction};

/// Rows written since the last flush are held in memory up to this size: small, so that the program stays small.
const WRITE_BUFFER_BYTES: u64 = 16 << 20;
/// The journal that has not been folded into tables yet; the engine's least.
const JOURNAL_BYTES: u64 = 64 << 20;
/// Up to so many rows are deleted one by one, which takes microseconds; more are dropped by the engine, which takes
/// some fsyncs.
const FEW_ROWS: usize = 1000;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether a write is answered only once it is on disk (group commit). Without it an acknowledged write
    /// survives the end of the process at any moment, but not a power failure.
    pub fsync: bool,
    /// Bytes of memory for blocks read from disk.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { fsync: false, cache_bytes: 8 << 20 }
    }
}

/// The store. Clones share it. See the crate's page for the use of it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    keys: Keyspace,
    database: Database,
    /// Writers take turns, so every history is serial. The engine behind this type may change to one that
    /// detects conflicts instead: that is why a write's closure can be run again.
    turn: Mutex<()>,
    latest: watch::Sender<Latest>,
    group_commit: Option<GroupCommit>,
    /// Declared last: removed after the database has been closed.
    _folder: Option<Folder>,
}

impl Store {
    /// Opens the store in the folder `path`, or makes it. One process at a time may have it open.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Trouble> {
        Store::open_in(path, options, None)
    }

    /// A store in a temporary folder that goes away with the last clone.
    pub fn ephemeral() -> Result<Self, Trouble> {
        let folder = Folder::new()?;
        let path = folder.path.join("store");
        Store::open_in(&path, &Options::default(), Some(folder))
    }

    fn open_in(path: &Path, options: &Options, folder: Option<Folder>) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::from_cause(format!("cannot open the store in {}", path.display()), error);
        let database = Database::builder(path)
            .worker_threads(1)
            .cache_size(options.cache_bytes)
            .max_journaling_size(JOURNAL_BYTES)
            .open()
            .map_err(trouble)?;
        // All tables share one keyspace, so that there is one write buffer and one set of files however many there are.
        let shape = || KeyspaceCreateOptions::default().max_memtable_size(WRITE_BUFFER_BYTES);
        let keys = database.keyspace("kogumo", shape).map_err(trouble)?;
        Ok(Store(Arc::new(Inner {
            keys,
            database,
            turn: Mutex::default(),
            latest: watch::Sender::default(),
            group_commit: options.fsync.then(GroupCommit::default),
            _folder: folder,
        })))
    }

    /// The store as it is now.
    pub fn read(&self) -> Snapshot {
        // The number first: the view may hold more than it says, never less.
        let generation = self.generation();
        Snapshot::new(self.0.database.snapshot(), self.0.keys.clone(), generation)
    }

    /// Runs `work` and makes its changes, all at once; if it answers an error, nothing has happened.
    ///
    /// Transactions are serialisable. `work` must do nothing but read and change the transaction: it may be run
    /// again on a conflict, and it must not write to the store by another way, which would wait for itself.
    pub fn write<R, E: From<Trouble>>(&self, mut work: impl FnMut(&mut Transaction) -> Result<R, E>) -> Result<R, E> {
        let (answer, generation) = {
            let _arrival = self.0.group_commit.as_ref().map(GroupCommit::arrive);
            let _turn = self.turn();
            let mut transaction = Transaction::new(self.read());
            let answer = work(&mut transaction)?;
            (answer, self.commit(transaction)?)
        };
        self.wait_for_disk(generation)?;
        Ok(answer)
    }

    /// Runs `work` in a transaction that is thrown away: what it would answer.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn rehearse<R, E>(&self, work: impl FnOnce(&mut Transaction) -> Result<R, E>) -> Result<R, E> {
        work(&mut Transaction::new(self.read()))
    }

    /// Removes everything.
    pub fn clear(&self) -> Result<(), Trouble> {
        let trouble = |error| Trouble::from_cause("cannot empty the store", error);
        let few = self.write(|transaction| {
            let first = transaction.scan_raw(&Range::all()).take(FEW_ROWS + 1).map(|row| Ok(row?.0.to_vec()));
            let first: Vec<_> = first.collect::<Result<_, Trouble>>()?;
            let few = first.len() <= FEW_ROWS;
            if few {
                first.into_iter().for_each(|key| transaction.delete_raw(key));
            }
            Ok::<_, Trouble>(few)
        })?;
        if few {
            return Ok(());
        }
        let generation = {
            let _turn = self.turn();
            self.0.keys.clear().map_err(trouble)?;
            self.0.latest.send_modify(Latest::empty);
            self.generation()
        };
        self.wait_for_disk(generation)
    }

    /// Moves what is in memory into its files, so that the next start has nothing to read again. For an orderly end:
    /// without it nothing is lost, the next start takes longer.
    pub fn settle(&self) -> Result<(), Trouble> {
        let _turn = self.turn();
        let trouble = |error| Trouble::from_cause("cannot write the store to its files", error);
        self.0.keys.rotate_memtable_and_wait().map_err(trouble)
    }

    /// How many commits there have been since the store was opened.
    pub fn generation(&self) -> u64 {
        self.0.latest.borrow().generation()
    }

    /// How many there had been when records of these services were changed last, as tables name them.
    pub fn generation_of(&self, services: &[&str]) -> u64 {
        self.0.latest.borrow().of(services)
    }

    /// Follows every commit.
    pub fn changes(&self) -> Changes {
        self.changes_of(&[])
    }

    /// Follows the commits that touch the tables of some services, as tables name them: `&["lambda", "sqs"]`.
    pub fn changes_of(&self, services: &'static [&'static str]) -> Changes {
        Changes::new(self.0.latest.subscribe(), services)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        // A handler that panicked has changed nothing: its transaction went with it.
        self.0.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the changes in one journal entry and answers the generation that holds them. The caller has the turn.
    fn commit(&self, transaction: Transaction) -> Result<u64, Trouble> {
        let changes = transaction.into_changes();
        if changes.is_empty() {
            return Ok(0);
        }
        // By default a batch is handed to the operating system when it commits, which is what survives `kill -9`.
        let mut batch = self.0.database.batch();
        for (key, value) in &changes {
            match value {
                Some(value) => batch.insert(&self.0.keys, key.as_slice(), value.clone()),
                None => batch.remove(&self.0.keys, key.as_slice()),
            }
        }
        batch.commit().map_err(|error| Trouble::from_cause("cannot write to the store", error))?;
        self.0.latest.send_modify(|latest| latest.commit(changes.keys().map(Vec::as_slice)));
        Ok(self.generation())
    }

    fn wait_for_disk(&self, generation: u64) -> Result<(), Trouble> {
        let Some(group) = &self.0.group_commit else { return Ok(()) };
        group.wait_for(
            generation,
            || self.generation(),
            || {
                let synced = self.0.database.persist(PersistMode::SyncData);
                synced.map_err(|error| Trouble::from_cause("cannot write the store to disk", error))
            },
        )
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store at generation {}", self.generation())
    }
}
