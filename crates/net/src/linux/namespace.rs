//! Network namespaces, held by descriptors: they have no names and no mounts, so that nothing is left of them once nobody
//! holds them, not even when this program is killed.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use kogumo_base::Trouble;
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// Which user namespace a namespace belongs to (ioctl_nsfs(2)).
const NS_GET_USERNS: libc::c_ulong = 0xb701;

/// A network namespace.
#[derive(Debug)]
pub struct Namespace(OwnedFd);

impl Namespace {
    /// A new one, with nothing in it but a loopback that is down.
    ///
    /// # Errors
    /// The kernel refuses: not root, and no user namespace that would permit it.
    pub fn new() -> Result<Self, Trouble> {
        on_a_thread(|| {
            // SAFETY: the flag does not change the meaning of descriptors, and the thread does nothing else.
            #[allow(unsafe_code)]
            let left = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) };
            left.map_err(|e| Trouble::from_cause("cannot make a network namespace", e))?;
            Self::open(Path::new("/proc/thread-self/ns/net"))
        })
    }

    /// The one that this thread is in.
    ///
    /// # Errors
    /// `/proc` is not there.
    pub fn current() -> Result<Self, Trouble> {
        Self::open(Path::new("/proc/thread-self/ns/net"))
    }

    /// The one of a process.
    ///
    /// # Errors
    /// No such process, or it may not be looked at.
    pub fn of_process(pid: u32) -> Result<Self, Trouble> {
        Self::open(&Path::new("/proc").join(pid.to_string()).join("ns/net"))
    }

    /// The one at that path, such as `/proc/<pid>/ns/net`.
    ///
    /// # Errors
    /// There is none, or it may not be looked at.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        let file = File::open(path).map_err(|e| Trouble::from_cause(format!("cannot open {}", path.display()), e))?;
        Ok(Self(file.into()))
    }

    /// Whether this process may change it: it belongs to a user namespace that this process is in, or above.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        // SAFETY: the request takes no argument, and answers a new descriptor, which is closed here.
        #[allow(unsafe_code)]
        let owner = unsafe { libc::ioctl(self.0.as_raw_fd(), NS_GET_USERNS as libc::Ioctl) };
        if owner >= 0 {
            // SAFETY: it is this function's own.
            #[allow(unsafe_code)]
            drop(unsafe { OwnedFd::from_raw_fd(owner) });
        }
        owner >= 0
    }

    /// What tells it from every other one that there is.
    ///
    /// # Errors
    /// The descriptor cannot be asked.
    pub fn identity(&self) -> Result<u64, Trouble> {
        let status = rustix::fs::fstat(&self.0).map_err(|e| Trouble::from_cause("cannot look at a namespace", e))?;
        Ok(status.st_ino)
    }

    /// Another descriptor of the same namespace.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn share(&self) -> Result<Self, Trouble> {
        let shared = self.0.try_clone().map_err(|e| Trouble::from_cause("cannot share a namespace", e))?;
        Ok(Self(shared))
    }

    /// Does something inside: a socket that is opened there stays there. It runs on a thread of its own, which ends with it.
    ///
    /// # Errors
    /// What is done fails, or the namespace may not be entered.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> Result<T, Trouble> + Send) -> Result<T, Trouble> {
        on_a_thread(|| {
            rustix::thread::move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|e| Trouble::from_cause("cannot enter a network namespace", e))?;
            act()
        })
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn on_a_thread<T: Send>(act: impl FnOnce() -> Result<T, Trouble> + Send) -> Result<T, Trouble> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, act);
        let thread = thread.map_err(|e| Trouble::from_cause("cannot start a thread", e))?;
        thread.join().unwrap_or_else(|_| Err(Trouble::new("a thread in a network namespace broke off")))
    })
}
