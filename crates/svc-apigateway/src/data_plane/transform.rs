//! Integrations other than the Lambda proxy: what is sent to the backend, and what of its answer
//! becomes the client's.

use crate::data_plane::failure::{API_CONFIGURATION_ERROR, Failure, UNSUPPORTED_MEDIA_TYPE};
use crate::data_plane::mapping::Sources;
use crate::definition::{Integration, IntegrationResponse, Method, Strings};
use base64::prelude::{BASE64_STANDARD, Engine};
use kogumo_execute_api::backend::{Outgoing, passes};
use kogumo_execute_api::exchange::{Pairs, Request, Response, is_binary, media_type};
use kogumo_vtl::api_gateway::Mapped;
use regex::Regex;
use serde_json::{Map, Value as Json};

/// What came from the backend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Incoming {
    pub status: u16,
    pub headers: Pairs,
    pub body: Vec<u8>,
    /// The `errorMessage` of a Lambda function that failed.
    pub error_message: Option<String>,
}

/// Parameters and body for the backend.
pub fn outgoing(
    integration: &Integration,
    request: &Request,
    sources: Sources<'_>,
    binary_media_types: &[String],
) -> Result<Outgoing, Failure> {
    let mut outgoing = Outgoing::default();
    if integration.kind == "HTTP_PROXY" {
        outgoing.headers = request.headers.iter().filter(|(name, _)| passes(name)).cloned().collect();
        outgoing.query = request.query.clone();
        outgoing.body = request.body.clone();
        map_parameters(integration, sources, &mut outgoing);
        return Ok(outgoing);
    }
    let content_type = request.header("content-type").unwrap_or("application/json");
    outgoing.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    map_parameters(integration, sources, &mut outgoing);
    outgoing.body = convert_request(integration, request, binary_media_types)?;
    if let Some(template) = request_template(integration, &request.media_type())? {
        let mapped = sources.render(template, &outgoing.body);
        let mapped = mapped.map_err(|_| Failure::new(&API_CONFIGURATION_ERROR))?;
        override_parameters(&mapped, &mut outgoing);
        outgoing.body = mapped.text.into_bytes();
    }
    Ok(outgoing)
}

/// `contentHandling` of a request: binary types arrive as bytes, and leave as they are told to.
fn convert_request(integration: &Integration, request: &Request, binary: &[String]) -> Result<Vec<u8>, Failure> {
    let is_binary = is_binary(&request.media_type(), binary);
    match integration.content_handling.as_deref() {
        Some("CONVERT_TO_TEXT") if is_binary => Ok(BASE64_STANDARD.encode(&request.body).into_bytes()),
        Some("CONVERT_TO_BINARY") if !is_binary => decode(&request.body),
        _ => Ok(request.body.clone()),
    }
}

fn decode(body: &[u8]) -> Result<Vec<u8>, Failure> {
    BASE64_STANDARD.decode(body.trim_ascii()).map_err(|_| Failure::new(&API_CONFIGURATION_ERROR))
}

/// The template for a media type, none to pass the body through, or 415.
fn request_template<'i>(integration: &'i Integration, media_type: &str) -> Result<Option<&'i str>, Failure> {
    if let Some(template) = integration.request_templates.get(media_type) {
        return Ok(Some(template));
    }
    match integration.passthrough_behavior.as_deref() {
        Some("NEVER") => Err(Failure::new(&UNSUPPORTED_MEDIA_TYPE)),
        Some("WHEN_NO_TEMPLATES") if !integration.request_templates.is_empty() => {
            Err(Failure::new(&UNSUPPORTED_MEDIA_TYPE))
        }
        _ => Ok(None),
    }
}

