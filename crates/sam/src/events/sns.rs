//! SNS topics, directly or by way of a queue.

use super::Scene;
use super::permission::permission_from;
use super::pull;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::iam;
use crate::intrinsics::target;
use crate::python2;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, check_logical_id, optional, required};
use crate::value::{Map, Value, list, text};

pub(crate) const RULES: &[Rule] = &[
    required("Topic", Shape::Text),
    optional("Region", Shape::Text),
    optional("FilterPolicy", Shape::Any),
    optional("FilterPolicyScope", Shape::Any),
    optional("SqsSubscription", Shape::BoolOrMap),
    optional("RedrivePolicy", Shape::Map),
];

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    match event.some("SqsSubscription").cloned() {
        None => {
            let subscription = subscription(event, "lambda", scene.target.arn(), scene)?;
            let topic = event.get("Topic").cloned();
            Ok(vec![permission_from(event, "sns.amazonaws.com", topic, scene)?, subscription])
        }
        Some(Value::Bool(_)) => with_own_queue(event, scene),
        Some(given) => with_given_queue(event, &given, scene),
    }
}

fn with_own_queue(event: &Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let fifo = is_fifo(event, scene)?;
    let queue = Resource::new("AWS::SQS::Queue", format!("{}Queue", event.id), &scene.target.passed_on())?
        .with_some("FifoQueue", fifo.filter(|fifo| fifo.truthy()));
    let policy = queue_policy(event, &queue.arn(), &queue.reference(), format!("{}QueuePolicy", event.id), scene)?;
    let subscription = subscription(event, "sqs", queue.arn(), scene)?;
    let mut resources = mapping(event, &queue.arn(), None, scene)?;
    resources.extend([queue, policy, subscription]);
    Ok(resources)
}

fn with_given_queue(event: &Instance, given: &Value, scene: &mut Scene) -> Result<Vec<Resource>> {
    let given = Owner::Event(&event.relative_id).map("SqsSubscription", Some(given))?;
    let some = |name: &str| given.get(name).filter(|value| value.truthy());
    let (Some(arn), Some(url)) = (some("QueueArn"), some("QueueUrl")) else {
        return Err(Error::event(&event.relative_id, "No QueueARN or QueueURL provided."));
    };
    let id = match some("QueuePolicyLogicalId") {
        None => format!("{}QueuePolicy", event.id),
        Some(Value::Text(id)) => id.to_string(),
        Some(other) => return check_logical_id(&python2::str(other)).map(|()| Vec::new()),
    };
    let policy = queue_policy(event, arn, url, id, scene)?;
    let subscription = subscription(event, "sqs", arn.clone(), scene)?;
    let mut resources = mapping(event, arn, some("BatchSize"), scene)?;
    resources.extend([policy, subscription]);
    Ok(resources)
}

/// What the topic, if it is in the template, says about `FifoTopic`.
fn is_fifo(event: &Instance, scene: &Scene) -> Result<Option<Value>> {
    let topic = target(event.get("Topic")).and_then(|id| scene.translation.source.get(id));
    let fifo = topic.and_then(|topic| topic.get("Properties")).and_then(|properties| properties.get("FifoTopic"));
    fifo.map(|fifo| scene.translation.parameters.resolved_copy(fifo)).transpose()
}

fn subscription(event: &Instance, protocol: &str, endpoint: Value, scene: &Scene) -> Result<Resource> {
    Ok(Resource::new("AWS::SNS::Subscription", event.id.clone(), &scene.target.passed_on())?
        .with("Protocol", protocol)
        .with("Endpoint", endpoint)
        .with_some("TopicArn", event.get("Topic").cloned())
        .with_same(&["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"], &event.properties))
}

fn queue_policy(event: &Instance, arn: &Value, url: &Value, id: String, scene: &Scene) -> Result<Resource> {
    let topic = event.get("Topic").unwrap_or(&Value::Null);
    Ok(Resource::new("AWS::SQS::QueuePolicy", id, &scene.target.passed_on())?
        .with("PolicyDocument", iam::queue_policy(text("*"), arn, topic))
        .with("Queues", list([url.clone()])))
}

/// The event source mapping of the queue.
fn mapping(event: &Instance, queue: &Value, batch_size: Option<&Value>, scene: &mut Scene) -> Result<Vec<Resource>> {
    let mut properties = Map::new();
    properties.insert("Queue", queue.clone());
    properties.insert("BatchSize", batch_size.cloned().unwrap_or_else(|| 10.into()));
    properties.insert("Enabled", true);
    let mut source = Instance {
        id: format!("{}EventSourceMapping", event.id).into(),
        relative_id: String::new(),
        kind: "SQS".into(),
        properties,
        depends_on: None,
        attributes: Map::new(),
    };
    pull::generate(&mut source, scene)
}
