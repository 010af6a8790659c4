//! The transform of a template: what happens in which order.

use crate::api::{self, SharedUsagePlan};
use crate::context::Context;
use crate::deployment_preference::Deployments;
use crate::error::{Error, Result, TransformError};
use crate::globals::{self, SharedDestinations};
use crate::implicit_api::{self, Flavor};
use crate::intrinsics::is_intrinsic;
use crate::resolve::{self, Mappings, Parameters};
use crate::resource::Resource;
use crate::rules::{Instance, Rule};
use crate::value::{Map, Text, Value};
use crate::{
    application, capacity_provider, connector, function, graphql, http_api, layer_version, policies, simple_table,
    state_machine, websocket_api,
};
use std::collections::HashMap;

/// A template in the middle of its transform.
pub(crate) struct Translation<'c> {
    pub(crate) context: &'c Context,
    pub(crate) parameters: Parameters,
    pub(crate) mappings: Mappings,
    /// The resources of the template. Event sources write into them: an API's definition, a
    /// bucket's notifications.
    pub(crate) source: Map,
    /// The resources to be.
    pub(crate) output: Map,
    /// The conditions to be, if there is a section of them.
    pub(crate) conditions: Option<Map>,
    pub(crate) deployments: Deployments,
    pub(crate) usage_plan: SharedUsagePlan,
    /// Records of all APIs in one hosted zone are in one group.
    pub(crate) record_set_groups: HashMap<String, Resource>,
    pub(crate) shared_destinations: SharedDestinations,
    function_names: HashMap<String, String>,
}

/// What became of one resource.
pub(crate) struct Generated {
    pub(crate) resources: Vec<Resource>,
    /// `Version` and so on, to the logical id that it stands for.
    names: HashMap<&'static str, String>,
    /// The logical id, if it changed.
    renamed: Option<String>,
}

/// A resource type of SAM.
struct Macro {
    kind: &'static str,
    rules: &'static [Rule],
    transform: fn(Instance, &mut Translation) -> Result<Generated>,
    /// Functions come first, then state machines, APIs, others and connectors: the former change
    /// the definitions of the latter.
    rank: u8,
}

const MACROS: &[Macro] = &[
    Macro { kind: "AWS::Serverless::Function", rules: function::RULES, transform: function::transform, rank: 0 },
    Macro {
        kind: "AWS::Serverless::StateMachine",
        rules: state_machine::RULES,
        transform: state_machine::transform,
        rank: 1,
    },
    Macro { kind: "AWS::Serverless::Api", rules: api::RULES, transform: api::transform, rank: 2 },
    Macro { kind: "AWS::Serverless::HttpApi", rules: http_api::RULES, transform: http_api::transform, rank: 2 },
    Macro {
        kind: "AWS::Serverless::WebSocketApi",
        rules: websocket_api::RULES,
        transform: websocket_api::transform,
        rank: 2,
    },
    Macro {
        kind: "AWS::Serverless::SimpleTable",
        rules: simple_table::RULES,
        transform: simple_table::transform,
        rank: 3,
    },
    Macro {
        kind: "AWS::Serverless::Application",
        rules: application::RULES,
        transform: application::transform,
        rank: 3,
    },
    Macro {
        kind: "AWS::Serverless::LayerVersion",
        rules: layer_version::RULES,
        transform: layer_version::transform,
        rank: 3,
    },
    Macro { kind: "AWS::Serverless::GraphQLApi", rules: graphql::RULES, transform: graphql::transform, rank: 3 },
    Macro {
        kind: "AWS::Serverless::CapacityProvider",
        rules: capacity_provider::RULES,
        transform: capacity_provider::transform,
        rank: 3,
    },
    Macro { kind: "AWS::Serverless::Connector", rules: connector::RULES, transform: connector::transform, rank: 4 },
];

/// The SAM type of a resource that Globals and conditions apply to: all but connectors and GraphQL.
pub(crate) fn macro_type(resource: &Map) -> Option<&'static str> {
    let kind = resource.str("Type")?;
    let found = MACROS.iter().find(|known| known.kind == kind)?.kind;
    (!matches!(found, "AWS::Serverless::Connector" | "AWS::Serverless::GraphQLApi")).then_some(found)
}

