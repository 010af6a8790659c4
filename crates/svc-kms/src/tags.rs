//! Tags of keys.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::kms::{
    LIMIT_EXCEEDED_EXCEPTION, ListResourceTagsRequest, ListResourceTagsResponse, TAG_EXCEPTION, Tag,
    TagResourceRequest, UntagResourceRequest,
};
use kogumo_store::Key as RowKey;
use kogumo_wire::{Fault, Unit};

use crate::page::Page;
use crate::target::{self, Aliases};

/// A key has at most so many.
const MOST: usize = 50;

pub fn list_resource_tags(r: &Reader, input: ListResourceTagsRequest) -> Result<ListResourceTagsResponse, Fault> {
    let target = target::read(r, &input.key_id, Aliases::Refused)?;
    let mut page = Page::new(input.limit, 50, 50, input.marker.as_deref())?;
    for (key, value) in target.key.tags {
        let place = RowKey::from(&key);
        if page.starts_before(&place) && !page.push(place, Tag { tag_key: key, tag_value: value }) {
            break;
        }
    }
    let (tags, next_marker, truncated) = page.finish();
    Ok(ListResourceTagsResponse { tags: Some(tags), next_marker, truncated: Some(truncated) })
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<Unit, Fault> {
    let mut target = target::write(w, &input.key_id)?;
    target.refuse_managed()?;
    target.check_alive()?;
    add(&mut target.key.tags, &input.tags)?;
    target.put(w)?;
    Ok(Unit)
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<Unit, Fault> {
    let mut target = target::write(w, &input.key_id)?;
    target.refuse_managed()?;
    target.check_alive()?;
    target.key.tags.retain(|key, _| !input.tag_keys.contains(key));
    target.put(w)?;
    Ok(Unit)
}

/// Puts tags to those that are there.
///
/// # Errors
/// A tag that only AWS sets, one that comes twice, too many.
pub fn add(tags: &mut BTreeMap<String, String>, more: &[Tag]) -> Result<(), Fault> {
    for (at, Tag { tag_key, tag_value }) in more.iter().enumerate() {
        // CloudFormation's own tags are the exception to what nobody may set.
        if tag_key.to_lowercase().starts_with("aws:") && !tag_key.starts_with("aws:cloudformation:") {
            return Err(TAG_EXCEPTION.because("Tags beginning with aws: are reserved"));
        }
        if more.iter().take(at).any(|other| other.tag_key == *tag_key) {
            return Err(TAG_EXCEPTION.because("Duplicate tag keys"));
        }
        tags.insert(tag_key.clone(), tag_value.clone());
    }
    match tags.len() > MOST {
        true => Err(LIMIT_EXCEEDED_EXCEPTION.because(format!("A key has at most {MOST} tags."))),
        false => Ok(()),
    }
}
