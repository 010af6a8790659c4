//! Telling CloudWatch: what meters of instances and volumes have read.

use std::sync::Arc;

use kogumo_base::Scope;
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::cloudwatch::{MetricDatum, PutMetricData, PutMetricDataInput};
use kogumo_wire::Fault;

/// The most data of one call.
const MOST: usize = 1_000;

/// Hands data to CloudWatch, as EC2.
///
/// # Errors
/// CloudWatch's.
pub async fn put(cloud: &Arc<Cloud>, scope: Scope, namespace: &str, mut data: Vec<MetricDatum>) -> Result<(), Fault> {
    let client = Client::new(Arc::clone(cloud), Caller::service("ec2.amazonaws.com", scope));
    while !data.is_empty() {
        let rest = data.split_off(data.len().min(MOST));
        let input = PutMetricDataInput {
            namespace: namespace.to_owned(),
            metric_data: Some(std::mem::replace(&mut data, rest)),
            ..PutMetricDataInput::default()
        };
        client.call::<PutMetricData>(input).await?;
    }
    Ok(())
}
