//! What every host must do: one suite for the real one and for the fake.

use std::time::{Duration, Instant};

use crate::{Ending, Host, Spec, State};

/// How long a machine may take for anything.
const SOON: Duration = Duration::from_secs(20);

/// A host under test, and machines for it.
pub trait Subject {
    fn host(&self) -> &dyn Host;
    /// A machine that boots, with a root volume of its own.
    fn spec(&self, id: &str) -> Spec;
}

/// Runs the suite.
///
/// # Panics
/// Where the host does not behave.
pub fn run(subject: &dyn Subject) {
    waits_for_its_boot_and_ends_in_order(subject);
    dies_when_killed_and_starts_again(subject);
    is_removed_while_it_runs(subject);
}

fn wait_for(host: &dyn Host, id: &str, what: &str, is: impl Fn(&State) -> bool) -> State {
    let begun = Instant::now();
    loop {
        let state = host.state(id);
        if is(&state) {
            return state;
        }
        assert!(begun.elapsed() < SOON, "{id} does not become {what}; it is {state:?}: {}", console(host, id));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn console(host: &dyn Host, id: &str) -> String {
    String::from_utf8_lossy(&host.console(id)).into_owned()
}

fn start(subject: &dyn Subject, id: &str) {
    let host = subject.host();
    let booted = |host| console(host, id).matches("Booting").count();
    let before = booted(host);
    let state = host.prepare(&subject.spec(id)).expect("it is prepared");
    assert!(matches!(state, State::Prepared { .. }), "{state:?}");
    host.boot(id).expect("it boots");
    wait_for(host, id, "running", |state| matches!(state, State::Running { .. }));
    let begun = Instant::now();
    while booted(host) == before {
        assert!(begun.elapsed() < SOON, "it prints nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn remove(host: &dyn Host, id: &str) {
    let troubles: Vec<String> = host.remove(id).iter().map(ToString::to_string).collect();
    assert!(troubles.is_empty(), "{troubles:?}");
    assert_eq!(host.state(id), State::Absent);
    assert!(!host.list().contains(&id.to_owned()));
}

fn waits_for_its_boot_and_ends_in_order(subject: &dyn Subject) {
    let (host, id) = (subject.host(), "i-0000000000000000a");
    assert_eq!(host.state(id), State::Absent);
    start(subject, id);
    let again = host.prepare(&subject.spec(id)).expect("a machine that runs is answered");
    assert!(matches!(again, State::Running { .. }), "{again:?}");
    assert!(host.usage(id).is_some(), "it is metered");
    host.shut_down(id);
    wait_for(host, id, "off", |state| *state == State::Ended(Ending::PowerOff));
    assert_eq!(host.usage(id), None);
    assert!(host.list().contains(&id.to_owned()));
    remove(host, id);
    remove(host, id);
}

fn dies_when_killed_and_starts_again(subject: &dyn Subject) {
    let (host, id) = (subject.host(), "i-0000000000000000b");
    start(subject, id);
    host.kill(id);
    wait_for(host, id, "killed", |state| *state == State::Ended(Ending::Killed));
    start(subject, id);
    assert_eq!(console(host, id).matches("Booting").count(), 2, "the console of the first boot stays");
    remove(host, id);
}

fn is_removed_while_it_runs(subject: &dyn Subject) {
    let (host, id) = (subject.host(), "i-0000000000000000c");
    start(subject, id);
    remove(host, id);
}
