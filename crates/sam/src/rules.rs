//! Which properties a resource or an event source has, and what may stand in them.

use crate::error::{Error, Result};
use crate::value::{Map, Text, Value};

/// What a property may hold.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Any,
    Text,
    /// Text, too, but SAM is less clear about it.
    TextOnly,
    Map,
    /// A map, too, but SAM is less clear about it.
    AnyMap,
    Bool,
    Int,
    List,
    TextOrMap,
    BoolOrMap,
    TextOrTexts,
    MapOfMaps,
    MapOfTexts,
    MapOfIntsOrMaps,
    TextsOrMaps,
    Texts,
    /// Text, a map, or a list of them.
    Policies,
    /// Text, or a list of text and maps.
    StateMachinePolicies,
    MapOrMaps,
    OneOf(&'static [&'static str]),
}

/// One property.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// Whether any map of one member passes, as an intrinsic function.
    pub(crate) intrinsics: bool,
}

pub(crate) const fn optional(name: &'static str, shape: Shape) -> Rule {
    Rule { name, shape, required: false, intrinsics: true }
}

pub(crate) const fn required(name: &'static str, shape: Shape) -> Rule {
    Rule { name, shape, required: true, intrinsics: true }
}

impl Rule {
    /// The same, but an intrinsic function has to have the shape, too.
    pub(crate) const fn literal(self) -> Rule {
        Rule { intrinsics: false, ..self }
    }
}

/// A resource of the template, or an event source in it, with properties that its rules allow.
#[derive(Clone)]
pub(crate) struct Instance {
    /// The logical id; of an event source, that of its function and its own.
    pub(crate) id: Text,
    /// The name of an event source in its function.
    pub(crate) relative_id: String,
    pub(crate) kind: String,
    pub(crate) properties: Map,
    pub(crate) depends_on: Option<Value>,
    /// Condition, DeletionPolicy and so on.
    pub(crate) attributes: Map,
}

const ATTRIBUTES: [&str; 5] = ["DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata"];
const PASSED_ON: [&str; 3] = ["Condition", "DeletionPolicy", "UpdateReplacePolicy"];

/// Logical ids are alphanumeric.
pub(crate) fn check_logical_id(id: &str) -> Result<()> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::resource(id, "Logical ids must be alphanumeric."))
}

/// The attributes that generated resources inherit, nulls among them.
pub(crate) fn passed_on(attributes: &Map) -> Map {
    let given = PASSED_ON.iter().filter(|name| attributes.contains(name));
    given.map(|name| ((*name).into(), attributes.get(name).cloned().unwrap_or(Value::Null))).collect()
}

// === impl Instance ===

impl Instance {
    /// Reads and checks a definition of the kind.
    pub(crate) fn read(id: impl Into<Text>, kind: &str, rules: &[Rule], definition: &Map) -> Result<Instance> {
        let id = id.into();
        check_logical_id(&id)?;
        let properties = match definition.get("Properties") {
            Some(Value::Map(map)) => map.clone(),
            None if !definition.contains("Properties") => Map::new(),
            _ => return Err(Error::resource(id, "Properties of a resource must be an object.")),
        };
        let attributes = ATTRIBUTES
            .iter()
            .filter(|name| definition.contains(name))
            .map(|name| ((*name).into(), definition.get(name).cloned().unwrap_or(Value::Null)))
            .collect();
        let instance = Instance {
            id,
            relative_id: String::new(),
            kind: kind.to_owned(),
            properties,
            depends_on: definition.get("DependsOn").cloned(),
            attributes,
        };
        instance.check(rules)?;
        Ok(instance)
    }

    /// Checks the properties against the rules: first their names, then their values.
    pub(crate) fn check(&self, rules: &[Rule]) -> Result<()> {
        for (name, _) in self.properties.iter() {
            if !rules.iter().any(|rule| rule.name == &**name) {
                let message = format!("property {name} not defined for resource of type {}", self.kind);
                return Err(Error::resource(&self.id, message));
            }
        }
        rules.iter().try_for_each(|rule| self.check_rule(rule))
    }

    fn check_rule(&self, rule: &Rule) -> Result<()> {
        let Some(value) = self.get(rule.name) else {
            if rule.required {
                return Err(Error::resource(&self.id, format!("Missing required property '{}'.", rule.name)));
            }
            return Ok(());
        };
        let maybe_intrinsic = rule.intrinsics && value.as_map().is_some_and(|map| map.len() == 1);
        if maybe_intrinsic || rule.shape.fits(value) {
            return Ok(());
        }
        Err(Error::resource(&self.id, rule.shape.complaint(rule.name)))
    }

    /// The value of a property, unless it is null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.properties.get_mut(name)
    }

    pub(crate) fn truthy(&self, name: &str) -> bool {
        self.properties.truthy(name)
    }

    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.properties.str(name)
    }

    /// The value, unless Python would take it for false.
    pub(crate) fn some(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| value.truthy())
    }

    /// The attributes that generated resources inherit.
    pub(crate) fn passed_on(&self) -> Map {
        passed_on(&self.attributes)
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        Error::resource(&self.id, message)
    }
}

// === impl Shape ===

impl Shape {
    fn fits(self, value: &Value) -> bool {
        let text = |value: &Value| value.as_str().is_some();
        let map = |value: &Value| value.as_map().is_some();
        let int = |value: &Value| match value {
            Value::Bool(_) => true,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        let text_or_map = |value: &Value| text(value) || map(value);
        match self {
            Shape::Any => true,
            Shape::Text | Shape::TextOnly => text(value),
            Shape::Map | Shape::AnyMap => map(value),
            Shape::Bool => value.as_bool().is_some(),
            Shape::Int => int(value),
            Shape::List => value.as_list().is_some(),
            Shape::TextOrMap => text_or_map(value),
            Shape::BoolOrMap => value.as_bool().is_some() || map(value),
            Shape::TextOrTexts => text(value) || every_item(value, text),
            Shape::MapOfMaps => every_member(value, map),
            Shape::MapOfTexts => every_member(value, text),
            Shape::MapOfIntsOrMaps => every_member(value, |value| int(value) || map(value)),
            Shape::TextsOrMaps => every_item(value, text_or_map),
            Shape::Texts => every_item(value, text),
            Shape::Policies => text_or_map(value) || every_item(value, text_or_map),
            Shape::StateMachinePolicies => text(value) || every_item(value, text_or_map),
            Shape::MapOrMaps => map(value) || every_item(value, map),
            Shape::OneOf(values) => value.as_str().is_some_and(|text| values.contains(&text)),
        }
    }

    fn complaint(self, name: &str) -> String {
        match self {
            Shape::Text => format!("Property '{name}' should be a string."),
            Shape::Map => format!("Property '{name}' should be a map."),
            Shape::OneOf(values) => {
                let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
                format!("Property '{name}' should be a one of the strings: {}.", quoted.join(" or "))
            }
            _ => format!("Type of property '{name}' is invalid."),
        }
    }
}

fn every_item(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_list().is_some_and(|items| items.iter().all(fits))
}

fn every_member(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_map().is_some_and(|map| map.values().all(fits))
}
