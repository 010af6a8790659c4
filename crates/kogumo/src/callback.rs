//! The port 443 of an address of this machine's own: programs that take no port from a URL call back there.

use std::net::{IpAddr, Ipv4Addr};

use tokio::net::TcpListener;

/// HTTPS's own port.
const PORT: u16 = 443;

/// Listens, if this user may. Clouds beside each other do not meet: the loopback address follows from the cloud's port.
pub async fn listen(port: u16) -> Option<TcpListener> {
    let address = address(port);
    match TcpListener::bind((address, PORT)).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::debug!("no callbacks over HTTPS at {address}:{PORT}: {error}");
            None
        }
    }
}

/// Whether a cloud of this user could listen there.
pub fn is_possible() -> bool {
    // Port 0 belongs to no cloud.
    std::net::TcpListener::bind((address(0), PORT)).is_ok()
}

fn address(port: u16) -> IpAddr {
    let [high, low] = port.to_be_bytes();
    Ipv4Addr::new(127, 67, high, low).into()
}
