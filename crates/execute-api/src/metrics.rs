//! What CloudWatch is told of requests: counts and latencies in the namespace `AWS/ApiGateway`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::cloudwatch::{Dimension, MetricDatum, PutMetricData, PutMetricDataInput};
use kogumo_wire::Fault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const NAMESPACE: &str = "AWS/ApiGateway";
/// The most values of one datum, and the most data of one call.
const MOST_VALUES: usize = 150;
const MOST_DATA: usize = 1_000;

/// Names and values, such as `ApiName` and `Stage`.
pub type Dimensions = Vec<(&'static str, String)>;

/// One thing that was measured of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    pub name: &'static str,
    /// CloudWatch's: `Count`, `Milliseconds`, `Bytes`.
    pub unit: &'static str,
    pub value: i64,
}

/// Sums measures up until CloudWatch has taken those before: under load one call carries many requests.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Pending>>);

#[derive(Default)]
struct Pending {
    /// How often each value came.
    values: BTreeMap<Series, BTreeMap<i64, u32>>,
    /// Whether somebody is writing.
    writing: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    scope: Scope,
    dimensions: Dimensions,
    name: &'static str,
    unit: &'static str,
    time: Timestamp,
}

impl Meter {
    /// Notes what was measured of a request, under each of the sets of dimensions. The client isn't kept waiting.
    pub fn note(&self, cloud: &Arc<Cloud>, scope: &Scope, now: Timestamp, sets: Vec<Dimensions>, measures: &[Measure]) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for dimensions in sets {
            for measure in measures {
                let series = Series {
                    scope: scope.clone(),
                    dimensions: dimensions.clone(),
                    name: measure.name,
                    unit: measure.unit,
                    time: Timestamp::from_seconds(now.seconds()),
                };
                *pending.values.entry(series).or_default().entry(measure.value).or_default() += 1;
            }
        }
        if !pending.writing {
            pending.writing = true;
            tokio::spawn(write_all(Arc::clone(&self.0), Arc::clone(cloud)));
        }
    }
}

/// Writes until nothing is left.
async fn write_all(pending: Arc<Mutex<Pending>>, cloud: Arc<Cloud>) {
    loop {
        let taken = {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.writing = !pending.values.is_empty();
            if !pending.writing {
                return;
            }
            std::mem::take(&mut pending.values)
        };
        let mut by_scope: BTreeMap<Scope, Vec<MetricDatum>> = BTreeMap::new();
        for (series, values) in taken {
            by_scope.entry(series.scope.clone()).or_default().extend(data(&series, values));
        }
        for (scope, data) in by_scope {
            if let Err(fault) = put(&cloud, scope, data).await {
                tracing::warn!("metrics of API Gateway cannot be written: {fault}");
            }
        }
    }
}

fn data(series: &Series, values: BTreeMap<i64, u32>) -> Vec<MetricDatum> {
    let dimensions = series.dimensions.iter();
    let dimensions: Vec<Dimension> =
        dimensions.map(|(name, value)| Dimension { name: (*name).to_owned(), value: value.clone() }).collect();
    let values: Vec<(i64, u32)> = values.into_iter().collect();
    let datum = |values: &[(i64, u32)]| MetricDatum {
        metric_name: series.name.to_owned(),
        dimensions: Some(dimensions.clone()),
        timestamp: Some(series.time),
        values: Some(values.iter().map(|(value, _)| *value as f64).collect()),
        counts: Some(values.iter().map(|(_, count)| f64::from(*count)).collect()),
        unit: Some(series.unit.to_owned()),
        ..MetricDatum::default()
    };
    values.chunks(MOST_VALUES).map(datum).collect()
}

async fn put(cloud: &Arc<Cloud>, scope: Scope, mut data: Vec<MetricDatum>) -> Result<(), Fault> {
    let client = Client::new(Arc::clone(cloud), Caller::service("apigateway.amazonaws.com", scope));
    while !data.is_empty() {
        let rest = data.split_off(data.len().min(MOST_DATA));
        let input = PutMetricDataInput {
            namespace: NAMESPACE.to_owned(),
            metric_data: Some(std::mem::replace(&mut data, rest)),
            ..PutMetricDataInput::default()
        };
        client.call::<PutMetricData>(input).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_with_how_often_they_came() {
        let series = Series {
            scope: Scope::new("000000000000", "us-east-1"),
            dimensions: vec![("ApiName", "pets".into())],
            name: "Latency",
            unit: "Milliseconds",
            time: Timestamp(0),
        };
        let many = data(&series, (0..200).map(|value| (value, 2)).collect());
        let lengths: Vec<_> = many.iter().filter_map(|datum| Some(datum.values.as_ref()?.len())).collect();
        assert_eq!(lengths, [150, 50]);
        assert_eq!(many[0].counts.as_ref().map(|counts| counts[0]), Some(2.0));
    }
}
