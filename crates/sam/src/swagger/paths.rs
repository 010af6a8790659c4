//! The paths of an API definition: `path → method → definition`, where a path or a method may be
//! wrapped in an `Fn::If`.

use crate::error::{Error, Result};
use crate::intrinsics::{conditional, is_no_value};
use crate::value::{Map, Text, Value, map};

pub(crate) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
pub(crate) const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// The `paths` of an API definition.
#[derive(Default)]
pub(crate) struct Paths(pub(crate) Map);

/// The value itself, or the sides of its `Fn::If` that are something.
fn sides(value: &mut Value) -> Result<Vec<&mut Value>> {
    if value.as_map().is_none_or(|map| !map.contains("Fn::If")) {
        return Ok(vec![value]);
    }
    match value.as_map_mut().and_then(|map| map.get_mut("Fn::If")).and_then(Value::as_list_mut) {
        Some(parts) => Ok(parts.iter_mut().skip(1).filter(|side| !is_no_value(side)).collect()),
        None => Err(Error::document("Value of Fn::If must be a list.")),
    }
}

/// The same, to look at.
pub(crate) fn sides_of(value: &Value) -> Result<Vec<&Value>> {
    match value.as_map().filter(|map| map.contains("Fn::If")) {
        None => Ok(vec![value]),
        Some(map) => match map.get("Fn::If").and_then(Value::as_list) {
            Some(parts) => Ok(parts.iter().skip(1).filter(|side| !is_no_value(side)).collect()),
            None => Err(Error::document("Value of Fn::If must be a list.")),
        },
    }
}

fn path_error(path: &str) -> Error {
    Error::document(format!("Value of '{path}' path must be a dictionary according to Swagger spec."))
}

fn method_error(path: &str, method: &str) -> Error {
    Error::document(format!("Definition of method '{method}' for path '{path}' should be a map."))
}

/// Lower case; `any` is an extension of API Gateway.
pub(crate) fn normalized(method: &Text) -> Text {
    match method.to_lowercase().as_str() {
        "any" => ANY_METHOD.into(),
        lower => method.with(lower),
    }
}

/// Whether something is behind the method.
pub(crate) fn has_integration(definition: &Map) -> bool {
    definition.truthy(INTEGRATION)
}

impl Paths {
    pub(crate) fn names(&self) -> Vec<Text> {
        self.0.keys()
    }

    /// Complains unless every path is a map.
    pub(crate) fn check(&self) -> Result<()> {
        for (path, item) in self.0.iter() {
            if sides_of(item)?.iter().any(|side| side.as_map().is_none()) {
                return Err(path_error(path));
            }
        }
        Ok(())
    }

    /// The maps that a path stands for.
    pub(crate) fn items(&mut self, path: &str) -> Result<Vec<&mut Map>> {
        let Some(item) = self.0.get_mut(path) else { return Err(path_error(path)) };
        sides(item)?.into_iter().map(|side| side.as_map_mut().ok_or_else(|| path_error(path))).collect()
    }

