//! The three functions of custom authentication: define what comes next, create a challenge, verify an answer.

use std::collections::BTreeMap;

use kogumo_model::cognitoidp::INVALID_LAMBDA_RESPONSE_EXCEPTION;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Trigger, call};
use super::{Setting, attributes};
use crate::faults::invalid;
use crate::user::User;

/// A challenge that has been answered.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    pub challenge_name: String,
    pub challenge_result: bool,
    pub challenge_metadata: Option<String>,
}

/// What DefineAuthChallenge wants.
pub enum Next {
    Tokens,
    Failure,
    Challenge(String),
}

/// A challenge that CreateAuthChallenge has made.
#[derive(Clone, Serialize, Deserialize)]
pub struct Made {
    pub public: BTreeMap<String, String>,
    pub private: Value,
    pub metadata: Option<String>,
}

fn missing() -> Fault {
    invalid("Custom auth lambda trigger is not configured for the user pool.")
}

/// The request that the three have in common.
fn request(setting: Setting<'_>, user: Option<&User>, session: &[Round]) -> Value {
    json!({
        "userAttributes": user.map_or_else(|| json!({}), attributes),
        "session": session,
        "userNotFound": user.is_none(),
        "clientMetadata": setting.client_metadata(),
    })
}

pub async fn define(setting: Setting<'_>, name: &str, user: Option<&User>, session: &[Round]) -> Result<Next, Fault> {
    let trigger = Trigger { name: "DefineAuthChallenge", source: "DefineAuthChallenge_Authentication", version: "1" };
    let response = json!({ "challengeName": null, "issueTokens": null, "failAuthentication": null });
    let answer = call(setting, trigger, name, request(setting, user, session), response).await?;
    let answer = answer.ok_or_else(missing)?;
    if answer["failAuthentication"] == true {
        return Ok(Next::Failure);
    }
    if answer["issueTokens"] == true {
        return Ok(Next::Tokens);
    }
    let wanted = answer["challengeName"].as_str().filter(|name| !name.is_empty());
    let wanted = wanted.ok_or_else(|| INVALID_LAMBDA_RESPONSE_EXCEPTION.because("Unrecognizable lambda output"))?;
    Ok(Next::Challenge(wanted.to_owned()))
}

pub async fn create(
    setting: Setting<'_>,
    name: &str,
    user: Option<&User>,
    challenge: &str,
    session: &[Round],
) -> Result<Made, Fault> {
    let trigger = Trigger { name: "CreateAuthChallenge", source: "CreateAuthChallenge_Authentication", version: "1" };
    let mut request = request(setting, user, session);
    request["challengeName"] = json!(challenge);
    let response =
        json!({ "publicChallengeParameters": null, "privateChallengeParameters": null, "challengeMetadata": null });
    let answer = call(setting, trigger, name, request, response).await?;
    let answer = answer.ok_or_else(missing)?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let public = answer["publicChallengeParameters"].as_object();
    Ok(Made {
        public: public.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect(),
        private: answer["privateChallengeParameters"].clone(),
        metadata: answer["challengeMetadata"].as_str().map(str::to_owned),
    })
}

/// Whether the answer is right.
pub async fn verify(
    setting: Setting<'_>,
    name: &str,
    user: Option<&User>,
    private: &Value,
    answer: &str,
) -> Result<bool, Fault> {
    let trigger = Trigger {
        name: "VerifyAuthChallengeResponse",
        source: "VerifyAuthChallengeResponse_Authentication",
        version: "1",
    };
    let request = json!({
        "userAttributes": user.map_or_else(|| json!({}), attributes),
        "privateChallengeParameters": private,
        "challengeAnswer": answer,
        "userNotFound": user.is_none(),
        "clientMetadata": setting.client_metadata(),
    });
    let verdict = call(setting, trigger, name, request, json!({ "answerCorrect": null })).await?;
    let verdict = verdict.ok_or_else(missing)?;
    Ok(verdict["answerCorrect"] == true)
}
