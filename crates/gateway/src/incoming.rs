//! A request's body on its way in: what hyper reads, then in layers what must hold for it (its hash, its chunks' signatures,
//! its trailing checksum). A layer that finds fault notes it in the `Verdict` and ends the stream with an error, so that a handler
//! gives up and the gateway knows why.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use hyper::body::Incoming;
use kogumo_base::Trouble;
use kogumo_sigv4::{BodyHash, Checksum, Decoder};
use kogumo_wire::{ByteStream, Fault};
use tokio::time::{Sleep, sleep};

use crate::body_faults;

/// How long a client may pause in the middle of a body: S3's twenty seconds, and some.
const IDLE: Duration = Duration::from_secs(30);

/// Why a body broke off, if it is the client's fault.
#[derive(Clone, Default)]
pub struct Verdict(Arc<Mutex<Option<Fault>>>);

impl Verdict {
    /// Notes a fault and answers the error that ends the stream.
    fn broken(&self, fault: Fault) -> Trouble {
        let trouble = Trouble::new(format!("the request's body is at fault: {}", fault.message));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        trouble
    }

    /// The fault, if there was one.
    pub fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The body as hyper reads it, with a limit on pauses.
pub struct Arriving {
    incoming: Incoming,
    idle: Option<Pin<Box<Sleep>>>,
    verdict: Verdict,
}

impl Arriving {
    pub fn stream(incoming: Incoming, verdict: Verdict) -> ByteStream {
        Box::pin(Arriving { incoming, idle: None, verdict })
    }
}

impl Stream for Arriving {
    type Item = Result<Bytes, Trouble>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match Pin::new(&mut self.incoming).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.idle = None;
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!("a request's body broke off: {error}");
                    return Poll::Ready(Some(Err(self.verdict.broken(body_faults::incomplete()))));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let idle = self.idle.get_or_insert_with(|| Box::pin(sleep(IDLE)));
                    ready!(idle.as_mut().poll(context));
                    return Poll::Ready(Some(Err(self.verdict.broken(body_faults::timed_out()))));
                }
            }
        }
    }
}

/// A body whose SHA-256 the client has signed.
pub struct Hashed {
    inner: ByteStream,
    hash: Option<BodyHash>,
    expected: String,
    verdict: Verdict,
}

impl Hashed {
    pub fn stream(inner: ByteStream, expected: String, verdict: Verdict) -> ByteStream {
        Box::pin(Hashed { inner, hash: Some(BodyHash::default()), expected, verdict })
    }
}

impl Stream for Hashed {
    type Item = Result<Bytes, Trouble>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match ready!(self.inner.as_mut().poll_next(context)) {
            Some(Ok(chunk)) => {
                if let Some(hash) = &mut self.hash {
                    hash.update(&chunk);
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            Some(Err(trouble)) => Poll::Ready(Some(Err(trouble))),
            None => {
                let Some(found) = self.hash.take().map(BodyHash::finish) else {
                    return Poll::Ready(None);
                };
                if found == self.expected {
                    return Poll::Ready(None);
                }
                let fault = body_faults::hash_mismatch();
                Poll::Ready(Some(Err(self.verdict.broken(fault))))
            }
        }
    }
}

/// A body in `aws-chunked` encoding, decoded.
pub struct Dechunked {
    inner: ByteStream,
    decoder: Option<Decoder>,
    pending: Bytes,
    /// The checksum that a trailer is to hold.
    checksum: Option<Checksum>,
    verdict: Verdict,
}

impl Dechunked {
    pub fn stream(inner: ByteStream, decoder: Decoder, checksum: Option<Checksum>, verdict: Verdict) -> ByteStream {
        Box::pin(Dechunked { inner, decoder: Some(decoder), pending: Bytes::new(), checksum, verdict })
    }

    /// Decodes what is at hand; the next data, or `None` if more must arrive first.
    fn decode(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(None);
        };
        while !self.pending.is_empty() {
            let step = decoder.step(&self.pending).map_err(body_faults::chunk)?;
            let data = self.pending.slice_ref(step.data);
            let consumed = step.consumed;
            self.pending = self.pending.slice(consumed..);
            if !data.is_empty() {
                if let Some(checksum) = &mut self.checksum {
                    checksum.update(&data);
                }
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Whether the body was whole and its trailing checksum is right.
    fn finish(&mut self) -> Result<(), Fault> {
        let Some(decoder) = self.decoder.take() else {
            return Ok(());
        };
        let trailers = decoder.finish().map_err(body_faults::chunk)?;
        let Some(checksum) = self.checksum.take() else {
            return Ok(());
        };
        let algorithm = checksum.algorithm();
        match trailers.iter().find(|(name, _)| name == algorithm.header()) {
            Some((_, value)) if *value == checksum.finish_base64() => Ok(()),
            Some(_) => Err(body_faults::bad_digest(algorithm)),
            None => Err(body_faults::trailer_malformed()),
        }
    }
}

impl Stream for Dechunked {
    type Item = Result<Bytes, Trouble>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.decode() {
                Ok(Some(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(None) => {}
                Err(fault) => return self.end_with(fault),
            }
            match ready!(self.inner.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => self.pending = chunk,
                Some(Err(trouble)) => return Poll::Ready(Some(Err(trouble))),
                None => match self.finish() {
                    Ok(()) => return Poll::Ready(None),
                    Err(fault) => return self.end_with(fault),
                },
            }
        }
    }
}

impl Dechunked {
    fn end_with(&mut self, fault: Fault) -> Poll<Option<Result<Bytes, Trouble>>> {
        self.decoder = None;
        self.pending = Bytes::new();
        Poll::Ready(Some(Err(self.verdict.broken(fault))))
    }
}
