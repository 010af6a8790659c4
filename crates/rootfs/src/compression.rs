//! Streams that say by their first bytes how they are compressed.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use kogumo_base::Trouble;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Enough to tell.
const HEAD: usize = 6;

/// The stream, decompressed.
///
/// # Errors
/// It cannot be read.
pub fn open<'a>(mut stream: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Trouble> {
    let mut head = Vec::with_capacity(HEAD);
    let read = stream.by_ref().take(HEAD as u64).read_to_end(&mut head);
    read.map_err(|e| Trouble::from_cause("the archive broke off", e))?;
    let whole = io::Cursor::new(head.clone()).chain(stream);
    match head.as_slice() {
        [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(whole))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Box::new(Zstd::Between(BufReader::new(whole)))),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Ok(Box::new(XzReader::new(whole, true))),
        [b'B', b'Z', b'h', ..] => Err(Trouble::new("bzip2 is not understood here: use gzip, zstd or xz")),
        _ => Ok(Box::new(whole)),
    }
}

/// Frames of Zstandard, one behind the other. A frame says how much memory it needs; the decoder allows 128 MiB.
enum Zstd<R: BufRead> {
    Between(R),
    Within(Box<StreamingDecoder<R, FrameDecoder>>),
    Over,
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Zstd::Over) {
                Zstd::Over => return Ok(0),
                Zstd::Between(mut rest) => {
                    if !rest.fill_buf()?.is_empty() {
                        *self = Zstd::Within(Box::new(StreamingDecoder::new(rest).map_err(io::Error::other)?));
                    }
                }
                Zstd::Within(mut frame) => match frame.read(into)? {
                    0 if !into.is_empty() => *self = Zstd::Between(frame.into_inner()),
                    count => {
                        *self = Zstd::Within(frame);
                        return Ok(count);
                    }
                },
            }
        }
    }
}