/// Transforms a template of values.
pub(crate) fn transform(template: Value, values: Map, context: &Context) -> std::result::Result<Value, TransformError> {
    translate(template, values, context).map_err(|error| match error {
        Error::Document(errors) => TransformError::new(errors),
        other => TransformError::new(vec![other]),
    })
}

fn translate(template: Value, mut values: Map, context: &Context) -> Result<Value> {
    let Value::Map(mut template) = template else { return Err(Error::document("'Resources' section is required")) };
    check(&template)?;
    if crate::python2_scope::applies(&template) {
        crate::python2_scope::convert(&mut template, &mut values);
    }
    let parameters = Parameters::new(parameter_values(&template, values, context));
    let mut source = match template.remove("Resources") {
        Some(Value::Map(resources)) => resources,
        _ => Map::new(),
    };
    implicit_api::default_definitions(&mut source);
    implicit_api::apply(Flavor::Rest, &mut template, &mut source)?;
    implicit_api::apply(Flavor::Http, &mut template, &mut source)?;
    let shared_destinations = globals::apply(&mut template, &mut source)?;

    let mut errors = Vec::new();
    connector::lift_embedded(&mut source, &mut errors);
    let mappings = mappings(&template)?;
    let output = source.deep_copy();
    let conditions = template.get("Conditions").and_then(Value::as_map).cloned();
    let mut translation = Translation {
        context,
        parameters,
        mappings,
        source,
        output,
        conditions,
        deployments: Deployments::default(),
        usage_plan: SharedUsagePlan::default(),
        record_set_groups: HashMap::new(),
        shared_destinations,
        function_names: HashMap::new(),
    };
    let mut names = resolve::Generated::new();
    let mut renamed = HashMap::new();
    for (id, known) in in_order(&translation.source) {
        if let Err(error) = translation.transform_resource(&id, known, &mut names, &mut renamed, &mut errors) {
            match error {
                Error::Document(_) => return Err(error),
                error => errors.push(error),
            }
        }
    }
    translation.deploy(&mut errors);
    if !errors.is_empty() {
        return Err(Error::Document(errors));
    }
    translation.finish(template, &names, &renamed)
}

/// Complains about a template in which no resource could be looked at.
fn check(template: &Map) -> Result<()> {
    let Some(Value::Map(resources)) = template.get("Resources").filter(|resources| resources.truthy()) else {
        return Err(Error::document("'Resources' section is required"));
    };
    if !resources.values().all(|resource| resource.as_map().is_some()) {
        let message = "All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.";
        return Err(Error::document(message));
    }
    for (id, resource) in resources.iter() {
        let Value::Map(resource) = resource else { continue };
        if resource.get("Condition").is_some_and(|condition| condition.truthy() && condition.as_str().is_none()) {
            return Err(Error::document("Every Condition member must be a string."));
        }
        let has_map = resource.get("Properties").map_or(!resource.contains("Properties"), |it| it.as_map().is_some());
        if macro_type(resource).is_some() && !has_map {
            let wrong = Error::resource(id, "Attribute 'Properties' should be a map.");
            return Err(Error::Document(vec![wrong]));
        }
    }
    Ok(())
}

/// The given values, the defaults of others, and the pseudo parameters that SAM knows.
fn parameter_values(template: &Map, given: Map, context: &Context) -> Map {
    let mut values = given.deep_copy();
    for (name, definition) in template.get("Parameters").and_then(Value::as_map).iter().flat_map(|all| all.iter()) {
        if let Some(definition) = definition.as_map().filter(|definition| definition.contains("Default"))
            && !values.contains(name)
        {
            values.insert(name, definition.get("Default").cloned().unwrap_or(Value::Null));
        }
    }
    values.or_insert("AWS::Region", context.region.as_str());
    values.or_insert("AWS::Partition", context.partition());
    values
}

fn mappings(template: &Map) -> Result<Mappings> {
    match template.get("Mappings") {
        Some(Value::Map(mappings)) => Ok(Mappings(mappings.clone())),
        None if !template.contains("Mappings") => Ok(Mappings(Map::new())),
        _ => Err(Error::document("'Mappings' or 'Parameters' is either null or not a valid dictionary.")),
    }
}

