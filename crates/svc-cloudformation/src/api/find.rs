//! Finding stacks, and pages of lists.

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Key, Range, Read};
use kogumo_wire::Fault;

use crate::record::{RESOURCES, Resource, STACKS, Stack, uuid_of};

/// The stack of that name, or of that ARN, which also finds deleted ones.
pub fn stack(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<Stack>, Trouble> {
    if name.starts_with("arn:") {
        return STACKS.get(read, scope, uuid_of(name));
    }
    let named = Range::prefix(Key::new().str(name));
    STACKS.by_index(read, scope, "name", &named).next().transpose().map(|row| row.map(|(_, stack)| stack))
}

/// A stack that has to be there: `Stack with id x does not exist`.
pub fn existing(read: &dyn Read, scope: &Scope, name: &str) -> Result<Stack, Fault> {
    stack(read, scope, name)?.ok_or_else(|| Fault::validation(format!("Stack with id {name} does not exist")))
}

/// The same with the other wording: `Stack [x] does not exist`.
pub fn bracketed(read: &dyn Read, scope: &Scope, name: &str) -> Result<Stack, Fault> {
    stack(read, scope, name)?.ok_or_else(|| Fault::validation(format!("Stack [{name}] does not exist")))
}

/// A stack's resources by logical id.
pub fn resources(read: &dyn Read, scope: &Scope, stack: &Stack) -> Result<Vec<Resource>, Trouble> {
    let rows = Range::prefix(Key::new().str(uuid_of(&stack.id)));
    RESOURCES.scan(read, scope, &rows).map(|row| row.map(|(_, resource)| resource)).collect()
}

/// A page of a list and the token of the next one.
pub fn page<T>(items: Vec<T>, token: Option<&str>, size: usize) -> Result<(Vec<T>, Option<String>), Fault> {
    let start = match token {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| Fault::validation(format!("Invalid NextToken: {token}")))?,
    };
    let more = (items.len() > start.saturating_add(size)).then(|| (start + size).to_string());
    Ok((items.into_iter().skip(start).take(size).collect(), more))
}
