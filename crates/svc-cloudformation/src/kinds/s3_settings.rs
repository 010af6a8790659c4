//! A bucket's settings: which property is set by which operation, and how CloudFormation's words become S3's.

use serde_json::{Map, Value, json};

use super::hands::Hands;
use crate::world::{Failure, Work};

/// How a property is set and taken back.
pub struct Setting {
    pub property: &'static str,
    put: &'static str,
    /// The member that holds the setting.
    member: &'static str,
    /// The property in S3's words.
    words: fn(&Value) -> Result<Value, Failure>,
    /// What takes it back; empty where a put of nothing does.
    delete: &'static str,
}

const fn setting(
    property: &'static str,
    put: &'static str,
    member: &'static str,
    words: fn(&Value) -> Result<Value, Failure>,
    delete: &'static str,
) -> Setting {
    Setting { property, put, member, words, delete }
}

/// In the order in which they are set: ownership and public access come before what depends on them.
pub const SETTINGS: [Setting; 12] = [
    setting(
        "OwnershipControls",
        "PutBucketOwnershipControls",
        "OwnershipControls",
        same,
        "DeleteBucketOwnershipControls",
    ),
    setting(
        "PublicAccessBlockConfiguration",
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        same,
        "DeletePublicAccessBlock",
    ),
    setting("VersioningConfiguration", "PutBucketVersioning", "VersioningConfiguration", same, ""),
    setting(
        "BucketEncryption",
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        encryption,
        "DeleteBucketEncryption",
    ),
    setting("Tags", "PutBucketTagging", "Tagging", tags, "DeleteBucketTagging"),
    setting("CorsConfiguration", "PutBucketCors", "CORSConfiguration", cors, "DeleteBucketCors"),
    setting(
        "LifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        lifecycle,
        "DeleteBucketLifecycle",
    ),
    setting("WebsiteConfiguration", "PutBucketWebsite", "WebsiteConfiguration", website, "DeleteBucketWebsite"),
    setting("LoggingConfiguration", "PutBucketLogging", "BucketLoggingStatus", logging, ""),
    setting(
        "NotificationConfiguration",
        "PutBucketNotificationConfiguration",
        "NotificationConfiguration",
        notifications,
        "",
    ),
    setting("AccelerateConfiguration", "PutBucketAccelerateConfiguration", "AccelerateConfiguration", acceleration, ""),
    setting("ObjectLockConfiguration", "PutObjectLockConfiguration", "ObjectLockConfiguration", same, ""),
];

/// Sets what is wanted and takes back what isn't any more.
pub async fn apply(h: &Hands, w: &Work, bucket: &str) -> Result<(), Failure> {
    for setting in &SETTINGS {
        if !w.changed(setting.property) {
            continue;
        }
        let wanted = w.get(setting.property);
        if wanted.is_null() && !setting.delete.is_empty() {
            h.remove("s3", setting.delete, json!({"Bucket": bucket})).await?;
            continue;
        }
        let value = match (wanted, setting.property) {
            (Value::Null, "VersioningConfiguration" | "AccelerateConfiguration") => json!({"Status": "Suspended"}),
            (Value::Null, _) => json!({}),
            (wanted, _) => (setting.words)(wanted)?,
        };
        h.call("s3", setting.put, json!({"Bucket": bucket, setting.member: value})).await?;
    }
    Ok(())
}

fn same(value: &Value) -> Result<Value, Failure> {
    Ok(value.clone())
}

/// An object's members under other names; one that isn't listed is refused.
fn renamed(value: &Value, what: &str, names: &[(&str, &str)]) -> Result<Map<String, Value>, Failure> {
    let mut members = Map::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let Some((_, new)) = names.iter().find(|(old, _)| old == name) else {
            return Err(Failure::new(format!("{name} of {what} of AWS::S3::Bucket is not implemented by Kogumo")));
        };
        members.insert((*new).to_owned(), value.clone());
    }
    Ok(members)
}

