//! Values of a request by the names of its members: `TableName`, `TransactItems.Put.TableName`, `RequestItems.*`.

use std::borrow::Cow;

use kogumo_wire::{Shaped, Structure};

/// The texts at a path. Lists on the way are passed through; `*` stands for the keys of a map. Empty texts say nothing.
pub fn values(input: &dyn Structure, path: &str) -> Vec<String> {
    let mut found = said(input, path);
    found.retain(|text| !text.is_empty());
    found
}

/// As [`values`], with the empty ones: a condition may ask whether a text is empty.
pub fn said(input: &dyn Structure, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    visit(input, path, &mut |text| found.push(text.into_owned()));
    found
}

/// The text of a member that is one itself, and not empty.
pub fn only<'a>(input: &'a dyn Structure, name: &str) -> Option<Cow<'a, str>> {
    let value = member(input, name).filter(|value| value.present())?;
    value.as_text().filter(|text| !text.is_empty())
}

/// Whether there is anything at a path.
pub fn has(input: &dyn Structure, path: &str) -> bool {
    if path.contains('.') {
        return !values(input, path).is_empty();
    }
    member(input, path).is_some_and(|value| value.present() && value.as_text().is_none_or(|text| !text.is_empty()))
}

fn member<'a>(input: &'a dyn Structure, name: &str) -> Option<&'a dyn Shaped> {
    let index = input.shape().layout().members.iter().position(|member| member.name == name)?;
    Some(input.get(index))
}

fn visit(input: &dyn Structure, path: &str, show: &mut dyn FnMut(Cow<'_, str>)) {
    let (name, rest) = path.split_once('.').map_or((path, ""), |(name, rest)| (name, rest));
    if let Some(value) = member(input, name).filter(|value| value.present()) {
        visit_value(value, rest, show);
    }
}

fn visit_value(value: &dyn Shaped, rest: &str, show: &mut dyn FnMut(Cow<'_, str>)) {
    if let Some(text) = value.as_text() {
        if rest.is_empty() {
            show(text);
        }
        return;
    }
    if let Some(inner) = value.as_structure() {
        if !rest.is_empty() {
            visit(inner, rest, show);
        }
        return;
    }
    value.each(&mut |key, element| match key {
        Some(key) if rest == "*" => show(Cow::Borrowed(key)),
        _ => visit_value(element, rest, show),
    });
}
