//! Showing and deleting flow logs.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{FlowLog as Shown, *};
use kogumo_wire::Fault;

use super::record::{Destination, FlowLog};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, chosen, delete, get};
use crate::tag::Tags;

fn shown(log: FlowLog, scope: &Scope, tags: &Tags) -> Shown {
    let (kind, destination, group, options) = match log.destination {
        Destination::Logs { group } => {
            let arn = Arn::new("logs", &scope.region, &scope.account, format!("log-group:{group}")).to_string();
            ("cloud-watch-logs", arn, Some(group), None)
        }
        Destination::S3 { bucket, prefix, hive, hourly } => {
            let folder = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
            let options = DestinationOptionsResponse {
                file_format: Some("plain-text".into()),
                hive_compatible_partitions: Some(hive),
                per_hour_partition: Some(hourly),
            };
            ("s3", format!("arn:aws:s3:::{bucket}{folder}"), None, Some(options))
        }
    };
    Shown {
        creation_time: Some(log.created),
        deliver_logs_status: Some(if log.error.is_some() { "FAILED" } else { "SUCCESS" }.into()),
        deliver_logs_error_message: log.error,
        deliver_logs_permission_arn: log.role,
        flow_log_status: Some("ACTIVE".into()),
        log_group_name: group,
        resource_id: Some(log.resource),
        traffic_type: Some(log.traffic),
        log_destination_type: Some(kind.into()),
        log_destination: Some(destination),
        log_format: Some(log.format),
        tags: Some(tags.shown(&log.id)),
        flow_log_id: Some(log.id),
        max_aggregation_interval: Some(log.interval),
        destination_options: options,
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("deliver-log-status", |log| text(&log.deliver_logs_status)),
        ("log-destination-type", |log| text(&log.log_destination_type)),
        ("flow-log-id", |log| text(&log.flow_log_id)),
        ("log-group-name", |log| text(&log.log_group_name)),
        ("resource-id", |log| text(&log.resource_id)),
        ("traffic-type", |log| text(&log.traffic_type)),
    ],
    tags: Some(|log| log.tags.as_ref()),
};

pub fn describe_flow_logs(r: &Reader, input: DescribeFlowLogsRequest) -> Result<DescribeFlowLogsResult, Fault> {
    let logs = chosen::<FlowLog>(r.store, r.scope(), input.flow_log_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let logs = logs.into_iter().map(|log| shown(log, r.scope(), &tags)).collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(FILTERS.select(logs, input.filter)?, wanted, |log| log.flow_log_id.clone().unwrap_or_default())?;
    Ok(DescribeFlowLogsResult { flow_logs: Some(page.items), next_token: page.next_token })
}

pub fn delete_flow_logs(w: &mut Writer, input: DeleteFlowLogsRequest) -> Result<DeleteFlowLogsResult, Fault> {
    for id in &input.flow_log_ids {
        FlowLog::KIND.check(id)?;
        get::<FlowLog>(w.store(), w.scope(), id)?;
        delete::<FlowLog>(w, id)?;
    }
    Ok(DeleteFlowLogsResult { unsuccessful: Some(Vec::new()) })
}
