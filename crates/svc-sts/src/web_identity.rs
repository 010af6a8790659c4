//! AssumeRoleWithWebIdentity: whoever an identity provider vouches for gets a session of a role that trusts the provider.

use std::collections::BTreeMap;

use kogumo_door::{Context as Door, Session};
use kogumo_issuers::NoKeys;
use kogumo_jwt::{Expected, Refused, Token, TokenError};
use kogumo_model::sts::*;
use kogumo_policy::{Context, Principal};
use kogumo_wire::Fault;
use serde_json::{Map, Value};

use crate::assume_role::{assumed, of_role, of_session, who};
use crate::narrowing::Narrowing;
use crate::role::{self, Target};
use crate::session::{self, Lasting};
use crate::trust::Asking;

/// Providers that every account knows, and which their tokens' issuers are.
const BUILT_IN: [(&str, &str); 2] = [
    ("https://cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com"),
    ("https://accounts.google.com", "accounts.google.com"),
];

/// The issuer's clock may be off by so many seconds.
const LEEWAY: i64 = 60;

/// Claims that carry what a session gets ("Pass session tags in STS").
const TAGS_CLAIM: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY_CLAIM: &str = "https://aws.amazon.com/source_identity";

/// A token that was believed.
struct Vouched {
    /// As trust policies name it: `cognito-identity.amazonaws.com`, or a provider's ARN.
    provider: String,
    /// Before the colon of condition keys.
    prefix: String,
    claims: Map<String, Value>,
}

pub async fn assume_role_with_web_identity(
    cx: Door,
    input: AssumeRoleWithWebIdentityRequest,
) -> Result<AssumeRoleWithWebIdentityResponse, Fault> {
    if input.provider_id.is_some() {
        return Err(Fault::not_implemented("AssumeRoleWithWebIdentity with an OAuth 2.0 access token (ProviderId)"));
    }
    let denied = || Fault::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let target = role::find(&cx, &input.role_arn).await?.ok_or_else(denied)?;
    let vouched = believe(&cx, &target, &input.web_identity_token).await?;
    let seconds = target.seconds(input.duration_seconds, false)?;

    let keys = vouched.condition_keys();
    let source_identity = vouched.text(SOURCE_IDENTITY_CLAIM).map(str::to_owned);
    let mut session = Session {
        source_identity: source_identity.clone(),
        federated_provider: Some(vouched.provider.clone()),
        claims: keys.clone(),
        ..Session::default()
    };
    let (tags, transitive) = vouched.tags();
    let narrowing = Narrowing { policy: input.policy, policy_arns: input.policy_arns, tags, transitive };
    let packed_policy_size = narrowing.apply(&mut session, None)?;

    let context = circumstances(&cx, &input.role_session_name, &keys, &target, &session)?;
    let mut actions = vec!["sts:AssumeRoleWithWebIdentity"];
    actions.extend((!session.tags.is_empty()).then_some("sts:TagSession"));
    actions.extend(source_identity.is_some().then_some("sts:SetSourceIdentity"));
    let principal = Principal::Federated { provider: vouched.provider.clone() };
    let asking =
        Asking { principal: &principal, role_arn: &target.text, owner: &target.arn.account, context: &context };
    if !asking.is_trusted(&target.trust, &actions) {
        return Err(denied());
    }
    role::check_policies(&cx, &target.arn.account, &session.policy_arns).await?;
    let who = who(&target, &input.role_session_name);
    let lasting = Lasting { seconds, least_token: input.minimum_session_token_size };
    let credentials = cx.write(|w| session::issue(w, lasting, who.clone(), session.clone()).map_err(Fault::from))?;
    Ok(AssumeRoleWithWebIdentityResponse {
        credentials: Some(credentials),
        subject_from_web_identity_token: vouched.text("sub").map(str::to_owned),
        assumed_role_user: Some(assumed(&who)),
        packed_policy_size,
        provider: Some(vouched.provider.clone()),
        audience: vouched.audience(),
        source_identity,
        ..AssumeRoleWithWebIdentityResponse::default()
    })
}

/// Checks a token: who issued it, whether the role's account knows the issuer, signature, time, audience.
async fn believe(cx: &Door, target: &Target, text: &str) -> Result<Vouched, Fault> {
    let invalid = |message: &str| INVALID_IDENTITY_TOKEN_EXCEPTION.because(message);
    let token = Token::read(text).map_err(|error| match error {
        TokenError::Malformed => {
            invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
        }
        error => invalid(&error.to_string()),
    })?;
    let issuer = token.issuer().ok_or_else(|| invalid("The web identity token that was passed has no issuer"))?;
    let (provider, prefix, audiences) = known_provider(cx, target, issuer).await?;
    let keys = kogumo_issuers::keys(&cx.cloud, issuer, &token).await.map_err(no_keys)?;
    let claims = token
        .verified_by(&keys)
        .map_err(|_| invalid("Couldn't verify the signature of the web identity token with the keys of its issuer"))?;
    let expected = Expected { issuer, audiences: &audiences, now: cx.now().seconds(), leeway: 0 };
    match expected.check(claims) {
        // What an issuer with a clock ahead has issued a moment ago.
        Err(Refused::Issued | Refused::NotYet)
            if (Expected { leeway: LEEWAY, ..expected.clone() }).check(claims).is_ok() => {}
        Err(refused) => return Err(refusal(cx, refused, claims)),
        Ok(()) => {}
    }
    Ok(Vouched { provider, prefix, claims: claims.clone() })
}

