//! Linux: brings a plan about.
//!
//! What was done is remembered, and the next plan is compared with it: nobody else changes these namespaces, since nobody
//! else can reach them. Where the kernel refuses a part, the VPC's namespace is thrown away and made anew by the next call.

mod cell;
mod conntrack;
mod flows;
mod guest;
mod house;
mod inet;
mod namespace;
mod netlink;
mod route;
mod router;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_netmodel::{Id, Public, Topology};

pub use flows::Counted;
pub use namespace::Namespace;

use crate::family;
use crate::plan::{self, Situation};
use crate::{Guest, Net};
use guest::Attached;
use house::House;
use inet::LiveInet;
use router::LiveRouter;

/// The kernel's network.
pub struct Linux(Mutex<State>);

struct State {
    host: Namespace,
    topology: Topology,
    /// As packets felt it last.
    felt: Topology,
    guests: BTreeMap<Id, Attached>,
    /// The interfaces among them that live in namespaces of our own.
    houses: BTreeMap<Id, House>,
    /// Counts guests, to tell a new one from an old one.
    guest_count: u64,
    routers: BTreeMap<Id, LiveRouter>,
    inet: Option<LiveInet>,
    /// Somebody will be attached soon: whoever asks for an address meanwhile shall not ask the world outside.
    expecting: bool,
    /// Interfaces whose devices do not take packets yet: their public addresses lead nowhere until they do, since an
    /// answer that there is nobody is better than a packet that is lost.
    rising: BTreeSet<Id>,
}

impl Linux {
    /// A network that is seen from the namespace that this thread is in, if this process may make a device there: from all of
    /// this machine. Else from a namespace of its own, which is entered by [`Linux::outside`]. Nothing is made until
    /// somebody is attached.
    ///
    /// # Errors
    /// This process may not make network namespaces.
    pub fn new() -> Result<Self, Trouble> {
        let here = Namespace::current()?;
        Self::seen_from(if here.is_ours() { here } else { Namespace::new()? })
    }

