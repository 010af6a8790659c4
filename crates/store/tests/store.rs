//! The store's promises one by one.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Changes, Key, Options, Range, RawTable, Store, Table, timers};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

static COUNTERS: Table<u64> = Table::new("test/counter");
static ROWS: RawTable = RawTable::new("test/row");

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

fn count(store: &Store) -> usize {
    ROWS.scan(&store.read(), &scope(), &Range::all()).count()
}

#[test]
fn concurrent_increments_are_all_counted() {
    for fsync in [false, true] {
        let folder = std::env::temp_dir().join(format!("kogumo-count-{}", kogumo_base::hex_id(12)));
        let store = Store::open(&folder, &Options { fsync, ..Options::default() }).expect("a store");
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..100 {
                        let increment = store.write(|tx| {
                            let now = COUNTERS.get(tx, &scope(), "c")?.unwrap_or(0);
                            COUNTERS.put(tx, &scope(), "c", &(now + 1))
                        });
                        increment.expect("counted");
                    }
                });
            }
        });
        assert_eq!(COUNTERS.get(&store.read(), &scope(), "c").expect("read"), Some(800));
        assert_eq!(store.generation(), 800);
        drop(store);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}

#[test]
fn write_skew_does_not_happen() {
    let store = Store::ephemeral().expect("a store");
    // Two doctors on call; each may leave if the other stays. Serial histories always keep one.
    for _ in 0..200 {
        let set = |name: &str, on_call: u64| store.write(|tx| COUNTERS.put(tx, &scope(), name, &on_call)).expect("set");
        set("a", 1);
        set("b", 1);
        thread::scope(|threads| {
            for (me, other) in [("a", "b"), ("b", "a")] {
                let store = &store;
                threads.spawn(move || {
                    let leave = store.write(|tx| match COUNTERS.get(tx, &scope(), other)? {
                        Some(1) => COUNTERS.put(tx, &scope(), me, &0),
                        _ => Err(Trouble::new("nobody else is there")),
                    });
                    leave.is_ok()
                });
            }
        });
        let snapshot = store.read();
        let on_call: u64 = ["a", "b"].iter().filter_map(|name| COUNTERS.get(&snapshot, &scope(), *name).ok()?).sum();
        assert_eq!(on_call, 1);
    }
}

#[test]
fn a_panic_in_a_transaction_changes_nothing_and_blocks_nobody() {
    let store = Store::ephemeral().expect("a store");
    let same = store.clone();
    let panicked = thread::spawn(move || {
        same.write(|tx| -> Result<(), Trouble> {
            ROWS.put(tx, &scope(), "a", b"1".as_slice());
            panic!("on purpose")
        })
    });
    assert!(panicked.join().is_err());
    assert_eq!(count(&store), 0);
    store.write(|tx| Ok::<_, Trouble>(ROWS.put(tx, &scope(), "b", b"2".as_slice()))).expect("goes on");
    assert_eq!(count(&store), 1);
}

