//! Serves the sockets that services open in the cloud's networks, as the listen port is served.

use std::sync::Arc;

use kogumo_door::{Cloud, Doorway};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::chain::Gateway;
use crate::server;

/// Serves each of them until it is closed. It goes on until it is aborted.
pub async fn serve_entrances(cloud: Arc<Cloud>, tls: Arc<ServerConfig>, gateway: Arc<Gateway>) {
    let Some(mut doorways) = cloud.entrances.take() else { return };
    let mut served = JoinSet::new();
    while let Some(Doorway { listener, entrance, closed }) = doorways.recv().await {
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                let stop = async { drop(closed.await) };
                served.spawn(server::serve(listener, Arc::clone(&tls), Arc::clone(&gateway), entrance, stop));
            }
            Err(error) => tracing::error!("cannot serve {entrance:?}: {error}"),
        }
        while served.try_join_next().is_some() {}
    }
}
