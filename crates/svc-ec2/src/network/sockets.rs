//! The sockets that are open in the network's namespaces, and those that should be.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_dns::{Endpoints, Vantage};
use kogumo_door::{Cloud, Doorway, Entrance};
use kogumo_net::{Linux, Namespace};
use kogumo_netmodel::Topology;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::Network;

const DNS: u16 = 53;
/// Where AWS's endpoints listen: HTTPS, and HTTP where the port of the cloud takes it.
const WEB: [u16; 2] = [443, 80];
const METADATA: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253));
/// The same two in IPv6, in VPCs that have it.
const METADATA_V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), 80);
const RESOLVER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253));

/// A socket: in which namespace, by its identity, at which address, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    namespace: u64,
    address: SocketAddr,
    /// A VPC's id, or an interface's; empty on the internet.
    of: String,
}

/// What closes with it: a socket keeps its namespace, so that none may be left.
pub(super) enum Open {
    /// Served by the gateway, until this ends.
    Web { _closes: oneshot::Sender<()> },
    /// Served here, until it is aborted.
    Task(AbortHandle),
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Open::Task(task) = self {
            task.abort();
        }
    }
}

/// What should listen at a place.
enum Wanted {
    Web(Entrance),
    /// What instances learn about themselves.
    Metadata {
        vpc: String,
    },
    Resolver {
        vpc: String,
    },
    /// The way to the world beyond this machine.
    World,
}

impl Network {
    /// Opens what is missing and closes what is too much.
    pub(super) fn sync_sockets(&self, cloud: &Arc<Cloud>) -> Result<(), Trouble> {
        let linux = self.linux()?;
        let wanted = wanted(linux, &self.topology())?;
        let mut open = self.sockets();
        open.retain(|place, _| wanted.contains_key(place));
        let mut outcome = Ok(());
        for (place, (namespace, what)) in wanted {
            if open.contains_key(&place) {
                continue;
            }
            let opened = match what {
                Wanted::Web(entrance) => listen(cloud, &namespace, place.address, entrance),
                Wanted::Metadata { vpc } => tell(cloud, &namespace, place.address, vpc),
                Wanted::Resolver { vpc } => resolve(cloud, &namespace, place.address, vpc),
                Wanted::World => {
                    let pool = (cloud.settings.public_addresses, cloud.settings.public_ipv6_addresses);
                    relay(&namespace, kogumo_relay::Pool { v4: pool.0, v6: pool.1 })
                }
            };
            match opened {
                Ok(opened) => {
                    open.insert(place, opened);
                }
                Err(trouble) => outcome = Err(trouble),
            }
        }
        outcome
    }
}

fn wanted(linux: &Linux, topology: &Topology) -> Result<BTreeMap<Place, (Arc<Namespace>, Wanted)>, Trouble> {
    let mut wanted = BTreeMap::new();
    let mut want = |namespace: &Arc<Namespace>, address: SocketAddr, of: &str, what: Wanted| {
        let place = Place { namespace: namespace.identity()?, address, of: of.to_owned() };
        wanted.insert(place, (Arc::clone(namespace), what));
        Ok::<(), Trouble>(())
    };
    for (id, namespace) in linux.routers() {
        let Some(vpc) = topology.vpcs.get(&id) else { continue };
        let namespace = Arc::new(namespace);
        let has_ipv6 = Linux::has_ipv6() && vpc.cidrs.iter().any(|cidr| !cidr.is_v4());
        want(&namespace, METADATA, &id, Wanted::Metadata { vpc: id.clone() })?;
        // Most instances do not want it there.
        if has_ipv6 && topology.metadata_v6.iter().any(|own| is_in(topology, own, &id)) {
            want(&namespace, METADATA_V6, &id, Wanted::Metadata { vpc: id.clone() })?;
        }
        let v6 = [RESOLVER_V6].into_iter().filter(|_| has_ipv6);
        let resolvers = vpc.resolver().into_iter().chain([RESOLVER]).chain(v6).filter(|_| vpc.dns_support);
        for resolver in resolvers {
            want(&namespace, (resolver, DNS).into(), &id, Wanted::Resolver { vpc: id.clone() })?;
        }
    }
    for (id, namespace) in linux.houses() {
        let Some(interface) = topology.interfaces.get(&id) else { continue };
        if !matches!(interface.owner, kogumo_netmodel::Owner::Endpoint(_)) {
            continue;
        }
        let namespace = Arc::new(namespace);
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        for port in WEB {
            let entrance = Entrance::Endpoint { vpc: interface.vpc.clone(), interface: id.clone() };
            want(&namespace, (any, port).into(), &id, Wanted::Web(entrance))?;
        }
    }
    if let Some(namespace) = linux.internet() {
        let namespace = Arc::new(namespace);
        want(&namespace, (Ipv4Addr::UNSPECIFIED, kogumo_relay::PORT).into(), "", Wanted::World)?;
        let Endpoints { s3, dynamodb, others } = Endpoints::public(topology.public);
        for address in [s3, dynamodb, others] {
            for port in WEB {
                want(&namespace, (address, port).into(), "", Wanted::Web(Entrance::Internet))?;
            }
        }
    }
    Ok(wanted)
}

