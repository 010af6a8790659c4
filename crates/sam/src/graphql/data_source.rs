//! Data sources of a GraphQL API: tables, functions, nothing.

use super::{Api, connector, entries, table_arn};
use crate::error::Result;
use crate::iam;
use crate::intrinsics::{get_att, reference};
use crate::resource::Resource;
use crate::value::{Map, Text, Value, list, map, text};

impl Api<'_, '_> {
    pub(crate) fn data_source_resources(&mut self) -> Result<Vec<Resource>> {
        let Some(sources) = self.some("DataSources").cloned() else { return Ok(Vec::new()) };
        let mut resources = Vec::new();
        for (name, source) in entries(sources.get("DynamoDb")) {
            resources.extend(self.table(&name, &source)?);
        }
        for (name, source) in entries(sources.get("Lambda")) {
            resources.extend(self.function(&name, &source)?);
        }
        Ok(resources)
    }

    fn table(&mut self, name: &Text, source: &Map) -> Result<Vec<Resource>> {
        let some = |name: &str| source.get(name).filter(|value| value.truthy()).cloned();
        let mut config = Map::new();
        config.insert("AwsRegion", some("Region").unwrap_or_else(|| reference("AWS::Region")));
        config.insert_some("TableName", source.get("TableName").cloned());
        config.insert_some("UseCallerCredentials", some("UseCallerCredentials"));
        config.insert_some("Versioned", some("Versioned"));
        config.insert_some("DeltaSyncConfig", source.get("DeltaSync").cloned());
        let resource = self.data_source(name, source, "DynamoDB", "AMAZON_DYNAMODB")?.with("DynamoDBConfig", config);
        let table = map([("Type", text("AWS::DynamoDB::Table")), ("Arn", table_arn(source))]);
        let permissions = some("Permissions").unwrap_or_else(|| list([text("Read"), text("Write")]));
        self.with_role(resource, name, source, "Table", table, permissions)
    }

    fn function(&mut self, name: &Text, source: &Map) -> Result<Vec<Resource>> {
        let arn = source.get("FunctionArn").cloned().unwrap_or(Value::Null);
        let config = map([("LambdaFunctionArn", arn.clone())]);
        let resource = self.data_source(name, source, "Lambda", "AWS_LAMBDA")?.with("LambdaConfig", config);
        let function = map([("Type", text("AWS::Lambda::Function")), ("Arn", arn)]);
        self.with_role(resource, name, source, "Lambda", function, list([text("Write")]))
    }

    fn data_source(&self, name: &Text, source: &Map, kind: &str, appsync: &str) -> Result<Resource> {
        let own_name = source.get("Name").filter(|name| name.truthy()).cloned();
        Ok(self
            .resource("AWS::AppSync::DataSource", &format!("{name}{kind}DataSource"))?
            .with("Name", own_name.unwrap_or_else(|| text(name)))
            .with("Type", appsync)
            .with("ApiId", self.api_id())
            .with_same(&["Description"], source))
    }

    /// The data source with the role to reach what is behind it, unless the template has one.
    fn with_role(
        &mut self,
        mut source: Resource,
        name: &Text,
        given: &Map,
        what: &str,
        destination: Value,
        permissions: Value,
    ) -> Result<Vec<Resource>> {
        self.data_sources.insert(name, get_att(source.id.clone(), "Name"));
        if let Some(role) = given.get("ServiceRoleArn").filter(|role| role.truthy()) {
            source.set("ServiceRoleArn", role.clone());
            return Ok(vec![source]);
        }
        let role = Resource::new("AWS::IAM::Role", format!("{}Role", source.id), &self.instance.attributes)?
            .depending_on(self.instance.depends_on.clone())
            .with("AssumeRolePolicyDocument", iam::trust("appsync.amazonaws.com"));
        source.set("ServiceRoleArn", role.arn());
        let from = map([
            ("Type", text("AWS::AppSync::DataSource")),
            ("Arn", get_att(source.id.clone(), "DataSourceArn")),
            ("RoleName", role.reference()),
        ]);
        let connector = connector(format!("{}To{what}Connector", source.id), from, destination, permissions)?;
        let mut resources = vec![source, role];
        resources.extend(crate::connector::connect(&connector, self.translation)?);
        Ok(resources)
    }

    /// The name of the data source that does nothing.
    pub(crate) fn none_source(&mut self) -> Result<Value> {
        let source = match self.none_source.take() {
            Some(source) => source,
            None => {
                let source = self.resource("AWS::AppSync::DataSource", "NoneDataSource")?;
                let name = source.id.clone();
                source.with("ApiId", self.api_id()).with("Name", name).with("Type", "NONE")
            }
        };
        let name = get_att(source.id.clone(), "Name");
        self.none_source = Some(source);
        Ok(name)
    }
}
