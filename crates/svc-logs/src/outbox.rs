//! What filters found in new events waits here, written in the transaction of the events, until it is delivered: data to
//! CloudWatch, events to functions. So nothing is lost by a crash, and PutLogEvents waits for nobody.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Client, Cloud, Reconciler, Writer};
use kogumo_store::{Key, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::events::Place;
use crate::metric_filter::{self, Datum};
use crate::pattern::Pattern;
use crate::record::{Event, Group};
use crate::subscription::{self, caller};

/// By the time they were put and a random id.
static PARCELS: Table<Parcel> = Table::new("logs/outbox");

/// A delivery that keeps failing is given up after a day, as AWS does.
const GIVEN_UP_AFTER_SECONDS: i64 = 24 * 3600;

/// The most data of one PutMetricData.
const MOST_DATA: usize = 500;

/// Something to deliver.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parcel {
    put: Timestamp,
    group: String,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum What {
    Data {
        namespace: String,
        metric: String,
        unit: Option<String>,
        data: Vec<Datum>,
    },
    /// Id, time and message of each event.
    Events {
        function: String,
        stream: String,
        filter: String,
        events: Vec<(String, Timestamp, String)>,
    },
}

/// Puts what the group's filters find in new events into the outbox.
pub fn notice(
    w: &mut Writer,
    scope: &Scope,
    group: &Group,
    stream: &str,
    events: &[(Place, Event)],
) -> Result<(), Trouble> {
    for filter in metric_filter::of_group(w.tx, scope, &group.name)? {
        let data = filter.data(events.iter().map(|(_, event)| event), w.now);
        for data in data.chunks(MOST_DATA) {
            let (namespace, metric) = (filter.namespace.clone(), filter.metric.clone());
            let what = What::Data { namespace, metric, unit: filter.unit.clone(), data: data.to_vec() };
            put(w, scope, group, what)?;
        }
    }
    for filter in subscription::of_group(w.tx, scope, &group.name)? {
        let Ok(pattern) = Pattern::parse(&filter.pattern) else { continue };
        let found = events.iter().filter(|(_, event)| pattern.matches(&event.message).is_some());
        let found: Vec<_> = found.map(|(place, event)| (place.digits(), event.time, event.message.clone())).collect();
        if !found.is_empty() {
            let (function, stream) = (filter.destination, stream.to_owned());
            put(w, scope, group, What::Events { function, stream, filter: filter.name, events: found })?;
        }
    }
    Ok(())
}

fn put(w: &mut Writer, scope: &Scope, group: &Group, what: What) -> Result<(), Trouble> {
    let key = Key::new().i64(w.now.0).str(&kogumo_base::uuid());
    PARCELS.put(w.tx, scope, key, &Parcel { put: w.now, group: group.name.clone(), what })
}

/// Delivers what is in the outbox.
pub fn reconciler() -> Reconciler {
    Reconciler { name: "logs/outbox", follows: &["logs"], period: Duration::from_secs(30), run: deliver_all }
}

fn deliver_all(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let waiting: Vec<(Scope, Key, Parcel)> =
            PARCELS.scan_all_scopes(&cloud.store.read()).collect::<Result<_, _>>()?;
        for (scope, key, parcel) in waiting {
            let delivered = deliver(&cloud, &scope, &parcel).await;
            let too_old = parcel.put.plus_seconds(GIVEN_UP_AFTER_SECONDS) < cloud.clock.now();
            if let Err(fault) = &delivered {
                tracing::warn!("log group {}: a filter's delivery failed: {fault}", parcel.group);
            }
            if delivered.is_ok() || too_old {
                cloud.store.write(|tx| PARCELS.delete(tx, &scope, &key).map(drop))?;
            }
        }
        Ok(())
    })
}

async fn deliver(cloud: &Arc<Cloud>, scope: &Scope, parcel: &Parcel) -> Result<(), Fault> {
    let client = Client::new(Arc::clone(cloud), caller(scope, &parcel.group));
    let (service, operation, input) = match &parcel.what {
        What::Data { namespace, metric, unit, data } => {
            let datum = |datum: &Datum| {
                let dimension = |(name, value): &(String, String)| json!({ "Name": name, "Value": value });
                let dimensions: Vec<Value> = datum.dimensions.iter().map(dimension).collect();
                let unit = unit.as_deref().unwrap_or("None");
                let time = datum.time.iso_millis();
                json!({ "MetricName": metric, "Timestamp": time, "Value": datum.value, "Unit": unit, "Dimensions": dimensions })
            };
            let data: Vec<Value> = data.iter().map(datum).collect();
            ("cloudwatch", "PutMetricData", json!({ "Namespace": namespace, "MetricData": data }))
        }
        What::Events { function, stream, filter, events } => {
            let payload = json!({ "awslogs": { "data": packed(scope, &parcel.group, stream, filter, events)? } });
            let payload = BASE64_STANDARD.encode(payload.to_string());
            ("lambda", "Invoke", json!({ "FunctionName": function, "InvocationType": "Event", "Payload": payload }))
        }
    };
    client.call_json(service, operation, &input).await.map(drop)
}

/// The message that a function gets: JSON, gzip'd, in base64.
fn packed(
    scope: &Scope,
    group: &str,
    stream: &str,
    filter: &str,
    events: &[(String, Timestamp, String)],
) -> Result<String, Trouble> {
    let event = |(id, time, message): &(String, Timestamp, String)| json!({ "id": id, "timestamp": time.0, "message": message });
    let message = json!({
        "messageType": "DATA_MESSAGE",
        "owner": scope.account,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter],
        "logEvents": events.iter().map(event).collect::<Vec<Value>>(),
    });
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packer.write_all(message.to_string().as_bytes()).and_then(|()| packer.finish());
    packed
        .map(|bytes| BASE64_STANDARD.encode(bytes))
        .map_err(|error| Trouble::from_cause("cannot pack log events", error))
}
