//! Schemas of botocore's JSON, made while the program runs. They are leaked: the program ends soon.

use std::cell::RefCell;
use std::collections::HashMap;

use kogumo_wire::schema::{Kind, Layout, Location, Member, Shape, TimeFormat, UNIT};
use kogumo_wire::{ErrorFact, Operation, Protocol, Service};
use serde_json::Value;

/// One suite: a tiny service.
pub struct Suite<'v> {
    shapes: &'v Value,
    made: RefCell<HashMap<String, &'static Shape>>,
    pub protocol: Protocol,
    pub service: &'static Service,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text(value: &Value) -> Option<&'static str> {
    value.as_str().map(|text| &*text.to_owned().leak())
}

impl<'v> Suite<'v> {
    pub fn new(suite: &'v Value) -> Self {
        let about = &suite["metadata"];
        let protocol = match (about["protocol"].as_str().unwrap_or_default(), about["jsonVersion"].as_str()) {
            ("json", Some("1.0")) => Protocol::Json10,
            ("json", _) => Protocol::Json11,
            ("query", _) => Protocol::Query,
            ("ec2", _) => Protocol::Ec2,
            ("rest-json", _) => Protocol::RestJson,
            ("rest-xml", _) => Protocol::RestXml,
            _ => Protocol::RpcV2Cbor,
        };
        let service = leak(Service {
            name: "vectors",
            sdk_id: "Vectors",
            signing_name: "vectors",
            endpoint_prefix: "vectors",
            api_version: text(&about["apiVersion"]).unwrap_or(""),
            target_prefix: text(&about["targetPrefix"]).unwrap_or(""),
            xmlns: text(&about["xmlNamespace"]).unwrap_or(""),
            protocols: leak([protocol]),
            query_compatible: about.get("awsQueryCompatible").is_some(),
            global: false,
            operations: &[],
        });
        Suite { shapes: &suite["shapes"], made: RefCell::default(), protocol, service }
    }

    pub fn operation(&self, given: &Value) -> &'static Operation {
        let side = |side: &str| given[side]["shape"].as_str().map_or(&UNIT, |shape| self.shape(shape));
        let mut operation = Operation::unbuilt(
            text(&given["name"]).unwrap_or(""),
            text(&given["http"]["method"]).unwrap_or("POST"),
            text(&given["http"]["requestUri"]).unwrap_or("/"),
        );
        operation.input = side("input");
        operation.output = side("output");
        operation.status =
            given["http"]["responseCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        // As botocore's own test of the vectors has it.
        operation.result_wrapper = format!("{}Result", operation.name).leak();
        leak(operation)
    }

    /// The error of an operation that has that code.
    pub fn error(&self, given: &Value, code: &str) -> (&'static ErrorFact, &'static Shape) {
        let names = given["errors"].as_array().into_iter().flatten().filter_map(|error| error["shape"].as_str());
        let code_of = |name: &str| self.shapes[name]["error"]["code"].as_str().unwrap_or(name).to_owned();
        let found = names.into_iter().find(|name| *name == code || code_of(name) == code);
        let Some(name) = found else {
            let code = &*code.to_owned().leak();
            return (leak(ErrorFact { shape: code, code, status: 400, message: "message" }), &UNIT);
        };
        let shape = &self.shapes[name];
        let status = shape["error"]["httpStatusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let message = shape["members"]
            .as_object()
            .and_then(|members| members.keys().find(|name| name.eq_ignore_ascii_case("message")));
        let fact = ErrorFact {
            shape: name.to_owned().leak(),
            code: code_of(name).leak(),
            status: status.unwrap_or(if shape["fault"] == true { 500 } else { 400 }),
            message: message.map_or("message", |name| &*name.clone().leak()),
        };
        (leak(fact), self.shape(name))
    }

    /// A recursive shape meets its own name while it is made: inside, that one is a placeholder that no vector reaches
    /// deeper than, so shapes are made anew for each level down to a depth.
    fn shape(&self, name: &str) -> &'static Shape {
        self.shape_at(name, 0)
    }

