//! What an ordinary user needs to have networks and machines: a user namespace in which this program is root
//! (user_namespaces(7)). There it may make network namespaces, mounts and machines as root does; outside of it, it is and
//! stays the user who started it.
//!
//! The namespace has as many users as a machine needs. An ordinary user may map none but themselves; the others are lent by
//! `/etc/subuid` and `/etc/subgid` (subuid(5)), and newuidmap(1) and newgidmap(1), which belong to root, write them down.
//! It has no name: it ends with the last process in it. Machines that outlive a server keep it, and the next server goes
//! into theirs.

mod enter;
mod lent;

use std::fs;
use std::sync::OnceLock;

pub use enter::{enter, fork};

/// So many users has a machine, and so the namespace that it is made in.
pub const IDS: u32 = 1 << 16;

/// What this process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This host's root.
    Root,
    /// Root of a user namespace with all the users that a machine needs.
    Namespace,
    /// Nothing beyond what every user may.
    Ordinary,
}

/// Why there is no namespace, where one was tried.
static REFUSED: OnceLock<String> = OnceLock::new();

/// What this process may do, as the kernel tells it.
#[must_use]
pub fn standing() -> Standing {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    judge(rustix::process::geteuid().is_root(), &map)
}

/// Why there is no user namespace, after [`enter`] has failed.
#[must_use]
pub fn why_not() -> Option<&'static str> {
    REFUSED.get().map(String::as_str)
}

/// `map` is the text of `/proc/self/uid_map`: lines of first user inside, first user outside, count.
fn judge(is_root: bool, map: &str) -> Standing {
    let lines = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    let lines: Vec<(u32, u32, u32)> = lines.collect();
    let here = lines.iter().map(|(first, _, count)| IDS.saturating_sub(*first).min(*count)).sum::<u32>();
    match lines.as_slice() {
        _ if !is_root => Standing::Ordinary,
        [(0, 0, u32::MAX)] => Standing::Root,
        _ if here == IDS => Standing::Namespace,
        _ => Standing::Ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_is_what_the_map_says() {
        let whole = "         0          0 4294967295\n";
        let lent = "         0       1000          1\n         1     100000      65535\n";
        let single = "         0       1000          1\n";
        assert_eq!((judge(true, whole), judge(false, whole)), (Standing::Root, Standing::Ordinary));
        assert_eq!((judge(true, lent), judge(true, single)), (Standing::Namespace, Standing::Ordinary));
        assert_eq!(judge(true, ""), Standing::Ordinary);
        assert_eq!(judge(true, "0 100000 65536\n"), Standing::Namespace);
    }
}