fn map_parameters(integration: &Integration, sources: Sources<'_>, outgoing: &mut Outgoing) {
    for (target, expression) in &integration.request_parameters {
        let Some((location, name)) = target.strip_prefix("integration.request.").and_then(|t| t.split_once('.')) else {
            continue;
        };
        let values = sources.evaluate(expression);
        let pairs = match location {
            "path" => &mut outgoing.path,
            "querystring" => &mut outgoing.query,
            "header" => &mut outgoing.headers,
            _ => continue,
        };
        if !values.is_empty() {
            pairs.retain(|(known, _)| known != name && !(location == "header" && known.eq_ignore_ascii_case(name)));
            pairs.extend(values.into_iter().map(|value| (name.to_owned(), value)));
        }
    }
}

/// `$context.requestOverride` of the template.
fn override_parameters(mapped: &Mapped, outgoing: &mut Outgoing) {
    for (location, pairs) in
        [("path", &mut outgoing.path), ("querystring", &mut outgoing.query), ("header", &mut outgoing.headers)]
    {
        let Some(Json::Object(overrides)) = mapped.request_override.get(location) else {
            continue;
        };
        for (name, values) in overrides {
            pairs.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            pairs.extend(texts(values).into_iter().map(|value| (name.clone(), value)));
        }
    }
}

/// A value, or each item of a list.
fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// The address of an HTTP backend: `{name}` and `${stageVariables.name}` filled in.
pub fn fill_uri(uri: &str, path: &Pairs, stage_variables: &Strings) -> String {
    let mut filled = fill_stage_variables(uri, stage_variables);
    for (name, value) in path {
        filled = filled.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value);
    }
    filled
}

/// `${stageVariables.name}` in URIs and credentials.
pub fn fill_stage_variables(text: &str, stage_variables: &Strings) -> String {
    stage_variables
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{stageVariables.{name}}}"), value))
}

/// The status that a mock integration's template asks for.
pub fn mock(outgoing: &Outgoing) -> Result<Incoming, Failure> {
    let wanted: Option<Json> = serde_json::from_slice(&outgoing.body).ok();
    let status = wanted.as_ref().and_then(|wanted| wanted.get("statusCode")).and_then(|status| match status {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    });
    match status.and_then(|status| u16::try_from(status).ok()).filter(|status| (100..=599).contains(status)) {
        Some(status) => Ok(Incoming { status, ..Incoming::default() }),
        None => Err(Failure::new(&API_CONFIGURATION_ERROR)),
    }
}

/// The integration response whose pattern matches all of the error message (Lambda) or the
/// status (everything else), else the one without a pattern. Answers its status code too.
pub fn select<'i>(integration: &'i Integration, incoming: &Incoming) -> Option<(&'i str, &'i IntegrationResponse)> {
    let status = incoming.status.to_string();
    let lambda =
        integration.kind == "AWS" && integration.uri.as_deref().is_some_and(|uri| uri.contains(":lambda:path/"));
    let subject = if lambda { incoming.error_message.as_deref() } else { Some(status.as_str()) };
    let matching = integration.responses.iter().find(|(_, response)| {
        let pattern = response.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        match (pattern, subject) {
            (Some(pattern), Some(subject)) => {
                Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(subject))
            }
            _ => false,
        }
    });
    let default = || {
        integration
            .responses
            .iter()
            .find(|(_, response)| response.selection_pattern.as_deref().unwrap_or("").is_empty())
    };
    matching.or_else(default).map(|(status, response)| (status.as_str(), response))
}

/// The client's response out of the backend's.
pub fn respond(
    method: &Method,
    integration: &Integration,
    incoming: &Incoming,
    request: &Request,
    sources: Sources<'_>,
    binary_media_types: &[String],
) -> Result<Response, Failure> {
    let broken = || Failure::new(&API_CONFIGURATION_ERROR);
    let (status, chosen) = select(integration, incoming).ok_or_else(broken)?;
    if !method.responses.contains_key(status) {
        return Err(broken());
    }
    let mut response = Response { status: status.parse().map_err(|_| broken())?, ..Response::default() };
    let sources = Sources { response: Some((&incoming.headers, &incoming.body)), ..sources };
    for (target, expression) in &chosen.response_parameters {
        if let Some(name) = target.strip_prefix("method.response.header.") {
            response.headers.extend(sources.evaluate(expression).into_iter().map(|value| (name.to_owned(), value)));
        }
    }
    let body = convert_response(chosen, incoming, binary_media_types)?;
    let (content_type, template) = response_template(&chosen.response_templates, request, incoming);
    response.body = match template {
        Some(template) => {
            let mapped = sources.render(template, &body).map_err(|_| broken())?;
            override_response(&mapped.response_override, &mut response);
            mapped.text.into_bytes()
        }
        None => body,
    };
    if response.header("content-type").is_none() {
        response.set_header("Content-Type", content_type);
    }
    Ok(response)
}

