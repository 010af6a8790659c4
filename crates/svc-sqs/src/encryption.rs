//! Encryption under keys of KMS: what a message holds lies under a data key, which KMS makes and opens on the caller's
//! behalf, bound to the queue's ARN. A data key is used for new messages for as long as the queue says; KMS is asked for
//! it with each request, so that a key that is disabled is felt at once.
//! Source: Amazon SQS Developer Guide, "Amazon SQS Key management".

use std::collections::{BTreeMap, HashMap};

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::{Caller, Client, Context};
use kogumo_model::kms;
use kogumo_model::sqs::{
    KMS_ACCESS_DENIED, KMS_DISABLED, KMS_INVALID_KEY_USAGE, KMS_INVALID_STATE, KMS_NOT_FOUND, KMS_THROTTLED,
};
use kogumo_wire::{Fault, Protocol};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use crate::content::Attributes;
use crate::message::Message;
use crate::queue::{Found, find, find_to_write};

/// The data key of a queue, as KMS has encrypted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataKey {
    /// The KMS key as the queue named it then.
    master: String,
    blob: Vec<u8>,
    made: Timestamp,
}

/// What a message holds, encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// The ARN of the queue that it was sent to.
    queue: String,
    /// The data key, as KMS has encrypted it.
    data_key: Vec<u8>,
    /// A nonce, then body and attributes.
    contents: Vec<u8>,
}

/// A data key in the open, for the messages of one request.
pub struct Sealing {
    queue: String,
    blob: Vec<u8>,
    plain: Vec<u8>,
}

/// The data key for messages that come to a queue; none if it does not encrypt under a key of KMS.
///
/// # Errors
/// KMS's, in SQS's words: the caller needs `kms:GenerateDataKey` and `kms:Decrypt`.
pub async fn sealing(cx: &Context, queue_url: &str) -> Result<Option<Sealing>, Fault> {
    let found = cx.read(|r| find(r, queue_url))?;
    let Some(master) = found.queue.attributes.kms_key.clone() else { return Ok(None) };
    let queue = found.at.arn();
    let reuse = i64::from(found.queue.attributes.kms_reuse);
    let is_usable = |key: &&DataKey| key.master == master && cx.now() < key.made.plus_seconds(reuse);
    if let Some(key) = found.queue.data_key.as_ref().filter(is_usable) {
        let plain = decrypt(cx, &queue, &key.blob).await?;
        return Ok(Some(Sealing { queue, blob: key.blob.clone(), plain }));
    }
    let request = kms::GenerateDataKeyRequest {
        key_id: whole(&master, &found.at.scope),
        key_spec: Some("AES_256".to_owned()),
        encryption_context: Some(context(&queue)),
        ..Default::default()
    };
    let made = client(cx, &found.at.scope.region).call::<kms::GenerateDataKey>(request).await.map_err(told)?;
    let (plain, blob) = (made.plaintext.unwrap_or_default(), made.ciphertext_blob.unwrap_or_default());
    let kept = DataKey { master, blob: blob.to_vec(), made: cx.now() };
    cx.write(|w| {
        let mut found = find_to_write(w, queue_url)?;
        found.queue.data_key = Some(kept.clone());
        found.put(w.tx).map_err(Fault::from)
    })?;
    Ok(Some(Sealing { queue, blob: blob.to_vec(), plain: plain.to_vec() }))
}

/// Data keys that KMS has opened for one request, by what it had made of them.
#[derive(Default)]
pub struct Opening(HashMap<Vec<u8>, Vec<u8>>);

impl Opening {
    /// Has the queue's data key opened before messages are taken: who may not read leaves them where they are.
    ///
    /// # Errors
    /// KMS's, in SQS's words: the caller needs `kms:Decrypt`.
    pub async fn begin(&mut self, cx: &Context, found: &Found) -> Result<(), Fault> {
        match (&found.queue.attributes.kms_key, &found.queue.data_key) {
            (Some(_), Some(key)) => self.key(cx, &found.at.arn(), &key.blob).await.map(drop),
            _ => Ok(()),
        }
    }

    /// A message as it was sent.
    ///
    /// # Errors
    /// As above.
    pub async fn open(&mut self, cx: &Context, message: Message) -> Result<Message, Fault> {
        let Some(sealed) = &message.sealed else { return Ok(message) };
        let key = self.key(cx, &sealed.queue, &sealed.data_key).await?;
        let broken = || Trouble::new(format!("a message of {} cannot be decrypted", sealed.queue));
        let (body, attributes) = sealed.open(key).ok_or_else(broken)?;
        Ok(Message { body, attributes, sealed: None, ..message })
    }

    async fn key(&mut self, cx: &Context, queue: &str, blob: &[u8]) -> Result<&[u8], Fault> {
        if !self.0.contains_key(blob) {
            let plain = decrypt(cx, queue, blob).await?;
            self.0.insert(blob.to_vec(), plain);
        }
        Ok(self.0.get(blob).map(Vec::as_slice).unwrap_or_default())
    }
}

