//! The host without a machine: states and consoles in memory. For tests of whoever asks for machines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kogumo_base::Trouble;

use crate::{Ending, Host, Lack, Spec, State, Usage};

/// Machines that boot at once, say so on their console, and do what they are told.
#[derive(Default)]
pub struct Fake {
    machines: Mutex<BTreeMap<String, Machine>>,
}

struct Machine {
    state: State,
    console: Vec<u8>,
    devices: BTreeMap<String, PathBuf>,
}

impl Fake {
    /// A host without machines.
    pub fn new() -> Fake {
        Fake::default()
    }

    /// What a program inside does that shuts its machine down.
    pub fn end_from_inside(&self, id: &str, ending: Ending) {
        self.end(id, ending);
    }

    /// The devices that a machine has been given.
    pub fn devices(&self, id: &str) -> Vec<String> {
        self.machines().get(id).map(|machine| machine.devices.keys().cloned().collect()).unwrap_or_default()
    }

    fn machines(&self) -> MutexGuard<'_, BTreeMap<String, Machine>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, id: &str, ending: Ending) {
        if let Some(machine) = self.machines().get_mut(id)
            && !matches!(machine.state, State::Ended(_))
        {
            machine.state = State::Ended(ending);
            machine.devices.clear();
        }
    }

    fn network(id: &str) -> PathBuf {
        PathBuf::from(format!("/nowhere/{id}"))
    }
}

fn no_machine(id: &str) -> Trouble {
    Trouble::new(format!("there is no machine {id}"))
}

impl Host for Fake {
    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    fn lacks_devices(&self) -> Option<Lack> {
        None
    }

    fn list(&self) -> Vec<String> {
        self.machines().keys().cloned().collect()
    }

    fn state(&self, id: &str) -> State {
        self.machines().get(id).map_or(State::Absent, |machine| machine.state.clone())
    }

    fn prepare(&self, spec: &Spec) -> Result<State, Trouble> {
        let mut machines = self.machines();
        let before = machines.remove(&spec.id);
        if let Some(running) = before.as_ref().filter(|machine| !matches!(machine.state, State::Ended(_))) {
            let state = running.state.clone();
            before.map(|machine| machines.insert(spec.id.clone(), machine));
            return Ok(state);
        }
        let state = State::Prepared { network: Fake::network(&spec.id) };
        let console = before.map(|machine| machine.console).unwrap_or_default();
        machines.insert(spec.id.clone(), Machine { state: state.clone(), console, devices: BTreeMap::new() });
        Ok(state)
    }

    fn boot(&self, id: &str) -> Result<(), Trouble> {
        let mut machines = self.machines();
        let machine = machines.get_mut(id).ok_or_else(|| no_machine(id))?;
        if let State::Prepared { network } = machine.state.clone() {
            machine.state = State::Running { network };
            machine.console.extend_from_slice(format!("[kogumo] Booting {id} as fake.\n").as_bytes());
        }
        Ok(())
    }

    fn shut_down(&self, id: &str) {
        self.end(id, Ending::PowerOff);
    }

    fn kill(&self, id: &str) {
        self.end(id, Ending::Killed);
    }

    fn remove(&self, id: &str) -> Vec<Trouble> {
        self.machines().remove(id);
        Vec::new()
    }

    fn console(&self, id: &str) -> Vec<u8> {
        self.machines().get(id).map(|machine| machine.console.clone()).unwrap_or_default()
    }

    fn usage(&self, id: &str) -> Option<Usage> {
        matches!(self.state(id), State::Running { .. }).then(Usage::default)
    }

    fn while_still(&self, _: &str, _: &Path, work: &mut dyn FnMut() -> Result<(), Trouble>) -> Result<(), Trouble> {
        work()
    }

    fn plug(&self, id: &str, name: &str, device: &Path) -> Result<(), Trouble> {
        let mut machines = self.machines();
        let machine = machines.get_mut(id).ok_or_else(|| no_machine(id))?;
        machine.devices.insert(name.to_owned(), device.to_owned());
        Ok(())
    }

    fn refresh(&self, _: &str, _: &str, _: &Path) {}

    fn unplug(&self, id: &str, name: &str) -> Result<(), Trouble> {
        if let Some(machine) = self.machines().get_mut(id) {
            machine.devices.remove(name);
        }
        Ok(())
    }
}
