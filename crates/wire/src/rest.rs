//! The HTTP bindings of the REST protocols: which member travels in the path, the query, a header, the body.

use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::checks::Checks;
use crate::request::Request;
use crate::schema::{Kind, Layout, Location, Member, Operation, Shape, TimeFormat};
use crate::shaped::Structure;
use crate::sink::Sink;
use crate::source::{Rejection, Seen};
use crate::text::TextSource;
use crate::uri::Labels;
use crate::xml::float_text;

/// Reads what stands outside of the body, and tells which members came.
pub(crate) fn read_bound_members(
    into: &mut dyn Structure,
    operation: &Operation,
    request: &Request,
    labels: &Labels,
    checks: &mut Checks,
) -> Result<Seen, Rejection> {
    let mut seen = Seen::default();
    let members = into.shape().layout().members;
    for (index, member) in members.iter().enumerate() {
        let found = match member.location {
            Location::Uri => {
                labels.iter().filter(|(name, _)| *name == member.wire).map(|(_, value)| value.clone()).collect()
            }
            Location::Query => {
                request.query.iter().filter(|(name, _)| name == member.wire).map(|(_, value)| value.clone()).collect()
            }
            Location::Header => header_texts(&request.headers, member),
            Location::Headers => prefixed_headers(&request.headers, member.wire),
            Location::QueryMap => unclaimed_query(operation, request, members),
            Location::Body | Location::StatusCode => continue,
        };
        if found.is_empty() {
            continue;
        }
        seen.insert(index);
        checks.enter_member(member.name);
        let read = match member.location {
            Location::Headers | Location::QueryMap => read_pairs(into, index, member, &found, checks),
            location => {
                let is_header = location == Location::Header;
                let default_time = if is_header { TimeFormat::HttpDate } else { TimeFormat::DateTime };
                let mut source = TextSource { texts: &found, checks, comma_separated: is_header, default_time };
                into.get_mut(index).read(member, &mut source)
            }
        };
        checks.leave();
        read?;
    }
    Ok(seen)
}

/// Values of a header; several of the same name are one list.
fn header_texts(headers: &HeaderMap, member: &'static Member) -> Vec<String> {
    let values: Vec<String> = headers
        .get_all(member.wire)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    match (values.is_empty(), matches!(member.shape.kind, Kind::Document)) {
        (false, true) => vec![decoded_json_header(&values[0])],
        (false, false) => vec![values.join(", ")],
        (true, _) => values,
    }
}

/// A `jsonvalue` header is base64 of JSON.
fn decoded_json_header(value: &str) -> String {
    use base64::Engine;
    let decoded =
        base64::engine::general_purpose::STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_else(|| value.to_owned())
}

/// `x-amz-meta-a: 1` with the prefix `x-amz-meta-` gives `a`, `1`, flattened into one list.
fn prefixed_headers(headers: &HeaderMap, prefix: &str) -> Vec<String> {
    let prefix = prefix.to_ascii_lowercase();
    let found = headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix(&prefix)?, value)));
    found.flat_map(|(name, value)| [name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()]).collect()
}

/// The parameters of the query string that neither another member nor the URI template claims.
fn unclaimed_query(operation: &Operation, request: &Request, members: &[Member]) -> Vec<String> {
    let of_template = |name: &str| operation.demanded().any(|(demanded, _)| demanded == name);
    let claimed = |name: &str| {
        of_template(name) || members.iter().any(|member| member.location == Location::Query && member.wire == name)
    };
    let found = request.query.iter().filter(|(name, _)| !claimed(name));
    found.flat_map(|(name, value)| [name.clone(), value.clone()]).collect()
}

/// Reads a map (of strings, or of lists of strings) from keys and values that take turns.
fn read_pairs(
    into: &mut dyn Structure,
    index: usize,
    member: &'static Member,
    pairs: &[String],
    checks: &mut Checks,
) -> Result<(), Rejection> {
    let lists = matches!(member.shape.kind, Kind::Map(_, value) if matches!(value.shape.kind, Kind::List(_)));
    let mut object = serde_json::Map::new();
    for pair in pairs.chunks_exact(2) {
        let value = Value::String(pair[1].clone());
        match object.get_mut(&pair[0]) {
            Some(Value::Array(values)) => values.push(value),
            _ if lists => drop(object.insert(pair[0].clone(), Value::Array(vec![value]))),
            Some(_) => {}
            None => drop(object.insert(pair[0].clone(), value)),
        }
    }
    let object = Value::Object(object);
    crate::serde_source::from_deserializer(&object, checks, &mut |source| into.get_mut(index).read(member, source))
}

/// Notes required members that were neither bound nor in the body.
pub(crate) fn note_missing(layout: &Layout, seen: &Seen, checks: &mut Checks, locations: &dyn Fn(Location) -> bool) {
    for (index, member) in layout.members.iter().enumerate() {
        if member.required && locations(member.location) && !seen.contains(index) {
            checks.missing(member.name);
        }
    }
}

