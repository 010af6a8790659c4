//! Amazon S3: buckets, objects and their versions, multipart uploads, and what a bucket can be told to do with them.
//!
//! The decisions (`listing`, `range`, `conditions`, `cors`, `lifecycle`, `post_policy`, `website`, `names`) are pure.
//! Records are in `record`, bytes in `blobs`; every other room is one resource's operations.

mod access;
mod attributes;
mod blobs;
mod bucket;
mod bucket_acl;
mod bucket_config;
mod bucket_cors;
mod bucket_defaults;
mod bucket_lifecycle;
mod bucket_notification;
mod bucket_policy;
mod bucket_website;
mod complete;
mod conditions;
mod copy;
mod cors;
mod delete;
mod describe;
mod expiration;
mod faults;
mod form;
mod get;
mod lifecycle;
mod lifecycle_run;
mod list;
mod list_versions;
mod listing;
mod lock;
mod multipart;
mod names;
mod notification;
mod notify;
mod object_acl;
mod ops;
mod post;
mod post_policy;
mod put;
mod range;
mod record;
mod restore;
mod site;
mod sse;
mod sums;
mod tagging;
mod versions;
mod website;

use std::path::Path;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use kogumo_base::Trouble;
use kogumo_door::{Caller, Cloud, CrossOrigin, Reconciler, Service};
use kogumo_wire::{Operation, Structure, decode};

use crate::blobs::Blobs;

/// The service as the registry holds it. The bytes of objects are in files of the folder `objects`; with `fsync` they
/// are on disk before an upload is answered.
///
/// # Errors
/// A folder that has no absolute path.
pub fn service(objects: &Path, fsync: bool) -> Result<Service, Trouble> {
    Ok(Service::new(&kogumo_model::s3::SERVICE, ops::ops())
        .with(Blobs::in_folder(objects, fsync)?)
        .reconciler(Reconciler {
            name: "s3/bytes",
            follows: &["s3"],
            period: Duration::from_secs(600),
            run: |cloud| Box::pin(async move { cloud.part::<Blobs>()?.reconcile(&cloud.store).await }),
        })
        .reconciler(Reconciler {
            name: "s3/notifications",
            follows: &["s3"],
            period: Duration::from_secs(60),
            run: |cloud| Box::pin(notify::hand_over(cloud)),
        })
        .timer(bucket_lifecycle::TIMER, lifecycle_run::run)
        .surface(site::surface())
        .surface(post::surface())
        .anonymous(may_be_anonymous)
        .policies(access::grounds)
        .renames(bucket_policy::rename)
        .cross_origin(cross_origin)
        .on_reset(|cloud| {
            Box::pin(async move {
                let swept = async { cloud.part::<Blobs>()?.sweep(&cloud.store, true).await };
                if let Err(trouble) = swept.await {
                    tracing::error!("{trouble}");
                }
            })
        }))
}

/// Whether a call may come without a signature: then its bucket decides (see [`access`]). These two have none.
fn may_be_anonymous(_: &Cloud, _: &Caller, operation: &'static Operation, _: &dyn Structure) -> bool {
    !matches!(operation.name, "ListBuckets" | "CreateBucket")
}

/// What a bucket's CORS rules give to a page of another origin.
fn cross_origin(cloud: &Cloud, asked: &CrossOrigin) -> Option<HeaderMap> {
    let bucket = decode(asked.path.trim_start_matches('/').split('/').next()?, false);
    let rules = record::CORS.get(&cloud.store.read(), &record::EVERYWHERE, &bucket).ok()??;
    let answer = cors::answer(&rules, asked.origin, asked.method, &asked.headers)?;
    Some(
        answer
            .into_iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_str(&value).ok()?)))
            .collect(),
    )
}
