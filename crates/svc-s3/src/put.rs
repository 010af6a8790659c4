//! PutObject. The bytes come in first; then one transaction judges the conditions and makes the object.

use kogumo_base::Timestamp;
use kogumo_door::{Context, Writer};
use kogumo_model::s3;
use kogumo_sigv4::hex;
use kogumo_wire::{Body, Fault};

use crate::blobs::{self, Blobs, Fresh, Unreceived};
use crate::describe::{self, Granted, Wish};
use crate::record::{Bucket, Described, Sum, Version};
use crate::sums::{self, Expected, Sums};
use crate::{access, conditions, expiration, faults, notify, sse, versions};

/// One upload may have 5 GiB; more goes in parts.
pub const MOST_BYTES: u64 = 5 << 30;

/// An object that is to be made, its bytes apart.
pub struct New {
    pub bucket: String,
    pub key: String,
    pub expected_owner: Option<String>,
    pub wish: Wish,
    pub expected: Expected,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    /// What notifications call it: `s3:ObjectCreated:Put`.
    pub event: &'static str,
}

/// What has been made.
pub struct Made {
    pub version_id: Option<String>,
    pub etag: String,
    pub modified: Timestamp,
    pub sum: Sum,
    pub described: Described,
    pub expiration: Option<String>,
}

pub async fn put_object(cx: Context, mut input: s3::PutObjectRequest) -> Result<s3::PutObjectOutput, Fault> {
    if input.write_offset_bytes.is_some() {
        return Err(Fault::not_implemented("Appending to an object (x-amz-write-offset-bytes)"));
    }
    let given = input.given()?;
    let algorithm = input.checksum_algorithm.as_ref();
    let expected = Expected::new(given, algorithm, input.content_md5.as_ref(), sums::DEFAULT)?;
    let body = std::mem::take(&mut input.body);
    let new = New {
        wish: Wish::from(&mut input),
        bucket: input.bucket,
        key: input.key,
        expected_owner: input.expected_bucket_owner,
        expected,
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        event: "s3:ObjectCreated:Put",
    };
    let made = make(&cx, new, body, MOST_BYTES).await?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&made.described);
    let mut output = s3::PutObjectOutput {
        expiration: made.expiration,
        e_tag: describe::quoted(&made.etag),
        checksum_type: Some(made.sum.kind().to_owned()),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        version_id: made.version_id,
        ..Default::default()
    };
    output.show(Some(&made.sum));
    Ok(output)
}

/// Takes a body in and makes an object of it.
///
/// # Errors
/// S3's errors for what cannot be.
pub async fn make(cx: &Context, new: New, body: Body, most_bytes: u64) -> Result<Made, Fault> {
    // Judged before the bytes are taken in, so that nobody sends them in vain; and once more when they are there.
    let (bucket, granted) = cx.read(|reader| -> Result<_, Fault> {
        let owner = new.expected_owner.as_ref();
        let bucket = access::bucket(reader.store, &new.bucket, owner)?;
        new.judge_conditions(reader.store)?;
        let granted = new.wish.clone().grant(reader.store, &bucket, &new.key, reader.now)?;
        Ok((bucket, granted))
    })?;
    let context = new.wish.encryption_context.as_deref();
    let (encryption, cipher) = sse::begin(cx, &bucket, &new.key, granted.described.encryption, context).await?;
    let blobs = cx.cloud.part::<Blobs>()?;
    let algorithms = [new.expected.algorithm];
    let fresh = blobs.receive(body, most_bytes, &algorithms, cipher.as_ref()).await.map_err(unreceived)?;
    let sum = new.expected.compare(fresh.sums.first().map_or(&[], Vec::as_slice), &fresh.md5)?;
    cx.write(|cx| {
        let owner = new.expected_owner.as_ref();
        let bucket = access::bucket(cx.store(), &new.bucket, owner)?;
        new.judge_conditions(cx.store())?;
        let mut granted = new.wish.clone().grant(cx.store(), &bucket, &new.key, cx.now)?;
        granted.described.encryption = encryption.clone();
        commit(cx, &bucket, &new, granted, &fresh, sum.clone())
    })
}

impl New {
    fn judge_conditions(&self, read: &dyn kogumo_store::Read) -> Result<(), Fault> {
        let (if_match, if_none_match) = (self.if_match.as_deref(), self.if_none_match.as_deref());
        if if_match.is_none() && if_none_match.is_none() {
            return Ok(());
        }
        let current = versions::current_etag(read, &self.bucket, &self.key)?;
        Ok(conditions::judge_write(if_match, if_none_match, current.as_deref())?)
    }
}

/// Makes an object of bytes that are there, in the transaction at hand.
///
/// # Errors
/// Trouble with the store.
pub fn commit(
    cx: &mut Writer,
    bucket: &Bucket,
    new: &New,
    granted: Granted,
    fresh: &Fresh,
    sum: Sum,
) -> Result<Made, Fault> {
    let key = new.key.as_str();
    let mut version = Version {
        modified: cx.now,
        size: fresh.part.size,
        etag: hex(&fresh.md5),
        parts: vec![fresh.part.clone()],
        checksum: Some(sum.clone()),
        described: granted.described,
        tags: granted.tags,
        retention: granted.retention,
        legal_hold: granted.legal_hold,
        ..Version::default()
    };
    blobs::keep(cx.tx, fresh);
    let version_id = versions::put(cx.tx, bucket, key, &mut version)?;
    notify::tell(cx, bucket, new.event, key, Some(&version), version_id.as_deref())?;
    let expiration = expiration::header(cx.store(), bucket, key, &version)?;
    let Version { etag, modified, described, .. } = version;
    Ok(Made { version_id, etag, modified, sum, described, expiration })
}

/// What the client is told of a body that did not come in. For one that broke off the gateway knows better.
pub fn unreceived(why: Unreceived) -> Fault {
    match why {
        Unreceived::TooLarge => faults::too_large(),
        Unreceived::Broken(trouble) => Fault::coded("IncompleteBody", 400, trouble.to_string()),
        Unreceived::Ours(trouble) => trouble.into(),
    }
}
