//! What is nobody's here is asked of the host's own resolver, word for word.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(3);
const LONGEST: usize = 65_535;

/// The resolvers of `/etc/resolv.conf`. It is read each time, since networks change.
fn servers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let addresses = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")).map(str::trim);
    addresses.filter_map(|address| address.parse::<IpAddr>().ok()).map(|address| SocketAddr::new(address, 53)).collect()
}

/// Asks the resolvers in turn; none where none answers.
pub(crate) async fn ask(message: &[u8], udp: bool) -> Option<Vec<u8>> {
    for server in servers() {
        let answer = async { if udp { over_udp(server, message).await } else { over_tcp(server, message).await } };
        match timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => tracing::debug!(%server, %error, "a resolver of the host does not answer"),
            Err(_) => tracing::debug!(%server, "a resolver of the host is too slow"),
        }
    }
    None
}

async fn over_udp(server: SocketAddr, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(message).await?;
    let mut answer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut answer).await?;
        // The number of the question comes back with its answer.
        if answer.get(..2) == message.get(..2) {
            answer.truncate(length);
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(message).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}
