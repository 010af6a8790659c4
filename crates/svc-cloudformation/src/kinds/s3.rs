//! `AWS::S3::Bucket` and `AWS::S3::BucketPolicy`.

use serde_json::{Value, json};

use super::hands::{Hands, document};
use super::s3_settings::{self, SETTINGS};
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    known(w)?;
    let name = w.named("BucketName");
    let region = h.scope.region.as_str();
    let place = if region == "us-east-1" { Value::Null } else { json!({"LocationConstraint": region}) };
    let lock = w.get("ObjectLockEnabled");
    let input =
        json!({"Bucket": name, "CreateBucketConfiguration": place, "ObjectLockEnabledForBucket": lock, "ACL": acl(w)});
    h.make(w, "s3", "CreateBucket", input).await?;
    s3_settings::apply(h, w, &name).await.map_err(|failure| failure.after(&name))?;
    Ok(made(h, &name))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    known(w)?;
    if w.changed("ObjectLockEnabled") {
        return Err(Failure::new("Changing ObjectLockEnabled of AWS::S3::Bucket is not implemented by Kogumo"));
    }
    if w.changed("AccessControl") {
        let acl = if acl(w).is_null() { json!("private") } else { acl(w) };
        h.call("s3", "PutBucketAcl", json!({"Bucket": w.physical_id, "ACL": acl})).await?;
    }
    s3_settings::apply(h, w, &w.physical_id).await?;
    Ok(made(h, &w.physical_id))
}

fn known(w: &Work) -> Result<(), Failure> {
    let own = ["BucketName", "AccessControl", "ObjectLockEnabled"];
    let settings = SETTINGS.iter().map(|setting| setting.property);
    w.only(&own.into_iter().chain(settings).collect::<Vec<_>>())
}

/// `PublicRead` is the API's `public-read`.
fn acl(w: &Work) -> Value {
    let Some(word) = w.text("AccessControl") else { return Value::Null };
    let mut kebab = String::new();
    for (at, letter) in word.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab.into()
}

fn made(h: &Hands, name: &str) -> Made {
    let region = &h.scope.region;
    let dash = matches!(
        region.as_str(),
        "us-east-1"
            | "us-west-1"
            | "us-west-2"
            | "ap-northeast-1"
            | "ap-southeast-1"
            | "ap-southeast-2"
            | "eu-west-1"
            | "sa-east-1"
    );
    let separator = if dash { '-' } else { '.' };
    Made::new(name)
        .attribute("Arn", format!("arn:aws:s3:::{name}"))
        .attribute("DomainName", format!("{name}.s3.amazonaws.com"))
        .attribute("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com"))
        .attribute("DualStackDomainName", format!("{name}.s3.dualstack.{region}.amazonaws.com"))
        .attribute("WebsiteURL", format!("http://{name}.s3-website{separator}{region}.amazonaws.com"))
}

pub async fn find(h: &Hands, name: &str) -> Result<Made, Failure> {
    h.call("s3", "HeadBucket", json!({"Bucket": name})).await?;
    Ok(made(h, name))
}

pub async fn put_policy(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let bucket = w.text("Bucket").unwrap_or_default();
    let input = json!({"Bucket": bucket, "Policy": document(w.get("PolicyDocument"))});
    h.call("s3", "PutBucketPolicy", input).await?;
    Ok(Made::new(bucket))
}
