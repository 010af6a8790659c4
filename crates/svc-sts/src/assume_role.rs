//! AssumeRole: whom the role's trust lets in gets a session of it.

use kogumo_door::{Context as Door, MfaDevices, Principal, Session};
use kogumo_model::sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use kogumo_policy::Context;
use kogumo_wire::Fault;

use crate::narrowing::Narrowing;
use crate::role::{self, Target};
use crate::session::{self, Lasting, Who};
use crate::trust::Asking;

pub async fn assume_role(cx: Door, input: AssumeRoleRequest) -> Result<AssumeRoleResponse, Fault> {
    if input.provided_contexts.is_some() {
        return Err(Fault::not_implemented("AssumeRole with ProvidedContexts"));
    }
    let denied = denied(&cx, &input.role_arn);
    let Some(target) = role::find(&cx, &input.role_arn).await? else { return Err(denied) };
    let principal = asker(&cx).await?;
    let mfa = one_time_password(&cx, input.serial_number.as_deref(), input.token_code.as_deref())?;
    let calling = cx.caller.session.as_deref();
    let inherited = calling.and_then(|session| session.source_identity.clone());
    if let (Some(kept), Some(new)) = (&inherited, &input.source_identity)
        && kept != new
    {
        return Err(denied);
    }
    let source_identity = inherited.or(input.source_identity.clone());
    let mut session = Session { source_identity: source_identity.clone(), ..Session::default() };
    let narrowing = Narrowing {
        policy: input.policy.clone(),
        policy_arns: input.policy_arns.clone(),
        tags: input.tags.clone(),
        transitive: input.transitive_tag_keys.clone(),
    };
    let is_role = matches!(*cx.caller.principal, Principal::AssumedRole { .. });
    let packed_policy_size = narrowing.apply(&mut session, calling.filter(|_| is_role))?;
    let seconds = target.seconds(input.duration_seconds, is_role)?;

    let context = circumstances(&cx, &input, &target, &session, mfa)?;
    let mut actions = vec!["sts:AssumeRole"];
    actions.extend((!session.tags.is_empty()).then_some("sts:TagSession"));
    actions.extend(source_identity.is_some().then_some("sts:SetSourceIdentity"));
    let asking =
        Asking { principal: &principal, role_arn: &target.text, owner: &target.arn.account, context: &context };
    if !asking.is_trusted(&target.trust, &actions) {
        return Err(denied);
    }
    session.mfa = mfa.then(|| cx.now());
    role::check_policies(&cx, &target.arn.account, &session.policy_arns).await?;
    let who = who(&target, &input.role_session_name);
    let lasting = Lasting { seconds, least_token: input.minimum_session_token_size };
    let credentials = cx.write(|w| session::issue(w, lasting, who.clone(), session.clone()).map_err(Fault::from))?;
    Ok(AssumeRoleResponse {
        credentials: Some(credentials),
        assumed_role_user: Some(assumed(&who)),
        packed_policy_size,
        source_identity,
        ..AssumeRoleResponse::default()
    })
}

/// Trust policies are not quoted in what the refused are told.
fn denied(cx: &Door, role_arn: &str) -> Fault {
    let user = cx.caller.principal.arn();
    Fault::access_denied(format!("User: {user} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"))
}

/// The session of a role under a name.
pub fn who(target: &Target, session: &str) -> Who {
    Who::Role {
        account: target.arn.account.clone(),
        role: target.role.role_name.clone(),
        session: session.to_owned(),
        id: format!("{}:{session}", target.role.role_id),
    }
}

pub fn assumed(who: &Who) -> AssumedRoleUser {
    let principal = who.principal();
    AssumedRoleUser { assumed_role_id: principal.id().to_owned(), arn: principal.arn() }
}

/// The caller as policies see it. The role behind a session has a path that the session does not tell.
async fn asker(cx: &Door) -> Result<kogumo_policy::Principal, Fault> {
    use kogumo_policy::Principal as Seen;
    let arn = cx.caller.principal.arn();
    Ok(match Principal::clone(&cx.caller.principal) {
        Principal::Root { account } => Seen::Root { account },
        Principal::User { account, id, .. } => Seen::User { account, arn, id },
        Principal::AssumedRole { account, role, id, .. } => {
            let found = role::by_name(cx, &account, &role).await?;
            let role = found.map_or_else(|| format!("arn:aws:iam::{account}:role/{role}"), |role| role.arn);
            Seen::Session { account, arn, role, id }
        }
        Principal::Federated { account, id, .. } => {
            let user = cx.caller.session.as_deref().and_then(|session| session.maker.clone()).unwrap_or_default();
            Seen::FederatedUser { account, arn, user, id }
        }
        Principal::Service(name) => Seen::Service { name },
        Principal::Anonymous => Seen::Anonymous,
    })
}

/// Whether a right one-time password came with the request. None at all is no error: the trust policy may want one.
///
/// # Errors
/// AccessDenied for a wrong one.
pub fn one_time_password(cx: &Door, serial: Option<&str>, code: Option<&str>) -> Result<bool, Fault> {
    let (serial, code) = match (serial, code) {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => (serial, code),
        _ => {
            let message =
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ";
            return Err(Fault::access_denied(message));
        }
    };
    let devices = cx.cloud.part::<MfaDevices>()?;
    let is_right = cx.write(|w| {
        let principal = w.caller.principal.clone();
        (devices.verify)(w, &principal, serial, code)
    })?;
    if is_right {
        return Ok(true);
    }
    Err(Fault::access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code. "))
}

/// The condition keys of the request: the caller's, and what he asks for.
fn circumstances(
    cx: &Door,
    input: &AssumeRoleRequest,
    target: &Target,
    session: &Session,
    mfa: bool,
) -> Result<Context, Fault> {
    let mut context = cx.cloud.circumstances(&cx.caller)?;
    context.put_some("sts:ExternalId", input.external_id.as_deref());
    if mfa {
        context.put("aws:MultiFactorAuthPresent", "true");
        context.put("aws:MultiFactorAuthAge", "0");
    }
    of_session(&mut context, &input.role_session_name, session);
    of_role(&mut context, target);
    Ok(context)
}

/// What the session is to carry.
pub fn of_session(context: &mut Context, name: &str, session: &Session) {
    context.put("sts:RoleSessionName", name);
    context.put_some("sts:SourceIdentity", session.source_identity.as_deref());
    for (key, value) in &session.tags {
        context.put(format!("aws:RequestTag/{key}"), value.as_str());
    }
    context.put_all("aws:TagKeys", session.tags.keys().map(String::as_str));
    context.put_all("sts:TransitiveTagKeys", session.transitive.iter().map(String::as_str));
}

/// What is known of the role: whose it is, and its tags.
pub fn of_role(context: &mut Context, target: &Target) {
    context.put("aws:ResourceAccount", target.arn.account.as_str());
    for tag in target.role.tags.iter().flatten() {
        context.put(format!("aws:ResourceTag/{}", tag.key), tag.value.as_str());
        context.put(format!("iam:ResourceTag/{}", tag.key), tag.value.as_str());
    }
}
