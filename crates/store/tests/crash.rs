//! Acknowledged writes are there after `kill -9`, whole transactions or nothing, however often it happens.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Options, Range, RawTable, Store};

static LEFT: RawTable = RawTable::new("test/left");
static RIGHT: RawTable = RawTable::new("test/right");

const FOLDER: &str = "KOGUMO_CRASH_TEST_FOLDER";
const WRITERS: usize = 3;
const ROUNDS: u64 = 25;

fn scope(writer: usize) -> Scope {
    Scope::new(format!("{writer:012}"), "r")
}

/// The child: writes numbers that go on where it was killed, and says each one after it was acknowledged.
/// Without the parent's folder there is nothing to do.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let fsync = folder.ends_with("fsync");
    let store = Store::open(Path::new(&folder), &Options { fsync, ..Options::default() }).expect("a store");
    thread::scope(|threads| {
        for writer in 0..WRITERS {
            let store = store.clone();
            threads.spawn(move || {
                let mut number = newest(&store, writer).map_or(0, |number| number + 1);
                loop {
                    let key = format!("{number:020}");
                    let value = vec![writer as u8; 700 + number as usize % 7000];
                    let written = store.write(|tx| {
                        LEFT.put(tx, &scope(writer), &key, value.as_slice());
                        RIGHT.put(tx, &scope(writer), &key, value.as_slice());
                        Ok::<_, Trouble>(())
                    });
                    written.expect("written");
                    let said = std::io::stdout().write_all(format!("\nwrote {writer} {number}\n").as_bytes());
                    said.expect("the parent listens");
                    number += 1;
                }
            });
        }
    });
}

fn newest(store: &Store, writer: usize) -> Option<u64> {
    let snapshot = store.read();
    let last = LEFT.scan(&snapshot, &scope(writer), &Range::all().reverse()).next()?;
    last.expect("readable").0.reader().str()?.parse().ok()
}

fn survives(fsync: bool) {
    let name = format!("kogumo-crash-{}{}", kogumo_base::hex_id(12), if fsync { "-fsync" } else { "" });
    let folder = std::env::temp_dir().join(name);
    let mut acknowledged = [None::<u64>; WRITERS];
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let listener = thread::spawn(move || said.lines().map_while(Result::ok).collect::<Vec<_>>());
        thread::sleep(Duration::from_millis(20 + round * 37 % 90));
        child.kill().expect("killed with SIGKILL");
        child.wait().expect("gone");
        for line in listener.join().expect("heard") {
            let mut words = line.split(' ');
            if let (Some("wrote"), Some(writer), Some(number)) = (words.next(), words.next(), words.next())
                && let (Ok(writer), Ok(number)) = (writer.parse::<usize>(), number.parse::<u64>())
            {
                acknowledged[writer] = acknowledged[writer].max(Some(number));
            }
        }
        check(&folder, &acknowledged);
    }
    assert!(acknowledged.iter().all(Option::is_some), "the children wrote nothing");
    std::fs::remove_dir_all(&folder).expect("removed");
}

fn check(folder: &Path, acknowledged: &[Option<u64>; WRITERS]) {
    let store = Store::open(folder, &Options::default()).expect("opens after a crash");
    let snapshot = store.read();
    for (writer, said) in acknowledged.iter().enumerate() {
        let rows =
            |table: &RawTable| table.scan(&snapshot, &scope(writer), &Range::all()).collect::<Result<Vec<_>, _>>();
        let (left, right) = (rows(&LEFT).expect("readable"), rows(&RIGHT).expect("readable"));
        assert!(left == right, "half a transaction of writer {writer}");
        for (number, (key, value)) in left.iter().enumerate() {
            assert_eq!(key.reader().str(), Some(format!("{number:020}")), "a hole in what writer {writer} wrote");
            assert_eq!(value.len(), 700 + number % 7000);
        }
        let there = left.len() as u64;
        assert!(said.is_none_or(|said| said < there), "writer {writer}: {said:?} was acknowledged, {there} are there");
    }
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    survives(false);
}

#[test]
fn acknowledged_writes_survive_kill_9_with_fsync() {
    survives(true);
}
