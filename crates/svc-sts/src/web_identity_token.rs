//! GetWebIdentityToken: a token that says to the world who the caller is, signed under his account's issuer.
//! Source: IAM User Guide, "Understanding token claims".

use kogumo_base::{Timestamp, uuid};
use kogumo_door::{Context, OutboundFederation, Principal};
use kogumo_model::sts::*;
use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use crate::role;
use crate::token_keys;

/// Seconds; how long a token is good if nobody says else.
const DEFAULT_SECONDS: i32 = 300;

/// Under this name stands what is AWS's own.
const NAMESPACE: &str = "https://sts.amazonaws.com/";

/// The longest token's claims, in bytes.
const LONGEST: usize = 8192;

pub async fn get_web_identity_token(
    cx: Context,
    input: GetWebIdentityTokenRequest,
) -> Result<GetWebIdentityTokenResponse, Fault> {
    if !matches!(input.signing_algorithm.as_str(), "RS256" | "ES384") {
        return Err(Fault::validation("The signing algorithm must be one of RS256, ES384."));
    }
    let federation = cx.cloud.part::<OutboundFederation>()?;
    let issuer = (federation.issuer_of)(&cx.snapshot(), cx.caller.account())?.ok_or_else(|| {
        OUTBOUND_WEB_IDENTITY_FEDERATION_DISABLED_EXCEPTION
            .because("Outbound web identity federation is not enabled for this account.")
    })?;
    let issued = cx.now().seconds();
    let expires = issued + i64::from(input.duration_seconds.unwrap_or(DEFAULT_SECONDS));
    if cx.caller.session.as_ref().is_some_and(|session| expires > session.expires.seconds()) {
        let message = "The requested token duration would extend the session beyond its original expiration time.";
        return Err(SESSION_DURATION_ESCALATION_EXCEPTION.because(message));
    }
    let audience = match input.audience.as_slice() {
        [only] => Value::from(only.as_str()),
        all => Value::from(all),
    };
    let mut claims = json!({
        "iss": issuer,
        "aud": audience,
        "sub": subject(&cx).await?,
        "iat": issued,
        "exp": expires,
        "jti": uuid(),
    });
    claims[NAMESPACE] = own_claims(&cx, input.tags.unwrap_or_default())?;
    if claims.to_string().len() > LONGEST {
        let message = "The requested token payload size exceeds the maximum allowed size.";
        return Err(JWT_PAYLOAD_SIZE_EXCEEDED_EXCEPTION.because(message));
    }
    let keys = token_keys::of_issuer(&cx.cloud, &issuer).await?;
    Ok(GetWebIdentityTokenResponse {
        web_identity_token: Some(keys.sign(&input.signing_algorithm, &claims)?),
        expiration: Some(Timestamp::from_seconds(expires)),
    })
}

/// The ARN of the caller; of a session it is the role's.
async fn subject(cx: &Context) -> Result<String, Fault> {
    let Principal::AssumedRole { account, role, .. } = &*cx.caller.principal else {
        return Ok(cx.caller.principal.arn());
    };
    let found = role::by_name(cx, account, role).await?;
    Ok(found.map_or_else(|| format!("arn:aws:iam::{account}:role/{role}"), |role| role.arn))
}

fn own_claims(cx: &Context, tags: Vec<Tag>) -> Result<Value, Fault> {
    let mut own = Map::new();
    own.insert("aws_account".into(), json!(cx.caller.account()));
    own.insert("source_region".into(), json!(cx.caller.region()));
    let circumstances = cx.cloud.circumstances(&cx.caller)?;
    let principal_tags: Map<String, Value> = circumstances
        .iter()
        .filter_map(|(key, values)| Some((key.strip_prefix("aws:PrincipalTag/")?, values.first()?)))
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
    let mut request_tags = Map::new();
    for tag in tags {
        if request_tags.insert(tag.key, json!(tag.value)).is_some() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Fault::coded("InvalidParameterValue", 400, message));
        }
    }
    for (name, tags) in [("principal_tags", principal_tags), ("request_tags", request_tags)] {
        if !tags.is_empty() {
            own.insert(name.to_owned(), Value::Object(tags));
        }
    }
    if let Some(session) = &cx.caller.session {
        own.insert("original_session_exp".into(), json!(session.expires.iso()));
        let known =
            [("source_identity", &session.source_identity), ("federated_provider", &session.federated_provider)];
        own.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    }
    Ok(Value::Object(own))
}
