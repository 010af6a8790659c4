//! Parameter mapping: `integration.request.header.X` from `method.request.querystring.y`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::Pairs;
use kogumo_vtl::api_gateway::{Mapped, Mapping, Parameters};
use kogumo_vtl::json_path::Path;
use kogumo_vtl::{Error, Template};
use serde_json::{Map, Value as Json};

/// Where mapping expressions and templates take values from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub path: &'a Pairs,
    pub query: &'a Pairs,
    pub headers: &'a Pairs,
    pub body: &'a [u8],
    pub context: &'a Context,
    /// Headers and payload of the backend's response, once there is one.
    pub response: Option<(&'a Pairs, &'a [u8])>,
}

impl Sources<'_> {
    /// The values of an expression; none where it leads to nothing.
    pub fn evaluate(&self, expression: &str) -> Vec<String> {
        let expression = expression.trim();
        if let Some(text) = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return vec![text.to_owned()];
        }
        if let Some(name) = expression.strip_prefix("stageVariables.") {
            return self.context.stage_variables.get(name).cloned().into_iter().collect();
        }
        if let Some(path) = expression.strip_prefix("context.") {
            return self.of_context(path).into_iter().collect();
        }
        if let Some(rest) = expression.strip_prefix("method.request.") {
            return self.of_request(rest);
        }
        if let Some(rest) = expression.strip_prefix("integration.response.") {
            return self.of_response(rest);
        }
        Vec::new()
    }

    fn of_context(&self, path: &str) -> Option<String> {
        let mut value = Json::Object(self.context.template_context());
        for name in path.split('.') {
            value = value.get_mut(name)?.take();
        }
        as_text(&value)
    }

    fn of_request(&self, source: &str) -> Vec<String> {
        let (location, name) = source.split_once('.').unwrap_or((source, ""));
        match location {
            "path" => last(self.path, name, false),
            "querystring" => last(self.query, name, false),
            "multivaluequerystring" => all(self.query, name, false),
            "header" => last(self.headers, name, true),
            "multivalueheader" => all(self.headers, name, true),
            "body" => of_body(self.body, name),
            _ => Vec::new(),
        }
    }

    fn of_response(&self, source: &str) -> Vec<String> {
        let Some((headers, body)) = self.response else {
            return Vec::new();
        };
        let (location, name) = source.split_once('.').unwrap_or((source, ""));
        match location {
            "header" => last(headers, name, true),
            "multivalueheader" => all(headers, name, true),
            "body" => of_body(body, name),
            _ => Vec::new(),
        }
    }

    /// Renders a mapping template over `body`.
    pub fn render(&self, template: &str, body: &[u8]) -> Result<Mapped, Error> {
        let body = String::from_utf8_lossy(body);
        let stage_variables = self.context.stage_variables.iter();
        let mapping = Mapping {
            body: &body,
            parameters: Parameters {
                path: self.path.clone(),
                querystring: kogumo_execute_api::exchange::last_values(self.query),
                header: kogumo_execute_api::exchange::last_values(self.headers),
            },
            context: self.context.template_context(),
            stage_variables: stage_variables
                .map(|(name, value)| (name.clone(), Json::String(value.clone())))
                .collect::<Map<_, _>>(),
        };
        mapping.render(&Template::parse(template)?)
    }
}

fn last(pairs: &Pairs, name: &str, header: bool) -> Vec<String> {
    all(pairs, name, header).pop().into_iter().collect()
}

fn all(pairs: &Pairs, name: &str, header: bool) -> Vec<String> {
    let same = |known: &str| known == name || (header && known.eq_ignore_ascii_case(name));
    pairs.iter().filter(|(known, _)| same(known)).map(|(_, value)| value.clone()).collect()
}

/// `body` is the payload itself, `body.{path}` what a JSONPath finds in it.
fn of_body(body: &[u8], path: &str) -> Vec<String> {
    if path.is_empty() {
        return vec![String::from_utf8_lossy(body).into_owned()];
    }
    let Ok(document) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let Ok(path) = Path::parse(path) else {
        return Vec::new();
    };
    let mut left = MAX_VISITS;
    let found = path.find(&document, &mut || {
        left -= 1;
        if left == 0 { Err(Error::Limit("JSONPath steps")) } else { Ok(()) }
    });
    found.ok().flatten().as_ref().and_then(as_text).into_iter().collect()
}

/// Values of a payload that one JSONPath may look at.
const MAX_VISITS: u32 = 1_000_000;

fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let context =
            Context { stage: "dev".into(), stage_variables: [pair("table", "t")].into(), ..Context::default() };
        let response_headers = vec![pair("ETag", "e")];
        let sources = Sources {
            path: &vec![pair("id", "7")],
            query: &vec![pair("q", "1"), pair("q", "2")],
            headers: &vec![pair("X-H", "h")],
            body: br#"{"a": {"b": [1, "x"]}}"#,
            context: &context,
            response: Some((&response_headers, b"[1]")),
        };
        for (expression, values) in [
            ("'a static value'", vec!["a static value"]),
            ("method.request.path.id", vec!["7"]),
            ("method.request.querystring.q", vec!["2"]),
            ("method.request.multivaluequerystring.q", vec!["1", "2"]),
            ("method.request.header.x-h", vec!["h"]),
            ("method.request.body.a.b[1]", vec!["x"]),
            ("method.request.body.a", vec![r#"{"b":[1,"x"]}"#]),
            ("method.request.body.zip", vec![]),
            ("stageVariables.table", vec!["t"]),
            ("context.stage", vec!["dev"]),
            ("context.identity.nope", vec![]),
            ("integration.response.header.etag", vec!["e"]),
            ("integration.response.body", vec!["[1]"]),
            ("nonsense", vec![]),
        ] {
            assert_eq!(sources.evaluate(expression), values, "{expression}");
        }
    }
}
