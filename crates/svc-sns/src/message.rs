//! What is published: what may be in it, and what its subscribers read. Pure.
//! Source: Amazon SNS Developer Guide, "Amazon SNS message and JSON formats"; API Reference, Publish.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::Timestamp;
use kogumo_model::sns::MessageAttributeValue;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::encryption::Sealed;
use crate::record::invalid;

/// An attribute; the value of a binary one is in base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub data_type: String,
    pub value: String,
}

/// What has been published, for one protocol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub topic_arn: String,
    pub subject: Option<String>,
    pub text: String,
    pub attributes: BTreeMap<String, Attribute>,
    pub at: Timestamp,
    pub group: Option<String>,
    pub deduplication: Option<String>,
    pub sequence: Option<String>,
    /// It asks for a subscription's confirmation, with this token.
    pub token: Option<String>,
    /// The text, where the topic encrypts; it is empty above then.
    #[serde(default)]
    pub sealed: Option<Sealed>,
}

/// The largest message, in bytes with its attributes.
pub const LARGEST: usize = 262_144;

/// The texts of a message: the same for all protocols, or one for each.
pub fn texts(message: &str, structure: Option<&str>) -> Result<BTreeMap<String, String>, Fault> {
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    match structure {
        None => Ok(BTreeMap::from([("default".to_owned(), message.to_owned())])),
        Some("json") => {
            let parsed = serde_json::from_str(message);
            let Ok(Value::Object(object)) = parsed else {
                return Err(invalid("Message Structure - JSON message body failed to parse"));
            };
            let texts = object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            let texts: BTreeMap<String, String> = texts.collect();
            if texts.contains_key("default") {
                return Ok(texts);
            }
            Err(invalid("Message Structure - No default entry in JSON message body"))
        }
        Some(_) => Err(invalid("MessageStructure")),
    }
}

/// The text for a protocol.
pub fn text_for(texts: &BTreeMap<String, String>, protocol: &str) -> String {
    texts.get(protocol).or_else(|| texts.get("default")).cloned().unwrap_or_default()
}

pub fn check_subject(subject: Option<&str>) -> Result<(), Fault> {
    let Some(subject) = subject else { return Ok(()) };
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let first = subject.bytes().next().is_some_and(|byte| byte.is_ascii_graphic());
    if first && subject.len() <= 100 && subject.bytes().all(plain) { Ok(()) } else { Err(invalid("Subject")) }
}

/// Reads attributes.
///
/// # Errors
/// `InvalidParameter`, naming the attribute.
pub fn attributes(given: BTreeMap<String, MessageAttributeValue>) -> Result<BTreeMap<String, Attribute>, Fault> {
    given.into_iter().map(|(name, value)| Ok((name.clone(), attribute(&name, value)?))).collect()
}

fn attribute(name: &str, given: MessageAttributeValue) -> Result<Attribute, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 256 || !name.bytes().all(plain) || name.starts_with('.') || name.ends_with('.') {
        return Err(invalid(format!("Invalid attribute name: {name}")));
    }
    let kind = given.data_type.split('.').next().unwrap_or_default();
    let empty = || {
        invalid(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{kind}'."
        ))
    };
    let value = match kind {
        "Binary" => STANDARD.encode(given.binary_value.filter(|bytes| !bytes.is_empty()).ok_or_else(empty)?),
        "String" | "Number" => given.string_value.filter(|text| !text.is_empty()).ok_or_else(empty)?,
        _ => {
            let message = format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            );
            return Err(invalid(message));
        }
    };
    if kind == "Number" && !value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(invalid(format!("Could not cast message attribute '{name}' value to number.")));
    }
    let is_list = || matches!(serde_json::from_str(&value), Ok(Value::Array(_)));
    if given.data_type == "String.Array" && !is_list() {
        return Err(invalid(format!("The value of message attribute '{name}' is no list.")));
    }
    Ok(Attribute { data_type: given.data_type, value })
}

/// The bytes that count.
pub fn size(message: &str, attributes: &BTreeMap<String, Attribute>) -> usize {
    let of = |(name, it): (&String, &Attribute)| name.len() + it.data_type.len() + it.value.len();
    message.len() + attributes.iter().map(of).sum::<usize>()
}

/// Where subscribers find things.
#[derive(Clone, Debug, Default)]
pub struct Links {
    pub certificate: String,
    pub confirm: String,
    pub unsubscribe: String,
}

