//! The user namespace of a machine: root inside is an unprivileged user of no name outside.

use std::fs::{self, File};
use std::os::fd::{AsFd, OwnedFd};

use kogumo_base::Trouble;
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, LinkNameSpaceType, UnshareFlags, capabilities, move_into_link_name_space, set_capabilities,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use kogumo_userns::{IDS, Standing, standing};

use super::{end, fork, pipe, unshare};
use crate::Spec;

/// The user outside that is root inside. Without root there are no others than those of the server's own namespace, which
/// all machines share: their namespaces keep them apart.
pub(super) fn first_id(spec: &Spec) -> u32 {
    match standing() {
        Standing::Root => spec.first_id(),
        Standing::Namespace | Standing::Ordinary => 0,
    }
}

/// Makes one whose users 0 to 65535 are those from `first` on outside. It lives as long as the descriptor.
pub(super) fn make(first: u32) -> Result<OwnedFd, Trouble> {
    let (ready, say_ready) = pipe()?;
    let Some(child) = fork()? else {
        drop(ready);
        let word: &[u8] = if unshare(UnshareFlags::NEWUSER).is_ok() { b"y" } else { b"n" };
        let _gone = rustix::io::write(&say_ready, word);
        loop {
            std::thread::park();
        }
    };
    drop(say_ready);
    let mut word = [0];
    let heard = rustix::io::read(&ready, &mut word);
    let made = if heard.is_ok() && word == *b"y" {
        map(child.as_raw_nonzero().get(), first)
    } else {
        Err(Trouble::new("the kernel permits no user namespace"))
    };
    end(child);
    made
}

fn map(child: i32, first: u32) -> Result<OwnedFd, Trouble> {
    // Root by itself: in a namespace that was lent its users, they are two ranges, and no line may reach over both.
    let line = format!("0 {first} 1\n1 {} {}", first + 1, IDS - 1);
    for file in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{child}/{file}"), &line)
            .map_err(|e| Trouble::from_cause(format!("cannot write {file}"), e))?;
    }
    let namespace = File::open(format!("/proc/{child}/ns/user"));
    Ok(namespace.map_err(|e| Trouble::from_cause("cannot open the user namespace", e))?.into())
}

/// Enters it, as its root.
pub(super) fn enter(users: &OwnedFd) -> Result<(), Trouble> {
    move_into_link_name_space(users.as_fd(), Some(LinkNameSpaceType::User))
        .map_err(|e| Trouble::from_cause("cannot enter the user namespace", e))?;
    let failed = |e| Trouble::from_cause("cannot become its root", e);
    set_thread_groups(&[]).map_err(failed)?;
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).map_err(failed)?;
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).map_err(failed)
}

/// Does something to files as the machine's root, with the powers of the host's: an overlay remembers who mounted it,
/// and writes to its layers as that user.
pub(super) fn as_owner<R>(first: u32, work: impl FnOnce() -> R) -> Result<R, Trouble> {
    become_for_files(first)?;
    let done = work();
    become_for_files(0)?;
    Ok(done)
}

fn become_for_files(id: u32) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("cannot change the user for files", e);
    let mut powers = capabilities(None).map_err(failed)?;
    // SAFETY: these calls take a number and change nothing but the credentials of this thread, the only one.
    #[allow(unsafe_code)]
    unsafe {
        libc::setfsgid(id);
        libc::setfsuid(id);
    }
    // Leaving root behind drops the powers over files; they are taken up again.
    powers.effective = powers.permitted | CapabilitySet::empty();
    set_capabilities(None, powers).map_err(failed)
}
