//! Functions and resolvers of a GraphQL API.

use super::{Api, entries, shown};
use crate::error::{Error, Result};
use crate::intrinsics::get_att;
use crate::resource::Resource;
use crate::value::{Map, Text, Value, list, map, text};

/// What a resolver without code of its own runs: its functions, and nothing else.
const PIPELINE: &str = "
export function request(ctx) {
    return {};
}

export function response(ctx) {
    return ctx.prev.result;
}
";

impl Api<'_, '_> {
    pub(crate) fn function_resources(&mut self) -> Result<Vec<Resource>> {
        let mut resources = Vec::new();
        for (name, function) in self.entries("Functions") {
            if let Some(id) = function.get("Id").filter(|id| id.truthy()) {
                if function.len() != 1 {
                    return Err(Error::resource(&name, "'Id' cannot be defined with other properties in Function."));
                }
                self.functions.insert(&name, id.clone());
                continue;
            }
            let resource = self.resource("AWS::AppSync::FunctionConfiguration", &name)?;
            let own_name = function.get("Name").filter(|name| name.truthy()).cloned();
            let resource = resource.with("ApiId", self.api_id()).with("Name", own_name.unwrap_or_else(|| text(&name)));
            let resource = with_code(resource, &name, &function)?
                .with("DataSourceName", self.data_source_name(&name, &function)?)
                .with_same(&["MaxBatchSize", "Description"], &function)
                .with("Runtime", runtime(&name, &function)?)
                .with_some("SyncConfig", function.get("Sync").cloned());
            self.functions.insert(&name, get_att(resource.id.clone(), "FunctionId"));
            resources.push(resource);
        }
        Ok(resources)
    }

    fn data_source_name(&mut self, name: &Text, function: &Map) -> Result<Value> {
        match function.get("DataSource").filter(|source| source.truthy()) {
            None => Err(Error::resource(name, "'DataSource' must be set.")),
            Some(Value::Text(source)) if source.eq_ignore_ascii_case("none") => self.none_source(),
            Some(Value::Text(source)) => self.data_sources.get(source).cloned().ok_or_else(|| {
                let message = format!(
                    "Either define DataSource '{source}' in 'DataSources' or use intrinsic function like GetAtt, \
                     ImportValue, Sub or another one to reference a DataSource defined outside of this GraphQLApi resource."
                );
                Error::resource(name, message)
            }),
            Some(elsewhere) => Ok(elsewhere.clone()),
        }
    }

    pub(crate) fn resolver_resources(&mut self) -> Result<Vec<Resource>> {
        let mut resources = Vec::new();
        for (type_name, resolvers) in self.entries("Resolvers") {
            for (name, resolver) in entries(Some(&resolvers.into())) {
                resources.push(self.resolver(&type_name, &name, &resolver)?);
            }
        }
        Ok(resources)
    }

    fn resolver(&self, type_name: &Text, name: &Text, resolver: &Map) -> Result<Resource> {
        let some = |name: &str| resolver.get(name).filter(|value| value.truthy()).cloned();
        let schema = text(format!("{}Schema", self.id()));
        let resource =
            self.resource("AWS::AppSync::Resolver", &format!("{type_name}{name}"))?.depending_on(Some(list([schema])));
        let resource = match (some("InlineCode"), some("CodeUri")) {
            (Some(_), Some(_)) => return Err(both(name)),
            (None, None) => {
                let runtime = map([("Name", text("APPSYNC_JS")), ("RuntimeVersion", text("1.0.0"))]);
                resource.with("Code", PIPELINE).with("Runtime", runtime)
            }
            (inline, uri) => {
                let resource = resource.with_some("Code", inline).with_some("CodeS3Location", uri);
                resource.with("Runtime", runtime(name, resolver)?)
            }
        };
        let resource = resource
            .with("ApiId", self.api_id())
            .with("FieldName", some("FieldName").unwrap_or_else(|| text(name)))
            .with("TypeName", type_name.clone());
        let Some(Value::List(pipeline)) = some("Pipeline") else {
            return Err(Error::resource(
                name,
                format!(
                    "Resolver '{name}' must have Pipeline defined. Unit resolvers are not supported. If you need a Unit \
                     resolver you can use AppSync resource."
                ),
            ));
        };
        let ids: Result<Vec<Value>> = pipeline.iter().map(|function| self.function_id(name, function)).collect();
        Ok(resource
            .with("Kind", "PIPELINE")
            .with("PipelineConfig", map([("Functions", ids?.into())]))
            .with_some("CachingConfig", some("Caching"))
            .with_some("MaxBatchSize", some("MaxBatchSize")))
    }

    fn function_id(&self, name: &Text, function: &Value) -> Result<Value> {
        let id = function.as_str().and_then(|function| self.functions.get(function));
        id.cloned().ok_or_else(|| Error::resource(name, format!("Function '{}' does not exist.", shown(function))))
    }
}

fn both(name: &str) -> Error {
    Error::resource(name, "Both 'InlineCode' and 'CodeUri' cannot be defined at the same time.")
}

fn with_code(resource: Resource, name: &str, function: &Map) -> Result<Resource> {
    let some = |name: &str| function.get(name).filter(|value| value.truthy()).cloned();
    match (some("InlineCode"), some("CodeUri")) {
        (Some(_), Some(_)) => Err(both(name)),
        (None, None) => Err(Error::resource(name, "One of 'InlineCode' or 'CodeUri' must be set.")),
        (inline, uri) => Ok(resource.with_some("Code", inline).with_some("CodeS3Location", uri)),
    }
}

fn runtime(name: &str, config: &Map) -> Result<Value> {
    match config.get("Runtime") {
        Some(runtime) => {
            let part = |name: &str| runtime.get(name).cloned().unwrap_or(Value::Null);
            Ok(map([("Name", part("Name")), ("RuntimeVersion", part("Version"))]))
        }
        None => Err(Error::resource(name, format!("'Runtime' must be defined as a property in {name}."))),
    }
}
