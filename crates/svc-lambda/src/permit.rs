//! What the door hears of functions: their resource policies and tags. Services that call for one of their resources
//! (a bucket, an API's method) are held to the policy; people and roles by their own policies, too.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding};

use crate::name::Target;
use crate::policy;
use crate::record::FUNCTIONS;

/// What Lambda knows of the function that is asked for.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    let Some((scope, name)) = function(ask.resource) else { return Ok(ground) };
    let Ok(target) = Target::parse(&scope, name, None) else { return Ok(ground) };
    // Of a function that is not there the operation tells.
    let Some(function) = FUNCTIONS.get(grounding.store, &target.scope, target.name.as_str())? else {
        return Ok(ground);
    };
    ground.resource = Some(target.arn());
    ground.owner = Some(target.scope.account.clone());
    ground.holds_services = grounding.caller.source_arn.is_some() && ask.action.starts_with("lambda:Invoke");
    if let Ok(Some(policy)) = policy::find(grounding.store, &target) {
        ground.policies.extend(grounding.cloud.documents.get(&policy.document()));
    }
    if ask.action == "lambda:InvokeFunctionUrl" {
        ground.keys.push(("lambda:InvokedViaFunctionUrl".into(), vec!["true".into()]));
        let signed = crate::url::is_signed(grounding.store, &target)?;
        let kind = if signed { "AWS_IAM" } else { "NONE" };
        ground.keys.push(("lambda:FunctionUrlAuthType".into(), vec![kind.into()]));
    }
    if grounding.wants_keys {
        ground = ground.tagged(&function.tags);
    }
    Ok(ground)
}

/// The place and the name behind `arn:aws:lambda:REGION:ACCOUNT:function:`; the name may be any of the forms that
/// requests have.
fn function(arn: &str) -> Option<(Scope, &str)> {
    let mut parts = arn.strip_prefix("arn:aws:lambda:")?.splitn(4, ':');
    let (region, account) = (parts.next()?, parts.next()?);
    let name = (parts.next()? == "function").then(|| parts.next())??;
    Some((Scope::new(account, region), name))
}

#[cfg(test)]
mod tests {
    use super::function;

    #[test]
    fn functions_of_arns() {
        let found = function("arn:aws:lambda:us-east-1:111122223333:function:f:prod").expect("a function");
        assert_eq!((found.0.account.as_str(), found.1), ("111122223333", "f:prod"));
        assert!(function("arn:aws:lambda:us-east-1:111122223333:layer:l").is_none());
    }
}
