//! Looking at stacks: themselves, their resources, their events.

use kogumo_door::Reader;
use kogumo_model::cloudformation::*;
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use super::{find, show};
use crate::events::newest_first;
use crate::record::{RESOURCES, STACKS, uuid_of};

const PAGE: usize = 100;

pub fn describe_stacks(r: &Reader, input: DescribeStacksInput) -> Result<DescribeStacksOutput, Fault> {
    let Some(name) = input.stack_name else {
        let live = |stack: &crate::record::Stack| stack.deleted.is_none();
        let rows = STACKS.scan(r.store, r.scope(), &Range::all()).map(|row| row.map(|(_, stack)| stack));
        let mut stacks: Vec<_> = rows.filter(|row| row.as_ref().is_ok_and(live)).collect::<Result<_, _>>()?;
        stacks.sort_by_key(|stack| std::cmp::Reverse(stack.created));
        let (page, next_token) = find::page(stacks, input.next_token.as_deref(), PAGE)?;
        return Ok(DescribeStacksOutput { stacks: Some(page.iter().map(show::stack).collect()), next_token });
    };
    let stack = find::existing(r.store, r.scope(), &name)?;
    Ok(DescribeStacksOutput { stacks: Some(vec![show::stack(&stack)]), next_token: None })
}

pub fn list_stacks(r: &Reader, input: ListStacksInput) -> Result<ListStacksOutput, Fault> {
    let wanted = input.stack_status_filter.unwrap_or_default();
    let rows = STACKS.scan(r.store, r.scope(), &Range::all()).map(|row| row.map(|(_, stack)| stack));
    let mut stacks: Vec<_> = rows.collect::<Result<_, _>>()?;
    stacks.retain(|stack| wanted.is_empty() || wanted.contains(&stack.status));
    stacks.sort_by_key(|stack| std::cmp::Reverse(stack.created));
    let (page, next_token) = find::page(stacks, input.next_token.as_deref(), PAGE)?;
    Ok(ListStacksOutput { stack_summaries: Some(page.iter().map(show::summary).collect()), next_token })
}

/// Newest first; the token is where the page before ended.
pub fn describe_stack_events(r: &Reader, input: DescribeStackEventsInput) -> Result<DescribeStackEventsOutput, Fault> {
    let stack = find::bracketed(r.store, r.scope(), &input.stack_name)?;
    let after = input.next_token.map(|token| {
        let number = token.parse::<i64>().map_err(|_| Fault::validation(format!("Invalid NextToken: {token}")))?;
        Ok::<_, Fault>(Key::new().str(uuid_of(&stack.id)).i64(number))
    });
    let mut rows = newest_first(r.store, r.scope(), &stack.id, after.transpose()?);
    let mut events = Vec::new();
    let mut last = None;
    for row in rows.by_ref().take(PAGE) {
        let (key, event) = row?;
        let mut parts = key.reader();
        parts.str();
        last = parts.i64();
        events.push(show::event(&stack, event));
    }
    let next_token = rows.next().and(last).map(|number| number.to_string());
    Ok(DescribeStackEventsOutput { stack_events: Some(events), next_token })
}

pub fn describe_stack_resource(
    r: &Reader,
    input: DescribeStackResourceInput,
) -> Result<DescribeStackResourceOutput, Fault> {
    let stack = find::bracketed(r.store, r.scope(), &input.stack_name)?;
    let key = Key::new().str(uuid_of(&stack.id)).str(&input.logical_resource_id);
    let resource =
        RESOURCES.get(r.store, r.scope(), key)?.ok_or_else(|| missing(&input.logical_resource_id, &stack.name))?;
    Ok(DescribeStackResourceOutput { stack_resource_detail: Some(show::resource_detail(&stack, &resource)) })
}

fn missing(id: &str, stack: &str) -> Fault {
    Fault::validation(format!("Resource {id} does not exist for stack {stack}"))
}

pub fn describe_stack_resources(
    r: &Reader,
    input: DescribeStackResourcesInput,
) -> Result<DescribeStackResourcesOutput, Fault> {
    let (stack, resources) = match (input.stack_name, input.physical_resource_id) {
        (Some(_), Some(_)) => {
            return Err(Fault::validation("Cannot specify both StackName and PhysicalResourceId"));
        }
        (Some(name), None) => {
            let stack = find::existing(r.store, r.scope(), &name)?;
            let resources = find::resources(r.store, r.scope(), &stack)?;
            (stack, resources)
        }
        (None, Some(physical_id)) => by_physical_id(r, &physical_id)?,
        (None, None) => return Err(Fault::validation("Either StackName or PhysicalResourceId must be specified")),
    };
    let wanted = input.logical_resource_id;
    let shown = resources.iter().filter(|resource| wanted.as_ref().is_none_or(|id| *id == resource.logical_id));
    let shown: Vec<_> = shown.map(|resource| show::resource(&stack, resource)).collect();
    match wanted {
        Some(id) if shown.is_empty() => Err(missing(&id, &stack.name)),
        _ => Ok(DescribeStackResourcesOutput { stack_resources: Some(shown) }),
    }
}

/// All resources of the stack that has this one.
fn by_physical_id(
    r: &Reader,
    physical_id: &str,
) -> Result<(crate::record::Stack, Vec<crate::record::Resource>), Fault> {
    for row in RESOURCES.scan(r.store, r.scope(), &Range::all()) {
        let (key, resource) = row?;
        if resource.actual.is_some_and(|actual| actual.physical_id == physical_id) {
            let uuid = key.reader().str().unwrap_or_default();
            let stack = STACKS.get(r.store, r.scope(), uuid.as_str())?;
            if let Some(stack) = stack {
                let resources = find::resources(r.store, r.scope(), &stack)?;
                return Ok((stack, resources));
            }
        }
    }
    Err(Fault::validation(format!("Stack for {physical_id} does not exist")))
}

pub fn list_stack_resources(r: &Reader, input: ListStackResourcesInput) -> Result<ListStackResourcesOutput, Fault> {
    let stack = find::existing(r.store, r.scope(), &input.stack_name)?;
    let resources = find::resources(r.store, r.scope(), &stack)?;
    let (page, next_token) = find::page(resources, input.next_token.as_deref(), PAGE)?;
    let shown = page.iter().map(show::resource_summary).collect();
    Ok(ListStackResourcesOutput { stack_resource_summaries: Some(shown), next_token })
}
