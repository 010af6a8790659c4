//! Log groups.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    CreateLogGroupRequest, DeleteLogGroupRequest, DeleteRetentionPolicyRequest, DescribeLogGroupsRequest,
    DescribeLogGroupsResponse, INVALID_PARAMETER_EXCEPTION, ListLogGroupsRequest, ListLogGroupsResponse, LogGroup,
    LogGroupSummary, OPERATION_ABORTED_EXCEPTION, PutRetentionPolicyRequest, RESOURCE_ALREADY_EXISTS_EXCEPTION,
};
use kogumo_store::timers;
use kogumo_store::{Key, Range};
use kogumo_wire::{Fault, Unit};

use crate::page::{Page, decoded};
use crate::record::{self, GROUPS, Group, STREAMS, group_arn};
use crate::{metric_filter, retention, subscription, tags};

/// The retentions that AWS offers, in days.
const RETENTIONS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

pub fn create_log_group(w: &mut Writer, input: CreateLogGroupRequest) -> Result<Unit, Fault> {
    if input.kms_key_id.is_some() {
        return Err(Fault::not_implemented("Encrypting a log group with a KMS key"));
    }
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".into());
    if class == "DELIVERY" {
        return Err(Fault::not_implemented("Log groups of class DELIVERY"));
    }
    let scope = w.scope().clone();
    let name = input.log_group_name;
    if name.to_lowercase().starts_with("aws/") {
        return Err(INVALID_PARAMETER_EXCEPTION.because("Log groups starting with AWS/ are reserved for AWS."));
    }
    if GROUPS.contains(w.tx, &scope, name.as_str())? {
        return Err(RESOURCE_ALREADY_EXISTS_EXCEPTION.because("The specified log group already exists"));
    }
    let mut group = Group {
        name,
        created: w.now,
        retention_days: None,
        class,
        deletion_protected: input.deletion_protection_enabled.unwrap_or_default(),
        tags: Default::default(),
    };
    tags::add(&scope, &mut group, input.tags.unwrap_or_default())?;
    put(w, &scope, &group)
}

pub fn delete_log_group(w: &mut Writer, input: DeleteLogGroupRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    if group.deletion_protected {
        return Err(OPERATION_ABORTED_EXCEPTION.because("The log group is protected against deletion."));
    }
    for stream in record::streams(w.tx, &scope, &group.name, "")? {
        record::delete_events(w.tx, &scope, &group.name, &stream.name, None, usize::MAX)?;
        STREAMS.delete(w.tx, &scope, record::stream_key(&group.name, &stream.name))?;
    }
    metric_filter::delete_all(w.tx, &scope, &group.name)?;
    subscription::delete_all(w.tx, &scope, &group.name)?;
    GROUPS.delete(w.tx, &scope, group.name.as_str())?;
    timers::cancel(w.tx, retention::SWEEP, &scope, group.name.as_str())?;
    Ok(Unit::default())
}

pub fn put_retention_policy(w: &mut Writer, input: PutRetentionPolicyRequest) -> Result<Unit, Fault> {
    let days = input.retention_in_days;
    if !RETENTIONS.contains(&days) {
        let known: Vec<String> = RETENTIONS.iter().map(i32::to_string).collect();
        return Err(INVALID_PARAMETER_EXCEPTION.because(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            known.join(", ")
        )));
    }
    set_retention(w, &input.log_group_name, Some(days))
}

pub fn delete_retention_policy(w: &mut Writer, input: DeleteRetentionPolicyRequest) -> Result<Unit, Fault> {
    set_retention(w, &input.log_group_name, None)
}

fn set_retention(w: &mut Writer, name: &str, days: Option<i32>) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = Group { retention_days: days, ..record::group(w.tx, &scope, name)? };
    retention::schedule(w, &scope, &group)?;
    put(w, &scope, &group)
}

/// Keeps a group's record.
pub fn put(w: &mut Writer, scope: &Scope, group: &Group) -> Result<Unit, Fault> {
    GROUPS.put(w.tx, scope, group.name.as_str(), group)?;
    Ok(Unit::default())
}

