//! The processes of a sandbox, found through their parents: for machines where no control group can be had.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// The processes below `root`, without itself.
fn below(root: u32) -> Vec<u32> {
    let mut found: Vec<u32> = children(root);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// proc_tid_children(5), over every thread: a child belongs to the thread that made it.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let texts = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    texts.flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// Sends a signal to every process of the sandbox whose helper is `helper`, until no new one is found.
pub(super) fn signal(helper: u32, signal: Signal) {
    let mut told = Vec::new();
    loop {
        let new: Vec<u32> = below(helper).into_iter().filter(|pid| !told.contains(pid)).collect();
        if new.is_empty() {
            return;
        }
        for pid in &new {
            if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
                let _ended_already = kill_process(pid, signal);
            }
        }
        told.extend(new);
    }
}

/// Bytes of memory that are the processes' own, and their number.
pub(super) fn usage(helper: u32) -> (u64, u64) {
    let pids = below(helper);
    let page = rustix::param::page_size() as u64;
    let own = |pid: &u32| {
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let mut pages = statm.split_whitespace().skip(1).map(|n| n.parse::<u64>().unwrap_or(0));
        pages.next().unwrap_or(0).saturating_sub(pages.next().unwrap_or(0)) * page
    };
    (pids.iter().map(own).sum(), pids.len() as u64)
}
