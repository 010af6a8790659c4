//! What a stack's operation does next: pure, over what has been recorded, so that a run after a crash plans the same.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_template::Graph;
use kogumo_template::diff;
use serde_json::Value;

use crate::record::{Action, Actual, Leftover, Resource, StepState};
use crate::schema::Schema;

/// A stack's resources by logical id.
pub type Resources = BTreeMap<String, Resource>;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Start these; none if the ones that run have to end first.
    Start(Vec<String>),
    /// The phase has ended. The failed ones, if any.
    End(Vec<String>),
}

/// How a resource's step of this operation stands; `None` before it begins.
fn state(resources: &Resources, id: &str, operation: &str) -> Option<StepState> {
    resources.get(id)?.step.as_ref().filter(|step| step.operation == operation).map(|step| step.state)
}

/// Forward: a resource starts when all it waits for is done. After a failure nothing more starts.
pub fn forward(target: &Graph, resources: &Resources, operation: &str) -> Next {
    let state = |id: &str| state(resources, id, operation);
    let ids = || target.waits_for.keys();
    let failed: Vec<String> = ids().filter(|id| state(id) == Some(StepState::Failed)).cloned().collect();
    let running = ids().any(|id| state(id) == Some(StepState::Running));
    if !failed.is_empty() {
        return if running { Next::Start(Vec::new()) } else { Next::End(failed) };
    }
    let ready = target
        .waits_for
        .iter()
        .filter(|(id, before)| state(id).is_none() && before.iter().all(|one| state(one) == Some(StepState::Done)));
    let ready: Vec<String> = ready.map(|(id, _)| id.clone()).collect();
    if ready.is_empty() && !running { Next::End(Vec::new()) } else { Next::Start(ready) }
}

/// Deleting, dependants first. `gone` says which are done with (deleted, or kept by policy).
/// What a failed one stands on is left alone.
pub fn deletions<'a>(
    items: impl Iterator<Item = (&'a str, &'a Actual)> + Clone,
    state: impl Fn(&str) -> Option<StepState>,
) -> Next {
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let (mut failed, mut running) = (Vec::new(), false);
    for (id, actual) in items.clone() {
        match state(id) {
            Some(StepState::Done) => continue,
            Some(StepState::Failed) => failed.push(id.to_owned()),
            Some(StepState::Running) => running = true,
            None => {}
        }
        needed.extend(actual.depends_on.iter().map(String::as_str).filter(|one| *one != id));
    }
    let ready = items.filter(|(id, _)| state(id).is_none() && !needed.contains(id));
    let ready: Vec<String> = ready.map(|(id, _)| id.to_owned()).collect();
    if ready.is_empty() && !running { Next::End(failed) } else { Next::Start(ready) }
}

/// Deleting a stack's resources, for `DeleteStack` and for a create that is rolled back.
pub fn delete_all(resources: &Resources, operation: &str) -> Next {
    let items = resources.iter().filter_map(|(id, resource)| Some((id.as_str(), resource.actual.as_ref()?)));
    let deleting = |id: &str| {
        let step = resources.get(id)?.step.as_ref()?;
        (step.operation == operation && step.action == Action::Delete).then_some(step.state)
    };
    deletions(items, deleting)
}

/// What an update leaves behind, by the leftover's number; ids within are the numbers' text.
pub fn clean_up(leftovers: &BTreeMap<String, Leftover>, running: &BTreeSet<String>) -> Next {
    let pending = leftovers.iter().filter(|(_, leftover)| !leftover.given_up);
    let needed: BTreeSet<&str> =
        pending.clone().flat_map(|(_, leftover)| leftover.actual.depends_on.iter().map(String::as_str)).collect();
    let free = |leftover: &Leftover| !needed.contains(leftover.logical_id.as_str());
    let waiting: Vec<(&String, &Leftover)> = pending.filter(|(key, _)| !running.contains(*key)).collect();
    let mut ready: Vec<String> = waiting.iter().filter(|(_, l)| free(l)).map(|(key, _)| (*key).clone()).collect();
    if ready.is_empty() && running.is_empty() {
        // Old and new versions of two resources may seem to need each other; any order will do then.
        ready = waiting.into_iter().map(|(key, _)| key.clone()).collect();
        if ready.is_empty() {
            return Next::End(Vec::new());
        }
    }
    Next::Start(ready)
}

/// What has to be taken back, of an update that failed: the last changed first.
pub fn reverts(resources: &Resources, operation: &str) -> Next {
    let changed = resources.iter().filter_map(|(id, resource)| {
        let step = resource.step.as_ref().filter(|step| step.operation == operation)?;
        let touched = matches!(step.action, Action::Update | Action::Replace | Action::Create | Action::Revert);
        touched.then_some((id.as_str(), resource.actual.as_ref().or(resource.before.as_ref())?))
    });
    let state = |id: &str| {
        let step = resources.get(id)?.step.as_ref()?;
        (step.action == Action::Revert).then_some(step.state)
    };
    deletions(changed, state)
}

/// What an existing resource needs to become what the template wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Keep,
    Update(Vec<diff::PropertyChange>),
    Replace(Vec<diff::PropertyChange>),
}

