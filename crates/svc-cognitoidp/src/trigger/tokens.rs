//! PreTokenGeneration: what a function adds to tokens, takes out of them, and makes of groups.

use std::collections::BTreeSet;

use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use super::call::{Trigger, call};
use super::{Setting, attributes};
use crate::user::User;

/// A user's groups as tokens have them.
#[derive(Clone, Default)]
pub struct Groups {
    pub names: Vec<String>,
    pub roles: Vec<String>,
    pub preferred_role: Option<String>,
}

/// What is to be changed.
#[derive(Default)]
pub struct Changes {
    pub id: Claims,
    pub access: Claims,
    pub add_scopes: Vec<String>,
    pub suppress_scopes: BTreeSet<String>,
    pub groups: Option<Groups>,
}

#[derive(Default)]
pub struct Claims {
    pub add: Map<String, Value>,
    pub suppress: BTreeSet<String>,
}

/// Claims that no function may touch. Source: "Pre token generation Lambda trigger".
const UNTOUCHABLE: [&str; 16] = [
    "acr",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "sub",
    "token_use",
    "identities",
    "cognito:username",
];
/// Besides, in the id token.
const UNTOUCHABLE_IN_ID: [&str; 2] = ["aud", "event_id"];
/// Besides, in the access token. Its audience may be named, if it is the client.
const UNTOUCHABLE_IN_ACCESS: [&str; 6] = ["client_id", "device_key", "event_id", "scope", "username", "version"];

/// `occasion` is what stands behind `TokenGeneration_` in the trigger's source. `user` is none for client credentials.
pub async fn pre_token_generation(
    setting: Setting<'_>,
    occasion: &str,
    user: Option<&User>,
    groups: &Groups,
    scopes: &[String],
) -> Result<Changes, Fault> {
    let configured = setting.pool.text("/LambdaConfig/PreTokenGenerationConfig/LambdaVersion").unwrap_or("V1_0");
    let version = match configured {
        "V3_0" => "3",
        "V2_0" => "2",
        _ => "1",
    };
    if user.is_none() && version != "3" {
        return Ok(Changes::default());
    }
    let mut request = json!({
        "userAttributes": user.map_or_else(|| json!({}), attributes),
        "groupConfiguration": {
            "groupsToOverride": groups.names,
            "iamRolesToOverride": groups.roles,
            "preferredRole": groups.preferred_role,
        },
        "clientMetadata": setting.client_metadata(),
    });
    let response = match version {
        "1" => json!({ "claimsOverrideDetails": null }),
        _ => {
            request["scopes"] = json!(scopes);
            json!({ "claimsAndScopeOverrideDetails": null })
        }
    };
    let source = format!("TokenGeneration_{occasion}");
    let trigger = Trigger { name: "PreTokenGeneration", source: &source, version };
    let name = user.map_or("", |user| user.name.as_str());
    let answer = call(setting, trigger, name, request, response).await?.unwrap_or(Value::Null);
    Ok(match version {
        "1" => first(&answer["claimsOverrideDetails"]),
        _ => later(&answer["claimsAndScopeOverrideDetails"], setting.client),
    })
}

/// Version 1 changes the id token; values are text.
fn first(details: &Value) -> Changes {
    let mut id = claims(details, &UNTOUCHABLE_IN_ID);
    id.add.retain(|_, value| value.is_string());
    Changes { id, groups: groups(&details["groupOverrideDetails"]), ..Changes::default() }
}

fn later(details: &Value, client: &str) -> Changes {
    let access = &details["accessTokenGeneration"];
    let mut of_access = claims(access, &UNTOUCHABLE_IN_ACCESS);
    of_access.add.retain(|name, value| name != "aud" || value == client);
    Changes {
        id: claims(&details["idTokenGeneration"], &UNTOUCHABLE_IN_ID),
        access: of_access,
        add_scopes: texts(&access["scopesToAdd"]),
        suppress_scopes: texts(&access["scopesToSuppress"]).into_iter().collect(),
        groups: groups(&details["groupOverrideDetails"]),
    }
}

fn claims(details: &Value, besides: &[&str]) -> Claims {
    let may_touch = |name: &str| {
        let fixed = UNTOUCHABLE.contains(&name) || besides.contains(&name);
        !fixed && !name.starts_with("dev:") && !name.starts_with("cognito:")
    };
    let mut add = details["claimsToAddOrOverride"].as_object().cloned().unwrap_or_default();
    add.retain(|name, value| may_touch(name) && !value.is_null());
    let suppress = texts(&details["claimsToSuppress"]).into_iter().filter(|name| may_touch(name)).collect();
    Claims { add, suppress }
}

fn groups(details: &Value) -> Option<Groups> {
    let given = details.as_object().filter(|given| !given.is_empty())?;
    Some(Groups {
        names: texts(given.get("groupsToOverride").unwrap_or(&Value::Null)),
        roles: texts(given.get("iamRolesToOverride").unwrap_or(&Value::Null)),
        preferred_role: given.get("preferredRole").and_then(Value::as_str).map(str::to_owned),
    })
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_claims_stay() {
        let changes = first(&json!({
            "claimsToAddOrOverride": { "team": "a", "sub": "other", "cognito:groups": "x", "number": 5 },
            "claimsToSuppress": ["email", "iss"],
        }));
        assert_eq!(changes.id.add.keys().collect::<Vec<_>>(), ["team"]);
        assert_eq!(changes.id.suppress, BTreeSet::from(["email".to_owned()]));
        assert!(changes.groups.is_none());
    }

    #[test]
    fn the_audience_of_an_access_token_is_the_client_or_nobody() {
        let changes = |aud: &str| {
            later(
                &json!({
                    "idTokenGeneration": { "claimsToAddOrOverride": { "aud": aud, "n": 5 } },
                    "accessTokenGeneration": {
                        "claimsToAddOrOverride": { "aud": aud, "username": "x", "scope": "x", "n": { "m": [1] } },
                        "claimsToSuppress": ["client_id", "n"],
                    },
                }),
                "app",
            )
        };
        assert_eq!(changes("app").access.add.keys().collect::<Vec<_>>(), ["aud", "n"]);
        let other = changes("other");
        assert_eq!(other.access.add.keys().collect::<Vec<_>>(), ["n"]);
        assert_eq!(other.access.suppress, BTreeSet::from(["n".to_owned()]));
        assert_eq!(other.id.add.keys().collect::<Vec<_>>(), ["n"]);
    }
}
