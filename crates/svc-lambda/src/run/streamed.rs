//! An answer that comes in pieces: from the Runtime API to whoever invoked the function.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes that a function may stream: Lambda's quota.
pub const STREAM_LIMIT: usize = 200 << 20;
/// Pieces that wait for a slow reader before the function has to.
const WAITING: usize = 16;

/// What a function streams.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Comes first: the `Content-Type` that the runtime gave the answer.
    Kind(String),
    Data(Bytes),
}

/// Takes pieces. When nobody reads them any more they are dropped, and the function goes on.
#[derive(Clone, Debug)]
pub struct Pieces(Sender<Piece>);

/// Both ends of a stream of pieces.
pub fn pieces() -> (Pieces, Receiver<Piece>) {
    let (sender, receiver) = channel(WAITING);
    (Pieces(sender), receiver)
}

impl Pieces {
    pub async fn send(&self, piece: Piece) {
        let _nobody_reads = self.0.send(piece).await;
    }
}