impl Message {
    pub fn kind(&self) -> &'static str {
        if self.token.is_some() { "SubscriptionConfirmation" } else { "Notification" }
    }

    /// What the signature is over.
    pub fn signed(&self, links: &Links) -> String {
        let at = self.at.iso_millis();
        let mut parts = vec![("Message", self.text.as_str()), ("MessageId", &self.id)];
        match &self.token {
            Some(token) => {
                parts.extend([("SubscribeURL", links.confirm.as_str()), ("Timestamp", &at), ("Token", token)])
            }
            None => {
                parts.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
                parts.push(("Timestamp", &at));
            }
        }
        parts.extend([("TopicArn", self.topic_arn.as_str()), ("Type", self.kind())]);
        parts.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }

    /// The envelope that queues and servers get.
    pub fn envelope(&self, links: &Links, signature: &str, version: &str) -> Value {
        let mut envelope = Map::new();
        let mut put = |name: &str, value: &str| envelope.insert(name.to_owned(), Value::from(value));
        put("Type", self.kind());
        put("MessageId", &self.id);
        if let Some(sequence) = &self.sequence {
            put("SequenceNumber", sequence);
        }
        if let Some(token) = &self.token {
            put("Token", token);
        }
        put("TopicArn", &self.topic_arn);
        if let Some(subject) = &self.subject {
            put("Subject", subject);
        }
        put("Message", &self.text);
        if self.token.is_some() {
            put("SubscribeURL", &links.confirm);
        }
        put("Timestamp", &self.at.iso_millis());
        put("SignatureVersion", version);
        put("Signature", signature);
        put("SigningCertURL", &links.certificate);
        if self.token.is_none() {
            put("UnsubscribeURL", &links.unsubscribe);
        }
        if !self.attributes.is_empty() {
            envelope.insert("MessageAttributes".to_owned(), self.shown_attributes());
        }
        Value::Object(envelope)
    }

    /// The event that functions get.
    pub fn event(&self, subscription: &str, links: &Links, signature: &str, version: &str) -> Value {
        json!({ "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "Sns": {
                "Type": self.kind(),
                "MessageId": self.id,
                "TopicArn": self.topic_arn,
                "Subject": self.subject,
                "Message": self.text,
                "Timestamp": self.at.iso_millis(),
                "SignatureVersion": version,
                "Signature": signature,
                "SigningCertUrl": links.certificate,
                "UnsubscribeUrl": links.unsubscribe,
                "MessageAttributes": self.shown_attributes(),
            },
        }]})
    }

    fn shown_attributes(&self) -> Value {
        let shown =
            |(name, it): (&String, &Attribute)| (name.clone(), json!({ "Type": it.data_type, "Value": it.value }));
        Value::Object(self.attributes.iter().map(shown).collect())
    }

    /// The attributes as SQS takes them, for raw delivery.
    pub fn queue_attributes(&self) -> Value {
        let shown = |(name, it): (&String, &Attribute)| {
            let member = if it.data_type.starts_with("Binary") { "BinaryValue" } else { "StringValue" };
            (name.clone(), json!({ "DataType": it.data_type, member: it.value }))
        };
        Value::Object(self.attributes.iter().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_protocol() {
        let given = texts(r#"{"default": "d", "sqs": "q"}"#, Some("json")).expect("texts");
        assert_eq!((text_for(&given, "sqs"), text_for(&given, "lambda")), ("q".to_owned(), "d".to_owned()));
        assert_eq!(text_for(&texts("plain", None).expect("a text"), "sqs"), "plain");
        for wrong in ["[]", "{", r#"{"sqs": "q"}"#, ""] {
            assert!(texts(wrong, Some("json")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_signed() {
        let message = Message { id: "i".into(), topic_arn: "t".into(), text: "m".into(), ..Message::default() };
        let at = "1970-01-01T00:00:00.000Z";
        assert_eq!(
            message.signed(&Links::default()),
            format!("Message\nm\nMessageId\ni\nTimestamp\n{at}\nTopicArn\nt\nType\nNotification\n")
        );
        let asking = Message { token: Some("k".into()), ..message };
        let links = Links { confirm: "u".into(), ..Links::default() };
        assert_eq!(
            asking.signed(&links),
            format!(
                "Message\nm\nMessageId\ni\nSubscribeURL\nu\nTimestamp\n{at}\nToken\nk\nTopicArn\nt\nType\nSubscriptionConfirmation\n"
            )
        );
    }

    #[test]
    fn subjects() {
        assert!(check_subject(Some("Hello, you!")).is_ok() && check_subject(None).is_ok());
        for wrong in ["", " a", "a\nb", "日本", &"x".repeat(101)] {
            assert!(check_subject(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
