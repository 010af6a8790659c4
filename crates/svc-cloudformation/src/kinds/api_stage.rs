//! `AWS::ApiGateway::Stage`, `Deployment`, `ApiKey`, `UsagePlan`, `UsagePlanKey`.

use serde_json::{Map, Value, json};

use super::api::{retag, simple_patches};
use super::hands::{Hands, tag_map, text_at, with};
use crate::world::{Failure, Made, Work};

const STAGE: [&str; 14] = [
    "RestApiId",
    "StageName",
    "DeploymentId",
    "Description",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "CanarySetting",
    "ClientCertificateId",
    "DocumentationVersion",
    "MethodSettings",
    "TracingEnabled",
    "Variables",
    "AccessLogSetting",
    "Tags",
];

fn tags(w: &Work) -> Value {
    if w.list("Tags").is_empty() { Value::Null } else { tag_map(w.list("Tags")) }
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&STAGE)?;
    let name = w.text("StageName").unwrap_or("default").to_owned();
    let canary = w.get("CanarySetting");
    let canary = if canary.is_null() {
        Value::Null
    } else {
        with(
            Map::new(),
            [
                ("deploymentId", canary["DeploymentId"].clone()),
                ("percentTraffic", canary["PercentTraffic"].clone()),
                ("stageVariableOverrides", canary["StageVariableOverrides"].clone()),
                ("useStageCache", canary["UseStageCache"].clone()),
            ],
        )
    };
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "stageName": name,
        "deploymentId": w.get("DeploymentId"),
        "description": w.get("Description"),
        "cacheClusterEnabled": w.get("CacheClusterEnabled"),
        "cacheClusterSize": w.get("CacheClusterSize"),
        "variables": w.get("Variables"),
        "documentationVersion": w.get("DocumentationVersion"),
        "canarySettings": canary,
        "tracingEnabled": w.get("TracingEnabled"),
        "tags": tags(w),
    });
    h.make(w, "apigateway", "CreateStage", input).await?;
    let mut operations = method_settings(w.get("MethodSettings"));
    operations.extend(simple_patches(w, &[("ClientCertificateId", "/clientCertificateId")]));
    operations.extend(access_log(w));
    patch(h, w, &name, operations).await.map_err(|failure| failure.after(&name))?;
    Ok(Made::new(name))
}

async fn patch(h: &Hands, w: &Work, stage: &str, operations: Vec<Value>) -> Result<(), Failure> {
    if operations.is_empty() {
        return Ok(());
    }
    let input = json!({"restApiId": w.get("RestApiId"), "stageName": stage, "patchOperations": operations});
    h.call("apigateway", "UpdateStage", input).await.map(drop)
}

fn replace(path: String, value: &Value) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    json!({"op": "replace", "path": path, "value": text})
}

fn access_log(w: &Work) -> Vec<Value> {
    if !w.changed("AccessLogSetting") {
        return Vec::new();
    }
    let setting = w.get("AccessLogSetting");
    if setting.is_null() {
        return vec![json!({"op": "remove", "path": "/accessLogSettings"})];
    }
    let parts = [("DestinationArn", "destinationArn"), ("Format", "format")];
    let given = parts.iter().filter(|(property, _)| !setting[*property].is_null());
    given.map(|(property, path)| replace(format!("/accessLogSettings/{path}"), &setting[*property])).collect()
}

