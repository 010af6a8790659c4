//! A network that is only thought of: packets are decided about by `kogumo_netmodel::decide`.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kogumo_base::Trouble;
use kogumo_netmodel::{Cause, Origin, Packet, Topology, Verdict, decide};

use crate::{Guest, Net};

/// For tests of whatever drives a network.
#[derive(Default)]
pub struct Fake(Mutex<State>);

#[derive(Default)]
struct State {
    topology: Topology,
    attached: BTreeSet<String>,
}

impl Fake {
    /// What would happen to a packet. Interfaces to which nobody is attached neither send nor receive.
    ///
    /// # Errors
    /// The sender is not attached.
    pub fn send(&self, packet: &Packet) -> Result<Verdict, Cause> {
        let state = self.state();
        if let Origin::Interface(id) = &packet.from
            && !state.attached.contains(id)
        {
            return Err(Cause::Down { interface: id.clone() });
        }
        let mut topology = state.topology.clone();
        topology.interfaces.retain(|id, _| state.attached.contains(id));
        Ok(decide(&topology, packet))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Net for Fake {
    fn realise(&self, topology: &Topology) -> Result<(), Trouble> {
        self.state().topology = topology.clone();
        Ok(())
    }

    fn attach(&self, interface: &str, _guest: Guest) -> Result<(), Trouble> {
        self.state().attached.insert(interface.to_owned());
        Ok(())
    }

    fn detach(&self, interface: &str) -> Result<(), Trouble> {
        self.state().attached.remove(interface);
        Ok(())
    }

    fn attached(&self) -> Vec<String> {
        self.state().attached.iter().cloned().collect()
    }

    fn stop(&self) -> Result<(), Trouble> {
        *self.state() = State::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use kogumo_netmodel::{Header, Protocol};

    use super::*;
    use crate::Namespace;
    use crate::suite::{self, Bench};

    impl Bench for Fake {
        fn net(&self) -> &dyn Net {
            self
        }

        fn guest(&self, _interface: &str) -> Guest {
            Guest { namespace: Namespace::current().expect("our own"), device: "eth0".into(), default_route: true }
        }

        fn reaches(&self, from: &str, to: IpAddr) -> bool {
            let source = self.state().topology.interfaces.get(from).and_then(|own| own.primary(to.is_ipv4()));
            let Some(source) = source else { return false };
            let protocol = Protocol::Tcp { source: 40000, destination: 80 };
            let header = Header { source, destination: to, protocol };
            let packet = Packet { from: Origin::Interface(from.to_owned()), header };
            self.send(&packet).is_ok_and(|verdict| verdict.connects())
        }
    }

    #[test]
    fn the_fake_behaves() {
        suite::check(&Fake::default());
    }
}
