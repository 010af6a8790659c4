//! `AWS::EC2::KeyPair`. The private key of a pair that is made here goes to the parameter `/ec2/keypair/{id}`.

use serde_json::{Value, json};

use super::tagged::make;
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

fn parameter(id: &str) -> String {
    format!("/ec2/keypair/{id}")
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["KeyFormat", "KeyName", "KeyType", "PublicKeyMaterial", "Tags"])?;
    if w.again {
        // Its private half was told once, to whoever asked first.
        forget(h, &w.named("KeyName")).await?;
    }
    let name = w.named("KeyName");
    if let Some(material) = w.text("PublicKeyMaterial") {
        let mut input = w.pick(&["KeyName"]);
        input.insert("PublicKeyMaterial".into(), json!(base64(material)));
        let id = make(h, w, "ImportKeyPair", "key-pair", input, "/KeyPairId").await?;
        return made(h, &name, &id).await;
    }
    let mut input = w.pick(&["KeyFormat", "KeyName", "KeyType"]);
    let tags = w.list("Tags").to_vec();
    if !tags.is_empty() {
        input.insert("TagSpecifications".into(), json!([{"ResourceType": "key-pair", "Tags": tags}]));
    }
    let pair = h.call("ec2", "CreateKeyPair", Value::Object(input)).await?;
    let id = text_at(&pair, "/KeyPairId");
    let secret = json!({
        "Name": parameter(&id),
        "Type": "SecureString",
        "Value": text_at(&pair, "/KeyMaterial"),
        "Overwrite": true,
    });
    h.call("ssm", "PutParameter", secret).await.map_err(|failure| failure.after(&name))?;
    Ok(shown(&name, &id, &text_at(&pair, "/KeyFingerprint")))
}

/// A blob's text is base64 where a model is spoken to.
fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn shown(name: &str, id: &str, fingerprint: &str) -> Made {
    Made::new(name).attribute("KeyPairId", id).attribute("KeyFingerprint", fingerprint)
}

async fn made(h: &Hands, name: &str, id: &str) -> Result<Made, Failure> {
    let found = h.call("ec2", "DescribeKeyPairs", json!({"KeyNames": [name]})).await?;
    Ok(shown(name, id, &text_at(&found, "/KeyPairs/0/KeyFingerprint")))
}

async fn forget(h: &Hands, name: &str) -> Result<(), Failure> {
    let found = match h.call("ec2", "DescribeKeyPairs", json!({"KeyNames": [name]})).await {
        Err(failure) if failure.not_found => return Ok(()),
        found => found?,
    };
    h.remove("ssm", "DeleteParameter", json!({"Name": parameter(&text_at(&found, "/KeyPairs/0/KeyPairId"))})).await?;
    h.remove("ec2", "DeleteKeyPair", json!({"KeyName": name})).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    forget(h, &w.physical_id).await
}