    fn shape_at(&self, name: &str, depth: usize) -> &'static Shape {
        const DEEPEST: usize = 12;
        if depth > DEEPEST {
            return &UNIT;
        }
        let key = format!("{name} {depth}");
        if let Some(made) = self.made.borrow().get(&key) {
            return made;
        }
        let facts = &self.shapes[name];
        let kind = match facts["type"].as_str().unwrap_or("string") {
            _ if facts["document"] == true => Kind::Document,
            "boolean" => Kind::Boolean,
            "integer" | "long" | "short" | "byte" => Kind::Integer,
            "float" | "double" => Kind::Float,
            "blob" => Kind::Blob,
            "timestamp" => Kind::Timestamp,
            "list" => Kind::List(leak(self.element("member", &facts["member"], depth))),
            "map" => {
                let key = self.element("key", &facts["key"], depth);
                Kind::Map(leak(key), leak(self.element("value", &facts["value"], depth)))
            }
            "structure" => Kind::Structure(leak(self.layout(facts, depth))),
            _ => Kind::String,
        };
        let made = leak(Shape::new(name.to_owned().leak(), kind));
        self.made.borrow_mut().insert(key, made);
        made
    }

    fn element(&self, default: &'static str, facts: &Value, depth: usize) -> Member {
        let target = facts["shape"].as_str().unwrap_or_default();
        let mut member = Member::new(default, self.shape_at(target, depth + 1));
        member.wire = text(&facts["locationName"]).unwrap_or(default);
        member.time = self.time(facts, target);
        if let Some(uri) = text(&facts["xmlNamespace"]["uri"]) {
            member.xmlns = Some((xmlns_attribute(facts), uri));
        }
        member
    }

    fn layout(&self, facts: &Value, depth: usize) -> Layout {
        let members: Vec<Member> = match &facts["members"] {
            Value::Object(members) => members.iter().map(|(name, member)| self.member(name, member, depth)).collect(),
            _ => Vec::new(),
        };
        let payload =
            facts["payload"].as_str().and_then(|payload| members.iter().position(|member| member.name == payload));
        let mut layout = Layout::new(members.leak());
        layout.union = facts["union"] == true;
        layout.payload = payload;
        layout.xml_name = text(&facts["locationName"]);
        layout.xmlns = text(&facts["xmlNamespace"]["uri"]);
        layout
    }

    fn member(&self, name: &str, facts: &Value, depth: usize) -> Member {
        let target = facts["shape"].as_str().unwrap_or_default();
        let mut member = self.element(name.to_owned().leak(), facts, depth);
        let capital = |name: &str| {
            name.get(..1).map_or(String::new(), str::to_ascii_uppercase) + name.get(1..).unwrap_or_default()
        };
        if self.protocol == Protocol::Ec2 {
            member.query = text(&facts["queryName"]).unwrap_or_else(|| capital(member.wire).leak());
        }
        member.location = match facts["location"].as_str() {
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("uri") => Location::Uri,
            Some("querystring") if self.shapes[target]["type"] == "map" => Location::QueryMap,
            Some("querystring") => Location::Query,
            Some("statusCode") => Location::StatusCode,
            _ => Location::Body,
        };
        member.flattened = facts["flattened"] == true || self.shapes[target]["flattened"] == true;
        member.flattened_by_member = facts["flattened"] == true;
        member.xml_attribute = facts["xmlAttribute"] == true;
        member.streaming = facts["streaming"] == true || self.shapes[target]["streaming"] == true;
        member
    }

    fn time(&self, facts: &Value, target: &str) -> Option<TimeFormat> {
        let format = facts["timestampFormat"].as_str().or_else(|| self.shapes[target]["timestampFormat"].as_str())?;
        Some(match format {
            "iso8601" => TimeFormat::DateTime,
            "rfc822" => TimeFormat::HttpDate,
            _ => TimeFormat::EpochSeconds,
        })
    }
}

fn xmlns_attribute(facts: &Value) -> &'static str {
    text(&facts["xmlNamespace"]["prefix"]).map_or("xmlns", |prefix| &*format!("xmlns:{prefix}").leak())
}