/// Compares what exists with what is wanted, both evaluated.
pub fn decide(actual: &Actual, kind: &str, wanted: &Value) -> Decision {
    let changes = diff::properties(&actual.properties, wanted);
    if actual.kind != kind {
        return Decision::Replace(changes);
    }
    if changes.is_empty() && kind == NESTED {
        // Its template may be another by now, under the same URL: only its own update can say.
        return Decision::Update(changes);
    }
    if changes.is_empty() {
        return Decision::Keep;
    }
    let schema_kind = if is_custom(kind) { "AWS::CloudFormation::CustomResource" } else { kind };
    match Schema::of(schema_kind) {
        Some(schema) if changes.iter().any(|change| needs_replacement(schema, change)) => Decision::Replace(changes),
        _ => Decision::Update(changes),
    }
}

/// What of a resource changes in place though its schema says that it depends: an instance on EBS volumes, as all are
/// here, is stopped and started again for its type and the like.
const IN_PLACE: [(&str, &str); 4] = [
    ("AWS::EC2::Instance", "EbsOptimized"),
    ("AWS::EC2::Instance", "InstanceType"),
    ("AWS::EC2::Instance", "SecurityGroupIds"),
    ("AWS::EC2::Instance", "UserData"),
];

/// Whether one change needs another resource. Where the schema says that it depends, the key schema of a table
/// and the like: it does.
pub fn needs_replacement(schema: &Schema, change: &diff::PropertyChange) -> bool {
    let stays = || change.path.first().is_some_and(|name| IN_PLACE.contains(&(schema.name, name.as_str())));
    schema.needs_replacement(&change.path) || schema.may_need_replacement(&change.path) && !stays()
}

/// A stack within a stack.
pub const NESTED: &str = "AWS::CloudFormation::Stack";

/// A custom resource, under either of its names.
pub fn is_custom(kind: &str) -> bool {
    kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Step;
    use indexmap::IndexMap;
    use serde_json::json;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let waits_for: IndexMap<String, BTreeSet<String>> = edges
            .iter()
            .map(|(id, before)| ((*id).to_owned(), before.iter().map(|b| (*b).to_owned()).collect()))
            .collect();
        Graph { waits_for }
    }

    fn resource(id: &str, action: Action, state: Option<StepState>, depends_on: &[&str]) -> (String, Resource) {
        let step = state.map(|state| Step { operation: "op".into(), action, state, suffix: String::new() });
        let actual = Actual { depends_on: depends_on.iter().map(|d| (*d).to_owned()).collect(), ..Actual::default() };
        (id.to_owned(), Resource { logical_id: id.into(), actual: Some(actual), step, ..Resource::default() })
    }

    #[test]
    fn forward_goes_by_dependency_and_stops_at_a_failure() {
        let target = graph(&[("A", &[]), ("B", &["A"]), ("C", &["A"]), ("D", &["B", "C"])]);
        let made = |states: &[(&str, StepState)]| -> Resources {
            states.iter().map(|(id, state)| resource(id, Action::Create, Some(*state), &[])).collect()
        };
        use StepState::{Done, Failed, Running};
        let start = |ids: &[&str]| Next::Start(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(forward(&target, &made(&[]), "op"), start(&["A"]));
        assert_eq!(forward(&target, &made(&[("A", Running)]), "op"), start(&[]));
        assert_eq!(forward(&target, &made(&[("A", Done)]), "op"), start(&["B", "C"]));
        assert_eq!(forward(&target, &made(&[("A", Done), ("B", Failed), ("C", Running)]), "op"), start(&[]));
        assert_eq!(
            forward(&target, &made(&[("A", Done), ("B", Failed), ("C", Done)]), "op"),
            Next::End(vec!["B".into()])
        );
        let all = made(&[("A", Done), ("B", Done), ("C", Done), ("D", Done)]);
        assert_eq!(forward(&target, &all, "op"), Next::End(vec![]));
        assert_eq!(forward(&target, &all, "another"), start(&["A"]));
    }

    #[test]
    fn deletion_takes_dependants_first() {
        use StepState::{Done, Failed, Running};
        let with = |b: Option<StepState>| -> Resources {
            [
                resource("A", Action::Delete, None, &[]),
                resource("B", Action::Delete, b, &["A"]),
                resource("C", Action::Delete, None, &["A"]),
            ]
            .into()
        };
        assert_eq!(delete_all(&with(None), "op"), Next::Start(vec!["B".into(), "C".into()]));
        assert_eq!(delete_all(&with(Some(Running)), "op"), Next::Start(vec!["C".into()]));
        let mut rest = with(Some(Done));
        rest.remove("C");
        assert_eq!(delete_all(&rest, "op"), Next::Start(vec!["A".into()]));
        let mut stuck = with(Some(Failed));
        stuck.remove("C");
        assert_eq!(delete_all(&stuck, "op"), Next::End(vec!["B".into()]));
    }

    #[test]
    fn decisions() {
        let actual = Actual {
            kind: "AWS::SSM::Parameter".into(),
            properties: json!({"Name": "n", "Value": "1"}),
            ..Actual::default()
        };
        let kind = "AWS::SSM::Parameter";
        assert_eq!(decide(&actual, kind, &json!({"Value": "1", "Name": "n"})), Decision::Keep);
        assert!(
            matches!(decide(&actual, kind, &json!({"Name": "n", "Value": "2"})), Decision::Update(c) if c.len() == 1)
        );
        assert!(matches!(decide(&actual, kind, &json!({"Name": "m", "Value": "1"})), Decision::Replace(_)));
        assert!(matches!(decide(&actual, "AWS::S3::Bucket", &json!({})), Decision::Replace(_)));
    }
}
