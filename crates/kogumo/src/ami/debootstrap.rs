//! debootstrap(8): a Debian or Ubuntu in a folder, out of a mirror's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use kogumo_base::Trouble;

/// What makes an instance of it useful, beside the base system.
const INCLUDED: &str =
    "openssh-server,sudo,iproute2,iptables,iputils-ping,curl,ca-certificates,python3-minimal,e2fsprogs";

/// The folder that was made; it goes when this does.
pub struct Made(PathBuf);

impl Made {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("kogumo: {} could not be removed: {error}", self.0.display());
        }
    }
}

/// Runs it. What it prints goes to standard error.
///
/// # Errors
/// It is not installed, or it failed.
pub fn run(suite: &str, mirror: Option<&str>, include: Option<&str>) -> Result<Made, Trouble> {
    // debootstrap(8) knows no "--".
    if let Some(option) = [Some(suite), mirror].into_iter().flatten().find(|word| word.starts_with('-')) {
        return Err(Trouble::new(format!("'{option}' is neither a suite nor a mirror")));
    }
    let folder = std::env::temp_dir().join(format!("kogumo-debootstrap-{}", std::process::id()));
    std::fs::create_dir(&folder).map_err(|e| Trouble::from_cause(format!("cannot make {}", folder.display()), e))?;
    let made = Made(folder);
    let mut command = Command::new("debootstrap");
    command.args(["--variant=minbase", &format!("--include={}", include.unwrap_or(INCLUDED)), suite]);
    command.arg(made.path()).args(mirror).stdout(std::io::stderr());
    let status = command
        .status()
        .map_err(|e| Trouble::from_cause("cannot run debootstrap (install the package debootstrap)", e))?;
    if !status.success() {
        return Err(Trouble::new(format!("debootstrap failed ({status})")));
    }
    Ok(made)
}
