//! `AWS::Cognito::UserPool` and what belongs to a pool. The identity pools are a service of their own.

use serde_json::{Map, Value, json};

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

const SERVICE: &str = "cognitoidp";

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match w.kind.as_str() {
        "AWS::Cognito::UserPool" => create_pool(h, w).await,
        "AWS::Cognito::UserPoolClient" => create_client(h, w).await,
        _ => create_part(h, w).await,
    }
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match w.kind.as_str() {
        "AWS::Cognito::UserPool" => update_pool(h, w).await,
        "AWS::Cognito::UserPoolClient" => update_client(h, w).await,
        _ => update_part(h, w).await,
    }
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    match w.kind.as_str() {
        "AWS::Cognito::UserPool" => delete_pool(h, w).await,
        "AWS::Cognito::UserPoolClient" => delete_client(h, w).await,
        _ => delete_part(h, w).await,
    }
}

/// Properties of a pool that are settings by the same name.
const SAME: [&str; 18] = [
    "Policies",
    "DeletionProtection",
    "LambdaConfig",
    "AutoVerifiedAttributes",
    "SmsVerificationMessage",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "VerificationMessageTemplate",
    "SmsAuthenticationMessage",
    "UserAttributeUpdateSettings",
    "DeviceConfiguration",
    "EmailConfiguration",
    "SmsConfiguration",
    "UserPoolTags",
    "AdminCreateUserConfig",
    "UserPoolAddOns",
    "AccountRecoverySetting",
    "UserPoolTier",
];
/// Those that only a new pool takes.
const FIXED: [&str; 4] = ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "Schema"];
const OWN: [&str; 8] = [
    "UserPoolName",
    "MfaConfiguration",
    "EnabledMfas",
    "EmailAuthenticationMessage",
    "EmailAuthenticationSubject",
    "WebAuthnRelyingPartyID",
    "WebAuthnUserVerification",
    "WebAuthnFactorConfiguration",
];

async fn create_pool(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &FIXED, &OWN].concat())?;
    let names = [&SAME[..], &FIXED].concat();
    let input = with(w.pick(&names), [("PoolName", json!(w.named("UserPoolName")))]);
    let made = h.call(SERVICE, "CreateUserPool", input).await?;
    let id = text_at(&made, "/UserPool/Id");
    settled(h, w, &id).await.map_err(|failure| failure.after(&id))
}

async fn update_pool(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &FIXED, &OWN].concat())?;
    refuse_fixed(w)?;
    let id = &w.physical_id;
    let own = [("UserPoolId", json!(id)), ("PoolName", w.get("UserPoolName").clone())];
    h.call(SERVICE, "UpdateUserPool", with(w.pick(&SAME), own)).await?;
    let (old, new) = (w.was("Schema"), w.get("Schema"));
    let known =
        |attribute: &&Value| old.as_array().is_some_and(|old| old.iter().any(|one| one["Name"] == attribute["Name"]));
    let added: Vec<Value> =
        new.as_array().into_iter().flatten().filter(|attribute| !known(attribute)).cloned().collect();
    if !added.is_empty() {
        h.call(SERVICE, "AddCustomAttributes", json!({"UserPoolId": id, "CustomAttributes": added})).await?;
    }
    settled(h, w, id).await
}

/// What a pool is made with stays, and so do the attributes that its schema has. In AWS's words.
fn refuse_fixed(w: &Work) -> Result<(), Failure> {
    if let Some(name) = FIXED.iter().find(|name| **name != "Schema" && w.changed(name)) {
        return Err(Failure::new(format!("Updates are not allowed for property - {name}.")));
    }
    let new = w.get("Schema").as_array().map(Vec::as_slice).unwrap_or_default();
    let kept = |old: &Value| new.iter().any(|one| one == old);
    match w.was("Schema").as_array().is_none_or(|old| old.iter().all(kept)) {
        true => Ok(()),
        false => Err(Failure::new("Existing schema attributes cannot be modified or deleted.")),
    }
}

