//! Tags of terminologies.

use std::collections::BTreeMap;

use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::translate::{
    INVALID_PARAMETER_VALUE_EXCEPTION, ListTagsForResourceRequest, ListTagsForResourceResponse,
    RESOURCE_NOT_FOUND_EXCEPTION, TOO_MANY_TAGS_EXCEPTION, Tag, TagResourceRequest, TagResourceResponse,
    TooManyTagsException, UntagResourceRequest, UntagResourceResponse,
};
use kogumo_wire::Fault;

use crate::terminology::{TERMINOLOGIES, Terminology};

/// A resource has at most so many.
const MOST: usize = 50;

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let name = name_of(&input.resource_arn)?;
    let found = TERMINOLOGIES.get(r.store, r.scope(), name.as_str())?.ok_or_else(|| not_found(&input.resource_arn))?;
    let tags = found.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(ListTagsForResourceResponse { tags: Some(tags) })
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<TagResourceResponse, Fault> {
    change(w, &input.resource_arn, |arn, tags| add(arn, tags, input.tags.clone()))?;
    Ok(TagResourceResponse::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<UntagResourceResponse, Fault> {
    change(w, &input.resource_arn, |_, tags| {
        tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(UntagResourceResponse::default())
}

/// Puts tags to those that are there.
pub fn add(arn: &str, tags: &mut BTreeMap<String, String>, more: Vec<Tag>) -> Result<(), Fault> {
    for Tag { key, value } in more {
        if key.to_lowercase().starts_with("aws:") {
            return Err(INVALID_PARAMETER_VALUE_EXCEPTION.because("Tag keys must not begin with aws:."));
        }
        tags.insert(key, value);
    }
    if tags.len() > MOST {
        let fields = TooManyTagsException { resource_arn: Some(arn.to_owned()) };
        return Err(Fault::with_fields(
            &TOO_MANY_TAGS_EXCEPTION,
            format!("A resource can have at most {MOST} tags."),
            fields,
        ));
    }
    Ok(())
}

fn change(
    w: &mut Writer,
    arn: &str,
    change: impl FnOnce(&str, &mut BTreeMap<String, String>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let name = name_of(arn)?;
    let found: Option<Terminology> = TERMINOLOGIES.get(w.tx, &scope, name.as_str())?;
    let mut found = found.ok_or_else(|| not_found(arn))?;
    change(arn, &mut found.tags)?;
    Ok(TERMINOLOGIES.put(w.tx, &scope, name.as_str(), &found)?)
}

/// `arn:aws:translate:REGION:ACCOUNT:terminology/NAME/LATEST`
fn name_of(arn: &str) -> Result<String, Fault> {
    let resource = Arn::parse(arn).filter(|arn| arn.service == "translate").map(|arn| arn.resource);
    let name = resource.as_deref().and_then(|resource| resource.strip_prefix("terminology/"));
    let name = name.map(|name| name.strip_suffix("/LATEST").unwrap_or(name).to_owned());
    name.ok_or_else(|| INVALID_PARAMETER_VALUE_EXCEPTION.because(format!("Invalid resource ARN: {arn}")))
}

fn not_found(arn: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Resource {arn} not found"))
}
