//! Nested properties that SAM checks member by member, and converts where it is lenient.

use crate::python2;
use crate::value::{Map, Text, Value};

/// What a member may hold.
pub(crate) enum Kind {
    Any,
    Text,
    Bool,
    /// A whole number, or an intrinsic function.
    Int,
    /// A number, or an intrinsic function.
    Float,
    /// An integer or a number, or an intrinsic function.
    Number,
    /// Text, or an intrinsic function.
    TextOrFunction,
    /// A list of text or functions, or a function for it.
    TextsOrFunction,
    /// Any map.
    Map,
    /// A list of anything.
    List,
    /// A list of text.
    Texts,
    OneOf(&'static [&'static str]),
    /// A list of certain texts.
    EachOneOf(&'static [&'static str]),
    Model(&'static Model),
    ListOf(&'static Model),
    MapOf(&'static Model),
    MapOfMapsOf(&'static Model),
    ModelOrBool(&'static Model),
}

/// One member.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

/// A map with known members and no others.
pub(crate) struct Model(pub(crate) &'static [Member]);

pub(crate) const fn needs(name: &'static str, kind: Kind) -> Member {
    Member { name, required: true, kind }
}

pub(crate) const fn may(name: &'static str, kind: Kind) -> Member {
    Member { name, required: false, kind }
}

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) path: Vec<String>,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Missing,
    Null,
    Unknown,
    /// It should be of this type.
    Type(&'static str),
    /// It should be one of these.
    NotOneOf(String),
}

/// `CapacityProviderConfig` of a function.
pub(crate) static FUNCTION_CAPACITY_PROVIDER: Model = Model(&[
    needs("Arn", Kind::TextOrFunction),
    may("PerExecutionEnvironmentMaxConcurrency", Kind::Int),
    may("ExecutionEnvironmentMemoryGiBPerVCpu", Kind::Number),
]);

/// Checks a value; answers it with known members only, or everything that is wrong with it.
pub(crate) fn read(model: &Model, value: &Value) -> Result<Map, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let read = model.read(value, &mut Vec::new(), &mut wrong);
    match (read, wrong.is_empty()) {
        (Some(read), true) => Ok(read),
        _ => Err(wrong),
    }
}

/// The report that the checking library of Python makes.
pub(crate) fn report(errors: &[Wrong], model: &str) -> String {
    let plural = if errors.len() == 1 { "" } else { "s" };
    let mut report = format!("{} validation error{plural} for {model}", errors.len());
    for error in errors {
        report.push_str(&format!(
            "\n{}\n  {} (type={})",
            error.path.join(" -> "),
            error.what.message(),
            error.what.code()
        ));
    }
    report
}

impl What {
    pub(crate) fn message(&self) -> String {
        match self {
            What::Missing => "field required".into(),
            What::Null => "none is not an allowed value".into(),
            What::Unknown => "extra fields not permitted".into(),
            What::Type(kind) => match *kind {
                "str" => "str type expected".into(),
                "bool" => "value could not be parsed to a boolean".into(),
                kind => format!("value is not a valid {kind}"),
            },
            What::NotOneOf(values) => format!("unexpected value; permitted: {values}"),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            What::Missing => "value_error.missing",
            What::Null => "type_error.none.not_allowed",
            What::Unknown => "value_error.extra",
            What::Type("str") => "type_error.str",
            What::Type("dict") => "type_error.dict",
            What::Type("list") => "type_error.list",
            What::Type("integer") => "type_error.integer",
            What::Type("float") => "type_error.float",
            What::Type(_) => "value_error.bool",
            What::NotOneOf(_) => "value_error.const",
        }
    }
}

impl Model {
    fn read(&self, value: &Value, path: &mut Vec<String>, wrong: &mut Vec<Wrong>) -> Option<Map> {
        let Some(given) = as_map(value) else {
            wrong.push(Wrong { path: path.clone(), what: What::Type("dict") });
            return None;
        };
        let mut read = Map::new();
        for member in self.0 {
            path.push(member.name.to_owned());
            match given.get(member.name) {
                Some(value) => {
                    let value = member.kind.read(value, path, wrong);
                    read.insert_some(member.name, value);
                }
                None if member.required => {
                    let what = if given.contains(member.name) { What::Null } else { What::Missing };
                    wrong.push(Wrong { path: path.clone(), what });
                }
                None => {}
            }
            path.pop();
        }
        let mut unknown: Vec<Text> =
            given.keys().into_iter().filter(|key| !self.0.iter().any(|member| member.name == &**key)).collect();
        unknown.sort_by(|a, b| a[..].cmp(b));
        for key in unknown {
            let path = path.iter().cloned().chain([key.to_string()]).collect();
            wrong.push(Wrong { path, what: What::Unknown });
        }
        Some(read)
    }
}

impl Kind {
    fn read(&self, value: &Value, path: &mut Vec<String>, wrong: &mut Vec<Wrong>) -> Option<Value> {
        if value.is_null() {
            wrong.push(Wrong { path: path.clone(), what: What::Null });
            return None;
        }
        let map = as_map(value).map(Value::Map);
        match self {
            Kind::Any => Some(value.clone()),
            Kind::Map => map.or_else(|| fail(&["dict"], path, wrong)),
            Kind::List if value.as_list().is_some() => Some(value.clone()),
            Kind::List => fail(&["list"], path, wrong),
            Kind::Text => as_text(value).or_else(|| fail(&["str"], path, wrong)),
            Kind::Bool => as_bool(value).or_else(|| fail(&["bool"], path, wrong)),
            Kind::Int | Kind::Float | Kind::Number | Kind::TextOrFunction | Kind::TextsOrFunction if map.is_some() => {
                map
            }
            Kind::Int => as_int(value).or_else(|| fail(&["dict", "integer"], path, wrong)),
            Kind::Float => as_float(value).or_else(|| fail(&["dict", "float"], path, wrong)),
            Kind::Number => as_int(value).or_else(|| fail(&["dict", "integer", "float"], path, wrong)),
            Kind::TextOrFunction => as_text(value).or_else(|| fail(&["dict", "str"], path, wrong)),
            Kind::TextsOrFunction => read_texts(value, path, wrong),
            Kind::Texts => each(value, path, wrong, &|item, path, wrong| Kind::Text.read(item, path, wrong)),
            Kind::OneOf(values) => match value.as_str().filter(|text| values.contains(text)) {
                Some(_) => Some(value.clone()),
                None => {
                    wrong.push(Wrong { path: path.clone(), what: What::NotOneOf(quoted(values)) });
                    None
                }
            },
            Kind::EachOneOf(values) => {
                each(value, path, wrong, &|item, path, wrong| Kind::OneOf(values).read(item, path, wrong))
            }
            Kind::Model(model) => model.read(value, path, wrong).map(Value::Map),
            Kind::ListOf(model) => {
                each(value, path, wrong, &|item, path, wrong| model.read(item, path, wrong).map(Value::Map))
            }
            Kind::MapOf(model) => {
                each_member(value, path, wrong, &|item, path, wrong| model.read(item, path, wrong).map(Value::Map))
            }
            Kind::MapOfMapsOf(model) => each_member(value, path, wrong, &|item, path, wrong| {
                each_member(item, path, wrong, &|item, path, wrong| model.read(item, path, wrong).map(Value::Map))
            }),
            Kind::ModelOrBool(model) if map.is_some() => model.read(value, path, wrong).map(Value::Map),
            Kind::ModelOrBool(_) => as_bool(value).or_else(|| fail(&["dict", "bool"], path, wrong)),
        }
    }
}

type ReadItem<'a> = &'a dyn Fn(&Value, &mut Vec<String>, &mut Vec<Wrong>) -> Option<Value>;

fn fail(kinds: &[&'static str], path: &[String], wrong: &mut Vec<Wrong>) -> Option<Value> {
    wrong.extend(kinds.iter().map(|kind| Wrong { path: path.to_vec(), what: What::Type(kind) }));
    None
}

fn read_texts(value: &Value, path: &mut Vec<String>, wrong: &mut Vec<Wrong>) -> Option<Value> {
    if value.as_list().is_none() {
        return fail(&["dict", "list"], path, wrong);
    }
    let before = wrong.len();
    let read = each(value, path, wrong, &|item, path, wrong| Kind::TextOrFunction.read(item, path, wrong));
    if wrong.len() > before {
        wrong.insert(before, Wrong { path: path.clone(), what: What::Type("dict") });
    }
    read
}

fn each(value: &Value, path: &mut Vec<String>, wrong: &mut Vec<Wrong>, read: ReadItem) -> Option<Value> {
    let Some(items) = value.as_list() else { return fail(&["list"], path, wrong) };
    let mut all = Vec::new();
    for (index, item) in items.iter().enumerate() {
        path.push(index.to_string());
        all.extend(read(item, path, wrong));
        path.pop();
    }
    Some(all.into())
}

fn each_member(value: &Value, path: &mut Vec<String>, wrong: &mut Vec<Wrong>, read: ReadItem) -> Option<Value> {
    let Some(members) = as_map(value) else { return fail(&["dict"], path, wrong) };
    let mut all = Map::new();
    for (key, member) in members.iter() {
        path.push(key.to_string());
        if let Some(member) = read(member, path, wrong) {
            all.insert(key, member);
        }
        path.pop();
    }
    Some(all.into())
}

/// A map, or what Python's `dict` makes one of: a list of pairs, the empty one above all.
fn as_map(value: &Value) -> Option<Map> {
    if let Value::Map(map) = value {
        return Some(map.clone());
    }
    if value.as_list().is_none() && value.as_str().is_none() {
        return None;
    }
    let pair = |item: &Value| match &item.python_items()[..] {
        [Value::Text(key), value] => Some((key.clone(), value.clone())),
        _ => None,
    };
    value.python_items().iter().map(pair).collect()
}

fn as_text(value: &Value) -> Option<Value> {
    match value {
        Value::Text(_) => Some(value.clone()),
        Value::Number(_) => Some(python2::str(value).into()),
        Value::Bool(_) => Some(python2::str(value).into()),
        _ => None,
    }
}

fn as_bool(value: &Value) -> Option<Value> {
    let spelled = match value {
        Value::Bool(_) => return Some(value.clone()),
        Value::Number(_) | Value::Text(_) => python2::str(value).to_lowercase(),
        _ => return None,
    };
    match spelled.as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Some(true.into()),
        "0" | "off" | "f" | "false" | "n" | "no" => Some(false.into()),
        _ => None,
    }
}

fn as_int(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_f64() => Some((number.as_f64()? as i64).into()),
        Value::Number(_) => Some(value.clone()),
        Value::Text(text) => text.trim().parse::<i64>().ok().map(Value::from),
        Value::Bool(flag) => Some(i64::from(*flag).into()),
        _ => None,
    }
}

fn as_float(value: &Value) -> Option<Value> {
    let float = match value {
        Value::Number(number) => number.as_f64()?,
        Value::Text(text) => text.trim().parse().ok()?,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        _ => return None,
    };
    serde_json::Number::from_f64(float).map(Value::Number)
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(", ")
}
