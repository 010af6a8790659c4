//! Lifecycle rules at work: a timer falls due for the bucket at midnight of the cloud's clock, and what the rules say happens.
//! A large bucket is gone through in steps, each a transaction of its own.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range};

use crate::expiration::subject;
use crate::lifecycle::{self, Action, Rule};
use crate::list::name_of;
use crate::record::{BUCKETS, Bucket, CURRENT, EVERYWHERE, LIFECYCLE, UPLOADS, Version};
use crate::versions::all_older;
use crate::{bucket_lifecycle, multipart, notify, versions};

/// How many keys one step looks at.
const STEP: usize = 500;

/// Goes one step through a bucket; `timer`'s payload is the key that the last step ended with.
///
/// # Errors
/// Trouble with the store.
pub fn run(cx: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(name) = timer.id.reader().str() else { return Ok(()) };
    let Some(bucket) = BUCKETS.get(cx.store(), &EVERYWHERE, &name)? else { return Ok(()) };
    let Some(rules) = LIFECYCLE.get(cx.store(), &EVERYWHERE, &name)? else { return Ok(()) };
    let inside = Range::prefix(Key::new().str(&name));
    let range =
        if timer.payload.is_empty() { inside } else { inside.after(Key::from_encoded(timer.payload.as_slice())) };
    let rows: Vec<_> = CURRENT.scan(cx.store(), &EVERYWHERE, &range).take(STEP).collect::<Result<_, _>>()?;
    let last = rows.last().map(|(row, _)| row.clone()).filter(|_| rows.len() == STEP);
    for (row, current) in rows {
        apply(cx, &bucket, &rules, &name_of(&row)?, current)?;
    }
    match last {
        Some(last) => timers::put(cx.tx, timer.due, bucket_lifecycle::TIMER, &EVERYWHERE, &name, last.as_bytes()),
        None => {
            abort_uploads(cx, &name, &rules)?;
            bucket_lifecycle::wake_at_midnight(cx, &name)
        }
    }
}

fn apply(cx: &mut Writer, bucket: &Bucket, rules: &[Rule], key: &str, current: Version) -> Result<(), Trouble> {
    let older: Vec<_> = all_older(cx.store(), &bucket.name, key).collect::<Result<_, _>>()?;
    let mut replaced = current.modified;
    let mut left = older.len();
    for (newer, version) in older.into_iter().enumerate() {
        let action = match version.marker {
            // A marker that was replaced is of no use once it has aged like any version.
            true => lifecycle::for_noncurrent(rules, &subject(key, &version), replaced, newer, cx.now)
                .filter(|action| *action == Action::Expire),
            false => lifecycle::for_noncurrent(rules, &subject(key, &version), replaced, newer, cx.now),
        };
        replaced = version.modified;
        if action == Some(Action::Expire) {
            left -= usize::from(remove(cx, bucket, key, &version.id)?);
        } else {
            transition(cx, bucket, key, version, action)?;
        }
    }
    if current.marker {
        if left == 0 && lifecycle::removes_marker(rules, &subject(key, &current), cx.now) {
            remove(cx, bucket, key, &current.id)?;
        }
        return Ok(());
    }
    match lifecycle::for_current(rules, &subject(key, &current), cx.now) {
        Some(Action::Expire) => {
            let removed = versions::remove(cx.tx, bucket, key, cx.now)?;
            let how = if removed.marker { "DeleteMarkerCreated" } else { "Delete" };
            let event = format!("s3:LifecycleExpiration:{how}");
            notify::tell(cx, bucket, &event, key, None, removed.id.as_deref())
        }
        action => transition(cx, bucket, key, current, action),
    }
}

/// Removes a version for good; one under a lock stays. Answers whether it is gone.
fn remove(cx: &mut Writer, bucket: &Bucket, key: &str, id: &str) -> Result<bool, Trouble> {
    let gone = versions::remove_version(cx.tx, bucket, key, id, false, cx.now).is_ok();
    if gone {
        notify::tell(cx, bucket, "s3:LifecycleExpiration:Delete", key, None, Some(id))?;
    }
    Ok(gone)
}

fn transition(
    cx: &mut Writer,
    bucket: &Bucket,
    key: &str,
    mut version: Version,
    action: Option<Action>,
) -> Result<(), Trouble> {
    let Some(Action::Transition(class)) = action else { return Ok(()) };
    version.described.storage_class = Some(class);
    versions::replace(cx.tx, &bucket.name, key, &version)
}

fn abort_uploads(cx: &mut Writer, bucket: &str, rules: &[Rule]) -> Result<(), Trouble> {
    let inside = Range::prefix(Key::new().str(bucket));
    let uploads: Vec<_> = UPLOADS.scan(cx.store(), &EVERYWHERE, &inside).collect::<Result<_, _>>()?;
    for (row, upload) in uploads {
        let now: Timestamp = cx.now;
        if lifecycle::aborts_upload(rules, &name_of(&row)?, upload.begun, now) {
            UPLOADS.delete(cx.tx, &EVERYWHERE, row)?;
            multipart::drop_parts(cx.tx, &upload.id)?;
        }
    }
    Ok(())
}
