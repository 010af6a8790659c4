//! AssumeRoleWithSAML: whoever a company's sign-in vouches for gets a session of a role that trusts it.
//! Source: IAM User Guide, "Configure SAML assertions for the authentication response" and "Troubleshoot SAML federation".

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::Arn;
use kogumo_door::{Context as Door, Session};
use kogumo_model::sts::*;
use kogumo_policy::Principal;
use kogumo_saml::{Assertion, Metadata, Refused};
use kogumo_wire::Fault;

use crate::assume_role::{assumed, of_role, of_session, who};
use crate::narrowing::Narrowing;
use crate::role::{self, Target};
use crate::session::{self, Lasting};
use crate::trust::Asking;

/// Names of attributes begin with it.
const ATTRIBUTES: &str = "https://aws.amazon.com/SAML/Attributes/";

/// An assertion is redeemed within so many seconds of its making.
const FRESH_SECONDS: i64 = 300;

/// How far a provider's clock may be ahead of ours.
const LEEWAY_SECONDS: i64 = 300;

/// AWS as an audience.
const AUDIENCE: &str = "urn:amazon:webservices";

pub async fn assume_role_with_saml(
    cx: Door,
    input: AssumeRoleWithSAMLRequest,
) -> Result<AssumeRoleWithSAMLResponse, Fault> {
    let denied = || Fault::access_denied("Not authorized to perform sts:AssumeRoleWithSAML");
    let target = role::find(&cx, &input.role_arn).await?.ok_or_else(denied)?;
    let said = believe(&cx, &target, &input.principal_arn, &input.saml_assertion).await?;
    if !offers(&said, &input.role_arn, &input.principal_arn) {
        return Err(denied());
    }
    let name = session_name(&said)?;
    let seconds = seconds(&cx, &target, &said, input.duration_seconds)?;
    let provider = input.principal_arn.rsplit('/').next().unwrap_or_default();
    let qualifier = name_qualifier(&said.issuer, &target.arn.account, provider);
    let keys = condition_keys(&said, &qualifier, &format!("{}/{provider}", target.arn.account));
    let source_identity = said.single(&format!("{ATTRIBUTES}SourceIdentity")).map(str::to_owned);
    let mut session = Session {
        source_identity: source_identity.clone(),
        federated_provider: Some(input.principal_arn.clone()),
        claims: keys.clone(),
        ..Session::default()
    };
    let (tags, transitive) = tags(&said);
    let narrowing = Narrowing { policy: input.policy, policy_arns: input.policy_arns, tags, transitive };
    let packed_policy_size = narrowing.apply(&mut session, None)?;

    let mut context = cx.cloud.circumstances(&cx.caller)?;
    for (key, values) in keys {
        context.put_all(key, values);
    }
    context.put("aws:FederatedProvider", input.principal_arn.as_str());
    of_session(&mut context, &name, &session);
    of_role(&mut context, &target);
    let mut actions = vec!["sts:AssumeRoleWithSAML"];
    actions.extend((!session.tags.is_empty()).then_some("sts:TagSession"));
    actions.extend(source_identity.is_some().then_some("sts:SetSourceIdentity"));
    let principal = Principal::Federated { provider: input.principal_arn };
    let asking =
        Asking { principal: &principal, role_arn: &target.text, owner: &target.arn.account, context: &context };
    if !asking.is_trusted(&target.trust, &actions) {
        return Err(denied());
    }
    role::check_policies(&cx, &target.arn.account, &session.policy_arns).await?;
    let who = who(&target, &name);
    let lasting = Lasting { seconds, least_token: input.minimum_session_token_size };
    let credentials = cx.write(|w| session::issue(w, lasting, who.clone(), session.clone()).map_err(Fault::from))?;
    Ok(AssumeRoleWithSAMLResponse {
        credentials: Some(credentials),
        assumed_role_user: Some(assumed(&who)),
        packed_policy_size,
        subject_type: Some(subject_type(&said.subject_format).to_owned()),
        subject: Some(said.subject),
        issuer: Some(said.issuer),
        audience: Some(said.recipient),
        name_qualifier: Some(qualifier),
        source_identity,
        ..AssumeRoleWithSAMLResponse::default()
    })
}

fn invalid(message: &str) -> Fault {
    INVALID_IDENTITY_TOKEN_EXCEPTION.because(message)
}

/// Checks a response: who signed it, whom it is for, and when it counts.
async fn believe(cx: &Door, target: &Target, provider: &str, response: &str) -> Result<Assertion, Fault> {
    let is_own = Arn::parse(provider).is_some_and(|arn| arn.account == target.arn.account && arn.service == "iam");
    let found = if is_own { role::saml_provider(cx, &target.arn.account, provider).await? } else { None };
    let found = found.ok_or_else(|| invalid("Specified provider doesn't exist"))?;
    let now = cx.now();
    let metadata = found.saml_metadata_document.as_deref().and_then(Metadata::read);
    let metadata = metadata.filter(|_| found.valid_until.is_none_or(|until| now < until));
    let metadata = metadata.ok_or_else(|| invalid("Could not parse metadata"))?;
    let response: String = response.split_ascii_whitespace().collect();
    let response = STANDARD.decode(response).map_err(|_| invalid("Invalid base64 SAMLResponse"))?;
    let response =
        String::from_utf8(response).map_err(|_| invalid("Your request included an invalid SAML response."))?;
    let said = Assertion::believe(&response, &metadata).map_err(|why| match why {
        Refused::Malformed => invalid("Your request included an invalid SAML response."),
        Refused::Failed => {
            IDP_REJECTED_CLAIM_EXCEPTION.because("The identity provider reported that authentication failed.")
        }
        Refused::Issuer => invalid("Issuer not present in specified provider"),
        Refused::Signature => invalid("Response signature invalid"),
    })?;
    let is_over = said.not_on_or_after.is_none_or(|until| now >= until);
    if is_over || now >= said.issued.plus_seconds(FRESH_SECONDS) {
        return Err(EXPIRED_TOKEN_EXCEPTION.because("Token must be redeemed within 5 minutes of issuance"));
    }
    if said.not_before.is_some_and(|from| now.plus_seconds(LEEWAY_SECONDS) < from)
        || now.plus_seconds(LEEWAY_SECONDS) < said.issued
    {
        return Err(invalid("The response is not valid yet"));
    }
    let is_meant =
        |audiences: &Vec<String>| audiences.iter().any(|audience| audience == AUDIENCE || is_sign_in(audience));
    if said.audiences.is_empty() || !said.audiences.iter().all(is_meant) || !is_sign_in(&said.recipient) {
        return Err(invalid("Response doesn't contain the required audience"));
    }
    Ok(said)
}

