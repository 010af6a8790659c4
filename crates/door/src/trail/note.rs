//! A call as the door notes it: only what costs nothing, until somebody wants the event.

use kogumo_base::{Scope, Timestamp};
use kogumo_wire::{Fault, Operation, Protocol, Structure, redacted_json};

use crate::{Caller, Principal};

/// Longer parameters are left out of an event, as CloudTrail does.
const LONGEST_PARAMETERS: usize = 16 * 1024;

/// A call that is under way or over: what an event is made of, once somebody wants it. Most notes of bulk calls are
/// forgotten before anybody does.
pub(crate) struct Note {
    pub(super) service: &'static kogumo_wire::Service,
    pub(super) operation: &'static Operation,
    pub(super) time: Timestamp,
    pub(super) parameters: String,
    pub(super) error: Option<(String, String)>,
    pub(super) decision: Option<String>,
    pub(super) bulk: bool,
}

impl Note {
    pub(crate) fn begin(
        service: &'static kogumo_wire::Service,
        operation: &'static Operation,
        input: &dyn Structure,
        time: Timestamp,
    ) -> Self {
        let bulk = carries_data(service.name, operation.name);
        let parameters = if bulk { String::new() } else { parameters(input) };
        Note { service, operation, time, parameters, error: None, decision: None, bulk }
    }

    pub(crate) fn fail(&mut self, fault: &Fault) {
        let protocol = self.service.protocols.first().copied().unwrap_or(Protocol::Json11);
        self.error = Some((fault.code(protocol).to_owned(), fault.message.clone()));
    }

    pub(crate) fn decide(&mut self, decision: String) {
        self.decision = Some(decision);
    }

    /// Where the event is found: calls of a global service in no region.
    pub(super) fn scope(&self, caller: &Caller) -> Scope {
        if self.service.global { caller.scope.global() } else { caller.scope.clone() }
    }

    /// CloudTrail's `eventSource`: mostly its endpoint's name.
    pub(super) fn source(&self) -> String {
        let name = match self.service.name {
            "cloudwatch" => "monitoring",
            _ => self.service.endpoint_prefix,
        };
        format!("{name}.amazonaws.com")
    }

    /// CloudTrail's `readOnly`, by the verbs that AWS's read operations begin with.
    pub(super) fn is_read_only(&self) -> bool {
        const VERBS: [&str; 10] =
            ["Get", "List", "Describe", "Head", "Lookup", "Batch", "Query", "Scan", "Search", "Filter"];
        let name = self.operation.name;
        VERBS.iter().any(|verb| name.starts_with(verb)) && !matches!(name, "BatchWriteItem" | "BatchDelete")
    }
}

fn parameters(input: &dyn Structure) -> String {
    let json = String::from_utf8(redacted_json(input)).unwrap_or_default();
    if json.len() > LONGEST_PARAMETERS || json == "{}" { String::new() } else { json }
}

/// Calls that move bulk data ("data events"): their parameters are not kept.
fn carries_data(service: &str, operation: &str) -> bool {
    match service {
        "s3" => operation.contains("Object") || operation.contains("Part"),
        "dynamodb" => operation.contains("Item") || matches!(operation, "Query" | "Scan"),
        "lambda" => operation.starts_with("Invoke"),
        "logs" => operation == "PutLogEvents",
        "sqs" => operation.contains("Message"),
        "sns" => operation.starts_with("Publish"),
        "kinesis" => operation.contains("Record"),
        _ => false,
    }
}

/// Whether a call is noted. What a service reads of streams and queues on and on is none: each note is a commit, and would
/// wake the service to read again.
pub(crate) fn is_noted(caller: &Caller, service: &str) -> bool {
    let by_service = matches!(*caller.principal, Principal::Service(_)) || caller.assumed_by.is_some();
    !(matches!(service, "dynamodbstreams" | "sqs") && by_service)
}
