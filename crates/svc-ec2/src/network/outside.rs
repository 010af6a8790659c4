//! The way in for whoever has no other: streams to public addresses, as from the internet. The packets begin where this
//! cloud's internet is seen from, and obey the rules that all packets from there do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_dns::{Answer, Kind, Question, Vantage};
use kogumo_door::{BoxFuture, Cloud};
use kogumo_netmodel::Public;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{Network, beside};
use crate::public_address::plan;

/// How long whoever is called may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to a port of a public address, or of a name that has one.
///
/// # Errors
/// It is no public address of this cloud, or nobody answers there.
pub fn dial(cloud: Arc<Cloud>, host: String, port: u16) -> BoxFuture<Result<TcpStream, Trouble>> {
    Box::pin(async move {
        let network = cloud.part::<Network>()?;
        let address = network.public_address(&cloud, &host);
        let address = address.ok_or_else(|| Trouble::new(format!("{host} is no public address of this cloud")))?;
        if !network.is_live() {
            return Err(Trouble::new(format!("nobody is at {host}: no instance of this cloud runs")));
        }
        let outside = network.linux()?.outside()?;
        let failed = |e| Trouble::from_cause(format!("cannot connect to {host}:{port}"), e);
        let open =
            move || TcpSocket::new_v4().map_err(|e| Trouble::from_cause("no socket on the internet of this cloud", e));
        let socket = beside(move || outside.enter(open)).await?;
        let connected = timeout(PATIENCE, socket.connect(SocketAddr::from((address, port)))).await;
        let stream = connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    })
}

impl Network {
    /// The public address that is meant.
    fn public_address(&self, cloud: &Cloud, host: &str) -> Option<Ipv4Addr> {
        if let Ok(address) = host.parse() {
            return among(plan(cloud), [address]);
        }
        let question = Question { name: host.trim_end_matches('.').to_ascii_lowercase(), kind: Kind::A };
        match self.look_up(cloud, &Vantage::Outside, &question)? {
            Answer::Addresses(addresses) => among(plan(cloud), addresses),
            Answer::Names(_) | Answer::Nothing => None,
        }
    }
}

/// The first one that this cloud's internet has.
fn among(public: Public, addresses: impl IntoIterator<Item = IpAddr>) -> Option<Ipv4Addr> {
    addresses.into_iter().find_map(|address| match address {
        IpAddr::V4(v4) if public.pool().contains(address) => Some(v4),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        let public = Public::default();
        let of = |text: &str| among(public, [text.parse().expect("an address")]);
        assert_eq!(of("198.18.4.1"), Some(Ipv4Addr::new(198, 18, 4, 1)));
        for other in ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "192.0.2.1"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