/// The second factors, which have an operation of their own, and what the pool answers for.
async fn settled(h: &Hands, w: &Work, id: &str) -> Result<Made, Failure> {
    if OWN.iter().filter(|name| **name != "UserPoolName").any(|name| w.changed(name)) {
        let factors = w.list("EnabledMfas");
        let has = |kind: &str| factors.iter().any(|factor| factor == kind);
        let sms = w.get("SmsConfiguration");
        let texts = has("SMS_MFA") || (factors.is_empty() && !sms.is_null());
        let mode = w.text("MfaConfiguration").unwrap_or("OFF");
        let input = json!({
            "UserPoolId": id,
            "MfaConfiguration": mode,
            "SmsMfaConfiguration": if texts && !sms.is_null() { json!({"SmsConfiguration": sms}) } else { Value::Null },
            "SoftwareTokenMfaConfiguration": if has("SOFTWARE_TOKEN_MFA") { json!({"Enabled": true}) } else { Value::Null },
            "EmailMfaConfiguration": if has("EMAIL_OTP") { email(w) } else { Value::Null },
            "WebAuthnConfiguration": passkeys(w),
        });
        h.call(SERVICE, "SetUserPoolMfaConfig", input).await?;
    }
    let found = h.call(SERVICE, "DescribeUserPool", json!({"UserPoolId": id})).await?;
    let name = format!("cognito-idp.{}.amazonaws.com/{id}", h.scope.region);
    Ok(Made::new(id)
        .attribute("Arn", text_at(&found, "/UserPool/Arn"))
        .attribute("UserPoolId", id)
        .attribute("ProviderURL", format!("https://{name}"))
        .attribute("ProviderName", name))
}

fn email(w: &Work) -> Value {
    let said = [("Message", "EmailAuthenticationMessage"), ("Subject", "EmailAuthenticationSubject")];
    with(Default::default(), said.map(|(member, property)| (member, w.get(property).clone())))
}

fn passkeys(w: &Work) -> Value {
    let said = [
        ("RelyingPartyId", "WebAuthnRelyingPartyID"),
        ("UserVerification", "WebAuthnUserVerification"),
        ("FactorConfiguration", "WebAuthnFactorConfiguration"),
    ];
    match said.iter().any(|(_, property)| !w.get(property).is_null()) {
        true => with(Default::default(), said.map(|(member, property)| (member, w.get(property).clone()))),
        false => Value::Null,
    }
}

async fn delete_pool(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove(SERVICE, "DeleteUserPool", json!({"UserPoolId": w.physical_id})).await
}

const CLIENT: [&str; 23] = [
    "UserPoolId",
    "ExplicitAuthFlows",
    "RefreshTokenValidity",
    "AccessTokenValidity",
    "IdTokenValidity",
    "TokenValidityUnits",
    "ReadAttributes",
    "WriteAttributes",
    "SupportedIdentityProviders",
    "CallbackURLs",
    "LogoutURLs",
    "DefaultRedirectURI",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "AllowedOAuthFlowsUserPoolClient",
    "AnalyticsConfiguration",
    "PreventUserExistenceErrors",
    "EnableTokenRevocation",
    "EnablePropagateAdditionalUserContextData",
    "AuthSessionValidity",
    "RefreshTokenRotation",
    "ClientName",
    "GenerateSecret",
];

async fn create_client(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&CLIENT)?;
    let input = with(w.pick(&CLIENT), [("ClientName", json!(w.named("ClientName")))]);
    let made = h.call(SERVICE, "CreateUserPoolClient", input).await?;
    Ok(client(&made))
}

async fn update_client(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&CLIENT)?;
    let mut same = w.pick(&CLIENT);
    same.remove("GenerateSecret");
    let made = h.call(SERVICE, "UpdateUserPoolClient", with(same, [("ClientId", json!(w.physical_id))])).await?;
    Ok(client(&made))
}

fn client(made: &Value) -> Made {
    let part = |name: &str| text_at(made, &format!("/UserPoolClient/{name}"));
    Made::new(part("ClientId"))
        .attribute("ClientId", part("ClientId"))
        .attribute("ClientSecret", part("ClientSecret"))
        .attribute("Name", part("ClientName"))
}

/// A part of a pool that one operation makes, another changes, a third takes away: the properties are their members.
struct Part {
    create: &'static str,
    /// None where every change makes a new one.
    update: Option<&'static str>,
    delete: &'static str,
    properties: &'static [&'static str],
    /// Those that the changing operation takes.
    changing: &'static [&'static str],
    /// The property that it is known by.
    id: &'static str,
}

