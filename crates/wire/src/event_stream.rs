//! Event streams (`application/vnd.amazon.eventstream`): answers that come in messages, each with headers and checksums.
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>
//!
//! A message is its length, the length of its headers, the CRC of these two, the headers, the payload, and the CRC of all.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;
use kogumo_base::Trouble;

use crate::body::ByteStream;
use crate::protocol::json_text;
use crate::shaped::Structure;

/// The content type of a stream of messages.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header's value: text.
const STRING: u8 = 7;
/// Two lengths and the CRC of them; and the CRC at the end.
const PRELUDE: usize = 12;
const TRAILER: usize = 4;

/// An event whose payload is a structure in JSON; the member of the union gives its name.
pub fn event(name: &str, members: &dyn Structure) -> Bytes {
    let headers = [(":message-type", "event"), (":event-type", name), (":content-type", "application/json")];
    message(&headers, &json_text(members))
}

/// An event whose payload is bytes.
pub fn blob(name: &str, payload: &[u8]) -> Bytes {
    let kind = "application/octet-stream";
    message(&[(":message-type", "event"), (":event-type", name), (":content-type", kind)], payload)
}

/// An error that ends the stream: an exception of the model's, with its members in JSON.
pub fn exception(name: &str, payload: &[u8]) -> Bytes {
    let kind = "application/json";
    message(&[(":message-type", "exception"), (":exception-type", name), (":content-type", kind)], payload)
}

/// One message.
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let length = |text: &str| 2 + text.len();
    let of_headers: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + length(value)).sum();
    let whole = PRELUDE + of_headers + payload.len() + TRAILER;
    let mut out = BytesMut::with_capacity(whole);
    // Messages are at most 16 MB, headers 128 KB: both fit.
    out.put_u32(u32::try_from(whole).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(of_headers).unwrap_or(u32::MAX));
    out.put_u32(crc32fast::hash(&out));
    for (name, value) in headers {
        out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.put_slice(name.as_bytes());
        out.put_u8(STRING);
        out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        out.put_slice(value.as_bytes());
    }
    out.put_slice(payload);
    out.put_u32(crc32fast::hash(&out));
    out.freeze()
}

/// A stream with a message before it.
pub(crate) struct Behind {
    pub first: Option<Bytes>,
    pub rest: ByteStream,
}

impl Stream for Behind {
    type Item = Result<Bytes, Trouble>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.as_mut().poll_next(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector "input_event" of botocore's tests of event streams, without its string headers of other types.
    #[test]
    fn messages_are_framed() {
        let empty = message(&[], b"");
        assert_eq!(empty[..], [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff]);
        let payload = message(&[], b"{'foo':'bar'}");
        assert_eq!(payload[..12], [0, 0, 0, 0x1d, 0, 0, 0, 0, 0xfd, 0x52, 0x8c, 0x5a]);
        assert_eq!(payload[25..], [0xc3, 0x65, 0x39, 0x36]);
    }

    #[test]
    fn headers_are_text() {
        let whole = message(&[("a", "bc")], b"x");
        assert_eq!(whole[4..8], [0, 0, 0, 7]);
        assert_eq!(whole[12..19], [1, b'a', STRING, 0, 2, b'b', b'c']);
        assert_eq!(whole.len(), 12 + 7 + 1 + 4);
    }
}
