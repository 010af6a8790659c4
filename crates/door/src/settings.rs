//! What `kogumo up` was told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// The settings of a running cloud.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the cloud listens; also what it tells functions and instances to call.
    pub listen: SocketAddr,
    /// An address of this machine at which the cloud serves HTTPS on port 443 as well, if that port can be had: programs
    /// that look at the host of a URL only, as the CDK's custom resources do, reach it there.
    pub callback: Option<IpAddr>,
    /// Where everything is kept: the store, object bytes, code, the CA.
    pub data: PathBuf,
    /// Acknowledged writes survive a power failure, too.
    pub fsync: bool,
    /// Only keys that this cloud issued are accepted: no `test`, no 12-digit keys.
    pub strict: bool,
    /// The block that public addresses are handed out of: its first address and the length of its prefix.
    pub public_addresses: (Ipv4Addr, u8),
    /// The block out of which VPCs get their IPv6 blocks.
    pub public_ipv6_addresses: (Ipv6Addr, u8),
    /// A LibreTranslate-compatible server: it translates first, and the built-in dictionary where it cannot.
    pub translate_url: Option<String>,
}

/// Where public addresses are taken from unless something else is said: RFC 2544's block for tests of networks.
pub const PUBLIC_ADDRESSES: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 18, 0, 0), 15);
/// Where VPCs' IPv6 blocks are taken from unless something else is said: RFC 3849's block for documentation.
pub const PUBLIC_IPV6_ADDRESSES: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32);

impl Settings {
    /// The cloud's own endpoint, `http://127.0.0.1:4566`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Where functions call back: over HTTPS if they can, as AWS's own URLs are.
    pub fn callback_endpoint(&self) -> String {
        self.callback.map_or_else(|| self.endpoint(), |address| format!("https://{address}"))
    }
}
