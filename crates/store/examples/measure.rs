//! Measures the store on this machine: `cargo run --release -p kogumo-store --example measure`.
//! The figures of docs/adr/0001-store-engine.md were made with it.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use std::{fs, thread};

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Key, Options, Range, RawTable, Store};

static ITEMS: RawTable = RawTable::new("measure/item");
const MANY: u64 = 100_000;
const FEW: u64 = 100;

fn main() -> Result<(), Trouble> {
    let folder = std::env::temp_dir().join(format!("kogumo-measure-{}", kogumo_base::hex_id(8)));
    let open = |fsync| Store::open(&folder, &Options { fsync, ..Options::default() });
    println!("memory of the process            {:>10} KiB", memory());
    let store = timed("open, new", 1, || open(false))?;
    println!("memory, nothing stored           {:>10} KiB", memory());
    for number in 0..FEW {
        put(&store, "few", number)?;
    }
    timed("put 1 KiB, one commit each", MANY, || (0..MANY).try_for_each(|number| put(&store, "many", spread(number))))?;
    println!("memory, 100,000 items            {:>10} KiB", memory());
    timed("get, of 100", 20_000, || (0..20_000).try_for_each(|number| get(&store, "few", number % FEW)))?;
    timed("get, of 100,000", 20_000, || (0..20_000).try_for_each(|number| get(&store, "many", spread(number))))?;
    timed("scan 100, of 100", 2000, || (0..2000).try_for_each(|_| scan(&store, "few", 0)))?;
    timed("scan 100, of 100,000, one place", 2000, || (0..2000).try_for_each(|_| scan(&store, "many", 5000)))?;
    timed("scan 100, of 100,000, spread", 2000, || {
        (0..2000).try_for_each(|number| scan(&store, "many", spread(number).min(MANY - FEW)))
    })?;
    timed("close", 1, || drop(store));
    let store = timed("open, 100,000 items", 1, || open(true))?;
    timed("put, fsync, one writer", 500, || (0..500).try_for_each(|number| put(&store, "synced", number)))?;
    timed("put, fsync, 16 writers", 16 * 500, || {
        thread::scope(|threads| {
            let writers: Vec<_> = (0..16)
                .map(|writer| (writer * 500, store.clone()))
                .map(|(from, store)| {
                    threads.spawn(move || (from..from + 500).try_for_each(|n| put(&store, "synced", n)))
                })
                .collect();
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or_else(|_| Err(Trouble::new("a panic"))))
        })
    })?;
    timed("clear, 100,000 items", 1, || store.clear())?;
    drop(store);
    let store = open(false)?;
    for number in 0..20 {
        put(&store, "few", number)?;
    }
    timed("clear, 20 items", 1, || store.clear())?;
    drop(store);
    timed("open, emptied", 1, || open(false))?;
    fs::remove_dir_all(&folder).map_err(|error| Trouble::from_cause("cannot clean up", error))
}

/// A number far from those of its neighbours (7919 is prime to 100,000).
fn spread(number: u64) -> u64 {
    number * 7919 % MANY
}

fn scope() -> Scope {
    Scope::new("000000000000", "ap-northeast-1")
}

fn put(store: &Store, table: &str, number: u64) -> Result<(), Trouble> {
    store.write(|tx| {
        ITEMS.put(tx, &scope(), Key::new().str(table).u64(number), [7; 1024].as_slice());
        Ok(())
    })
}

fn get(store: &Store, table: &str, number: u64) -> Result<(), Trouble> {
    let value = ITEMS.get(&store.read(), &scope(), Key::new().str(table).u64(number))?;
    value.map(|_| ()).ok_or_else(|| Trouble::new("an item is missing"))
}

fn scan(store: &Store, table: &str, from: u64) -> Result<(), Trouble> {
    let range = Range::prefix(table).from(Key::new().str(table).u64(from));
    let snapshot = store.read();
    for row in ITEMS.scan(&snapshot, &scope(), &range).take(100) {
        black_box(row?);
    }
    Ok(())
}

fn timed<R>(what: &str, times: u64, work: impl FnOnce() -> R) -> R {
    let begin = Instant::now();
    let answer = work();
    println!("{what:<32} {:>10.2} µs", begin.elapsed().as_secs_f64() * 1e6 / times as f64);
    answer
}

/// Resident memory in KiB; 0 where the system does not tell.
fn memory() -> u64 {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
