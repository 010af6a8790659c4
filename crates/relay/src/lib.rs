//! The way from this cloud's internet to the world beyond this machine: connections, datagrams and pings for addresses out there
//! are taken by transparent sockets and made anew by this process, as this machine itself would make them. So guests reach
//! what the host reaches, with neither forwarding nor translation set up in the host's own network, and without root.
//!
//! Sockets are opened inside of the internet's namespace (`open`); what they take is made anew outside of it (`serve`).

mod icmp;
mod tcp;
mod udp;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use kogumo_base::Trouble;
use socket2::{Domain, Protocol, Socket, Type};

/// The port that the namespace's rules send all these packets to.
pub const PORT: u16 = 4000;

/// The sockets that take what is for elsewhere.
#[derive(Debug)]
pub struct Intake {
    tcp: TcpListener,
    udp: UdpSocket,
    icmp: icmp::Intake,
}

/// Opens the intake in the namespace that this thread is in.
///
/// # Errors
/// The kernel permits no transparent sockets here.
pub fn open() -> Result<Intake, Trouble> {
    let trouble = |error| Trouble::from_cause("cannot open the way to the world", error);
    let at = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let tcp = transparent(Type::STREAM, at).map_err(trouble)?;
    tcp.listen(1024).map_err(trouble)?;
    let udp = transparent(Type::DGRAM, at).map_err(trouble)?;
    nix::sys::socket::setsockopt(&udp, nix::sys::socket::sockopt::Ipv4OrigDstAddr, &true)
        .map_err(|error| trouble(error.into()))?;
    let icmp = icmp::open().map_err(trouble)?;
    Ok(Intake { tcp: tcp.into(), udp: udp.into(), icmp })
}

/// Relays until it is dropped. `inside` runs its argument in the intake's namespace: answers have to begin there.
///
/// # Errors
/// The sockets cannot be served by this runtime.
pub async fn serve(intake: Intake, inside: udp::Inside, pool: Pool) -> Result<(), Trouble> {
    let trouble = |error| Trouble::from_cause("cannot serve the way to the world", error);
    let tcp = tokio::net::TcpListener::from_std(intake.tcp).map_err(trouble)?;
    let udp = tokio::net::UdpSocket::from_std(intake.udp).map_err(trouble)?;
    let (_, _, pings) =
        tokio::join!(tcp::relay(tcp, pool), udp::relay(udp, inside, pool), icmp::relay(intake.icmp, pool));
    pings.map_err(trouble)
}

/// A socket that may speak for any address, bound there.
fn transparent(kind: Type, at: SocketAddr) -> std::io::Result<Socket> {
    let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
    let socket = Socket::new(Domain::IPV4, kind, Some(protocol))?;
    socket.set_ip_transparent_v4(true)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

/// The cloud's own block of public addresses: base and length of the prefix.
pub type Pool = (Ipv4Addr, u8);

/// Whether this process goes there for a guest. What is only for this machine itself, or this cloud's, is not the world.
fn is_world(to: SocketAddr, (base, prefix): Pool) -> bool {
    match to {
        SocketAddr::V4(to) => {
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
        SocketAddr::V6(_) => false,
    }
}

pub use icmp::MARK;
pub use udp::Inside;
