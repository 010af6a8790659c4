//! Tags of functions.

use std::collections::BTreeMap;

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use crate::faults;
use crate::name::Target;
use crate::record::{self, FUNCTIONS, Function};

const MOST_TAGS: usize = 50;

/// The function behind the ARN of a resource with tags.
fn tagged(read: &dyn Read, scope: &Scope, resource: &str) -> Result<(Target, Function), Fault> {
    if !resource.contains(":function:") {
        return Err(Fault::not_implemented(&format!("Tagging of {resource}")));
    }
    let target = Target::whole(scope, resource)?;
    let function = record::function(read, &target)?;
    Ok((target, function))
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let (target, mut function) = tagged(w.tx, &scope, &input.resource)?;
    function.tags.extend(input.tags);
    check(&function.tags)?;
    FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), &function)?;
    Ok(Unit::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let (target, mut function) = tagged(w.tx, &scope, &input.resource)?;
    function.tags.retain(|key, _| !input.tag_keys.contains(key));
    FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), &function)?;
    Ok(Unit::default())
}

pub fn list_tags(r: &Reader, input: ListTagsRequest) -> Result<ListTagsResponse, Fault> {
    let (_, function) = tagged(r.store, r.scope(), &input.resource)?;
    Ok(ListTagsResponse { tags: Some(function.tags) })
}

/// Whether there may be such tags.
///
/// # Errors
/// Lambda's, if not.
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() > MOST_TAGS {
        return Err(faults::invalid(format!("Exceeded the maximum number of tags: {MOST_TAGS}")));
    }
    if let Some(key) =
        tags.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:") && !key.starts_with("aws:cloudformation:"))
    {
        return Err(faults::invalid(format!("Tag keys must not start with aws: ({key})")));
    }
    Ok(())
}
