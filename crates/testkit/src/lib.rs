//! What tests of services need: a cloud that lives in a temporary folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Once};

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

/// What the names of data folders begin with; the process follows.
const PREFIX: &str = "kogumo-test-";

/// Removes the folders of tests that are over: where something held the cloud until the process ended, nobody did.
fn sweep() {
    let is_left = |name: &str| {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        process.is_some_and(|process| !std::path::Path::new("/proc").join(process).exists())
    };
    let folders = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name().to_str().is_some_and(is_left)) {
        // Another test may be at it, too.
        let _ = std::fs::remove_dir_all(folder.path());
    }
}

/// A cloud of these services, empty, that listens nowhere. Its data folder and its records vanish with it.
///
/// # Errors
/// No temporary folder can be made.
pub fn cloud(mut services: Vec<Service>) -> Result<Arc<Cloud>, Trouble> {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
    let data = std::env::temp_dir().join(format!("{PREFIX}{}-{}", std::process::id(), kogumo_base::uuid()));
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
