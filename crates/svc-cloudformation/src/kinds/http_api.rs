//! `AWS::ApiGatewayV2::Api` and its parts. Properties have the names of the operations' members.

use kogumo_model::s3::{GetObject, GetObjectRequest};
use serde_json::{Map, Value, json};

use super::hands::{Hands, document, text_at};
use crate::world::{Failure, Made, Work};

const SERVICE: &str = "apigatewayv2";

/// What `CreateApi` and `UpdateApi` take.
const API: [&str; 8] = [
    "Name",
    "Description",
    "Version",
    "CorsConfiguration",
    "DisableExecuteApiEndpoint",
    "CredentialsArn",
    "RouteKey",
    "Target",
];

/// The largest definition that API Gateway imports, in bytes.
const LARGEST_DEFINITION: u64 = 6 << 20;

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let more = ["ProtocolType", "RouteSelectionExpression", "Tags", "Body", "BodyS3Location", "FailOnWarnings"];
    w.only(&[&API[..], &more].concat())?;
    let made = match definition(h, w).await? {
        Some(body) => {
            h.call(SERVICE, "ImportApi", json!({"Body": body, "FailOnWarnings": w.get("FailOnWarnings")})).await?
        }
        None => {
            let members = [&API[..], &["ProtocolType", "RouteSelectionExpression", "Tags"]].concat();
            h.call(SERVICE, "CreateApi", Value::Object(w.pick(&members))).await?
        }
    };
    let id = text_at(&made, "/ApiId");
    let later = async {
        if definition(h, w).await?.is_some() {
            override_definition(h, w, &id).await?;
            retag(h, w, &format!("/apis/{id}")).await?;
        }
        described(h, &id).await
    };
    later.await.map_err(|failure| failure.after(&id))
}

/// What the template says beside a definition counts more than the definition.
async fn override_definition(h: &Hands, w: &Work, id: &str) -> Result<(), Failure> {
    let mut input = w.pick(&["Name", "Description", "Version", "CorsConfiguration", "DisableExecuteApiEndpoint"]);
    if input.is_empty() {
        return Ok(());
    }
    input.insert("ApiId".into(), json!(id));
    h.call(SERVICE, "UpdateApi", Value::Object(input)).await.map(drop)
}

/// The API's definition, as JSON or YAML text.
async fn definition(h: &Hands, w: &Work) -> Result<Option<String>, Failure> {
    if let Value::String(text) = document(w.get("Body")) {
        return Ok(Some(text));
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
    let bytes = bytes.map_err(|_| Failure::new("The API's definition is too large"))?;
    String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| Failure::new("The API's definition is not text"))
}

async fn described(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call(SERVICE, "GetApi", json!({"ApiId": id})).await?;
    Ok(Made::new(id).attribute("ApiId", id).attribute("ApiEndpoint", text_at(&found, "/ApiEndpoint")))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = w.physical_id.as_str();
    match definition(h, w).await? {
        Some(body) => {
            h.call(SERVICE, "ReimportApi", json!({"ApiId": id, "Body": body})).await?;
            override_definition(h, w, id).await?;
        }
        None => {
            let mut input = changed(w, &API);
            if w.changed("CorsConfiguration") && w.get("CorsConfiguration").is_null() {
                h.call(SERVICE, "DeleteCorsConfiguration", json!({"ApiId": id})).await?;
            }
            input.insert("ApiId".into(), json!(id));
            h.call(SERVICE, "UpdateApi", Value::Object(input)).await?;
        }
    }
    retag(h, w, &format!("/apis/{id}")).await?;
    described(h, id).await
}

/// Those of the properties that have changed and are still there.
fn changed(w: &Work, names: &[&str]) -> Map<String, Value> {
    let names: Vec<&str> = names.iter().copied().filter(|name| w.changed(name)).collect();
    w.pick(&names)
}

/// Tags are a map here; their ARNs have no account.
pub async fn retag(h: &Hands, w: &Work, path: &str) -> Result<(), Failure> {
    let arn = format!("arn:aws:apigateway:{}::{path}", h.scope.region);
    let (old, new) = (w.was("Tags"), w.get("Tags"));
    let gone: Vec<&String> = old
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
        .filter(|key| new.get(key.as_str()).is_none())
        .collect();
    if !gone.is_empty() {
        h.call(SERVICE, "UntagResource", json!({"ResourceArn": arn, "TagKeys": gone})).await?;
    }
    if new != old && new.is_object() {
        h.call(SERVICE, "TagResource", json!({"ResourceArn": arn, "Tags": new})).await?;
    }
    Ok(())
}

