//! What every host has to do, real or fake: one suite of behaviour that both pass.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Exit, Host, Sandbox, Spec, Watcher};

/// A host under test, with the programs that the suite wants to run on it.
pub trait Subject {
    fn host(&self) -> &dyn Host;
    /// A sandbox, of that name, that does this, with 64 MiB of memory.
    fn spec(&self, name: &str, doing: Doing) -> Spec;
    /// How many sandboxes the machine still has something of.
    fn left_over(&self) -> u64;
}

/// What a program of the suite does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Writes `hello` and ends with status 3.
    Hello,
    /// Writes a dot every few milliseconds, for ever.
    Dots,
    /// Takes memory without end.
    Hog,
    /// Can't be started: there is no such program.
    Nothing,
}

const SOON: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(150);

/// Keeps what it hears.
#[derive(Default)]
pub struct Heard(Mutex<(Vec<u8>, Vec<Exit>)>);

impl Heard {
    /// All output until now.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner).0).into_owned()
    }

    /// The ends that were told: one, if all is well.
    pub fn exits(&self) -> Vec<Exit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

impl Watcher for Heard {
    fn output(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.extend_from_slice(bytes);
    }

    fn exited(&self, exit: Exit) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.push(exit);
    }
}

/// Runs the whole suite; panics, as a test does, where the host falls short.
pub fn run(subject: &dyn Subject) {
    tells_output_and_exit(subject);
    stands_still_while_frozen(subject);
    dies_when_killed(subject);
    dies_frozen_too(subject);
    kills_who_takes_too_much(subject);
    says_what_cannot_start(subject);
    goes_when_dropped(subject);
    keeps_sandboxes_apart(subject);
    assert_eq!(subject.left_over(), 0, "something is left");
}

fn start(subject: &dyn Subject, name: &str, doing: Doing) -> (Arc<dyn Sandbox>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    match subject.host().start(subject.spec(name, doing), Arc::clone(&heard) as Arc<dyn Watcher>) {
        Ok(sandbox) => (sandbox, heard),
        Err(trouble) => panic!("{doing:?} does not start: {trouble}"),
    }
}

fn close(sandbox: &dyn Sandbox) {
    let troubles: Vec<String> = sandbox.close().iter().map(ToString::to_string).collect();
    assert!(troubles.is_empty(), "closing failed: {troubles:?}");
}

fn wait_for_more(heard: &Heard, than: usize) {
    let start = std::time::Instant::now();
    while heard.text().len() <= than {
        assert!(start.elapsed() < SOON, "nothing more is written");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn tells_output_and_exit(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "hello", Doing::Hello);
    assert_eq!(sandbox.wait(SOON), Some(Exit::Code(3)));
    close(&*sandbox);
    assert_eq!(heard.text(), "hello\n");
    assert_eq!(heard.exits(), [Exit::Code(3)]);
    close(&*sandbox);
}

fn stands_still_while_frozen(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "frozen", Doing::Dots);
    wait_for_more(&heard, 3);
    for _ in 0..3 {
        sandbox.freeze().expect("it freezes");
        sandbox.drain();
        let before = heard.text().len();
        std::thread::sleep(A_WHILE);
        sandbox.drain();
        assert_eq!(heard.text().len(), before, "it went on while it was frozen");
        sandbox.thaw().expect("it thaws");
        wait_for_more(&heard, before);
    }
    assert_eq!(sandbox.wait(Duration::ZERO), None);
    close(&*sandbox);
}

fn dies_when_killed(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "killed", Doing::Dots);
    wait_for_more(&heard, 0);
    sandbox.kill();
    assert_eq!(sandbox.wait(SOON), Some(Exit::Signal(9)));
    close(&*sandbox);
    assert_eq!(heard.exits(), [Exit::Signal(9)]);
}

fn dies_frozen_too(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "frozen-killed", Doing::Dots);
    wait_for_more(&heard, 0);
    sandbox.freeze().expect("it freezes");
    close(&*sandbox);
    assert_eq!(heard.exits(), [Exit::Signal(9)]);
}

fn kills_who_takes_too_much(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "hog", Doing::Hog);
    assert_eq!(sandbox.wait(SOON), Some(Exit::OutOfMemory));
    close(&*sandbox);
    assert_eq!(heard.exits(), [Exit::OutOfMemory]);
}

fn says_what_cannot_start(subject: &dyn Subject) {
    let heard = Arc::new(Heard::default());
    let started = subject.host().start(subject.spec("nothing", Doing::Nothing), heard);
    let trouble = started.err().map(|trouble| trouble.to_string()).unwrap_or_default();
    assert!(trouble.contains("start the program"), "{trouble:?} does not name the step");
}

fn goes_when_dropped(subject: &dyn Subject) {
    let (sandbox, heard) = start(subject, "dropped", Doing::Dots);
    wait_for_more(&heard, 0);
    drop(sandbox);
    assert_eq!(heard.exits(), [Exit::Signal(9)]);
}

fn keeps_sandboxes_apart(subject: &dyn Subject) {
    let (one, _) = start(subject, "one", Doing::Dots);
    let (two, heard) = start(subject, "two", Doing::Dots);
    close(&*one);
    let before = heard.text().len();
    wait_for_more(&heard, before + 3);
    close(&*two);
}
