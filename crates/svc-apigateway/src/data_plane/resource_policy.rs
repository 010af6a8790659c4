//! Resource policies of APIs: who may call at all, mostly by address.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html>

use super::call::Call;
use super::failure::{ACCESS_DENIED, Failure};
use kogumo_execute_api::access::{Verdict, verdict_for};
use kogumo_execute_api::context::Context;
use kogumo_policy::{Context as Circumstances, Principal};

/// Lets a request through or tells why not. An API without a policy is open to everybody.
pub fn check(call: &Call<'_>, context: &Context) -> Result<(), Failure> {
    let Some(policy) = &call.definition.policy else { return Ok(()) };
    let arn = call.method_arn(context);
    let refused = |why: &str| {
        let message =
            format!("User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}{why}");
        Err(Failure::saying(&ACCESS_DENIED, message))
    };
    let Some(policy) = call.cloud.documents.get(policy) else { return refused("") };
    // Resources may be written short: `execute-api:/stage/GET/path`.
    let short = format!("execute-api:/{}", arn.split_once('/').map_or("", |(_, path)| path));
    let circumstances = circumstances(call);
    let caller = caller(context);
    match [&arn, &short].map(|resource| verdict_for(&policy, &caller, resource, &circumstances)) {
        verdicts if verdicts.contains(&Verdict::Denied) => refused(" with an explicit deny"),
        verdicts if verdicts.contains(&Verdict::Allowed) => Ok(()),
        _ => refused(""),
    }
}

/// Who has signed the request; nobody, if its method asks for no signature.
fn caller(context: &Context) -> Principal {
    let identity = &context.identity;
    let (Some(arn), Some(account)) = (&identity.user_arn, &identity.account_id) else { return Principal::Anonymous };
    let (arn, account, id) = (arn.clone(), account.clone(), identity.user.clone().unwrap_or_default());
    let role = arn.split_once(":assumed-role/").and_then(|(_, session)| session.split('/').next());
    match role.map(|role| format!("arn:aws:iam::{account}:role/{role}")) {
        Some(role) => Principal::Session { account, arn, role, id },
        None if arn.ends_with(":root") => Principal::Root { account },
        None => Principal::User { account, arn, id },
    }
}

fn circumstances(call: &Call<'_>) -> Circumstances {
    let mut circumstances = Circumstances::default();
    circumstances.put("aws:SourceIp", call.request.source_ip.as_str());
    circumstances.put("aws:CurrentTime", call.now.iso());
    circumstances.put("aws:EpochTime", call.now.seconds().to_string());
    let header = |name: &str| call.request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    circumstances.put_some("aws:UserAgent", header("user-agent").map(|(_, value)| value.as_str()));
    circumstances.put_some("aws:Referer", header("referer").map(|(_, value)| value.as_str()));
    circumstances
}
