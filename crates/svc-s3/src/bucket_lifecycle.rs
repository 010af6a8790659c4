//! A bucket's lifecycle configuration: between the model's shapes and [`crate::lifecycle`]'s rules.

use kogumo_base::{Trouble, hex_id};
use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_store::timers;
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::lifecycle::{self, Filter, Noncurrent, NoncurrentTransition, Rule, Transition, When};
use crate::record::{BUCKETS, Bucket, EVERYWHERE, LIFECYCLE};
use crate::{faults, tagging};

/// The most rules.
const MOST: usize = 1000;
/// Falls due at each midnight for a bucket that has rules.
pub const TIMER: &str = "s3/lifecycle";

pub fn get_bucket_lifecycle(
    cx: &Reader,
    input: s3::GetBucketLifecycleConfigurationRequest,
) -> Result<s3::GetBucketLifecycleConfigurationOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    match LIFECYCLE.get(cx.store, &EVERYWHERE, &input.bucket)? {
        Some(rules) => Ok(s3::GetBucketLifecycleConfigurationOutput {
            rules: Some(rules.into_iter().map(shown).collect()),
            transition_default_minimum_object_size: Some(DEFAULT_MINIMUM.into()),
        }),
        None => {
            let message = "The lifecycle configuration does not exist";
            Err(Fault::coded("NoSuchLifecycleConfiguration", 404, message))
        }
    }
}

const DEFAULT_MINIMUM: &str = "all_storage_classes_128K";

pub fn put_bucket_lifecycle(
    cx: &mut Writer,
    input: s3::PutBucketLifecycleConfigurationRequest,
) -> Result<s3::PutBucketLifecycleConfigurationOutput, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    if input.transition_default_minimum_object_size.as_ref().is_some_and(|size| size != DEFAULT_MINIMUM) {
        return Err(Fault::not_implemented("Another TransitionDefaultMinimumObjectSize"));
    }
    let asked = input.lifecycle_configuration.ok_or_else(faults::malformed_xml)?.rules;
    if asked.is_empty() || asked.len() > MOST {
        return Err(faults::malformed_xml());
    }
    let rules = asked.into_iter().map(kept).collect::<Result<Vec<_>, _>>()?;
    if let Some((code, message)) = lifecycle::problem(&rules) {
        return Err(Fault::coded(code, 400, message));
    }
    LIFECYCLE.put(cx.tx, &EVERYWHERE, &input.bucket, &rules)?;
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { has_lifecycle: true, ..bucket })?;
    wake_at_midnight(cx, &input.bucket)?;
    let transition_default_minimum_object_size = Some(DEFAULT_MINIMUM.into());
    Ok(s3::PutBucketLifecycleConfigurationOutput { transition_default_minimum_object_size })
}

/// Rules act at midnight.
///
/// # Errors
/// Trouble with the store.
pub fn wake_at_midnight(cx: &mut Writer, bucket: &str) -> Result<(), Trouble> {
    timers::put(cx.tx, lifecycle::next_midnight(cx.now), TIMER, &EVERYWHERE, bucket, &[])
}

