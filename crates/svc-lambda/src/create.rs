//! `CreateFunction`.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Client, Context};
use kogumo_model::iam::{GetRole, GetRoleRequest, NO_SUCH_ENTITY_EXCEPTION};
use kogumo_model::lambda::*;
use kogumo_policy::{Attached, Document, Policies, Principal, Request, decide};
use kogumo_wire::Fault;

use crate::code::{Code, CodeStore};
use crate::layer;
use crate::name::{LATEST, Target};
use crate::record::{FUNCTIONS, Function, VERSIONS, Version, version_key};
use crate::run::Pool;
use crate::settings::{Change, initial};
use crate::source::{self, Source};
use crate::{faults, publish, view};

pub async fn create_function(cx: Context, input: CreateFunctionRequest) -> Result<FunctionConfiguration, Fault> {
    let target = Target::whole(cx.scope(), &input.function_name)?;
    let scope = cx.scope().clone();
    if FUNCTIONS.contains(&cx.snapshot(), &scope, target.name.as_str())? {
        return Err(exists(&target.name));
    }
    let mut settings = Change::from(&input).apply(&initial(&target.name))?;
    check_role(&cx, &settings.role).await?;
    let package = Source::from(&input.code).fetch(&cx).await?;
    let code = source::keep(&CodeStore::new(&cx.cloud.settings.data), package).await?;
    settings.layers = cx.read(|r| layer::resolve(r, input.layers.as_deref().unwrap_or_default()))?;
    layer::check_size(&code, &settings.layers)?;
    let version = Version {
        version: LATEST.to_owned(),
        settings,
        code,
        last_modified: cx.now(),
        revision_id: kogumo_base::uuid(),
    };
    let function = Function { name: target.name.clone(), tags: input.tags.unwrap_or_default(), ..Function::default() };
    let shown = cx.write(|w| {
        if FUNCTIONS.contains(w.tx, &scope, target.name.as_str())? {
            return Err(exists(&target.name));
        }
        FUNCTIONS.put(w.tx, &scope, target.name.as_str(), &function)?;
        VERSIONS.put(w.tx, &scope, version_key(&target.name, LATEST), &version)?;
        let published = if input.publish == Some(true) { publish::publish(w, &target, None)? } else { version.clone() };
        Ok(view::configuration(&scope, &target.name, &published))
    })?;
    Pool::of(&cx.cloud)?.prepare(&cx.cloud, &version.settings.runtime);
    Ok(view::pending(shown))
}

fn exists(name: &str) -> Fault {
    faults::conflict(format!("Function already exist: {name}"))
}

/// Whether Lambda can assume the role: it is there, and it trusts Lambda.
///
/// # Errors
/// Lambda's, if not.
pub async fn check_role(cx: &Context, role: &str) -> Result<(), Fault> {
    let cannot = || faults::invalid("The role defined for the function cannot be assumed by Lambda.");
    let arn =
        Arn::parse(role).filter(|arn| arn.service == "iam" && arn.resource.starts_with("role/")).ok_or_else(cannot)?;
    let name = arn.resource.rsplit('/').next().unwrap_or_default().to_owned();
    let mut caller = cx.caller.through("lambda.amazonaws.com");
    caller.scope = Scope::new(&arn.account, &cx.caller.scope.region);
    caller.principal = kogumo_door::Principal::Service("lambda.amazonaws.com".to_owned()).into();
    let client = Client::new(std::sync::Arc::clone(&cx.cloud), caller);
    let found = match client.call::<GetRole>(GetRoleRequest { role_name: name }).await {
        Ok(found) => found.role,
        Err(fault) if fault.is(&NO_SUCH_ENTITY_EXCEPTION) => return Err(cannot()),
        Err(fault) => return Err(fault),
    };
    let trust = found.assume_role_policy_document.unwrap_or_default();
    let trust = kogumo_wire::decode(&trust, false);
    let trusted = cx.cloud.documents.get(&trust).is_some_and(|trust| trusts_lambda(&trust, role));
    if found.arn == role && trusted { Ok(()) } else { Err(cannot()) }
}

/// Whether a trust policy lets Lambda in.
fn trusts_lambda(trust: &Document, role: &str) -> bool {
    let principal = Principal::Service { name: "lambda.amazonaws.com".to_owned() };
    let context = kogumo_policy::Context::default();
    let request =
        Request { principal: &principal, action: "sts:AssumeRole", resource: role, owner: "", context: &context };
    let trust = Attached { name: role, document: trust };
    decide(&request, &Policies { trust: Some(trust), ..Policies::default() }).is_allowed()
}

/// A revision that nobody has seen yet.
pub fn renew(version: &mut Version, code: Option<Code>, now: kogumo_base::Timestamp) {
    if let Some(code) = code {
        version.code = code;
    }
    version.last_modified = now;
    version.revision_id = kogumo_base::uuid();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_policies() {
        let trusts = |statement: &str| {
            let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
            trusts_lambda(&Document::parse(&text).expect("a document"), "arn:aws:iam::111122223333:role/r")
        };
        let allow =
            r#"{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}"#;
        assert!(trusts(allow));
        assert!(trusts(&format!("[{allow}]")));
        assert!(trusts(&allow.replace("\"lambda.amazonaws.com\"", "[\"x\", \"lambda.amazonaws.com\"]")));
        assert!(!trusts(&allow.replace("lambda.", "ec2.")));
        assert!(!trusts(&allow.replace("Allow", "Deny")));
    }
}
