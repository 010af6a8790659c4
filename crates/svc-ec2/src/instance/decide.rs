//! What is to be done so that a machine becomes what its instance's record says: a pure decision.

use kogumo_machine::{Ending, State as Seen};

use super::record::State;

/// One step towards what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Make the machine, connect its network, boot it.
    Start,
    /// The same from the connecting on.
    Boot,
    ShutDown,
    /// The record follows: the machine is there.
    IsRunning,
    /// It has shut down by itself: the shutdown behaviour says what that means.
    EndedInside,
    IsStopped,
    IsTerminated,
    /// A machine that runs, whose interfaces are not those of its instance any more.
    Connect,
    /// A machine of an instance that has none.
    Remove,
}

/// Decides over one instance.
pub fn decide(wanted: State, reboot: bool, seen: &Seen) -> Step {
    match (wanted, seen) {
        (State::Pending | State::Running, Seen::Absent) => Step::Start,
        (State::Pending | State::Running, Seen::Prepared { .. }) => Step::Boot,
        (State::Pending, Seen::Running { .. }) => Step::IsRunning,
        (State::Pending, Seen::Ended(_)) => Step::Start,
        (State::Running, Seen::Running { .. }) if reboot => Step::ShutDown,
        (State::Running, Seen::Running { .. }) => Step::Nothing,
        (State::Running, Seen::Ended(Ending::PowerOff)) if !reboot => Step::EndedInside,
        (State::Running, Seen::Ended(_)) => Step::Start,
        (State::Stopping | State::ShuttingDown, Seen::Running { .. } | Seen::Prepared { .. }) => Step::ShutDown,
        (State::Stopping, _) => Step::IsStopped,
        (State::ShuttingDown, _) => Step::IsTerminated,
        (State::Stopped | State::Terminated, Seen::Absent) => Step::Nothing,
        (State::Stopped | State::Terminated, _) => Step::Remove,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Seen {
        Seen::Running { network: "/proc/1/ns/net".into() }
    }

    #[test]
    fn a_launch_goes_through_its_steps() {
        let prepared = Seen::Prepared { network: "/proc/1/ns/net".into() };
        assert_eq!(decide(State::Pending, false, &Seen::Absent), Step::Start);
        assert_eq!(decide(State::Pending, false, &prepared), Step::Boot);
        assert_eq!(decide(State::Pending, false, &running()), Step::IsRunning);
        assert_eq!(decide(State::Running, false, &running()), Step::Nothing);
    }

    #[test]
    fn what_ends_by_itself_is_started_again_or_not() {
        assert_eq!(decide(State::Running, false, &Seen::Ended(Ending::PowerOff)), Step::EndedInside);
        assert_eq!(decide(State::Running, false, &Seen::Ended(Ending::Reboot)), Step::Start);
        assert_eq!(decide(State::Running, false, &Seen::Ended(Ending::Killed)), Step::Start);
        assert_eq!(decide(State::Running, true, &running()), Step::ShutDown);
        assert_eq!(decide(State::Running, true, &Seen::Ended(Ending::PowerOff)), Step::Start);
    }

    #[test]
    fn a_machine_of_nobody_goes() {
        assert_eq!(decide(State::Stopped, false, &running()), Step::Remove);
        assert_eq!(decide(State::Terminated, false, &Seen::Absent), Step::Nothing);
        assert_eq!(decide(State::ShuttingDown, false, &Seen::Absent), Step::IsTerminated);
    }
}