pub fn delete_bucket_lifecycle(cx: &mut Writer, input: s3::DeleteBucketLifecycleRequest) -> Result<Unit, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    LIFECYCLE.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { has_lifecycle: false, ..bucket })?;
    timers::cancel(cx.tx, TIMER, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

fn kept(rule: s3::LifecycleRule) -> Result<Rule, Fault> {
    let enabled = match rule.status.as_str() {
        "Enabled" => true,
        "Disabled" => false,
        _ => return Err(faults::malformed_xml()),
    };
    if rule.prefix.is_some() && rule.filter.is_some() {
        return Err(faults::malformed_xml());
    }
    let prefix_outside_filter = rule.prefix.is_some();
    let filter = match (rule.filter, rule.prefix) {
        (Some(filter), _) => kept_filter(filter)?,
        (None, Some(prefix)) => Filter { prefix: Some(prefix), ..Filter::default() },
        (None, None) => return Err(faults::malformed_xml()),
    };
    let (expiration, expired_marker) = match rule.expiration {
        Some(expiration) => (when(expiration.days, expiration.date)?, expiration.expired_object_delete_marker),
        None => (None, None),
    };
    if expiration.is_some() && expired_marker.is_some() {
        return Err(faults::malformed_xml());
    }
    Ok(Rule {
        // S3 makes an id up for a rule without one.
        id: rule.id.filter(|id| !id.is_empty()).unwrap_or_else(|| hex_id(32)),
        enabled,
        filter,
        prefix_outside_filter,
        expiration,
        expired_marker,
        transitions: rule.transitions.unwrap_or_default().into_iter().map(kept_transition).collect::<Result<_, _>>()?,
        noncurrent_expiration: rule.noncurrent_version_expiration.map(|expiration| Noncurrent {
            days: expiration.noncurrent_days.unwrap_or(0),
            newer: expiration.newer_noncurrent_versions,
        }),
        noncurrent_transitions: rule
            .noncurrent_version_transitions
            .unwrap_or_default()
            .into_iter()
            .map(|transition| {
                let storage_class = transition.storage_class.ok_or_else(faults::malformed_xml)?;
                let days = transition.noncurrent_days.unwrap_or(0);
                let after = Noncurrent { days, newer: transition.newer_noncurrent_versions };
                Ok(NoncurrentTransition { after, storage_class })
            })
            .collect::<Result<_, Fault>>()?,
        abort_upload_days: rule
            .abort_incomplete_multipart_upload
            .map(|abort| abort.days_after_initiation.ok_or_else(faults::malformed_xml))
            .transpose()?,
    })
}

fn kept_filter(filter: s3::LifecycleRuleFilter) -> Result<Filter, Fault> {
    let tags = |tags: Vec<s3::Tag>| tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let given = [
        filter.prefix.is_some(),
        filter.tag.is_some(),
        filter.object_size_greater_than.is_some(),
        filter.object_size_less_than.is_some(),
        filter.and.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(faults::malformed_xml());
    }
    Ok(match filter.and {
        Some(and) => Filter {
            prefix: and.prefix,
            tags: tags(and.tags.unwrap_or_default()),
            larger_than: and.object_size_greater_than,
            smaller_than: and.object_size_less_than,
            and: true,
        },
        None => Filter {
            prefix: filter.prefix,
            tags: tags(filter.tag.into_iter().collect()),
            larger_than: filter.object_size_greater_than,
            smaller_than: filter.object_size_less_than,
            and: false,
        },
    })
}

fn kept_transition(transition: s3::Transition) -> Result<Transition, Fault> {
    let when = when(transition.days, transition.date)?.unwrap_or(When::Days(0));
    Ok(Transition { when, storage_class: transition.storage_class.ok_or_else(faults::malformed_xml)? })
}

fn when(days: Option<i32>, date: Option<kogumo_base::Timestamp>) -> Result<Option<When>, Fault> {
    match (days, date) {
        (Some(_), Some(_)) => Err(faults::malformed_xml()),
        (Some(days), None) => Ok(Some(When::Days(days))),
        (None, date) => Ok(date.map(When::Date)),
    }
}

fn shown(rule: Rule) -> s3::LifecycleRule {
    let days = |when: &When| match when {
        When::Days(days) => (Some(*days), None),
        When::Date(date) => (None, Some(*date)),
    };
    let expires = rule.expiration.is_some() || rule.expired_marker.is_some();
    let (expire_days, expire_date) = rule.expiration.as_ref().map_or((None, None), days);
    let list = |transitions: Vec<_>| Some(transitions).filter(|transitions: &Vec<_>| !transitions.is_empty());
    let noncurrent: Vec<_> = rule.noncurrent_transitions.into_iter().map(shown_noncurrent).collect();
    s3::LifecycleRule {
        expiration: expires.then_some(s3::LifecycleExpiration {
            date: expire_date,
            days: expire_days,
            expired_object_delete_marker: rule.expired_marker,
        }),
        id: Some(rule.id),
        prefix: rule.filter.prefix.clone().filter(|_| rule.prefix_outside_filter),
        filter: (!rule.prefix_outside_filter).then(|| shown_filter(rule.filter)),
        status: if rule.enabled { "Enabled" } else { "Disabled" }.into(),
        transitions: list(
            rule.transitions
                .into_iter()
                .map(|transition| {
                    let (days, date) = days(&transition.when);
                    s3::Transition { date, days, storage_class: Some(transition.storage_class) }
                })
                .collect(),
        ),
        noncurrent_version_transitions: Some(noncurrent).filter(|transitions| !transitions.is_empty()),
        noncurrent_version_expiration: rule.noncurrent_expiration.map(|after| s3::NoncurrentVersionExpiration {
            noncurrent_days: Some(after.days),
            newer_noncurrent_versions: after.newer,
        }),
        abort_incomplete_multipart_upload: rule
            .abort_upload_days
            .map(|days| s3::AbortIncompleteMultipartUpload { days_after_initiation: Some(days) }),
    }
}

fn shown_noncurrent(transition: NoncurrentTransition) -> s3::NoncurrentVersionTransition {
    s3::NoncurrentVersionTransition {
        noncurrent_days: Some(transition.after.days),
        storage_class: Some(transition.storage_class),
        newer_noncurrent_versions: transition.after.newer,
    }
}

fn shown_filter(filter: Filter) -> s3::LifecycleRuleFilter {
    let mut tags = tagging::listed(filter.tags.into_iter().collect());
    if filter.and {
        let and = s3::LifecycleRuleAndOperator {
            prefix: filter.prefix,
            tags: Some(tags).filter(|tags| !tags.is_empty()),
            object_size_greater_than: filter.larger_than,
            object_size_less_than: filter.smaller_than,
        };
        return s3::LifecycleRuleFilter { and: Some(and), ..Default::default() };
    }
    s3::LifecycleRuleFilter {
        prefix: filter.prefix,
        tag: tags.pop(),
        object_size_greater_than: filter.larger_than,
        object_size_less_than: filter.smaller_than,
        and: None,
    }
}
