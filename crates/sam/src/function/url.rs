//! `FunctionUrlConfig`: the URL of a function, and who may call it.

use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::is_intrinsic;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Value};

/// Properties of `Cors` with what Python calls their types.
const CORS: &[(&str, &str)] = &[
    ("AllowOrigins", "list"),
    ("AllowMethods", "list"),
    ("AllowCredentials", "bool"),
    ("AllowHeaders", "list"),
    ("ExposeHeaders", "list"),
    ("MaxAge", "int"),
];

/// The AWS::Lambda::Url, and permissions for everybody if it has no authentication.
pub(crate) fn resources(function: &Instance, target: &Resource, config: &Map) -> Result<Vec<Resource>> {
    if !is_intrinsic(&config.clone().into()) {
        check_auth_type(function, config.get("AuthType"))?;
        check_cors(function, config.get("Cors"))?;
    }
    let attributes = function.passed_on();
    let arn = target.reference();
    let url = Resource::new("AWS::Lambda::Url", format!("{}Url", function.id), &attributes)?
        .with_some("Cors", config.get("Cors").filter(|cors| cors.truthy()).cloned())
        .with_some("AuthType", config.get("AuthType").cloned())
        .with("TargetFunctionArn", arn.clone())
        .with_some("InvokeMode", config.get("InvokeMode").cloned());
    let mut resources = vec![url];
    if config.str("AuthType") == Some("NONE") {
        let permission = |suffix: &str, action: &str| {
            Resource::new("AWS::Lambda::Permission", format!("{}{suffix}", function.id), &attributes).map(
                |permission| permission.with("Action", action).with("FunctionName", arn.clone()).with("Principal", "*"),
            )
        };
        resources
            .push(permission("UrlPublicPermissions", "lambda:InvokeFunctionUrl")?.with("FunctionUrlAuthType", "NONE"));
        resources.push(
            permission("URLInvokeAllowPublicAccess", "lambda:InvokeFunction")?.with("InvokedViaFunctionUrl", true),
        );
    }
    Ok(resources)
}

fn check_auth_type(function: &Instance, auth_type: Option<&Value>) -> Result<()> {
    match auth_type {
        Some(value) if is_intrinsic(value) || value.is("AWS_IAM") || value.is("NONE") => Ok(()),
        _ => Err(function.error(
            "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.",
        )),
    }
}

fn check_cors(function: &Instance, cors: Option<&Value>) -> Result<()> {
    let Some(cors) = cors.filter(|cors| cors.truthy() && !is_intrinsic(cors)) else { return Ok(()) };
    for (name, value) in Owner::Resource(&function.id).map("FunctionUrlConfig.Cors", Some(cors))?.iter() {
        let Some((_, kind)) = CORS.iter().find(|(known, _)| *known == &**name) else {
            return Err(function.error(format!("{name} is not a valid property for configuring Cors.")));
        };
        let fits = match *kind {
            "list" => value.as_list().is_some(),
            "bool" => value.as_bool().is_some(),
            _ => matches!(value, Value::Bool(_)) || matches!(value, Value::Number(number) if !number.is_f64()),
        };
        if !fits && !is_intrinsic(value) {
            return Err(function.error(format!("{name} must be of type {kind}.")));
        }
    }
    Ok(())
}
