//! Which shapes the built operations need.

use std::collections::BTreeSet;

use super::shapes::members_of;
use crate::facts::{Service, Shape};

/// All shapes that inputs, outputs and errors of the built operations lead to. An error that has only a message needs
/// no type.
pub fn reachable(service: &Service, built: &[String]) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    for name in built {
        let operation = &service.operations[name];
        let errors = operation
            .errors
            .iter()
            .filter(|error| service.shapes.get(*error).is_some_and(|error| !members_of(error).is_empty()));
        let ends = operation.input.iter().chain(&operation.output).chain(errors);
        ends.for_each(|shape| walk(service, shape, &mut reached));
    }
    reached
}

fn walk(service: &Service, name: &str, reached: &mut BTreeSet<String>) {
    let Some(shape) = service.shapes.get(name) else { return };
    if !reached.insert(name.to_owned()) {
        return;
    }
    targets(shape).for_each(|target| walk(service, target, reached));
}

/// The shapes that a shape names directly.
pub fn targets(shape: &Shape) -> impl Iterator<Item = &str> {
    let named = ["of", "key", "value"].into_iter().filter_map(|side| shape.get(side));
    named.chain(members_of(shape).into_iter().map(|member| member.shape.as_str()))
}

/// Whether a structure contains itself with no list or map in between: such a member is boxed.
pub fn contains_directly(service: &Service, outer: &str, wanted: &str) -> bool {
    fn search<'s>(service: &'s Service, at: &'s str, wanted: &str, seen: &mut BTreeSet<&'s str>) -> bool {
        let Some(shape) = service.shapes.get(at).filter(|shape| shape.kind == "structure") else { return false };
        at == wanted
            || (seen.insert(at) && shape.members.iter().any(|member| search(service, &member.shape, wanted, seen)))
    }
    search(service, outer, wanted, &mut BTreeSet::new())
}
