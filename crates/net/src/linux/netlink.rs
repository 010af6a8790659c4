//! A netlink socket in a namespace: messages go in, errors come back.

use std::io;
use std::time::Duration;

use kogumo_base::Trouble;
use netlink_sys::{Socket, SocketAddr};

use super::namespace::Namespace;

/// The kernel's answers may be long; a batch of rules is.
const BUFFER: usize = 16 << 20;
/// The kernel answers at once; it says nothing at all where it gives a batch up half-way.
const PATIENCE: Duration = Duration::from_secs(5);
const HEADER: usize = 16;
const INTERRUPTED: u16 = 0x10;
const TYPE_ERROR: u16 = 2;
const TYPE_DONE: u16 = 3;

/// One protocol of netlink in one namespace. It stays there, wherever it is used from.
pub(crate) struct Netlink {
    socket: Socket,
    sequence: u32,
}

/// A message of the kernel's: its kind and what follows the header.
pub(crate) struct Answer {
    pub kind: u16,
    /// What is dumped changed meanwhile: something may be missing.
    pub interrupted: bool,
    pub payload: Vec<u8>,
}

impl Netlink {
    pub(crate) fn open(namespace: &Namespace, protocol: isize) -> Result<Self, Trouble> {
        let socket = namespace.enter(|| {
            let open = || -> io::Result<Socket> {
                let mut socket = Socket::new(protocol)?;
                socket.bind_auto()?;
                socket.connect(&SocketAddr::new(0, 0))?;
                Ok(socket)
            };
            open().map_err(|e| Trouble::from_cause("cannot open a netlink socket", e))
        })?;
        // More than the usual limit needs a privilege; without it long batches are refused, and say so.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size_force(&socket, BUFFER);
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER);
        let patience = rustix::net::sockopt::Timeout::Recv;
        rustix::net::sockopt::set_socket_timeout(&socket, patience, Some(PATIENCE))
            .map_err(|e| Trouble::from_cause("cannot set up a netlink socket", e))?;
        Ok(Self { socket, sequence: 0 })
    }

    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Sends messages in one piece and reads until the one with that number is acknowledged, or the kernel says that it
    /// is done. The first error is the result.
    pub(crate) fn exchange(&mut self, messages: &[u8], last: u32) -> io::Result<Vec<Answer>> {
        self.socket.send(messages, 0)?;
        let mut answers = Vec::new();
        let mut failed = None;
        loop {
            let (bytes, _) = self.socket.recv_from_full()?;
            let mut rest = bytes.as_slice();
            while let Some((sequence, answer, after)) = split(rest) {
                rest = after;
                // An answer to something earlier, that was given up. All but the last message of a batch have no number.
                if sequence != last && sequence != 0 {
                    continue;
                }
                match answer.kind {
                    TYPE_ERROR => {
                        let code = answer.payload.first_chunk::<4>().map_or(0, |code| i32::from_ne_bytes(*code));
                        if code != 0 && failed.is_none() {
                            failed = Some(io::Error::from_raw_os_error(-code));
                        }
                        if sequence == last {
                            return failed.map_or(Ok(answers), Err);
                        }
                    }
                    TYPE_DONE => return failed.map_or(Ok(answers), Err),
                    _ => answers.push(answer),
                }
            }
        }
    }
}

/// The first message of a buffer, and what follows it.
fn split(bytes: &[u8]) -> Option<(u32, Answer, &[u8])> {
    let header = bytes.first_chunk::<HEADER>()?;
    let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
    let kind = u16::from_ne_bytes([header[4], header[5]]);
    let sequence = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
    let payload = bytes.get(HEADER..length)?.to_vec();
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    let interrupted = u16::from_ne_bytes([header[6], header[7]]) & INTERRUPTED != 0;
    Some((sequence, Answer { kind, interrupted, payload }, after))
}
