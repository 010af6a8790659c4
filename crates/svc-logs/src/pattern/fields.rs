//! Patterns for space-delimited messages: `[ip, user, ..., status = 4* || status = 500, bytes > 1000]`.

use std::collections::BTreeMap;

use super::comparison::{Comparison, number};
use super::scanner::Scanner;

#[derive(Default)]
pub struct Fields {
    /// Fields before the ellipsis, or all of them.
    first: Vec<Field>,
    /// Fields behind the ellipsis; `None` if there is no ellipsis.
    last: Option<Vec<Field>>,
}

/// A field's name and its conditions: any of the lists, all of the conditions of a list.
struct Field {
    name: String,
    conditions: Vec<Vec<Comparison>>,
}

impl Fields {
    pub fn parse(text: &str) -> Result<Fields, String> {
        let mut scanner = Scanner::new(text);
        let mut fields = Fields::default();
        scanner.expect("[")?;
        scanner.skip_space();
        let mut more = scanner.peek() != Some(']');
        while more {
            scanner.skip_space();
            if scanner.eat("...") {
                if fields.last.replace(Vec::new()).is_some() {
                    return Err("Invalid filter pattern: more than one ellipsis".into());
                }
            } else {
                let unnamed = fields.first.len() + fields.last.as_ref().map_or(0, Vec::len) + 1;
                let field = field(&mut scanner, unnamed)?;
                fields.last.as_mut().unwrap_or(&mut fields.first).push(field);
            }
            scanner.skip_space();
            more = scanner.eat(",");
        }
        scanner.expect("]")?;
        scanner.skip_space();
        match scanner.is_empty() {
            true => Ok(fields),
            false => Err(format!("Invalid filter pattern: unexpected '{}'", scanner.rest())),
        }
    }

    pub fn matches(&self, message: &str) -> Option<BTreeMap<String, String>> {
        let parts = split(message);
        let mut values = BTreeMap::new();
        let mut check = |field: &Field, value: &str| {
            values.insert(format!("${}", field.name), value.to_owned());
            field.holds(value)
        };
        let behind = self.last.as_ref().map_or(0, Vec::len);
        if parts.len() < self.first.len() + behind {
            return None;
        }
        for (at, field) in self.first.iter().enumerate() {
            let (start, value) = parts[at];
            // Without an ellipsis the last field takes all that is left, so that `[level=ERROR, message]` works; a pattern
            // of one field stands for a message of one field.
            let rest = self.last.is_none() && at > 0 && at + 1 == self.first.len() && parts.len() > self.first.len();
            let value = if rest { &message[start..] } else { value };
            let too_short = self.last.is_none() && self.first.len() == 1 && parts.len() > 1;
            if too_short || !check(field, value) {
                return None;
            }
        }
        let last = self.last.iter().flatten();
        let holds = last.zip(parts.get(parts.len() - behind..)?).all(|(field, (_, value))| check(field, value));
        holds.then_some(values)
    }
}

fn field(scanner: &mut Scanner, place: usize) -> Result<Field, String> {
    let mut name = String::new();
    let mut conditions = Vec::new();
    let mut all = Vec::new();
    loop {
        scanner.skip_space();
        let said = scanner.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if name.is_empty() {
            name = said.to_owned();
        }
        scanner.skip_space();
        if matches!(scanner.peek(), Some('=' | '!' | '<' | '>')) {
            let ends = |c: char| matches!(c, ',' | ']' | '&' | '|');
            all.push(Comparison::parse(scanner, ends)?);
        }
        scanner.skip_space();
        if scanner.eat("||") {
            conditions.push(std::mem::take(&mut all));
        } else if !scanner.eat("&&") {
            break;
        }
    }
    conditions.push(all);
    if name.is_empty() {
        name = place.to_string();
    }
    Ok(Field { name, conditions })
}

impl Field {
    fn holds(&self, value: &str) -> bool {
        self.conditions.iter().any(|all| all.iter().all(|comparison| comparison.holds(value, number(value))))
    }
}

/// The fields of a message with the places where they begin: words, or what stands in brackets or quotation marks.
fn split(message: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(start) = message[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
        let rest = &message[start..];
        let close = match rest.chars().next() {
            Some('[') => rest[1..].find(']'),
            Some('"') => rest[1..].find('"'),
            _ => None,
        };
        let length = match close {
            Some(close) => {
                parts.push((start, &rest[1..=close]));
                close + 2
            }
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                parts.push((start, &rest[..end]));
                end
            }
        };
        at = start + length;
    }
    parts
}
