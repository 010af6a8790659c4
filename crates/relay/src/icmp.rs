//! Ping: each echo request is sent anew out there, and its reply is written in the world's name.

mod packet;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg};
use packet::{Echo, is_reply, payload, read, reply, request};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Pool, is_world};

/// What replies are marked with: others of the namespace's own do not leave it.
pub const MARK: u32 = 2;

const AT_ONCE: usize = 256;
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: usize = 65_535;

/// The sockets inside of both families; the second where the kernel speaks it.
#[derive(Debug)]
pub(crate) struct Intake {
    v4: Sockets,
    v6: Option<Sockets>,
}

/// One that hears requests, one that writes whole packets.
#[derive(Debug)]
struct Sockets {
    requests: std::net::UdpSocket,
    replies: std::net::UdpSocket,
}

/// Opens them in the namespace that this thread is in.
pub(crate) fn open() -> io::Result<Intake> {
    Ok(Intake { v4: sockets(Domain::IPV4)?, v6: sockets(Domain::IPV6).ok() })
}

fn sockets(domain: Domain) -> io::Result<Sockets> {
    let is_v4 = domain == Domain::IPV4;
    let requests = Socket::new(domain, Type::RAW, Some(protocol(is_v4)))?;
    requests.set_nonblocking(true)?;
    let replies = Socket::new(domain, Type::RAW, Some(Protocol::from(nix::libc::IPPROTO_RAW)))?;
    if is_v4 {
        replies.set_header_included_v4(true)?;
    } else {
        // Whom a request is for does not stand in what is heard of IPv6.
        nix::sys::socket::setsockopt(&requests, nix::sys::socket::sockopt::Ipv6RecvPacketInfo, &true)?;
        replies.set_header_included_v6(true)?;
    }
    replies.set_mark(MARK)?;
    replies.set_nonblocking(true)?;
    Ok(Sockets { requests: requests.into(), replies: replies.into() })
}

fn protocol(is_v4: bool) -> Protocol {
    if is_v4 { Protocol::ICMPV4 } else { Protocol::ICMPV6 }
}

pub(crate) async fn relay(intake: Intake, pool: Pool) -> io::Result<()> {
    let further = async {
        match intake.v6 {
            Some(v6) => relay_family(v6, false, pool).await,
            None => Ok(()),
        }
    };
    let (v4, v6) = tokio::join!(relay_family(intake.v4, true, pool), further);
    v4.and(v6)
}

async fn relay_family(sockets: Sockets, is_v4: bool, pool: Pool) -> io::Result<()> {
    let requests = UdpSocket::from_std(sockets.requests)?;
    let replies = Arc::new(UdpSocket::from_std(sockets.replies)?);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; LONGEST];
    loop {
        while tasks.try_join_next().is_some() {}
        let heard = match is_v4 {
            true => requests.recv(&mut buffer).await.map(|length| read(buffer.get(..length).unwrap_or_default())),
            false => requests.async_io(Interest::READABLE, || hear(&requests, &mut buffer)).await,
        };
        let echo = match heard {
            Ok(echo) => echo,
            Err(error) => {
                tracing::debug!(%error, "a ping to the world was not taken");
                sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        // What is for this cloud itself the kernel answers.
        let Some(echo) = echo.filter(|echo| is_world(SocketAddr::from((echo.world, 0)), pool)) else { continue };
        // Where too many wait, this one is lost, as pings are.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let replies = Arc::clone(&replies);
        tasks.spawn(async move {
            let answered = timeout(PATIENCE, ask(&echo)).await;
            if let Ok(Ok(data)) = answered {
                // A raw socket takes the address out of the packet; the port means nothing.
                if let Err(error) = replies.send_to(&reply(&echo, &data), (echo.guest, 0)).await {
                    tracing::debug!(%error, "an answer to a ping");
                }
            }
            drop(place);
        });
    }
}

/// A message of ICMPv6 with its addresses; none where it is no echo request.
fn hear(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<Echo>> {
    let mut space = nix::cmsg_space!(nix::libc::in6_pktinfo);
    let mut slices = [io::IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrIn6>(socket.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::empty())?;
    let length = message.bytes;
    let guest = message.address.map(|address| address.ip());
    let world = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    });
    let Some((guest, world)) = guest.zip(world) else { return Ok(None) };
    Ok(request(buffer.get(..length).unwrap_or_default(), (guest.into(), world.into())))
}

/// A socket for pings out there, and whether it is a raw one. Without privileges there are sockets for ping alone, which
/// choose the identifier.
pub(crate) fn outward(is_v4: bool) -> io::Result<(Socket, bool)> {
    let domain = if is_v4 { Domain::IPV4 } else { Domain::IPV6 };
    match Socket::new(domain, Type::RAW, Some(protocol(is_v4))) {
        Ok(socket) => Ok((socket, true)),
        Err(_) => Socket::new(domain, Type::DGRAM, Some(protocol(is_v4))).map(|socket| (socket, false)),
    }
}

/// Sends it on, as this machine, and answers what the reply carries.
async fn ask(echo: &Echo) -> io::Result<Vec<u8>> {
    let is_v4 = echo.world.is_ipv4();
    let any: IpAddr = if is_v4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let (socket, is_raw) = outward(is_v4)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((any, 0)).into())?;
    socket.connect(&SocketAddr::from((echo.world, 0)).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    socket.send(&echo.request()).await?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let packet = buffer.get(..length).unwrap_or_default();
        // IPv4's raw sockets show the header, too.
        let body = if is_raw && is_v4 { payload(packet) } else { Some(packet) };
        if let Some(data) = body.and_then(|body| is_reply(body, echo, is_raw)) {
            return Ok(data.to_vec());
        }
    }
}
