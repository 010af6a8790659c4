//! Tags of functions and event source mappings.

use std::collections::BTreeMap;

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use crate::faults;
use crate::mapping::{MAPPINGS, Mapping};
use crate::name::Target;
use crate::record::{self, FUNCTIONS, Function};

const MOST_TAGS: usize = 50;

/// What has tags.
enum Tagged {
    Function(Target, Function),
    Mapping(Mapping),
}

impl Tagged {
    /// What is behind an ARN.
    fn find(read: &dyn Read, scope: &Scope, resource: &str) -> Result<Tagged, Fault> {
        if let Some((_, uuid)) = resource.split_once(":event-source-mapping:") {
            let found = MAPPINGS.get(read, scope, uuid)?;
            return found
                .map(Tagged::Mapping)
                .ok_or_else(|| faults::not_found("The resource you requested does not exist."));
        }
        if !resource.contains(":function:") {
            return Err(Fault::not_implemented(&format!("Tagging of {resource}")));
        }
        let target = Target::whole(scope, resource)?;
        let function = record::function(read, &target)?;
        Ok(Tagged::Function(target, function))
    }

    fn tags(&mut self) -> &mut BTreeMap<String, String> {
        match self {
            Tagged::Function(_, function) => &mut function.tags,
            Tagged::Mapping(mapping) => &mut mapping.tags,
        }
    }

    fn put(&self, w: &mut Writer) -> Result<(), Fault> {
        let scope = w.scope().clone();
        match self {
            Tagged::Function(target, function) => FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), function)?,
            Tagged::Mapping(mapping) => MAPPINGS.put(w.tx, &scope, mapping.uuid.as_str(), mapping)?,
        }
        Ok(())
    }
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<Unit, Fault> {
    let mut tagged = Tagged::find(w.tx, w.scope(), &input.resource)?;
    tagged.tags().extend(input.tags);
    check(tagged.tags())?;
    tagged.put(w)?;
    Ok(Unit)
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<Unit, Fault> {
    let mut tagged = Tagged::find(w.tx, w.scope(), &input.resource)?;
    tagged.tags().retain(|key, _| !input.tag_keys.contains(key));
    tagged.put(w)?;
    Ok(Unit)
}

pub fn list_tags(r: &Reader, input: ListTagsRequest) -> Result<ListTagsResponse, Fault> {
    let mut tagged = Tagged::find(r.store, r.scope(), &input.resource)?;
    Ok(ListTagsResponse { tags: Some(std::mem::take(tagged.tags())) })
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
