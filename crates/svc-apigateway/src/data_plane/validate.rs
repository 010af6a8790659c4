//! Request validators: required parameters, and bodies against models.

use crate::data_plane::failure::{BAD_REQUEST_BODY, BAD_REQUEST_PARAMETERS, Failure};
use crate::data_plane::schema;
use crate::definition::{Definition, Method};
use kogumo_execute_api::exchange::{Pairs, Request, header};
use serde_json::Value as Json;

/// Checks a request as the method's validator says; without one everything is allowed.
pub fn validate(definition: &Definition, method: &Method, request: &Request, path: &Pairs) -> Result<(), Failure> {
    let Some(validator) = method.request_validator_id.as_ref().and_then(|id| definition.validators.get(id)) else {
        return Ok(());
    };
    if validator.validate_request_parameters {
        parameters(method, request, path)?;
    }
    if validator.validate_request_body { body(definition, method, request) } else { Ok(()) }
}

fn parameters(method: &Method, request: &Request, path: &Pairs) -> Result<(), Failure> {
    let present = |parameter: &str| {
        let Some((location, name)) = parameter.strip_prefix("method.request.").and_then(|p| p.split_once('.')) else {
            return true;
        };
        let filled = |pairs: &Pairs| pairs.iter().any(|(known, value)| known == name && !value.is_empty());
        match location {
            "path" => filled(path),
            "querystring" => filled(&request.query),
            "header" => header(&request.headers, name).is_some_and(|value| !value.is_empty()),
            _ => true,
        }
    };
    let missing: Vec<&str> = method
        .request_parameters
        .iter()
        .filter(|(parameter, required)| **required && !present(parameter))
        .map(|(parameter, _)| parameter.splitn(4, '.').last().unwrap_or(parameter))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Missing required request parameters: [{}]", missing.join(", "));
    Err(Failure::saying(&BAD_REQUEST_PARAMETERS, message))
}

fn body(definition: &Definition, method: &Method, request: &Request) -> Result<(), Failure> {
    let model = method.request_models.get(&request.media_type()).or_else(|| method.request_models.get("$default"));
    let Some(schema) = model.and_then(|name| schema_of(definition, name)) else {
        return Ok(());
    };
    let empty = request.body.trim_ascii().is_empty();
    let text: &[u8] = if empty { b"{}" } else { &request.body };
    let problems = match serde_json::from_slice::<Json>(text) {
        Ok(value) => schema::violations(&schema, &value, &|name| schema_of(definition, name)),
        Err(_) => vec!["the body is not JSON".to_owned()],
    };
    if problems.is_empty() {
        return Ok(());
    }
    let validation_error = Some(format!("[{}]", problems.join(", ")));
    Err(Failure { validation_error, ..Failure::new(&BAD_REQUEST_BODY) })
}

fn schema_of(definition: &Definition, model: &str) -> Option<Json> {
    let text = definition.models.get(model)?.schema.as_ref()?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Model, RequestValidator};

    #[test]
    fn parameters_and_bodies() {
        let mut definition = Definition::default();
        let validator =
            RequestValidator { validate_request_body: true, validate_request_parameters: true, ..Default::default() };
        definition.validators.insert("v".into(), validator);
        let model = Model { schema: Some(r#"{"type": "object", "required": ["a"]}"#.into()), ..Model::default() };
        definition.models.insert("M".into(), model);
        let mut method = Method { request_validator_id: Some("v".into()), ..Method::default() };
        method.request_parameters.insert("method.request.querystring.q".into(), true);
        method.request_parameters.insert("method.request.header.x.y".into(), true);
        method.request_models.insert("application/json".into(), "M".into());
        let mut request = Request::default();
        let failed = |request: &Request| validate(&definition, &method, request, &Vec::new()).err();
        let message = failed(&request).and_then(|failure| failure.message);
        assert_eq!(message.as_deref(), Some("Missing required request parameters: [x.y, q]"));
        request.query.push(("q".into(), "1".into()));
        request.headers.push(("X.Y".into(), "1".into()));
        assert_eq!(failed(&request).map(|failure| failure.kind.name), Some("BAD_REQUEST_BODY"));
        request.body = br#"{"a": 1}"#.to_vec();
        assert_eq!(failed(&request), None);
        request.body = b"{".to_vec();
        assert_eq!(failed(&request).and_then(|failure| failure.message).as_deref(), Some("Invalid request body"));
    }
}
