//! The way from this cloud's internet to the world beyond this machine: connections, datagrams and pings for addresses out there
//! are taken by transparent sockets and made anew by this process, as this machine itself would make them. So guests reach
//! what the host reaches, with neither forwarding nor translation set up in the host's own network, and without root.
//!
//! Sockets are opened inside of the internet's namespace (`open`); what they take is made anew outside of it (`serve`).

mod icmp;
mod tcp;
mod udp;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use kogumo_base::Trouble;
use socket2::{Domain, Protocol, Socket, Type};

/// The port that the namespace's rules send all these packets to.
pub const PORT: u16 = 4000;

/// The sockets that take what is for elsewhere.
#[derive(Debug)]
pub struct Intake {
    v4: Streams,
    /// None where the kernel speaks no IPv6.
    v6: Option<Streams>,
    icmp: icmp::Intake,
}

/// One family's.
#[derive(Debug)]
struct Streams {
    tcp: TcpListener,
    udp: UdpSocket,
}

/// Opens the intake in the namespace that this thread is in.
///
/// # Errors
/// The kernel permits no transparent sockets here.
pub fn open() -> Result<Intake, Trouble> {
    let trouble = |error| Trouble::from_cause("cannot open the way to the world", error);
    let icmp = icmp::open().map_err(trouble)?;
    let v4 = streams(Ipv4Addr::UNSPECIFIED.into()).map_err(trouble)?;
    let v6 = streams(Ipv6Addr::UNSPECIFIED.into());
    if let Err(error) = &v6 {
        tracing::debug!(%error, "the way to the world is IPv4's alone");
    }
    Ok(Intake { v4, v6: v6.ok(), icmp })
}

fn streams(any: IpAddr) -> std::io::Result<Streams> {
    let at = SocketAddr::from((any, PORT));
    let tcp = transparent(Type::STREAM, at)?;
    tcp.listen(1024)?;
    let udp = transparent(Type::DGRAM, at)?;
    match any {
        IpAddr::V4(_) => nix::sys::socket::setsockopt(&udp, nix::sys::socket::sockopt::Ipv4OrigDstAddr, &true)?,
        IpAddr::V6(_) => nix::sys::socket::setsockopt(&udp, nix::sys::socket::sockopt::Ipv6OrigDstAddr, &true)?,
    }
    Ok(Streams { tcp: tcp.into(), udp: udp.into() })
}

/// Relays until it is dropped. `inside` runs its argument in the intake's namespace: answers have to begin there.
///
/// # Errors
/// The sockets cannot be served by this runtime.
pub async fn serve(intake: Intake, inside: udp::Inside, pool: Pool) -> Result<(), Trouble> {
    let trouble = |error| Trouble::from_cause("cannot serve the way to the world", error);
    let further = async {
        match intake.v6 {
            Some(v6) => serve_streams(v6, Inside::clone(&inside), pool).await,
            None => Ok(()),
        }
    };
    let (v4, v6, pings) =
        tokio::join!(serve_streams(intake.v4, Inside::clone(&inside), pool), further, icmp::relay(intake.icmp, pool));
    v4.and(v6).and(pings).map_err(trouble)
}

async fn serve_streams(streams: Streams, inside: Inside, pool: Pool) -> std::io::Result<()> {
    let tcp = tokio::net::TcpListener::from_std(streams.tcp)?;
    let udp = tokio::net::UdpSocket::from_std(streams.udp)?;
    tokio::join!(tcp::relay(tcp, pool), udp::relay(udp, inside, pool));
    Ok(())
}

/// A socket that may speak for any address, bound there.
fn transparent(kind: Type, at: SocketAddr) -> std::io::Result<Socket> {
    let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
    let socket = Socket::new(Domain::for_address(at), kind, Some(protocol))?;
    match at {
        SocketAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
        SocketAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.set_ip_transparent_v6(true)?;
        }
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

/// Whether this process may send pings: a kernel may keep them from ordinary users.
#[must_use]
pub fn may_ping() -> bool {
    icmp::outward(true).is_ok()
}

/// The cloud's own blocks of public addresses: base and length of the prefix.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    pub v4: (Ipv4Addr, u8),
    pub v6: (Ipv6Addr, u8),
}

/// Whether this process goes there for a guest. What is only for this machine itself, or this cloud's, is not the world.
fn is_world(to: SocketAddr, pool: Pool) -> bool {
    match to {
        SocketAddr::V4(to) => {
            let (base, prefix) = pool.v4;
            let ip = to.ip();
            let differs = u32::from(*ip) ^ u32::from(base);
            let pool = differs.checked_shr(32 - u32::from(prefix)).unwrap_or_default() == 0;
            !(ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || pool)
        }
        SocketAddr::V6(to) => {
            let (base, prefix) = pool.v6;
            let ip = to.ip();
            let differs = u128::from(*ip) ^ u128::from(base);
            let pool = differs.checked_shr(128 - u32::from(prefix)).unwrap_or_default() == 0;
            // AWS's own services, which every VPC has for itself.
            let [first, second, ..] = ip.segments();
            let services = (first, second) == (0xfd00, 0xec2);
            !(ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.to_ipv4_mapped().is_some()
                || services
                || pool)
        }
    }
}

pub use icmp::MARK;
pub use udp::Inside;