/// `contentHandling` of a response.
fn convert_response(chosen: &IntegrationResponse, incoming: &Incoming, binary: &[String]) -> Result<Vec<u8>, Failure> {
    let from_binary =
        is_binary(&media_type(kogumo_execute_api::exchange::header(&incoming.headers, "content-type")), binary);
    match chosen.content_handling.as_deref() {
        Some("CONVERT_TO_BINARY") if !from_binary => decode(&incoming.body),
        Some("CONVERT_TO_TEXT") if from_binary => Ok(BASE64_STANDARD.encode(&incoming.body).into_bytes()),
        _ => Ok(incoming.body.clone()),
    }
}

/// The template for what the client accepts, else JSON, else any; and the type of the result.
fn response_template<'t>(templates: &'t Strings, request: &Request, incoming: &Incoming) -> (String, Option<&'t str>) {
    let accepted = media_type(request.header("accept").and_then(|accept| accept.split(',').next()));
    let found = templates
        .get_key_value(&accepted)
        .or_else(|| templates.get_key_value("application/json"))
        .or_else(|| templates.iter().next());
    match found {
        Some((name, template)) => (name.clone(), Some(template.as_str()).filter(|template| !template.is_empty())),
        None => {
            let own = kogumo_execute_api::exchange::header(&incoming.headers, "content-type");
            (own.unwrap_or("application/json").to_owned(), None)
        }
    }
}

