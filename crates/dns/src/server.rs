//! The sockets: UDP, and TCP for what is long.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::message::{Outcome, answer, failure};
use crate::{Answer, Question, Vantage, upstream};

/// Whoever knows the names.
pub type Directory = dyn Fn(&Vantage, &Question) -> Option<Answer> + Send + Sync;

/// Questions at once; more than that wait.
const AT_ONCE: usize = 256;
/// How long a TCP connection may say nothing.
const IDLE: Duration = Duration::from_secs(10);
const LONGEST: usize = 65_535;

/// Answers at both sockets until it is dropped, for those who see things from `vantage`.
pub async fn serve(udp: UdpSocket, tcp: TcpListener, vantage: Vantage, directory: Arc<Directory>) {
    let here = Here { vantage, directory, places: Arc::new(Semaphore::new(AT_ONCE)) };
    tokio::join!(datagrams(Arc::new(udp), here.clone()), connections(tcp, here));
}

#[derive(Clone)]
struct Here {
    vantage: Vantage,
    directory: Arc<Directory>,
    places: Arc<Semaphore>,
}

impl Here {
    async fn reply(&self, message: &[u8], udp: bool) -> Option<Vec<u8>> {
        match answer(message, udp, |question| (self.directory)(&self.vantage, question)) {
            Outcome::Reply(bytes) => Some(bytes),
            Outcome::Ignore => None,
            Outcome::Forward => match upstream::ask(message, udp).await {
                Some(bytes) => Some(bytes),
                None => failure(message),
            },
        }
    }
}

async fn datagrams(socket: Arc<UdpSocket>, here: Here) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let Ok(place) = Arc::clone(&here.places).acquire_owned().await else { return };
        let (length, from) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            // What an earlier answer met on its way (ICMP) is reported here; it concerns nobody else.
            Err(error) => {
                tracing::debug!(%error, "a datagram of the DNS was not received");
                sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        let message = buffer.get(..length).unwrap_or_default().to_vec();
        let (here, socket) = (here.clone(), Arc::clone(&socket));
        tokio::spawn(async move {
            if let Some(reply) = here.reply(&message, true).await {
                let _ = socket.send_to(&reply, from).await;
            }
            drop(place);
        });
    }
}

async fn connections(listener: TcpListener, here: Here) {
    loop {
        let Ok(place) = Arc::clone(&here.places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let here = here.clone();
                tokio::spawn(async move {
                    if let Err(error) = conversation(stream, &here).await {
                        tracing::debug!(%error, "a connection of the DNS");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection of the DNS was not accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn conversation(mut stream: TcpStream, here: &Here) -> std::io::Result<()> {
    while let Ok(length) = timeout(IDLE, stream.read_u16()).await {
        let mut message = vec![0; usize::from(length?)];
        timeout(IDLE, stream.read_exact(&mut message)).await??;
        let Some(reply) = here.reply(&message, false).await else { return Ok(()) };
        let length = u16::try_from(reply.len()).unwrap_or(0);
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(&reply).await?;
    }
    Ok(())
}
