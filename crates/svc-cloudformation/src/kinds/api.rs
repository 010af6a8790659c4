//! `AWS::ApiGateway::RestApi` and the parts of an API that aren't methods or stages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_model::s3::{GetObject, GetObjectRequest};
use serde_json::{Map, Value, json};

use super::hands::{Hands, document, tag_map, text_at, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 13] = [
    "Name",
    "Description",
    "ApiKeySourceType",
    "BinaryMediaTypes",
    "Body",
    "BodyS3Location",
    "DisableExecuteApiEndpoint",
    "EndpointConfiguration",
    "FailOnWarnings",
    "MinimumCompressionSize",
    "Mode",
    "Parameters",
    "Policy",
];

/// The largest definition that API Gateway imports, in bytes.
const LARGEST_DEFINITION: u64 = 6 << 20;

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&PROPERTIES[..], &["Tags"]].concat())?;
    let body = definition(h, w).await?;
    let title = body
        .as_ref()
        .and_then(|text| serde_json::from_slice::<Value>(text).ok())
        .map(|body| text_at(&body, "/info/title"));
    let name = w.text("Name").map(str::to_owned).or(title.filter(|title| !title.is_empty()));
    let name = name.ok_or_else(|| Failure::new("API Name may not be empty"))?;
    let tags = if w.list("Tags").is_empty() { Value::Null } else { tag_map(w.list("Tags")) };
    let input = json!({
        "name": name,
        "description": w.get("Description"),
        "apiKeySource": w.get("ApiKeySourceType"),
        "binaryMediaTypes": w.get("BinaryMediaTypes"),
        "disableExecuteApiEndpoint": w.get("DisableExecuteApiEndpoint"),
        "endpointConfiguration": endpoint(w.get("EndpointConfiguration")),
        "minimumCompressionSize": w.get("MinimumCompressionSize"),
        "policy": document(w.get("Policy")),
        "tags": tags,
    });
    let made = h.call("apigateway", "CreateRestApi", input).await?;
    let id = text_at(&made, "/id");
    let later = async {
        import(h, w, &id, body).await?;
        described(h, &id).await
    };
    later.await.map_err(|failure| failure.after(&id))
}

fn endpoint(given: &Value) -> Value {
    match given {
        Value::Null => Value::Null,
        given => with(
            Map::new(),
            [
                ("types", given["Types"].clone()),
                ("vpcEndpointIds", given["VpcEndpointIds"].clone()),
                ("ipAddressType", given["IpAddressType"].clone()),
            ],
        ),
    }
}

/// The API's definition, as JSON or YAML text.
async fn definition(h: &Hands, w: &Work) -> Result<Option<Vec<u8>>, Failure> {
    if let Value::String(text) = document(w.get("Body")) {
        return Ok(Some(text.into_bytes()));
    }
    let place = w.get("BodyS3Location");
    if place.is_null() {
        return Ok(None);
    }
    let request = GetObjectRequest {
        bucket: text_at(place, "/Bucket"),
        key: text_at(place, "/Key"),
        version_id: place["Version"].as_str().map(str::to_owned),
        ..GetObjectRequest::default()
    };
    let found = h.client.call::<GetObject>(request).await.map_err(|fault| Failure::new(fault.message))?;
    let bytes = found.body.collect(LARGEST_DEFINITION).await;
    bytes.map(|bytes| Some(bytes.to_vec())).map_err(|_| Failure::new("The API's definition is too large"))
}

