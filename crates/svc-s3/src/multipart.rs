//! Multipart uploads: begun, fed, listed, given up. Completing one is in [`crate::complete`].

use kogumo_base::{Trouble, random_from};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::s3;
use kogumo_sigv4::{ChecksumAlgorithm, hex};
use kogumo_store::{Key, Range, Read, Transaction};
use kogumo_wire::Fault;

use crate::blobs::{self, Blobs, Fresh};
use crate::describe::{self, Wish};
use crate::list::{self, Encoding};
use crate::listing::{self, Query};
use crate::put::{MOST_BYTES, unreceived};
use crate::record::{EVERYWHERE, PARTS, Part, UPLOADS, Upload, UploadedPart, part_key, upload_key};
use crate::sums::{self, Expected, Sums};
use crate::{access, bucket, faults, sse};

/// Parts are numbered from 1 to this.
pub const MOST_PARTS: u32 = 10_000;

pub async fn create_multipart_upload(
    cx: Context,
    mut input: s3::CreateMultipartUploadRequest,
) -> Result<s3::CreateMultipartUploadOutput, Fault> {
    let owner = input.expected_bucket_owner.clone();
    let wish = Wish::from(&mut input);
    let context = wish.encryption_context.clone();
    let (bucket, mut granted) = cx.read(|r| -> Result<_, Fault> {
        let bucket = access::bucket(r.store, &input.bucket, owner.as_ref())?;
        let granted = wish.grant(r.store, &bucket, &input.key, r.now)?;
        Ok((bucket, granted))
    })?;
    // The parts come encrypted under the one data key.
    let wanted = granted.described.encryption.take();
    granted.described.encryption = sse::begin(&cx, &bucket, &input.key, wanted, context.as_deref()).await?.0;
    let algorithm = input.checksum_algorithm.as_deref().map(sums::by_name).transpose()?;
    let composite = composite(algorithm, input.checksum_type.as_deref())?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&granted.described);
    let upload = Upload {
        id: random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", 64),
        initiator: cx.caller.account().to_owned(),
        begun: cx.now(),
        checksum_algorithm: algorithm.map(|algorithm| algorithm.name().to_owned()),
        composite,
        described: granted.described,
        tags: granted.tags,
        retention: granted.retention,
        legal_hold: granted.legal_hold,
    };
    cx.write(|w| -> Result<(), Fault> {
        access::bucket(w.store(), &input.bucket, owner.as_ref())?;
        Ok(UPLOADS.put(w.tx, &EVERYWHERE, upload_key(&input.bucket, &input.key, &upload.id), &upload)?)
    })?;
    Ok(s3::CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.id),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        checksum_type: algorithm.map(|_| kind(composite).to_owned()),
        checksum_algorithm: upload.checksum_algorithm,
        ..Default::default()
    })
}

/// Whether the object's checksum is to be that of its parts' checksums. CRC64NVME can only sum up the whole, the
/// hashes only the parts, and the CRCs of 32 bits do both.
fn composite(algorithm: Option<ChecksumAlgorithm>, kind: Option<&str>) -> Result<bool, Fault> {
    let Some(algorithm) = algorithm else { return Ok(false) };
    let composite = match kind {
        Some("COMPOSITE") => true,
        Some("FULL_OBJECT") => false,
        Some(_) => return Err(faults::invalid_request("Value for x-amz-checksum-type header is invalid.")),
        None => algorithm != ChecksumAlgorithm::Crc64Nvme,
    };
    let combines = algorithm.combine(&vec![0; algorithm.length()], &vec![0; algorithm.length()], 0).is_some();
    if composite && algorithm == ChecksumAlgorithm::Crc64Nvme || !composite && !combines {
        return Err(faults::invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            self::kind(composite),
            algorithm.header().trim_start_matches("x-amz-checksum-"),
        )));
    }
    Ok(composite)
}

pub fn kind(composite: bool) -> &'static str {
    if composite { "COMPOSITE" } else { "FULL_OBJECT" }
}

