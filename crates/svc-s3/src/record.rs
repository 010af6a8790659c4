//! What S3 remembers: the records of its tables. The bytes of objects are in [`crate::blobs`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kogumo_base::{Scope, Timestamp};
use kogumo_sigv4::ChecksumAlgorithm;
use kogumo_store::{Key, Table};
use serde::{Deserialize, Serialize};

use crate::{cors, lifecycle, website};

/// Names of buckets are one namespace over all accounts and regions: everything of S3 is kept in this scope.
pub static EVERYWHERE: LazyLock<Scope> = LazyLock::new(|| Scope::new("", Scope::GLOBAL));

/// By name.
pub static BUCKETS: Table<Bucket> = Table::new("s3/bucket").compact();
/// The newest version of each key, delete markers too: (bucket, key).
pub static CURRENT: Table<Version> = Table::new("s3/current").compact();
/// Older versions, the newest first: (bucket, key, inverted sequence).
pub static OLDER: Table<Version> = Table::new("s3/older").compact();
/// (bucket, key, upload id).
pub static UPLOADS: Table<Upload> = Table::new("s3/upload");
/// (upload id, part number).
pub static PARTS: Table<UploadedPart> = Table::new("s3/part");

// What a bucket has been told, one table for each subresource, by the bucket's name.
pub static CORS: Table<Vec<cors::Rule>> = Table::new("s3/cors");
pub static LIFECYCLE: Table<Vec<lifecycle::Rule>> = Table::new("s3/lifecycle");
pub static WEBSITES: Table<website::Website> = Table::new("s3/website");
pub static POLICIES: Table<String> = Table::new("s3/policy");
pub static BUCKET_TAGS: Table<BTreeMap<String, String>> = Table::new("s3/bucket-tags");
pub static OWNERSHIP: Table<String> = Table::new("s3/ownership");
pub static PUBLIC_ACCESS: Table<PublicAccess> = Table::new("s3/public-access");
pub static DEFAULT_RETENTION: Table<DefaultRetention> = Table::new("s3/default-retention");

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    /// The account.
    pub owner: String,
    pub region: String,
    pub created: Timestamp,
    pub versioning: Versioning,
    pub object_lock: bool,
    /// The canned access control list it was given.
    pub acl: Option<String>,
    /// How it encrypts by default, if it was told.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    // Whether it has lifecycle rules and targets of notifications: most have none, and need not look for them at
    // each request.
    #[serde(default)]
    pub has_lifecycle: bool,
    #[serde(default)]
    pub has_notifications: bool,
}

/// A bucket keeps versions from the moment it is told to; it can pause, but never go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// `null` for what was written while versioning was not enabled.
    pub id: String,
    /// Counts the versions of its key.
    pub sequence: u64,
    pub modified: Timestamp,
    pub marker: bool,
    pub size: u64,
    /// Without quotes: the MD5, or for multipart uploads the MD5 of the parts' MD5s and `-N`.
    pub etag: String,
    /// One for a plain upload, one for each part of a multipart upload.
    pub parts: Vec<Part>,
    pub multipart: bool,
    pub checksum: Option<Sum>,
    pub described: Described,
    pub tags: BTreeMap<String, String>,
    pub retention: Option<Retention>,
    pub legal_hold: Option<bool>,
    /// An archived version that can be read for a while.
    #[serde(default)]
    pub restored: Option<Restored>,
}

/// What the uploader says of an object, as it is given back with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Described {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_disposition: Option<String>,
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub storage_class: Option<String>,
    pub website_redirect: Option<String>,
    pub encryption: Option<Encryption>,
    /// The canned access control list.
    pub acl: Option<String>,
}

/// Where the bytes of an object or of a part of it are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub number: u32,
    pub size: u64,
    pub blob: String,
    pub checksum: Option<Sum>,
}

/// A checksum that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// By S3's name for it.
    pub algorithm: String,
    /// Base64; of a composite one with `-N` behind it.
    pub value: String,
    /// Whether it is the checksum of the parts' checksums.
    pub composite: bool,
}

impl Sum {
    pub fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        ChecksumAlgorithm::by_name(&self.algorithm)
    }

    /// As S3's API says it.
    pub fn kind(&self) -> &'static str {
        if self.composite { "COMPOSITE" } else { "FULL_OBJECT" }
    }
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    pub id: String,
    /// The account that began it.
    pub initiator: String,
    pub begun: Timestamp,
    pub checksum_algorithm: Option<String>,
    pub composite: bool,
    pub described: Described,
    pub tags: BTreeMap<String, String>,
    pub retention: Option<Retention>,
    pub legal_hold: Option<bool>,
}

/// A part that has been uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadedPart {
    pub part: Part,
    /// The MD5 in hexadecimal.
    pub etag: String,
    pub modified: Timestamp,
}

/// Until when a version may not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: String,
    pub until: Timestamp,
}

/// From when until when an archived version can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub ready: Timestamp,
    pub expires: Timestamp,
}

/// The retention that new versions of a bucket get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultRetention {
    pub mode: String,
    pub days: Option<i32>,
    pub years: Option<i32>,
}

/// How an object is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256` or `aws:kms`.
    pub algorithm: String,
    /// Of an object the ARN; of a bucket what it was told.
    pub key: Option<String>,
    pub bucket_key: Option<bool>,
    /// An object's data key, as KMS has encrypted it.
    #[serde(default)]
    pub data_key: Option<Vec<u8>>,
    /// The encryption context that it is bound to.
    #[serde(default)]
    pub context: BTreeMap<String, String>,
}

/// A bucket's public access block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccess {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

/// The key of a current version.
pub fn object_key(bucket: &str, key: &str) -> Key {
    Key::new().str(bucket).str(key)
}

/// The key of an older version.
pub fn version_key(bucket: &str, key: &str, sequence: u64) -> Key {
    object_key(bucket, key).u64(!sequence)
}

/// The key of an upload.
pub fn upload_key(bucket: &str, key: &str, upload: &str) -> Key {
    object_key(bucket, key).str(upload)
}

/// The key of an uploaded part.
pub fn part_key(upload: &str, number: u32) -> Key {
    Key::new().str(upload).u64(u64::from(number))
}
