//! Values of any shape: what the generated types are for real services.

use std::collections::BTreeMap;

use kogumo_wire::schema::{Kind, Member, Shape};
use kogumo_wire::{
    Body, Bytes, Document, Rejection, Shaped, Sink, Source, Structure, Timestamp, read_structure, write_structure,
};
use serde_json::{Map, Value, json};

#[derive(Default)]
pub enum Dynamic {
    #[default]
    Absent,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Blob(Bytes),
    Time(Timestamp),
    Document(Document),
    List(Vec<Dynamic>),
    Map(BTreeMap<String, Dynamic>),
    Structure(Box<DynamicStructure>),
    Streamed(Body),
}

pub struct DynamicStructure {
    shape: &'static Shape,
    values: Vec<Dynamic>,
}

impl DynamicStructure {
    pub fn new(shape: &'static Shape) -> Self {
        let members = shape.layout().members;
        let blank = |member: &Member| match member.shape.kind {
            Kind::Blob if member.streaming => Dynamic::Streamed(Body::Empty),
            _ => Dynamic::Absent,
        };
        DynamicStructure { shape, values: members.iter().map(blank).collect() }
    }

    /// Takes the members from a vector's JSON.
    pub fn fill(&mut self, json: &Value) {
        for (member, value) in self.shape.layout().members.iter().zip(&mut self.values) {
            if let Some(given) = json.get(member.name).filter(|given| !given.is_null()) {
                *value = Dynamic::from_json(member, given);
            }
        }
    }

    pub fn to_json(&self) -> Value {
        let members = self.shape.layout().members.iter().zip(&self.values);
        let present = members.filter(|(_, value)| value.present());
        Value::Object(present.map(|(member, value)| (member.name.to_owned(), value.to_json())).collect())
    }
}

/// Vectors write times as seconds.
fn time_of(json: &Value) -> Timestamp {
    match json {
        Value::String(text) => Timestamp::parse_iso(text).unwrap_or_default(),
        number => Timestamp((number.as_f64().unwrap_or_default() * 1000.0).round() as i64),
    }
}

