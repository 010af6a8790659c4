//! Shapes as statics: what codecs and checks walk.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::facts::{Member, Service, Shape};

pub fn statics(service: &Service, reached: &BTreeSet<String>) -> String {
    let mut out = String::new();
    for name in reached {
        let shape = &service.shapes[name];
        let _ = write!(out, "static S_{name}: schema::Shape = schema::Shape::new({name:?}, {})", kind(name, shape));
        out.push_str(&limits(name, shape));
        if shape.has("sensitive") {
            out.push_str(".sensitive()");
        }
        out.push_str(";\n");
        out.push_str(&side_statics(service, name, shape));
    }
    out
}

fn kind(name: &str, shape: &Shape) -> String {
    let plain = match shape.kind.as_str() {
        "boolean" => "Boolean",
        "integer" | "long" => "Integer",
        "float" | "double" => "Float",
        "blob" => "Blob",
        "timestamp" => "Timestamp",
        "document" => "Document",
        "list" => return format!("Kind::List(&M_{name})"),
        "map" => return format!("Kind::Map(&K_{name}, &V_{name})"),
        "structure" => return format!("Kind::Structure(&L_{name})"),
        _ => "String",
    };
    format!("Kind::{plain}")
}

fn limits(name: &str, shape: &Shape) -> String {
    let mut out = String::new();
    for side in ["min", "max"] {
        if let Some(number) = shape.get(side) {
            let _ = write!(out, ".{side}({number})");
        }
    }
    if shape.get("pattern").is_some() {
        let _ = write!(out, ".pattern(&P_{name})");
    }
    if let Some(values) = shape.get("enum") {
        let values: Vec<String> = values.split(" | ").map(|value| format!("{value:?}")).collect();
        let _ = write!(out, ".values(&[{}])", values.join(", "));
    }
    if out.is_empty() { out } else { format!(".limits(Limits::NONE{out})") }
}

/// The statics that a shape's own static refers to: pattern, element, key, value, layout.
fn side_statics(service: &Service, name: &str, shape: &Shape) -> String {
    let mut out = String::new();
    if let Some(pattern) = shape.get("pattern") {
        let _ = writeln!(out, "static P_{name}: Pattern = Pattern::new({});", raw(pattern));
    }
    let element = |fact: &str, of: &str, default: &str, prefix: &str| {
        let target = shape.get(of).unwrap_or_default();
        let wire = shape.get(fact).map_or(String::new(), |wire| format!(".wire({wire:?})"));
        let time = time_of(service, None, target);
        format!("static {prefix}_{name}: schema::Member = schema::Member::new({default:?}, &S_{target}){wire}{time};\n")
    };
    match shape.kind.as_str() {
        "list" => out.push_str(&element("element-name", "of", "member", "M")),
        "map" => {
            out.push_str(&element("key-name", "key", "key", "K"));
            out.push_str(&element("value-name", "value", "value", "V"));
        }
        "structure" => out.push_str(&layout(service, name, shape)),
        _ => {}
    }
    out
}

fn layout(service: &Service, name: &str, shape: &Shape) -> String {
    let members = members_of(shape);
    let rows: Vec<String> = members.iter().map(|member| row(service, member)).collect();
    let mut out = format!("static L_{name}: Layout = Layout::new(&[{}])", rows.join(", "));
    if shape.has("union") {
        out.push_str(".union()");
    }
    if let Some(index) =
        shape.get("payload").and_then(|payload| members.iter().position(|member| member.name == payload))
    {
        let _ = write!(out, ".payload({index})");
    }
    if shape.has("xml-name") || shape.has("xmlns") {
        let _ = write!(out, ".xml({:?}, {:?})", shape.get("xml-name"), shape.get("xmlns"));
    }
    out.push_str(";\n");
    out
}

/// The members that have a place in the Rust type. An error's message travels in the fault itself.
pub fn members_of(shape: &Shape) -> Vec<&Member> {
    shape.members.iter().filter(|member| !(shape.has("error") && member.name.eq_ignore_ascii_case("message"))).collect()
}

fn row(service: &Service, member: &Member) -> String {
    let target = &service.shapes[&member.shape];
    let mut out = format!("schema::Member::new({:?}, &S_{})", member.name, member.shape);
    if let Some(wire) = member.get("name") {
        let _ = write!(out, ".wire({wire:?})");
    }
    let ec2 = ec2_name(member);
    if service.about("protocols") == "ec2" && ec2 != member.name {
        let _ = write!(out, ".ec2({ec2:?})");
    } else if let Some(query) = member.get("query-name").filter(|_| service.about("protocols") != "ec2") {
        let _ = write!(out, ".query({query:?})");
    }
    if let Some(location) = member.get("at") {
        let _ = write!(out, ".at(Location::{})", location_of(location, target));
    }
    let calls = [
        (member.has("required"), ".required()"),
        (member.has("flattened"), ".flattened_by_member()"),
        (target.has("flattened"), ".flattened()"),
        (member.has("xml-attribute"), ".xml_attribute()"),
        (is_streaming(service, member), ".streaming()"),
        (member.has("idempotency-token"), ".idempotency_token()"),
    ];
    out.extend(calls.iter().filter(|(set, _)| *set).map(|(_, call)| *call));
    out.push_str(&time_of(service, Some(member), &member.shape));
    if let Some(uri) = member.get("xmlns") {
        let attribute = member.get("xmlns-prefix").map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        let _ = write!(out, ".xmlns({attribute:?}, {uri:?})");
    }
    out
}

/// EC2's name: its own, else the wire name with a capital letter (botocore's rule).
fn ec2_name(member: &Member) -> String {
    if let Some(name) = member.get("query-name") {
        return name.to_owned();
    }
    let name = member.get("name").unwrap_or(&member.name);
    name.get(..1).map_or(String::new(), str::to_ascii_uppercase) + name.get(1..).unwrap_or_default()
}

fn location_of(location: &str, target: &Shape) -> &'static str {
    match location {
        "header" => "Header",
        "headers" => "Headers",
        "uri" => "Uri",
        "querystring" if target.kind == "map" => "QueryMap",
        "querystring" => "Query",
        _ => "StatusCode",
    }
}

pub fn is_streaming(service: &Service, member: &Member) -> bool {
    let target = &service.shapes[&member.shape];
    member.has("streaming") || target.has("streaming") || target.has("event-stream")
}

fn time_of(service: &Service, member: Option<&Member>, target: &str) -> String {
    let format = member.and_then(|member| member.get("time")).or_else(|| service.shapes.get(target)?.get("time"));
    let name = match format {
        Some("iso8601") => "DateTime",
        Some("rfc822") => "HttpDate",
        Some(_) => "EpochSeconds",
        None => return String::new(),
    };
    format!(".time(TimeFormat::{name})")
}

/// A raw string literal that no quote in the text can end.
fn raw(text: &str) -> String {
    let hashes = "#".repeat((1..).find(|count| !text.contains(&format!("\"{}", "#".repeat(*count)))).unwrap_or(1));
    format!("r{hashes}\"{text}\"{hashes}")
}