/// The resources of SAM in the order of their transform.
fn in_order(resources: &Map) -> Vec<(Text, &'static Macro)> {
    let known = |resource: &Value| {
        let kind = resource.get("Type").and_then(Value::as_str)?;
        MACROS.iter().find(|known| known.kind == kind)
    };
    let mut all: Vec<(Text, &Macro)> =
        resources.iter().filter_map(|(id, resource)| Some((id.clone(), known(resource)?))).collect();
    all.sort_by_key(|(_, known)| known.rank);
    all
}

/// Types whose resource in the template a generated one of the same logical id may replace.
fn replaces(generated: &str) -> &'static [&'static str] {
    match generated {
        "AWS::Lambda::Function" => &["AWS::Serverless::Function"],
        "AWS::Lambda::LayerVersion" => &["AWS::Serverless::LayerVersion"],
        "AWS::Lambda::CapacityProvider" => &["AWS::Serverless::CapacityProvider"],
        "AWS::ApiGateway::RestApi" => &["AWS::Serverless::Api"],
        "AWS::ApiGatewayV2::Api" => &["AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi"],
        "AWS::DynamoDB::Table" => &["AWS::Serverless::SimpleTable"],
        "AWS::CloudFormation::Stack" => &["AWS::Serverless::Application"],
        "AWS::StepFunctions::StateMachine" => &["AWS::Serverless::StateMachine"],
        "AWS::AppSync::GraphQLApi" => &["AWS::Serverless::GraphQLApi"],
        "AWS::S3::Bucket" => &["AWS::S3::Bucket"],
        "AWS::SNS::Topic" => &["AWS::SNS::Topic"],
        "AWS::Cognito::UserPool" => &["AWS::Cognito::UserPool"],
        "AWS::ApiGateway::DomainName" => &["AWS::ApiGateway::DomainName"],
        "AWS::ApiGateway::BasePathMapping" => &["AWS::ApiGateway::BasePathMapping"],
        "AWS::ApiGateway::DomainNameV2" => &["AWS::ApiGateway::DomainNameV2"],
        "AWS::ApiGateway::BasePathMappingV2" => &["AWS::ApiGateway::BasePathMappingV2"],
        _ => &[],
    }
}

/// Whether a generated resource would overwrite one of the template.
pub(crate) fn overwrites(id: &str, kind: &str, resources: &Map) -> bool {
    let existing = resources.get(id).and_then(|resource| resource.get("Type")).and_then(Value::as_str);
    resources.contains(id) && !existing.is_some_and(|existing| replaces(kind).contains(&existing))
}

// === impl Generated ===

impl Generated {
    /// Resources, and under which names the template may refer to some of them by type.
    pub(crate) fn new(resources: Vec<Resource>, referable: &'static [(&'static str, &'static str)]) -> Generated {
        let find = |kind: &str| resources.iter().rev().find(|resource| resource.kind == kind);
        let names = referable.iter().filter_map(|(name, kind)| Some((*name, find(kind)?.id.to_string()))).collect();
        Generated { resources, names, renamed: None }
    }

    /// Resources in place of one that is now called otherwise.
    pub(crate) fn renamed(resources: Vec<Resource>, id: String) -> Generated {
        Generated { resources, names: HashMap::new(), renamed: Some(id) }
    }
}

// === impl Translation ===

