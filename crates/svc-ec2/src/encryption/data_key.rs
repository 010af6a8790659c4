//! Data keys of volumes, as KMS makes, lends and opens them.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client, Cloud, Context, Principal};
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::record::{Encryption, Grant};
use crate::faults::unsupported_here;
use crate::instance::Machines;

/// As whom KMS hears of the caller's calls.
const EC2: &str = "ec2.amazonaws.com";
/// As whom EC2 uses what it was lent.
const INFRASTRUCTURE: &str = "aws:ec2-infrastructure";
/// A data key for AES-256-XTS.
const KEY_BYTES: usize = 64;

/// A data key in the clear. It is wiped when it is dropped, and not shown.
pub struct Key(Vec<u8>);

impl Key {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Whether this machine can show encrypted volumes to instances.
///
/// # Errors
/// It cannot, and why.
pub fn is_possible(cloud: &Cloud) -> Result<(), Fault> {
    let no_devices = cloud.part::<Machines>()?.host(cloud).lacks_devices();
    let why = no_devices.map(|lack| lack.why).or_else(kogumo_machine::view::lack);
    why.map_or(Ok(()), |why| Err(unsupported_here(format!("Encrypted volumes cannot be attached here: {why}"))))
}

/// The caller's own calls of KMS, through EC2, in the region of a key.
fn as_caller(context: &Context, key: &str) -> Client {
    let mut caller = context.caller.through(EC2);
    if let Some(arn) = Arn::parse(key) {
        caller.scope.region = arn.region;
    }
    Client::new(Arc::clone(&context.cloud), caller)
}

/// EC2 itself, with what it was lent for a volume or a snapshot.
fn as_infrastructure(cloud: &Arc<Cloud>, account: &str, key: &str, session: &str) -> Client {
    let region = Arn::parse(key).map(|arn| arn.region).unwrap_or_default();
    let caller = Caller::service(EC2, Scope::new(account, region));
    let principal = Principal::AssumedRole {
        account: account.to_owned(),
        role: INFRASTRUCTURE.into(),
        session: session.to_owned(),
        id: format!("{INFRASTRUCTURE}:{session}"),
    };
    let caller =
        Caller { principal: principal.into(), invoked_by: Some(EC2.into()), called_via: vec![EC2.into()], ..caller };
    Client::new(Arc::clone(cloud), caller)
}

fn infrastructure_arn(account: &str, session: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{INFRASTRUCTURE}/{session}")
}

fn encryption_context(of: &str) -> Value {
    json!({ "aws:ebs:id": of })
}

fn text(answer: &Value, key: &str) -> String {
    answer[key].as_str().unwrap_or_default().to_owned()
}

/// A new data key under a KMS key, for the volume or snapshot of that id.
///
/// # Errors
/// KMS's: there is no such key, it is disabled, or the caller may not use it.
pub async fn make(context: &Context, key: &str, of: &str) -> Result<Encryption, Fault> {
    // A key of another region is none here.
    let kms = Client::new(Arc::clone(&context.cloud), context.caller.through(EC2));
    let described = kms.call_json("kms", "DescribeKey", &json!({ "KeyId": key })).await?;
    let input = json!({ "KeyId": key, "NumberOfBytes": KEY_BYTES, "EncryptionContext": encryption_context(of) });
    let made = kms.call_json("kms", "GenerateDataKeyWithoutPlaintext", &input).await?;
    Ok(Encryption {
        key: text(&made, "KeyId"),
        managed: described["KeyMetadata"]["KeyManager"] == "AWS",
        sealed: text(&made, "CiphertextBlob"),
        of: of.to_owned(),
    })
}

/// Lets EC2 open a data key for a volume or snapshot (`user`), by the caller's right.
///
/// # Errors
/// KMS's: the caller may not, or the key is in no state for it.
async fn lend(context: &Context, encryption: &Encryption, user: &str) -> Result<Grant, Fault> {
    let grantee = infrastructure_arn(context.caller.account(), user);
    let input = json!({
        "KeyId": encryption.key,
        "GranteePrincipal": grantee,
        "RetiringPrincipal": grantee,
        "Operations": ["Decrypt", "RetireGrant"],
        "Constraints": { "EncryptionContextSubset": encryption_context(&encryption.of) },
    });
    let made = as_caller(context, &encryption.key).call_json("kms", "CreateGrant", &input).await?;
    Ok(Grant { key: encryption.key.clone(), id: text(&made, "GrantId") })
}

/// As [`lend`], for what of these is encrypted.
///
/// # Errors
/// As of [`lend`]; what has been lent until then is given back.
pub async fn lend_all(context: &Context, all: &[Option<&Encryption>], user: &str) -> Result<Vec<Grant>, Fault> {
    let mut grants = Vec::new();
    for encryption in all.iter().flatten() {
        match lend(context, encryption, user).await {
            Ok(grant) => grants.push(grant),
            Err(fault) => {
                retire(&context.cloud, context.caller.account(), user, &grants).await;
                return Err(fault);
            }
        }
    }
    Ok(grants)
}

/// Opens a data key, by what EC2 was lent for a volume or snapshot of the account.
///
/// # Errors
/// KMS's: the key is not usable any more.
pub async fn open(cloud: &Arc<Cloud>, account: &str, encryption: &Encryption, user: &str) -> Result<Key, Fault> {
    decrypt(as_infrastructure(cloud, account, &encryption.key, user), encryption).await
}

/// Opens a data key by the caller's own right: he reads or writes the blocks himself.
///
/// # Errors
/// KMS's: the caller may not, or the key is not usable.
pub async fn open_as_caller(context: &Context, encryption: &Encryption) -> Result<Key, Fault> {
    decrypt(as_caller(context, &encryption.key), encryption).await
}

async fn decrypt(kms: Client, encryption: &Encryption) -> Result<Key, Fault> {
    let input = json!({
        "CiphertextBlob": encryption.sealed,
        "KeyId": encryption.key,
        "EncryptionContext": encryption_context(&encryption.of),
    });
    let answer = kms.call_json("kms", "Decrypt", &input).await?;
    Ok(Key(STANDARD.decode(text(&answer, "Plaintext")).unwrap_or_default()))
}

/// Gives back what EC2 was lent. A key that is gone has taken its grants with it.
pub async fn retire(cloud: &Arc<Cloud>, account: &str, user: &str, grants: &[Grant]) {
    for grant in grants {
        let input = json!({ "KeyId": grant.key, "GrantId": grant.id });
        let kms = as_infrastructure(cloud, account, &grant.key, user);
        if let Err(fault) = kms.call_json("kms", "RetireGrant", &input).await {
            tracing::debug!("a grant of {user} could not be retired: {fault}");
        }
    }
}
