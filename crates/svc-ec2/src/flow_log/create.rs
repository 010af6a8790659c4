//! Making flow logs.

use std::sync::Arc;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client, Context, Writer};
use kogumo_model::ec2::*;
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::format;
use super::record::{Destination, FlowLog};
use crate::client_token;
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::network_interface::NetworkInterface;
use crate::resource::{Resource, all, get, put};
use crate::subnet::Subnet;
use crate::tag;
use crate::vpc::Vpc;

const MOST_RESOURCES: usize = 300;

/// What every one of the flow logs of a request has.
#[derive(Clone)]
struct Plan {
    traffic: String,
    destination: Destination,
    role: Option<String>,
    format: String,
    interval: i32,
}

pub async fn create_flow_logs(context: Context, input: CreateFlowLogsRequest) -> Result<CreateFlowLogsResult, Fault> {
    refuse(&[
        ("DeliverCrossAccountRole", input.deliver_cross_account_role.is_some()),
        ("TagFieldSpecifications", input.tag_field_specifications.is_some()),
        ("LogDestinationType", input.log_destination_type.as_deref() == Some("kinesis-data-firehose")),
    ])?;
    let plan = plan(&input)?;
    context.read(|r| check_resources(r.store, r.scope(), &input))?;
    if let Destination::S3 { bucket, .. } = &plan.destination
        && !bucket_exists(&context, bucket).await
    {
        let message = format!("LogDestination: {bucket} does not exist.");
        let unsuccessful = input.resource_ids.iter().map(|id| failed(id, "400", &message)).collect();
        return Ok(CreateFlowLogsResult { unsuccessful: Some(unsuccessful), ..CreateFlowLogsResult::default() });
    }
    let made = context.write(|w| make(w, &input, &plan))?;
    if let Destination::S3 { bucket, .. } = &plan.destination {
        open_bucket(&context, bucket).await;
    }
    Ok(made)
}

fn plan(input: &CreateFlowLogsRequest) -> Result<Plan, Fault> {
    let invalid = |message: &str| Err(Fault::coded("InvalidParameter", 400, message));
    let kind = input.log_destination_type.as_deref().unwrap_or("cloud-watch-logs");
    let interval = input.max_aggregation_interval.unwrap_or(600);
    if ![60, 600].contains(&interval) {
        return invalid("Invalid Flow Log Max Aggregation Interval");
    }
    let Some(traffic) = input.traffic_type.clone() else { return Err(missing_parameter("TrafficType")) };
    let format = input.log_format.clone().unwrap_or_else(|| format::DEFAULT.to_owned());
    format::fields(&format)?;
    if input.log_destination.is_some() && input.log_group_name.is_some() {
        return invalid("Please only provide LogGroupName or only provide LogDestination.");
    }
    let destination = match (kind, &input.log_destination, &input.log_group_name) {
        (_, None, None) => return invalid("LogDestination can't be empty if LogGroupName is not provided."),
        ("s3", _, Some(_)) => {
            return invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
        }
        ("s3", Some(arn), None) => s3(arn, input.destination_options.as_ref())?,
        (_, _, Some(group)) => Destination::Logs { group: group.clone() },
        (_, Some(arn), None) => {
            let group = Arn::parse(arn).filter(|arn| arn.service == "logs");
            let group = group.and_then(|arn| arn.resource.strip_prefix("log-group:").map(str::to_owned));
            let Some(group) = group else {
                return invalid(&format!("LogDestination: {arn} is not an ARN of a log group."));
            };
            Destination::Logs { group: group.trim_end_matches(":*").to_owned() }
        }
    };
    let role = input.deliver_logs_permission_arn.clone();
    match (&destination, &role) {
        (Destination::Logs { .. }, None) => {
            return invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.");
        }
        (Destination::Logs { .. }, Some(arn)) if Arn::parse(arn).is_none_or(|arn| arn.service != "iam") => {
            return Err(invalid_value(format!("Value ({arn}) for parameter DeliverLogsPermissionArn is invalid.")));
        }
        (Destination::S3 { .. }, Some(_)) => {
            return invalid("DeliverLogsPermissionArn is not applicable for s3 destination.");
        }
        _ => {}
    }
    Ok(Plan { traffic, destination, role, format, interval })
}

fn s3(arn: &str, options: Option<&DestinationOptionsRequest>) -> Result<Destination, Fault> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "s3" && !arn.resource.is_empty());
    let Some(parsed) = parsed else {
        return Err(Fault::coded("InvalidParameter", 400, format!("LogDestination: {arn} is not an ARN of a bucket.")));
    };
    let given = |choose: fn(&DestinationOptionsRequest) -> Option<bool>| options.and_then(choose).unwrap_or_default();
    refuse(&[("FileFormat=parquet", options.is_some_and(|own| own.file_format.as_deref() == Some("parquet")))])?;
    let (bucket, prefix) = parsed.resource.split_once('/').unwrap_or((&parsed.resource, ""));
    if prefix.split('/').any(|part| part == "AWSLogs") {
        let message = "LogDestination: AWSLogs is a reserved term and can't be used as a subfolder name.";
        return Err(Fault::coded("InvalidParameter", 400, message));
    }
    Ok(Destination::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.trim_end_matches('/').to_owned(),
        hive: given(|own| own.hive_compatible_partitions),
        hourly: given(|own| own.per_hour_partition),
    })
}