pub fn describe_log_groups(r: &Reader, input: DescribeLogGroupsRequest) -> Result<DescribeLogGroupsResponse, Fault> {
    const PAGE: i32 = 50;
    foreign_accounts(input.include_linked_accounts, input.account_identifiers.as_deref())?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(INVALID_PARAMETER_EXCEPTION
            .because("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let identifiers =
        input.log_group_identifiers.map(|all| all.iter().map(|one| record::name_of(r.scope(), one)).collect());
    let identifiers: Option<Vec<String>> = identifiers.transpose()?;
    let wanted = |group: &Group| {
        input.log_group_name_pattern.as_ref().is_none_or(|pattern| group.name.contains(pattern.as_str()))
            && input.log_group_class.as_ref().is_none_or(|class| group.class == *class)
            && identifiers.as_ref().is_none_or(|names| names.contains(&group.name))
    };
    let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
    let mut page = Page::new(input.limit, PAGE);
    for row in GROUPS.scan(r.store, r.scope(), &after(prefix, input.next_token.as_deref())?) {
        let (_, group) = row?;
        if wanted(&group) && !page.push(&group.name, described(r, &group)?) {
            break;
        }
    }
    let (log_groups, next_token) = page.finish();
    Ok(DescribeLogGroupsResponse { log_groups: Some(log_groups), next_token })
}

pub fn list_log_groups(r: &Reader, input: ListLogGroupsRequest) -> Result<ListLogGroupsResponse, Fault> {
    const PAGE: i32 = 1000;
    foreign_accounts(input.include_linked_accounts, input.account_identifiers.as_deref())?;
    let unbuilt = [
        ("dataSources", input.data_sources.is_some()),
        ("fieldIndexNames", input.field_index_names.is_some()),
        ("logGroupTags", input.log_group_tags.is_some()),
    ];
    if let Some((name, _)) = unbuilt.iter().find(|(_, given)| *given) {
        return Err(Fault::not_implemented(&format!("ListLogGroups with {name}")));
    }
    let mut page = Page::new(Some(input.limit.unwrap_or(50)), PAGE);
    for row in GROUPS.scan(r.store, r.scope(), &after("", input.next_token.as_deref())?) {
        let (_, group) = row?;
        let fits = input.log_group_name_pattern.as_ref().is_none_or(|pattern| group.name.contains(pattern.as_str()))
            && input.log_group_class.as_ref().is_none_or(|class| group.class == *class);
        let summary = LogGroupSummary {
            log_group_arn: Some(group_arn(r.scope(), &group.name)),
            log_group_name: Some(group.name.clone()),
            log_group_class: Some(group.class),
        };
        if fits && !page.push(&group.name, summary) {
            break;
        }
    }
    let (log_groups, next_token) = page.finish();
    Ok(ListLogGroupsResponse { log_groups: Some(log_groups), next_token })
}

/// Cross-account observability is not built; asking for one's own account is no more than asking.
fn foreign_accounts(linked: Option<bool>, accounts: Option<&[String]>) -> Result<(), Fault> {
    match linked.unwrap_or_default() && accounts.is_some_and(|accounts| !accounts.is_empty()) {
        true => Err(Fault::not_implemented("Log groups of linked accounts")),
        false => Ok(()),
    }
}

fn after(prefix: &str, token: Option<&str>) -> Result<Range, Fault> {
    let range = Range::prefix(Key::open_str(prefix));
    Ok(match token {
        Some(token) => range.after(decoded(token)?.as_str()),
        None => range,
    })
}

fn described(r: &Reader, group: &Group) -> Result<LogGroup, Fault> {
    let streams = record::streams(r.store, r.scope(), &group.name, "")?;
    let bytes: u64 = streams.iter().map(|stream| stream.bytes).sum();
    let filters = metric_filter::of_group(r.store, r.scope(), &group.name)?;
    let arn = group_arn(r.scope(), &group.name);
    Ok(LogGroup {
        log_group_name: Some(group.name.clone()),
        creation_time: Some(group.created.0),
        retention_in_days: group.retention_days,
        metric_filter_count: i32::try_from(filters.len()).ok(),
        arn: Some(format!("{arn}:*")),
        stored_bytes: Some(i64::try_from(bytes).unwrap_or(i64::MAX)),
        log_group_class: Some(group.class.clone()),
        log_group_arn: Some(arn),
        deletion_protection_enabled: Some(group.deletion_protected),
        ..LogGroup::default()
    })
}
