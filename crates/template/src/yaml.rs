//! YAML templates: the parser's events put together into a tree, short forms written out.
//!
//! Nothing here recurses; depth, and what aliases unfold to, are bounded, so that "billion laughs" is an error.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::read::{Document, MAX_DEPTH, Oddity, Remark};
use crate::{scalar, tag};

/// What aliases may unfold to, all together, in nodes and bytes of text.
const MAX_UNFOLDED: usize = 4_000_000;

pub(crate) fn read(text: &str) -> Result<Document, Problem> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|e| not_well_formed(*e.marker()))?;
        if !builder.take(event, span)? {
            break;
        }
    }
    Ok(Document { value: builder.root.unwrap_or(Value::Null), remarks: builder.remarks })
}

fn not_well_formed(at: Marker) -> Problem {
    Problem::format(format_args!("YAML not well-formed. (line {}, column {})", at.line().max(1), at.col() + 1))
}

/// A finished value and what it weighs.
#[derive(Clone)]
struct Node {
    value: Value,
    /// Levels of nesting inside it.
    height: usize,
    /// Nodes and bytes of text.
    weight: usize,
}

/// A collection that is still open.
struct Frame {
    kind: Collection,
    anchor: usize,
    tag: Option<String>,
    height: usize,
    weight: usize,
}

enum Collection {
    List(Vec<Value>),
    Mapping { entries: Map<String, Value>, merged: Map<String, Value>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    unfolded: usize,
    root: Option<Value>,
    remarks: Vec<Remark>,
}

impl Builder {
    /// Takes one event; `false` says that nothing after it matters.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<bool, Problem> {
        let at = span.start;
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                self.remark(Oddity::MoreDocuments, at);
                return Ok(false);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), at);
                let value = scalar_value(&text, style, tag.as_deref());
                let node = Node { value, height: 0, weight: 1 + text.len() };
                self.finish(node, anchor, tag, at)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Collection::List(Vec::new()), anchor, tag.as_deref(), at)?
            }
            Event::MappingStart(anchor, tag) => {
                let kind = Collection::Mapping { entries: Map::new(), merged: Map::new(), key: None };
                self.begin(kind, anchor, tag.as_deref(), at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at)?,
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| not_well_formed(at))?;
                self.unfolded = self.unfolded.saturating_add(node.weight);
                if self.unfolded > MAX_UNFOLDED {
                    return Err(not_well_formed(at));
                }
                self.place(node, at)?;
            }
            _ => {}
        }
        Ok(true)
    }

    /// The tag's name where it is one of CloudFormation's sort (`!Name`), or YAML's own (`!!str`).
    fn tag(&mut self, tag: Option<&Tag>, at: Marker) -> Option<String> {
        let tag = tag?;
        if tag.is_yaml_core_schema() || tag.handle == "!!" {
            return Some(format!("!!{}", tag.suffix));
        }
        let name = if tag.handle == "!" || tag.handle.is_empty() { tag.suffix.clone() } else { tag.to_string() };
        let name = name.trim_start_matches('!').to_owned();
        if !name.is_empty() && !tag::is_known(&name) {
            self.remark(Oddity::UnknownTag(name.clone()), at);
        }
        Some(name)
    }

    fn begin(&mut self, kind: Collection, anchor: usize, tag: Option<&Tag>, at: Marker) -> Result<(), Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(not_well_formed(at));
        }
        let tag = self.tag(tag, at);
        self.open.push(Frame { kind, anchor, tag, height: 0, weight: 1 });
        Ok(())
    }

    fn end(&mut self, at: Marker) -> Result<(), Problem> {
        let frame = self.open.pop().ok_or_else(|| not_well_formed(at))?;
        let value = match frame.kind {
            Collection::List(items) => Value::Array(items),
            Collection::Mapping { mut entries, merged, .. } => {
                for (key, value) in merged {
                    entries.entry(key).or_insert(value);
                }
                Value::Object(entries)
            }
        };
        let node = Node { value, height: frame.height + 1, weight: frame.weight };
        self.finish(node, frame.anchor, frame.tag, at)
    }

    /// A node is complete: its tag becomes a function, its anchor remembers it.
    fn finish(&mut self, mut node: Node, anchor: usize, tag: Option<String>, at: Marker) -> Result<(), Problem> {
        if let Some(name) = tag.filter(|name| !name.is_empty() && !name.starts_with("!!")) {
            node.value = tag::expand(&name, node.value);
            node.height += 2;
            node.weight += name.len() + 2;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node, at)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, at: Marker) -> Result<(), Problem> {
        if self.open.len() + node.height > MAX_DEPTH {
            return Err(not_well_formed(at));
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node.value);
            return Ok(());
        };
        frame.height = frame.height.max(node.height);
        frame.weight = frame.weight.saturating_add(node.weight);
        let (entries, merged, key) = match &mut frame.kind {
            Collection::List(items) => {
                items.push(node.value);
                return Ok(());
            }
            Collection::Mapping { entries, merged, key } => (entries, merged, key),
        };
        match key.take() {
            None => *key = Some(key_text(node.value)),
            Some(name) if name == "<<" && can_merge(&node.value) => merge(merged, node.value),
            Some(name) => {
                if entries.insert(name.clone(), node.value).is_some() {
                    self.remark(Oddity::DuplicateKey(name), at);
                }
            }
        }
        Ok(())
    }

    fn remark(&mut self, what: Oddity, at: Marker) {
        self.remarks.push(Remark { what, line: at.line().max(1), column: at.col() + 1 });
    }
}

