//! Event sources that Lambda polls: streams, queues, brokers.

use super::Scene;
use super::kafka;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::iam;
use crate::intrinsics::{is_intrinsic, sub};
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Map, Value, map, text};

/// Properties that all of them have, besides those that say where to poll.
const COMMON: &[Rule] = &[
    optional("BatchSize", Shape::Int),
    optional("StartingPosition", Shape::Any),
    optional("StartingPositionTimestamp", Shape::Any),
    optional("Enabled", Shape::Bool),
    optional("MaximumBatchingWindowInSeconds", Shape::Int),
    optional("MaximumRetryAttempts", Shape::Int),
    optional("BisectBatchOnFunctionError", Shape::Bool),
    optional("MaximumRecordAgeInSeconds", Shape::Int),
    optional("DestinationConfig", Shape::Map),
    optional("ParallelizationFactor", Shape::Int),
    optional("Topics", Shape::List),
    optional("Queues", Shape::List),
    optional("SourceAccessConfigurations", Shape::List),
    optional("SecretsManagerKmsKeyId", Shape::Text),
    optional("TumblingWindowInSeconds", Shape::Int),
    optional("FunctionResponseTypes", Shape::List),
    optional("KafkaBootstrapServers", Shape::List),
    optional("FilterCriteria", Shape::Map),
    optional("KmsKeyArn", Shape::Any),
    optional("ConsumerGroupId", Shape::Text),
    optional("ScalingConfig", Shape::Map),
    optional("ProvisionedPollerConfig", Shape::Map),
    optional("SchemaRegistryConfig", Shape::Map),
    optional("MetricsConfig", Shape::Map),
    optional("LoggingConfig", Shape::Map),
];

/// Properties that an event source mapping takes as they are.
const SAME: &[&str] = &[
    "StartingPosition",
    "StartingPositionTimestamp",
    "BatchSize",
    "Enabled",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "TumblingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
    "KmsKeyArn",
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "LoggingConfig",
];

/// How one of them differs from the others.
struct Source {
    kind: &'static str,
    /// The property with the ARN to poll.
    arn: Option<&'static str>,
    more: &'static [Rule],
    /// The managed policy that lets a function poll.
    policy: Option<&'static str>,
    /// The policies that let it, if a managed one does not suffice.
    statements: fn(&Instance, &Scene) -> Result<Vec<Value>>,
}

const STREAM: &[Rule] = &[required("Stream", Shape::Any), required("StartingPosition", Shape::Any)];

const SOURCES: &[Source] = &[
    Source {
        kind: "Kinesis",
        arn: Some("Stream"),
        more: STREAM,
        policy: Some("service-role/AWSLambdaKinesisExecutionRole"),
        statements: nothing,
    },
    Source {
        kind: "DynamoDB",
        arn: Some("Stream"),
        more: STREAM,
        policy: Some("service-role/AWSLambdaDynamoDBExecutionRole"),
        statements: nothing,
    },
    Source {
        kind: "SQS",
        arn: Some("Queue"),
        more: &[required("Queue", Shape::Any)],
        policy: Some("service-role/AWSLambdaSQSQueueExecutionRole"),
        statements: nothing,
    },
    Source {
        kind: "MSK",
        arn: Some("Stream"),
        more: STREAM,
        policy: Some("service-role/AWSLambdaMSKExecutionRole"),
        statements: kafka::msk,
    },
    Source {
        kind: "MQ",
        arn: Some("Broker"),
        more: &[required("Broker", Shape::Any), optional("DynamicPolicyName", Shape::Bool).literal()],
        policy: None,
        statements: message_broker,
    },
    Source { kind: "SelfManagedKafka", arn: None, more: &[], policy: None, statements: kafka::self_managed },
    Source {
        kind: "DocumentDB",
        arn: Some("Cluster"),
        more: &[
            required("Cluster", Shape::Any),
            required("DatabaseName", Shape::Any),
            optional("CollectionName", Shape::Any),
            optional("FullDocument", Shape::Any),
        ],
        policy: None,
        statements: document_database,
    },
];

