//! What belongs to functions: `AWS::Lambda::Version`, `Alias`, `LayerVersion`, `EventInvokeConfig`, `Url`.

use serde_json::{Value, json};

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

pub async fn create_version(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["FunctionName", "Description", "CodeSha256"])?;
    let made = h
        .call("lambda", "PublishVersion", Value::Object(w.pick(&["FunctionName", "Description", "CodeSha256"])))
        .await?;
    let arn = text_at(&made, "/FunctionArn");
    Ok(Made::new(arn.as_str()).attribute("FunctionArn", arn).attribute("Version", text_at(&made, "/Version")))
}

pub async fn delete_version(h: &Hands, w: &Work) -> Result<(), Failure> {
    let version = w.physical_id.rsplit(':').next().unwrap_or_default();
    let input = json!({"FunctionName": w.get("FunctionName"), "Qualifier": version});
    h.remove("lambda", "DeleteFunction", input).await
}

fn routing(w: &Work) -> Value {
    let weights = w.get("RoutingConfig")["AdditionalVersionWeights"].as_array().cloned().unwrap_or_default();
    let pairs = weights.iter().map(|one| (text_at(one, "/FunctionVersion"), one["FunctionWeight"].clone()));
    if weights.is_empty() { Value::Null } else { json!({"AdditionalVersionWeights": Value::Object(pairs.collect())}) }
}

pub async fn create_alias(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig"])?;
    let input =
        with(w.pick(&["FunctionName", "Name", "FunctionVersion", "Description"]), [("RoutingConfig", routing(w))]);
    let made = h.make(w, "lambda", "CreateAlias", input).await?;
    let arn = match made.get("AliasArn").and_then(Value::as_str) {
        Some(arn) => arn.to_owned(),
        None => {
            text_at(&h.call("lambda", "GetAlias", Value::Object(w.pick(&["FunctionName", "Name"]))).await?, "/AliasArn")
        }
    };
    Ok(Made::new(arn.as_str()).attribute("AliasArn", arn))
}

pub async fn update_alias(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig"])?;
    let routing = match routing(w) {
        Value::Null if w.changed("RoutingConfig") => json!({"AdditionalVersionWeights": {}}),
        routing => routing,
    };
    let input = with(w.pick(&["FunctionName", "Name", "FunctionVersion", "Description"]), [("RoutingConfig", routing)]);
    h.call("lambda", "UpdateAlias", input).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_alias(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("lambda", "DeleteAlias", Value::Object(w.pick(&["FunctionName", "Name"]))).await
}

pub async fn create_layer(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["LayerName", "Content", "Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"])?;
    let same = w.pick(&["Content", "Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"]);
    let made =
        h.call("lambda", "PublishLayerVersion", with(same, [("LayerName", json!(w.named("LayerName")))])).await?;
    let arn = text_at(&made, "/LayerVersionArn");
    Ok(Made::new(arn.as_str()).attribute("LayerVersionArn", arn))
}

/// `arn:aws:lambda:region:account:layer:name:version`
pub fn layer_of(arn: &str) -> (String, i64) {
    let (layer, version) = arn.rsplit_once(':').unwrap_or((arn, ""));
    (layer.to_owned(), version.parse().unwrap_or_default())
}

pub async fn delete_layer(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (layer, version) = layer_of(&w.physical_id);
    h.remove("lambda", "DeleteLayerVersion", json!({"LayerName": layer, "VersionNumber": version})).await
}

pub async fn put_invoke_config(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let names = ["FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"];
    w.only(&names)?;
    h.call("lambda", "PutFunctionEventInvokeConfig", Value::Object(w.pick(&names))).await?;
    Ok(Made::new(if w.physical_id.is_empty() { &w.name } else { &w.physical_id }))
}

pub async fn delete_invoke_config(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("lambda", "DeleteFunctionEventInvokeConfig", Value::Object(w.pick(&["FunctionName", "Qualifier"]))).await
}

/// `TargetFunctionArn` may be a name.
fn url_input(w: &Work) -> Result<Value, Failure> {
    w.only(&["TargetFunctionArn", "Qualifier", "AuthType", "Cors", "InvokeMode"])?;
    let function = w.get("TargetFunctionArn").clone();
    Ok(with(w.pick(&["Qualifier", "AuthType", "Cors", "InvokeMode"]), [("FunctionName", function)]))
}

fn url(made: &Value) -> Made {
    let arn = text_at(made, "/FunctionArn");
    Made::new(arn.as_str()).attribute("FunctionArn", arn).attribute("FunctionUrl", text_at(made, "/FunctionUrl"))
}

pub async fn create_url(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match h.make(w, "lambda", "CreateFunctionUrlConfig", url_input(w)?).await? {
        Value::Null => update_url(h, w).await,
        made => Ok(url(&made)),
    }
}

pub async fn update_url(h: &Hands, w: &Work) -> Result<Made, Failure> {
    h.call("lambda", "UpdateFunctionUrlConfig", url_input(w)?).await.map(|made| url(&made))
}

pub async fn delete_url(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"FunctionName": w.get("TargetFunctionArn"), "Qualifier": w.get("Qualifier")});
    h.remove("lambda", "DeleteFunctionUrlConfig", input).await
}
