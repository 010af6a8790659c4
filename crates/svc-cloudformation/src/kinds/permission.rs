//! `AWS::Lambda::Permission` and `AWS::Lambda::LayerVersionPermission`.

use serde_json::{Value, json};

use super::function_parts::layer_of;
use super::hands::{Hands, with};
use crate::world::{Failure, Made, Work};

/// The statement's id is made up; it is the physical id.
pub async fn add(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let same = [
        "FunctionName",
        "Action",
        "Principal",
        "SourceArn",
        "SourceAccount",
        "EventSourceToken",
        "PrincipalOrgID",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
    ];
    w.only(&same)?;
    let input = with(w.pick(&same), [("StatementId", json!(w.name))]);
    h.make(w, "lambda", "AddPermission", input).await?;
    Ok(Made::new(w.name.as_str()).attribute("Id", w.name.as_str()))
}

pub async fn remove(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"FunctionName": w.get("FunctionName"), "StatementId": w.physical_id});
    h.remove("lambda", "RemovePermission", input).await
}

fn layer(w: &Work) -> Value {
    let (name, version) = layer_of(w.text("LayerVersionArn").unwrap_or_default());
    json!({"LayerName": name, "VersionNumber": version})
}

pub async fn add_to_layer(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["LayerVersionArn", "Action", "Principal", "OrganizationId"])?;
    let own = layer(w).as_object().cloned().unwrap_or_default();
    let all = own.into_iter().chain(w.pick(&["Action", "Principal", "OrganizationId"])).collect();
    h.make(w, "lambda", "AddLayerVersionPermission", with(all, [("StatementId", json!(w.name))])).await?;
    Ok(Made::new(w.name.as_str()).attribute("Id", w.name.as_str()))
}

pub async fn remove_from_layer(h: &Hands, w: &Work) -> Result<(), Failure> {
    let own = layer(w).as_object().cloned().unwrap_or_default();
    h.remove("lambda", "RemoveLayerVersionPermission", with(own, [("StatementId", json!(w.physical_id))])).await
}
