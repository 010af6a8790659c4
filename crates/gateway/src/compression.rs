//! Request bodies that SDKs compress (`Content-Encoding: gzip`), undone up to a limit, so that a bomb does no harm.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use kogumo_wire::{Common, Fault};

use crate::body_faults;

/// Decompresses a body to at most `limit` bytes.
pub fn gunzip(body: &[u8], limit: u64) -> Result<Bytes, Fault> {
    let mut out = Vec::new();
    let mut reader = MultiGzDecoder::new(body).take(limit.saturating_add(1));
    reader.read_to_end(&mut out).map_err(|_| body_faults::not_gzip())?;
    if out.len() as u64 > limit {
        return Err(Fault::common(Common::TooLarge, "The decompressed body exceeds the limit."));
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::GzEncoder;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        GzEncoder::new(bytes, Compression::best()).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn a_body_and_a_bomb() {
        assert_eq!(gunzip(&gzip(b"hello"), 5).unwrap(), "hello");
        let bomb = gzip(&vec![0; 20_000_000]);
        assert!(bomb.len() < 30_000);
        assert!(gunzip(&bomb, 1_000_000).is_err());
        assert!(gunzip(b"no gzip", 100).is_err());
        assert!(gunzip(&gzip(b"hello")[..10], 100).is_err());
    }
}
