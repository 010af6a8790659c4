//! CORS of a REST API: an `OPTIONS` method with a mock behind it.

use super::Swagger;
use super::paths::{ANY_METHOD, INTEGRATION};
use crate::error::{Error, Result};
use crate::value::{Map, Text, Value, hashed, list, map, text};

/// The `Cors` property.
#[derive(Default)]
pub(crate) struct Cors {
    pub(crate) origin: Option<Value>,
    pub(crate) headers: Option<Value>,
    pub(crate) methods: Option<Value>,
    pub(crate) max_age: Option<Value>,
    pub(crate) credentials: bool,
}

impl Swagger {
    /// Adds an `OPTIONS` method to a path that has none.
    pub(crate) fn add_cors(&mut self, path: &Text, cors: &Cors) -> Result<()> {
        let mut methods = cors.methods.clone().filter(|methods| methods.truthy());
        for item in self.paths.items(path)? {
            if item.contains("options") {
                continue;
            }
            let Some(origin) = cors.origin.as_ref().filter(|origin| origin.truthy()) else {
                return Err(Error::Template("Invalid input. Value for AllowedOrigins is required".into()));
            };
            let methods = methods.get_or_insert_with(|| text(format!("'{}'", methods_of(item))));
            item.insert("options", options(origin, methods, cors));
        }
        Ok(())
    }
}

/// The methods of a path, for `Access-Control-Allow-Methods`.
fn methods_of(item: &Map) -> String {
    const ALL: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    if item.contains(ANY_METHOD) {
        return ALL.join(",");
    }
    let mut methods: Vec<String> = item.keys().iter().map(|method| method.to_uppercase()).collect();
    methods.push("OPTIONS".into());
    methods.sort();
    methods.dedup();
    methods.join(",")
}

fn options(origin: &Value, methods: &Value, cors: &Cors) -> Value {
    let truthy = |value: &Option<Value>| value.clone().filter(Value::truthy);
    let headers = [
        ("Access-Control-Allow-Origin", Some(origin.clone()), "string"),
        ("Access-Control-Allow-Headers", truthy(&cors.headers), "string"),
        ("Access-Control-Allow-Methods", Some(methods.clone()), "string"),
        ("Access-Control-Max-Age", cors.max_age.clone(), "integer"),
        ("Access-Control-Allow-Credentials", cors.credentials.then(|| text("'true'")), "string"),
    ];
    let mut parameters = Map::hashed();
    let mut types = Map::hashed();
    for (header, value, kind) in headers {
        if let Some(value) = value {
            parameters.insert(format!("method.response.header.{header}"), value);
            types.insert(header, map([("type", text(kind))]));
        }
    }
    let default = hashed([
        ("statusCode", text("200")),
        ("responseParameters", parameters.into()),
        ("responseTemplates", map([("application/json", text("{}\n"))])),
    ]);
    let integration = hashed([
        ("type", text("mock")),
        ("requestTemplates", map([("application/json", text("{\n  \"statusCode\" : 200\n}\n"))])),
        ("responses", hashed([("default", default)])),
    ]);
    let response = hashed([("description", text("Default response for CORS method")), ("headers", types.into())]);
    hashed([
        ("summary", text("CORS support")),
        ("consumes", list([text("application/json")])),
        ("produces", list([text("application/json")])),
        (INTEGRATION, integration),
        ("responses", hashed([("200", response)])),
    ])
}
