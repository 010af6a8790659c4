//! CompleteMultipartUpload: the chosen parts become one object; their bytes stay where they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::Writer;
use kogumo_model::s3;
use kogumo_sigv4::{Checksum, ChecksumAlgorithm, hex};
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::multipart::{self, kind};
use crate::record::{EVERYWHERE, PARTS, Part, Sum, UPLOADS, Upload, UploadedPart, Version, part_key, upload_key};
use crate::sums::{self, Sums};
use crate::{access, blobs, conditions, describe, expiration, faults, notify, versions};

/// Each part but the last has at least 5 MiB.
const LEAST_BYTES: u64 = 5 << 20;

pub fn complete_multipart_upload(
    cx: &mut Writer,
    mut input: s3::CompleteMultipartUploadRequest,
) -> Result<s3::CompleteMultipartUploadOutput, Fault> {
    let (owner, key) = (input.expected_bucket_owner.clone(), input.key.clone());
    let name = input.bucket.clone();
    let bucket = access::bucket(cx.store(), &name, owner.as_ref())?;
    let upload = multipart::find(cx.store(), &name, &key, &input.upload_id)?;
    let asked = input.multipart_upload.take().and_then(|upload| upload.parts).unwrap_or_default();
    let chosen = choose(cx.store(), &upload, asked)?;
    let size = chosen.iter().map(|uploaded| uploaded.part.size).sum();
    if input.mpu_object_size.is_some_and(|expected| u64::try_from(expected).ok() != Some(size)) {
        let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
        return Err(faults::invalid_request(message));
    }
    let sum = whole_sum(&upload, &chosen, &mut input)?;
    let current = versions::current_etag(cx.store(), &name, &key)?;
    conditions::judge_write(input.if_match.as_deref(), input.if_none_match.as_deref(), current.as_deref())?;
    let mut version = Version {
        modified: cx.now,
        size,
        etag: etag(&chosen),
        parts: chosen.iter().map(|uploaded| kept(&upload, &uploaded.part)).collect(),
        multipart: true,
        checksum: sum.clone(),
        described: upload.described.clone(),
        tags: upload.tags.clone(),
        retention: upload.retention.clone(),
        legal_hold: upload.legal_hold,
        ..Version::default()
    };
    remove_upload(cx, &name, &key, &upload, &chosen)?;
    let version_id = versions::put(cx.tx, &bucket, &key, &mut version)?;
    let event = "s3:ObjectCreated:CompleteMultipartUpload";
    notify::tell(cx, &bucket, event, &key, Some(&version), version_id.as_deref())?;
    let expiration = expiration::header(cx.store(), &bucket, &key, &version)?;
    let etag = describe::quoted(&version.etag);
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&upload.described);
    let mut output = s3::CompleteMultipartUploadOutput {
        location: Some(format!("{}/{name}/{key}", cx.cloud.settings.endpoint())),
        bucket: Some(name),
        key: Some(key),
        expiration,
        e_tag: etag,
        checksum_type: sum.as_ref().map(|sum| sum.kind().to_owned()),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        version_id,
        ..Default::default()
    };
    output.show(sum.as_ref());
    Ok(output)
}

/// The parts that the client names, as they were uploaded.
fn choose(read: &dyn Read, upload: &Upload, asked: Vec<s3::CompletedPart>) -> Result<Vec<UploadedPart>, Fault> {
    if asked.is_empty() {
        return Err(faults::malformed_xml());
    }
    let invalid = || {
        let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
        Fault::coded("InvalidPart", 400, message)
    };
    let mut chosen: Vec<UploadedPart> = Vec::new();
    for mut part in asked {
        let number = part.part_number.and_then(|number| u32::try_from(number).ok()).ok_or_else(invalid)?;
        if chosen.last().is_some_and(|last| last.part.number >= number) {
            let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
            return Err(Fault::coded("InvalidPartOrder", 400, message));
        }
        let uploaded = PARTS.get(read, &EVERYWHERE, part_key(&upload.id, number))?.ok_or_else(invalid)?;
        let same_tag = part.e_tag.as_ref().is_some_and(|etag| etag.trim_matches('"') == uploaded.etag);
        let same_sum = part.given()?.is_none_or(|(algorithm, value)| {
            let sum = uploaded.part.checksum.as_ref();
            sum.is_none_or(|sum| sum.algorithm() != Some(algorithm) || sum.value == value)
        });
        if !same_tag || !same_sum {
            return Err(invalid());
        }
        chosen.push(uploaded);
    }
    let all_but_last = chosen.len() - 1;
    if chosen.iter().take(all_but_last).any(|uploaded| uploaded.part.size < LEAST_BYTES) {
        let message = "Your proposed upload is smaller than the minimum allowed size";
        return Err(Fault::coded("EntityTooSmall", 400, message));
    }
    Ok(chosen)
}

