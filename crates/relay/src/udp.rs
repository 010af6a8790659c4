//! Datagrams: each pair of guest and world has a socket out there, and one that answers in the world's name.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use socket2::Type;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Pool, is_world, transparent};

/// Opens a socket inside of the internet's namespace.
pub type Inside = Arc<
    dyn Fn(&(dyn Fn() -> Result<std::net::UdpSocket, Trouble> + Sync)) -> Result<std::net::UdpSocket, Trouble>
        + Send
        + Sync,
>;

/// Pairs at once; a further one has to wait until one is quiet.
const AT_ONCE: usize = 1024;
const QUIET: Duration = Duration::from_secs(60);
const LONGEST: usize = 65_535;
/// Datagrams that wait for their pair's socket.
const QUEUE: usize = 64;

type Pair = (SocketAddr, SocketAddr);

pub(crate) async fn relay(socket: UdpSocket, inside: Inside, pool: Pool) {
    let mut pairs: HashMap<Pair, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; LONGEST];
    loop {
        let received = socket.async_io(Interest::READABLE, || receive(&socket, &mut buffer)).await;
        let (length, guest, world) = match received {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!(%error, "a datagram to the world was not taken");
                sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        pairs.retain(|_, sender| !sender.is_closed());
        while tasks.try_join_next().is_some() {}
        if !is_world(world, pool) {
            continue;
        }
        let datagram = buffer.get(..length).unwrap_or_default().to_vec();
        if let Some(sender) = pairs.get(&(guest, world)) {
            // Where the queue is full the datagram is lost, as datagrams are.
            let _ = sender.try_send(datagram);
        } else if pairs.len() < AT_ONCE {
            let (sender, queue) = mpsc::channel(QUEUE);
            let _ = sender.try_send(datagram);
            pairs.insert((guest, world), sender);
            let inside = Arc::clone(&inside);
            tasks.spawn(async move {
                if let Err(trouble) = carry(guest, world, queue, &inside).await {
                    tracing::debug!(%trouble, "datagrams to the world");
                }
            });
        }
    }
}

/// Carries the datagrams of a pair until it is quiet.
async fn carry(
    guest: SocketAddr,
    world: SocketAddr,
    mut queue: mpsc::Receiver<Vec<u8>>,
    inside: &Inside,
) -> Result<(), Trouble> {
    let trouble = |error| Trouble::from_cause("a datagram's socket", error);
    let answering = inside(&|| {
        let socket = transparent(Type::DGRAM, world).map_err(trouble)?;
        socket.connect(&guest.into()).map_err(trouble)?;
        Ok(socket.into())
    })?;
    let answering = UdpSocket::from_std(answering).map_err(trouble)?;
    let any: IpAddr = if world.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let outside = UdpSocket::bind((any, 0)).await.map_err(trouble)?;
    outside.connect(world).await.map_err(trouble)?;
    // What this socket is sent by the guest, since it is the better match, goes out, too.
    let (mut from_world, mut from_guest) = (vec![0; LONGEST], vec![0; LONGEST]);
    loop {
        let step = async {
            tokio::select! {
                datagram = queue.recv() => match datagram {
                    Some(datagram) => outside.send(&datagram).await.map(|_| true),
                    None => Ok(false),
                },
                length = answering.recv(&mut from_guest) => {
                    outside.send(from_guest.get(..length?).unwrap_or_default()).await.map(|_| true)
                }
                length = outside.recv(&mut from_world) => {
                    answering.send(from_world.get(..length?).unwrap_or_default()).await.map(|_| true)
                }
            }
        };
        match timeout(QUIET, step).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(trouble(error)),
        }
    }
}

/// A datagram, who sent it, and to whom: the address before the namespace's rules sent it here.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
    let mut space = nix::cmsg_space!(nix::libc::sockaddr_in6);
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::empty())?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "a datagram without addresses");
    let v4 = |address: &SockaddrStorage| address.as_sockaddr_in().map(|own| SocketAddr::V4((*own).into()));
    let v6 = |address: &SockaddrStorage| address.as_sockaddr_in6().map(|own| SocketAddr::V6((*own).into()));
    let from = message.address.and_then(|address| v4(&address).or_else(|| v6(&address))).ok_or_else(odd)?;
    let to = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4OrigDstAddr(address) => {
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            Some(SocketAddr::from((ip, u16::from_be(address.sin_port))))
        }
        ControlMessageOwned::Ipv6OrigDstAddr(address) => {
            let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
            Some(SocketAddr::from((ip, u16::from_be(address.sin6_port))))
        }
        _ => None,
    });
    Ok((message.bytes, from, to.ok_or_else(odd)?))
}