pub async fn upload_part(cx: Context, mut input: s3::UploadPartRequest) -> Result<s3::UploadPartOutput, Fault> {
    if input.sse_customer_key.is_some() {
        return Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)"));
    }
    let number = part_number(input.part_number)?;
    let given = input.given()?;
    let owner = input.expected_bucket_owner.as_ref();
    let upload = cx.read(|cx| {
        access::bucket(cx.store, &input.bucket, owner)?;
        find(cx.store, &input.bucket, &input.key, &input.upload_id)
    })?;
    let own = upload.checksum_algorithm.as_deref().map_or(Ok(sums::DEFAULT), sums::by_name)?;
    let algorithm = input.checksum_algorithm.as_ref();
    let expected = Expected::new(given, algorithm, input.content_md5.as_ref(), own)?;
    if upload.checksum_algorithm.is_some() && expected.algorithm != own {
        let message = format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            own.name().to_ascii_lowercase(),
            expected.algorithm.name().to_ascii_lowercase()
        );
        return Err(faults::invalid_request(message));
    }
    let blobs = cx.cloud.part::<Blobs>()?;
    let body = std::mem::take(&mut input.body);
    let cipher = sse::open(&cx, &upload.described).await?;
    let fresh = blobs.receive(body, MOST_BYTES, &[expected.algorithm], cipher.as_ref()).await.map_err(unreceived)?;
    let sum = expected.compare(fresh.sums.first().map_or(&[], Vec::as_slice), &fresh.md5)?;
    let etag = hex(&fresh.md5);
    cx.write(|cx| {
        find(cx.store(), &input.bucket, &input.key, &input.upload_id)?;
        let part = Part { number, checksum: Some(sum.clone()), ..fresh.part.clone() };
        put_part(cx, &input.upload_id, part, &fresh)
    })?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&upload.described);
    let mut output = s3::UploadPartOutput {
        e_tag: describe::quoted(&etag),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..Default::default()
    };
    output.show(Some(&sum));
    Ok(output)
}

/// The number of a part.
///
/// # Errors
/// `InvalidArgument`.
pub fn part_number(number: i32) -> Result<u32, Fault> {
    let number = u32::try_from(number).ok().filter(|number| (1..=MOST_PARTS).contains(number));
    number.ok_or_else(|| faults::invalid_argument("Part number must be an integer between 1 and 10000, inclusive"))
}

/// Makes bytes that are there a part of an upload, in the place of the part that had its number.
///
/// # Errors
/// Trouble with the store.
pub fn put_part(cx: &mut Writer, upload: &str, part: Part, fresh: &Fresh) -> Result<(), Fault> {
    let key = part_key(upload, part.number);
    if let Some(old) = PARTS.get(cx.store(), &EVERYWHERE, &key)? {
        blobs::forget(cx.tx, [&old.part]);
    }
    blobs::keep(cx.tx, fresh);
    let uploaded = UploadedPart { part, etag: hex(&fresh.md5), modified: cx.now };
    Ok(PARTS.put(cx.tx, &EVERYWHERE, key, &uploaded)?)
}

/// An upload that is under way.
///
/// # Errors
/// `NoSuchUpload`.
pub fn find(read: &dyn Read, bucket: &str, key: &str, id: &str) -> Result<Upload, Fault> {
    UPLOADS.get(read, &EVERYWHERE, upload_key(bucket, key, id))?.ok_or_else(faults::no_such_upload)
}

/// The parts of an upload in their order.
pub fn parts<'a>(
    read: &'a dyn Read,
    upload: &str,
    after: u32,
) -> impl Iterator<Item = Result<UploadedPart, Trouble>> + use<'a> {
    let range = Range::prefix(Key::new().str(upload)).after(part_key(upload, after));
    PARTS.scan(read, &EVERYWHERE, &range).map(|row| Ok(row?.1))
}

/// Removes all parts of an upload with their bytes.
///
/// # Errors
/// Trouble with the store.
pub fn drop_parts(tx: &mut Transaction, upload: &str) -> Result<(), Trouble> {
    let parts: Vec<_> = parts(tx, upload, 0).collect::<Result<_, _>>()?;
    for uploaded in parts {
        PARTS.delete(tx, &EVERYWHERE, part_key(upload, uploaded.part.number))?;
        blobs::forget(tx, [&uploaded.part]);
    }
    Ok(())
}

pub fn abort_multipart_upload(
    cx: &mut Writer,
    input: s3::AbortMultipartUploadRequest,
) -> Result<s3::AbortMultipartUploadOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    access::bucket(cx.store(), &input.bucket, owner)?;
    let upload = find(cx.store(), &input.bucket, &input.key, &input.upload_id)?;
    if input.if_match_initiated_time.is_some_and(|begun| begun.seconds() != upload.begun.seconds()) {
        return Err(faults::precondition_failed());
    }
    UPLOADS.delete(cx.tx, &EVERYWHERE, upload_key(&input.bucket, &input.key, &upload.id))?;
    drop_parts(cx.tx, &upload.id)?;
    Ok(s3::AbortMultipartUploadOutput::default())
}

