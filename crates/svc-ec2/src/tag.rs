//! Tags of whatever has an id: kept apart from the resources, so that all have them alike.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::faults::{invalid_value, limit};
use crate::filter::{Filters, text};
use crate::kinds;
use crate::page::{Wanted, cut_fives};
use crate::resource::{Kind, Resource};

/// By the resource's id.
static TAGS: Table<Tagged> = Table::new("ec2/tag");

#[derive(Clone, Serialize, Deserialize)]
struct Tagged {
    /// The kind's name.
    kind: String,
    tags: BTreeMap<String, String>,
}

/// A resource's quota.
const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// The tags of all resources of a scope, or of one: what Describe operations show.
pub struct Tags(BTreeMap<String, BTreeMap<String, String>>);

impl Tags {
    pub fn of_all(read: &dyn Read, scope: &Scope) -> Result<Self, Trouble> {
        let rows = TAGS.scan(read, scope, &Range::all()).map(|row| {
            let (key, tagged) = row?;
            Ok((key.reader().str().unwrap_or_default(), tagged.tags))
        });
        rows.collect::<Result<_, Trouble>>().map(Tags)
    }

    pub fn of_one(read: &dyn Read, scope: &Scope, id: &str) -> Result<Self, Trouble> {
        let found = TAGS.get(read, scope, id)?;
        Ok(Tags(found.into_iter().map(|tagged| (id.to_owned(), tagged.tags)).collect()))
    }

    /// Of one resource.
    pub fn of(&self, id: &str) -> impl Iterator<Item = (&String, &String)> {
        self.0.get(id).into_iter().flatten()
    }

    /// As AWS lists them.
    pub fn shown(&self, id: &str) -> Vec<Tag> {
        let tags = self.0.get(id).into_iter().flatten();
        tags.map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
    }

    /// As [`Tags::shown`], for resources that show no list where they have no tags.
    pub fn shown_if_any(&self, id: &str) -> Option<Vec<Tag>> {
        Some(self.shown(id)).filter(|tags| !tags.is_empty())
    }
}

/// The tags that a create operation is given for the kind it makes.
///
/// # Errors
/// Tags for another kind; keys and values that AWS does not take.
pub fn specified(w: &Writer, specifications: Option<Vec<TagSpecification>>, kind: &Kind) -> Result<Vec<Tag>, Fault> {
    let mut tags = Vec::new();
    for specification in specifications.unwrap_or_default() {
        let none = || invalid_value("Tag specification resource type must have a value");
        let wanted = specification.resource_type.ok_or_else(none)?;
        if wanted != kind.name {
            let message = format!("'{wanted}' is not a valid taggable resource type for this operation.");
            return Err(invalid_value(message));
        }
        tags.extend(specification.tags.unwrap_or_default());
    }
    check(w, &tags)?;
    Ok(tags)
}

