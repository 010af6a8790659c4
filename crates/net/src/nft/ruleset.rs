//! A ruleset: one table of ours with its chains and sets.

use std::collections::BTreeMap;

use super::{Expr, Verdict};
use crate::family::Family;

pub(crate) type Rule = Vec<Expr>;

/// Everything in one table, of one family. Two that are equal mean the same to packets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ruleset {
    pub chains: BTreeMap<String, Chain>,
    pub sets: BTreeMap<String, Set>,
}

/// The rulesets of both families of addresses: each has a table of its own, so that a packet meets the rules of its family
/// alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rulesets {
    pub v4: Ruleset,
    pub v6: Ruleset,
}

impl Rulesets {
    pub(crate) fn of(&self, family: Family) -> &Ruleset {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Chain {
    /// None for chains that others jump to.
    pub hook: Option<Hook>,
    pub rules: Vec<Rule>,
}

/// Where a chain begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hook {
    pub kind: HookType,
    pub chain: ChainType,
    pub priority: i32,
    /// What happens to what comes to the end of the chain.
    pub accept: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum HookType {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ChainType {
    Filter,
    Nat,
}

/// A set, or a map where `value` is not `Nothing`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    pub key_length: u32,
    pub value: Kind,
    pub elements: BTreeMap<Vec<u8>, Element>,
}

/// What a map holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Nothing,
    /// Bytes, so many.
    Value(u32),
    Verdict,
    /// A set that rules fill: each member has counters, and goes when it has not been met for so many milliseconds.
    Counters(u64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Element {
    Member,
    Value(Vec<u8>),
    Verdict(Verdict),
}

impl Set {
    pub(crate) fn new(key_length: u32, value: Kind) -> Self {
        Self { key_length, value, elements: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, key: Vec<u8>) {
        self.elements.insert(key, Element::Member);
    }

    pub(crate) fn map(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.elements.insert(key, Element::Value(value));
    }

    pub(crate) fn verdict(&mut self, key: Vec<u8>, verdict: Verdict) {
        self.elements.insert(key, Element::Verdict(verdict));
    }
}

impl Ruleset {
    pub(crate) fn chain(&mut self, name: &str, rules: Vec<Rule>) {
        self.chains.insert(name.to_owned(), Chain { hook: None, rules });
    }

    pub(crate) fn base(&mut self, name: &str, hook: Hook, rules: Vec<Rule>) {
        self.chains.insert(name.to_owned(), Chain { hook: Some(hook), rules });
    }

    pub(crate) fn set(&mut self, name: &str, set: Set) {
        self.sets.insert(name.to_owned(), set);
    }
}

/// A device's name as the kernel compares it: 16 bytes.
pub(crate) fn device(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}
