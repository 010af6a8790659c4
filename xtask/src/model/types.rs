//! Structures and unions as Rust types.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::reach::contains_directly;
use super::shapes::{is_streaming, members_of};
use crate::facts::{Member, Service, Shape};
use crate::names::{field, type_name, variant};

pub fn structures(service: &Service, reached: &BTreeSet<String>) -> String {
    let mut out = String::new();
    for name in reached {
        let shape = &service.shapes[name];
        if shape.kind != "structure" || shape.has("external") || shape.has("event-stream") {
            continue;
        }
        out.push_str(&if shape.has("union") { union(service, name, shape) } else { structure(service, name, shape) });
    }
    out
}

fn structure(service: &Service, name: &str, shape: &Shape) -> String {
    let rust = type_name(name);
    let members = members_of(shape);
    let fields: String = members
        .iter()
        .map(|member| format!("pub {}: {},\n", field(&member.name), field_type(service, name, member)))
        .collect();
    let arms = |reference: &str| {
        let arms: Vec<String> = members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                format!("{} => {reference}self.{},\n", arm(index, members.len()), field(&member.name))
            })
            .collect();
        if arms.is_empty() { String::new() } else { format!("match index {{ {} }}", arms.concat()) }
    };
    let (get, get_mut) = if members.is_empty() {
        ("let _ = index; &()".to_owned(), "let _ = index; Box::leak(Box::new(()))".to_owned())
    } else {
        (arms("&"), arms("&mut "))
    };
    format!(
        "#[derive(Clone, Default)]\npub struct {rust} {{ {fields} }}\n{}",
        implementations(name, &rust, &get, &get_mut)
    )
}

fn union(service: &Service, name: &str, shape: &Shape) -> String {
    let rust = type_name(name);
    let members = members_of(shape);
    let mut variants = String::from("/// No member is set, or one that the facts do not know.\n#[default]\nUnset,\n");
    let (mut get, mut get_mut) = (String::new(), String::new());
    for (index, member) in members.iter().enumerate() {
        let (variant, of) = (variant(&member.name), union_type(service, name, member));
        let _ = writeln!(variants, "{variant}({of}),");
        let _ = writeln!(get, "({rust}::{variant}(value), {index}) => value,");
        let _ = writeln!(
            get_mut,
            "{} => {{ *self = {rust}::{variant}(Default::default()); let {rust}::{variant}(value) = self else {{ unreachable!() }}; value }}",
            arm(index, members.len())
        );
    }
    let get = format!("match (self, index) {{ {get} _ => &() }}");
    let get_mut = format!("match index {{ {get_mut} }}");
    format!(
        "#[derive(Clone, Default)]\npub enum {rust} {{ {variants} }}\n{}",
        implementations(name, &rust, &get, &get_mut)
    )
}

fn implementations(name: &str, rust: &str, get: &str, get_mut: &str) -> String {
    format!(
        "impl std::fmt::Debug for {rust} {{\n\
         fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {{ debug_structure(self, f) }}\n}}\n\
         impl Shaped for {rust} {{\n\
         fn write(&self, at: &'static schema::Member, to: &mut dyn Sink) {{ write_structure(self, at, to) }}\n\
         fn read(&mut self, _: &'static schema::Member, from: &mut dyn Source) -> Result<(), Rejection> {{ read_structure(self, from) }}\n\
         fn as_structure(&self) -> Option<&dyn schema_structure::Structure> {{ Some(self) }}\n}}\n\
         impl schema_structure::Structure for {rust} {{\n\
         fn shape(&self) -> &'static schema::Shape {{ &S_{name} }}\n\
         fn get(&self, index: usize) -> &dyn Shaped {{ {get} }}\n\
         fn get_mut(&mut self, index: usize) -> &mut dyn Shaped {{ {get_mut} }}\n}}\n\n"
    )
    .replace("schema_structure::", "")
}

/// The last arm catches all: an index always comes from the same layout.
fn arm(index: usize, count: usize) -> String {
    if index + 1 == count { "_".into() } else { index.to_string() }
}

fn field_type(service: &Service, owner: &str, member: &Member) -> String {
    if is_streaming(service, member) {
        return "Body".into();
    }
    let of = boxed(service, owner, member);
    if member.has("required") { of } else { format!("Option<{of}>") }
}

fn union_type(service: &Service, owner: &str, member: &Member) -> String {
    boxed(service, owner, member)
}

fn boxed(service: &Service, owner: &str, member: &Member) -> String {
    let of = value_type(service, &member.shape);
    if contains_directly(service, &member.shape, owner) { format!("Box<{of}>") } else { of }
}

fn value_type(service: &Service, name: &str) -> String {
    let shape = &service.shapes[name];
    if let Some(path) = shape.get("external") {
        return path.to_owned();
    }
    match shape.kind.as_str() {
        "boolean" => "bool".into(),
        "integer" => "i32".into(),
        "long" => "i64".into(),
        "float" | "double" => "f64".into(),
        "blob" => "Bytes".into(),
        "timestamp" => "Timestamp".into(),
        "document" => "Document".into(),
        "list" => format!("Vec<{}>", value_type(service, shape.get("of").unwrap_or_default())),
        "map" => format!("BTreeMap<String, {}>", value_type(service, shape.get("value").unwrap_or_default())),
        "structure" => type_name(name),
        _ => "String".into(),
    }
}
