//! What `kogumo up` was told.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The settings of a running cloud.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the cloud listens; also what it tells functions and instances to call.
    pub listen: SocketAddr,
    /// Where everything is kept: the store, object bytes, code, the CA.
    pub data: PathBuf,
    /// Acknowledged writes survive a power failure, too.
    pub fsync: bool,
    /// Only keys that this cloud issued are accepted: no `test`, no 12-digit keys.
    pub strict: bool,
    /// A LibreTranslate-compatible server: it translates first, and the built-in dictionary where it cannot.
    pub translate_url: Option<String>,
}

impl Settings {
    /// The cloud's own endpoint, `http://127.0.0.1:4566`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.listen)
    }
}