/// A part of an API: the noun in the operations' names, the member that is its id, the properties that can be
/// changed, and those that only its creation takes.
struct Part {
    noun: &'static str,
    id: &'static str,
    properties: &'static [&'static str],
    at_creation: &'static [&'static str],
}

/// The part that a resource type stands for.
fn part(kind: &str) -> Result<&'static Part, Failure> {
    static PARTS: [Part; 5] = [
        Part {
            noun: "Route",
            id: "RouteId",
            properties: &[
                "RouteKey",
                "Target",
                "AuthorizationType",
                "AuthorizerId",
                "AuthorizationScopes",
                "OperationName",
                "ApiKeyRequired",
            ],
            at_creation: &[],
        },
        Part {
            noun: "Integration",
            id: "IntegrationId",
            properties: &[
                "IntegrationType",
                "IntegrationMethod",
                "IntegrationUri",
                "PayloadFormatVersion",
                "TimeoutInMillis",
                "CredentialsArn",
                "Description",
                "ConnectionType",
                "IntegrationSubtype",
                "RequestParameters",
            ],
            at_creation: &[],
        },
        Part {
            noun: "Authorizer",
            id: "AuthorizerId",
            properties: &[
                "Name",
                "AuthorizerType",
                "AuthorizerUri",
                "AuthorizerCredentialsArn",
                "AuthorizerPayloadFormatVersion",
                "AuthorizerResultTtlInSeconds",
                "EnableSimpleResponses",
                "IdentitySource",
                "JwtConfiguration",
            ],
            at_creation: &[],
        },
        Part {
            noun: "Stage",
            id: "StageName",
            properties: &[
                "AutoDeploy",
                "DeploymentId",
                "Description",
                "StageVariables",
                "DefaultRouteSettings",
                "RouteSettings",
                "AccessLogSettings",
            ],
            at_creation: &["StageName", "Tags"],
        },
        Part { noun: "Deployment", id: "DeploymentId", properties: &[], at_creation: &["Description", "StageName"] },
    ];
    let noun = kind.rsplit(':').next().unwrap_or_default();
    let found = PARTS.iter().find(|part| part.noun == noun);
    found.ok_or_else(|| Failure::new(format!("{kind} is not implemented by Kogumo")))
}

pub async fn create_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let part = part(&w.kind)?;
    let names = [&["ApiId"], part.properties, part.at_creation].concat();
    w.only(&names)?;
    let made = h.make(w, SERVICE, &format!("Create{}", part.noun), Value::Object(w.pick(&names))).await?;
    let id = match text_at(&made, &format!("/{}", part.id)) {
        // Made by an earlier run of this step: only a stage's id is known before.
        id if id.is_empty() => w.text(part.id).unwrap_or_default().to_owned(),
        id => id,
    };
    Ok(Made::new(id.as_str()).attribute(part.id, id))
}

pub async fn update_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let part = part(&w.kind)?;
    let mut input = changed(w, part.properties);
    input.insert("ApiId".into(), w.get("ApiId").clone());
    input.insert(part.id.into(), json!(w.physical_id));
    if !part.properties.is_empty() {
        h.call(SERVICE, &format!("Update{}", part.noun), Value::Object(input)).await?;
    }
    if part.noun == "Stage" {
        let api = w.text("ApiId").unwrap_or_default();
        retag(h, w, &format!("/apis/{api}/stages/{}", w.physical_id)).await?;
    }
    Ok(super::unchanged(w))
}

pub async fn delete_part(h: &Hands, w: &Work) -> Result<(), Failure> {
    let part = part(&w.kind)?;
    let mut input = Map::from_iter([("ApiId".to_owned(), w.get("ApiId").clone())]);
    input.insert(part.id.into(), json!(w.physical_id));
    h.remove(SERVICE, &format!("Delete{}", part.noun), Value::Object(input)).await
}