impl Translation<'_> {
    fn transform_resource(
        &mut self,
        id: &Text,
        known: &Macro,
        names: &mut resolve::Generated,
        renamed: &mut HashMap<String, String>,
        errors: &mut Vec<Error>,
    ) -> Result<()> {
        let Some(Value::Map(mut definition)) = self.source.get(id).cloned() else { return Ok(()) };
        self.prepare(id, known, &mut definition)?;
        let instance = Instance::read(id, known.kind, known.rules, &definition)?;
        if known.kind == "AWS::Serverless::Function" {
            api::note_function_names(&definition, self)?;
        }
        let generated = (known.transform)(instance, self)?;
        let new_id = generated.renamed.clone().unwrap_or_else(|| id.to_string());
        if !generated.names.is_empty() {
            names.entry(new_id.clone()).or_default().extend(generated.names);
        }
        if new_id != **id {
            renamed.insert(id.to_string(), new_id);
        }
        self.output.remove(id);
        for resource in generated.resources {
            if overwrites(&resource.id, resource.kind, &self.source) {
                let (generated, kind) = (resource.id.to_string(), resource.kind.to_owned());
                errors.push(Error::Duplicate { id: id.to_string(), generated, kind });
            } else {
                self.output.insert(&resource.id, resource.definition());
            }
        }
        Ok(())
    }

    /// What happens to the properties before they are checked.
    fn prepare(&self, id: &str, known: &Macro, definition: &mut Map) -> Result<()> {
        let properties = definition.or_insert("Properties", Map::new());
        let Some(properties) = properties.as_map_mut() else { return Ok(()) };
        match known.kind {
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => policies::expand_templates(id, properties),
            "AWS::Serverless::Application" => application::locate(id, properties, self),
            "AWS::Serverless::GraphQLApi" => {
                // What SAM does not know of a GraphQL API, it leaves out.
                properties.retain(|name| known.rules.iter().any(|rule| rule.name == name));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Adds what CodeDeploy needs, if a function is deployed gradually.
    fn deploy(&mut self, errors: &mut Vec<Error>) {
        match self.deployments.resources(self.context) {
            Ok((resources, conditions)) => {
                for resource in resources {
                    self.output.insert(&resource.id, resource.definition());
                }
                if let Some(all) = &mut self.conditions {
                    all.update(&conditions);
                }
            }
            Err(wrong) => errors.extend(wrong),
        }
    }

    fn finish(self, mut template: Map, names: &resolve::Generated, renamed: &HashMap<String, String>) -> Result<Value> {
        template.remove("Transform");
        if let Some(conditions) = self.conditions {
            template.insert("Conditions", conditions);
        }
        template.insert("Resources", self.output);
        let mut template = Value::Map(template);
        if !renamed.is_empty() {
            rename_dependencies(&mut template, renamed);
            resolve::rename_references(&mut template, renamed)?;
        }
        if !names.is_empty() {
            resolve::fill_in_generated(&mut template, names)?;
        }
        Ok(template)
    }

    /// Adds a condition to the template.
    pub(crate) fn add_condition(&mut self, name: String, definition: Value) {
        self.conditions.get_or_insert_with(Map::new).insert(name, definition);
    }

    /// A resource of the template to be.
    pub(crate) fn generated_resource(&self, id: &str) -> Option<&Value> {
        self.output.get(id)
    }

    /// The properties of an API in the template, to be given back by `set_api_properties`.
    pub(crate) fn api_properties(&mut self, id: &str) -> Map {
        let api = self.source.get(id).and_then(|api| api.get("Properties")).and_then(Value::as_map);
        api.cloned().unwrap_or_default()
    }

    pub(crate) fn set_api_properties(&mut self, id: &str, properties: Map) {
        if let Some(api) = self.source.get_mut(id).and_then(Value::as_map_mut) {
            api.insert("Properties", properties);
        }
    }

    /// The names of functions behind an API, in one text.
    pub(crate) fn function_names(&self, api: &str) -> Option<&str> {
        self.function_names.get(api).map(String::as_str)
    }

    pub(crate) fn add_function_name(&mut self, api: &str, name: &str) {
        self.function_names.entry(api.to_owned()).or_default().push_str(name);
    }
}

/// Replaces names in every `DependsOn`.
fn rename_dependencies(value: &mut Value, renamed: &HashMap<String, String>) {
    let replace = |dependency: &mut Value| {
        if let Some(new) = dependency.as_str().and_then(|id| renamed.get(id)) {
            *dependency = Value::from(new.as_str());
        }
    };
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| rename_dependencies(item, renamed)),
        Value::Map(map) => {
            match map.get_mut("DependsOn") {
                Some(Value::List(dependencies)) => dependencies.iter_mut().for_each(replace),
                Some(dependency) if !is_intrinsic(dependency) => replace(dependency),
                _ => {}
            }
            map.values_mut().for_each(|member| rename_dependencies(member, renamed));
        }
        _ => {}
    }
}
