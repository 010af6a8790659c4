//! Triggers of a Cognito user pool in the same template.

use super::Scene;
use super::permission::permission;
use super::s3::{properties_of, rewritten};
use crate::error::{Error, Result};
use crate::intrinsics::get_att;
use crate::python2;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Map, Value};

pub(crate) const RULES: &[Rule] =
    &[required("UserPool", Shape::Text), required("Trigger", Shape::TextOrTexts).literal()];

/// Properties of a user pool: SAM writes it anew, and refuses what it does not know.
const USER_POOL: &[&str] = &[
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AliasAttributes",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailAuthenticationMessage",
    "EmailAuthenticationSubject",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "EnabledMfas",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "Schema",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UsernameAttributes",
    "UsernameConfiguration",
    "UserPoolAddOns",
    "UserPoolName",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
    "WebAuthnRelyingPartyID",
    "WebAuthnUserVerification",
];

pub(crate) fn link(event: &Instance, resources: &Map) -> Result<()> {
    match event.get("UserPool").and_then(|pool| pool.as_map()?.raw("Ref")) {
        Some(Value::Text(id)) if resources.contains(id) => Ok(()),
        Some(other) if other.as_str().is_none() => Err(Error::event(&event.id, "Ref in Userpool is not a string.")),
        _ => Err(Error::event(
            &event.relative_id,
            "Cognito events must reference a Cognito UserPool in the same template.",
        )),
    }
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let pool_id = event.get("UserPool").and_then(|pool| pool.get("Ref")).and_then(Value::as_text).cloned();
    let pool_id = pool_id.unwrap_or_else(|| "".into());
    let prefix = format!("{}Cognito", scene.target.id);
    let permission = permission(&prefix, "", "cognito-idp.amazonaws.com", scene.target)?
        .with("SourceArn", get_att(pool_id.clone(), "Arn"));
    let mut pool = scene.translation.source.get(&pool_id).and_then(Value::as_map).cloned().unwrap_or_default();
    trigger(&mut pool, &pool_id, event, scene.target)?;
    scene.translation.source.insert(&pool_id, pool.clone());
    let rules: Vec<Rule> = USER_POOL.iter().map(|name| optional(name, Shape::Any)).collect();
    Ok(vec![permission, rewritten("AWS::Cognito::UserPool", &pool_id, &rules, &pool)?])
}

fn trigger(pool: &mut Map, pool_id: &str, event: &Instance, target: &Resource) -> Result<()> {
    let properties = properties_of(pool, pool_id)?;
    if properties.get("LambdaConfig").is_none() {
        properties.insert("LambdaConfig", Map::new());
    }
    let config = properties.get_mut("LambdaConfig").and_then(Value::as_map_mut);
    let config = config.ok_or_else(|| Error::resource(pool_id, "Property 'LambdaConfig' should be a map."))?;
    let triggers = event.get("Trigger");
    let names = match triggers {
        Some(Value::List(names)) => names.iter().filter_map(Value::as_text).collect(),
        other => other.and_then(Value::as_text).into_iter().collect::<Vec<_>>(),
    };
    for name in names {
        if config.contains(name) {
            let message = format!("Cognito trigger \"{}\" defined multiple times.", python2::str_or_none(triggers));
            return Err(Error::event(&event.relative_id, message));
        }
        config.insert(name, target.arn());
    }
    Ok(())
}
