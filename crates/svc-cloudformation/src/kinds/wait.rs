//! `AWS::CloudFormation::WaitCondition` and its handle.

use kogumo_store::{Key, Range};
use serde_json::{Map, Value};

use super::hands::Hands;
use super::{internal, signal};
use crate::record::{SIGNALS, uuid_of};
use crate::world::{Failure, Made, Work};

/// The handle is a URL; who is to be waited for puts to it.
pub fn create_handle(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = format!("{}/{}", uuid_of(&w.stack_id), w.logical_id);
    Ok(Made::new(signal::url(&h.cloud, &h.scope, "signal", &id)))
}

/// The stack's uuid and the handle's logical id, out of its URL.
fn handle(url: &str) -> Key {
    let mut parts = url.rsplit('/');
    let (id, uuid) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Key::new().str(uuid).str(id)
}

pub fn delete_handle(h: &Hands, w: &Work) -> Result<(), Failure> {
    forget(h, handle(&w.physical_id))
}

/// A resource that was waited for goes.
pub fn forget_resource(h: &Hands, w: &Work) -> Result<(), Failure> {
    forget(h, own(w))
}

/// Where signals to a resource itself are kept.
fn own(w: &Work) -> Key {
    Key::new().str(uuid_of(&w.stack_id)).str(&w.logical_id)
}

fn forget(h: &Hands, signals: Key) -> Result<(), Failure> {
    let rows = Range::prefix(signals);
    let done = h.cloud.store.write(|tx| {
        let keys: Vec<Key> =
            SIGNALS.scan(&*tx, &h.scope, &rows).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
        keys.into_iter().try_for_each(|key| SIGNALS.delete(tx, &h.scope, key).map(drop))
    });
    done.map_err(internal)
}

/// `PT15M` and the like: hours, minutes, seconds.
fn seconds(duration: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut number = String::new();
    for letter in duration.strip_prefix("PT")?.chars() {
        let unit = match letter {
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then_some(total)
}

/// Waits for as many signals as the condition (or its creation policy) wants.
pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Handle", "Timeout", "Count"])?;
    let policy = w.creation_policy.as_ref().and_then(|policy| policy.get("ResourceSignal"));
    let count = match policy {
        Some(policy) => policy["Count"].as_u64().unwrap_or(1),
        None => w.get("Count").as_u64().unwrap_or(1),
    };
    let limit = match policy {
        Some(policy) => policy["Timeout"].as_str().and_then(seconds).unwrap_or(300),
        None => w.text("Timeout").and_then(|text| text.parse().ok()).unwrap_or(300),
    };
    let key = match w.text("Handle") {
        Some(url) => handle(url),
        None => own(w),
    };
    let received = || received(h, &key);
    let waited = h
        .until(limit, "timed out", || async {
            let signals = received()?;
            if let Some((id, reason)) = signals.iter().find_map(|(id, signal)| Some((id, failed(signal)?))) {
                return Err(Failure::new(format!(
                    "WaitCondition received failed message: '{reason}' for uniqueId: {id}"
                )));
            }
            let enough = u64::try_from(signals.len()).unwrap_or(u64::MAX) >= count;
            Ok(enough.then_some(signals))
        })
        .await;
    let signals = match waited {
        Err(failure) if failure.reason == "timed out" => {
            let there = received()?.len();
            let reason = format!("WaitCondition timed out. Received {there} conditions when expecting {count}");
            return Err(Failure::new(reason));
        }
        waited => waited?,
    };
    let data = |signal: &str| serde_json::from_str::<Value>(signal).ok().and_then(|signal| signal.get("Data").cloned());
    let data: Map<String, Value> =
        signals.into_iter().map(|(id, signal)| (id, data(&signal).unwrap_or_else(|| "".into()))).collect();
    Ok(Made::new(format!("{}/{}", w.stack_id, w.logical_id)).attribute("Data", Value::Object(data).to_string()))
}

/// The signals that have come, by what tells them apart.
fn received(h: &Hands, signals: &Key) -> Result<Vec<(String, String)>, Failure> {
    let snapshot = h.cloud.store.read();
    let rows = Range::prefix(signals.clone());
    let mut all = Vec::new();
    for row in SIGNALS.scan(&snapshot, &h.scope, &rows) {
        let (key, signal) = row.map_err(internal)?;
        let mut parts = key.reader();
        parts.str();
        parts.str();
        all.push((parts.str().unwrap_or_default(), signal));
    }
    Ok(all)
}

/// Waits for the signals that a resource's creation policy wants of it (`cfn-signal`, `SignalResource`).
pub async fn for_resource(h: &Hands, w: &Work) -> Result<(), Failure> {
    let policy = w.creation_policy.as_ref().and_then(|policy| policy.get("ResourceSignal"));
    let count = policy.and_then(|policy| policy["Count"].as_u64()).unwrap_or(1);
    let limit = policy.and_then(|policy| policy["Timeout"].as_str()).and_then(seconds).unwrap_or(300);
    let late = format!("Failed to receive {count} resource signal(s) within the specified duration");
    h.until(limit, &late, || async {
        let signals = received(h, &own(w))?;
        let failures = signals.iter().filter(|(_, signal)| failed(signal).is_some()).count();
        if failures > 0 {
            return Err(Failure::new(format!(
                "Received {failures} FAILURE signal(s) out of {count}. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
            )));
        }
        Ok((u64::try_from(signals.len()).unwrap_or(u64::MAX) >= count).then_some(()))
    })
    .await
}

/// The reason of a signal that says failure. `SignalResource` leaves a bare word.
fn failed(signal: &str) -> Option<String> {
    if signal == "FAILURE" {
        return Some("FAILURE".into());
    }
    let signal: Value = serde_json::from_str(signal).ok()?;
    (signal["Status"] == "FAILURE").then(|| signal["Reason"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("PT15M"), Some(900));
        assert_eq!(seconds("PT1H2M3S"), Some(3723));
        assert_eq!(seconds("15"), None);
        assert_eq!(seconds("PT5"), None);
    }

    #[test]
    fn signals_that_fail() {
        assert_eq!(failed("SUCCESS"), None);
        assert_eq!(failed("FAILURE").as_deref(), Some("FAILURE"));
        assert_eq!(failed(r#"{"Status": "FAILURE", "Reason": "no"}"#).as_deref(), Some("no"));
        assert_eq!(failed(r#"{"Status": "SUCCESS"}"#), None);
    }
}
