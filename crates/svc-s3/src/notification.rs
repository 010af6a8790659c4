//! Event notifications: which functions, queues and topics a bucket tells of what, and in which words.
//! Source: "Amazon S3 Event Notifications" and "Event message structure", Amazon S3 User Guide.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A function, queue or topic that is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub id: String,
    /// Which one; the name of the field is from when there were functions only.
    #[serde(rename = "function_arn")]
    pub arn: String,
    /// `s3:ObjectCreated:*`
    pub events: Vec<String>,
    pub prefix: Option<String>,
    pub suffix: Option<String>,
}

/// The events that happen here, as configurations name them.
const EVENTS: [&str; 13] = [
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
];

/// The first event that never happens here.
pub fn unbuilt(target: &Target) -> Option<&str> {
    target.events.iter().map(String::as_str).find(|event| !EVENTS.contains(event))
}

/// Whether two targets could be told of one event, which S3 does not allow.
pub fn overlap(targets: &[Target]) -> bool {
    let pairs =
        targets.iter().enumerate().flat_map(|(at, one)| targets.iter().skip(at + 1).map(move |other| (one, other)));
    pairs.into_iter().any(|(one, other)| {
        let events = one
            .events
            .iter()
            .any(|event| other.events.iter().any(|second| names(event, second) || names(second, event)));
        let starts = |a: &Option<String>, b: &Option<String>| {
            let (a, b) = (a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default());
            a.starts_with(b) || b.starts_with(a)
        };
        let ends = |a: &Option<String>, b: &Option<String>| {
            let (a, b) = (a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default());
            a.ends_with(b) || b.ends_with(a)
        };
        events && starts(&one.prefix, &other.prefix) && ends(&one.suffix, &other.suffix)
    })
}

/// Whether `pattern` (`s3:ObjectCreated:*`) names an event.
fn names(pattern: &str, event: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == event, |start| event.starts_with(start))
}

/// Whether a target is told of an event that happens to a key.
pub fn is_told(target: &Target, event: &str, key: &str) -> bool {
    target.events.iter().any(|pattern| names(pattern, event))
        && key.starts_with(target.prefix.as_deref().unwrap_or_default())
        && key.ends_with(target.suffix.as_deref().unwrap_or_default())
}

/// What has happened.
#[derive(Clone, Debug, Default)]
pub struct Happening<'a> {
    /// `s3:ObjectCreated:Put`
    pub event: &'a str,
    pub region: &'a str,
    pub time: String,
    /// Who did it, by IAM's unique id.
    pub principal: &'a str,
    pub source_ip: String,
    pub request_id: &'a str,
    pub bucket: &'a str,
    pub owner: &'a str,
    pub key: &'a str,
    pub size: Option<u64>,
    pub etag: Option<&'a str>,
    pub version: Option<&'a str>,
    pub sequencer: String,
}

/// Which service a target is of: `lambda`, `sqs` or `sns`.
pub fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

/// What a queue or topic hears when it is made a target.
pub fn test_message(bucket: &str, time: String, request_id: &str) -> Value {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": time,
        "Bucket": bucket,
        "RequestId": request_id,
        "HostId": request_id,
    })
}

/// The message to a target.
pub fn message(target: &Target, happening: &Happening<'_>) -> Value {
    let mut object = json!({ "key": encoded(happening.key) });
    if let (Some(size), Some(etag)) = (happening.size, happening.etag) {
        object["size"] = size.into();
        object["eTag"] = etag.into();
    }
    if let Some(version) = happening.version {
        object["versionId"] = version.into();
    }
    object["sequencer"] = happening.sequencer.as_str().into();
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": happening.region,
        "eventTime": happening.time,
        "eventName": happening.event.trim_start_matches("s3:"),
        "userIdentity": { "principalId": format!("AWS:{}", happening.principal) },
        "requestParameters": { "sourceIPAddress": happening.source_ip },
        "responseElements": { "x-amz-request-id": happening.request_id, "x-amz-id-2": happening.request_id },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": target.id,
            "bucket": {
                "name": happening.bucket,
                "ownerIdentity": { "principalId": happening.owner },
                "arn": format!("arn:aws:s3:::{}", happening.bucket),
            },
            "object": object,
        },
    }]})
}

/// Keys are form-encoded in messages.
fn encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                encoded.push(char::from(byte))
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(event: &str, prefix: &str, suffix: &str) -> Target {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Target { events: vec![event.into()], prefix: some(prefix), suffix: some(suffix), ..Target::default() }
    }

    #[test]
    fn targets_are_told_what_they_asked_for() {
        let images = target("s3:ObjectCreated:*", "in/", ".png");
        assert!(is_told(&images, "s3:ObjectCreated:Put", "in/a.png"));
        assert!(!is_told(&images, "s3:ObjectRemoved:Delete", "in/a.png"));
        assert!(!is_told(&images, "s3:ObjectCreated:Put", "out/a.png"));
        assert!(!is_told(&images, "s3:ObjectCreated:Put", "in/a.jpg"));
        assert_eq!(unbuilt(&target("s3:Replication:*", "", "")), Some("s3:Replication:*"));
        assert_eq!(unbuilt(&images), None);
    }

    #[test]
    fn overlaps_are_found() {
        let all = target("s3:ObjectCreated:*", "", "");
        assert!(overlap(&[all.clone(), target("s3:ObjectCreated:Put", "a/", "")]));
        assert!(!overlap(&[all.clone(), target("s3:ObjectRemoved:*", "", "")]));
        assert!(!overlap(&[target("s3:ObjectCreated:*", "a/", ""), target("s3:ObjectCreated:*", "b/", "")]));
        assert!(!overlap(&[target("s3:ObjectCreated:*", "", ".a"), target("s3:ObjectCreated:*", "", ".b")]));
        assert!(!overlap(&[all]));
    }

    #[test]
    fn messages_are_as_lambda_gets_them() {
        let happening = Happening {
            event: "s3:ObjectCreated:Put",
            key: "a b/日",
            size: Some(3),
            etag: Some("e"),
            ..Happening::default()
        };
        let record = &message(&target("s3:ObjectCreated:*", "", ""), &happening)["Records"][0];
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["s3"]["object"]["key"], "a+b/%E6%97%A5");
        assert_eq!(record["s3"]["object"]["size"], 3);
    }
}
