//! `GatewayResponses`: what an API answers without asking its integrations.

use super::editable;
use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::is_intrinsic;
use crate::python2;
use crate::rules::Instance;
use crate::swagger::Swagger;
use crate::value::{Map, Value, text};

pub(crate) fn add(api: &Instance, body: &mut Option<Value>) -> Result<()> {
    let Some(Value::Map(responses)) = api.some("GatewayResponses") else { return Ok(()) };
    if !body.as_ref().is_some_and(Value::truthy) {
        return Err(
            api.error("GatewayResponses works only with inline Swagger specified in 'DefinitionBody' property.")
        );
    }
    for (kind, response) in responses.iter() {
        check(api, kind, response)?;
    }
    let document = editable(api, body.as_ref(), "GatewayResponses", "Auth configuration")?;
    let mut editor = Swagger::open(Some(document))?;
    for (kind, response) in responses.iter() {
        if let Value::Map(response) = response {
            editor.add_gateway_response(kind, definition(api, kind, response)?);
        }
    }
    *body = Some(editor.close());
    Ok(())
}

fn check(api: &Instance, kind: &str, response: &Value) -> Result<()> {
    if is_intrinsic(response) {
        let message =
            "Unable to set GatewayResponses attribute because intrinsic functions are not supported for this field.";
        return Err(api.error(message));
    }
    let Value::Map(response) = response else {
        return Err(api.error(format!(
            "Invalid property type '{}' for GatewayResponses. Expected an object of type 'GatewayResponse'.",
            python2::type_name(response)
        )));
    };
    let known = ["ResponseParameters", "ResponseTemplates", "StatusCode"];
    match response.keys().iter().find(|key| !known.contains(&&***key)) {
        None => Ok(()),
        Some(key) => Err(api.error(format!("Invalid property '{key}' in 'GatewayResponses' property '{kind}'."))),
    }
}

fn definition(api: &Instance, kind: &str, response: &Map) -> Result<Value> {
    let owner = Owner::Resource(&api.id);
    let none = Map::hashed();
    let parameters = match response.get("ResponseParameters").filter(|parameters| parameters.truthy()) {
        None => &none,
        parameters => owner.map(&format!("GatewayResponses.{kind}.ResponseParameters"), parameters)?,
    };
    let places = [("Headers", "header."), ("Paths", "path."), ("QueryStrings", "querystring.")];
    if let Some(key) = parameters.keys().iter().find(|key| !places.iter().any(|(place, _)| *place == &***key)) {
        return Err(api.error(format!("Invalid gateway response parameter '{key}'")));
    }
    let status = response.get("StatusCode").map(python2::str);
    let numeric = |status: &String| (1..=3).contains(&status.len()) && status.bytes().all(|byte| byte.is_ascii_digit());
    if response.truthy("StatusCode") && !status.as_ref().is_some_and(numeric) {
        return Err(api.error("Property 'StatusCode' must be numeric"));
    }
    let mut prefixed = Map::hashed();
    for (place, prefix) in places {
        if !parameters.contains(place) {
            continue;
        }
        for (key, value) in owner.map(&format!("ResponseParameters.{place}"), parameters.get(place))?.iter() {
            prefixed.insert(key.with(format!("gatewayresponse.{prefix}{key}")), value.clone());
        }
    }
    let templates = response.get("ResponseTemplates").filter(|templates| templates.truthy()).cloned();
    let mut definition = Map::hashed();
    definition.insert("responseParameters", prefixed);
    definition.insert("responseTemplates", templates.unwrap_or_else(|| none.into()));
    definition.insert_some("statusCode", status.filter(|status| !status.is_empty()).map(text));
    Ok(definition.into())
}
