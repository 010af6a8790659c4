//! What an environment tells whoever waits for it.

use bytes::Bytes;
use kogumo_sandbox::Exit;

/// One thing that has happened in an environment.
#[derive(Debug)]
pub enum Signal {
    /// The runtime asks for an event: it has started, or is done with the last one.
    Ready,
    /// The handler's answer to that request.
    Answer { request: String, payload: Bytes },
    /// The handler's error to that request: the runtime's JSON, and its type.
    Failure { request: String, payload: Bytes, kind: String },
    /// The runtime could not start: its JSON, and its type.
    InitFailure { payload: Bytes, kind: String },
    /// The sandbox has ended.
    Ended(Exit),
}