fn each(list: &Value, words: impl Fn(&Value) -> Result<Value, Failure>) -> Result<Value, Failure> {
    list.as_array().into_iter().flatten().map(words).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn encryption(value: &Value) -> Result<Value, Failure> {
    let rules = each(&value["ServerSideEncryptionConfiguration"], |rule| {
        let names = [
            ("ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"),
            ("BucketKeyEnabled", "BucketKeyEnabled"),
        ];
        renamed(rule, "BucketEncryption", &names).map(Value::Object)
    })?;
    Ok(json!({"Rules": rules}))
}

fn tags(value: &Value) -> Result<Value, Failure> {
    Ok(json!({"TagSet": value}))
}

fn cors(value: &Value) -> Result<Value, Failure> {
    let rules = each(&value["CorsRules"], |rule| {
        let names = [
            ("AllowedHeaders", "AllowedHeaders"),
            ("AllowedMethods", "AllowedMethods"),
            ("AllowedOrigins", "AllowedOrigins"),
            ("ExposedHeaders", "ExposeHeaders"),
            ("Id", "ID"),
            ("MaxAge", "MaxAgeSeconds"),
        ];
        renamed(rule, "CorsConfiguration", &names).map(Value::Object)
    })?;
    Ok(json!({"CORSRules": rules}))
}

fn lifecycle(value: &Value) -> Result<Value, Failure> {
    Ok(json!({"Rules": each(&value["Rules"], lifecycle_rule)?}))
}

fn lifecycle_rule(rule: &Value) -> Result<Value, Failure> {
    let known = [
        "Id",
        "Status",
        "Prefix",
        "TagFilters",
        "ObjectSizeGreaterThan",
        "ObjectSizeLessThan",
        "ExpirationInDays",
        "ExpirationDate",
        "ExpiredObjectDeleteMarker",
        "NoncurrentVersionExpirationInDays",
        "NoncurrentVersionExpiration",
        "AbortIncompleteMultipartUpload",
        "Transitions",
        "Transition",
        "NoncurrentVersionTransitions",
        "NoncurrentVersionTransition",
    ];
    renamed(rule, "LifecycleConfiguration", &known.map(|name| (name, name)))?;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("ID", rule["Id"].clone());
    put("Status", rule["Status"].clone());
    put("Filter", lifecycle_filter(rule));
    let mut expiration = Map::new();
    for (from, to) in [
        ("ExpirationInDays", "Days"),
        ("ExpirationDate", "Date"),
        ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
    ] {
        if !rule[from].is_null() {
            expiration.insert(to.into(), rule[from].clone());
        }
    }
    put("Expiration", if expiration.is_empty() { Value::Null } else { expiration.into() });
    let old_days = &rule["NoncurrentVersionExpirationInDays"];
    put(
        "NoncurrentVersionExpiration",
        match &rule["NoncurrentVersionExpiration"] {
            Value::Null if old_days.is_null() => Value::Null,
            Value::Null => json!({"NoncurrentDays": old_days}),
            given => given.clone(),
        },
    );
    put("AbortIncompleteMultipartUpload", rule["AbortIncompleteMultipartUpload"].clone());
    let list = |many: &str, one: &str| match (&rule[many], &rule[one]) {
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, one) => json!([one]),
        (many, _) => many.clone(),
    };
    let transition = |given: &Value| {
        let names = [("TransitionInDays", "Days"), ("TransitionDate", "Date"), ("StorageClass", "StorageClass")];
        renamed(given, "Transitions", &names).map(Value::Object)
    };
    let noncurrent = |given: &Value| {
        let names = [
            ("TransitionInDays", "NoncurrentDays"),
            ("NewerNoncurrentVersions", "NewerNoncurrentVersions"),
            ("StorageClass", "StorageClass"),
        ];
        renamed(given, "NoncurrentVersionTransitions", &names).map(Value::Object)
    };
    for (member, many, one, current) in [
        ("Transitions", "Transitions", "Transition", true),
        ("NoncurrentVersionTransitions", "NoncurrentVersionTransitions", "NoncurrentVersionTransition", false),
    ] {
        let given = list(many, one);
        if !given.is_null() {
            put(member, if current { each(&given, transition)? } else { each(&given, noncurrent)? });
        }
    }
    Ok(out.into())
}

/// Several conditions stand below `And`.
fn lifecycle_filter(rule: &Value) -> Value {
    let mut all = Map::new();
    for name in ["Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan"] {
        if !rule[name].is_null() {
            all.insert(name.into(), rule[name].clone());
        }
    }
    let tags = rule["TagFilters"].as_array().cloned().unwrap_or_default();
    match (all.len(), tags.as_slice()) {
        (0, []) => json!({"Prefix": ""}),
        (1, []) => all.into(),
        (0, [one]) => json!({"Tag": one}),
        (_, tags) => {
            if !tags.is_empty() {
                all.insert("Tags".into(), tags.into());
            }
            json!({"And": all})
        }
    }
}