fn part(kind: &str) -> Result<Part, Failure> {
    Ok(match kind {
        "AWS::Cognito::UserPoolDomain" => Part {
            create: "CreateUserPoolDomain",
            update: Some("UpdateUserPoolDomain"),
            delete: "DeleteUserPoolDomain",
            properties: &["UserPoolId", "Domain", "CustomDomainConfig", "ManagedLoginVersion"],
            changing: &["UserPoolId", "Domain", "CustomDomainConfig", "ManagedLoginVersion"],
            id: "Domain",
        },
        "AWS::Cognito::UserPoolGroup" => Part {
            create: "CreateGroup",
            update: Some("UpdateGroup"),
            delete: "DeleteGroup",
            properties: &["UserPoolId", "GroupName", "Description", "Precedence", "RoleArn"],
            changing: &["UserPoolId", "GroupName", "Description", "Precedence", "RoleArn"],
            id: "GroupName",
        },
        "AWS::Cognito::UserPoolUser" => Part {
            create: "AdminCreateUser",
            update: None,
            delete: "AdminDeleteUser",
            properties: &[
                "UserPoolId",
                "Username",
                "UserAttributes",
                "ValidationData",
                "DesiredDeliveryMediums",
                "ForceAliasCreation",
                "MessageAction",
                "ClientMetadata",
            ],
            changing: &[],
            id: "Username",
        },
        "AWS::Cognito::UserPoolUserToGroupAttachment" => Part {
            create: "AdminAddUserToGroup",
            update: None,
            delete: "AdminRemoveUserFromGroup",
            properties: &["UserPoolId", "Username", "GroupName"],
            changing: &[],
            id: "",
        },
        "AWS::Cognito::UserPoolResourceServer" => Part {
            create: "CreateResourceServer",
            update: Some("UpdateResourceServer"),
            delete: "DeleteResourceServer",
            properties: &["UserPoolId", "Identifier", "Name", "Scopes"],
            changing: &["UserPoolId", "Identifier", "Name", "Scopes"],
            id: "Identifier",
        },
        "AWS::Cognito::UserPoolIdentityProvider" => Part {
            create: "CreateIdentityProvider",
            update: Some("UpdateIdentityProvider"),
            delete: "DeleteIdentityProvider",
            properties: &[
                "UserPoolId",
                "ProviderName",
                "ProviderType",
                "ProviderDetails",
                "AttributeMapping",
                "IdpIdentifiers",
            ],
            changing: &["UserPoolId", "ProviderName", "ProviderDetails", "AttributeMapping", "IdpIdentifiers"],
            id: "ProviderName",
        },
        _ => return Err(Failure::new(format!("{kind} is not implemented by Kogumo"))),
    })
}

async fn create_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let part = part(&w.kind)?;
    w.only(part.properties)?;
    let id = w.named(part.id);
    let mut input = w.pick(part.properties);
    if !part.id.is_empty() {
        input = with_id(input, part.id, &id);
    }
    let made = h.call(SERVICE, part.create, Value::Object(input)).await?;
    // Where users are named by attributes, the name is made up.
    let id = made.pointer("/User/Username").and_then(Value::as_str).map_or(id, str::to_owned);
    let distribution = made.get("CloudFrontDomain").and_then(Value::as_str).unwrap_or_default();
    Ok(Made::new(id).attribute("CloudFrontDistribution", distribution))
}

fn with_id(mut object: Map<String, Value>, name: &str, id: &str) -> Map<String, Value> {
    object.insert(name.to_owned(), json!(id));
    object
}

async fn update_part(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let part = part(&w.kind)?;
    w.only(part.properties)?;
    if let Some(operation) = part.update {
        let input = with_id(w.pick(part.changing), part.id, &w.physical_id);
        h.call(SERVICE, operation, Value::Object(input)).await?;
    }
    Ok(super::unchanged(w))
}

async fn delete_part(h: &Hands, w: &Work) -> Result<(), Failure> {
    let part = part(&w.kind)?;
    let mut input = w.pick(&["UserPoolId"]);
    match part.id {
        "" => input.extend(w.pick(&["Username", "GroupName"])),
        id => input = with_id(input, id, &w.physical_id),
    }
    h.remove(SERVICE, part.delete, Value::Object(input)).await
}

async fn delete_client(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove(SERVICE, "DeleteUserPoolClient", json!({"UserPoolId": w.get("UserPoolId"), "ClientId": w.physical_id}))
        .await
}
