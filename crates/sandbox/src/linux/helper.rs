//! The server's side of a helper process: starting it, telling it what to make, hearing from it.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use kogumo_base::Trouble;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::init::{INIT_COMMAND, Order, Word};

/// Where helpers come from.
pub(super) struct Source {
    program: PathBuf,
}

impl Source {
    pub fn new(program: PathBuf) -> Source {
        Source { program }
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A helper that waits for its order.
    pub fn take(&self) -> Result<Helper, Trouble> {
        let failed = |e| Trouble::from_cause("cannot start a sandbox's helper", e);
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let (output, writing) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(e.into()))?;
        fcntl_setfl(&output, OFlags::NONBLOCK).map_err(|e| failed(e.into()))?;
        let child = Command::new(&self.program)
            .arg(INIT_COMMAND)
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(writing.try_clone().map_err(failed)?)
            .stderr(writing)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Helper { child, control: ours, output, heard: Vec::new() })
    }
}

/// A helper process and the two lines to it: orders and words, and the program's output.
pub(super) struct Helper {
    pub child: Child,
    pub control: UnixStream,
    pub output: OwnedFd,
    heard: Vec<u8>,
}

impl Helper {
    pub fn send(&mut self, order: &Order) -> Result<(), Trouble> {
        let failed = |e| Trouble::from_cause("cannot tell a sandbox's helper what to make", e);
        let text = serde_json::to_vec(order).map_err(|e| failed(e.into()))?;
        let length = u32::try_from(text.len()).map_err(|_| Trouble::new("a sandbox's description is too long"))?;
        self.control.write_all(&length.to_le_bytes()).and_then(|()| self.control.write_all(&text)).map_err(failed)
    }

    /// The next word, waited for.
    pub fn hear(&mut self, patience: Duration) -> Result<Word, Trouble> {
        let failed = |e| Trouble::from_cause("a sandbox's helper does not answer", e);
        self.control.set_read_timeout(Some(patience)).map_err(failed)?;
        loop {
            if let Some(word) = self.next_word() {
                return Ok(word);
            }
            if self.listen().map_err(failed)? == 0 {
                return Err(Trouble::new("a sandbox's helper has gone"));
            }
        }
    }

    /// Reads what has arrived; 0 is the end.
    pub fn listen(&mut self) -> std::io::Result<usize> {
        let mut bytes = [0; 4096];
        let count = self.control.read(&mut bytes)?;
        self.heard.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    /// A whole word out of what has arrived.
    pub fn next_word(&mut self) -> Option<Word> {
        let end = self.heard.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.heard.drain(..=end).collect();
        serde_json::from_slice(&line).ok()
    }

    /// Ends it and whatever it has made.
    pub fn end(mut self) {
        let _gone = self.control.shutdown(Shutdown::Write);
        let _gone = self.child.wait();
    }
}
