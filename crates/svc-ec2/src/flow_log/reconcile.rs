//! Reads what the kernel has counted, and writes records where an interval is over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Reconciler, Writer};
use kogumo_net::Counted;
use kogumo_netmodel::{Interface, Owner, Target, Topology};
use kogumo_wire::Fault;

use super::deliver::{Batch, deliver};
use super::format::{self, Place};
use super::gather::Window;
use super::record::{FlowLog, covers};
use crate::instance::Instance;
use crate::network::Network;
use crate::resource::{Resource, find, put};
use crate::{instance_type, region};

/// Counts every second, so that records tell when a flow began and ended.
pub const RECONCILER: Reconciler =
    Reconciler { name: "ec2/flow-logs", follows: &["ec2"], period: Duration::from_secs(1), run };
/// Commits wake it more often; then it counts only if so many milliseconds have gone by.
const SELDOM: i64 = 250;
/// Instances of the Nitro system are never aggregated over more, in seconds.
const NITRO: i64 = 60;

/// Intervals that are not over yet. They are memory: a restart loses what was not delivered.
#[derive(Default)]
pub struct FlowLogs(Mutex<State>);

#[derive(Default)]
struct State {
    /// By flow log and interface.
    windows: BTreeMap<(String, String), Window>,
    counted: Option<Timestamp>,
}

impl FlowLogs {
    pub fn forget(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let snapshot = cloud.store.read();
        let rows = FlowLog::TABLE.scan_all_scopes(&snapshot);
        let logs: Vec<(Scope, FlowLog)> =
            rows.map(|row| row.map(|(scope, _, log)| (scope, log))).collect::<Result<_, _>>()?;
        let own = cloud.part::<FlowLogs>()?;
        if logs.is_empty() {
            own.forget();
            return Ok(());
        }
        let now = cloud.clock.now();
        if own.state().counted.is_some_and(|last| (0..SELDOM).contains(&(now.0 - last.0))) {
            return Ok(());
        }
        let network = cloud.part::<Network>()?;
        let counted = network.count().await?;
        let topology = network.topology();
        let due = gather(&mut own.state(), &cloud, &topology, &logs, &counted, now)?;
        for (at, batches) in due {
            let Some((scope, log)) = logs.get(at) else { continue };
            let error = deliver(&cloud, scope, log, &batches).await.err();
            if error != log.error {
                tell(&cloud, scope, &log.id, &error)?;
            }
        }
        Ok(())
    })
}

/// Adds what was counted to the open intervals; answers what is to be delivered, by the number of the flow log.
fn gather(
    state: &mut State,
    cloud: &Cloud,
    topology: &Topology,
    logs: &[(Scope, FlowLog)],
    counted: &[Counted],
    now: Timestamp,
) -> Result<BTreeMap<usize, Vec<Batch>>, Trouble> {
    let seconds = now.seconds();
    let mut due: BTreeMap<usize, Vec<Batch>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (number, (scope, log)) in logs.iter().enumerate() {
        let fields = format::fields(&log.format).unwrap_or_default();
        for (id, interface) in topology.interfaces.iter().filter(|(_, own)| own.is_up()) {
            if !covers(&log.resource, id, &interface.subnet, &interface.vpc) {
                continue;
            }
            let Some(place) = place(topology, id, interface) else { continue };
            let key = (log.id.clone(), id.clone());
            let window = state.windows.entry(key.clone()).or_insert_with(|| Window::new(seconds));
            for one in counted.iter().filter(|one| one.interface == *id && log.wants(one.accepted)) {
                window.add(seconds, one, path(topology, interface, one.destination));
            }
            let interval = interval(cloud, scope, log, interface)?;
            if window.is_over(seconds, interval) {
                let closed = std::mem::replace(window, Window::new(seconds));
                due.entry(number).or_default().push(batch(&fields, place, &closed, seconds));
            }
            seen.insert(key);
        }
    }
    state.windows.retain(|key, _| seen.contains(key));
    state.counted = Some(now);
    Ok(due)
}

fn batch(fields: &[&str], place: Place, window: &Window, end: i64) -> Batch {
    let span = (window.start, end);
    let mut records: Vec<String> =
        window.flows.iter().map(|flow| format::record(fields, &place, span, Some(flow))).collect();
    if records.is_empty() {
        records.push(format::record(fields, &place, span, None));
    }
    Batch { interface: place.interface, start: Timestamp::from_seconds(window.start), records }
}

fn place(topology: &Topology, id: &str, interface: &Interface) -> Option<Place> {
    let vpc = topology.vpcs.get(&interface.vpc)?;
    let subnet = topology.subnets.get(&interface.subnet)?;
    let zone_id = region::zones(&vpc.region).into_iter().find(|zone| zone.name == subnet.zone).map(|zone| zone.id);
    Some(Place {
        account: vpc.account.clone(),
        region: vpc.region.clone(),
        zone_id: zone_id.unwrap_or_default(),
        vpc: interface.vpc.clone(),
        subnet: interface.subnet.clone(),
        interface: id.to_owned(),
        instance: match &interface.owner {
            Owner::Instance { id, .. } => Some(id.clone()),
            _ => None,
        },
        primary: [interface.primary(true), interface.primary(false)],
        public: topology.public,
    })
}

fn interval(cloud: &Cloud, scope: &Scope, log: &FlowLog, interface: &Interface) -> Result<i64, Trouble> {
    let wanted = i64::from(log.interval);
    let Owner::Instance { id, .. } = &interface.owner else { return Ok(wanted) };
    let instance = find::<Instance>(&cloud.store.read(), scope, id)?;
    let kind = instance.and_then(|instance| instance_type::find(&instance.kind));
    Ok(if kind.is_some_and(|kind| kind.hypervisor == "nitro") { wanted.min(NITRO) } else { wanted })
}

/// AWS's number for the way that packets to that address take.
fn path(topology: &Topology, interface: &Interface, to: IpAddr) -> Option<u8> {
    let vpc = topology.vpcs.get(&interface.vpc)?;
    let subnet = topology.subnets.get(&interface.subnet)?;
    let (_, table) = topology.route_table_of(subnet)?;
    let (_, target) = topology.route_to(vpc, table, to.into())?;
    Some(match target {
        Target::Local | Target::Interface(_) | Target::NatGateway(_) => 1,
        Target::Peering(id) => {
            let other = topology.peerings.get(id)?.beyond(&interface.vpc).and_then(|id| topology.vpcs.get(id))?;
            if other.region == vpc.region { 4 } else { 5 }
        }
        Target::Endpoint(_) => 7,
        Target::InternetGateway(_) => 8,
        Target::EgressOnlyInternetGateway(_) => return None,
    })
}

/// Keeps how the last delivery went.
fn tell(cloud: &Cloud, scope: &Scope, id: &str, error: &Option<String>) -> Result<(), Trouble> {
    let caller = Caller::service("vpc-flow-logs.amazonaws.com", scope.clone());
    let now = cloud.clock.now();
    let told = cloud.store.write(|tx| {
        let w = &mut Writer { tx, caller: &caller, now, cloud };
        let Some(mut log) = find::<FlowLog>(w.store(), w.scope(), id)? else { return Ok(()) };
        log.error.clone_from(error);
        put(w, &log)
    });
    told.map_err(|fault: Fault| Trouble::new(fault.to_string()))
}