/// Keys and values that a request may carry.
///
/// # Errors
/// AWS's, for the first that it may not.
pub fn check(w: &Writer, tags: &[Tag]) -> Result<(), Fault> {
    // CloudFormation marks what it makes.
    let is_service = w.caller.invoked_by.is_some();
    let mut seen: Vec<&str> = Vec::new();
    for tag in tags {
        let (key, value) = (tag.key.as_deref().unwrap_or_default(), tag.value.as_deref().unwrap_or_default());
        if key.is_empty() {
            return Err(invalid_value("Tag key cannot be null or empty."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") && !is_service {
            return Err(invalid_value("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if key.chars().count() > LONGEST_KEY {
            return Err(invalid_value(format!("Tag key exceeds the maximum length of {LONGEST_KEY} characters")));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(invalid_value(format!("Tag value exceeds the maximum length of {LONGEST_VALUE} characters")));
        }
        if seen.contains(&key) {
            return Err(invalid_value(format!("Duplicate tag key '{key}' specified.")));
        }
        seen.push(key);
    }
    Ok(())
}

/// Adds tags to a resource; a key that is there gets the new value.
///
/// # Errors
/// `TagLimitExceeded`.
pub fn add(w: &mut Writer, kind: &Kind, id: &str, new: Vec<Tag>) -> Result<(), Fault> {
    if new.is_empty() {
        return Ok(());
    }
    let found = TAGS.get(w.store(), w.scope(), id)?;
    let mut tagged = found.unwrap_or_else(|| Tagged { kind: kind.name.to_owned(), tags: BTreeMap::new() });
    for tag in new {
        tagged.tags.insert(tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    }
    let own = tagged.tags.keys().filter(|key| !key.starts_with("aws:")).count();
    if own > MOST {
        let message = format!("The maximum number of tags on resource '{id}' has been reached.");
        return Err(limit("TagLimitExceeded", message));
    }
    Ok(TAGS.put(w.tx, &w.caller.scope, id, &tagged)?)
}

/// As [`add`], for a resource that has just been made.
///
/// # Errors
/// `TagLimitExceeded`.
pub fn mark<R: Resource>(w: &mut Writer, made: &R, tags: Vec<Tag>) -> Result<(), Fault> {
    add(w, R::KIND, made.id(), tags)
}

/// A resource is gone.
pub fn forget(w: &mut Writer, id: &str) -> Result<(), Trouble> {
    TAGS.delete(w.tx, &w.caller.scope, id).map(drop)
}

/// As [`forget`], for timers, which have no scope of their own.
pub fn forget_in(w: &mut Writer, scope: &Scope, id: &str) -> Result<(), Trouble> {
    TAGS.delete(w.tx, scope, id).map(drop)
}

pub fn create_tags(w: &mut Writer, input: CreateTagsRequest) -> Result<Unit, Fault> {
    check(w, &input.tags)?;
    for id in input.resources {
        let kind = kinds::of(w.store(), w.scope(), &id)?;
        add(w, kind, &id, input.tags.clone())?;
    }
    Ok(Unit)
}

/// A tag without a value goes whatever its value is; with one only if it is that.
pub fn delete_tags(w: &mut Writer, input: DeleteTagsRequest) -> Result<Unit, Fault> {
    for id in input.resources {
        kinds::of(w.store(), w.scope(), &id)?;
        let Some(mut tagged) = TAGS.get(w.store(), w.scope(), id.as_str())? else { continue };
        let goes = |key: &String, value: &String| match &input.tags {
            None => !key.starts_with("aws:"),
            Some(tags) => tags
                .iter()
                .any(|tag| tag.key.as_ref() == Some(key) && tag.value.as_ref().is_none_or(|wanted| wanted == value)),
        };
        tagged.tags.retain(|key, value| !goes(key, value));
        if tagged.tags.is_empty() {
            forget(w, &id)?;
        } else {
            TAGS.put(w.tx, &w.caller.scope, id.as_str(), &tagged)?;
        }
    }
    Ok(Unit)
}

static FILTERS: Filters<TagDescription> = Filters {
    names: &[
        ("key", |tag| text(&tag.key)),
        ("resource-id", |tag| text(&tag.resource_id)),
        ("resource-type", |tag| text(&tag.resource_type)),
        ("value", |tag| text(&tag.value)),
    ],
    tags: None,
};

pub fn describe_tags(r: &Reader, input: DescribeTagsRequest) -> Result<DescribeTagsResult, Fault> {
    let mut shown = Vec::new();
    for row in TAGS.scan(r.store, r.scope(), &Range::all()) {
        let (key, tagged) = row?;
        let id = key.reader().str();
        shown.extend(tagged.tags.into_iter().map(|(key, value)| TagDescription {
            key: Some(key),
            resource_id: id.clone(),
            resource_type: Some(tagged.kind.clone()),
            value: Some(value),
        }));
    }
    let (by_key, filters) = by_tag(input.filters.unwrap_or_default());
    let mut shown = FILTERS.select(shown, Some(filters))?;
    shown.retain(|tag| by_key.iter().all(|(key, values)| is_tag(tag, key, values)));
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut_fives(shown, wanted, |tag| {
        format!("{}\u{0}{}", tag.resource_id.as_deref().unwrap_or_default(), tag.key.as_deref().unwrap_or_default())
    })?;
    Ok(DescribeTagsResult { tags: Some(page.items), next_token: page.next_token })
}

/// Takes the filters `tag:KEY` out: here they speak of the tag itself.
fn by_tag(filters: Vec<Filter>) -> (Vec<(String, Vec<String>)>, Vec<Filter>) {
    let (mut by_key, mut others) = (Vec::new(), Vec::new());
    for filter in filters {
        match filter.name.as_deref().and_then(|name| name.strip_prefix("tag:")) {
            Some(key) => by_key.push((key.to_owned(), filter.values.unwrap_or_default())),
            None => others.push(filter),
        }
    }
    (by_key, others)
}

fn is_tag(tag: &TagDescription, key: &str, values: &[String]) -> bool {
    let value = tag.value.as_deref().unwrap_or_default();
    tag.key.as_deref() == Some(key) && values.iter().any(|pattern| crate::filter::matches(pattern, value))
}
