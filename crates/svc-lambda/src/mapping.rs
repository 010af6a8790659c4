//! Event source mappings: none can be made yet, so there are none to list.

use kogumo_door::Reader;
use kogumo_model::lambda::*;
use kogumo_wire::Fault;

use crate::name::Target;
use crate::record;

pub fn list_event_source_mappings(
    r: &Reader,
    input: ListEventSourceMappingsRequest,
) -> Result<ListEventSourceMappingsResponse, Fault> {
    if let Some(name) = &input.function_name {
        record::function(r.store, &Target::whole(r.scope(), name)?)?;
    }
    Ok(ListEventSourceMappingsResponse { next_marker: None, event_source_mappings: Some(Vec::new()) })
}
