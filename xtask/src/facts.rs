//! The facts of a service: what `facts/<service>.facts` holds, read and written.
//!
//! The text is one line a fact, so that a new botocore shows as a readable difference.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Everything known of one service.
#[derive(Debug, Default)]
pub struct Service {
    pub name: String,
    /// `sdk-id`, `signing-name`, `protocols` … by name.
    pub about: BTreeMap<String, String>,
    pub operations: BTreeMap<String, Operation>,
    pub shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Default)]
pub struct Operation {
    pub method: String,
    pub uri: String,
    pub status: Option<String>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub wrapper: Option<String>,
    pub errors: Vec<String>,
    pub unsigned: bool,
}

/// A shape: its kind (`structure`, `list`, `string` …), traits, and members of a structure.
#[derive(Debug, Default)]
pub struct Shape {
    pub kind: String,
    /// `min`, `max`, `pattern`, `enum` (values joined by ` | `), `of`, `key`, `value`, `sensitive` …
    pub traits: BTreeMap<String, String>,
    pub members: Vec<Member>,
}

#[derive(Debug, Default)]
pub struct Member {
    pub name: String,
    pub shape: String,
    pub traits: BTreeMap<String, String>,
}

impl Shape {
    pub fn has(&self, name: &str) -> bool {
        self.traits.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.traits.get(name).map(String::as_str)
    }
}

impl Member {
    pub fn has(&self, name: &str) -> bool {
        self.traits.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.traits.get(name).map(String::as_str)
    }
}

impl Service {
    pub fn about(&self, name: &str) -> &str {
        self.about.get(name).map_or("", String::as_str)
    }

    pub fn to_text(&self) -> String {
        let mut out = format!("service {}\n", self.name);
        for (name, value) in &self.about {
            let _ = writeln!(out, "{name} {value}");
        }
        for (name, operation) in &self.operations {
            let _ = writeln!(out, "\noperation {name}\n  http {} {}", operation.method, operation.uri);
            let words = [
                ("status", &operation.status),
                ("input", &operation.input),
                ("output", &operation.output),
                ("wrapper", &operation.wrapper),
            ];
            for (word, value) in words {
                if let Some(value) = value {
                    let _ = writeln!(out, "  {word} {value}");
                }
            }
            if !operation.errors.is_empty() {
                let _ = writeln!(out, "  errors {}", operation.errors.join(" "));
            }
            if operation.unsigned {
                out.push_str("  unsigned\n");
            }
        }
        out.push('\n');
        for (name, shape) in &self.shapes {
            let _ = writeln!(out, "{} {name}{}", shape.kind, traits_text(&shape.traits));
            for member in &shape.members {
                let _ = writeln!(out, "  {} {}{}", member.name, member.shape, traits_text(&member.traits));
            }
        }
        out
    }

    pub fn from_text(text: &str) -> Result<Service, String> {
        let mut service = Service::default();
        let mut at = Place::Head;
        for (number, line) in text.lines().enumerate() {
            let fail = |what: &str| format!("line {}: {what}: {line}", number + 1);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(inner) = line.strip_prefix("  ") {
                at.add(&mut service, inner).ok_or_else(|| fail("does not belong here"))?;
                continue;
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (name, traits) = rest.split_once(' ').unwrap_or((rest, ""));
            match word {
                "service" => service.name = rest.to_owned(),
                "operation" => {
                    service.operations.insert(rest.to_owned(), Operation::default());
                    at = Place::Operation(rest.to_owned());
                }
                _ if matches!(at, Place::Head) && !KINDS.contains(&word) => {
                    service.about.insert(word.to_owned(), rest.to_owned());
                }
                kind if KINDS.contains(&kind) => {
                    let shape = Shape { kind: kind.to_owned(), traits: parse_traits(traits), members: Vec::new() };
                    service.shapes.insert(name.to_owned(), shape);
                    at = Place::Shape(name.to_owned());
                }
                _ => return Err(fail("unknown word")),
            }
        }
        Ok(service)
    }
}

const KINDS: [&str; 12] = [
    "structure",
    "list",
    "map",
    "string",
    "integer",
    "long",
    "float",
    "double",
    "boolean",
    "blob",
    "timestamp",
    "document",
];

/// What the indented lines belong to.
enum Place {
    Head,
    Operation(String),
    Shape(String),
}

impl Place {
    fn add(&self, service: &mut Service, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match self {
            Place::Head => None,
            Place::Operation(name) => {
                let operation = service.operations.get_mut(name)?;
                match word {
                    "http" => {
                        let (method, uri) = rest.split_once(' ')?;
                        (operation.method, operation.uri) = (method.to_owned(), uri.to_owned());
                    }
                    "status" => operation.status = Some(rest.to_owned()),
                    "input" => operation.input = Some(rest.to_owned()),
                    "output" => operation.output = Some(rest.to_owned()),
                    "wrapper" => operation.wrapper = Some(rest.to_owned()),
                    "errors" => operation.errors = rest.split(' ').map(str::to_owned).collect(),
                    "unsigned" => operation.unsigned = true,
                    _ => return None,
                }
                Some(())
            }
            Place::Shape(name) => {
                let (shape, traits) = rest.split_once(' ').unwrap_or((rest, ""));
                let member = Member { name: word.to_owned(), shape: shape.to_owned(), traits: parse_traits(traits) };
                service.shapes.get_mut(name)?.members.push(member);
                Some(())
            }
        }
    }
}

/// ` required at=header name=x-amz-acl`; `enum` and `pattern` come last and reach to the end of the line.
fn traits_text(traits: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let long = |name: &str| name == "enum" || name == "pattern";
    for (name, value) in traits.iter().filter(|(name, _)| !long(name)) {
        let _ = if value.is_empty() { write!(out, " {name}") } else { write!(out, " {name}={value}") };
    }
    for (name, value) in traits.iter().filter(|(name, _)| long(name)) {
        let _ = write!(out, " {name}={value}");
    }
    out
}

fn parse_traits(text: &str) -> BTreeMap<String, String> {
    let mut traits = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.starts_with("enum=") || rest.starts_with("pattern=") {
            let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
            traits.insert(name.to_owned(), value.to_owned());
            break;
        }
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        traits.insert(name.to_owned(), value.to_owned());
        rest = behind;
    }
    traits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = "service x\nsdk-id X\n\noperation Do\n  http POST /\n  input In\n  errors A B\n\n\
                    structure In payload=b\n  a S at=header name=x-a required\nstring S max=5 enum=a | b c\n";
        let service = Service::from_text(text).expect("facts");
        assert_eq!(service.shapes["S"].get("enum"), Some("a | b c"));
        assert_eq!(service.to_text(), text);
    }
}
