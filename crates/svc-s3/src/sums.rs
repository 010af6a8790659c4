//! Checksums of requests and answers: which one the client gives, whether it is right, and where the answer shows it.
//! Source: "Checking object integrity", Amazon S3 User Guide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_model::s3;
use kogumo_sigv4::ChecksumAlgorithm;
use kogumo_wire::Fault;

use crate::faults;
use crate::record::Sum;

/// What S3 sums up when the client does not say.
pub const DEFAULT: ChecksumAlgorithm = ChecksumAlgorithm::Crc64Nvme;

/// A structure with a member for each algorithm's checksum.
pub trait Sums {
    fn sum_mut(&mut self, algorithm: ChecksumAlgorithm) -> &mut Option<String>;

    /// Shows a checksum.
    fn show(&mut self, sum: Option<&Sum>) {
        if let Some(sum) = sum
            && let Some(algorithm) = sum.algorithm()
        {
            *self.sum_mut(algorithm) = Some(sum.value.clone());
        }
    }

    /// Takes the one checksum that the client gives.
    ///
    /// # Errors
    /// `InvalidRequest` for more than one and for one that is no checksum.
    fn given(&mut self) -> Result<Option<(ChecksumAlgorithm, String)>, Fault> {
        let mut given = None;
        for algorithm in ChecksumAlgorithm::ALL {
            let Some(value) = self.sum_mut(algorithm).take() else { continue };
            if given.is_some() {
                let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
                return Err(faults::invalid_request(message));
            }
            given = Some((algorithm, value));
        }
        Ok(given)
    }
}

// The model spells the ten members out in each of these structures, and nothing else tells that they belong together.
macro_rules! sums {
    ($($structure:ident)*) => {$(
        impl Sums for s3::$structure {
            fn sum_mut(&mut self, algorithm: ChecksumAlgorithm) -> &mut Option<String> {
                match algorithm {
                    ChecksumAlgorithm::Crc32 => &mut self.checksum_crc32,
                    ChecksumAlgorithm::Crc32c => &mut self.checksum_crc32_c,
                    ChecksumAlgorithm::Crc64Nvme => &mut self.checksum_crc64_nvme,
                    ChecksumAlgorithm::Sha1 => &mut self.checksum_sha1,
                    ChecksumAlgorithm::Sha256 => &mut self.checksum_sha256,
                    ChecksumAlgorithm::Sha512 => &mut self.checksum_sha512,
                    ChecksumAlgorithm::Md5 => &mut self.checksum_md5,
                    ChecksumAlgorithm::Xxhash64 => &mut self.checksum_xxhash64,
                    ChecksumAlgorithm::Xxhash3 => &mut self.checksum_xxhash3,
                    ChecksumAlgorithm::Xxhash128 => &mut self.checksum_xxhash128,
                }
            }
        }
    )*};
}

sums! {
    PutObjectRequest PutObjectOutput GetObjectOutput HeadObjectOutput CopyObjectResult CopyPartResult UploadPartRequest
    UploadPartOutput CompletedPart CompleteMultipartUploadRequest CompleteMultipartUploadOutput Part ObjectPart Checksum
}

/// What to sum up of a body that comes in, and what it must come to.
pub struct Expected {
    pub algorithm: ChecksumAlgorithm,
    value: Option<String>,
    md5: Option<Vec<u8>>,
}

impl Expected {
    /// From a request's checksum, the algorithm of the checksum in its trailer (which the gateway compares), and its
    /// `Content-MD5`. `otherwise` is what is summed up if none is given.
    ///
    /// # Errors
    /// `InvalidRequest` and `InvalidDigest` for what is no checksum.
    pub fn new(
        given: Option<(ChecksumAlgorithm, String)>,
        algorithm: Option<&String>,
        content_md5: Option<&String>,
        otherwise: ChecksumAlgorithm,
    ) -> Result<Self, Fault> {
        let md5 = content_md5.map(|text| decode(text, ChecksumAlgorithm::Md5).ok_or_else(invalid_md5)).transpose()?;
        let (algorithm, value) = match given {
            Some((algorithm, value)) => {
                decode(&value, algorithm).ok_or_else(|| invalid_value(algorithm))?;
                (algorithm, Some(value))
            }
            None => (algorithm.map_or(Ok(otherwise), |name| by_name(name))?, None),
        };
        Ok(Expected { algorithm, value, md5 })
    }

    /// Compares with what has come in.
    ///
    /// # Errors
    /// `BadDigest`.
    pub fn compare(&self, sum: &[u8], md5: &[u8]) -> Result<Sum, Fault> {
        if self.md5.as_ref().is_some_and(|expected| expected != md5) {
            let message = "The Content-MD5 you specified did not match what we received.";
            return Err(Fault::coded("BadDigest", 400, message));
        }
        let value = STANDARD.encode(sum);
        if self.value.as_ref().is_some_and(|expected| *expected != value) {
            return Err(bad_digest(self.algorithm));
        }
        Ok(Sum { algorithm: self.algorithm.name().to_owned(), value, composite: false })
    }
}

/// The algorithm of that name.
///
/// # Errors
/// `InvalidRequest`.
pub fn by_name(name: &str) -> Result<ChecksumAlgorithm, Fault> {
    let message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, \
                   CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]";
    ChecksumAlgorithm::by_name(name).ok_or_else(|| faults::invalid_request(message))
}

/// The bytes of a checksum in Base64, if it has the algorithm's length.
pub fn decode(text: &str, algorithm: ChecksumAlgorithm) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() == algorithm.length())
}

pub fn bad_digest(algorithm: ChecksumAlgorithm) -> Fault {
    let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
    Fault::coded("BadDigest", 400, message)
}

fn invalid_value(algorithm: ChecksumAlgorithm) -> Fault {
    faults::invalid_request(format!("Value for {} header is invalid.", algorithm.header()))
}

fn invalid_md5() -> Fault {
    Fault::coded("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_gives_must_hold() {
        let given = |value: &str| Some((ChecksumAlgorithm::Crc32, value.to_owned()));
        let expected = Expected::new(given("y/Q5Jg=="), None, None, DEFAULT).expect("a checksum");
        assert!(expected.compare(&[0xcb, 0xf4, 0x39, 0x26], &[]).is_ok());
        let fault = expected.compare(&[0, 0, 0, 0], &[]).expect_err("another one");
        assert_eq!(fault.message, "The CRC32 you specified did not match the calculated checksum.");
        assert!(Expected::new(given("y/Q5"), None, None, DEFAULT).is_err());
        assert!(Expected::new(None, None, Some(&"x".to_owned()), DEFAULT).is_err());
        let md5 = STANDARD.encode([7; 16]);
        let expected = Expected::new(None, None, Some(&md5), DEFAULT).expect("a digest");
        assert!(expected.compare(&[0; 8], &[7; 16]).is_ok());
        assert!(expected.compare(&[0; 8], &[8; 16]).is_err());
    }

    #[test]
    fn only_one_at_a_time() {
        let mut part = s3::CompletedPart { checksum_crc32: Some("a".into()), ..Default::default() };
        assert_eq!(part.given().expect("one"), Some((ChecksumAlgorithm::Crc32, "a".to_owned())));
        part.checksum_sha1 = Some("b".into());
        part.checksum_crc32 = Some("a".into());
        assert!(part.given().is_err());
    }
}
