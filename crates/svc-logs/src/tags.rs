//! Tags of log groups, by the older operations (by name) and the newer ones (by ARN).

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    INVALID_PARAMETER_EXCEPTION, ListTagsForResourceRequest, ListTagsForResourceResponse, ListTagsLogGroupRequest,
    ListTagsLogGroupResponse, TOO_MANY_TAGS_EXCEPTION, TagLogGroupRequest, TagResourceRequest, TooManyTagsException,
    UntagLogGroupRequest, UntagResourceRequest,
};
use kogumo_wire::{Fault, Unit};

use crate::group::put;
use crate::record::{self, Group, group_arn};

/// A group has at most so many.
const MOST: usize = 50;

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let name = name_in(r.scope(), &input.resource_arn)?;
    Ok(ListTagsForResourceResponse { tags: Some(record::group(r.store, r.scope(), &name)?.tags) })
}

pub fn list_tags_log_group(r: &Reader, input: ListTagsLogGroupRequest) -> Result<ListTagsLogGroupResponse, Fault> {
    Ok(ListTagsLogGroupResponse { tags: Some(record::group(r.store, r.scope(), &input.log_group_name)?.tags) })
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<Unit, Fault> {
    let name = name_in(w.scope(), &input.resource_arn)?;
    tag(w, &name, input.tags)
}

pub fn tag_log_group(w: &mut Writer, input: TagLogGroupRequest) -> Result<Unit, Fault> {
    tag(w, &input.log_group_name, input.tags)
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<Unit, Fault> {
    let name = name_in(w.scope(), &input.resource_arn)?;
    untag(w, &name, &input.tag_keys)
}

pub fn untag_log_group(w: &mut Writer, input: UntagLogGroupRequest) -> Result<Unit, Fault> {
    untag(w, &input.log_group_name, &input.tags)
}

fn tag(w: &mut Writer, name: &str, tags: BTreeMap<String, String>) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let mut group = record::group(w.tx, &scope, name)?;
    add(&scope, &mut group, tags)?;
    put(w, &scope, &group)
}

fn untag(w: &mut Writer, name: &str, keys: &[String]) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let mut group = record::group(w.tx, &scope, name)?;
    group.tags.retain(|key, _| !keys.contains(key));
    put(w, &scope, &group)
}

/// Puts tags to those that a group has.
pub fn add(scope: &Scope, group: &mut Group, tags: BTreeMap<String, String>) -> Result<(), Fault> {
    // CloudFormation's own tags are the exception to what nobody may set.
    if tags.keys().any(|key| key.to_lowercase().starts_with("aws:") && !key.starts_with("aws:cloudformation:")) {
        return Err(
            INVALID_PARAMETER_EXCEPTION.because("aws: prefixed tag key names are not allowed for external use.")
        );
    }
    group.tags.extend(tags);
    match group.tags.keys().filter(|key| !key.starts_with("aws:")).count() > MOST {
        true => Err(Fault::with_fields(
            &TOO_MANY_TAGS_EXCEPTION,
            format!("A log group can have at most {MOST} tags."),
            TooManyTagsException { resource_name: Some(group_arn(scope, &group.name)) },
        )),
        false => Ok(()),
    }
}

fn name_in(scope: &Scope, arn: &str) -> Result<String, Fault> {
    match Arn::parse(arn) {
        Some(_) => record::name_of(scope, arn),
        None => Err(INVALID_PARAMETER_EXCEPTION.because(format!("Invalid resource ARN: {arn}"))),
    }
}
