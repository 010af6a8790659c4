//! Where records go: streams of a log group, by interface, or compressed files in a bucket.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use kogumo_base::{Scope, Timestamp, hex_id};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::{logs, s3};
use kogumo_wire::{Body, Fault};

use super::record::{Destination, FlowLog};

const SERVICE: &str = "vpc-flow-logs.amazonaws.com";
/// Events of one `PutLogEvents`.
const MOST_EVENTS: usize = 5_000;

/// The records of one interface over one interval.
pub struct Batch {
    pub interface: String,
    pub start: Timestamp,
    pub records: Vec<String>,
}

/// Delivers records. The error is in the words of `DeliverLogsErrorMessage`.
pub async fn deliver(cloud: &Arc<Cloud>, scope: &Scope, log: &FlowLog, batches: &[Batch]) -> Result<(), String> {
    let delivered = match &log.destination {
        Destination::Logs { group } => to_logs(cloud, scope, log, group, batches).await,
        Destination::S3 { .. } => to_s3(cloud, scope, log, batches).await,
    };
    delivered.map_err(|fault| {
        tracing::debug!("flow log {}: {fault}", log.id);
        let text = fault.to_string();
        let denied = ["AccessDenied", "UnauthorizedOperation", "not authorized"].iter().any(|word| text.contains(word));
        if denied { "Access error" } else { "Unknown error" }.to_owned()
    })
}

async fn to_logs(
    cloud: &Arc<Cloud>,
    scope: &Scope,
    log: &FlowLog,
    group: &str,
    batches: &[Batch],
) -> Result<(), Fault> {
    let role = log.role.as_deref().unwrap_or_default();
    let caller = Caller::in_role(SERVICE, role, &log.id, &scope.region);
    let caller = caller.ok_or_else(|| Fault::access_denied("the role's ARN names no role"))?;
    let client = Client::new(Arc::clone(cloud), caller);
    for batch in batches {
        let stream = format!("{}-{}", batch.interface, log.traffic.to_ascii_lowercase());
        for records in batch.records.chunks(MOST_EVENTS) {
            let event = |record: &String| logs::InputLogEvent { timestamp: batch.start.0, message: record.clone() };
            let input = logs::PutLogEventsRequest {
                log_group_name: group.to_owned(),
                log_stream_name: stream.clone(),
                log_events: records.iter().map(event).collect(),
                ..logs::PutLogEventsRequest::default()
            };
            match client.call::<logs::PutLogEvents>(input.clone()).await {
                Err(fault) if fault.is(&logs::RESOURCE_NOT_FOUND_EXCEPTION) => {
                    make_stream(&client, group, &stream).await?;
                    client.call::<logs::PutLogEvents>(input).await?;
                }
                done => drop(done?),
            }
        }
    }
    Ok(())
}

async fn make_stream(client: &Client, group: &str, stream: &str) -> Result<(), Fault> {
    let there = |made: Result<(), Fault>| match made {
        Err(fault) if fault.is(&logs::RESOURCE_ALREADY_EXISTS_EXCEPTION) => Ok(()),
        other => other,
    };
    let input = logs::CreateLogStreamRequest { log_group_name: group.to_owned(), log_stream_name: stream.to_owned() };
    match client.call::<logs::CreateLogStream>(input.clone()).await {
        Err(fault) if fault.is(&logs::RESOURCE_NOT_FOUND_EXCEPTION) => {
            let group = logs::CreateLogGroupRequest { log_group_name: group.to_owned(), ..Default::default() };
            there(client.call::<logs::CreateLogGroup>(group).await.map(drop))?;
            there(client.call::<logs::CreateLogStream>(input).await.map(drop))
        }
        other => there(other.map(drop)),
    }
}

async fn to_s3(cloud: &Arc<Cloud>, scope: &Scope, log: &FlowLog, batches: &[Batch]) -> Result<(), Fault> {
    let Destination::S3 { bucket, .. } = &log.destination else { return Ok(()) };
    let Some(first) = batches.iter().map(|batch| batch.start).min() else { return Ok(()) };
    // The first line names the fields.
    let mut text = log.format.replace("${", "").replace('}', "");
    for record in batches.iter().flat_map(|batch| &batch.records) {
        text.push('\n');
        text.push_str(record);
    }
    text.push('\n');
    let mut file = GzEncoder::new(Vec::new(), Compression::default());
    let packed = file.write_all(text.as_bytes()).and_then(|()| file.finish());
    let packed = packed.map_err(|e| kogumo_base::Trouble::from_cause("cannot compress flow logs", e))?;
    let source = format!("arn:aws:logs:{}:{}:*", scope.region, scope.account);
    let caller = Caller::service("delivery.logs.amazonaws.com", scope.clone()).for_source(source);
    let client = Client::new(Arc::clone(cloud), caller);
    let input = s3::PutObjectRequest {
        bucket: bucket.clone(),
        key: key(scope, log, first),
        acl: Some("bucket-owner-full-control".into()),
        content_type: Some("application/octet-stream".into()),
        body: Body::from(Bytes::from(packed)),
        ..s3::PutObjectRequest::default()
    };
    client.call::<s3::PutObject>(input).await.map(drop)
}

/// The file's name. Source: Amazon VPC User Guide, "Flow log files".
fn key(scope: &Scope, log: &FlowLog, at: Timestamp) -> String {
    let Destination::S3 { prefix, hive, hourly, .. } = &log.destination else { return String::new() };
    let (account, region) = (&scope.account, &scope.region);
    let mut folders = match hive {
        true => {
            format!("AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/")
                + &at.format("year=%Y/month=%m/day=%d/")
        }
        false => format!("AWSLogs/{account}/vpcflowlogs/{region}/") + &at.format("%Y/%m/%d/"),
    };
    if *hourly {
        folders.push_str(&at.format(if *hive { "hour=%H/" } else { "%H/" }));
    }
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let time = at.format("%Y%m%dT%H%MZ");
    format!("{prefix}{folders}{account}_vpcflowlogs_{region}_{}_{time}_{}.log.gz", log.id, hex_id(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_account_region_and_day() {
        let destination = |hive, hourly| Destination::S3 { bucket: "b".into(), prefix: "flow".into(), hive, hourly };
        let log = |destination| FlowLog {
            id: "fl-1".into(),
            resource: "vpc-1".into(),
            traffic: "ALL".into(),
            destination,
            role: None,
            format: String::new(),
            interval: 60,
            created: Timestamp(0),
            error: None,
        };
        let (scope, at) = (Scope::new("123456789012", "eu-west-1"), Timestamp::from_seconds(1_594_728_000));
        let plain = key(&scope, &log(destination(false, false)), at);
        let start = "flow/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2020/07/14/123456789012_vpcflowlogs_eu-west-1_fl-1_20200714T1200Z_";
        assert!(plain.starts_with(start) && plain.ends_with(".log.gz"), "{plain}");
        let hive = key(&scope, &log(destination(true, true)), at);
        assert!(hive.contains("aws-region=eu-west-1/year=2020/month=07/day=14/hour=12/"), "{hive}");
    }
}
