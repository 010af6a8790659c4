//! A message's body: whole in memory when it is small, a stream when it may be large.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use kogumo_base::Trouble;
use std::future::poll_fn;

/// Chunks of a body as they come. An error ends it.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Trouble>> + Send>>;

/// A body; a stream tells its length in bytes where it is known.
#[derive(Default)]
pub enum Body {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(ByteStream, Option<u64>),
}

/// What ended the gathering of a body.
#[derive(Debug)]
pub enum Uncollected {
    TooLarge,
    Broken(Trouble),
}

impl Body {
    /// A body whose bytes are there, in blocks.
    pub fn of_blocks(blocks: Vec<Bytes>) -> Self {
        if let [only] = blocks.as_slice() {
            return Body::from(only.clone());
        }
        let length = blocks.iter().map(Bytes::len).sum::<usize>();
        Body::Stream(Box::pin(Blocks(blocks.into_iter())), u64::try_from(length).ok())
    }

    /// The length in bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Body::Stream(_, length) => *length,
        }
    }

    /// The next chunk; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Trouble>> {
        match self {
            Body::Empty => None,
            Body::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Body::Empty;
                Some(Ok(bytes))
            }
            Body::Stream(stream, _) => poll_fn(|context| stream.as_mut().poll_next(context)).await,
        }
    }

    /// Gathers the whole body, up to `limit` bytes.
    ///
    /// # Errors
    /// [`Uncollected`] tells whether it was too large or broke off.
    pub async fn collect(mut self, limit: u64) -> Result<Bytes, Uncollected> {
        if self.length().is_some_and(|length| length > limit) {
            return Err(Uncollected::TooLarge);
        }
        if let Body::Bytes(bytes) = self {
            return Ok(bytes);
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk.map_err(Uncollected::Broken)?;
            if whole.len() as u64 + chunk.len() as u64 > limit {
                return Err(Uncollected::TooLarge);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

/// Blocks that are there, as a stream.
struct Blocks(std::vec::IntoIter<Bytes>);

impl Stream for Blocks {
    type Item = Result<Bytes, Trouble>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

impl Clone for Body {
    /// A stream can be read once only: its clone is empty.
    fn clone(&self) -> Self {
        match self {
            Body::Bytes(bytes) => Body::Bytes(bytes.clone()),
            Body::Empty | Body::Stream(..) => Body::Empty,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Body::Empty } else { Body::Bytes(bytes) }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({:?} bytes)", self.length())
    }
}
