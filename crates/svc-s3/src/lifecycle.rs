//! Lifecycle rules: what becomes of an object, its old versions and unfinished uploads, and when.
//! Source: "Managing the lifecycle of objects" and "Lifecycle configuration elements", Amazon S3 User Guide.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;

/// One rule of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    pub enabled: bool,
    pub filter: Filter,
    /// Whether the rule was written with a `Prefix` of its own, as older clients do, and is shown so.
    pub prefix_outside_filter: bool,
    pub expiration: Option<When>,
    /// Removes a delete marker that is the last version left.
    pub expired_marker: Option<bool>,
    pub transitions: Vec<Transition>,
    pub noncurrent_expiration: Option<Noncurrent>,
    pub noncurrent_transitions: Vec<NoncurrentTransition>,
    pub abort_upload_days: Option<i32>,
}

/// Which objects a rule is for: all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    pub prefix: Option<String>,
    pub tags: Vec<(String, String)>,
    pub larger_than: Option<i64>,
    pub smaller_than: Option<i64>,
    /// Whether it was written in an `And`.
    pub and: bool,
}

/// A moment of an object's life, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum When {
    Days(i32),
    Date(Timestamp),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    pub when: When,
    pub storage_class: String,
}

/// How long old versions live, and how many newer ones are spared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noncurrent {
    pub days: i32,
    pub newer: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoncurrentTransition {
    pub after: Noncurrent,
    pub storage_class: String,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub key: &'a str,
    pub size: u64,
    pub tags: &'a BTreeMap<String, String>,
    pub storage_class: &'a str,
    pub modified: Timestamp,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Expire,
    /// To this storage class.
    Transition(String),
}

/// What is due for a current version that is not a delete marker.
pub fn for_current(rules: &[Rule], object: &Subject<'_>, now: Timestamp) -> Option<Action> {
    let due = |when: &When| falls_due(*when, object.modified) <= now;
    let rules = || applying(rules, object);
    if rules().any(|rule| rule.expiration.as_ref().is_some_and(due)) {
        return Some(Action::Expire);
    }
    let transitions = rules().flat_map(|rule| &rule.transitions).filter(|transition| due(&transition.when));
    coldest(transitions.map(|transition| transition.storage_class.as_str()), object)
}

/// What is due for an old version that was replaced at `replaced`, with `newer` old versions newer than it.
pub fn for_noncurrent(
    rules: &[Rule],
    object: &Subject<'_>,
    replaced: Timestamp,
    newer: usize,
    now: Timestamp,
) -> Option<Action> {
    let due = |after: &Noncurrent| {
        let spared = usize::try_from(after.newer.unwrap_or(0)).unwrap_or(0);
        newer >= spared && falls_due(When::Days(after.days), replaced) <= now
    };
    let rules = || applying(rules, object);
    if rules().any(|rule| rule.noncurrent_expiration.as_ref().is_some_and(due)) {
        return Some(Action::Expire);
    }
    let transitions = rules().flat_map(|rule| &rule.noncurrent_transitions).filter(|transition| due(&transition.after));
    coldest(transitions.map(|transition| transition.storage_class.as_str()), object)
}

/// Whether a delete marker that has no versions behind it is to go.
pub fn removes_marker(rules: &[Rule], marker: &Subject<'_>, now: Timestamp) -> bool {
    applying(rules, marker).any(|rule| {
        rule.expired_marker == Some(true)
            || matches!(rule.expiration, Some(when @ When::Days(_)) if falls_due(when, marker.modified) <= now)
    })
}

/// Whether an unfinished upload that began at `begun` is to be aborted. Rules for tags or sizes are not for uploads.
pub fn aborts_upload(rules: &[Rule], key: &str, begun: Timestamp, now: Timestamp) -> bool {
    rules.iter().any(|rule| {
        let prefix = rule.filter.prefix.as_deref().unwrap_or_default();
        let due = |days| falls_due(When::Days(days), begun) <= now;
        rule.enabled && key.starts_with(prefix) && rule.abort_upload_days.is_some_and(due)
    })
}

