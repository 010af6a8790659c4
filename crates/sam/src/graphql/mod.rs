//! AWS::Serverless::GraphQLApi: an API of AppSync.

mod auth;
mod code;
mod data_source;
mod properties;

use crate::error::Result;
use crate::iam;
use crate::intrinsics::{get_att, reference, sub};
use crate::model;
use crate::python2;
use crate::resource::{Resource, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Text, Value, list, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("Name", Shape::Any),
    optional("Tags", Shape::Map).literal(),
    optional("XrayEnabled", Shape::Any),
    required("Auth", Shape::Map).literal(),
    optional("SchemaInline", Shape::Text).literal(),
    optional("SchemaUri", Shape::Text).literal(),
    optional("Logging", Shape::BoolOrMap).literal(),
    optional("DataSources", Shape::Map).literal(),
    optional("Functions", Shape::Map).literal(),
    optional("Resolvers", Shape::Map).literal(),
    optional("ApiKeys", Shape::Map).literal(),
    optional("DomainName", Shape::Map).literal(),
    optional("Cache", Shape::Map).literal(),
    optional("Visibility", Shape::Any),
    optional("OwnerContact", Shape::Any),
    optional("IntrospectionConfig", Shape::Any),
    optional("QueryDepthLimit", Shape::Any),
    optional("ResolverCountLimit", Shape::Any),
];

/// An API with what its functions and resolvers refer to.
pub(crate) struct Api<'a, 'c> {
    instance: &'a Instance,
    /// The properties, checked.
    properties: Map,
    translation: &'a mut Translation<'c>,
    /// Names of data sources and ids of functions, as references.
    data_sources: Map,
    functions: Map,
    none_source: Option<Resource>,
}

pub(crate) fn transform(instance: Instance, translation: &mut Translation) -> Result<Generated> {
    let properties = model::read(&properties::PROPERTIES, &instance.properties.clone().into()).map_err(|wrong| {
        let path = wrong.first().map(|first| first.path.join(".")).unwrap_or_default();
        instance.error(format!("Property '{path}' is invalid."))
    })?;
    let mut api = Api {
        instance: &instance,
        properties,
        translation,
        data_sources: Map::new(),
        functions: Map::new(),
        none_source: None,
    };
    api.resources().map(|resources| Generated::new(resources, &[]))
}

impl Api<'_, '_> {
    fn resources(&mut self) -> Result<Vec<Resource>> {
        let (graphql, log_role, connectors) = self.graphql()?;
        let mut resources = vec![graphql, self.schema()?];
        for connector in &connectors {
            resources.extend(crate::connector::connect(connector, self.translation)?);
        }
        resources.extend(log_role);
        resources.extend(self.api_keys()?);
        resources.extend(self.cache()?);
        resources.extend(self.data_source_resources()?);
        resources.extend(self.domain_name()?);
        resources.extend(self.function_resources()?);
        resources.extend(self.resolver_resources()?);
        resources.extend(self.none_source.take());
        Ok(resources)
    }

    fn id(&self) -> &Text {
        &self.instance.id
    }

    /// A resource of the API, named after it.
    fn resource(&self, kind: &'static str, suffix: &str) -> Result<Resource> {
        let id = self.id().with(format!("{}{suffix}", self.id()));
        Ok(Resource::new(kind, id, &self.instance.attributes)?.depending_on(self.instance.depends_on.clone()))
    }

    fn api_id(&self) -> Value {
        get_att(self.id().clone(), "ApiId")
    }

    fn some(&self, name: &str) -> Option<&Value> {
        self.properties.get(name).filter(|value| value.truthy())
    }

    /// A map among the properties, by entries.
    fn entries(&self, name: &str) -> Vec<(Text, Map)> {
        entries(self.properties.get(name))
    }

    fn graphql(&self) -> Result<(Resource, Option<Resource>, Vec<Instance>)> {
        let mut tags = self.properties.get("Tags").and_then(Value::as_map).cloned().unwrap_or_default();
        tags.insert("graphqlapi:createdBy", "SAM");
        let mut graphql = self
            .resource("AWS::AppSync::GraphQLApi", "")?
            .with("Name", self.some("Name").cloned().unwrap_or_else(|| text(self.id())))
            .with_some("XrayEnabled", self.properties.get("XrayEnabled").cloned())
            .with("Tags", tag_pairs(Some(&tags)));
        for name in ["Visibility", "OwnerContact", "IntrospectionConfig", "QueryDepthLimit", "ResolverCountLimit"] {
            graphql = graphql.with_some(name, self.some(name).cloned());
        }
        let connectors = auth::add(self.instance, &self.properties, &mut graphql)?;
        let (config, role) = self.logging()?;
        Ok((graphql.with_some("LogConfig", config), role, connectors))
    }