/// The MD5 of the parts' MD5s, and how many there are.
fn etag(chosen: &[UploadedPart]) -> String {
    let mut md5 = Checksum::new(ChecksumAlgorithm::Md5);
    chosen.iter().for_each(|uploaded| md5.update(&from_hex(&uploaded.etag)));
    format!("{}-{}", hex(&md5.finish()), chosen.len())
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// The checksum of the whole object; what the client gives must agree with it.
fn whole_sum(
    upload: &Upload,
    chosen: &[UploadedPart],
    input: &mut s3::CompleteMultipartUploadRequest,
) -> Result<Option<Sum>, Fault> {
    let given = input.given()?;
    let algorithm = upload.checksum_algorithm.as_deref().map_or(Ok(sums::DEFAULT), sums::by_name)?;
    if upload.checksum_algorithm.is_some()
        && input.checksum_type.as_ref().is_some_and(|asked| asked != kind(upload.composite))
    {
        let message = format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            kind(upload.composite)
        );
        return Err(faults::invalid_request(message));
    }
    let parts: Option<Vec<_>> = chosen.iter().map(|uploaded| sum_of(&uploaded.part, algorithm)).collect();
    let sum = match parts {
        // Without an algorithm of its own an upload has parts with all sorts of checksums, and none for the whole.
        None => None,
        Some(parts) if upload.composite => {
            Some(Sum { algorithm: algorithm.name().to_owned(), value: composite(algorithm, &parts), composite: true })
        }
        Some(parts) => combined(algorithm, &parts, chosen).map(|value| Sum {
            algorithm: algorithm.name().to_owned(),
            value,
            composite: false,
        }),
    };
    match (given, &sum) {
        (Some((given, value)), Some(sum))
            if given != algorithm || without_count(&value) != without_count(&sum.value) =>
        {
            Err(sums::bad_digest(given))
        }
        _ => Ok(sum),
    }
}

fn sum_of(part: &Part, algorithm: ChecksumAlgorithm) -> Option<Vec<u8>> {
    let sum = part.checksum.as_ref().filter(|sum| sum.algorithm() == Some(algorithm))?;
    sums::decode(&sum.value, algorithm)
}

/// The checksum of the parts' checksums, and how many there are.
fn composite(algorithm: ChecksumAlgorithm, parts: &[Vec<u8>]) -> String {
    let mut whole = Checksum::new(algorithm);
    parts.iter().for_each(|part| whole.update(part));
    format!("{}-{}", whole.finish_base64(), parts.len())
}

/// The checksum that the whole would have in one piece.
fn combined(algorithm: ChecksumAlgorithm, parts: &[Vec<u8>], chosen: &[UploadedPart]) -> Option<String> {
    let mut pieces = parts.iter().zip(chosen);
    let first = pieces.next()?.0.clone();
    let whole = pieces.try_fold(first, |whole, (part, uploaded)| algorithm.combine(&whole, part, uploaded.part.size));
    whole.map(|whole| STANDARD.encode(whole))
}

fn without_count(value: &str) -> &str {
    value.split_once('-').map_or(value, |(value, _)| value)
}

/// A part as the object keeps it: with its checksum only if the upload was for checksums of parts.
fn kept(upload: &Upload, part: &Part) -> Part {
    Part { checksum: part.checksum.clone().filter(|_| upload.checksum_algorithm.is_some()), ..part.clone() }
}

/// The upload is over: parts that were not chosen go.
fn remove_upload(
    cx: &mut Writer,
    bucket: &str,
    key: &str,
    upload: &Upload,
    chosen: &[UploadedPart],
) -> Result<(), Fault> {
    let all: Vec<_> = multipart::parts(cx.store(), &upload.id, 0).collect::<Result<_, _>>()?;
    for uploaded in all {
        PARTS.delete(cx.tx, &EVERYWHERE, part_key(&upload.id, uploaded.part.number))?;
        if !chosen.iter().any(|chosen| chosen.part.number == uploaded.part.number) {
            blobs::forget(cx.tx, [&uploaded.part]);
        }
    }
    UPLOADS.delete(cx.tx, &EVERYWHERE, upload_key(bucket, key, &upload.id))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use kogumo_base::Timestamp;

    use super::*;

    fn uploaded(number: u32, bytes: &[u8], algorithm: ChecksumAlgorithm) -> UploadedPart {
        let value = STANDARD.encode(Checksum::of(algorithm, bytes));
        let sum = Sum { algorithm: algorithm.name().into(), value, composite: false };
        let part = Part { number, size: bytes.len() as u64, blob: String::new(), checksum: Some(sum) };
        let etag = hex(&Checksum::of(ChecksumAlgorithm::Md5, bytes));
        UploadedPart { part, etag, modified: Timestamp(0) }
    }

    #[test]
    fn entity_tags_of_parts() {
        let parts = [uploaded(1, b"a", ChecksumAlgorithm::Crc32), uploaded(2, b"b", ChecksumAlgorithm::Crc32)];
        let joined = [Checksum::of(ChecksumAlgorithm::Md5, b"a"), Checksum::of(ChecksumAlgorithm::Md5, b"b")].concat();
        assert_eq!(etag(&parts), format!("{}-2", hex(&Checksum::of(ChecksumAlgorithm::Md5, &joined))));
    }

    #[test]
    fn checksums_of_the_whole() {
        for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32c, ChecksumAlgorithm::Crc64Nvme] {
            let parts =
                [uploaded(1, b"hello ", algorithm), uploaded(5, b"wor", algorithm), uploaded(6, b"ld", algorithm)];
            let sums: Vec<_> = parts.iter().filter_map(|part| sum_of(&part.part, algorithm)).collect();
            let whole = combined(algorithm, &sums, &parts).expect("combines");
            assert_eq!(whole, STANDARD.encode(Checksum::of(algorithm, b"hello world")));
        }
        let algorithm = ChecksumAlgorithm::Sha256;
        let parts = [uploaded(1, b"x", algorithm)];
        let sums: Vec<_> = parts.iter().filter_map(|part| sum_of(&part.part, algorithm)).collect();
        let nested = Checksum::of(algorithm, &Checksum::of(algorithm, b"x"));
        assert_eq!(composite(algorithm, &sums), format!("{}-1", STANDARD.encode(nested)));
    }
}