impl Dynamic {
    fn from_json(at: &'static Member, json: &Value) -> Self {
        let text = || json.as_str().unwrap_or_default();
        match at.shape.kind {
            Kind::Boolean => Dynamic::Boolean(json.as_bool().unwrap_or_default()),
            Kind::Integer => Dynamic::Integer(json.as_i64().unwrap_or_default()),
            Kind::Float => Dynamic::Float(json.as_f64().unwrap_or_else(|| text().parse().unwrap_or(f64::NAN))),
            Kind::String => Dynamic::Text(json.as_str().map_or_else(|| json.to_string(), str::to_owned)),
            Kind::Blob if at.streaming => Dynamic::Streamed(Body::from(Bytes::from(text().to_owned()))),
            Kind::Blob => Dynamic::Blob(Bytes::from(text().to_owned())),
            Kind::Timestamp => Dynamic::Time(time_of(json)),
            Kind::Document => Dynamic::Document(json.clone()),
            Kind::List(element) => Dynamic::List(
                json.as_array()
                    .into_iter()
                    .flatten()
                    .filter(|item| !item.is_null())
                    .map(|item| Dynamic::from_json(element, item))
                    .collect(),
            ),
            Kind::Map(_, element) => {
                let entries = json.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
                Dynamic::Map(entries.map(|(key, value)| (key.clone(), Dynamic::from_json(element, value))).collect())
            }
            Kind::Structure(_) => {
                let mut structure = DynamicStructure::new(at.shape);
                structure.fill(json);
                Dynamic::Structure(Box::new(structure))
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Dynamic::Absent => Value::Null,
            Dynamic::Boolean(value) => json!(value),
            Dynamic::Integer(value) => json!(value),
            Dynamic::Float(value) if value.is_nan() => json!("NaN"),
            Dynamic::Float(value) if value.is_infinite() => json!(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
            Dynamic::Float(value) => json!(value),
            Dynamic::Text(value) => json!(value),
            Dynamic::Blob(value) => json!(String::from_utf8_lossy(value)),
            Dynamic::Time(value) => json!(value.0 as f64 / 1000.0),
            Dynamic::Document(value) => value.clone(),
            Dynamic::List(items) => Value::Array(items.iter().map(Dynamic::to_json).collect()),
            Dynamic::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>())
            }
            Dynamic::Structure(structure) => structure.to_json(),
            Dynamic::Streamed(Body::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
            Dynamic::Streamed(_) => json!(""),
        }
    }
}

impl Shaped for Dynamic {
    fn present(&self) -> bool {
        !matches!(self, Dynamic::Absent | Dynamic::Streamed(Body::Empty))
    }

    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        match self {
            Dynamic::Absent | Dynamic::Streamed(_) => {}
            Dynamic::Boolean(value) => to.boolean(at, *value),
            Dynamic::Integer(value) => to.integer(at, *value),
            Dynamic::Float(value) => to.float(at, *value),
            Dynamic::Text(value) => to.string(at, value),
            Dynamic::Blob(value) => to.blob(at, value),
            Dynamic::Time(value) => to.timestamp(at, *value),
            Dynamic::Document(value) => to.document(at, value),
            Dynamic::List(items) => {
                let Kind::List(element) = at.shape.kind else { return };
                to.begin_list(at, items.len());
                items.iter().for_each(|item| item.write(element, to));
                to.end_list(at);
            }
            Dynamic::Map(entries) => {
                let Kind::Map(_, element) = at.shape.kind else { return };
                to.begin_map(at, entries.len());
                for (key, value) in entries {
                    to.key(at, key);
                    value.write(element, to);
                }
                to.end_map(at);
            }
            Dynamic::Structure(structure) => structure.write(at, to),
        }
    }

    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = match at.shape.kind {
            Kind::Boolean => Dynamic::Boolean(from.boolean()?),
            Kind::Integer => Dynamic::Integer(from.integer()?),
            Kind::Float => Dynamic::Float(from.float()?),
            Kind::String => Dynamic::Text(from.string()?),
            Kind::Blob => Dynamic::Blob(from.blob()?),
            Kind::Timestamp => Dynamic::Time(from.timestamp(at.time)?),
            Kind::Document => Dynamic::Document(from.document()?),
            Kind::List(element) => {
                let mut items = Vec::new();
                from.list(at, &mut |_, source| {
                    let mut item = Dynamic::Absent;
                    item.read(element, source)?;
                    items.push(item);
                    Ok(())
                })?;
                Dynamic::List(items)
            }
            Kind::Map(_, element) => {
                let mut entries = BTreeMap::new();
                from.map(at, &mut |key, source| {
                    let mut value = Dynamic::Absent;
                    value.read(element, source)?;
                    entries.insert(key.to_owned(), value);
                    Ok(())
                })?;
                Dynamic::Map(entries)
            }
            Kind::Structure(_) => {
                let mut structure = Box::new(DynamicStructure::new(at.shape));
                read_structure(&mut *structure, from)?;
                Dynamic::Structure(structure)
            }
        };
        Ok(())
    }

    fn as_body(&mut self) -> Option<&mut Body> {
        match self {
            Dynamic::Streamed(body) => Some(body),
            _ => None,
        }
    }

    fn as_structure(&self) -> Option<&dyn Structure> {
        match self {
            Dynamic::Structure(structure) => Some(&**structure),
            _ => None,
        }
    }
}

impl Shaped for DynamicStructure {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        write_structure(self, at, to);
    }

    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        read_structure(self, from)
    }

    fn as_structure(&self) -> Option<&dyn Structure> {
        Some(self)
    }
}

impl Structure for DynamicStructure {
    fn shape(&self) -> &'static Shape {
        self.shape
    }

    fn get(&self, index: usize) -> &dyn Shaped {
        &self.values[index]
    }

    fn get_mut(&mut self, index: usize) -> &mut dyn Shaped {
        &mut self.values[index]
    }
}
