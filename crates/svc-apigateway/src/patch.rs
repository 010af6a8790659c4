//! Patch operations: `op`, a JSON pointer, a value.
//! <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html>

use crate::definition::Strings;
use crate::faults::bad_request;
use kogumo_model::apigateway::PatchOperation;
use kogumo_wire::Fault;
use std::str::FromStr;

/// What a patch does; `move`, `copy` and `test` are no operations of REST APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Add,
    Replace,
    Remove,
}

/// One patch operation, its path taken apart.
#[derive(Debug)]
pub struct Patch {
    pub verb: Verb,
    pub path: Vec<String>,
    value: Option<String>,
    /// As sent, for messages.
    pointer: String,
}

/// Reads the operations of a request.
pub fn read(operations: Option<Vec<PatchOperation>>) -> Result<Vec<Patch>, Fault> {
    operations.unwrap_or_default().into_iter().map(Patch::read).collect()
}

impl Patch {
    fn read(operation: PatchOperation) -> Result<Self, Fault> {
        let pointer = operation.path.unwrap_or_default();
        let name = operation.op.unwrap_or_default();
        let verb = match name.as_str() {
            "add" => Verb::Add,
            "replace" => Verb::Replace,
            "remove" => Verb::Remove,
            _ => {
                return Err(bad_request(format!(
                    "Invalid patch operation specified. Must be 'add'|'remove'|'replace': {name}"
                )));
            }
        };
        let Some(inner) = pointer.strip_prefix('/') else { return Err(invalid_path(&pointer)) };
        let path = inner.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        Ok(Patch { verb, path, value: operation.value, pointer })
    }

    /// The path as slices, for `match`.
    pub fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// This path cannot be patched so.
    pub fn refused(&self) -> Fault {
        invalid_path(&self.pointer)
    }

    /// The new text; nothing when it is removed.
    pub fn optional(&self) -> Option<String> {
        if self.verb == Verb::Remove { None } else { self.value.clone() }
    }

    /// The value, which must be there.
    pub fn text(&self) -> Result<String, Fault> {
        self.optional().ok_or_else(|| bad_request(format!("Invalid patch value specified for path {}", self.pointer)))
    }

    /// The value as a number.
    pub fn number<N: FromStr>(&self) -> Result<N, Fault> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| bad_request(format!("Invalid patch value '{text}' specified for path {}", self.pointer)))
    }

    /// The value as a flag; removing it clears it.
    pub fn flag(&self) -> Result<bool, Fault> {
        match self.optional().as_deref() {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(bad_request(format!("Invalid patch value '{text}' specified for path {}", self.pointer))),
        }
    }

    /// Sets or removes an entry.
    pub fn entry(&self, entries: &mut Strings, key: &str) {
        match self.optional() {
            Some(value) => entries.insert(key.to_owned(), value),
            None => entries.remove(key),
        };
    }

    /// Adds an item of a list or removes it. The item is the last part of the path, or the value.
    pub fn item(&self, items: &mut Vec<String>, item: Option<&str>) -> Result<(), Fault> {
        let value = self.value.clone();
        match (self.verb, item) {
            (Verb::Remove, Some(item)) => items.retain(|known| known != item),
            (Verb::Remove, None) => items.retain(|known| Some(known) != value.as_ref()),
            (_, item) => {
                let new = value.or_else(|| item.map(str::to_owned)).ok_or_else(|| self.refused())?;
                if let Some(old) = item.filter(|_| self.verb == Verb::Replace) {
                    items.retain(|known| known != old);
                }
                if !items.contains(&new) {
                    items.push(new);
                }
            }
        }
        Ok(())
    }
}

fn invalid_path(pointer: &str) -> Fault {
    bad_request(format!("Invalid patch path {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(op: &str, path: &str, value: Option<&str>) -> Result<Patch, Fault> {
        let text = |text: &str| Some(text.to_owned());
        Patch::read(PatchOperation { op: text(op), path: text(path), value: value.map(str::to_owned), from: None })
    }

    #[test]
    fn paths_are_pointers() {
        let patch = patch("add", "/binaryMediaTypes/image~1png", None).expect("a patch");
        assert_eq!(patch.parts(), ["binaryMediaTypes", "image/png"]);
        let mut types = vec!["*/*".to_owned()];
        patch.item(&mut types, Some("image/png")).expect("an item");
        assert_eq!(types, ["*/*", "image/png"]);
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        assert!(patch("move", "/name", None).is_err() && patch("add", "name", None).is_err());
        assert!(patch("replace", "/enabled", Some("maybe")).expect("a patch").flag().is_err());
    }
}
