//! What is special about Kafka: consumer groups, schema registries, and secrets to authenticate with.

use super::Scene;
use super::pull::named;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::iam;
use crate::intrinsics::{is_intrinsic, sub};
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Value, list, map, text};

const AUTHENTICATION: [&str; 4] =
    ["SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"];

/// Sets what only mappings of Kafka have.
pub(crate) fn configure(event: &Instance, mapping: &mut Resource) -> Result<()> {
    if let Some(servers) = event.some("KafkaBootstrapServers") {
        let endpoints = map([("KafkaBootstrapServers", servers.clone())]);
        mapping.set("SelfManagedEventSource", map([("Endpoints", endpoints)]));
    }
    let property = match event.kind.as_str() {
        "MSK" => "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafka" => "SelfManagedKafkaEventSourceConfig",
        kind if event.truthy("ConsumerGroupId") => {
            let message = format!("Property ConsumerGroupId not defined for resource of type {kind}.");
            return Err(Error::event(&event.id, message));
        }
        _ => return Ok(()),
    };
    let names = ["ConsumerGroupId", "SchemaRegistryConfig"];
    let config: Map = names.iter().filter_map(|name| Some(((*name).into(), event.some(name)?.clone()))).collect();
    if !config.is_empty() {
        mapping.set(property, config);
    }
    Ok(())
}

/// The policies for a cluster of Amazon MSK.
pub(crate) fn msk(event: &Instance, scene: &Scene) -> Result<Vec<Value>> {
    let mut statements = schema_registry(event, scene)?;
    for configuration in event.get("SourceAccessConfigurations").and_then(Value::as_list).into_iter().flatten() {
        let certificate = configuration.get("Type").is_some_and(|kind| kind.is("CLIENT_CERTIFICATE_TLS_AUTH"));
        statements.extend(configuration.get("URI").filter(|uri| certificate && uri.truthy()).cloned().map(read_secret));
    }
    match statements.is_empty() {
        true => Ok(Vec::new()),
        false => Ok(vec![named("MSKExecutionRolePolicy", statements)]),
    }
}

/// The policies for a cluster of one's own.
pub(crate) fn self_managed(event: &Instance, scene: &Scene) -> Result<Vec<Value>> {
    let wrong = |message: &str| Err(Error::event(&event.relative_id, message));
    if !event.truthy("KafkaBootstrapServers") {
        return wrong("No KafkaBootstrapServers provided for self managed kafka as an event source");
    }
    match event.some("Topics") {
        None => return wrong("No Topics provided for self managed kafka as an event source"),
        Some(Value::List(topics)) if topics.len() != 1 => {
            return wrong("Topics for self managed kafka only supports single configuration entry.");
        }
        Some(_) => {}
    }
    let Some(configurations) = event.some("SourceAccessConfigurations") else {
        return wrong("No SourceAccessConfigurations for self managed kafka event provided.");
    };
    let access = access(event, configurations)?;
    let mut statements = Vec::new();
    if let Some(secret) = &access.secret {
        statements.push(read_secret(secret.clone()));
    }
    if access.certificate {
        // SAM repeats the first secret here, not that of the certificate.
        statements.push(read_secret(access.secret.clone().unwrap_or(Value::Null)));
    }
    if access.in_vpc {
        statements.push(network_interfaces());
    }
    statements.extend(decrypt(event)?.map(|key| iam::allow(vec![text("kms:Decrypt")], key)));
    statements.extend(schema_registry(event, scene)?);
    let document = iam::document(statements);
    Ok(vec![map([("PolicyDocument", document), ("PolicyName", text("SelfManagedKafkaExecutionRolePolicy"))])])
}

/// What `SourceAccessConfigurations` of a cluster of one's own amount to.
#[derive(Default)]
struct Access {
    secret: Option<Value>,
    certificate: bool,
    in_vpc: bool,
}

fn access(event: &Instance, configurations: &Value) -> Result<Access> {
    let wrong = |message: String| Err(Error::event(&event.relative_id, message));
    let Some(configurations) = configurations.as_list() else {
        return wrong("SourceAccessConfigurations for self managed kafka event should be a list.".into());
    };
    let mut access = Access::default();
    let (mut subnet, mut group) = (false, false);
    for configuration in configurations {
        let configuration =
            Owner::Resource(&event.relative_id).map("SourceAccessConfigurations", Some(configuration))?;
        let uri = configuration.get("URI");
        match configuration.str("Type") {
            Some("VPC_SUBNET") => {
                check_uri(event, uri, "VPC_SUBNET")?;
                subnet = true;
            }
            Some("VPC_SECURITY_GROUP") => {
                check_uri(event, uri, "VPC_SECURITY_GROUP")?;
                group = true;
            }
            Some(kind) if AUTHENTICATION.contains(&kind) => {
                if access.secret.is_some() {
                    return wrong(
                        "Multiple auth mechanism properties specified in SourceAccessConfigurations for self managed kafka event."
                            .into(),
                    );
                }
                check_uri(event, uri, "auth mechanism")?;
                access.secret = uri.cloned();
            }
            Some("SERVER_ROOT_CA_CERTIFICATE") => {
                check_uri(event, uri, "SERVER_ROOT_CA_CERTIFICATE")?;
                access.certificate = true;
            }
            _ => return wrong("Invalid SourceAccessConfigurations Type provided for self managed kafka event.".into()),
        }
    }
    if subnet != group {
        return wrong(
            "VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for SelfManagedKafka must be both provided.".into(),
        );
    }
    access.in_vpc = subnet;
    Ok(access)
}

