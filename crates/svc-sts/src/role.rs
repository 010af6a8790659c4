//! Roles and identity providers, asked of IAM in the role's own account.

use std::sync::Arc;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client, Context};
use kogumo_model::iam::{
    GetOpenIDConnectProvider, GetOpenIDConnectProviderRequest, GetOpenIDConnectProviderResponse, GetPolicy,
    GetPolicyRequest, GetRole, GetRoleRequest, GetSAMLProvider, GetSAMLProviderRequest, GetSAMLProviderResponse,
    NO_SUCH_ENTITY_EXCEPTION, Role,
};
use kogumo_wire::Fault;
use percent_encoding::percent_decode_str;

/// What a role allows if it does not say else, in seconds.
pub const DEFAULT_SECONDS: i32 = 3600;

/// The longest session of a role that a role's session assumed, in seconds.
pub const CHAINED_SECONDS: i32 = 3600;

/// A role that may be assumed.
pub struct Target {
    pub arn: Arn,
    pub text: String,
    pub role: Role,
    /// The trust policy, as it was written.
    pub trust: String,
}

/// IAM as the service itself asks it in an account.
fn iam(cx: &Context, account: &str) -> Client {
    let caller = Caller::service("sts.amazonaws.com", Scope::new(account, cx.caller.region()));
    Client::new(Arc::clone(&cx.cloud), caller)
}

/// The role behind an ARN; none if there is none.
///
/// # Errors
/// A text that is no role's ARN.
pub async fn find(cx: &Context, text: &str) -> Result<Option<Target>, Fault> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    let Some(arn) = arn else { return Err(Fault::validation(format!("{text} is invalid"))) };
    let name = arn.resource.rsplit('/').next().unwrap_or_default();
    let role = by_name(cx, &arn.account, name).await?.filter(|role| role.arn == text);
    Ok(role.map(|role| {
        let trust = role.assume_role_policy_document.as_deref().unwrap_or_default();
        let trust = percent_decode_str(trust).decode_utf8_lossy().into_owned();
        Target { arn, text: text.to_owned(), role, trust }
    }))
}

/// The role of that name in an account.
pub async fn by_name(cx: &Context, account: &str, name: &str) -> Result<Option<Role>, Fault> {
    match iam(cx, account).call::<GetRole>(GetRoleRequest { role_name: name.to_owned() }).await {
        Ok(found) => Ok(Some(found.role)),
        Err(fault) if fault.is(&NO_SUCH_ENTITY_EXCEPTION) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Checks that the managed policies of a session are there: AWS's own, or those of the account that the session is in.
///
/// # Errors
/// The first one that is not. AWS's documents do not say how it says so; these are IAM's words, as an invalid request.
pub async fn check_policies(cx: &Context, account: &str, arns: &[String]) -> Result<(), Fault> {
    for arn in arns {
        let owner = Arn::parse(arn).map(|arn| arn.account).unwrap_or_default();
        let missing = || Fault::validation(format!("Policy {arn} does not exist or is not attachable."));
        if owner != account && owner != "aws" {
            return Err(missing());
        }
        match iam(cx, account).call::<GetPolicy>(GetPolicyRequest { policy_arn: arn.clone() }).await {
            Ok(_) => {}
            Err(fault) if fault.is(&NO_SUCH_ENTITY_EXCEPTION) => return Err(missing()),
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// The OpenID Connect provider of an account, by its ARN.
pub async fn provider(
    cx: &Context,
    account: &str,
    arn: &str,
) -> Result<Option<GetOpenIDConnectProviderResponse>, Fault> {
    let input = GetOpenIDConnectProviderRequest { open_id_connect_provider_arn: arn.to_owned() };
    match iam(cx, account).call::<GetOpenIDConnectProvider>(input).await {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is(&NO_SUCH_ENTITY_EXCEPTION) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The SAML provider of an account, by its ARN.
pub async fn saml_provider(cx: &Context, account: &str, arn: &str) -> Result<Option<GetSAMLProviderResponse>, Fault> {
    let input = GetSAMLProviderRequest { saml_provider_arn: arn.to_owned() };
    match iam(cx, account).call::<GetSAMLProvider>(input).await {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is(&NO_SUCH_ENTITY_EXCEPTION) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Target {
    /// How long a session may be that was asked for so many seconds.
    ///
    /// # Errors
    /// AWS's words where it is too long.
    pub fn seconds(&self, asked: Option<i32>, is_chained: bool) -> Result<i32, Fault> {
        let seconds = asked.unwrap_or(DEFAULT_SECONDS);
        if is_chained && seconds > CHAINED_SECONDS {
            let message =
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
            return Err(Fault::validation(message));
        }
        if seconds > self.role.max_session_duration.unwrap_or(DEFAULT_SECONDS) {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(Fault::validation(message));
        }
        Ok(seconds)
    }
}
