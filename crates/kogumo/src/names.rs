//! The cloud's DNS for this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_dns::{Question, Vantage};
use kogumo_door::Cloud;
use kogumo_svc_ec2::Network;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4553);

/// Answers at that address, or at the default one.
///
/// # Errors
/// The address that was asked for cannot be had. Without the default one there is no DNS, which is said.
pub async fn serve(cloud: &Arc<Cloud>, wanted: Option<SocketAddr>) -> Result<Option<JoinHandle<()>>, Trouble> {
    let at = wanted.unwrap_or(DEFAULT);
    let network = cloud.part::<Network>()?;
    match open(at).await {
        Ok((udp, tcp)) => {
            let cloud = Arc::clone(cloud);
            let directory = move |from: &Vantage, question: &Question| network.look_up(&cloud, from, question);
            Ok(Some(tokio::spawn(kogumo_dns::serve(udp, tcp, Vantage::Outside, Arc::new(directory)))))
        }
        Err(error) if wanted.is_some() => Err(Trouble::from_cause(format!("cannot answer names on {at}"), error)),
        // Another cloud of this machine has it.
        Err(error) => {
            tracing::info!("no DNS at {at}: {error}; say with --dns where it shall answer");
            Ok(None)
        }
    }
}

async fn open(at: SocketAddr) -> std::io::Result<(UdpSocket, TcpListener)> {
    Ok((UdpSocket::bind(at).await?, TcpListener::bind(at).await?))
}
