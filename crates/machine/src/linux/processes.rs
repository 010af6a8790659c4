//! The time that the processes of a machine have had of processors, where no control group counts it: what each of them has
//! used, and what those that it has waited for had (proc_pid_stat(5)).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::keeper::Process;

/// utime, stime, cutime and cstime, behind the name: fields 14 to 17 of all, whose third comes first there.
const TIMES: std::ops::Range<usize> = 11..15;

/// What machines have been seen to have used. What a process used that nobody waited for is forgotten by the kernel, and must
/// not look like a machine that began anew.
#[derive(Default)]
pub(super) struct Times(Mutex<BTreeMap<String, (Process, Duration)>>);

impl Times {
    /// The time of the machine whose init that is.
    pub fn of(&self, id: &str, init: Process) -> Option<Duration> {
        let now = time_inside(init.pid)?;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, (init, _)| init.lives());
        let before = seen.get(id).filter(|(of, _)| *of == init).map_or(Duration::ZERO, |(_, time)| *time);
        let time = now.max(before);
        seen.insert(id.to_owned(), (init, time));
        Some(time)
    }
}

/// The time of everybody in the process namespace of a process.
fn time_inside(init: i32) -> Option<Duration> {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let inside: PathBuf = namespace(&init.to_string())?;
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if pid.bytes().all(|byte| byte.is_ascii_digit()) && namespace(&pid).as_ref() == Some(&inside) {
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            ticks += ticks_of(&stat).unwrap_or_default();
        }
    }
    let millis_of_a_tick = 1000 / rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(ticks * millis_of_a_tick))
}

fn ticks_of(stat: &str) -> Option<u64> {
    // The name, in parentheses, may hold spaces and parentheses.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    fields.get(TIMES)?.iter().map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_times_are_counted() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 10 20 300 4000 20 0 1 0 99 0 0";
        assert_eq!(ticks_of(stat), Some(4330));
        assert_eq!(ticks_of("7 (a"), None);
    }

    #[test]
    fn time_does_not_run_backwards() {
        let times = Times::default();
        let own = i32::try_from(std::process::id()).expect("a number");
        let init = Process::of(own).expect("this process");
        let first = times.of("i-1", init).expect("it is counted");
        assert!(times.of("i-1", init).expect("it is counted") >= first);
    }
}