    /// Where this cloud's internet is seen from: the host's namespace, or one in the host's place.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn outside(&self) -> Result<Namespace, Trouble> {
        self.state().host.share()
    }

    /// Tries everything that a network needs, in namespaces that end with the trial.
    ///
    /// # Errors
    /// The first thing that this machine refuses.
    pub fn probe() -> Result<(), Trouble> {
        let guest = Namespace::new()?;
        let mut cell = cell::Cell::new(true)?;
        cell.set_rules(&plan::nat_gateway(&[kogumo_netmodel::Cidr::ANY]))?;
        let end = route::End { name: "eth0", mac: [2, 0, 0, 0, 0, 1], namespace: &guest };
        cell.routing.add_pair("eni0", [2, 0, 0, 0, 0, 2], &end)?;
        cell.routing.add_rule(family::Family::V4, 1, 1)
    }

    /// A network whose outside is that namespace.
    ///
    /// # Errors
    /// This process may not make network namespaces.
    pub fn seen_from(host: Namespace) -> Result<Self, Trouble> {
        Namespace::new()?;
        Ok(Self(Mutex::new(State {
            host,
            topology: Topology::default(),
            felt: Topology::default(),
            guests: BTreeMap::new(),
            houses: BTreeMap::new(),
            guest_count: 0,
            routers: BTreeMap::new(),
            inet: None,
            expecting: false,
            rising: BTreeSet::new(),
        })))
    }

    /// Whether the kernel speaks IPv6. Where it does not, VPCs carry IPv4 alone.
    #[must_use]
    pub fn has_ipv6() -> bool {
        cell::has_ipv6()
    }

    /// The namespaces of the VPCs that somebody is in: their resolvers and metadata services listen there.
    #[must_use]
    pub fn routers(&self) -> Vec<(Id, Namespace)> {
        let state = self.state();
        let shared = |(id, router): (&Id, &LiveRouter)| Some((id.clone(), router.namespace().share().ok()?));
        state.routers.iter().filter_map(shared).collect()
    }

    /// The namespaces of interfaces that have no guest: an endpoint's service listens there.
    #[must_use]
    pub fn houses(&self) -> Vec<(Id, Namespace)> {
        let state = self.state();
        let shared = |(id, house): (&Id, &House)| Some((id.clone(), house.namespace().share().ok()?));
        state.houses.iter().filter_map(shared).collect()
    }

    /// Says whether somebody will be attached soon: then this cloud's internet is there already.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn expect(&self, somebody: bool, public: Public) -> Result<(), Trouble> {
        let mut state = self.state();
        state.expecting = somebody;
        state.topology.public = public;
        if somebody && state.inet.is_none() {
            state.inet = Some(LiveInet::new(&state.host, public)?);
            return state.apply_inet(None);
        }
        Ok(())
    }

    /// The namespace of this cloud's internet, where AWS's endpoints listen; none while nobody is attached anywhere.
    #[must_use]
    pub fn internet(&self) -> Option<Namespace> {
        self.state().inet.as_ref()?.namespace().share().ok()
    }

    /// The VPC whose packets have that address at gateway endpoints.
    #[must_use]
    pub fn vpc_behind(&self, source: IpAddr) -> Option<Id> {
        let state = self.state();
        let mut routers = state.routers.iter();
        routers.find(|(_, router)| plan::endpoint_source(router.number()) == source).map(|(id, _)| id.clone())
    }

    /// Whether connections may go on in a VPC that its namespace has not seen begin: those of machines that outlived the
    /// server before this one. Usually a connection begins with its first packet.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn take_over_connections(&self, vpc: &str, may: bool) -> Result<(), Trouble> {
        self.state().routers.get(vpc).map_or(Ok(()), |router| router.take_over_connections(may))
    }

    /// What interfaces that are logged have passed and refused since the last time.
    ///
    /// # Errors
    /// The kernel refuses; what could be read is lost for this time.
    pub fn count(&self) -> Result<Vec<Counted>, Trouble> {
        let mut state = self.state();
        let mut counted = Vec::new();
        for (vpc, router) in &mut state.routers {
            counted.extend(router.count(vpc)?);
        }
        Ok(counted)
    }

    /// Waits until packets pass to and from the interface: the first one of a guest should not be lost.
    fn wait_for(&self, interface: &str) -> Result<(), Trouble> {
        const STEP: Duration = Duration::from_millis(2);
        const MOST: u32 = 1000;
        for _ in 0..MOST {
            let mut state = self.state();
            let vpc = state.topology.interfaces.get(interface).map(|own| own.vpc.clone());
            let router = vpc.and_then(|vpc| state.routers.get_mut(&vpc));
            let passes = router.map_or(Ok(true), |router| router.passes(interface))?;
            if passes {
                return Ok(());
            }
            drop(state);
            std::thread::sleep(STEP);
        }
        Err(Trouble::new(format!("the device of {interface} does not come up")))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Net for Linux {
    fn realise(&self, topology: &Topology) -> Result<(), Trouble> {
        let mut state = self.state();
        state.topology = match cell::has_ipv6() {
            true => topology.clone(),
            false => topology.without_ipv6(),
        };
        state.apply()
    }

    fn attach(&self, interface: &str, guest: Guest) -> Result<(), Trouble> {
        {
            let mut state = self.state();
            state.welcome(interface, guest);
            state.rising.insert(interface.to_owned());
            state.apply()?;
        }
        let passes = self.wait_for(interface);
        let mut state = self.state();
        state.rising.remove(interface);
        passes.and(state.apply_inet(None))
    }

    fn detach(&self, interface: &str) -> Result<(), Trouble> {
        let mut state = self.state();
        match state.guests.remove(interface) {
            Some(_) => state.apply(),
            None => Ok(()),
        }
    }

    fn attached(&self) -> Vec<String> {
        let state = self.state();
        state.guests.keys().filter(|id| !state.houses.contains_key(*id)).cloned().collect()
    }

    fn stop(&self) -> Result<(), Trouble> {
        let mut state = self.state();
        state.guests.clear();
        state.houses.clear();
        state.expecting = false;
        state.apply()
    }
}

impl State {
    /// Makes everything as the topology and the guests want it. The first error is the result; the rest is done.
    fn apply(&mut self) -> Result<(), Trouble> {
        let mut outcome = Ok(());
        let mut note = |result: Result<(), Trouble>| {
            if let Err(trouble) = result {
                tracing::warn!(%trouble, "a part of the network is not as it should be");
                if outcome.is_ok() {
                    outcome = Err(trouble);
                }
            }
        };
        note(self.furnish_houses());
        let live = self.inhabited();
        self.routers.retain(|vpc, _| live.contains(vpc));
        if live.is_empty() && !self.expecting {
            self.inet = None;
            return outcome;
        }
        note(self.make_namespaces(&live));
        let plans = self.plans();
        self.apply_routers(&plans, &mut note);
        note(self.apply_inet(Some(plans)));
        self.felt = self.topology.clone();
        outcome
    }

    /// Leads public addresses to whoever can be reached.
    fn apply_inet(&mut self, plans: Option<BTreeMap<Id, plan::Router>>) -> Result<(), Trouble> {
        let plans = plans.unwrap_or_else(|| self.plans());
        let Some(inet) = &mut self.inet else { return Ok(()) };
        let numbers = self.routers.iter().map(|(id, router)| (id.clone(), router.number())).collect();
        let host = inet.host_addresses()?;
        inet.apply(&plan::inet(&self.topology, &plans, &numbers, &host, &self.rising))
    }

    fn welcome(&mut self, interface: &str, guest: Guest) {
        self.guest_count += 1;
        self.guests.insert(interface.to_owned(), Attached { guest, number: self.guest_count });
    }

    /// Houses what has no guest, in VPCs that have some.
    fn furnish_houses(&mut self) -> Result<(), Trouble> {
        let guests = self.guests.keys().filter(|id| !self.houses.contains_key(*id));
        let inhabited = guests.filter_map(|id| self.topology.interfaces.get(id)).map(|own| own.vpc.clone()).collect();
        let wanted = house::wanted(&self.topology, &inhabited);
        let gone: Vec<Id> = self.houses.keys().filter(|id| !wanted.contains_key(*id)).cloned().collect();
        for id in gone {
            self.houses.remove(&id);
            self.guests.remove(&id);
        }
        for (id, inside) in wanted {
            if !self.houses.contains_key(&id) {
                let house = House::new()?;
                let namespace = house.namespace().share()?;
                self.welcome(&id, Guest { namespace, device: house::DEVICE.to_owned(), default_route: true });
                self.houses.insert(id.clone(), house);
            }
            if let Some(house) = self.houses.get_mut(&id) {
                house.furnish(&inside)?;
            }
        }
        Ok(())
    }

    /// The VPCs that have somebody in them.
    fn inhabited(&self) -> BTreeSet<Id> {
        let interfaces = self.guests.keys().filter_map(|id| self.topology.interfaces.get(id));
        interfaces
            .map(|interface| &interface.vpc)
            .filter(|vpc| self.topology.vpcs.contains_key(*vpc))
            .cloned()
            .collect()
    }

    fn make_namespaces(&mut self, live: &BTreeSet<Id>) -> Result<(), Trouble> {
        if self.inet.is_none() {
            self.inet = Some(LiveInet::new(&self.host, self.topology.public)?);
        }
        for vpc in live {
            if !self.routers.contains_key(vpc) {
                let taken: BTreeSet<u16> = self.routers.values().map(LiveRouter::number).collect();
                let number = (1..=u16::MAX).find(|number| !taken.contains(number));
                let number = number.ok_or_else(|| Trouble::new("there are 65,535 VPCs with somebody in them"))?;
                self.routers.insert(vpc.clone(), LiveRouter::new(number)?);
            }
        }
        Ok(())
    }

    fn plans(&self) -> BTreeMap<Id, plan::Router> {
        let situation = Situation {
            guests: self.guests.iter().map(|(id, attached)| (id.clone(), attached.number)).collect(),
            live: self.routers.keys().cloned().collect(),
            endpoint_source: None,
        };
        let plan_of = |(id, router): (&Id, &LiveRouter)| {
            let source = plan::endpoint_source(router.number());
            let situation = Situation { endpoint_source: Some(source), ..situation.clone() };
            let vpc = self.topology.vpcs.get(id)?;
            Some((id.clone(), plan::router(&self.topology, id, vpc, &situation)))
        };
        self.routers.iter().filter_map(plan_of).collect()
    }

    fn apply_routers(&mut self, plans: &BTreeMap<Id, plan::Router>, note: &mut impl FnMut(Result<(), Trouble>)) {
        let Some(inet) = &mut self.inet else { return };
        for (vpc, wanted) in plans {
            let Some(mut router) = self.routers.remove(vpc) else { continue };
            let peerings: Vec<(Id, Option<&LiveRouter>)> = wanted
                .peers
                .iter()
                .filter_map(|id| {
                    let other = self.topology.peerings.get(id)?.beyond(vpc)?;
                    Some((id.clone(), self.routers.get(other)))
                })
                .collect();
            match router.apply(wanted, &self.guests, &peerings, inet) {
                Ok(changed) => {
                    if changed {
                        let ends = |flow: &plan::Flow| plan::ends(&self.felt, &self.topology, vpc, flow);
                        note(conntrack::forget(router.namespace(), ends));
                    }
                    self.routers.insert(vpc.clone(), router);
                }
                // The namespace ends here, and everything in it; the next call makes it anew.
                Err(trouble) => {
                    note(Err(trouble));
                    self.routers.values_mut().for_each(LiveRouter::forget_peers);
                }
            }
        }
    }
}
