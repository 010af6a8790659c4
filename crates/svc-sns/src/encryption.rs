//! Encryption under keys of KMS: the texts that wait to be delivered lie under a data key, which KMS makes and opens for
//! who publishes, bound to the topic's ARN. From then on the message is SNS's to deliver: the data key is remembered, and
//! after a restart SNS has it opened in the right of the topic's account.
//! Source: Amazon SNS Developer Guide, "Securing Amazon SNS data with server-side encryption".

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::{Caller, Client, Cloud, Context};
use kogumo_model::kms;
use kogumo_model::sns::{
    KMS_ACCESS_DENIED_EXCEPTION, KMS_DISABLED_EXCEPTION, KMS_INVALID_STATE_EXCEPTION, KMS_NOT_FOUND_EXCEPTION,
    KMS_THROTTLING_EXCEPTION,
};
use kogumo_wire::{Common, Fault, Protocol};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use crate::record::{Address, TOPICS};

/// A data key is used for so long.
const REUSE_SECONDS: i64 = 300;

/// So many opened data keys are remembered; then all are forgotten.
const MOST: usize = 1024;

/// The data key of a topic, as KMS has encrypted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataKey {
    /// The KMS key as the topic named it then.
    master: String,
    blob: Vec<u8>,
    made: Timestamp,
}

/// A text, encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// The data key, as KMS has encrypted it.
    data_key: Vec<u8>,
    /// A nonce, then the text.
    contents: Vec<u8>,
}

/// Data keys of messages that wait, as KMS has encrypted them and in the open.
#[derive(Default)]
pub struct DataKeys(Mutex<HashMap<Vec<u8>, Arc<[u8]>>>);

impl DataKeys {
    fn get(&self, blob: &[u8]) -> Option<Arc<[u8]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(blob).cloned()
    }

    fn put(&self, blob: &[u8], plain: &Arc<[u8]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(blob.to_vec(), Arc::clone(plain));
    }
}

/// A data key in the open, for what one request publishes.
pub struct Sealing {
    topic: String,
    blob: Vec<u8>,
    plain: Arc<[u8]>,
}

/// The data key for what is published to a topic; none if it does not encrypt.
///
/// # Errors
/// NotFound; KMS's, in SNS's words: who publishes needs `kms:GenerateDataKey` and `kms:Decrypt`.
pub async fn sealing(cx: &Context, topic_arn: &str) -> Result<Option<Sealing>, Fault> {
    let at = Address::parse(topic_arn)?;
    let topic = at.find(&cx.snapshot())?;
    let Some(master) = topic.kms_key else { return Ok(None) };
    let arn = at.arn();
    let client = client(cx.cloud.clone(), &cx.caller, &at.scope.region);
    let is_usable = |key: &DataKey| key.master == master && cx.now() < key.made.plus_seconds(REUSE_SECONDS);
    let (plain, blob) = match topic.data_key.filter(is_usable) {
        Some(key) => (decrypt(&client, &arn, &key.blob).await?, key.blob),
        None => {
            let request = kms::GenerateDataKeyRequest {
                key_id: whole(&master, &at.scope),
                key_spec: Some("AES_256".to_owned()),
                encryption_context: Some(context(&arn)),
                ..Default::default()
            };
            let made = client.call::<kms::GenerateDataKey>(request).await.map_err(told)?;
            let blob = made.ciphertext_blob.unwrap_or_default().to_vec();
            keep(cx, &at, DataKey { master, blob: blob.clone(), made: cx.now() })?;
            (Arc::from(made.plaintext.unwrap_or_default().as_ref()), blob)
        }
    };
    cx.cloud.part::<DataKeys>()?.put(&blob, &plain);
    Ok(Some(Sealing { topic: arn, blob, plain }))
}

fn keep(cx: &Context, at: &Address, key: DataKey) -> Result<(), Fault> {
    cx.write(|w| {
        let mut topic = at.find(w.store())?;
        topic.data_key = Some(key.clone());
        TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic).map_err(Fault::from)
    })
}

impl Sealing {
    /// A text as it is kept.
    ///
    /// # Errors
    /// KMS's data key is none.
    pub fn seal(&self, text: &str) -> Result<Sealed, Trouble> {
        let nonce = kogumo_base::random_bytes::<NONCE_LEN>();
        let mut sealed = text.as_bytes().to_vec();
        cipher(&self.plain)
            .ok_or_else(|| Trouble::new("the data key of a topic is no key"))?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.topic.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Trouble::new("a message cannot be encrypted"))?;
        Ok(Sealed { data_key: self.blob.clone(), contents: [nonce.as_slice(), &sealed].concat() })
    }
}

