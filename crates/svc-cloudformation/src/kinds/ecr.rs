//! `AWS::ECR::Repository`.

use serde_json::{Value, json};

use super::hands::{Hands, document, text_at, with};
use crate::world::{Failure, Made, Work};

const SAME: [&str; 3] = ["ImageTagMutability", "ImageTagMutabilityExclusionFilters", "Tags"];
const OWN: [&str; 6] = [
    "RepositoryName",
    "ImageScanningConfiguration",
    "LifecyclePolicy",
    "RepositoryPolicyText",
    "EncryptionConfiguration",
    "EmptyOnDelete",
];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &OWN].concat())?;
    let name = w.named("RepositoryName");
    let same = w.pick(&["ImageTagMutability"]);
    let tags = w.get("Tags").clone();
    let scanning = w.get("ImageScanningConfiguration");
    let scanning = if scanning.is_null() { Value::Null } else { json!({"scanOnPush": scanning["ScanOnPush"]}) };
    let encryption = w.get("EncryptionConfiguration");
    let encryption = match encryption {
        Value::Null => Value::Null,
        given => json!({"encryptionType": given["EncryptionType"], "kmsKey": given["KmsKey"]}),
    };
    let mutability = same.get("ImageTagMutability").cloned().unwrap_or_default();
    let own = serde_json::Map::from_iter([("repositoryName".to_owned(), json!(name))]);
    let input = with(
        own,
        [
            ("imageTagMutability", mutability),
            ("tags", tags),
            ("imageScanningConfiguration", scanning),
            ("encryptionConfiguration", encryption),
        ],
    );
    h.make(w, "ecr", "CreateRepository", input).await?;
    settled(h, w, &name).await.map_err(|failure| failure.after(&name))
}

async fn settled(h: &Hands, w: &Work, name: &str) -> Result<Made, Failure> {
    if w.changed("LifecyclePolicy") {
        match w.get("LifecyclePolicy") {
            Value::Null => h.remove("ecr", "DeleteLifecyclePolicy", json!({"repositoryName": name})).await?,
            policy => {
                let input = json!({"repositoryName": name, "lifecyclePolicyText": policy["LifecyclePolicyText"]});
                h.call("ecr", "PutLifecyclePolicy", input).await.map(drop)?;
            }
        }
    }
    if w.changed("RepositoryPolicyText") {
        match w.get("RepositoryPolicyText") {
            Value::Null => h.remove("ecr", "DeleteRepositoryPolicy", json!({"repositoryName": name})).await?,
            policy => {
                let input = json!({"repositoryName": name, "policyText": document(policy)});
                h.call("ecr", "SetRepositoryPolicy", input).await.map(drop)?;
            }
        }
    }
    described(h, name).await
}

pub async fn described(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h.call("ecr", "DescribeRepositories", json!({"repositoryNames": [name]})).await?;
    let repository = |part: &str| text_at(&found, &format!("/repositories/0/{part}"));
    Ok(Made::new(name)
        .attribute("Arn", repository("repositoryArn"))
        .attribute("RepositoryUri", repository("repositoryUri")))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &OWN].concat())?;
    let name = w.physical_id.as_str();
    if w.changed("ImageTagMutability") {
        let word = w.text("ImageTagMutability").unwrap_or("MUTABLE");
        let input = json!({"repositoryName": name, "imageTagMutability": word});
        h.call("ecr", "PutImageTagMutability", input).await?;
    }
    if w.changed("ImageScanningConfiguration") {
        let scan = w.get("ImageScanningConfiguration")["ScanOnPush"].as_bool().unwrap_or(false);
        let input = json!({"repositoryName": name, "imageScanningConfiguration": {"scanOnPush": scan}});
        h.call("ecr", "PutImageScanningConfiguration", input).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    let arn = h.arn("ecr", &format!("repository/{name}"));
    if !gone.is_empty() {
        h.call("ecr", "UntagResource", json!({"resourceArn": arn, "tagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("ecr", "TagResource", json!({"resourceArn": arn, "tags": new})).await?;
    }
    settled(h, w, name).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let force = w.get("EmptyOnDelete").as_bool().unwrap_or(false);
    h.remove("ecr", "DeleteRepository", json!({"repositoryName": w.physical_id, "force": force})).await
}
