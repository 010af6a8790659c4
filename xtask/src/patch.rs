//! Patches: what AWS does and its models do not say, in `facts/patches/<service>.patch`.
//!
//! Each line is one correction:
//! - `about NAME VALUE`: a fact of the service itself (`xmlns`, `protocols`)
//! - `about validation-error CODE`: what input that breaks the model's constraints is answered with, instead of the
//!   protocol's own validation error
//! - `error CODE STATUS`: an error that the model lacks
//! - `set SHAPE TRAIT[=VALUE]`, `unset SHAPE TRAIT`: a trait of a shape (`union`, `pattern`, `xml-name` …)
//! - `set-member STRUCTURE MEMBER TRAIT[=VALUE]`, `unset-member STRUCTURE MEMBER TRAIT`
//! - `add-member STRUCTURE MEMBER SHAPE`
//! - `external SHAPE PATH`: the shape's Rust type is a hand-written one that implements `Shaped`

use crate::facts::{Member, Service, Shape};

/// Applies each line of a patch.
pub fn apply(service: &mut Service, patch: &str) -> Result<(), String> {
    for (number, line) in patch.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            apply_line(service, line).ok_or_else(|| format!("{}.patch line {}: {line}", service.name, number + 1))?;
        }
    }
    Ok(())
}

fn apply_line(service: &mut Service, line: &str) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["about", name, value @ ..] => drop(service.about.insert((*name).into(), value.join(" "))),
        ["error", code, status] => {
            let mut shape = Shape { kind: "structure".into(), ..Shape::default() };
            shape.traits.insert("error".into(), String::new());
            shape.traits.insert("status".into(), (*status).into());
            service.shapes.insert((*code).into(), shape);
        }
        // An enum has spaces between its values.
        ["set", shape, fact @ ..] => {
            let fact = fact.join(" ");
            let (name, value) = fact.split_once('=').unwrap_or((&fact, ""));
            service.shapes.get_mut(*shape)?.traits.insert(name.into(), value.into());
        }
        ["unset", shape, name] => drop(service.shapes.get_mut(*shape)?.traits.remove(*name)?),
        ["set-member", shape, member, fact] => {
            let (name, value) = fact.split_once('=').unwrap_or((fact, ""));
            find(service, shape, member)?.traits.insert(name.into(), value.into());
        }
        ["unset-member", shape, member, name] => drop(find(service, shape, member)?.traits.remove(*name)?),
        ["add-member", shape, member, of] => {
            let member = Member { name: (*member).into(), shape: (*of).into(), ..Member::default() };
            service.shapes.get_mut(*shape)?.members.push(member);
        }
        ["external", shape, path] => {
            drop(service.shapes.get_mut(*shape)?.traits.insert("external".into(), (*path).into()))
        }
        _ => return None,
    }
    Some(())
}

fn find<'s>(service: &'s mut Service, shape: &str, member: &str) -> Option<&'s mut Member> {
    service.shapes.get_mut(shape)?.members.iter_mut().find(|found| found.name == member)
}