impl Sealing {
    /// The message as it is kept.
    ///
    /// # Errors
    /// KMS's data key is none.
    pub fn seal(&self, message: Message) -> Result<Message, Trouble> {
        let cannot = |_| Trouble::new("a message cannot be encrypted");
        let nonce = kogumo_base::random_bytes::<NONCE_LEN>();
        let plain = serde_json::to_vec(&(&message.body, &message.attributes));
        let mut sealed = plain.map_err(|error| Trouble::from_cause("a message cannot be written", error))?;
        cipher(&self.plain)
            .ok_or_else(|| Trouble::new("the data key of a queue is no key"))?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(&self.queue), &mut sealed)
            .map_err(cannot)?;
        let contents = [nonce.as_slice(), &sealed].concat();
        let sealed = Sealed { queue: self.queue.clone(), data_key: self.blob.clone(), contents };
        Ok(Message { body: String::new(), attributes: BTreeMap::new(), sealed: Some(sealed), ..message })
    }
}

impl Sealed {
    fn open(&self, key: &[u8]) -> Option<(String, Attributes)> {
        let (nonce, sealed) = self.contents.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = sealed.to_vec();
        let plain = cipher(key)?.open_in_place(nonce, aad(&self.queue), &mut bytes).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

/// What a ciphertext is bound to: a message that a move gives another id keeps its queue.
fn aad(queue: &str) -> Aad<&[u8]> {
    Aad::from(queue.as_bytes())
}

fn cipher(key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

async fn decrypt(cx: &Context, queue: &str, blob: &[u8]) -> Result<Vec<u8>, Fault> {
    let region = Arn::parse(queue).map(|arn| arn.region).unwrap_or_default();
    let request = kms::DecryptRequest {
        ciphertext_blob: Some(blob.to_vec().into()),
        encryption_context: Some(context(queue)),
        ..Default::default()
    };
    let opened = client(cx, &region).call::<kms::Decrypt>(request).await.map_err(told)?;
    Ok(opened.plaintext.unwrap_or_default().to_vec())
}

/// KMS where the queue is, for who calls.
fn client(cx: &Context, region: &str) -> Client {
    let caller = cx.caller.through("sqs.amazonaws.com");
    let scope = Scope::new(caller.account(), region);
    Client::new(cx.cloud.clone(), Caller { scope, ..caller })
}

fn context(queue: &str) -> BTreeMap<String, String> {
    [("aws:sqs:arn".to_owned(), queue.to_owned())].into()
}

/// A key's name is meant in the queue's account, whoever sends.
fn whole(key: &str, at: &Scope) -> String {
    match key {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => Arn::new("kms", &at.region, &at.account, alias).to_string(),
        id => Arn::new("kms", &at.region, &at.account, format!("key/{id}")).to_string(),
    }
}

/// KMS's errors as SQS passes them on.
fn told(fault: Fault) -> Fault {
    let code = fault.code(Protocol::Json11).to_owned();
    let error = match code.as_str() {
        "AccessDeniedException" => &KMS_ACCESS_DENIED,
        "DisabledException" => &KMS_DISABLED,
        "NotFoundException" => &KMS_NOT_FOUND,
        "KMSInvalidStateException" => &KMS_INVALID_STATE,
        "InvalidKeyUsageException" => &KMS_INVALID_KEY_USAGE,
        "ThrottlingException" => &KMS_THROTTLED,
        _ => return fault,
    };
    error.because(format!("{} (Service: AWSKMS; Status Code: 400; Error Code: {code})", fault.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Attribute, Value};

    fn message() -> Message {
        let attribute = Attribute { data_type: "Binary".to_owned(), value: Value::Binary(vec![0, 255]) };
        Message {
            id: "id".to_owned(),
            body: "秘密".to_owned(),
            attributes: [("a".to_owned(), attribute)].into(),
            trace: None,
            sender: String::new(),
            sent: Timestamp(0),
            sequence: 1,
            group: None,
            deduplication: None,
            source: None,
            receives: 0,
            first_received: None,
            visible: Timestamp(0),
            receipt: 0,
            sealed: None,
        }
    }

    #[test]
    fn what_is_sealed_opens_under_its_key_and_for_its_queue() {
        let sealing = Sealing { queue: "arn:a".to_owned(), blob: b"blob".to_vec(), plain: vec![7; 32] };
        let kept = sealing.seal(message()).expect("sealed");
        assert!(kept.body.is_empty() && kept.attributes.is_empty());
        let sealed = kept.sealed.expect("contents");
        let plain = message();
        assert_eq!(sealed.open(&[7; 32]), Some((plain.body, plain.attributes)));
        assert_eq!(sealed.open(&[8; 32]), None);
        assert_eq!(Sealed { queue: "arn:b".to_owned(), ..sealed.clone() }.open(&[7; 32]), None);
        assert!((0..sealed.contents.len()).all(|end| {
            Sealed { contents: sealed.contents[..end].to_vec(), ..sealed.clone() }.open(&[7; 32]).is_none()
        }));
    }

    #[test]
    fn names_of_keys_are_the_queues_accounts() {
        let at = Scope::new("111122223333", "eu-west-1");
        assert_eq!(whole("alias/aws/sqs", &at), "arn:aws:kms:eu-west-1:111122223333:alias/aws/sqs");
        assert_eq!(whole("1234", &at), "arn:aws:kms:eu-west-1:111122223333:key/1234");
        assert_eq!(whole("arn:aws:kms:us-east-1:1:key/2", &at), "arn:aws:kms:us-east-1:1:key/2");
    }
}