fn website(value: &Value) -> Result<Value, Failure> {
    let names = [
        ("IndexDocument", "IndexDocument"),
        ("ErrorDocument", "ErrorDocument"),
        ("RedirectAllRequestsTo", "RedirectAllRequestsTo"),
        ("RoutingRules", "RoutingRules"),
    ];
    let mut out = renamed(value, "WebsiteConfiguration", &names)?;
    if let Some(suffix) = out.get_mut("IndexDocument") {
        *suffix = json!({"Suffix": suffix});
    }
    if let Some(key) = out.get_mut("ErrorDocument") {
        *key = json!({"Key": key});
    }
    if let Some(rules) = out.get_mut("RoutingRules") {
        *rules = each(rules, |rule| {
            renamed(rule, "RoutingRules", &[("RedirectRule", "Redirect"), ("RoutingRuleCondition", "Condition")])
                .map(Value::Object)
        })?;
    }
    Ok(out.into())
}

fn logging(value: &Value) -> Result<Value, Failure> {
    let names = [
        ("DestinationBucketName", "TargetBucket"),
        ("LogFilePrefix", "TargetPrefix"),
        ("TargetObjectKeyFormat", "TargetObjectKeyFormat"),
    ];
    let mut out = renamed(value, "LoggingConfiguration", &names)?;
    out.entry("TargetPrefix").or_insert_with(|| "".into());
    Ok(json!({"LoggingEnabled": out}))
}

fn acceleration(value: &Value) -> Result<Value, Failure> {
    Ok(json!({"Status": value["AccelerationStatus"]}))
}

/// One event each in CloudFormation, a list of them in S3.
fn notifications(value: &Value) -> Result<Value, Failure> {
    let mut out = Map::new();
    for (kind, to, arn, new_arn) in [
        ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
    ] {
        let words = |given: &Value| {
            let mut one = renamed(given, kind, &[("Event", "Events"), ("Filter", "Filter"), (arn, new_arn)])?;
            if let Some(event) = one.get_mut("Events") {
                *event = json!([event]);
            }
            if let Some(filter) = one.get_mut("Filter") {
                *filter = json!({"Key": {"FilterRules": filter.pointer("/S3Key/Rules").cloned().unwrap_or_default()}});
            }
            Ok(Value::Object(one))
        };
        if !value[kind].is_null() {
            out.insert(to.into(), each(&value[kind], words)?);
        }
    }
    if value.get("EventBridgeConfiguration").is_some_and(|bridge| bridge["EventBridgeEnabled"] != false) {
        out.insert("EventBridgeConfiguration".into(), json!({}));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifecycle_in_s3s_words() {
        let rule = json!({"Id": "x", "Status": "Enabled", "ExpirationInDays": 3, "Prefix": "a/",
            "TagFilters": [{"Key": "k", "Value": "v"}], "Transitions": [{"TransitionInDays": 1, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 2}});
        let done = lifecycle(&json!({"Rules": [rule]})).expect("words");
        assert_eq!(
            done,
            json!({"Rules": [{"ID": "x", "Status": "Enabled",
            "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}},
            "Expiration": {"Days": 3}, "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
            "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}]})
        );
        assert!(lifecycle(&json!({"Rules": [{"Unheard": 1}]})).is_err());
    }

    #[test]
    fn others_in_s3s_words() {
        let site = website(&json!({"IndexDocument": "index.html", "ErrorDocument": "e.html"})).expect("words");
        assert_eq!(site, json!({"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "e.html"}}));
        let cors = cors(&json!({"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 5}]}))
            .expect("words");
        assert_eq!(cors["CORSRules"][0]["MaxAgeSeconds"], 5);
        let notify = notifications(&json!({"LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": "arn",
            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "a"}]}}}]}))
        .expect("words");
        assert_eq!(notify["LambdaFunctionConfigurations"][0]["Events"], json!(["s3:ObjectCreated:*"]));
        assert_eq!(notify["LambdaFunctionConfigurations"][0]["Filter"]["Key"]["FilterRules"][0]["Name"], "prefix");
    }
}
