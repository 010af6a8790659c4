//! Which server a sandbox belongs to, so that what a killed server left can be told from what a living one uses.

use std::fs;

/// The first of the user ids that sandboxes have outside: beyond those that systemd gives to containers, below 2^31.
const FIRST_ID: u32 = 1_900_000_000;
const IDS_OF_A_SERVER: u32 = 1 << 16;
const SERVERS: u32 = 3000;

/// This server.
pub(super) struct Server {
    /// `<process id>-<start time>`: no two servers of one boot share it.
    pub name: String,
    first_id: u32,
}

impl Server {
    pub fn this() -> Server {
        let pid = std::process::id();
        let started = start_time(pid).unwrap_or_default();
        Server { name: format!("{pid}-{started}"), first_id: FIRST_ID + pid % SERVERS * IDS_OF_A_SERVER }
    }

    /// The user and group outside, for the `count`th sandbox: unprivileged, nobody's, and not another sandbox's.
    pub fn outer_id(&self, count: u32) -> u32 {
        self.first_id + count % IDS_OF_A_SERVER
    }
}

/// Whether the server lives that named a group `<process id>-<start time>-…`.
pub(super) fn lives(group: &str) -> bool {
    let mut parts = group.split('-');
    let pid = parts.next().and_then(|pid| pid.parse().ok());
    let started = parts.next().and_then(|started| started.parse().ok());
    pid.and_then(start_time).is_some_and(|at| Some(at) == started)
}

/// When a process started, in ticks since boot (proc_pid_stat(5), field 22).
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_server_lives_and_others_do_not() {
        let server = Server::this();
        assert!(lives(&format!("{}-abc", server.name)));
        assert!(!lives(&format!("{}-1-abc", std::process::id())));
        assert!(!lives("4194305-77-abc"));
        assert!(!lives("odd"));
    }
}