/// Writes an output's headers and answers the status that the output itself names, if it does.
pub(crate) fn write_bound_members(structure: &dyn Structure, headers: &mut HeaderMap) -> Option<u16> {
    let mut status = None;
    for (index, member) in structure.shape().layout().members.iter().enumerate() {
        let value = structure.get(index);
        if !value.present() {
            continue;
        }
        match member.location {
            Location::Header | Location::Headers => {
                value.write(member, &mut HeaderSink { headers, key: String::new(), list: None })
            }
            Location::StatusCode => {
                let mut number = IntegerSink(0);
                value.write(member, &mut number);
                status = u16::try_from(number.0).ok().filter(|status| (100..1000).contains(status));
            }
            _ => {}
        }
    }
    status
}

/// Writes scalars, lists and maps as headers. What HTTP cannot carry is left out.
struct HeaderSink<'h> {
    headers: &'h mut HeaderMap,
    /// In a map: the header's name behind the prefix.
    key: String,
    list: Option<Vec<String>>,
}

impl HeaderSink<'_> {
    fn put(&mut self, at: &'static Member, text: &str) {
        if let Some(list) = &mut self.list {
            let quoted = text.contains([',', '"']);
            list.push(if quoted {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            } else {
                text.to_owned()
            });
            return;
        }
        let name = if self.key.is_empty() { at.wire.to_owned() } else { std::mem::take(&mut self.key) };
        self.insert(&name, text);
    }

    fn insert(&mut self, name: &str, text: &str) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()), HeaderValue::from_bytes(text.as_bytes()))
        {
            self.headers.insert(name, value);
        }
    }
}

impl Sink for HeaderSink<'_> {
    fn boolean(&mut self, at: &'static Member, value: bool) {
        self.put(at, if value { "true" } else { "false" });
    }
    fn integer(&mut self, at: &'static Member, value: i64) {
        self.put(at, &value.to_string());
    }
    fn float(&mut self, at: &'static Member, value: f64) {
        self.put(at, &float_text(value));
    }
    fn string(&mut self, at: &'static Member, value: &str) {
        self.put(at, value);
    }
    fn blob(&mut self, at: &'static Member, value: &bytes::Bytes) {
        use base64::Engine;
        self.put(at, &base64::engine::general_purpose::STANDARD.encode(value));
    }
    fn timestamp(&mut self, at: &'static Member, value: Timestamp) {
        let text = match at.time.unwrap_or(TimeFormat::HttpDate) {
            TimeFormat::HttpDate => value.http_date(),
            TimeFormat::DateTime => value.iso(),
            TimeFormat::EpochSeconds => value.seconds().to_string(),
        };
        if let Some(list) = &mut self.list {
            list.push(text);
        } else {
            self.put(at, &text);
        }
    }
    fn document(&mut self, at: &'static Member, value: &Value) {
        use base64::Engine;
        self.put(at, &base64::engine::general_purpose::STANDARD.encode(value.to_string()));
    }
    fn begin_structure(&mut self, _: &'static Member) {}
    fn end_structure(&mut self, _: &'static Member) {}
    fn begin_list(&mut self, _: &'static Member, length: usize) {
        self.list = Some(Vec::with_capacity(length));
    }
    fn end_list(&mut self, at: &'static Member) {
        if let Some(list) = self.list.take() {
            self.insert(at.wire, &list.join(", "));
        }
    }
    fn begin_map(&mut self, _: &'static Member, _: usize) {}
    fn key(&mut self, at: &'static Member, key: &str) {
        self.key = format!("{}{key}", at.wire);
    }
    fn end_map(&mut self, _: &'static Member) {}
}

/// Takes the one integer that a status member is.
struct IntegerSink(i64);

impl Sink for IntegerSink {
    fn integer(&mut self, _: &'static Member, value: i64) {
        self.0 = value;
    }
    fn boolean(&mut self, _: &'static Member, _: bool) {}
    fn float(&mut self, _: &'static Member, _: f64) {}
    fn string(&mut self, _: &'static Member, _: &str) {}
    fn blob(&mut self, _: &'static Member, _: &bytes::Bytes) {}
    fn timestamp(&mut self, _: &'static Member, _: Timestamp) {}
    fn document(&mut self, _: &'static Member, _: &Value) {}
    fn begin_structure(&mut self, _: &'static Member) {}
    fn end_structure(&mut self, _: &'static Member) {}
    fn begin_list(&mut self, _: &'static Member, _: usize) {}
    fn end_list(&mut self, _: &'static Member) {}
    fn begin_map(&mut self, _: &'static Member, _: usize) {}
    fn key(&mut self, _: &'static Member, _: &str) {}
    fn end_map(&mut self, _: &'static Member) {}
}

/// Whether any member of the structure travels in the body.
pub(crate) fn has_body_members(shape: &Shape) -> bool {
    shape.layout().members.iter().any(|member| member.location == Location::Body)
}