async fn import(h: &Hands, w: &Work, id: &str, body: Option<Vec<u8>>) -> Result<(), Failure> {
    let Some(body) = body else { return Ok(()) };
    let parameters = match w.get("Parameters") {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    let mode = w.text("Mode").unwrap_or("overwrite");
    let input = json!({"restApiId": id, "mode": mode, "failOnWarnings": w.get("FailOnWarnings"), "parameters": parameters, "body": STANDARD.encode(body)});
    let done = h.call("apigateway", "PutRestApi", input).await?;
    match w.text("Name") {
        // The definition's title isn't the name, where one is given.
        Some(name) if done["name"] != name => patch(h, id, vec![replace("/name", name)]).await,
        _ => Ok(()),
    }
}

fn replace(path: &str, value: &str) -> Value {
    json!({"op": "replace", "path": path, "value": value})
}

async fn patch(h: &Hands, id: &str, operations: Vec<Value>) -> Result<(), Failure> {
    if operations.is_empty() {
        return Ok(());
    }
    h.call("apigateway", "UpdateRestApi", json!({"restApiId": id, "patchOperations": operations})).await.map(drop)
}

async fn described(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call("apigateway", "GetRestApi", json!({"restApiId": id})).await?;
    let mut root = text_at(&found, "/rootResourceId");
    if root.is_empty() {
        let resources = h.call("apigateway", "GetResources", json!({"restApiId": id, "limit": 500})).await?;
        let top = resources["items"].as_array().into_iter().flatten().find(|resource| resource["path"] == "/");
        root = top.map(|resource| text_at(resource, "/id")).unwrap_or_default();
    }
    Ok(Made::new(id).attribute("RestApiId", id).attribute("RootResourceId", root))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&PROPERTIES[..], &["Tags"]].concat())?;
    let id = w.physical_id.as_str();
    let mut operations = Vec::new();
    for (property, path) in [
        ("Name", "/name"),
        ("Description", "/description"),
        ("ApiKeySourceType", "/apiKeySource"),
        ("DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint"),
        ("MinimumCompressionSize", "/minimumCompressionSize"),
        ("Policy", "/policy"),
    ] {
        if w.changed(property) {
            let text = match document(w.get(property)) {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            operations.push(replace(path, &text));
        }
    }
    let (lost, gained) = w.list_changes("BinaryMediaTypes");
    let media = |op: &str, kind: &Value| {
        let kind = kind.as_str().unwrap_or_default().replace('~', "~0").replace('/', "~1");
        json!({"op": op, "path": format!("/binaryMediaTypes/{kind}")})
    };
    operations.extend(lost.iter().map(|kind| media("remove", kind)));
    operations.extend(gained.iter().map(|kind| media("add", kind)));
    if w.changed("EndpointConfiguration") {
        let (old, new) = (&w.was("EndpointConfiguration")["Types"][0], &w.get("EndpointConfiguration")["Types"][0]);
        let (old, new) = (old.as_str().unwrap_or("EDGE"), new.as_str().unwrap_or("EDGE"));
        if old != new {
            operations.push(replace(&format!("/endpointConfiguration/types/{old}"), new));
        }
    }
    patch(h, id, operations).await?;
    if ["Body", "BodyS3Location", "Parameters", "Mode"].iter().any(|property| w.changed(property)) {
        let body = definition(h, w).await?;
        import(h, w, id, body).await?;
    }
    retag(h, w, &format!("/restapis/{id}")).await?;
    described(h, id).await
}

/// Tags of API Gateway's things; their ARNs have no account.
pub async fn retag(h: &Hands, w: &Work, path: &str) -> Result<(), Failure> {
    let (gone, new) = w.tag_changes("Tags");
    let arn = format!("arn:aws:apigateway:{}::{path}", h.scope.region);
    if !gone.is_empty() {
        h.call("apigateway", "UntagResource", json!({"resourceArn": arn, "tagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("apigateway", "TagResource", json!({"resourceArn": arn, "tags": tag_map(&new)})).await?;
    }
    Ok(())
}

pub async fn create_resource(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = json!({"restApiId": w.get("RestApiId"), "parentId": w.get("ParentId"), "pathPart": w.get("PathPart")});
    let made = h.call("apigateway", "CreateResource", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("ResourceId", id))
}

/// Deletes a part of an API that is known by one id.
pub async fn delete_part(h: &Hands, w: &Work, operation: &str, id: &'static str) -> Result<(), Failure> {
    let input = with(Map::new(), [("restApiId", w.get("RestApiId").clone()), (id, json!(w.physical_id))]);
    h.remove("apigateway", operation, input).await
}

pub async fn create_authorizer(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[
        "RestApiId",
        "Name",
        "Type",
        "ProviderARNs",
        "AuthType",
        "AuthorizerUri",
        "AuthorizerCredentials",
        "IdentitySource",
        "IdentityValidationExpression",
        "AuthorizerResultTtlInSeconds",
    ])?;
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "name": w.get("Name"),
        "type": w.get("Type"),
        "providerARNs": w.get("ProviderARNs"),
        "authType": w.get("AuthType"),
        "authorizerUri": w.get("AuthorizerUri"),
        "authorizerCredentials": w.get("AuthorizerCredentials"),
        "identitySource": w.get("IdentitySource"),
        "identityValidationExpression": w.get("IdentityValidationExpression"),
        "authorizerResultTtlInSeconds": w.get("AuthorizerResultTtlInSeconds"),
    });
    let made = h.call("apigateway", "CreateAuthorizer", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("AuthorizerId", id))
}

