//! Subscription filters: events that fit a pattern are handed to a Lambda function as they come.

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::{Caller, Client, Context, Reader, Writer};
use kogumo_model::logs::{
    DeleteSubscriptionFilterRequest, DescribeSubscriptionFiltersRequest, DescribeSubscriptionFiltersResponse,
    INVALID_PARAMETER_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION, PutSubscriptionFilterRequest, RESOURCE_NOT_FOUND_EXCEPTION,
    SubscriptionFilter as Answer,
};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::page::{Page, decoded};
use crate::pattern::Pattern;
use crate::record::{self, group_arn};

/// By group and name.
static FILTERS: Table<Subscription> = Table::new("logs/subscription-filter");

/// A group has at most so many.
const MOST: usize = 2;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub group: String,
    pub name: String,
    pub pattern: String,
    /// The function's ARN.
    pub destination: String,
    pub distribution: String,
    pub created: Timestamp,
}

pub async fn put_subscription_filter(cx: Context, input: PutSubscriptionFilterRequest) -> Result<Unit, Fault> {
    let unbuilt = input.apply_on_transformed_logs.unwrap_or_default()
        || input.field_selection_criteria.is_some()
        || input.emit_system_fields.as_ref().is_some_and(|fields| !fields.is_empty());
    if unbuilt {
        return Err(Fault::not_implemented("Subscription filters on transformed logs or system fields"));
    }
    Pattern::parse(&input.filter_pattern).map_err(|why| INVALID_PARAMETER_EXCEPTION.because(why))?;
    let group = cx.read(|r| record::group(r.store, r.scope(), &input.log_group_name))?;
    check_destination(&cx, &group.name, &input.destination_arn).await?;
    cx.write(|w: &mut Writer| {
        let scope = w.scope().clone();
        let group = record::group(w.tx, &scope, &input.log_group_name)?;
        let known = of_group(w.tx, &scope, &group.name)?;
        if known.len() >= MOST && known.iter().all(|filter| filter.name != input.filter_name) {
            return Err(LIMIT_EXCEEDED_EXCEPTION.because("Resource limit exceeded."));
        }
        let filter = Subscription {
            group: group.name,
            name: input.filter_name.clone(),
            pattern: input.filter_pattern.clone(),
            destination: input.destination_arn.clone(),
            distribution: input.distribution.clone().unwrap_or_else(|| "ByLogStream".into()),
            created: w.now,
        };
        Ok(FILTERS.put(w.tx, &scope, key(&filter.group, &filter.name), &filter)?)
    })?;
    Ok(Unit::default())
}

/// The function must be there, and must let CloudWatch Logs call it for this group.
async fn check_destination(cx: &Context, group: &str, arn: &str) -> Result<(), Fault> {
    let invalid = |why: &str| Err(INVALID_PARAMETER_EXCEPTION.because(why));
    match Arn::parse(arn).map(|arn| arn.service) {
        Some(service) if service == "lambda" => {}
        Some(service) => {
            return Err(Fault::not_implemented(&format!("Subscription filters that deliver to {service}")));
        }
        None => return invalid("destinationArn is not a valid ARN."),
    }
    let dry_run = json!({ "FunctionName": arn, "InvocationType": "DryRun" });
    match deliverer(cx, group).call_json("lambda", "Invoke", &dry_run).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.message.contains("is not implemented") => Err(fault),
        Err(_) => invalid(
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your \
             function.",
        ),
    }
}

fn deliverer(cx: &Context, group: &str) -> Client {
    Client::new(std::sync::Arc::clone(&cx.cloud), caller(cx.scope(), group))
}

/// CloudWatch Logs itself, on behalf of a group.
pub fn caller(scope: &Scope, group: &str) -> Caller {
    Caller::service("logs.amazonaws.com", scope.clone()).for_source(format!("{}:*", group_arn(scope, group)))
}

pub fn delete_subscription_filter(w: &mut Writer, input: DeleteSubscriptionFilterRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    let gone = FILTERS.delete(w.tx, &scope, key(&group.name, &input.filter_name))?;
    gone.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("The specified subscription filter does not exist."))?;
    Ok(Unit::default())
}

pub fn describe_subscription_filters(
    r: &Reader,
    input: DescribeSubscriptionFiltersRequest,
) -> Result<DescribeSubscriptionFiltersResponse, Fault> {
    const PAGE: i32 = 50;
    let group = record::group(r.store, r.scope(), &input.log_group_name)?;
    let prefix = input.filter_name_prefix.as_deref().unwrap_or_default();
    let range = Range::prefix(Key::new().str(&group.name).then_open_str(prefix));
    let range = match &input.next_token {
        Some(token) => range.after(key(&group.name, &decoded(token)?)),
        None => range,
    };
    let mut page = Page::new(input.limit, PAGE);
    for row in FILTERS.scan(r.store, r.scope(), &range) {
        let (_, filter) = row?;
        let name = filter.name.clone();
        if !page.push(&name, filter.answer()) {
            break;
        }
    }
    let (filters, next_token) = page.finish();
    Ok(DescribeSubscriptionFiltersResponse { subscription_filters: Some(filters), next_token })
}

impl Subscription {
    fn answer(self) -> Answer {
        Answer {
            filter_name: Some(self.name),
            log_group_name: Some(self.group),
            filter_pattern: Some(self.pattern),
            destination_arn: Some(self.destination),
            distribution: Some(self.distribution),
            creation_time: Some(self.created.0),
            ..Answer::default()
        }
    }
}

/// The filters of a group, by name.
pub fn of_group(read: &dyn Read, scope: &Scope, group: &str) -> Result<Vec<Subscription>, Trouble> {
    let range = Range::prefix(Key::new().str(group));
    FILTERS.scan(read, scope, &range).map(|row| row.map(|(_, filter)| filter)).collect()
}

/// Removes the filters of a group that goes.
pub fn delete_all(tx: &mut Transaction, scope: &Scope, group: &str) -> Result<(), Trouble> {
    for filter in of_group(tx, scope, group)? {
        FILTERS.delete(tx, scope, key(group, &filter.name))?;
    }
    Ok(())
}

fn key(group: &str, name: &str) -> Key {
    Key::new().str(group).str(name)
}
