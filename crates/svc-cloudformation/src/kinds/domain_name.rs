//! Custom domain names of REST and HTTP APIs, and what leads from them to APIs.

use serde_json::{Map, Value, json};

use super::api::{retag, simple_patches};
use super::hands::{Hands, tag_map, text_at, with};
use crate::world::{Failure, Made, Work};

const REST: &str = "apigateway";
const HTTP: &str = "apigatewayv2";

const DOMAIN: [&str; 6] =
    ["DomainName", "CertificateArn", "RegionalCertificateArn", "EndpointConfiguration", "SecurityPolicy", "Tags"];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&DOMAIN)?;
    let types = &w.get("EndpointConfiguration")["Types"];
    let endpoint = if types.is_null() { Value::Null } else { json!({"types": types}) };
    let input = with(
        Map::new(),
        [
            ("domainName", w.get("DomainName").clone()),
            ("certificateArn", w.get("CertificateArn").clone()),
            ("regionalCertificateArn", w.get("RegionalCertificateArn").clone()),
            ("endpointConfiguration", endpoint),
            ("securityPolicy", w.get("SecurityPolicy").clone()),
            ("tags", if w.list("Tags").is_empty() { Value::Null } else { tag_map(w.list("Tags")) }),
        ],
    );
    h.make(w, REST, "CreateDomainName", input).await?;
    described(h, w.text("DomainName").unwrap_or_default()).await
}

async fn described(h: &Hands, name: &str) -> Result<Made, Failure> {
    let domain = h.call(REST, "GetDomainName", json!({"domainName": name})).await?;
    let attributes = [
        ("DistributionDomainName", "/distributionDomainName"),
        ("DistributionHostedZoneId", "/distributionHostedZoneId"),
        ("DomainNameArn", "/domainNameArn"),
        ("RegionalDomainName", "/regionalDomainName"),
        ("RegionalHostedZoneId", "/regionalHostedZoneId"),
    ];
    let made = Made::new(text_at(&domain, "/domainName"));
    Ok(attributes.iter().fold(made, |made, (name, at)| match text_at(&domain, at) {
        text if text.is_empty() => made,
        text => made.attribute(name, text),
    }))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&DOMAIN)?;
    let paths = [
        ("CertificateArn", "/certificateArn"),
        ("RegionalCertificateArn", "/regionalCertificateArn"),
        ("SecurityPolicy", "/securityPolicy"),
    ];
    let mut operations = simple_patches(w, &paths);
    if w.changed("EndpointConfiguration") {
        let (old, new) = (&w.was("EndpointConfiguration")["Types"][0], &w.get("EndpointConfiguration")["Types"][0]);
        let path = format!("/endpointConfiguration/types/{}", old.as_str().unwrap_or("EDGE"));
        operations.push(json!({"op": "replace", "path": path, "value": new.as_str().unwrap_or("EDGE")}));
    }
    let input = json!({"domainName": w.physical_id, "patchOperations": operations});
    h.call(REST, "UpdateDomainName", input).await?;
    retag(h, w, &format!("/domainnames/{}", w.physical_id)).await?;
    described(h, &w.physical_id).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove(REST, "DeleteDomainName", json!({"domainName": w.physical_id})).await
}

const MAPPING: [&str; 4] = ["DomainName", "BasePath", "RestApiId", "Stage"];

/// How operations write a base path.
fn base_path(given: &Value) -> &str {
    given.as_str().filter(|path| !path.is_empty()).unwrap_or("(none)")
}

pub async fn create_mapping(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&MAPPING)?;
    let input = with(
        Map::new(),
        [
            ("domainName", w.get("DomainName").clone()),
            ("basePath", w.get("BasePath").clone()),
            ("restApiId", w.get("RestApiId").clone()),
            ("stage", w.get("Stage").clone()),
        ],
    );
    h.make(w, REST, "CreateBasePathMapping", input).await?;
    let name = w.text("DomainName").unwrap_or_default();
    Ok(Made::new(format!("{name}|{}", base_path(w.get("BasePath")))))
}

pub async fn update_mapping(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&MAPPING)?;
    let paths = [("RestApiId", "/restapiId"), ("Stage", "/stage")];
    let operations = simple_patches(w, &paths);
    let input = json!({
        "domainName": w.get("DomainName"),
        "basePath": base_path(w.get("BasePath")),
        "patchOperations": operations,
    });
    h.call(REST, "UpdateBasePathMapping", input).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_mapping(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"domainName": w.get("DomainName"), "basePath": base_path(w.get("BasePath"))});
    h.remove(REST, "DeleteBasePathMapping", input).await
}

const HTTP_DOMAIN: [&str; 3] = ["DomainName", "DomainNameConfigurations", "Tags"];

pub async fn create_http(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&HTTP_DOMAIN)?;
    h.make(w, HTTP, "CreateDomainName", Value::Object(w.pick(&HTTP_DOMAIN))).await?;
    described_http(h, w.text("DomainName").unwrap_or_default()).await
}

async fn described_http(h: &Hands, name: &str) -> Result<Made, Failure> {
    let domain = h.call(HTTP, "GetDomainName", json!({"DomainName": name})).await?;
    let of_first = |member: &str| text_at(&domain, &format!("/DomainNameConfigurations/0/{member}"));
    Ok(Made::new(text_at(&domain, "/DomainName"))
        .attribute("DomainNameArn", text_at(&domain, "/DomainNameArn"))
        .attribute("RegionalDomainName", of_first("ApiGatewayDomainName"))
        .attribute("RegionalHostedZoneId", of_first("HostedZoneId")))
}

pub async fn update_http(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&HTTP_DOMAIN)?;
    let input = w.pick(&["DomainName", "DomainNameConfigurations"]);
    h.call(HTTP, "UpdateDomainName", Value::Object(input)).await?;
    super::http_api::retag(h, w, &format!("/domainnames/{}", w.physical_id)).await?;
    described_http(h, &w.physical_id).await
}

pub async fn delete_http(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove(HTTP, "DeleteDomainName", json!({"DomainName": w.physical_id})).await
}

const HTTP_MAPPING: [&str; 4] = ["DomainName", "ApiId", "ApiMappingKey", "Stage"];

pub async fn create_http_mapping(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&HTTP_MAPPING)?;
    let made = h.call(HTTP, "CreateApiMapping", Value::Object(w.pick(&HTTP_MAPPING))).await?;
    let id = text_at(&made, "/ApiMappingId");
    Ok(Made::new(id.as_str()).attribute("ApiMappingId", id))
}

pub async fn update_http_mapping(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&HTTP_MAPPING)?;
    let key = w.text("ApiMappingKey").unwrap_or_default();
    let own = [("ApiMappingId", json!(w.physical_id)), ("ApiMappingKey", json!(key))];
    h.call(HTTP, "UpdateApiMapping", with(w.pick(&HTTP_MAPPING), own)).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_http_mapping(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"DomainName": w.get("DomainName"), "ApiMappingId": w.physical_id});
    h.remove(HTTP, "DeleteApiMapping", input).await
}
