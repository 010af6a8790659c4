//! Amazon S3: buckets, objects and their versions, multipart uploads, and what a bucket can be told to do with them.
//!
//! The decisions (`listing`, `range`, `conditions`, `cors`, `lifecycle`, `post_policy`, `website`, `names`) are pure.

pub mod blobs;
pub mod conditions;
pub mod cors;
pub mod lifecycle;
pub mod listing;
pub mod names;
pub mod post_policy;
pub mod range;
pub mod record;
pub mod website;