fn check_uri(event: &Instance, uri: Option<&Value>, kind: &str) -> Result<()> {
    let place = "URI property specified in SourceAccessConfigurations for self managed kafka event.";
    match uri.filter(|uri| uri.truthy()) {
        None => Err(Error::event(&event.relative_id, format!("No {kind} {place}"))),
        Some(uri) if uri.as_str().is_some() || is_intrinsic(uri) => Ok(()),
        Some(_) => Err(Error::event(&event.relative_id, format!("Wrong Type for {kind} {place}"))),
    }
}

pub(crate) fn read_secret(secret: Value) -> Value {
    iam::allow(list([text("secretsmanager:GetSecretValue")]), secret)
}

/// The key that a secret is encrypted with.
pub(crate) fn decrypt(event: &Instance) -> Result<Option<Value>> {
    let Some(key) = event.some("SecretsManagerKmsKeyId") else { return Ok(None) };
    let key = Owner::Event(&event.relative_id).text("SecretsManagerKmsKeyId", Some(key))?;
    Ok(Some(sub(format!("arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:key/{key}"))))
}

pub(crate) fn network_interfaces() -> Value {
    let actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
    ];
    iam::allow(actions.map(Value::from).to_vec(), "*")
}

/// What lets a function read schemas.
fn schema_registry(event: &Instance, scene: &Scene) -> Result<Vec<Value>> {
    let Some(Value::Map(config)) = event.some("SchemaRegistryConfig") else { return Ok(Vec::new()) };
    check_schema_registry(event, config)?;
    let access = config.get("AccessConfigs").and_then(Value::as_list).into_iter().flatten();
    let mut statements: Vec<Value> = access.filter_map(|config| config.get("URI")).cloned().map(read_secret).collect();
    let uri = config.get("SchemaRegistryURI").cloned().unwrap_or(Value::Null);
    let arn = match &uri {
        Value::Map(_) => {
            let resolved = scene.translation.parameters.resolved_copy(&uri)?;
            resolved.as_str().or_else(|| resolved.get("Fn::Sub")?.as_str()).map(str::to_owned)
        }
        other => other.as_str().map(str::to_owned),
    };
    let registry = arn
        .as_deref()
        .filter(|arn| arn.starts_with("arn"))
        .and_then(|arn| arn.split(':').nth(5)?.strip_prefix("registry/"));
    if let Some(registry) = registry {
        let schemas = format!("arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:schema/{registry}/*");
        statements.push(iam::allow(vec![text("glue:GetRegistry")], uri));
        statements.push(iam::allow(vec![text("glue:GetSchemaVersion")], vec![sub(schemas)]));
    }
    Ok(statements)
}

fn check_schema_registry(event: &Instance, config: &Map) -> Result<()> {
    let wrong = |message: String| Err(Error::event(&event.relative_id, message));
    for field in ["SchemaRegistryURI", "EventRecordFormat", "SchemaValidationConfigs"] {
        if !config.contains(field) {
            return wrong(format!("Missing required field {field} in SchemaRegistryConfig"));
        }
    }
    if !matches!(config.str("EventRecordFormat"), Some("JSON" | "SOURCE")) {
        return wrong("EventRecordFormat in SchemaRegistryConfig must be either 'JSON' or 'SOURCE'".into());
    }
    if config.get("SchemaValidationConfigs").and_then(Value::as_list).is_none() {
        return wrong("SchemaValidationConfigs must be a list".into());
    }
    match config.get("AccessConfigs").filter(|access| access.truthy()) {
        None => Ok(()),
        Some(Value::List(configs)) => {
            let complete = |config: &Value| {
                config.as_map().is_some_and(|config| config.contains("Type") && config.contains("URI"))
            };
            match configs.iter().all(complete) {
                true => Ok(()),
                false => wrong("Each AccessConfig must be a dict with 'Type' and 'URI' fields".into()),
            }
        }
        Some(_) => wrong("AccessConfigs in SchemaRegistryConfig must be a list".into()),
    }
}
