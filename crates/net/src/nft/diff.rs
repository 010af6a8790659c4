//! What has to change from one ruleset to the next, in an order that the kernel accepts in one transaction.

use std::collections::BTreeMap;

use super::ruleset::{Chain, Element, Rule, Ruleset, Set};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    AddSet(String, Set),
    AddChain(String, Chain),
    /// Empties a chain.
    Flush(String),
    AddRule(String, Rule),
    RemoveElements(String, BTreeMap<Vec<u8>, Element>),
    AddElements(String, BTreeMap<Vec<u8>, Element>),
    RemoveChain(String),
    RemoveSet(String),
}

/// The changes: new things first, then what refers to them, and last what nobody refers to any more.
pub(crate) fn diff(seen: &Ruleset, wanted: &Ruleset) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, set) in &wanted.sets {
        if !seen.sets.contains_key(name) {
            changes.push(Change::AddSet(name.clone(), set.clone()));
        }
    }
    for (name, chain) in &wanted.chains {
        if !seen.chains.contains_key(name) {
            changes.push(Change::AddChain(name.clone(), chain.clone()));
        }
    }
    for (name, set) in &seen.sets {
        let empty = BTreeMap::new();
        let kept = wanted.sets.get(name).map_or(&empty, |set| &set.elements);
        let gone = without(&set.elements, kept);
        changes.extend(in_parts(gone).map(|part| Change::RemoveElements(name.clone(), part)));
    }
    flush_and_fill(seen, wanted, &mut changes);
    for (name, set) in &wanted.sets {
        let empty = BTreeMap::new();
        let known = seen.sets.get(name).map_or(&empty, |set| &set.elements);
        let new = without(&set.elements, known);
        changes.extend(in_parts(new).map(|part| Change::AddElements(name.clone(), part)));
    }
    changes
        .extend(seen.chains.keys().filter(|name| !wanted.chains.contains_key(*name)).cloned().map(Change::RemoveChain));
    changes.extend(seen.sets.keys().filter(|name| !wanted.sets.contains_key(*name)).cloned().map(Change::RemoveSet));
    changes
}

/// Chains whose rules differ are emptied first, all of them, so that none refers to what goes; then they are filled.
fn flush_and_fill(seen: &Ruleset, wanted: &Ruleset, changes: &mut Vec<Change>) {
    for (name, chain) in &seen.chains {
        let same = wanted.chains.get(name).is_some_and(|wanted| wanted.rules == chain.rules);
        if !same && !chain.rules.is_empty() {
            changes.push(Change::Flush(name.clone()));
        }
    }
    for (name, chain) in &wanted.chains {
        let same = seen.chains.get(name).is_some_and(|seen| seen.rules == chain.rules);
        if !same {
            changes.extend(chain.rules.iter().map(|rule| Change::AddRule(name.clone(), rule.clone())));
        }
    }
}

/// An attribute's length has 16 bits, so that long lists of elements go in several messages.
fn in_parts(mut elements: BTreeMap<Vec<u8>, Element>) -> impl Iterator<Item = BTreeMap<Vec<u8>, Element>> {
    const MOST: usize = 256;
    std::iter::from_fn(move || {
        let border = elements.keys().nth(MOST).cloned();
        let rest = border.map_or_else(BTreeMap::new, |border| elements.split_off(&border));
        let part = std::mem::replace(&mut elements, rest);
        (!part.is_empty()).then_some(part)
    })
}

fn without(all: &BTreeMap<Vec<u8>, Element>, but: &BTreeMap<Vec<u8>, Element>) -> BTreeMap<Vec<u8>, Element> {
    all.iter().filter(|(key, value)| but.get(*key) != Some(*value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Expr, Kind, Verdict};
    use super::*;

    fn ruleset(rules: Vec<Rule>, members: &[u8]) -> Ruleset {
        let mut ruleset = Ruleset::default();
        ruleset.chain("c", rules);
        let mut set = Set::new(1, Kind::Nothing);
        members.iter().for_each(|member| set.insert(vec![*member]));
        ruleset.set("s", set);
        ruleset
    }

    #[test]
    fn nothing_changes_between_equals() {
        let one = ruleset(vec![vec![Expr::Verdict(Verdict::Drop)]], &[1, 2]);
        assert_eq!(diff(&one, &one), []);
    }

    #[test]
    fn only_the_chain_and_the_elements_that_differ_change() {
        let drop = vec![Expr::Verdict(Verdict::Drop)];
        let before = ruleset(vec![drop.clone()], &[1, 2]);
        let after = ruleset(vec![drop.clone(), drop.clone()], &[2, 3]);
        let one = |member: u8| BTreeMap::from([(vec![member], Element::Member)]);
        let expected = [
            Change::RemoveElements("s".into(), one(1)),
            Change::Flush("c".into()),
            Change::AddRule("c".into(), drop.clone()),
            Change::AddRule("c".into(), drop),
            Change::AddElements("s".into(), one(3)),
        ];
        assert_eq!(diff(&before, &after), expected);
    }

    #[test]
    fn what_goes_is_emptied_before_it_is_removed() {
        let before = ruleset(vec![vec![Expr::Verdict(Verdict::Jump("d".into()))]], &[1]);
        let changes = diff(&before, &Ruleset::default());
        let place = |wanted: &Change| changes.iter().position(|change| change == wanted);
        assert!(place(&Change::Flush("c".into())) < place(&Change::RemoveChain("c".into())));
        assert_eq!(changes.last(), Some(&Change::RemoveSet("s".into())));
    }
}
