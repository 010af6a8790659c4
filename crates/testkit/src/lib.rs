//! What tests of services need: a cloud that lives in a temporary folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Client, Cloud, Service, Settings, settings};
use kogumo_store::Store;

/// The data folder of a test's cloud; it goes with the cloud.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What a test leaves open may hold it; the next test does not mind.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A cloud of these services, empty, that listens nowhere. Its data folder and its records vanish with it.
///
/// # Errors
/// No temporary folder can be made.
pub fn cloud(mut services: Vec<Service>) -> Result<Arc<Cloud>, Trouble> {
    let data = std::env::temp_dir().join(format!("kogumo-test-{}", kogumo_base::uuid()));
    std::fs::create_dir_all(&data).map_err(|error| Trouble::from_cause("cannot make a folder for the test", error))?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 4566));
    if let Some(last) = services.pop() {
        services.push(last.with(Folder(data.clone())));
    }
    let settings = Settings {
        listen,
        callback: None,
        data,
        fsync: false,
        strict: false,
        public_addresses: settings::PUBLIC_ADDRESSES,
        public_ipv6_addresses: settings::PUBLIC_IPV6_ADDRESSES,
        translate_url: None,
    };
    Cloud::new(settings, Store::ephemeral()?, services)
}

/// A client that is the root of account 000000000000 in ap-northeast-1.
pub fn root(cloud: &Arc<Cloud>) -> Client {
    Client::new(Arc::clone(cloud), Caller::root("000000000000", "ap-northeast-1"))
}