fn is_in(topology: &Topology, interface: &str, vpc: &str) -> bool {
    topology.interfaces.get(interface).is_some_and(|own| own.vpc == vpc)
}

fn listen(cloud: &Arc<Cloud>, namespace: &Namespace, at: SocketAddr, entrance: Entrance) -> Result<Open, Trouble> {
    let listener = namespace.enter(|| bind_tcp(at))?;
    let (closes, closed) = oneshot::channel();
    cloud.entrances.open(Doorway { listener, entrance, closed });
    Ok(Open::Web { _closes: closes })
}

fn tell(cloud: &Arc<Cloud>, namespace: &Namespace, at: SocketAddr, vpc: String) -> Result<Open, Trouble> {
    let socket = namespace.enter(|| bind_tcp(at))?;
    let socket = tokio::net::TcpListener::from_std(socket);
    let socket = socket.map_err(|e| Trouble::from_cause(format!("cannot serve {at}"), e))?;
    let task = tokio::spawn(crate::instance::serve_metadata(Arc::clone(cloud), vpc, socket));
    Ok(Open::Task(task.abort_handle()))
}

fn resolve(cloud: &Arc<Cloud>, namespace: &Namespace, at: SocketAddr, vpc: String) -> Result<Open, Trouble> {
    let (udp, tcp) = namespace.enter(|| {
        let udp = UdpSocket::bind(at).and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        let udp = udp.map_err(|e| Trouble::from_cause(format!("cannot listen on {at}"), e))?;
        Ok((udp, bind_tcp(at)?))
    })?;
    let trouble = |e| Trouble::from_cause(format!("cannot serve {at}"), e);
    let udp = tokio::net::UdpSocket::from_std(udp).map_err(trouble)?;
    let tcp = tokio::net::TcpListener::from_std(tcp).map_err(trouble)?;
    let cloud = Arc::clone(cloud);
    let directory = move |from: &Vantage, question: &_| {
        let network = cloud.part::<Network>().ok()?;
        network.look_up(&cloud, from, question)
    };
    let task = tokio::spawn(kogumo_dns::serve(udp, tcp, Vantage::Vpc(vpc), Arc::new(directory)));
    Ok(Open::Task(task.abort_handle()))
}

fn relay(internet: &Arc<Namespace>, pool: kogumo_relay::Pool) -> Result<Open, Trouble> {
    let intake = internet.enter(kogumo_relay::open)?;
    // The task ends before its namespace does, and gives its part of it back then.
    let internet = Arc::clone(internet);
    let inside: kogumo_relay::Inside = Arc::new(move |open| internet.enter(open));
    let task = tokio::spawn(async move {
        if let Err(trouble) = kogumo_relay::serve(intake, inside, pool).await {
            tracing::error!("{trouble}");
        }
    });
    Ok(Open::Task(task.abort_handle()))
}

fn bind_tcp(at: SocketAddr) -> Result<TcpListener, Trouble> {
    let listener = TcpListener::bind(at).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|e| Trouble::from_cause(format!("cannot listen on {at}"), e))
}
