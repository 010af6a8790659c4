//! Tags of repositories.

use std::collections::BTreeMap;

use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::ecr::*;
use kogumo_wire::Fault;

use crate::repository;

pub fn made(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// The repository that an ARN names.
fn name_of(arn: &str) -> Result<String, Fault> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "ecr");
    let name = parsed.and_then(|arn| arn.resource.strip_prefix("repository/").map(str::to_owned));
    name.ok_or_else(|| INVALID_PARAMETER_EXCEPTION.because(format!("Invalid parameter at 'resourceArn': {arn}")))
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<TagResourceResponse, Fault> {
    repository::update(w, &name_of(&input.resource_arn)?, |record| {
        record.tags.extend(made(Some(input.tags)));
        Ok(())
    })?;
    Ok(TagResourceResponse::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<UntagResourceResponse, Fault> {
    repository::update(w, &name_of(&input.resource_arn)?, |record| {
        record.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(UntagResourceResponse::default())
}

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let record = repository::get(r.store, r.scope(), &name_of(&input.resource_arn)?)?;
    let tags = record.tags.into_iter().map(|(key, value)| Tag { key, value });
    Ok(ListTagsForResourceResponse { tags: Some(tags.collect()) })
}