fn nothing(_: &Instance, _: &Scene) -> Result<Vec<Value>> {
    Ok(Vec::new())
}

fn source(kind: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.kind == kind)
}

/// The properties of one kind of them.
pub(crate) fn rules(kind: &str) -> Vec<Rule> {
    let mut rules = COMMON.to_vec();
    for rule in source(kind).map_or(&[][..], |source| source.more) {
        match rules.iter_mut().find(|common| common.name == rule.name) {
            Some(common) => *common = *rule,
            None => rules.push(*rule),
        }
    }
    rules
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let Some(source) = source(&event.kind) else { return Ok(Vec::new()) };
    let mut mapping = Resource::new("AWS::Lambda::EventSourceMapping", event.id.clone(), &scene.target.passed_on())?
        .with("FunctionName", scene.target.reference())
        .with_some("EventSourceArn", source.arn.and_then(|name| event.get(name)).cloned())
        .with_same(SAME, &event.properties);
    check_filter(event)?;
    kafka::configure(event, &mut mapping)?;
    let destination = on_failure(event, &mut mapping)?;
    if event.kind == "DocumentDB" {
        let names = ["DatabaseName", "CollectionName", "FullDocument"];
        let config = names.iter().filter_map(|name| Some(((*name).into(), event.some(name)?.clone()))).collect::<Map>();
        mapping.set("DocumentDBEventSourceConfig", config);
    }
    let policies = (source.statements)(event, scene)?;
    let managed = source.policy.map(|path| text(scene.translation.context.aws_policy_arn(path)));
    permit(scene.role, managed, policies.into_iter().chain(destination));
    Ok(vec![mapping])
}

/// Adds policies to a role that it does not have yet.
fn permit(role: &mut Resource, managed: Option<Value>, policies: impl Iterator<Item = Value>) {
    if let Some(arn) = managed
        && let Some(arns) = role.properties.get_mut("ManagedPolicyArns").and_then(Value::as_list_mut)
        && !arns.contains(&arn)
    {
        arns.push(arn);
    }
    for policy in policies {
        let own = match role.properties.get_mut("Policies").and_then(Value::as_list_mut) {
            Some(own) => own,
            None => {
                role.set("Policies", vec![policy]);
                continue;
            }
        };
        let document = policy.get("PolicyDocument");
        if !own.iter().any(|other| other.get("PolicyDocument") == document) {
            own.push(policy);
        }
    }
}

fn check_filter(event: &Instance) -> Result<()> {
    let Some(Value::Map(criteria)) = event.some("FilterCriteria").filter(|criteria| !is_intrinsic(criteria)) else {
        return Ok(());
    };
    if criteria.len() == 1 && criteria.contains("Filters") {
        return Ok(());
    }
    Err(Error::event(&event.relative_id, "FilterCriteria field has a wrong format"))
}

/// `DestinationConfig`, and the policy that lets the function send there.
fn on_failure(event: &Instance, mapping: &mut Resource) -> Result<Option<Value>> {
    let Some(Value::Map(config)) = event.some("DestinationConfig") else { return Ok(None) };
    let mut failure = Owner::Event(&event.id).map("DestinationConfig.OnFailure", config.get("OnFailure"))?.clone();
    let kind = failure.get("Type").filter(|kind| kind.truthy()).cloned();
    let mut policy = None;
    if let Some(kind) = kind {
        failure.remove("Type");
        let target = failure.get("Destination").unwrap_or(&Value::Null);
        policy = match kind.as_str() {
            Some("SQS") => Some(iam::send_message(target, &event.id)),
            Some("SNS") => Some(iam::publish(target, &event.id)),
            Some("S3") => Some(iam::put_object(target, &event.id)),
            Some("Kafka") => None,
            _ => {
                let message = "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'";
                return Err(Error::event(&event.id, message));
            }
        };
    }
    let mut config = config.clone();
    config.insert("OnFailure", failure);
    mapping.set("DestinationConfig", config);
    Ok(policy)
}

