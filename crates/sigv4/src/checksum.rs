//! The checksums that SDKs send and S3 keeps, computed as the bytes go by.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};
use ring::digest::{self, Context};
use xxhash_rust::xxh3::Xxh3;
use xxhash_rust::xxh64::Xxh64;

/// An algorithm of `x-amz-checksum-…`, or MD5 for `Content-MD5` and entity tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChecksumAlgorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Sha512,
    Md5,
    Xxhash64,
    /// Of 64 bits.
    Xxhash3,
    /// XXH3 of 128 bits.
    Xxhash128,
}

impl ChecksumAlgorithm {
    pub const ALL: [ChecksumAlgorithm; 10] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Md5,
        Self::Xxhash64,
        Self::Xxhash3,
        Self::Xxhash128,
    ];

    /// The name in S3's API: `CRC32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Md5 => "MD5",
            Self::Xxhash64 => "XXHASH64",
            Self::Xxhash3 => "XXHASH3",
            Self::Xxhash128 => "XXHASH128",
        }
    }

    /// The header or trailer that holds the value: `x-amz-checksum-crc32`.
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
            Self::Sha512 => "x-amz-checksum-sha512",
            Self::Md5 => "x-amz-checksum-md5",
            Self::Xxhash64 => "x-amz-checksum-xxhash64",
            Self::Xxhash3 => "x-amz-checksum-xxhash3",
            Self::Xxhash128 => "x-amz-checksum-xxhash128",
        }
    }

    /// By the name in S3's API.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// By the header's name.
    pub fn by_header(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
    }

    /// How many bytes the value has.
    pub fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::Xxhash64 | Self::Xxhash3 => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
            Self::Md5 | Self::Xxhash128 => 16,
        }
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            _ => None,
        }
    }

    /// The CRC of two pieces in a row from the CRC of each, as a multipart upload's full-object checksum is made; `second_length` is
    /// in bytes. `None` for the algorithms that cannot do it and for values of a wrong length.
    pub fn combine(self, first: &[u8], second: &[u8], second_length: u64) -> Option<Vec<u8>> {
        let algorithm = self.crc()?;
        if first.len() != self.length() || second.len() != self.length() {
            return None;
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let combined = crc_fast::checksum_combine(algorithm, number(first), number(second), second_length);
        Some(combined.to_be_bytes()[8 - self.length()..].to_vec())
    }
}

/// A checksum on its way.
#[derive(Clone)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    state: State,
}

#[derive(Clone)]
enum State {
    Crc(Crc),
    Sha(Context),
    Md5(Md5),
    Xxh64(Xxh64),
    Xxh3(Box<Xxh3>),
}

impl Checksum {
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        let state = match (algorithm, algorithm.crc()) {
            (_, Some(crc)) => State::Crc(Crc::new(crc)),
            (ChecksumAlgorithm::Sha1, _) => State::Sha(Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            (ChecksumAlgorithm::Sha512, _) => State::Sha(Context::new(&digest::SHA512)),
            (ChecksumAlgorithm::Md5, _) => State::Md5(Md5::new()),
            (ChecksumAlgorithm::Xxhash64, _) => State::Xxh64(Xxh64::new(0)),
            (ChecksumAlgorithm::Xxhash3 | ChecksumAlgorithm::Xxhash128, _) => State::Xxh3(Box::new(Xxh3::new())),
            _ => State::Sha(Context::new(&digest::SHA256)),
        };
        Checksum { algorithm, state }
    }

    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(crc) => crc.update(bytes),
            State::Sha(context) => context.update(bytes),
            State::Md5(md5) => md5.update(bytes),
            State::Xxh64(hash) => hash.update(bytes),
            State::Xxh3(hash) => hash.update(bytes),
        }
    }

    /// The value, most significant byte first.
    pub fn finish(self) -> Vec<u8> {
        match self.state {
            State::Crc(crc) => crc.finalize().to_be_bytes()[8 - self.algorithm.length()..].to_vec(),
            State::Sha(context) => context.finish().as_ref().to_vec(),
            State::Md5(md5) => md5.finalize().to_vec(),
            State::Xxh64(hash) => hash.digest().to_be_bytes().to_vec(),
            State::Xxh3(hash) if self.algorithm == ChecksumAlgorithm::Xxhash128 => {
                hash.digest128().to_be_bytes().to_vec()
            }
            State::Xxh3(hash) => hash.digest().to_be_bytes().to_vec(),
        }
    }

    /// The value as headers hold it.
    pub fn finish_base64(self) -> String {
        STANDARD.encode(self.finish())
    }

    /// The checksum of bytes that are all there.
    pub fn of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Vec<u8> {
        let mut checksum = Checksum::new(algorithm);
        checksum.update(bytes);
        checksum.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of "123456789": RevEng's catalogue for the CRCs, `openssl dgst` and `xxhsum` for the hashes.
    #[test]
    fn known_values() {
        let of = |algorithm| crate::hex(&Checksum::of(algorithm, b"123456789"));
        assert_eq!(of(ChecksumAlgorithm::Crc32), "cbf43926");
        assert_eq!(of(ChecksumAlgorithm::Crc32c), "e3069283");
        assert_eq!(of(ChecksumAlgorithm::Crc64Nvme), "ae8b14860a799888");
        assert_eq!(of(ChecksumAlgorithm::Sha1), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
        assert_eq!(of(ChecksumAlgorithm::Md5), "25f9e794323b453885f5181f1b624d0b");
        assert!(of(ChecksumAlgorithm::Sha256).starts_with("15e2b0d3c33891eb"));
        assert!(of(ChecksumAlgorithm::Sha512).starts_with("d9e6762dd1c8eaf6"));
        assert_eq!(of(ChecksumAlgorithm::Xxhash64), "8cb841db40e6ae83");
        // Of nothing at all, as the specification of XXH3 has them.
        let empty = |algorithm| crate::hex(&Checksum::of(algorithm, b""));
        assert_eq!(empty(ChecksumAlgorithm::Xxhash3), "2d06800538d394c2");
        assert_eq!(empty(ChecksumAlgorithm::Xxhash128), "99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn pieces_give_the_same_as_the_whole_and_combine() {
        let bytes: Vec<u8> = (0..100_000u32).map(|n| (n * 31 % 251) as u8).collect();
        for algorithm in ChecksumAlgorithm::ALL {
            let whole = Checksum::of(algorithm, &bytes);
            assert_eq!(whole.len(), algorithm.length());
            let mut pieces = Checksum::new(algorithm);
            bytes.chunks(777).for_each(|piece| pieces.update(piece));
            assert_eq!(pieces.finish(), whole, "{}", algorithm.name());
            let (first, second) = bytes.split_at(33_333);
            let (a, b) = (Checksum::of(algorithm, first), Checksum::of(algorithm, second));
            if let Some(combined) = algorithm.combine(&a, &b, second.len() as u64) {
                assert_eq!(combined, whole, "{}", algorithm.name());
            }
            assert_eq!(algorithm.combine(&a[1..], &b, 1), None);
            assert_eq!(ChecksumAlgorithm::by_header(algorithm.header()), Some(algorithm));
            assert_eq!(ChecksumAlgorithm::by_name(algorithm.name()), Some(algorithm));
        }
    }
}