/// `$context.responseOverride` of the template.
fn override_response(overrides: &Map<String, Json>, response: &mut Response) {
    let status = overrides.get("status").and_then(|status| match status {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    });
    if let Some(status) = status.and_then(|status| u16::try_from(status).ok()).filter(|s| (100..=599).contains(s)) {
        response.status = status;
    }
    if let Some(Json::Object(headers)) = overrides.get("header") {
        for (name, values) in headers {
            response.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            response.headers.extend(texts(values).into_iter().map(|value| (name.clone(), value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::MethodResponse;
    use kogumo_execute_api::context::Context;

    fn strings(pairs: &[(&str, &str)]) -> Strings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The CORS preflight that SAM writes.
    #[test]
    fn a_mock_answers_what_its_responses_say() {
        let integration = Integration {
            kind: "MOCK".into(),
            request_templates: strings(&[("application/json", "{\n  \"statusCode\" : 200\n}\n")]),
            responses: [(
                "200".to_owned(),
                IntegrationResponse {
                    response_parameters: strings(&[("method.response.header.Access-Control-Allow-Origin", "'*'")]),
                    response_templates: strings(&[("application/json", "{}\n")]),
                    ..IntegrationResponse::default()
                },
            )]
            .into(),
            ..Integration::default()
        };
        let method = Method { responses: [("200".to_owned(), MethodResponse::default())].into(), ..Method::default() };
        let (request, context, none) = (Request::default(), Context::default(), Vec::new());
        let sources =
            Sources { path: &none, query: &none, headers: &none, body: b"", context: &context, response: None };
        let outgoing = outgoing(&integration, &request, sources, &[]).expect("a template");
        let incoming = mock(&outgoing).expect("a status");
        let response = respond(&method, &integration, &incoming, &request, sources, &[]).expect("a response");
        assert_eq!((response.status, response.body.as_slice()), (200, b"{}\n".as_slice()));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert_eq!(response.header("content-type"), Some("application/json"));
    }

    #[test]
    fn templates_override_parameters_and_status() {
        let integration = Integration {
            kind: "HTTP".into(),
            request_parameters: strings(&[
                ("integration.request.header.X", "'old'"),
                ("integration.request.path.id", "method.request.querystring.q"),
            ]),
            request_templates: strings(&[(
                "application/json",
                "#set($context.requestOverride.header.x = 'new')$input.json('$.a')",
            )]),
            responses: [(
                "200".to_owned(),
                IntegrationResponse {
                    response_templates: strings(&[(
                        "application/json",
                        "#set($context.responseOverride.status = 404)gone",
                    )]),
                    ..IntegrationResponse::default()
                },
            )]
            .into(),
            ..Integration::default()
        };
        let method = Method { responses: [("200".to_owned(), MethodResponse::default())].into(), ..Method::default() };
        let request = Request { body: br#"{"a": [1]}"#.to_vec(), ..Request::default() };
        let (context, none, query) = (Context::default(), Vec::new(), vec![("q".to_owned(), "7".to_owned())]);
        let sources =
            Sources { path: &none, query: &query, headers: &none, body: b"", context: &context, response: None };
        let sent = outgoing(&integration, &request, sources, &[]).expect("a template");
        assert_eq!(sent.body, b"[1]");
        assert_eq!(kogumo_execute_api::exchange::header(&sent.headers, "X"), Some("new"));
        assert_eq!(
            fill_uri("http://h/${stageVariables.v}/{id}", &sent.path, &strings(&[("v", "v1")])),
            "http://h/v1/7"
        );
        let incoming = Incoming { status: 200, ..Incoming::default() };
        let response = respond(&method, &integration, &incoming, &request, sources, &[]).expect("a response");
        assert_eq!((response.status, response.body.as_slice()), (404, b"gone".as_slice()));
    }

    #[test]
    fn patterns_match_errors_of_functions_and_statuses_of_others() {
        let response = |pattern: Option<&str>| IntegrationResponse {
            selection_pattern: pattern.map(str::to_owned),
            ..Default::default()
        };
        let responses =
            [("200", response(None)), ("400", response(Some("4\\d{2}"))), ("500", response(Some("(?s).*Oops.*")))];
        let responses: std::collections::BTreeMap<_, _> =
            responses.into_iter().map(|(status, r)| (status.to_owned(), r)).collect();
        let lambda = Integration {
            kind: "AWS".into(),
            uri: Some("arn:aws:apigateway:r:lambda:path/x".into()),
            responses: responses.clone(),
            ..Default::default()
        };
        let http = Integration { kind: "HTTP".into(), responses, ..Default::default() };
        let came = |status, error: Option<&str>| Incoming {
            status,
            error_message: error.map(str::to_owned),
            ..Default::default()
        };
        assert_eq!(select(&lambda, &came(200, None)).map(|(status, _)| status), Some("200"));
        assert_eq!(select(&lambda, &came(200, Some("it said Oops\nthere"))).map(|(status, _)| status), Some("500"));
        assert_eq!(select(&lambda, &came(200, Some("other"))).map(|(status, _)| status), Some("200"));
        assert_eq!(select(&http, &came(404, None)).map(|(status, _)| status), Some("400"));
        assert_eq!(select(&http, &came(301, None)).map(|(status, _)| status), Some("200"));
    }

    #[test]
    fn media_types_without_a_template() {
        let with = |behavior: &str| Integration {
            passthrough_behavior: Some(behavior.to_owned()),
            request_templates: strings(&[("application/json", "x")]),
            ..Integration::default()
        };
        assert_eq!(request_template(&with("WHEN_NO_MATCH"), "text/xml"), Ok(None));
        assert!(request_template(&with("WHEN_NO_TEMPLATES"), "text/xml").is_err());
        assert!(request_template(&with("NEVER"), "text/xml").is_err());
        assert_eq!(request_template(&with("NEVER"), "application/json"), Ok(Some("x")));
    }
}