/// When a current version will expire, and by which rule: for `x-amz-expiration`.
pub fn expiration<'a>(rules: &'a [Rule], object: &Subject<'_>) -> Option<(Timestamp, &'a str)> {
    let moment = |rule: &'a Rule| Some((falls_due(rule.expiration?, object.modified), rule.id.as_str()));
    applying(rules, object).filter_map(moment).min()
}

/// What is wrong with a configuration: code and message.
pub fn problem(rules: &[Rule]) -> Option<(&'static str, &'static str)> {
    let mut ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Some(("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule"));
    }
    rules.iter().find_map(problem_of_rule)
}

fn problem_of_rule(rule: &Rule) -> Option<(&'static str, &'static str)> {
    let whens = rule.transitions.iter().map(|transition| &transition.when).chain(&rule.expiration);
    for when in whens {
        match when {
            When::Days(days) if *days < 0 || (*days == 0 && rule.expiration.as_ref() == Some(when)) => {
                let message = "'Days' for Expiration action must be a positive integer";
                return Some(("InvalidArgument", message));
            }
            When::Date(date) if date.0.rem_euclid(DAY * 1000) != 0 => {
                return Some(("InvalidArgument", "'Date' must be at midnight GMT"));
            }
            _ => {}
        }
    }
    let noncurrent = rule.noncurrent_expiration.iter();
    if noncurrent.clone().any(|after| after.days <= 0) {
        let message = "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer";
        return Some(("InvalidArgument", message));
    }
    if rule.abort_upload_days.is_some_and(|days| days <= 0) {
        let message = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer";
        return Some(("InvalidArgument", message));
    }
    let acts = rule.expiration.is_some()
        || rule.expired_marker.is_some()
        || !rule.transitions.is_empty()
        || rule.noncurrent_expiration.is_some()
        || !rule.noncurrent_transitions.is_empty()
        || rule.abort_upload_days.is_some();
    if !acts {
        let message = "At least one action needs to be specified in a rule";
        return Some(("InvalidRequest", message));
    }
    if rule.id.len() > 255 {
        return Some(("InvalidArgument", "ID length should not exceed allowed limit of 255"));
    }
    None
}

fn applying<'a>(rules: &'a [Rule], object: &Subject<'_>) -> impl Iterator<Item = &'a Rule> {
    rules.iter().filter(|rule| rule.enabled && rule.filter.fits(object))
}

impl Filter {
    fn fits(&self, object: &Subject<'_>) -> bool {
        let size = i64::try_from(object.size).unwrap_or(i64::MAX);
        object.key.starts_with(self.prefix.as_deref().unwrap_or_default())
            && self.tags.iter().all(|(key, value)| object.tags.get(key) == Some(value))
            && self.larger_than.is_none_or(|limit| size > limit)
            && self.smaller_than.is_none_or(|limit| size < limit)
    }
}

/// S3 adds the days and rounds up to the next midnight of UTC.
fn falls_due(when: When, from: Timestamp) -> Timestamp {
    match when {
        When::Date(date) => date,
        When::Days(days) => {
            let moment = from.plus_seconds(i64::from(days) * DAY);
            next_midnight(moment.plus_millis(-1))
        }
    }
}

/// The first midnight of UTC behind a moment: when lifecycle rules run.
pub fn next_midnight(after: Timestamp) -> Timestamp {
    Timestamp::from_seconds((after.seconds().div_euclid(DAY) + 1).saturating_mul(DAY))
}

/// Classes from warm to cold: objects only ever move down.
const CLASSES: [&str; 7] =
    ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];