fn message_broker(event: &Instance, _: &Scene) -> Result<Vec<Value>> {
    let secret = basic_auth(event, &["BASIC_AUTH", "VIRTUAL_HOST"])?;
    let broker = event.get("Broker").cloned().unwrap_or(Value::Null);
    let name = match event.truthy("DynamicPolicyName") {
        true => format!("{}AMQPolicy", event.id),
        false => "SamAutoGeneratedAMQPolicy".to_owned(),
    };
    let mut statements = vec![kafka::read_secret(secret), iam::allow(vec![text("mq:DescribeBroker")], broker)];
    statements.extend(kafka::decrypt(event)?.map(|key| iam::allow("kms:Decrypt", key)));
    Ok(vec![named(&name, statements)])
}

fn document_database(event: &Instance, _: &Scene) -> Result<Vec<Value>> {
    let secret = basic_auth(event, &["BASIC_AUTH"])?;
    let rds =
        |resource: &str| sub(format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{resource}:*"));
    let cluster = event.get("Cluster").cloned().unwrap_or(Value::Null);
    let mut statements = vec![
        kafka::read_secret(secret),
        iam::allow(vec![text("rds:DescribeDBClusterParameters")], rds("cluster-pg")),
        iam::allow(vec![text("rds:DescribeDBSubnetGroups")], rds("subgrp")),
        iam::allow(vec![text("rds:DescribeDBClusters")], cluster),
        kafka::network_interfaces(),
    ];
    statements.extend(kafka::decrypt(event)?.map(|key| iam::allow(vec![text("kms:Decrypt")], key)));
    Ok(vec![named("SamAutoGeneratedDocumentDBPolicy", statements)])
}

/// A policy of a role, without a version.
pub(crate) fn named(name: &str, statements: Vec<Value>) -> Value {
    map([("PolicyName", text(name)), ("PolicyDocument", map([("Statement", statements.into())]))])
}

/// The secret among `SourceAccessConfigurations`; there has to be one.
fn basic_auth(event: &Instance, supported: &[&str]) -> Result<Value> {
    let wrong = |message: String| Error::event(&event.relative_id, message);
    let Some(configurations) = event.some("SourceAccessConfigurations") else {
        return Err(wrong(format!("No SourceAccessConfigurations for Amazon {} event provided.", event.kind)));
    };
    let Some(configurations) = configurations.as_list() else {
        return Err(wrong("Provided SourceAccessConfigurations cannot be parsed into a list.".into()));
    };
    let owner = Owner::Event(&event.relative_id);
    let mut secret = None;
    for (index, configuration) in configurations.iter().enumerate() {
        let path = format!("SourceAccessConfigurations[{index}]");
        let configuration = owner.map(&path, Some(configuration))?;
        let kind = owner.text(&format!("{path}.Type"), configuration.get("Type"))?;
        if !supported.contains(&&**kind) {
            let names: Vec<String> = supported.iter().map(|name| format!("'{name}'")).collect();
            return Err(wrong(format!(
                "Invalid property Type specified in SourceAccessConfigurations. The supported values are: [{}].",
                names.join(", ")
            )));
        }
        if &**kind == "BASIC_AUTH" {
            if secret.is_some() {
                return Err(wrong("Multiple BASIC_AUTH properties specified in SourceAccessConfigurations.".into()));
            }
            secret = configuration.get("URI").filter(|uri| uri.truthy()).cloned();
            if secret.is_none() {
                return Err(wrong("No BASIC_AUTH URI property specified in SourceAccessConfigurations.".into()));
            }
        }
    }
    secret.ok_or_else(|| wrong("No BASIC_AUTH property specified in SourceAccessConfigurations.".into()))
}
