//! `AWS::ApiGateway::DocumentationPart` and `AWS::ApiGateway::DocumentationVersion`.

use serde_json::{Map, Value, json};

use super::api::simple_patches;
use super::hands::{Hands, document, text_at, with};
use crate::world::{Failure, Made, Work};

const SERVICE: &str = "apigateway";

pub async fn create_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Location", "Properties", "RestApiId"])?;
    let given = w.get("Location");
    let members =
        [("type", "Type"), ("path", "Path"), ("method", "Method"), ("statusCode", "StatusCode"), ("name", "Name")];
    let location = with(Map::new(), members.map(|(member, property)| (member, given[property].clone())));
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "location": location,
        "properties": document(w.get("Properties")),
    });
    let made = h.call(SERVICE, "CreateDocumentationPart", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("DocumentationPartId", id))
}

pub async fn update_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let operation = json!({"op": "replace", "path": "/properties", "value": document(w.get("Properties"))});
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "documentationPartId": w.physical_id,
        "patchOperations": [operation],
    });
    h.call(SERVICE, "UpdateDocumentationPart", input).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_part(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"restApiId": w.get("RestApiId"), "documentationPartId": w.physical_id});
    h.remove(SERVICE, "DeleteDocumentationPart", input).await
}

pub async fn create_version(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Description", "DocumentationVersion", "RestApiId"])?;
    let input = with(
        Map::new(),
        [
            ("restApiId", w.get("RestApiId").clone()),
            ("documentationVersion", w.get("DocumentationVersion").clone()),
            ("description", w.get("Description").clone()),
        ],
    );
    h.make(w, SERVICE, "CreateDocumentationVersion", input).await?;
    Ok(Made::new(w.text("DocumentationVersion").unwrap_or_default()))
}

pub async fn update_version(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let operations = simple_patches(w, &[("Description", "/description")]);
    let input = with(which(w), [("patchOperations", Value::Array(operations))]);
    h.call(SERVICE, "UpdateDocumentationVersion", input).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_version(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove(SERVICE, "DeleteDocumentationVersion", Value::Object(which(w))).await
}

fn which(w: &Work) -> Map<String, Value> {
    let members = [("restApiId", w.get("RestApiId").clone()), ("documentationVersion", json!(w.physical_id))];
    members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}