pub fn list_parts(cx: &Reader, input: s3::ListPartsRequest) -> Result<s3::ListPartsOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let found = access::bucket(cx.store, &input.bucket, owner)?;
    let upload = find(cx.store, &input.bucket, &input.key, &input.upload_id)?;
    let most = list::max(input.max_parts)?;
    let marker = u32::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
    let mut rest = parts(cx.store, &upload.id, marker);
    let mut shown = Vec::new();
    for uploaded in rest.by_ref().take(most) {
        let uploaded = uploaded?;
        let mut part = s3::Part {
            part_number: i32::try_from(uploaded.part.number).ok(),
            last_modified: Some(uploaded.modified),
            e_tag: describe::quoted(&uploaded.etag),
            size: i64::try_from(uploaded.part.size).ok(),
            ..Default::default()
        };
        if upload.checksum_algorithm.is_some() {
            part.show(uploaded.part.checksum.as_ref());
        }
        shown.push(part);
    }
    let truncated = rest.next().is_some();
    Ok(s3::ListPartsOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        upload_id: Some(upload.id.clone()),
        part_number_marker: i32::try_from(marker).ok(),
        next_part_number_marker: shown.last().and_then(|part| part.part_number),
        max_parts: i32::try_from(most).ok(),
        is_truncated: Some(truncated),
        parts: Some(shown),
        initiator: Some(initiator(&upload)),
        owner: Some(bucket::owner(&found.owner)),
        storage_class: describe::listed_storage_class(&upload.described),
        checksum_type: upload.checksum_algorithm.as_ref().map(|_| kind(upload.composite).to_owned()),
        checksum_algorithm: upload.checksum_algorithm,
        ..Default::default()
    })
}

pub fn list_multipart_uploads(
    cx: &Reader,
    input: s3::ListMultipartUploadsRequest,
) -> Result<s3::ListMultipartUploadsOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let found = access::bucket(cx.store, &input.bucket, owner)?;
    let encoding = Encoding::new(input.encoding_type.as_deref())?;
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    // Without a key's marker S3 ignores the upload's.
    let upload_marker = input.upload_id_marker.as_deref().filter(|id| !id.is_empty() && !key_marker.is_empty());
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        max: list::max(input.max_uploads)?,
        marker: key_marker,
    };
    let page = listing::page(&query, |position| {
        let range = match (position, upload_marker) {
            (listing::Position::Start, Some(id)) => {
                list::range(&found.name, query.prefix, "", position).after(upload_key(&found.name, key_marker, id))
            }
            _ => list::range(&found.name, query.prefix, key_marker, position),
        };
        UPLOADS.scan(cx.store, &EVERYWHERE, &range).map(|row| {
            let (key, upload) = row?;
            Ok::<_, Trouble>((list::name_of(&key)?, upload))
        })
    })?;
    let shown = |(key, upload): &(String, Upload)| s3::MultipartUpload {
        upload_id: Some(upload.id.clone()),
        key: Some(encoding.apply(key)),
        initiated: Some(upload.begun),
        storage_class: describe::listed_storage_class(&upload.described),
        owner: Some(bucket::owner(&found.owner)),
        initiator: Some(initiator(upload)),
        checksum_algorithm: upload.checksum_algorithm.clone(),
        checksum_type: upload.checksum_algorithm.as_ref().map(|_| kind(upload.composite).to_owned()),
        ..Default::default()
    };
    let last = page.last().filter(|_| page.truncated).map(str::to_owned);
    let last_upload = page.entries.last().filter(|(key, _)| Some(key) == last.as_ref());
    Ok(s3::ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        key_marker: Some(encoding.apply(key_marker)),
        upload_id_marker: Some(upload_marker.unwrap_or_default().to_owned()),
        next_key_marker: last.as_deref().map(|last| encoding.apply(last)),
        next_upload_id_marker: last_upload.map(|(_, upload)| upload.id.clone()),
        prefix: Some(encoding.apply(query.prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| encoding.apply(delimiter)),
        max_uploads: i32::try_from(query.max).ok(),
        is_truncated: Some(page.truncated),
        uploads: Some(page.entries.iter().map(shown).collect()),
        common_prefixes: Some(list::common_prefixes(&page, &encoding)),
        encoding_type: input.encoding_type.clone(),
        ..Default::default()
    })
}

fn initiator(upload: &Upload) -> s3::Initiator {
    s3::Initiator { id: bucket::owner(&upload.initiator).id, display_name: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_and_kinds() {
        use ChecksumAlgorithm::{Crc32, Crc64Nvme, Sha256};
        assert_eq!(composite(Some(Crc32), None).ok(), Some(true));
        assert_eq!(composite(Some(Crc32), Some("FULL_OBJECT")).ok(), Some(false));
        assert_eq!(composite(Some(Crc64Nvme), None).ok(), Some(false));
        assert_eq!(composite(Some(Sha256), None).ok(), Some(true));
        assert!(composite(Some(Crc64Nvme), Some("COMPOSITE")).is_err());
        assert!(composite(Some(Sha256), Some("FULL_OBJECT")).is_err());
        assert_eq!(composite(None, None).ok(), Some(false));
    }

    #[test]
    fn numbers_of_parts() {
        assert_eq!(part_number(1).ok(), Some(1));
        assert!(part_number(0).is_err() && part_number(-1).is_err() && part_number(10_001).is_err());
    }
}