/// `/{resource}/{method}/metrics/enabled` and the like, the slashes of the resource's path escaped.
fn method_settings(settings: &Value) -> Vec<Value> {
    const PATHS: [(&str, &str); 8] = [
        ("MetricsEnabled", "metrics/enabled"),
        ("LoggingLevel", "logging/loglevel"),
        ("DataTraceEnabled", "logging/dataTrace"),
        ("ThrottlingBurstLimit", "throttling/burstLimit"),
        ("ThrottlingRateLimit", "throttling/rateLimit"),
        ("CachingEnabled", "caching/enabled"),
        ("CacheTtlInSeconds", "caching/ttlInSeconds"),
        ("CacheDataEncrypted", "caching/dataEncrypted"),
    ];
    let mut operations = Vec::new();
    for setting in settings.as_array().into_iter().flatten() {
        let resource = setting["ResourcePath"].as_str().unwrap_or("/*");
        let method = setting["HttpMethod"].as_str().unwrap_or("*");
        let prefix = if resource == "/*" { "*".to_owned() } else { resource.replace('~', "~0").replace('/', "~1") };
        for (property, path) in PATHS {
            if !setting[property].is_null() {
                operations.push(replace(format!("/{prefix}/{method}/{path}"), &setting[property]));
            }
        }
    }
    operations
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&STAGE)?;
    if w.changed("CanarySetting") {
        return Err(Failure::new("Changing CanarySetting of AWS::ApiGateway::Stage is not implemented by Kogumo"));
    }
    let stage = w.physical_id.as_str();
    let mut operations = simple_patches(
        w,
        &[
            ("DeploymentId", "/deploymentId"),
            ("Description", "/description"),
            ("CacheClusterEnabled", "/cacheClusterEnabled"),
            ("CacheClusterSize", "/cacheClusterSize"),
            ("ClientCertificateId", "/clientCertificateId"),
            ("DocumentationVersion", "/documentationVersion"),
            ("TracingEnabled", "/tracingEnabled"),
        ],
    );
    let (empty, before, now) = (Map::new(), w.was("Variables").as_object(), w.get("Variables").as_object());
    let (before, now) = (before.unwrap_or(&empty), now.unwrap_or(&empty));
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        operations.push(json!({"op": "remove", "path": format!("/variables/{name}")}));
    }
    for (name, value) in now.iter().filter(|(name, value)| before.get(*name) != Some(value)) {
        operations.push(replace(format!("/variables/{name}"), value));
    }
    let (lost, gained) = w.list_changes("MethodSettings");
    for setting in lost {
        let same =
            |one: &&Value| one["ResourcePath"] == setting["ResourcePath"] && one["HttpMethod"] == setting["HttpMethod"];
        if w.list("MethodSettings").iter().find(same).is_none() {
            for operation in method_settings(&json!([setting])) {
                operations.push(json!({"op": "remove", "path": operation["path"]}));
            }
        }
    }
    operations.extend(method_settings(&Value::Array(gained)));
    operations.extend(access_log(w));
    patch(h, w, stage, operations).await?;
    retag(h, w, &format!("/restapis/{}/stages/{stage}", w.text("RestApiId").unwrap_or_default())).await?;
    Ok(super::unchanged(w))
}

/// A deployment may make its stage along with it.
pub async fn create_deployment(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["RestApiId", "Description", "StageName", "StageDescription"])?;
    let stage = w.get("StageDescription");
    let known =
        ["Description", "CacheClusterEnabled", "CacheClusterSize", "Variables", "TracingEnabled", "MethodSettings"];
    if let Some((name, _)) = stage.as_object().into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(Failure::new(format!(
            "{name} of StageDescription of AWS::ApiGateway::Deployment is not implemented by Kogumo"
        )));
    }
    let input = json!({
        "restApiId": w.get("RestApiId"),
        "description": w.get("Description"),
        "stageName": w.get("StageName"),
        "stageDescription": stage["Description"],
        "cacheClusterEnabled": stage["CacheClusterEnabled"],
        "cacheClusterSize": stage["CacheClusterSize"],
        "variables": stage["Variables"],
        "tracingEnabled": stage["TracingEnabled"],
    });
    let made = h.call("apigateway", "CreateDeployment", input).await?;
    let id = text_at(&made, "/id");
    if let Some(name) = w.text("StageName") {
        patch(h, w, name, method_settings(&stage["MethodSettings"])).await.map_err(|failure| failure.after(&id))?;
    }
    Ok(Made::new(id.as_str()).attribute("DeploymentId", id))
}

pub async fn update_deployment(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.changed("StageName") || w.changed("StageDescription") {
        return Err(Failure::new("Changing the stage of AWS::ApiGateway::Deployment is not implemented by Kogumo"));
    }
    let operations = simple_patches(w, &[("Description", "/description")]);
    if !operations.is_empty() {
        let input =
            json!({"restApiId": w.get("RestApiId"), "deploymentId": w.physical_id, "patchOperations": operations});
        h.call("apigateway", "UpdateDeployment", input).await?;
    }
    Ok(super::unchanged(w))
}

/// A stage that came with the deployment goes with it.
pub async fn delete_deployment(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (api, id) = (w.get("RestApiId"), &w.physical_id);
    if let Some(stage) = w.text("StageName") {
        let found = h.call("apigateway", "GetStage", json!({"restApiId": api, "stageName": stage})).await;
        if found.is_ok_and(|found| found["deploymentId"] == id.as_str()) {
            h.remove("apigateway", "DeleteStage", json!({"restApiId": api, "stageName": stage})).await?;
        }
    }
    h.remove("apigateway", "DeleteDeployment", json!({"restApiId": api, "deploymentId": id})).await
}

