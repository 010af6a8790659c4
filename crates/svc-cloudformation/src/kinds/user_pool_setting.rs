//! Settings of user pools that are resources of their own: log delivery, looks, terms documents, threat protection.

use serde_json::{Map, Value, json};

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

const SERVICE: &str = "cognitoidp";

/// For this client they are the pool's.
const ALL: &str = "ALL";

/// What one operation sets, and sets back with less.
struct Setting {
    operation: &'static str,
    properties: &'static [&'static str],
}

fn setting(kind: &str) -> Option<Setting> {
    Some(match kind {
        "AWS::Cognito::LogDeliveryConfiguration" => {
            Setting { operation: "SetLogDeliveryConfiguration", properties: &["UserPoolId", "LogConfigurations"] }
        }
        "AWS::Cognito::UserPoolUICustomizationAttachment" => {
            Setting { operation: "SetUICustomization", properties: &["UserPoolId", "ClientId", "CSS"] }
        }
        "AWS::Cognito::UserPoolRiskConfigurationAttachment" => Setting {
            operation: "SetRiskConfiguration",
            properties: &[
                "UserPoolId",
                "ClientId",
                "AccountTakeoverRiskConfiguration",
                "CompromisedCredentialsRiskConfiguration",
                "RiskExceptionConfiguration",
            ],
        },
        _ => return None,
    })
}

impl Setting {
    /// The request that sets what these properties say.
    fn input(&self, w: &Work, names: &[&str]) -> Value {
        let mut input = w.pick(names);
        if input.get("ClientId").and_then(Value::as_str) == Some(ALL) {
            input.remove("ClientId");
        }
        if self.operation == "SetLogDeliveryConfiguration" {
            input.entry("LogConfigurations").or_insert_with(|| json!([]));
        }
        Value::Object(input)
    }
}

/// What is made, known by an id, changed and taken away.
struct Document {
    /// The operations' common word.
    word: &'static str,
    /// Where the answer to making it has it.
    answer: &'static str,
    id: &'static str,
    properties: &'static [&'static str],
}

fn document(kind: &str) -> Result<Document, Failure> {
    match kind {
        "AWS::Cognito::ManagedLoginBranding" => Ok(Document {
            word: "ManagedLoginBranding",
            answer: "ManagedLoginBranding",
            id: "ManagedLoginBrandingId",
            properties: &["UserPoolId", "ClientId", "UseCognitoProvidedValues", "Settings", "Assets"],
        }),
        "AWS::Cognito::Terms" => Ok(Document {
            word: "Terms",
            answer: "Terms",
            id: "TermsId",
            properties: &["UserPoolId", "ClientId", "TermsName", "TermsSource", "Enforcement", "Links"],
        }),
        _ => Err(Failure::new(format!("{kind} is not implemented by Kogumo"))),
    }
}

/// `us-east-1_abc|0b5b8a3e-…`: the pool and the document.
fn physical_id(w: &Work, id: &str) -> String {
    format!("{}|{id}", w.text("UserPoolId").unwrap_or_default())
}

fn id_of(w: &Work) -> &str {
    w.physical_id.split_once('|').map_or(&w.physical_id, |(_, id)| id)
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if let Some(setting) = setting(&w.kind) {
        return set(h, w, &setting).await;
    }
    let document = document(&w.kind)?;
    w.only(&[document.properties, &["ReturnMergedResources"]].concat())?;
    let input = Value::Object(w.pick(document.properties));
    let made = h.call(SERVICE, &format!("Create{}", document.word), input).await?;
    let id = text_at(&made, &format!("/{}/{}", document.answer, document.id));
    Ok(Made::new(physical_id(w, &id)).attribute(document.id, id))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if let Some(setting) = setting(&w.kind) {
        return set(h, w, &setting).await;
    }
    let document = document(&w.kind)?;
    w.only(&[document.properties, &["ReturnMergedResources"]].concat())?;
    let mut input: Map<String, Value> = w.pick(document.properties);
    input.remove("ClientId");
    let input = with(input, [(document.id, json!(id_of(w)))]);
    h.call(SERVICE, &format!("Update{}", document.word), input).await?;
    Ok(super::unchanged(w))
}

async fn set(h: &Hands, w: &Work, setting: &Setting) -> Result<Made, Failure> {
    w.only(setting.properties)?;
    h.call(SERVICE, setting.operation, setting.input(w, setting.properties)).await?;
    let pool = w.text("UserPoolId").unwrap_or_default();
    Ok(match w.text("ClientId") {
        Some(client) => Made::new(format!("{pool}|{client}")),
        None => Made::new(pool).attribute("Id", pool),
    })
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    if let Some(setting) = setting(&w.kind) {
        return h.remove(SERVICE, setting.operation, setting.input(w, &["UserPoolId", "ClientId"])).await;
    }
    let document = document(&w.kind)?;
    let input = json!({ "UserPoolId": w.get("UserPoolId"), document.id: id_of(w) });
    h.remove(SERVICE, &format!("Delete{}", document.word), input).await
}
