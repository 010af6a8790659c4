//! Probes: many at once, each a real packet, and whether an answer came within the time.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use kogumo_netmodel::{Header, Origin, Packet, Protocol};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto};

use super::Namespace;
use super::world::Lab;

/// Ports that servers listen at, everywhere.
pub(super) const PORTS: [u16; 2] = [22, 80];
/// How long an answer may take. Nothing here is further away than a few namespaces.
const PATIENCE: Duration = Duration::from_millis(400);

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Probe {
    /// An interface, or the outside.
    pub from: Option<String>,
    pub to: IpAddr,
    pub kind: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    Tcp(u16),
    Udp(u16),
    Ping,
}

impl Probe {
    pub(super) fn tcp(from: &str, to: &str, port: u16) -> Self {
        Self::new(from, to, What::Tcp(port))
    }

    pub(super) fn udp(from: &str, to: &str, port: u16) -> Self {
        Self::new(from, to, What::Udp(port))
    }

    pub(super) fn ping(from: &str, to: &str) -> Self {
        Self::new(from, to, What::Ping)
    }

    fn new(from: &str, to: &str, kind: What) -> Self {
        let from = (from != "outside").then(|| from.to_owned());
        Self { from, to: to.parse().expect("an address"), kind }
    }

    /// The packet that the decision is asked about; `source` is the sender's address.
    pub(super) fn packet(&self, source: IpAddr) -> Packet {
        let protocol = match self.kind {
            What::Tcp(destination) => Protocol::Tcp { source: 40000, destination },
            What::Udp(destination) => Protocol::Udp { source: 40000, destination },
            What::Ping if self.to.is_ipv4() => Protocol::PING,
            What::Ping => Protocol::PING_V6,
        };
        let from = self.from.clone().map_or(Origin::Internet, Origin::Interface);
        Packet { from, header: Header { source, destination: self.to, protocol } }
    }
}

/// Which of the probes were answered.
pub(super) struct Answers(pub Vec<bool>);