/// AWS's page for sign-ins by SAML: everywhere, in a region, and with an id for a provider.
fn is_sign_in(url: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
    let host = host == "signin.aws.amazon.com" || host.ends_with(".signin.aws.amazon.com");
    host && (path == "saml" || path.starts_with("saml/"))
}

/// Whether the assertion offers that role by that provider: both ARNs in one value, in either order.
fn offers(said: &Assertion, role: &str, provider: &str) -> bool {
    let offered = said.attributes.get(&format!("{ATTRIBUTES}Role")).map(Vec::as_slice).unwrap_or_default();
    offered.iter().filter_map(|pair| pair.split_once(',')).any(|(one, other)| {
        let pair = (one.trim(), other.trim());
        pair == (role, provider) || pair == (provider, role)
    })
}

fn session_name(said: &Assertion) -> Result<String, Fault> {
    let name = said.single(&format!("{ATTRIBUTES}RoleSessionName"));
    let name = name.ok_or_else(|| invalid("RoleSessionName is required in AuthnResponse"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if (2..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(name.to_owned());
    }
    Err(invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"))
}

/// What was asked for, else what the assertion says, but no longer than the session at the provider.
fn seconds(cx: &Door, target: &Target, said: &Assertion, asked: Option<i32>) -> Result<i32, Fault> {
    let told = match said.single(&format!("{ATTRIBUTES}SessionDuration")).map(str::parse::<i32>) {
        None => None,
        Some(Ok(seconds @ 900..=43_200)) => Some(seconds),
        Some(_) => return Err(invalid("SessionDuration in AuthnResponse must be an integer between 900 and 43200")),
    };
    let seconds = target.seconds(asked.or(told), false)?;
    let left = said.session_ends.map_or(i64::MAX, |ends| ends.seconds() - cx.now().seconds());
    if left <= 0 {
        return Err(EXPIRED_TOKEN_EXCEPTION.because("The session of the identity provider has ended"));
    }
    Ok(i32::try_from(left).map_or(seconds, |left| seconds.min(left)))
}

/// Session tags, and which of them go on.
fn tags(said: &Assertion) -> (Option<Vec<Tag>>, Option<Vec<String>>) {
    let prefix = format!("{ATTRIBUTES}PrincipalTag:");
    let of = |(name, values): (&String, &Vec<String>)| {
        Some(Tag { key: name.strip_prefix(&prefix)?.to_owned(), value: values.first()?.clone() })
    };
    let tags: Vec<Tag> = said.attributes.iter().filter_map(of).collect();
    let transitive = said.attributes.get(&format!("{ATTRIBUTES}TransitiveTagKeys")).cloned();
    ((!tags.is_empty()).then_some(tags), transitive)
}

/// `persistent` and `transient`; any other format is told whole.
fn subject_type(format: &str) -> &str {
    match format {
        "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" => "persistent",
        "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" => "transient",
        other => other,
    }
}

/// A hash that tells users of one provider from those of another: over issuer, account and the provider's name.
fn name_qualifier(issuer: &str, account: &str, provider: &str) -> String {
    let text = format!("{issuer}{account}/{provider}");
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

/// What the provider says, under condition keys. Source: "Available keys for SAML-based AWS STS federation".
fn condition_keys(said: &Assertion, qualifier: &str, document: &str) -> BTreeMap<String, Vec<String>> {
    let keys = [
        ("saml:aud", said.recipient.as_str()),
        ("saml:iss", &said.issuer),
        ("saml:sub", &said.subject),
        ("saml:sub_type", subject_type(&said.subject_format)),
        ("saml:namequalifier", qualifier),
        ("saml:doc", document),
    ];
    keys.into_iter().map(|(key, value)| (key.to_owned(), vec![value.to_owned()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_sign_ins() {
        for right in ["https://signin.aws.amazon.com/saml", "https://eu-west-1.signin.aws.amazon.com/saml/acs/x"] {
            assert!(is_sign_in(right), "{right}");
        }
        for wrong in [
            "http://signin.aws.amazon.com/saml",
            "https://evilsignin.aws.amazon.com/saml",
            "https://signin.aws.amazon.com.evil/saml",
            "https://signin.aws.amazon.com/samlx",
        ] {
            assert!(!is_sign_in(wrong), "{wrong}");
        }
    }

    #[test]
    fn roles_are_offered_in_either_order() {
        let offering = |value: &str| Assertion {
            attributes: [(format!("{ATTRIBUTES}Role"), vec!["x".to_owned(), value.to_owned()])].into(),
            ..Assertion::default()
        };
        assert!(offers(&offering("r, p"), "r", "p") && offers(&offering("p,r"), "r", "p"));
        assert!(!offers(&offering("r,q"), "r", "p") && !offers(&offering("r"), "r", "p"));
    }
}
