//! `AWS::ApiGateway::Method`: a method with its integration and all responses, put as one.

use serde_json::{Map, Value, json};

use super::hands::{Hands, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 12] = [
    "RestApiId",
    "ResourceId",
    "HttpMethod",
    "ApiKeyRequired",
    "AuthorizationScopes",
    "AuthorizationType",
    "AuthorizerId",
    "Integration",
    "MethodResponses",
    "OperationName",
    "RequestModels",
    "RequestParameters",
];

/// Where the method is.
fn place(w: &Work) -> Map<String, Value> {
    Map::from_iter([
        ("restApiId".to_owned(), w.get("RestApiId").clone()),
        ("resourceId".to_owned(), w.get("ResourceId").clone()),
        ("httpMethod".to_owned(), w.get("HttpMethod").clone()),
    ])
}

/// `"true"` and `true` mean the same.
fn flags(given: &Value) -> Value {
    let Value::Object(members) = given else { return Value::Null };
    let flag = |value: &Value| value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"));
    Value::Object(members.iter().map(|(name, value)| (name.clone(), flag(value).into())).collect())
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&PROPERTIES[..], &["RequestValidatorId"]].concat())?;
    let input = with(
        place(w),
        [
            ("apiKeyRequired", w.get("ApiKeyRequired").clone()),
            ("authorizationScopes", w.get("AuthorizationScopes").clone()),
            ("authorizationType", json!(w.text("AuthorizationType").unwrap_or("NONE"))),
            ("authorizerId", w.get("AuthorizerId").clone()),
            ("operationName", w.get("OperationName").clone()),
            ("requestModels", w.get("RequestModels").clone()),
            ("requestParameters", flags(w.get("RequestParameters"))),
            ("requestValidatorId", w.get("RequestValidatorId").clone()),
        ],
    );
    h.make(w, "apigateway", "PutMethod", input).await?;
    let id = if w.physical_id.is_empty() { w.name.clone() } else { w.physical_id.clone() };
    responses(h, w).await.map_err(|failure| failure.after(&id))?;
    Ok(Made::new(id))
}

async fn responses(h: &Hands, w: &Work) -> Result<(), Failure> {
    for response in w.list("MethodResponses") {
        let input = with(
            place(w),
            [
                ("statusCode", response["StatusCode"].clone()),
                ("responseModels", response["ResponseModels"].clone()),
                ("responseParameters", flags(&response["ResponseParameters"])),
            ],
        );
        h.make(w, "apigateway", "PutMethodResponse", input).await?;
    }
    let integration = w.get("Integration");
    if integration.is_null() {
        return Ok(());
    }
    let input = with(
        place(w),
        [
            ("type", integration["Type"].clone()),
            ("integrationHttpMethod", integration["IntegrationHttpMethod"].clone()),
            ("uri", integration["Uri"].clone()),
            ("connectionType", integration["ConnectionType"].clone()),
            ("connectionId", integration["ConnectionId"].clone()),
            ("credentials", integration["Credentials"].clone()),
            ("requestParameters", integration["RequestParameters"].clone()),
            ("requestTemplates", integration["RequestTemplates"].clone()),
            ("passthroughBehavior", integration["PassthroughBehavior"].clone()),
            ("cacheNamespace", integration["CacheNamespace"].clone()),
            ("cacheKeyParameters", integration["CacheKeyParameters"].clone()),
            ("contentHandling", integration["ContentHandling"].clone()),
            ("timeoutInMillis", integration["TimeoutInMillis"].clone()),
            ("responseTransferMode", integration["ResponseTransferMode"].clone()),
            ("integrationTarget", integration["IntegrationTarget"].clone()),
        ],
    );
    h.make(w, "apigateway", "PutIntegration", input).await?;
    for response in integration["IntegrationResponses"].as_array().into_iter().flatten() {
        let input = with(
            place(w),
            [
                ("statusCode", response["StatusCode"].clone()),
                ("selectionPattern", response["SelectionPattern"].clone()),
                ("responseParameters", response["ResponseParameters"].clone()),
                ("responseTemplates", response["ResponseTemplates"].clone()),
                ("contentHandling", response["ContentHandling"].clone()),
            ],
        );
        h.make(w, "apigateway", "PutIntegrationResponse", input).await?;
    }
    Ok(())
}

/// A method is put anew: patches for each of its parts would come to the same.
pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    h.remove("apigateway", "DeleteMethod", place(w).into()).await?;
    create(h, w).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("apigateway", "DeleteMethod", place(w).into()).await
}