impl Answers {
    pub(super) fn of(lab: &Lab, probes: &[Probe]) -> Self {
        let mut by_source: BTreeMap<Option<&String>, Vec<usize>> = BTreeMap::new();
        for (place, probe) in probes.iter().enumerate() {
            by_source.entry(probe.from.as_ref()).or_default().push(place);
        }
        let begun: Vec<(usize, Flight)> = by_source
            .into_iter()
            .flat_map(|(from, places)| {
                let namespace = lab.namespace(from.map(String::as_str));
                let begin = || {
                    Ok(places.iter().map(|place| (*place, Flight::begin(&probes[*place], *place))).collect::<Vec<_>>())
                };
                namespace.enter(begin).expect("a namespace to probe from")
            })
            .collect();
        let end = Instant::now() + PATIENCE;
        let mut answers = vec![false; probes.len()];
        while Instant::now() < end && answers.iter().any(|answered| !answered) {
            for (place, flight) in &begun {
                answers[*place] = answers[*place] || flight.landed();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(answers)
    }
}

/// Single connections.
pub(super) struct Sockets;

impl Sockets {
    /// Whether a connection comes about; a late answer gets a second chance.
    pub(super) fn connect(from: &Namespace, to: IpAddr, port: u16) -> bool {
        let to = SocketAddr::from((to, port));
        let connect = || Ok(std::net::TcpStream::connect_timeout(&to, PATIENCE).is_ok());
        (0..2).any(|_| from.enter(connect).expect("a namespace"))
    }
}

/// A probe that is on its way.
enum Flight {
    Tcp(OwnedFd, SocketAddr),
    Udp(UdpSocket, [u8; 8]),
    Ping(OwnedFd, u16, IpAddr),
    /// The kernel of the sender itself refuses: no route.
    Refused,
}

impl Flight {
    fn begin(probe: &Probe, place: usize) -> Self {
        Self::try_begin(probe, place).unwrap_or(Self::Refused)
    }

    fn try_begin(probe: &Probe, place: usize) -> io::Result<Self> {
        match probe.kind {
            What::Tcp(port) => {
                let socket = socket(probe.to, SocketType::STREAM, None)?;
                let to = SocketAddr::from((probe.to, port));
                match rustix::net::connect(&socket, &to) {
                    Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(Self::Tcp(socket, to)),
                    Err(error) => Err(error.into()),
                }
            }
            What::Udp(port) => {
                let any: IpAddr =
                    if probe.to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
                let socket = UdpSocket::bind((any, 0))?;
                socket.set_nonblocking(true)?;
                let word = (place as u64 ^ 0x6b6f_6775_6d6f).to_be_bytes();
                socket.connect((probe.to, port))?;
                socket.send(&word)?;
                Ok(Self::Udp(socket, word))
            }
            What::Ping => {
                // No two pings share a number, or the second would belong to the connection of the first.
                static COUNT: AtomicU16 = AtomicU16::new(0);
                let own = COUNT.fetch_add(1, Ordering::Relaxed);
                let protocol = if probe.to.is_ipv4() { ipproto::ICMP } else { ipproto::ICMPV6 };
                let socket = socket(probe.to, SocketType::RAW, Some(protocol))?;
                let to = SocketAddr::from((probe.to, 0));
                rustix::net::sendto(&socket, &echo_request(own, probe.to), rustix::net::SendFlags::empty(), &to)?;
                Ok(Self::Ping(socket, own, probe.to))
            }
        }
    }

    fn landed(&self) -> bool {
        match self {
            Self::Tcp(socket, to) => {
                matches!(rustix::net::connect(socket, to), Ok(()) | Err(rustix::io::Errno::ISCONN))
            }
            Self::Udp(socket, word) => {
                let mut answer = [0; 16];
                matches!(socket.recv(&mut answer), Ok(8)) && answer.starts_with(word)
            }
            Self::Ping(socket, own, to) => {
                let mut packet = [0; 128];
                while let Ok((length, _, from)) =
                    rustix::net::recvfrom(socket, &mut packet, rustix::net::RecvFlags::empty())
                {
                    let from = from.and_then(|from| SocketAddr::try_from(from).ok()).map(|from| from.ip());
                    // IPv4 shows the whole packet, IPv6 what is in it.
                    let (start, kind) = if to.is_ipv4() { (20, 0) } else { (0, 129) };
                    let icmp = packet.get(start..length);
                    let reply = icmp.is_some_and(|icmp| icmp[0] == kind && icmp[4..6] == own.to_be_bytes());
                    if reply && from == Some(*to) {
                        return true;
                    }
                }
                false
            }
            Self::Refused => false,
        }
    }
}

fn socket(to: IpAddr, kind: SocketType, protocol: Option<rustix::net::Protocol>) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(rustix::net::socket_with(family, kind, flags, protocol)?)
}

/// The kernel sums up ICMPv6 itself, with the addresses.
fn echo_request(own: u16, to: IpAddr) -> [u8; 16] {
    let mut packet = [0; 16];
    packet[0] = if to.is_ipv4() { 8 } else { 128 };
    packet[4..6].copy_from_slice(&own.to_be_bytes());
    let words = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    packet[2..4].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    packet
}

/// Servers in a namespace: TCP that accepts and UDP that sends back, at all `PORTS`.
pub(super) struct Servers {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    pub(super) fn start(namespace: &Namespace, at: &[IpAddr]) -> Self {
        let (tcp, udp) = namespace.enter(|| open(at)).expect("servers");
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                for listener in &tcp {
                    drop(listener.accept());
                }
                for socket in &udp {
                    let mut word = [0; 16];
                    while let Ok((length, from)) = socket.recv_from(&mut word) {
                        let _ = socket.send_to(&word[..length], from);
                    }
                }
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn open(at: &[IpAddr]) -> Result<(Vec<TcpListener>, Vec<UdpSocket>), Trouble> {
    let listen = |(at, port): (IpAddr, u16)| -> io::Result<(TcpListener, UdpSocket)> {
        let (tcp, udp) = (TcpListener::bind((at, port))?, UdpSocket::bind((at, port))?);
        tcp.set_nonblocking(true)?;
        udp.set_nonblocking(true)?;
        Ok((tcp, udp))
    };
    let places = at.iter().flat_map(|at| PORTS.map(|port| (*at, port)));
    let opened: io::Result<Vec<_>> = places.map(listen).collect();
    let opened = opened.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Trouble::new("a port is taken"),
        _ => Trouble::from_cause("cannot listen", error),
    })?;
    Ok(opened.into_iter().unzip())
}
