//! Ping: each echo request is sent anew out there, and its reply is written in the world's name.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
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
const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;
const ICMP: u8 = 1;

/// The sockets inside: one that hears requests, one that writes whole packets.
#[derive(Debug)]
pub(crate) struct Intake {
    requests: std::net::UdpSocket,
    replies: std::net::UdpSocket,
}

/// Opens them in the namespace that this thread is in.
pub(crate) fn open() -> io::Result<Intake> {
    let requests = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    requests.set_nonblocking(true)?;
    let replies = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(nix::libc::IPPROTO_RAW)))?;
    replies.set_header_included_v4(true)?;
    replies.set_mark(MARK)?;
    replies.set_nonblocking(true)?;
    Ok(Intake { requests: requests.into(), replies: replies.into() })
}

/// An echo request, without the sum of its bytes.
#[derive(Debug, PartialEq, Eq)]
struct Echo {
    guest: Ipv4Addr,
    world: Ipv4Addr,
    identifier: [u8; 2],
    sequence: [u8; 2],
    data: Vec<u8>,
}

pub(crate) async fn relay(intake: Intake, pool: Pool) -> io::Result<()> {
    let requests = UdpSocket::from_std(intake.requests)?;
    let replies = Arc::new(UdpSocket::from_std(intake.replies)?);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; LONGEST];
    loop {
        while tasks.try_join_next().is_some() {}
        let length = match requests.recv(&mut buffer).await {
            Ok(length) => length,
            Err(error) => {
                tracing::debug!(%error, "a ping to the world was not taken");
                sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        let echo = read(buffer.get(..length).unwrap_or_default());
        // What is for this cloud itself the kernel answers.
        let Some(echo) = echo.filter(|echo| is_world(SocketAddr::from((echo.world, 0)), pool)) else { continue };
        // Where too many wait, this one is lost, as pings are.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let replies = Arc::clone(&replies);
        tasks.spawn(async move {
            let answered = timeout(PATIENCE, ask(&echo)).await;
            if let Ok(Ok(data)) = answered {
                // A raw socket takes the address out of the packet; the port means nothing.
                if let Err(error) = replies.send_to(&reply(&echo, &data), (IpAddr::V4(echo.guest), 0)).await {
                    tracing::debug!(%error, "an answer to a ping");
                }
            }
            drop(place);
        });
    }
}

/// Sends it on, as this machine, and answers what the reply carries.
async fn ask(echo: &Echo) -> io::Result<Vec<u8>> {
    // Without privileges there are sockets for ping alone, which choose the identifier; for those with, raw ones.
    let (socket, is_raw) = match Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)) {
        Ok(socket) => (socket, true),
        Err(_) => (Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4))?, false),
    };
    socket.set_nonblocking(true)?;
    socket.connect(&SocketAddr::from((echo.world, 0)).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    socket.send(&message(ECHO_REQUEST, echo.identifier, echo.sequence, &echo.data)).await?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let packet = buffer.get(..length).unwrap_or_default();
        let body = if is_raw { payload(packet) } else { Some(packet) };
        if let Some([ECHO_REPLY, _, _, _, a, b, c, d, data @ ..]) = body
            && [*c, *d] == echo.sequence
            && (!is_raw || [*a, *b] == echo.identifier)
        {
            return Ok(data.to_vec());
        }
    }
}

/// What follows the header of an IPv4 packet.
fn payload(packet: &[u8]) -> Option<&[u8]> {
    let words = usize::from(packet.first()? & 0xf);
    packet.get(words * 4..)
}

fn read(packet: &[u8]) -> Option<Echo> {
    let address = |at: usize| packet.get(at..)?.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
    let [ECHO_REQUEST, 0, _, _, a, b, c, d, data @ ..] = payload(packet)? else { return None };
    let (guest, world) = (address(12)?, address(16)?);
    Some(Echo { guest, world, identifier: [*a, *b], sequence: [*c, *d], data: data.to_vec() })
}

fn message(kind: u8, [a, b]: [u8; 2], [c, d]: [u8; 2], data: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, a, b, c, d];
    message.extend(data);
    let [high, low] = sum(&message).to_be_bytes();
    message.splice(2..4, [high, low]);
    message
}

/// The reply as a whole packet: the kernel fills in its length and the sum of its header.
fn reply(echo: &Echo, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0];
    packet.extend(echo.world.octets());
    packet.extend(echo.guest.octets());
    packet.extend(message(ECHO_REPLY, echo.identifier, echo.sequence, data));
    packet
}

/// The internet's checksum (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(u16::from_be_bytes([*high, 0])),
        _ => 0,
    });
    let mut total: u32 = words.sum();
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    !u16::try_from(total).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_answered() {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0, 198, 18, 4, 1, 203, 0, 113, 9];
        packet.extend(message(ECHO_REQUEST, [1, 2], [0, 1], b"data!"));
        let echo = read(&packet).expect("a request");
        assert_eq!((echo.guest, echo.world), (Ipv4Addr::new(198, 18, 4, 1), Ipv4Addr::new(203, 0, 113, 9)));
        assert_eq!((echo.identifier, echo.sequence, echo.data.as_slice()), ([1, 2], [0, 1], b"data!".as_slice()));
        let reply = reply(&echo, &echo.data);
        assert_eq!(reply.get(12..20), Some([203, 0, 113, 9, 198, 18, 4, 1].as_slice()));
        assert_eq!(read(&reply), None);
        // The sum over a message that holds its own sum is nothing.
        assert_eq!(sum(reply.get(20..).unwrap_or_default()), 0);
        assert_eq!(read(&[0x4f, 1]), None);
    }
}