    /// The configuration of logs, and the role to write them with.
    fn logging(&self) -> Result<(Option<Map>, Option<Resource>)> {
        let given = match self.properties.get("Logging") {
            Some(Value::Bool(false)) => return Ok((None, None)),
            Some(Value::Map(given)) => given.clone(),
            _ => Map::new(),
        };
        let some = |name: &str| given.get(name).filter(|value| value.truthy()).cloned();
        let mut config = Map::new();
        config.insert_some("ExcludeVerboseContent", some("ExcludeVerboseContent"));
        config.insert("FieldLogLevel", some("FieldLogLevel").unwrap_or_else(|| text("ALL")));
        if let Some(role) = some("CloudWatchLogsRoleArn") {
            config.insert("CloudWatchLogsRoleArn", role);
            return Ok((Some(config), None));
        }
        let policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs";
        let role = self
            .resource("AWS::IAM::Role", "CloudWatchRole")?
            .with("AssumeRolePolicyDocument", iam::trust("appsync.amazonaws.com"))
            .with("ManagedPolicyArns", list([sub(policy)]));
        config.insert("CloudWatchLogsRoleArn", role.arn());
        Ok((Some(config), Some(role)))
    }

    fn schema(&self) -> Result<Resource> {
        let (inline, uri) = (self.some("SchemaInline"), self.some("SchemaUri"));
        let schema = self.resource("AWS::AppSync::GraphQLSchema", "Schema")?.with("ApiId", self.api_id());
        match (inline, uri) {
            (None, None) => Err(self.instance.error("One of 'SchemaInline' or 'SchemaUri' must be set.")),
            (Some(_), Some(_)) => {
                Err(self.instance.error("Both 'SchemaInline' and 'SchemaUri' cannot be defined at the same time."))
            }
            (inline, uri) => {
                Ok(schema.with_some("Definition", inline.cloned()).with_some("DefinitionS3Location", uri.cloned()))
            }
        }
    }

    fn api_keys(&self) -> Result<Vec<Resource>> {
        let key = |(id, key): (Text, Map)| {
            Ok(self
                .resource("AWS::AppSync::ApiKey", &id)?
                .with("ApiId", self.api_id())
                .with_same(&["ApiKeyId", "Description"], &key)
                .with_some("Expires", key.get("ExpiresOn").cloned()))
        };
        self.entries("ApiKeys").into_iter().map(key).collect()
    }

    fn cache(&self) -> Result<Option<Resource>> {
        let Some(Value::Map(cache)) = self.some("Cache") else { return Ok(None) };
        let same = ["ApiCachingBehavior", "Type", "Ttl", "AtRestEncryptionEnabled", "TransitEncryptionEnabled"];
        let resource = self.resource("AWS::AppSync::ApiCache", "ApiCache")?;
        Ok(Some(resource.with("ApiId", self.api_id()).with_same(&same, cache)))
    }

    fn domain_name(&self) -> Result<Vec<Resource>> {
        let Some(Value::Map(domain)) = self.some("DomainName") else { return Ok(Vec::new()) };
        let name = self
            .resource("AWS::AppSync::DomainName", "DomainName")?
            .with_same(&["CertificateArn", "DomainName", "Description"], domain);
        let association = self
            .resource("AWS::AppSync::DomainNameApiAssociation", "DomainNameApiAssociation")?
            .with("ApiId", self.api_id())
            .with("DomainName", name.reference());
        Ok(vec![name, association])
    }
}

/// The members of a map that are maps.
fn entries(value: Option<&Value>) -> Vec<(Text, Map)> {
    let members = value.and_then(Value::as_map).into_iter().flat_map(|members| members.iter());
    members.filter_map(|(key, member)| Some((key.clone(), member.as_map()?.clone()))).collect()
}

/// A connector between what the API generates and something else.
fn connector(id: String, source: Value, destination: Value, permissions: Value) -> Result<Instance> {
    let properties = map([("Source", source), ("Destination", destination), ("Permissions", permissions)]);
    let definition = Map::from_iter([("Properties".into(), properties)]);
    Instance::read(id, "AWS::Serverless::Connector", crate::connector::RULES, &definition)
}

/// The table of a data source, for a connector.
fn table_arn(source: &Map) -> Value {
    if let Some(arn) = source.get("TableArn").filter(|arn| arn.truthy()) {
        return arn.clone();
    }
    let region =
        source.get("Region").filter(|region| region.truthy()).cloned().unwrap_or_else(|| reference("AWS::Region"));
    let table = source.get("TableName").cloned().unwrap_or(Value::Null);
    crate::intrinsics::sub_with(
        "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}",
        [("__TableName__", table), ("__Region__", region)],
    )
}

/// Text of a value, for messages.
fn shown(value: &Value) -> String {
    python2::str(value)
}