fn coldest<'a>(classes: impl Iterator<Item = &'a str>, object: &Subject<'_>) -> Option<Action> {
    let coldness = |class: &str| CLASSES.iter().position(|known| *known == class).unwrap_or(0);
    let coldest = classes.max_by_key(|class| coldness(class))?;
    (coldness(coldest) > coldness(object.storage_class)).then(|| Action::Transition(coldest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> Timestamp {
        Timestamp::from_seconds(days * DAY)
    }

    fn rule() -> Rule {
        Rule { id: "r".into(), enabled: true, ..Rule::default() }
    }

    fn with<R>(run: impl FnOnce(&Subject<'_>) -> R) -> R {
        let tags = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
        let modified = day(100).plus_seconds(3600);
        run(&Subject { key: "logs/1", size: 500, tags: &tags, storage_class: "STANDARD", modified })
    }

    #[test]
    fn days_end_at_the_next_midnight() {
        let rules = [Rule { expiration: Some(When::Days(3)), ..rule() }];
        with(|object| {
            assert_eq!(for_current(&rules, object, day(103).plus_seconds(7200)), None);
            assert_eq!(for_current(&rules, object, day(104)), Some(Action::Expire));
            assert_eq!(expiration(&rules, object), Some((day(104), "r")));
        });
        assert_eq!(falls_due(When::Days(1), day(5)), day(6));
    }

    #[test]
    fn filters_choose() {
        let late = day(1000);
        let fits = |filter: Filter| {
            let rules = [Rule { expiration: Some(When::Days(1)), filter, ..rule() }];
            with(|object| for_current(&rules, object, late).is_some())
        };
        let prefix = |prefix: &str| Filter { prefix: Some(prefix.into()), ..Filter::default() };
        assert!(fits(Filter::default()) && fits(prefix("logs/")) && !fits(prefix("tmp/")));
        let tag = |value: &str| Filter { tags: vec![("team".into(), value.into())], ..Filter::default() };
        assert!(fits(tag("a")) && !fits(tag("b")));
        let larger = |limit| Filter { larger_than: Some(limit), ..Filter::default() };
        assert!(fits(larger(499)) && !fits(larger(500)));
        let off = [Rule { enabled: false, expiration: Some(When::Days(1)), ..rule() }];
        assert_eq!(with(|object| for_current(&off, object, late)), None);
    }

    #[test]
    fn objects_only_move_to_colder_classes() {
        let to = |days, class: &str| Transition { when: When::Days(days), storage_class: class.into() };
        let rules = [Rule { transitions: vec![to(30, "STANDARD_IA"), to(90, "GLACIER")], ..rule() }];
        let at = |now| with(|object| for_current(&rules, object, now));
        assert_eq!(at(day(120)), None);
        assert_eq!(at(day(131)), Some(Action::Transition("STANDARD_IA".into())));
        assert_eq!(at(day(200)), Some(Action::Transition("GLACIER".into())));
        let cold = with(|object| {
            let archived = Subject { storage_class: "DEEP_ARCHIVE", ..*object };
            for_current(&rules, &archived, day(200))
        });
        assert_eq!(cold, None);
    }

    #[test]
    fn newer_old_versions_are_spared() {
        let rules = [Rule { noncurrent_expiration: Some(Noncurrent { days: 1, newer: Some(2) }), ..rule() }];
        let due = |newer| with(|object| for_noncurrent(&rules, object, day(100), newer, day(200)));
        assert_eq!((due(0), due(1)), (None, None));
        assert_eq!(due(2), Some(Action::Expire));
    }

    #[test]
    fn unfinished_uploads_and_lone_markers() {
        let rules = [Rule { abort_upload_days: Some(7), expired_marker: Some(true), ..rule() }];
        assert!(!aborts_upload(&rules, "k", day(100), day(106)));
        assert!(aborts_upload(&rules, "k", day(100), day(107)));
        assert!(with(|marker| removes_marker(&rules, marker, day(100))));
    }

    #[test]
    fn bad_rules_are_told() {
        assert_eq!(problem(&[rule()]).map(|problem| problem.0), Some("InvalidRequest"));
        let good = Rule { expiration: Some(When::Days(1)), ..rule() };
        assert_eq!(problem(std::slice::from_ref(&good)), None);
        assert_eq!(problem(&[good.clone(), good]).map(|problem| problem.0), Some("InvalidArgument"));
        assert!(problem(&[Rule { expiration: Some(When::Days(0)), ..rule() }]).is_some());
        assert!(problem(&[Rule { expiration: Some(When::Date(Timestamp(1))), ..rule() }]).is_some());
    }
}
