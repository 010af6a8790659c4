//! The facts as they stand in the text, read when a service is called first.

use std::sync::OnceLock;

use foldhash::HashMap;
use kogumo_wire::Structure;

use crate::index::FACTS;
use crate::member;
use crate::template::Template;

/// What is known of one operation.
#[derive(Debug, Default)]
pub struct Known {
    pub needs: Vec<NeedFact>,
    pub passes: Vec<PassFact>,
    /// Condition keys and the members that fill them.
    pub keys: Vec<(&'static str, &'static str)>,
}

/// `need ACTION TEMPLATE… [if MEMBER | unless MEMBER]`
#[derive(Debug)]
pub struct NeedFact {
    pub action: &'static str,
    pub resources: Vec<Template>,
    /// A member and whether it must be there.
    when: Option<(&'static str, bool)>,
}

/// `pass {MEMBER} SERVICE`
#[derive(Debug)]
pub struct PassFact {
    pub role: Template,
    pub service: &'static str,
}

type Operations = HashMap<&'static str, Known>;

/// What is known of an operation.
pub fn of(service: &str, operation: &str) -> Option<&'static Known> {
    static SERVICES: OnceLock<HashMap<&'static str, (&'static str, OnceLock<Operations>)>> = OnceLock::new();
    let services =
        SERVICES.get_or_init(|| FACTS.iter().map(|(name, text)| (*name, (*text, OnceLock::new()))).collect());
    let (text, operations) = services.get(service)?;
    operations.get_or_init(|| read(text)).get(operation)
}

fn read(text: &'static str) -> Operations {
    let mut operations = Operations::default();
    let mut name = "";
    for line in text.lines() {
        if let Some(operation) = line.strip_prefix("operation ") {
            name = operation;
            operations.insert(name, Known::default());
        } else if let Some(known) = operations.get_mut(name) {
            known.take(line.trim());
        }
    }
    operations
}

impl Known {
    fn take(&mut self, line: &'static str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        match word {
            "need" => self.needs.push(NeedFact::read(rest)),
            "pass" => {
                if let Some((role, service)) = rest.split_once(' ') {
                    self.passes.push(PassFact { role: Template::read(role), service });
                }
            }
            "key" => {
                if let Some((key, member)) = rest.split_once(' ') {
                    self.keys.push((key, member.trim_start_matches('{').trim_end_matches('}')));
                }
            }
            _ => {}
        }
    }
}

impl NeedFact {
    fn read(text: &'static str) -> Self {
        let (text, when) = match (text.split_once(" if "), text.split_once(" unless ")) {
            (Some((text, member)), _) => (text, Some((member, true))),
            (None, Some((text, member))) => (text, Some((member, false))),
            (None, None) => (text, None),
        };
        let mut words = text.split(' ');
        let action = words.next().unwrap_or_default();
        NeedFact { action, resources: words.map(Template::read).collect(), when }
    }

    pub fn applies(&self, input: &dyn Structure) -> bool {
        self.when.is_none_or(|(member, wanted)| member::has(input, member) == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_read_and_has_actions() {
        for (name, text) in FACTS {
            let operations = read(text);
            assert!(!operations.is_empty(), "{name}");
            for (operation, known) in &operations {
                assert!(known.needs.iter().all(|need| need.action.contains(':')), "{name} {operation}");
            }
        }
    }
}
