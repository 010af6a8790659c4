//! The operations on event source mappings.

use kogumo_door::{Context, Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Range, Read};
use kogumo_wire::Fault;

use crate::mapping::{Change, MAPPINGS, Mapping};
use crate::name::Target;
use crate::page::page;
use crate::{faults, poll, record, stream};

pub async fn create_event_source_mapping(
    cx: Context,
    input: CreateEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    let target = Target::parse(cx.scope(), &input.function_name, None)?;
    record::version(&cx.snapshot(), &target)?;
    let mut mapping = Mapping::new(&target, &input)?;
    Change::from(&input).apply(&mut mapping, cx.now())?;
    if mapping.is_queue() {
        poll::check(&cx, &mapping).await?;
    } else {
        mapping.position = stream::starting_point(&cx, &mapping).await?;
    }
    let scope = cx.scope().clone();
    cx.write(|w| {
        if let Some(there) = all(w.tx, &scope)?.iter().find(|there| is_same(there, &mapping)) {
            return Err(faults::conflict(format!(
                "The event source arn (\" {} \") and function (\" {} \") provided mapping already exists. \
                 Please update or delete the existing mapping with UUID {}",
                mapping.source, mapping.function, there.uuid
            )));
        }
        MAPPINGS.put(w.tx, &scope, mapping.uuid.as_str(), &mapping)?;
        Ok(())
    })?;
    Ok(mapping.view(&scope, "Creating"))
}

fn is_same(one: &Mapping, other: &Mapping) -> bool {
    (&one.source, &one.function, &one.qualifier) == (&other.source, &other.function, &other.qualifier)
}

/// All mappings of a scope.
fn all(read: &dyn Read, scope: &kogumo_base::Scope) -> Result<Vec<Mapping>, kogumo_base::Trouble> {
    MAPPINGS.scan(read, scope, &Range::all()).map(|row| Ok(row?.1)).collect()
}

fn find(read: &dyn Read, scope: &kogumo_base::Scope, uuid: &str) -> Result<Mapping, Fault> {
    let found = MAPPINGS.get(read, scope, uuid)?;
    found.ok_or_else(|| faults::not_found("The resource you requested does not exist."))
}

pub fn get_event_source_mapping(
    r: &Reader,
    input: GetEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    let mapping = find(r.store, r.scope(), &input.uuid)?;
    Ok(mapping.view(r.scope(), mapping.state()))
}

pub fn update_event_source_mapping(
    w: &mut Writer,
    input: UpdateEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    let scope = w.scope().clone();
    let mut mapping = find(w.tx, &scope, &input.uuid)?;
    if let Some(name) = &input.function_name {
        let target = Target::parse(&scope, name, None)?;
        record::version(w.tx, &target)?;
        (mapping.account, mapping.function, mapping.qualifier) = (target.scope.account, target.name, target.qualifier);
    }
    Change::from(&input).apply(&mut mapping, w.now)?;
    MAPPINGS.put(w.tx, &scope, mapping.uuid.as_str(), &mapping)?;
    Ok(mapping.view(&scope, "Updating"))
}

pub fn delete_event_source_mapping(
    w: &mut Writer,
    input: DeleteEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    let scope = w.scope().clone();
    let mapping = find(w.tx, &scope, &input.uuid)?;
    MAPPINGS.delete(w.tx, &scope, mapping.uuid.as_str())?;
    Ok(mapping.view(&scope, "Deleting"))
}

pub fn list_event_source_mappings(
    r: &Reader,
    input: ListEventSourceMappingsRequest,
) -> Result<ListEventSourceMappingsResponse, Fault> {
    let target = match &input.function_name {
        Some(name) => Some(Target::parse(r.scope(), name, None)?),
        None => None,
    };
    if let Some(target) = &target {
        record::function(r.store, target)?;
    }
    let wanted = |mapping: &Mapping| {
        target.as_ref().is_none_or(|target| mapping.function == target.name)
            && input.event_source_arn.as_ref().is_none_or(|arn| mapping.source == *arn)
    };
    let found = all(r.store, r.scope())?.into_iter().filter(wanted);
    let items = found.map(|mapping| (mapping.uuid.clone(), mapping.view(r.scope(), mapping.state())));
    let (mappings, next_marker) = page(items, input.marker.as_deref(), input.max_items, 100);
    Ok(ListEventSourceMappingsResponse { next_marker, event_source_mappings: Some(mappings) })
}
