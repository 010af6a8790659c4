//! Policy documents that SAM writes by itself.

use crate::intrinsics::join;
use crate::value::{Value, list, map, text};

const VERSION: &str = "2012-10-17";

/// A statement that allows an action on a resource.
pub(crate) fn allow(action: impl Into<Value>, resource: impl Into<Value>) -> Value {
    map([("Action", action.into()), ("Effect", text("Allow")), ("Resource", resource.into())])
}

/// A named policy of a role.
pub(crate) fn policy<const N: usize>(name: String, statements: [Value; N]) -> Value {
    map([("PolicyName", text(name)), ("PolicyDocument", map([("Statement", list(statements))]))])
}

/// The trust policy of a role that a service assumes.
pub(crate) fn trust(service: &str) -> Value {
    let statement = map([
        ("Action", list([text("sts:AssumeRole")])),
        ("Effect", text("Allow")),
        ("Principal", map([("Service", list([text(service)]))])),
    ]);
    map([("Version", text(VERSION)), ("Statement", list([statement]))])
}

pub(crate) fn dead_letter_queue(action: &str, target: &Value) -> Value {
    let document = map([("Version", text(VERSION)), ("Statement", list([allow(action, target.clone())]))]);
    map([("PolicyName", text("DeadLetterQueuePolicy")), ("PolicyDocument", document)])
}

pub(crate) fn send_message(queue: &Value, id: &str) -> Value {
    policy(format!("{id}SQSPolicy"), [allow("sqs:SendMessage", queue.clone())])
}

pub(crate) fn publish(topic: &Value, id: &str) -> Value {
    policy(format!("{id}SNSPolicy"), [allow("sns:publish", topic.clone())])
}

pub(crate) fn put_object(bucket: &Value, id: &str) -> Value {
    let objects = join("/", vec![bucket.clone(), text("*")]);
    policy(format!("{id}S3Policy"), [allow("s3:PutObject", objects), allow("s3:ListBucket", bucket.clone())])
}

pub(crate) fn put_events(bus: &Value, id: &str) -> Value {
    policy(format!("{id}EventBridgePolicy"), [allow("events:PutEvents", bus.clone())])
}

pub(crate) fn invoke_function(function: &Value, id: &str) -> Value {
    policy(format!("{id}LambdaPolicy"), [allow("lambda:InvokeFunction", function.clone())])
}

pub(crate) fn start_execution(state_machine: &Value, id: &str) -> Value {
    policy(format!("{id}StartExecutionPolicy"), [allow("states:StartExecution", state_machine.clone())])
}

/// The policy of a queue that takes messages from one source only.
pub(crate) fn queue_policy(principal: Value, queue: &Value, source: &Value) -> Value {
    let condition = map([("ArnEquals", map([("aws:SourceArn", source.clone())]))]);
    let statement = map([
        ("Action", text("sqs:SendMessage")),
        ("Effect", text("Allow")),
        ("Principal", principal),
        ("Resource", queue.clone()),
        ("Condition", condition),
    ]);
    map([("Version", text(VERSION)), ("Statement", list([statement]))])
}

/// A policy document of statements.
pub(crate) fn document(statements: Vec<Value>) -> Value {
    map([("Version", text(VERSION)), ("Statement", statements.into())])
}