/// The text of a message for who delivers it.
///
/// # Errors
/// KMS's, as something that may be over later: the key may be enabled again.
pub async fn open(cloud: &Arc<Cloud>, topic: &str, sealed: &Sealed) -> Result<String, Fault> {
    let keys = cloud.part::<DataKeys>()?;
    let key = match keys.get(&sealed.data_key) {
        Some(key) => key,
        None => {
            let at = Address::parse(topic)?;
            let owner = Caller::root(&at.scope.account, &at.scope.region);
            let client = client(Arc::clone(cloud), &owner, &at.scope.region);
            let key = decrypt(&client, topic, &sealed.data_key).await;
            let key = key.map_err(|fault| Fault::common(Common::Unavailable, fault.message))?;
            keys.put(&sealed.data_key, &key);
            key
        }
    };
    let text = sealed.open(&key, topic);
    Ok(text.ok_or_else(|| Trouble::new(format!("a message of {topic} cannot be decrypted")))?)
}

impl Sealed {
    fn open(&self, key: &[u8], topic: &str) -> Option<String> {
        let (nonce, sealed) = self.contents.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = sealed.to_vec();
        let plain = cipher(key)?.open_in_place(nonce, Aad::from(topic.as_bytes()), &mut bytes).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

fn cipher(key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

async fn decrypt(client: &Client, topic: &str, blob: &[u8]) -> Result<Arc<[u8]>, Fault> {
    let request = kms::DecryptRequest {
        ciphertext_blob: Some(blob.to_vec().into()),
        encryption_context: Some(context(topic)),
        ..Default::default()
    };
    let opened = client.call::<kms::Decrypt>(request).await.map_err(told)?;
    Ok(Arc::from(opened.plaintext.unwrap_or_default().as_ref()))
}

/// KMS where the topic is, for somebody.
fn client(cloud: Arc<Cloud>, caller: &Caller, region: &str) -> Client {
    let caller = caller.through("sns.amazonaws.com");
    let scope = Scope::new(caller.account(), region);
    Client::new(cloud, Caller { scope, ..caller })
}

fn context(topic: &str) -> BTreeMap<String, String> {
    [("aws:sns:topicArn".to_owned(), topic.to_owned())].into()
}

/// A key's name is meant in the topic's account, whoever publishes.
fn whole(key: &str, at: &Scope) -> String {
    match key {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => Arn::new("kms", &at.region, &at.account, alias).to_string(),
        id => Arn::new("kms", &at.region, &at.account, format!("key/{id}")).to_string(),
    }
}

/// KMS's errors as SNS passes them on.
fn told(fault: Fault) -> Fault {
    let code = fault.code(Protocol::Json11).to_owned();
    let error = match code.as_str() {
        "AccessDeniedException" => &KMS_ACCESS_DENIED_EXCEPTION,
        "DisabledException" => &KMS_DISABLED_EXCEPTION,
        "NotFoundException" => &KMS_NOT_FOUND_EXCEPTION,
        "KMSInvalidStateException" | "InvalidKeyUsageException" => &KMS_INVALID_STATE_EXCEPTION,
        "ThrottlingException" => &KMS_THROTTLING_EXCEPTION,
        _ => return fault,
    };
    error.because(format!("{} (Service: AWSKMS; Status Code: 400; Error Code: {code})", fault.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_for_its_topic() {
        let sealing = Sealing { topic: "arn:a".to_owned(), blob: b"blob".to_vec(), plain: Arc::from([7; 32]) };
        let sealed = sealing.seal("秘密").expect("sealed");
        assert_eq!(sealed.open(&[7; 32], "arn:a").as_deref(), Some("秘密"));
        assert_eq!(sealed.open(&[8; 32], "arn:a"), None);
        assert_eq!(sealed.open(&[7; 32], "arn:b"), None);
        assert!((0..sealed.contents.len()).all(|end| {
            Sealed { contents: sealed.contents[..end].to_vec(), ..sealed.clone() }.open(&[7; 32], "arn:a").is_none()
        }));
    }
}
