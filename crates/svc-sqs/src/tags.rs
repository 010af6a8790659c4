//! Tags of queues.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::sqs::{ListQueueTagsRequest, ListQueueTagsResult, TagQueueRequest, UntagQueueRequest};
use kogumo_wire::{Fault, Unit};

use crate::faults::refused;
use crate::queue::{find, find_to_write};

pub fn tag_queue(w: &mut Writer, input: TagQueueRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    found.queue.tags.extend(input.tags);
    check(&found.queue.tags)?;
    found.put(w.tx)?;
    Ok(Unit)
}

pub fn untag_queue(w: &mut Writer, input: UntagQueueRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    found.queue.tags.retain(|key, _| !input.tag_keys.contains(key));
    found.put(w.tx)?;
    Ok(Unit)
}

pub fn list_queue_tags(r: &Reader, input: ListQueueTagsRequest) -> Result<ListQueueTagsResult, Fault> {
    let tags = find(r, &input.queue_url)?.queue.tags;
    Ok(ListQueueTagsResult { tags: (!tags.is_empty()).then_some(tags) })
}

/// Whether a queue may have these tags. Source: Amazon SQS Developer Guide, "Quotas related to queues".
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() > 50 {
        return Err(refused("Too many tags added for queue. Maximum number of tags is 50."));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refused(format!(
                "Tag keys must be between 1 and 128 characters and not begin with aws: {key}"
            )));
        }
        if value.chars().count() > 256 {
            return Err(refused("Tag values must be between 0 and 256 characters."));
        }
    }
    Ok(())
}
