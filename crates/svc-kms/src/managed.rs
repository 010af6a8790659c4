//! AWS managed keys: each service has one in each account and region, made when it is first used.

use kogumo_base::{Scope, Timestamp, Trouble, uuid_of};
use kogumo_store::{Transaction, timers};
use ring::digest::{SHA256, digest};

use crate::alias::{ALIASES, Alias};
use crate::key::{KEYS, Key, MATERIALS, ROTATION, managed_key};
use crate::secret;

/// Services with a key of their own, as behind `alias/aws/`, and what the key protects in the words of its description.
pub const SERVICES: [(&str, &str); 25] = [
    ("acm", "ACM private keys"),
    ("backup", "Backup data"),
    ("codecommit", "CodeCommit repositories"),
    ("connect", "Connect data"),
    ("dynamodb", "DynamoDB data"),
    ("ebs", "EBS volumes"),
    ("ecr", "ECR data"),
    ("elasticfilesystem", "EFS filesystems"),
    ("es", "Elasticsearch data"),
    ("fsx", "FSx resources"),
    ("glue", "Glue data"),
    ("kinesis", "Kinesis streams"),
    ("kinesisvideo", "Kinesis Video Streams"),
    ("lambda", "Lambda functions"),
    ("lex", "Lex data"),
    ("lightsail", "Lightsail data"),
    ("rds", "RDS database volumes"),
    ("redshift", "Redshift clusters"),
    ("s3", "S3 objects"),
    ("secretsmanager", "Secrets Manager data"),
    ("sns", "SNS data"),
    ("sqs", "SQS messages"),
    ("ssm", "SSM parameters"),
    ("workspaces", "WorkSpaces volumes"),
    ("xray", "X-Ray data"),
];

/// What names of AWS's own aliases begin with.
pub const PREFIX: &str = "alias/aws/";

/// The service whose key an alias names.
pub fn service(alias: &str) -> Option<&str> {
    let service = alias.strip_prefix(PREFIX)?;
    SERVICES.iter().any(|(known, _)| *known == service).then_some(service)
}

pub fn description(service: &str) -> String {
    let what = SERVICES.iter().find(|(known, _)| *known == service).map_or("data", |(_, what)| what);
    format!("Default key that protects my {what} when no other key is defined")
}

/// The id of a service's key. It follows from the place, so that a policy's decision can name a key that is still to be
/// made; it is no secret.
pub fn key_id(scope: &Scope, service: &str) -> String {
    let hash = digest(&SHA256, format!("{}/{}/{service}", scope.account, scope.region).as_bytes());
    let first = hash.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    uuid_of(u128::from_be_bytes(first))
}

/// The key of a service, made if it is not there.
///
/// # Errors
/// Trouble with the store.
pub fn make(tx: &mut Transaction, scope: &Scope, service: &str, now: Timestamp) -> Result<Key, Trouble> {
    let id = key_id(scope, service);
    if let Some(key) = KEYS.get(tx, scope, id.as_str())? {
        return Ok(key);
    }
    let key = managed_key(scope, id, service, now);
    if let Some(material) = key.current() {
        MATERIALS.put(tx, scope, &key.id, &material.id, &secret::random(32));
    }
    KEYS.put(tx, scope, key.id.as_str(), &key)?;
    if let Some(rotation) = &key.rotation {
        timers::put(tx, rotation.next, ROTATION, scope, key.id.as_str(), b"")?;
    }
    let name = format!("{PREFIX}{service}");
    let alias = Alias { name: name.clone(), key: key.id.clone(), created: now, updated: now };
    ALIASES.put(tx, scope, name.as_str(), &alias)?;
    Ok(key)
}
