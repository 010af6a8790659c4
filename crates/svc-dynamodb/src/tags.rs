//! Tags of tables.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::dynamodb::{
    ListTagsOfResourceInput, ListTagsOfResourceOutput, RESOURCE_NOT_FOUND_EXCEPTION, Tag, TagResourceInput,
    UntagResourceInput,
};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use crate::record::TableRecord;

/// Tags on one table.
const LIMIT: usize = 50;
/// Tags in one page.
const PAGE: usize = 10;

pub fn tag_resource(w: &mut Writer, input: TagResourceInput) -> Result<Unit, Fault> {
    let mut table = find(w.store(), w.scope(), &input.resource_arn)?;
    table.tags.append(&mut of_list(&input.tags)?);
    check_count(&table.tags)?;
    table.put(w.tx, &w.caller.scope)?;
    Ok(Unit)
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceInput) -> Result<Unit, Fault> {
    let mut table = find(w.store(), w.scope(), &input.resource_arn)?;
    table.tags.retain(|key, _| !input.tag_keys.contains(key));
    table.put(w.tx, &w.caller.scope)?;
    Ok(Unit)
}

pub fn list_tags_of_resource(r: &Reader, input: ListTagsOfResourceInput) -> Result<ListTagsOfResourceOutput, Fault> {
    let table = find(r.store, r.scope(), &input.resource_arn)?;
    let after = input.next_token.unwrap_or_default();
    let mut tags = table.tags.into_iter().filter(|(key, _)| *key > after);
    let page: Vec<Tag> = tags.by_ref().take(PAGE).map(|(key, value)| Tag { key, value }).collect();
    let more = tags.next().is_some();
    let next_token = page.last().filter(|_| more).map(|tag| tag.key.clone());
    Ok(ListTagsOfResourceOutput { tags: Some(page), next_token })
}

/// The tags of a request.
pub fn of_list(list: &[Tag]) -> Result<BTreeMap<String, String>, Fault> {
    let tags: BTreeMap<String, String> = list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    if tags.len() < list.len() {
        return Err(Fault::validation(
            "One or more parameter values are not valid. The tag list contains duplicate keys",
        ));
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() > LIMIT {
        return Err(Fault::validation(format!("Too many tags: a resource may have {LIMIT}")));
    }
    Ok(())
}

fn find(read: &dyn Read, scope: &Scope, arn: &str) -> Result<TableRecord, Fault> {
    let missing =
        || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Requested resource not found: ResourcArn: {arn} not found"));
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "dynamodb");
    let parsed = parsed
        .ok_or_else(|| Fault::validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}")))?;
    let name = parsed.resource.strip_prefix("table/").ok_or_else(missing)?;
    let here = parsed.region == scope.region && parsed.account == scope.account;
    let table = if here { TableRecord::get(read, scope, name)? } else { None };
    table.map(|table| (*table).clone()).ok_or_else(missing)
}
