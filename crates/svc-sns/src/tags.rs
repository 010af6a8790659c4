//! Tags of topics.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::sns::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, RESOURCE_NOT_FOUND_EXCEPTION,
    TAG_LIMIT_EXCEEDED_EXCEPTION, Tag, TagResourceRequest, TagResourceResponse, UntagResourceRequest,
    UntagResourceResponse,
};
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::record::{Address, TOPICS, Topic, invalid};

pub fn of_list(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// # Errors
/// More than fifty, or AWS's own.
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() > 50 {
        return Err(
            TAG_LIMIT_EXCEEDED_EXCEPTION.because("Could not complete request: tag quota of per resource exceeded")
        );
    }
    match tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        true => Err(invalid("Tags Reason: tag keys must not begin with aws:")),
        false => Ok(()),
    }
}

fn find(store: &dyn Read, arn: &str) -> Result<(Address, Topic), Fault> {
    let missing = |_| RESOURCE_NOT_FOUND_EXCEPTION.because("Resource does not exist");
    let at = Address::parse(arn)?;
    let topic = at.find(store).map_err(missing)?;
    Ok((at, topic))
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<TagResourceResponse, Fault> {
    let (at, mut topic) = find(w.store(), &input.resource_arn)?;
    topic.tags.extend(of_list(input.tags));
    check(&topic.tags)?;
    TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    Ok(TagResourceResponse::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<UntagResourceResponse, Fault> {
    let (at, mut topic) = find(w.store(), &input.resource_arn)?;
    topic.tags.retain(|key, _| !input.tag_keys.contains(key));
    TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    Ok(UntagResourceResponse::default())
}

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let (_, topic) = find(r.store, &input.resource_arn)?;
    let tags = topic.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(ListTagsForResourceResponse { tags: Some(tags) })
}
