//! `AWS::Cognito::IdentityPool` with its roles and principal tags.

use serde_json::{Map, Value, json};

use super::hands::{Hands, tag_map, text_at, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 9] = [
    "AllowClassicFlow",
    "AllowUnauthenticatedIdentities",
    "CognitoIdentityProviders",
    "DeveloperProviderName",
    "IdentityPoolName",
    "IdentityPoolTags",
    "OpenIdConnectProviderARNs",
    "SamlProviderARNs",
    "SupportedLoginProviders",
];

/// What creating and updating take of the properties.
fn described(w: &Work) -> Map<String, Value> {
    let mut input = w.pick(&[
        "AllowClassicFlow",
        "AllowUnauthenticatedIdentities",
        "CognitoIdentityProviders",
        "DeveloperProviderName",
        "OpenIdConnectProviderARNs",
        "SamlProviderARNs",
    ]);
    input.insert("IdentityPoolName".into(), json!(w.named("IdentityPoolName")));
    if !w.get("IdentityPoolTags").is_null() {
        input.insert("IdentityPoolTags".into(), tag_map(w.list("IdentityPoolTags")));
    }
    match w.get("SupportedLoginProviders") {
        Value::Null => {}
        Value::String(text) => {
            input.insert("SupportedLoginProviders".into(), serde_json::from_str(text).unwrap_or_default());
        }
        providers => {
            input.insert("SupportedLoginProviders".into(), providers.clone());
        }
    }
    input
}

fn made(pool: &Value) -> Made {
    let id = text_at(pool, "/IdentityPoolId");
    Made::new(id.as_str()).attribute("Id", id).attribute("Name", text_at(pool, "/IdentityPoolName"))
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let pool = h.call("cognitoidentity", "CreateIdentityPool", Value::Object(described(w))).await?;
    Ok(made(&pool))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let input = with(described(w), [("IdentityPoolId", json!(w.physical_id))]);
    let pool = h.call("cognitoidentity", "UpdateIdentityPool", input).await?;
    Ok(made(&pool))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("cognitoidentity", "DeleteIdentityPool", json!({"IdentityPoolId": w.physical_id})).await
}

/// The roles of a pool. The template's names of mappings are any; the provider stands within.
pub async fn put_roles(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["IdentityPoolId", "Roles", "RoleMappings"])?;
    let mut mappings = Map::new();
    for (name, mapping) in w.get("RoleMappings").as_object().into_iter().flatten() {
        let mut mapping = mapping.as_object().cloned().unwrap_or_default();
        let provider = mapping.remove("IdentityProvider");
        let provider = provider.as_ref().and_then(Value::as_str).unwrap_or(name).to_owned();
        mappings.insert(provider, Value::Object(mapping));
    }
    let roles = w.get("Roles").as_object().cloned().unwrap_or_default();
    let input = json!({"IdentityPoolId": w.get("IdentityPoolId"), "Roles": roles, "RoleMappings": mappings});
    h.call("cognitoidentity", "SetIdentityPoolRoles", input).await?;
    let id = w.text("IdentityPoolId").unwrap_or_default();
    Ok(Made::new(id).attribute("Id", id))
}

pub async fn remove_roles(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"IdentityPoolId": w.get("IdentityPoolId"), "Roles": {}});
    h.remove("cognitoidentity", "SetIdentityPoolRoles", input).await
}

pub async fn put_principal_tags(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["IdentityPoolId", "IdentityProviderName", "PrincipalTags", "UseDefaults"])?;
    let input = w.pick(&["IdentityPoolId", "IdentityProviderName", "PrincipalTags", "UseDefaults"]);
    h.call("cognitoidentity", "SetPrincipalTagAttributeMap", Value::Object(input)).await?;
    let (pool, provider) = (w.text("IdentityPoolId"), w.text("IdentityProviderName"));
    Ok(Made::new(format!("{}|{}", pool.unwrap_or_default(), provider.unwrap_or_default())))
}

/// A map cannot be deleted, only emptied.
pub async fn remove_principal_tags(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = with(w.pick(&["IdentityPoolId", "IdentityProviderName"]), [("PrincipalTags", json!({}))]);
    h.remove("cognitoidentity", "SetPrincipalTagAttributeMap", input).await
}
