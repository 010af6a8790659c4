//! Connections: one from the guest, one to the world, and bytes between them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Pool, is_world};

const AT_ONCE: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(30);

/// Relays what the listener takes. Connections end with it.
pub(crate) async fn relay(listener: TcpListener, pool: Pool) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            // The address that the guest called is this end's own: it is a transparent socket.
            Ok((guest, _)) => {
                connections.spawn(async move {
                    if let Err(error) = connect(guest, pool).await {
                        tracing::debug!(%error, "a connection to the world");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection to the world was not taken");
                sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(mut guest: TcpStream, pool: Pool) -> io::Result<()> {
    let to: SocketAddr = guest.local_addr()?;
    // A guest whose connection is refused out there sees it reset.
    guest.set_zero_linger()?;
    if !is_world(to, pool) {
        return Ok(());
    }
    let mut world = timeout(PATIENCE, TcpStream::connect(to)).await??;
    world.set_nodelay(true)?;
    guest.set_nodelay(true)?;
    copy_bidirectional(&mut guest, &mut world).await?;
    // The end was in order, and so it shall look.
    socket2::SockRef::from(&guest).set_linger(None)
}
