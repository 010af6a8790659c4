//! What a machine is made of, as plain data: the keeper reads it from `spec.json` in the machine's folder.

use std::path::{Path, PathBuf};

use kogumo_userns::IDS;
use serde::{Deserialize, Serialize};

/// A whole machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// `i-0123456789abcdef0`: names the control groups.
    pub id: String,
    /// The image, as overlays: `/` first, then what lies below it.
    pub layers: Vec<Layer>,
    /// The root volume, which takes all changes: a file with a file system in it, or where this host has no devices for us a
    /// folder.
    pub volume: PathBuf,
    /// A device that shows it already: that of an encrypted one.
    #[serde(default)]
    pub device: Option<PathBuf>,
    /// The name of its device: `xvda`.
    #[serde(default)]
    pub root_device: String,
    pub limits: Limits,
    pub seed: Seed,
}

/// One overlay of the root file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Where it lies inside.
    pub at: PathBuf,
    /// The folder of the host that is shown there, read-only.
    pub from: PathBuf,
}

impl Layer {
    /// The folder on the root volume that takes the changes: `root`, `usr`, `var-lib-dpkg`.
    pub fn name(&self) -> String {
        let path = self.at.to_string_lossy();
        match path.trim_matches('/') {
            "" => String::from("root"),
            path => path.replace('/', "-"),
        }
    }

    /// Where it lies below a folder that stands for the root.
    pub(crate) fn below(&self, root: &Path) -> PathBuf {
        root.join(self.at.strip_prefix("/").unwrap_or(&self.at))
    }
}

/// What a machine may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processors' worth of time.
    pub vcpus: u32,
    /// Bytes of memory, with the page cache and files in memory.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// What a machine learns at its first boot, as cloud-init learns it from the metadata service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// The host name, and its domain behind a dot.
    pub hostname: String,
    /// What the machine proves by that it is itself.
    pub host_key: Option<HostKey>,
    /// Lines for `authorized_keys` of the default users.
    pub authorized_keys: Vec<String>,
    /// The instance's user data.
    pub user_data: Vec<u8>,
    /// Name servers and search domain for `/etc/resolv.conf`.
    pub nameservers: Vec<String>,
    pub search: String,
    /// PEM of the certificate authority that the machine trusts besides those of its image.
    pub authority: String,
    /// Lines for the environment of every login: the region, for instance.
    pub environment: Vec<(String, String)>,
}

/// An ed25519 host key for the machine's sshd. It comes from outside, since a program that makes one takes longer than
/// the rest of a boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostKey {
    /// PEM, as OpenSSH keeps it.
    pub private: String,
    /// `ssh-ed25519 AAAA…`
    pub public: String,
    /// The SHA-256 of the public key, in base64.
    pub fingerprint: String,
}

/// The first of the user ids that a machine's users have outside; sandboxes of functions begin at 1.9 thousand million.
const FIRST_ID: u32 = 1_300_000_000;
const RANGES: u32 = 8192;

impl Spec {
    /// The user outside that is root inside. Two machines may share a range by chance: the namespaces keep them apart.
    pub fn first_id(&self) -> u32 {
        let hash =
            self.id.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
        FIRST_ID + hash % RANGES * IDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_folders_of_their_own() {
        let name = |at: &str| Layer { at: at.into(), from: "/x".into() }.name();
        assert_eq!(
            (name("/"), name("/usr"), name("/var/lib/dpkg")),
            ("root".into(), "usr".into(), "var-lib-dpkg".into())
        );
    }
}
