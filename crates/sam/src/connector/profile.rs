//! The permissions that SAM knows between types of resources, as data.

use super::reference::Reference;
use crate::value::{Map, Text, Value, list};

const CONNECTORS: &str = include_str!("../../data/connectors.txt");

/// The permissions between two types.
pub(crate) struct Profile {
    pub(crate) kind: String,
    properties: Map,
}

/// One line of the data: source, destination, JSON.
fn find(source: &str, destination: &str) -> Option<Map> {
    let line = CONNECTORS.lines().find_map(|line| {
        let (first, rest) = line.split_once('\t')?;
        let (second, json) = rest.split_once('\t')?;
        (first == source && second == destination).then_some(json)
    });
    match Value::from_json(serde_json::from_str(line?).ok()?) {
        Value::Map(found) => Some(found),
        _ => None,
    }
}

/// What a resource of a type has: its ARN and so on under `Outputs`, where its role is under
/// `Inputs`.
pub(crate) fn facts(kind: &str, id: &str) -> Map {
    let facts = find(kind, "").unwrap_or_default();
    let variable = [("logicalId", Some(Value::from(id)))];
    match fill_in(&facts.into(), &variable) {
        Ok(Value::Map(facts)) => facts,
        _ => Map::new(),
    }
}

impl Profile {
    pub(crate) fn find(source: &str, destination: &str) -> Option<Profile> {
        let found = find(source, destination).filter(|_| !destination.is_empty())?;
        let properties = found.get("Properties")?.as_map()?.clone();
        Some(Profile { kind: found.str("Type")?.to_owned(), properties })
    }

    /// The profile of two resources.
    pub(crate) fn filled_in(self, source: &Reference, destination: &Reference) -> Result<Profile, String> {
        let variables = [
            ("Source.Arn", source.arn.clone()),
            ("Destination.Arn", destination.arn.clone()),
            ("Source.ResourceId", source.resource_id.clone()),
            ("Destination.ResourceId", destination.resource_id.clone()),
            ("Source.Name", source.name.clone()),
            ("Destination.Name", destination.name.clone()),
            ("Source.Qualifier", source.qualifier.clone()),
            ("Destination.Qualifier", destination.qualifier.clone()),
        ];
        match fill_in(&self.properties.into(), &variables)? {
            Value::Map(properties) => Ok(Profile { kind: self.kind, properties }),
            _ => Ok(Profile { kind: self.kind, properties: Map::new() }),
        }
    }

    fn access(&self) -> Vec<(&Text, &Value)> {
        self.properties.get("AccessCategories").and_then(Value::as_map).iter().flat_map(|all| all.iter()).collect()
    }

    /// The names of the permissions.
    pub(crate) fn categories(&self) -> Vec<String> {
        self.access().into_iter().map(|(name, _)| name.to_string()).collect()
    }

    /// The combinations of permissions that are allowed, if not all are.
    pub(crate) fn combinations(&self) -> Vec<Vec<String>> {
        let all = self.properties.get("ValidAccessCategories").and_then(Value::as_list);
        let sorted = |combination: &Value| {
            let mut names: Vec<String> =
                combination.as_list().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            names.sort();
            names
        };
        all.into_iter().flatten().map(sorted).collect()
    }

    /// Whether the policy belongs to the source.
    pub(crate) fn is_of_source(&self) -> bool {
        self.properties.truthy("SourcePolicy")
    }

    pub(crate) fn is_depended_by(&self, what: &str) -> bool {
        self.properties.str("DependedBy") == Some(what)
    }

    /// The permissions of those names.
    pub(crate) fn chosen(&self, names: &[String]) -> Vec<(String, Map)> {
        let chosen = self.access().into_iter().filter(|(name, _)| names.iter().any(|chosen| **chosen == ***name));
        chosen.filter_map(|(name, category)| Some((name.to_string(), category.as_map()?.clone()))).collect()
    }

    /// The statements of the permissions of those names.
    pub(crate) fn statements(&self, names: &[String]) -> Vec<Value> {
        let chosen = self.chosen(names).into_iter();
        chosen
            .flat_map(|(_, category)| category.get("Statement").and_then(Value::as_list).cloned().unwrap_or_default())
            .collect()
    }
}

type Variable<'a> = (&'a str, Option<Value>);

/// The value with `%{Source.Arn}` and its like filled in: as they are, or by `Fn::Sub`.
fn fill_in(value: &Value, variables: &[Variable]) -> Result<Value, String> {
    match value {
        Value::Text(pattern) => fill_in_text(pattern, variables),
        Value::List(items) => {
            items.iter().map(|item| fill_in(item, variables)).collect::<Result<Vec<_>, _>>().map(Value::List)
        }
        Value::Map(map) => {
            let mut filled = Map::new();
            for (key, member) in map.iter() {
                filled.insert(key, fill_in(member, variables)?);
            }
            Ok(filled.into())
        }
        other => Ok(other.clone()),
    }
}

fn fill_in_text(pattern: &str, variables: &[Variable]) -> Result<Value, String> {
    let mut filled = pattern.to_owned();
    let mut used = Map::new();
    for (name, value) in variables {
        let placeholder = format!("%{{{name}}}");
        if !filled.contains(&placeholder) {
            continue;
        }
        let Some(value) = value else { return Err(format!("{name} is missing.")) };
        if filled == placeholder {
            return Ok(value.clone());
        }
        let short: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
        filled = filled.replace(&placeholder, &format!("${{{short}}}"));
        used.insert(short, value.clone());
    }
    let has_variable = filled.split_once("${").is_some_and(|(_, rest)| rest.find('}').is_some_and(|at| at > 0));
    Ok(match (has_variable, used.is_empty()) {
        (false, _) => filled.into(),
        (true, true) => crate::intrinsics::sub(filled),
        (true, false) => crate::value::map([("Fn::Sub", list([filled.into(), used.into()]))]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::text;

    #[test]
    fn a_variable_is_filled_in_by_itself_or_inside_of_text() {
        let variables = [("Source.Arn", Some(text("a"))), ("Source.Name", None)];
        assert_eq!(fill_in_text("%{Source.Arn}", &variables), Ok(text("a")));
        let sub = crate::intrinsics::sub_with("${SourceArn}/*", [("SourceArn", text("a"))]);
        assert_eq!(fill_in_text("%{Source.Arn}/*", &variables), Ok(sub));
        assert!(fill_in_text("%{Source.Name}", &variables).is_err());
    }

    #[test]
    fn every_profile_has_a_kind_and_permissions() {
        for line in CONNECTORS.lines().filter(|line| !line.starts_with('#') && !line.contains("\t\t")) {
            let mut fields = line.split('\t');
            let profile = Profile::find(fields.next().unwrap(), fields.next().unwrap()).unwrap();
            assert!(!profile.categories().is_empty(), "{line}");
        }
    }
}