    pub(crate) fn has_integration(&self, path: &str, method: &Text) -> Result<bool> {
        let Some(item) = self.0.get(path) else { return Ok(false) };
        let method = normalized(method);
        for side in sides_of(item)? {
            let side = side.as_map().ok_or_else(|| path_error(path))?;
            let Some(definition) = side.get(&method).filter(|definition| definition.as_map().is_some()) else {
                return Ok(false);
            };
            let mut integrated = false;
            for definition in sides_of(definition)? {
                integrated |= has_integration(definition.as_map().ok_or_else(|| method_error(path, &method))?);
            }
            if !integrated {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes sure that path and method are there.
    pub(crate) fn add(&mut self, path: &Text, method: &Text) -> Result<()> {
        let method = normalized(method);
        let item = self.0.or_insert(path, Map::hashed());
        if item.as_map().is_none() {
            return Err(path_error(path));
        }
        for side in sides(item)? {
            side.as_map_mut().ok_or_else(|| path_error(path))?.or_insert(&method, Map::hashed());
        }
        Ok(())
    }

    /// Makes a path depend on a condition.
    pub(crate) fn make_conditional(&mut self, path: &Text, condition: Value) {
        let item = self.0.get(path).cloned().unwrap_or(Value::Null);
        self.0.insert(path, conditional(condition, item));
    }

    /// Every definition of one method that has an integration.
    pub(crate) fn each(
        &mut self,
        path: &str,
        method: &Text,
        change: &mut dyn FnMut(&mut Map) -> Result<()>,
    ) -> Result<()> {
        let name = normalized(method);
        for item in self.items(path)? {
            let Some(definition) = item.get_mut(&name) else { return Err(method_error(path, method)) };
            for definition in sides(definition)? {
                let definition = definition.as_map_mut().ok_or_else(|| method_error(path, method))?;
                if has_integration(definition) {
                    change(definition)?;
                }
            }
        }
        Ok(())
    }

    /// Every definition of every method of a path that has an integration; members of other names
    /// than methods are left out.
    pub(crate) fn each_method(
        &mut self,
        path: &str,
        left_out: &[&str],
        change: &mut dyn FnMut(&Text, &mut Map) -> Result<()>,
    ) -> Result<()> {
        for item in self.items(path)? {
            for name in item.keys() {
                if left_out.contains(&&*name) {
                    continue;
                }
                let definition = item.get_mut(&name).ok_or_else(|| method_error(path, &name))?;
                for definition in sides(definition)? {
                    let definition = definition.as_map_mut().ok_or_else(|| method_error(path, &name))?;
                    if has_integration(definition) {
                        change(&normalized(&name), definition)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The path as a resource of an ARN: every parameter becomes an asterisk. Of HTTP APIs, only
/// `{proxy+}` may be greedy.
pub(crate) fn with_wildcards(path: &str, only_proxy_greedy: bool) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let parameter = after.split_once('}').filter(|(name, _)| is_parameter(name, only_proxy_greedy));
        match parameter {
            Some((_, after)) => {
                out.push('*');
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

fn is_parameter(name: &str, only_proxy_greedy: bool) -> bool {
    let (stem, greedy) = match name.strip_suffix('+') {
        Some(stem) => (stem, true),
        None => (name, false),
    };
    let known = !stem.is_empty() && stem.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    known && (!greedy || !only_proxy_greedy || stem == "proxy")
}

/// `security` of a method, which has to be a list.
pub(crate) fn security(definition: &Map, path: &str, method: &str) -> Result<Vec<Value>> {
    match definition.get("security") {
        None => Ok(Vec::new()),
        Some(Value::List(security)) => Ok(security.clone()),
        Some(_) => Err(Error::document(format!("Type of security for path {path} method {method} must be a list"))),
    }
}

/// Python's `dict_deep_get`: the value at a path of keys, or the key that holds no map.
pub(crate) fn deep_get<'v>(value: &'v Value, keys: &[&str]) -> std::result::Result<Option<&'v Value>, String> {
    let mut here = value;
    for (at, key) in keys.iter().enumerate() {
        let Some(map) = here.as_map() else { return Err(not_a_map(&keys[..at])) };
        match map.get(key) {
            Some(value) => here = value,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

/// Sets the value at a path of keys, making maps on the way.
pub(crate) fn deep_set(map: &mut Map, keys: &[&str], value: Value) -> std::result::Result<(), String> {
    let Some((last, before)) = keys.split_last() else { return Ok(()) };
    let mut here = map;
    for (at, key) in before.iter().enumerate() {
        let next = here.or_insert(*key, crate::value::map([]));
        here = next.as_map_mut().ok_or_else(|| not_a_map(&keys[..=at]))?;
    }
    here.insert(*last, value);
    Ok(())
}

fn not_a_map(keys: &[&str]) -> String {
    match keys {
        [] => "It should be a map".into(),
        keys => format!("The value of '{}' should be a map", keys.join(".")),
    }
}

/// A security requirement: the name of a scheme with scopes.
pub(crate) fn requirement(scheme: &Text, scopes: Value) -> Value {
    let mut requirement = Map::hashed();
    requirement.insert(scheme, scopes);
    requirement.into()
}

/// `{"Fn::Sub": [pattern, {name: value}]}` in the order of SAM.
pub(crate) fn stage_resource(pattern: Text, stage: &Value) -> Value {
    map([("Fn::Sub", Value::List(vec![pattern.into(), map([("__Stage__", stage.clone())])]))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_asterisks() {
        assert_eq!(with_wildcards("/a/{id}/b/{rest+}", false), "/a/*/b/*");
        assert_eq!(with_wildcards("/a/{id}/{rest+}/{proxy+}", true), "/a/*/{rest+}/*");
        assert_eq!(with_wildcards("/{a b}/{", false), "/{a b}/{");
    }
}