/// A quoted scalar is text, and so is one with a tag, unless the tag says otherwise.
fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&str>) -> Value {
    match tag {
        Some("!!int" | "!!float" | "!!bool" | "!!null") => scalar::resolve(text),
        Some(_) => Value::String(text.to_owned()),
        None if style == ScalarStyle::Plain => scalar::resolve(text),
        None => Value::String(text.to_owned()),
    }
}

/// Keys are text in CloudFormation, whatever they look like.
fn key_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => "null".into(),
        other => other.to_string(),
    }
}

fn can_merge(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    }
}

/// YAML 1.1's merge key: an earlier mapping of the list wins over a later one.
fn merge(merged: &mut Map<String, Value>, value: Value) {
    let mappings = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    for mapping in mappings {
        let Value::Object(mapping) = mapping else {
            continue;
        };
        for (key, value) in mapping {
            merged.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str) -> Value {
        read(text).expect(text).value
    }

    #[test]
    fn short_forms() {
        assert_eq!(value("!Ref A"), json!({"Ref": "A"}));
        assert_eq!(value("a: !GetAtt B.Outputs.C"), json!({"a": {"Fn::GetAtt": ["B", "Outputs.C"]}}));
        assert_eq!(value("!GetAtt [B, Arn]"), json!({"Fn::GetAtt": ["B", "Arn"]}));
        assert_eq!(value("!Sub 12"), json!({"Fn::Sub": "12"}));
        assert_eq!(value("!Condition C"), json!({"Condition": "C"}));
        assert_eq!(
            value("!Join ['-', [!Ref A, !Sub '${B}', 1]]"),
            json!({"Fn::Join": ["-", [{"Ref": "A"}, {"Fn::Sub": "${B}"}, 1]]})
        );
        assert_eq!(value("!Base64\n  Fn::Sub: |\n    a\n"), json!({"Fn::Base64": {"Fn::Sub": "a\n"}}));
        assert_eq!(value("a: !GetAZs\nb: !GetAZs ''"), json!({"a": {"Fn::GetAZs": ""}, "b": {"Fn::GetAZs": ""}}));
        assert_eq!(
            value("!Transform\n  Name: AWS::Include\n  Parameters: {Location: s3://a/b}"),
            json!({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b"}}})
        );
    }

    #[test]
    fn unknown_tags_are_kept_and_remarked() {
        let document = read("a: !Foo [1]\nb: !!str 1\nc: ! 2\n").expect("YAML");
        assert_eq!(document.value, json!({"a": {"Fn::Foo": [1]}, "b": "1", "c": "2"}));
        assert_eq!(document.remarks, vec![Remark { what: Oddity::UnknownTag("Foo".into()), line: 1, column: 4 }]);
    }

    #[test]
    fn anchors_aliases_and_merge_keys() {
        let text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [*x, {a: 9, c: 4}]}\nr: &r !Ref P\ns: *r";
        assert_eq!(
            value(text),
            json!({"x": {"a": 1, "b": 2}, "y": {"b": 3, "a": 1}, "z": {"a": 1, "b": 2, "c": 4},
                   "r": {"Ref": "P"}, "s": {"Ref": "P"}})
        );
    }

    #[test]
    fn duplicates_and_more_documents_are_remarked() {
        let document = read("a: 1\na: 2\n---\nb: 1").expect("YAML");
        assert_eq!(document.value, json!({"a": 2}));
        let kinds: Vec<_> = document.remarks.into_iter().map(|r| r.what).collect();
        assert_eq!(kinds, vec![Oddity::DuplicateKey("a".into()), Oddity::MoreDocuments]);
    }

    #[test]
    fn says_where_it_is_wrong() {
        let problem = read("a:\n  b: 1\n c: 2\n").expect_err("not YAML");
        assert!(problem.0.starts_with("Template format error: YAML not well-formed. (line 3, column "), "{problem}");
        assert!(read("a: *nowhere").is_err());
        assert!(read("a: &a [*a]").is_err());
    }

    #[test]
    fn billion_laughs_and_deep_nesting_are_errors() {
        let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for i in 1..12 {
            let before = format!("*a{}", i - 1);
            laughs += &format!("a{i}: &a{i} [{}]\n", [before.as_str(); 9].join(", "));
        }
        assert!(read(&laughs).is_err());
        assert!(read(&"[".repeat(200_000)).is_err());
        assert!(read(&"a: {".repeat(50_000)).is_err());
        let mut ladder = format!("a0: &a0 {}1{}\n", "[".repeat(90), "]".repeat(90));
        for i in 1..50 {
            ladder += &format!("a{i}: &a{i} {}*a{}{}\n", "[".repeat(90), i - 1, "]".repeat(90));
        }
        assert!(read(&ladder).is_err());
    }
}
