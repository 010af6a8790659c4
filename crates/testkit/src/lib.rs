//! What tests of services need: a cloud that lives in a temporary folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Client, Cloud, Service, Settings};
use kogumo_store::Store;

/// A cloud of these services, empty, that listens nowhere. Its data folder is removed by the operating system's rules
/// for temporary files; records vanish with the store.
///
/// # Errors
/// No temporary folder can be made.
pub fn cloud(services: Vec<Service>) -> Result<Arc<Cloud>, Trouble> {
    let data = std::env::temp_dir().join(format!("kogumo-test-{}", kogumo_base::uuid()));
    std::fs::create_dir_all(&data).map_err(|error| Trouble::from_cause("cannot make a folder for the test", error))?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 4566));
    let settings = Settings { listen, data, fsync: false, strict: false, translate_url: None };
    Cloud::new(settings, Store::ephemeral()?, services)
}

/// A client that is the root of account 000000000000 in ap-northeast-1.
pub fn root(cloud: &Arc<Cloud>) -> Client {
    Client::new(Arc::clone(cloud), Caller::root("000000000000", "ap-northeast-1"))
}