/// All of them have to be there, and of the kind that is said.
fn check_resources(read: &dyn Read, scope: &Scope, input: &CreateFlowLogsRequest) -> Result<(), Fault> {
    if input.resource_ids.is_empty() || input.resource_ids.len() > MOST_RESOURCES {
        return Err(invalid_value("Between 1 and 300 resources have to be named in ResourceIds."));
    }
    for id in &input.resource_ids {
        match input.resource_type.as_str() {
            "VPC" => drop(get::<Vpc>(read, scope, id)?),
            "Subnet" => drop(get::<Subnet>(read, scope, id)?),
            "NetworkInterface" => drop(get::<NetworkInterface>(read, scope, id)?),
            other => return Err(crate::faults::unsupported(&format!("ResourceType={other}"))),
        }
    }
    Ok(())
}

fn failed(resource: &str, code: &str, message: &str) -> UnsuccessfulItem {
    let error = UnsuccessfulItemError { code: Some(code.to_owned()), message: Some(message.to_owned()) };
    UnsuccessfulItem { error: Some(error), resource_id: Some(resource.to_owned()) }
}

fn make(w: &mut Writer, input: &CreateFlowLogsRequest, plan: &Plan) -> Result<CreateFlowLogsResult, Fault> {
    check_resources(w.store(), w.scope(), input)?;
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateFlowLogs", token.as_deref(), input)?;
    let mut result = CreateFlowLogsResult { client_token: token, ..CreateFlowLogsResult::default() };
    if let Some(made) = &claim.made {
        result.flow_log_ids = Some(made.split(' ').map(str::to_owned).collect());
        return Ok(result);
    }
    let tags = tag::specified(w, input.tag_specifications.clone(), FlowLog::KIND)?;
    let (mut made, mut unsuccessful) = (Vec::new(), Vec::new());
    for resource in &input.resource_ids {
        let Plan { traffic, destination, role, format, interval } = plan.clone();
        let same = |other: &FlowLog| {
            other.resource == *resource
                && other.traffic == traffic
                && other.destination == destination
                && other.format == format
        };
        if all::<FlowLog>(w.store(), w.scope())?.iter().any(same) {
            let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
            unsuccessful.push(failed(resource, "FlowLogAlreadyExists", message));
            continue;
        }
        let id = FlowLog::KIND.new_id();
        let (resource, created) = (resource.clone(), w.now);
        let log = FlowLog { id, resource, traffic, destination, role, format, interval, created, error: None };
        put(w, &log)?;
        tag::mark(w, &log, tags.clone())?;
        made.push(log.id);
    }
    claim.keep(w, &made.join(" "))?;
    result.flow_log_ids = Some(made);
    result.unsuccessful = Some(unsuccessful);
    Ok(result)
}

async fn bucket_exists(context: &Context, bucket: &str) -> bool {
    let caller = Caller::service("delivery.logs.amazonaws.com", context.scope().clone());
    let client = Client::new(Arc::clone(&context.cloud), caller);
    client.call_json("s3", "GetBucketLocation", &json!({"Bucket": bucket})).await.is_ok()
}

/// Lets the delivery of logs write to the bucket, as AWS does where whoever asks may change the bucket's policy.
async fn open_bucket(context: &Context, bucket: &str) {
    let client = Client::new(Arc::clone(&context.cloud), context.caller.through("vpc-flow-logs.amazonaws.com"));
    let known = client.call_json("s3", "GetBucketPolicy", &json!({"Bucket": bucket})).await;
    let known = known.ok().and_then(|found| serde_json::from_str::<Value>(found["Policy"].as_str()?).ok());
    let mut policy = known.unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []}));
    let mut statements = match policy["Statement"].take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let (account, region) = (context.caller.account(), context.caller.region());
    let source = format!("arn:aws:logs:{region}:{account}:*");
    for (sid, action, resource) in [
        ("AWSLogDeliveryWrite", "s3:PutObject", format!("arn:aws:s3:::{bucket}/*")),
        ("AWSLogDeliveryAclCheck", "s3:GetBucketAcl", format!("arn:aws:s3:::{bucket}")),
    ] {
        let statement = json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": action,
            "Resource": resource,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}},
        });
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    policy["Statement"] = Value::Array(statements);
    let input = json!({"Bucket": bucket, "Policy": policy.to_string()});
    if let Err(fault) = client.call_json("s3", "PutBucketPolicy", &input).await {
        tracing::debug!("the policy of {bucket} stays as it is: {fault}");
    }
}
