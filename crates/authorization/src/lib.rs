//! What a call needs: which actions, on which resources. The facts come from `facts/authorization` (made by
//! `cargo xtask facts`); a service brings none of its own.

mod facts;
mod index;
mod member;
mod template;

use std::borrow::Cow;

use kogumo_wire::{Operation, Service, Structure};

use member::said;
pub use member::{has, values};
use template::Place;

/// One permission that a call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// `s3:GetObject`
    pub action: Cow<'static, str>,
    /// An ARN, or `*`; parts that the request does not say are `*`.
    pub resource: String,
    /// For `iam:PassRole`: the service that gets the role.
    pub passed_to: Option<&'static str>,
    /// For `iam:PassRole`: the resource that the service gets it for.
    pub associated: Option<String>,
}

impl Need {
    pub fn new(action: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Need { action: action.into(), resource: resource.into(), passed_to: None, associated: None }
    }
}

/// The account that an ARN names; empty where it names none.
pub fn account_of(resource: &str) -> &str {
    // Each decision asks: looking at the bytes is quicker than splitting.
    let mut colons = resource.bytes().enumerate().filter(|(_, byte)| *byte == b':').map(|(place, _)| place).skip(3);
    let Some(before) = colons.next() else { return "" };
    let behind = colons.next().unwrap_or(resource.len());
    resource.get(before + 1..behind).filter(|account| account.len() == 12).unwrap_or_default()
}

/// What a call needs in that region and account, in the order of the facts.
pub fn needs(
    service: &Service,
    operation: &Operation,
    input: &dyn Structure,
    region: &str,
    account: &str,
) -> Vec<Need> {
    let Some(known) = facts::of(service.name, operation.name) else {
        return vec![Need::new(format!("{}:{}", service.signing_name, operation.name), "*")];
    };
    let place = Place { region, account };
    let mut needs = Vec::new();
    for fact in known.needs.iter().filter(|fact| fact.applies(input)) {
        let before = needs.len();
        for template in fact.resources.iter().filter(|template| !template.optional || template.is_given(input)) {
            needs.extend(template.fill(input, place).into_iter().map(|resource| Need::new(fact.action, resource)));
        }
        if needs.len() == before {
            needs.push(Need::new(fact.action, "*"));
        }
    }
    if known.passes.is_empty() {
        return needs;
    }
    let associated = needs.first().map(|need| need.resource.clone()).filter(|resource| resource != "*");
    for pass in &known.passes {
        // API Gateway's credentials may also be the caller's own, which are nobody's role.
        for resource in pass.role.given(input, place).into_iter().filter(|role| role.contains(":role/")) {
            let associated = associated.clone();
            needs.push(Need { passed_to: Some(pass.service), associated, ..Need::new("iam:PassRole", resource) });
        }
    }
    needs
}

/// The condition keys that a call's members fill, with their values.
pub fn keys(service: &Service, operation: &Operation, input: &dyn Structure) -> Vec<(&'static str, Vec<String>)> {
    let known = facts::of(service.name, operation.name);
    let keys = known.iter().flat_map(|known| &known.keys);
    let filled = keys.map(|(key, path)| (*key, said(input, path)));
    filled.filter(|(_, values)| !values.is_empty()).collect()
}

/// Every operation of a service with the actions that it needs, for people who write policies.
pub fn actions(service: &str, operation: &str) -> Vec<&'static str> {
    let known = facts::of(service, operation);
    known.iter().flat_map(|known| known.needs.iter().map(|need| need.action)).collect()
}