/// Patches for properties that are single values.
pub fn simple_patches(w: &Work, paths: &[(&str, &str)]) -> Vec<Value> {
    let changed = paths.iter().filter(|(property, _)| w.changed(property));
    changed
        .map(|(property, path)| match w.get(property) {
            Value::Null => json!({"op": "remove", "path": path}),
            Value::String(text) => replace(path, text),
            other => replace(path, &other.to_string()),
        })
        .collect()
}

pub async fn update_authorizer(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let mut operations = simple_patches(
        w,
        &[
            ("Name", "/name"),
            ("Type", "/type"),
            ("AuthType", "/authType"),
            ("AuthorizerUri", "/authorizerUri"),
            ("AuthorizerCredentials", "/authorizerCredentials"),
            ("IdentitySource", "/identitySource"),
            ("IdentityValidationExpression", "/identityValidationExpression"),
            ("AuthorizerResultTtlInSeconds", "/authorizerResultTtlInSeconds"),
        ],
    );
    let (lost, gained) = w.list_changes("ProviderARNs");
    operations.extend(lost.iter().map(|arn| json!({"op": "remove", "path": "/providerARNs", "value": arn})));
    operations.extend(gained.iter().map(|arn| json!({"op": "add", "path": "/providerARNs", "value": arn})));
    let input = json!({"restApiId": w.get("RestApiId"), "authorizerId": w.physical_id, "patchOperations": operations});
    h.call("apigateway", "UpdateAuthorizer", input).await?;
    Ok(super::unchanged(w))
}

pub async fn create_model(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name: String = w.named("Name").chars().filter(char::is_ascii_alphanumeric).collect();
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "name": name,
        "description": w.get("Description"),
        "contentType": w.text("ContentType").unwrap_or("application/json"),
        "schema": document(w.get("Schema")),
    });
    h.make(w, "apigateway", "CreateModel", input).await?;
    Ok(Made::new(name))
}

pub async fn update_model(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let mut operations = simple_patches(w, &[("Description", "/description")]);
    if w.changed("Schema") {
        operations.push(replace("/schema", document(w.get("Schema")).as_str().unwrap_or_default()));
    }
    let input = json!({"restApiId": w.get("RestApiId"), "modelName": w.physical_id, "patchOperations": operations});
    h.call("apigateway", "UpdateModel", input).await?;
    Ok(super::unchanged(w))
}

pub async fn create_validator(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "name": w.get("Name"),
        "validateRequestBody": w.get("ValidateRequestBody"),
        "validateRequestParameters": w.get("ValidateRequestParameters"),
    });
    let made = h.call("apigateway", "CreateRequestValidator", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("RequestValidatorId", id))
}

pub async fn update_validator(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let operations = simple_patches(
        w,
        &[("ValidateRequestBody", "/validateRequestBody"), ("ValidateRequestParameters", "/validateRequestParameters")],
    );
    let input =
        json!({"restApiId": w.get("RestApiId"), "requestValidatorId": w.physical_id, "patchOperations": operations});
    h.call("apigateway", "UpdateRequestValidator", input).await?;
    Ok(super::unchanged(w))
}

pub async fn put_gateway_response(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "responseType": w.get("ResponseType"),
        "statusCode": w.get("StatusCode"),
        "responseParameters": w.get("ResponseParameters"),
        "responseTemplates": w.get("ResponseTemplates"),
    });
    h.call("apigateway", "PutGatewayResponse", input).await?;
    let id = if w.physical_id.is_empty() { &w.name } else { &w.physical_id };
    Ok(Made::new(id.as_str()).attribute("Id", id.as_str()))
}

pub async fn delete_gateway_response(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"restApiId": w.get("RestApiId"), "responseType": w.get("ResponseType")});
    h.remove("apigateway", "DeleteGatewayResponse", input).await
}