pub async fn create_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Name", "Description", "Enabled", "GenerateDistinctId", "Value", "StageKeys", "CustomerId", "Tags"])?;
    let stages: Vec<Value> = w
        .list("StageKeys")
        .iter()
        .map(|key| json!({"restApiId": key["RestApiId"], "stageName": key["StageName"]}))
        .collect();
    let input = json!({
        "name": w.named("Name"),
        "description": w.get("Description"),
        "enabled": w.get("Enabled"),
        "generateDistinctId": w.get("GenerateDistinctId"),
        "value": w.get("Value"),
        "stageKeys": if stages.is_empty() { Value::Null } else { stages.into() },
        "customerId": w.get("CustomerId"),
        "tags": tags(w),
    });
    let made = h.call("apigateway", "CreateApiKey", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("APIKeyId", id))
}

pub async fn update_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let paths = [("Description", "/description"), ("Enabled", "/enabled"), ("CustomerId", "/customerId")];
    let operations = simple_patches(w, &paths);
    h.call("apigateway", "UpdateApiKey", json!({"apiKey": w.physical_id, "patchOperations": operations})).await?;
    retag(h, w, &format!("/apikeys/{}", w.physical_id)).await?;
    Ok(super::unchanged(w))
}

fn plan_stage(stage: &Value) -> Value {
    json!({"apiId": stage["ApiId"], "stage": stage["Stage"]})
}

pub async fn create_plan(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["UsagePlanName", "Description", "ApiStages", "Throttle", "Quota", "Tags"])?;
    let lowered = |given: &Value| match given {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (first_lower(name), value.clone())).collect())
        }
        _ => Value::Null,
    };
    let stages: Vec<Value> = w.list("ApiStages").iter().map(plan_stage).collect();
    let input = json!({
        "name": w.named("UsagePlanName"),
        "description": w.get("Description"),
        "apiStages": if stages.is_empty() { Value::Null } else { stages.into() },
        "throttle": lowered(w.get("Throttle")),
        "quota": lowered(w.get("Quota")),
        "tags": tags(w),
    });
    let made = h.call("apigateway", "CreateUsagePlan", input).await?;
    let id = text_at(&made, "/id");
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

fn first_lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

fn stage_id(stage: &Value) -> String {
    format!("{}:{}", text_at(stage, "/ApiId"), text_at(stage, "/Stage"))
}

pub async fn update_plan(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let mut operations = simple_patches(w, &[("UsagePlanName", "/name"), ("Description", "/description")]);
    for (property, path) in [("Throttle", "throttle"), ("Quota", "quota")] {
        if w.changed(property) {
            match w.get(property) {
                Value::Object(members) => operations.extend(
                    members.iter().map(|(name, value)| replace(format!("/{path}/{}", first_lower(name)), value)),
                ),
                _ => operations.push(json!({"op": "remove", "path": format!("/{path}")})),
            }
        }
    }
    let (lost, gained) = w.list_changes("ApiStages");
    operations.extend(lost.iter().map(|stage| json!({"op": "remove", "path": "/apiStages", "value": stage_id(stage)})));
    operations.extend(gained.iter().map(|stage| json!({"op": "add", "path": "/apiStages", "value": stage_id(stage)})));
    if !operations.is_empty() {
        h.call("apigateway", "UpdateUsagePlan", json!({"usagePlanId": w.physical_id, "patchOperations": operations}))
            .await?;
    }
    retag(h, w, &format!("/usageplans/{}", w.physical_id)).await?;
    Ok(super::unchanged(w))
}

/// A plan lets go of its stages first.
pub async fn delete_plan(h: &Hands, w: &Work) -> Result<(), Failure> {
    let stages = w.list("ApiStages").iter();
    let operations: Vec<Value> =
        stages.map(|stage| json!({"op": "remove", "path": "/apiStages", "value": stage_id(stage)})).collect();
    if !operations.is_empty() {
        h.remove("apigateway", "UpdateUsagePlan", json!({"usagePlanId": w.physical_id, "patchOperations": operations}))
            .await?;
    }
    h.remove("apigateway", "DeleteUsagePlan", json!({"usagePlanId": w.physical_id})).await
}

pub async fn create_plan_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = json!({"usagePlanId": w.get("UsagePlanId"), "keyId": w.get("KeyId"), "keyType": w.get("KeyType")});
    h.make(w, "apigateway", "CreateUsagePlanKey", input).await?;
    let id = format!("{}:{}", w.text("KeyId").unwrap_or_default(), w.text("UsagePlanId").unwrap_or_default());
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

pub async fn delete_plan_key(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"usagePlanId": w.get("UsagePlanId"), "keyId": w.get("KeyId")});
    h.remove("apigateway", "DeleteUsagePlanKey", input).await
}