#[test]
fn clearing_leaves_nothing_even_after_reopening() {
    let folder = std::env::temp_dir().join(format!("kogumo-clear-{}", kogumo_base::hex_id(12)));
    for rows in [3, 5000] {
        let store = Store::open(&folder, &Options::default()).expect("a store");
        let fill = || {
            store.write(|tx| {
                (0..rows).for_each(|row| ROWS.put(tx, &scope(), Key::new().u64(row), vec![1; 100]));
                Ok::<_, Trouble>(())
            })
        };
        fill().expect("filled");
        store.clear().expect("cleared");
        assert_eq!(count(&store), 0);
        store.write(|tx| Ok::<_, Trouble>(ROWS.put(tx, &scope(), "after", b"1".as_slice()))).expect("written");
        drop(store);
        let store = Store::open(&folder, &Options::default()).expect("the same store");
        assert_eq!(count(&store), 1);
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[tokio::test]
async fn commits_wake_those_who_wait_for_them() {
    let store = Store::ephemeral().expect("a store");
    let has_changed = async |changes: &mut Changes| timeout(Duration::ZERO, changes.changed()).await.is_ok();
    let (mut all, mut own, mut others) = (store.changes(), store.changes_of(&["test"]), store.changes_of(&["s3"]));
    store.write(|_| Ok::<_, Trouble>(())).expect("nothing written");
    assert!(!has_changed(&mut all).await);
    store.write(|tx| Ok::<_, Trouble>(ROWS.put(tx, &scope(), "a", b"1".as_slice()))).expect("written");
    assert_eq!(store.read().generation(), 1);
    assert!(has_changed(&mut all).await && has_changed(&mut own).await);
    assert!(!has_changed(&mut all).await && !has_changed(&mut own).await && !has_changed(&mut others).await);
    store.clear().expect("emptied");
    assert!(has_changed(&mut all).await && has_changed(&mut own).await);
    assert!(!has_changed(&mut others).await);
}

#[test]
fn a_second_process_is_refused() {
    let folder = std::env::temp_dir().join(format!("kogumo-lock-{}", kogumo_base::hex_id(12)));
    let store = Store::open(&folder, &Options::default()).expect("a store");
    assert!(Store::open(&folder, &Options::default()).is_err());
    drop(store);
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn old_records_can_be_read_after_a_field_was_added() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        name: String,
    }
    #[derive(Serialize, Deserialize)]
    struct New {
        #[serde(default)]
        tags: Vec<String>,
        name: String,
    }
    static OLD: Table<Old> = Table::new("test/grown");
    static NEW: Table<New> = Table::new("test/grown");
    let store = Store::ephemeral().expect("a store");
    store.write(|tx| OLD.put(tx, &scope(), "a", &Old { name: "n".into() })).expect("written");
    let new = NEW.get(&store.read(), &scope(), "a").expect("readable").expect("there");
    assert_eq!((new.name.as_str(), new.tags.len()), ("n", 0));
}

#[test]
fn timers_fall_due_in_order_and_can_be_moved_and_cancelled() {
    let store = Store::ephemeral().expect("a store");
    let put = |id: &str, due: i64| {
        store.write(|tx| timers::put(tx, Timestamp(due), "test", &scope(), id, id.as_bytes())).expect("set");
    };
    let due = |now: i64| {
        let due = timers::due(&store.read(), Timestamp(now), 10).expect("read");
        due.into_iter().map(|timer| timer.id.reader().str().expect("a name")).collect::<Vec<_>>()
    };
    put("late", 300);
    put("early", -100);
    put("moved", 50);
    put("moved", 200);
    assert_eq!(timers::next_due(&store.read()).expect("read"), Some(Timestamp(-100)));
    assert_eq!(due(-101), [""; 0]);
    assert_eq!(due(200), ["early", "moved"]);
    assert_eq!(due(300), ["early", "moved", "late"]);
    let cancelled = store.write(|tx| timers::cancel(tx, "test", &scope(), "moved")).expect("cancelled");
    assert_eq!(cancelled, Some(Timestamp(200)));
    assert_eq!(due(1000), ["early", "late"]);
    let timer = timers::due(&store.read(), Timestamp(0), 1).expect("read").remove(0);
    assert_eq!((timer.kind.as_str(), timer.scope, timer.payload), ("test", scope(), b"early".to_vec()));
}

#[test]
fn a_snapshot_can_be_read_from_other_threads() {
    let store = Store::ephemeral().expect("a store");
    store.write(|tx| Ok::<_, Trouble>(ROWS.put(tx, &scope(), "a", b"1".as_slice()))).expect("written");
    let snapshot = Arc::new(store.read());
    let same = snapshot.clone();
    let read = thread::spawn(move || ROWS.get(same.as_ref(), &scope(), "a"));
    assert_eq!(read.join().expect("no panic").expect("read").as_deref(), Some(b"1".as_slice()));
}

/// A record as it was, and as it is with a field more.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    name: String,
    size: Option<u64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct After {
    name: String,
    size: Option<u64>,
    #[serde(default)]
    colour: Option<String>,
}

#[test]
fn compact_tables_read_older_rows() {
    static NAMED: Table<Before> = Table::new("test/compact");
    static OLD: Table<Before> = Table::new("test/compact").compact();
    static NEW: Table<After> = Table::new("test/compact").compact();
    let store = Store::ephemeral().expect("a store");
    let before = |name: &str| Before { name: name.to_owned(), size: Some(3) };
    store
        .write(|tx| {
            NAMED.put(tx, &scope(), "named", &before("named"))?;
            OLD.put(tx, &scope(), "old", &before("old"))
        })
        .expect("written");
    for name in ["named", "old"] {
        let after = After { name: name.to_owned(), size: Some(3), colour: None };
        assert_eq!(NEW.get(&store.read(), &scope(), name).expect("read"), Some(after));
    }
}