fn no_keys(why: NoKeys) -> Fault {
    match why {
        NoKeys::Trouble(trouble) => trouble.into(),
        NoKeys::Unusable(why) => INVALID_IDENTITY_TOKEN_EXCEPTION.because(why),
        NoKeys::Unreachable(why) => {
            tracing::info!("{why}");
            IDP_COMMUNICATION_ERROR_EXCEPTION.because(
                "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity \
                 documentation for requirements",
            )
        }
    }
}

/// How the role's account knows the issuer: the provider's name, the prefix of its condition keys, and its audiences.
async fn known_provider(cx: &Door, target: &Target, issuer: &str) -> Result<(String, String, Vec<String>), Fault> {
    if let Some((_, name)) = BUILT_IN.iter().find(|(url, _)| *url == issuer) {
        return Ok(((*name).to_owned(), (*name).to_owned(), Vec::new()));
    }
    let bare = issuer.split_once("://").map_or(issuer, |(_, rest)| rest).trim_end_matches('/');
    let arn = format!("arn:aws:iam::{}:oidc-provider/{bare}", target.arn.account);
    match role::provider(cx, &target.arn.account, &arn).await? {
        Some(provider) => Ok((arn, bare.to_owned(), provider.client_id_list.unwrap_or_default())),
        None => {
            let message = format!("No OpenIDConnect provider found in your account for {issuer}");
            Err(INVALID_IDENTITY_TOKEN_EXCEPTION.because(message))
        }
    }
}

fn refusal(cx: &Door, refused: Refused, claims: &Map<String, Value>) -> Fault {
    match refused {
        Refused::Expired => {
            let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
            let now = cx.now().seconds();
            EXPIRED_TOKEN_EXCEPTION.because(format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            ))
        }
        Refused::Audience => INVALID_IDENTITY_TOKEN_EXCEPTION.because("Incorrect token audience"),
        other => INVALID_IDENTITY_TOKEN_EXCEPTION.because(other.to_string()),
    }
}

impl Vouched {
    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    fn texts(&self, claim: &str) -> Vec<String> {
        match self.claims.get(claim) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn audience(&self) -> Option<String> {
        self.text("azp").map(str::to_owned).or_else(|| self.texts("aud").into_iter().next())
    }

    /// What the provider says, under condition keys. Where there is an authorized party, `aud` is that one and `oaud` the
    /// token's audience ("Available keys for AWS OIDC federation").
    fn condition_keys(&self) -> BTreeMap<String, Vec<String>> {
        let key = |name: &str| format!("{}:{name}", self.prefix);
        let mut keys = BTreeMap::new();
        match self.text("azp") {
            Some(party) => {
                keys.insert(key("aud"), vec![party.to_owned()]);
                keys.insert(key("oaud"), self.texts("aud"));
            }
            None => {
                keys.insert(key("aud"), self.texts("aud"));
            }
        }
        for name in ["sub", "amr", "email"] {
            let values = self.texts(name);
            if !values.is_empty() {
                keys.insert(key(name), values);
            }
        }
        keys
    }

    /// The session tags that the token carries, and which of them go on.
    fn tags(&self) -> (Option<Vec<Tag>>, Option<Vec<String>>) {
        let Some(Value::Object(claim)) = self.claims.get(TAGS_CLAIM) else { return (None, None) };
        let value = |value: &Value| match value {
            Value::Array(values) => values.first().and_then(Value::as_str).map(str::to_owned),
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        let tags = claim.get("principal_tags").and_then(Value::as_object);
        let tags =
            tags.into_iter().flatten().filter_map(|(key, text)| Some(Tag { key: key.clone(), value: value(text)? }));
        let transitive = claim.get("transitive_tag_keys").and_then(Value::as_array);
        let transitive = transitive.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        (Some(tags.collect()), Some(transitive.collect()))
    }
}

fn circumstances(
    cx: &Door,
    name: &str,
    keys: &BTreeMap<String, Vec<String>>,
    target: &Target,
    session: &Session,
) -> Result<Context, Fault> {
    let mut context = cx.cloud.circumstances(&cx.caller)?;
    for (key, values) in keys {
        context.put_all(key.clone(), values.iter().map(String::as_str));
    }
    context.put_some("aws:FederatedProvider", session.federated_provider.as_deref());
    of_session(&mut context, name, session);
    of_role(&mut context, target);
    Ok(context)
}
