//! AWS::Serverless::Connector: permissions between two resources, by what they are.

mod embedded;
mod profile;
mod reference;

pub(crate) use embedded::lift_embedded;

use crate::error::{Error, Result};
use crate::iam;
use crate::python2;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, list, map, text};
use profile::Profile;
use reference::Reference;

pub(crate) const RULES: &[Rule] = &[
    required("Source", Shape::AnyMap),
    required("Destination", Shape::MapOrMaps),
    required("Permissions", Shape::Texts),
];

pub(crate) fn transform(connector: Instance, translation: &mut Translation) -> Result<Generated> {
    Ok(Generated::new(connect(&connector, translation)?, &[]))
}

/// The policies and permissions of a connector, one or more for each destination.
pub(crate) fn connect(connector: &Instance, translation: &mut Translation) -> Result<Vec<Resource>> {
    let (destinations, several) = match connector.get("Destination") {
        Some(Value::List(destinations)) => (destinations.clone(), true),
        Some(one) => (vec![one.clone()], false),
        None => (Vec::new(), false),
    };
    let none = Map::new();
    let source_config = connector.get("Source").and_then(Value::as_map).unwrap_or(&none);
    let mut resources = Vec::new();
    for (index, config) in destinations.iter().enumerate() {
        let config = config.as_map().unwrap_or(&none);
        let wrong = |message: String| connector.error(message);
        let destination = Reference::read(config, source_config, &translation.output).map_err(wrong)?;
        let source = Reference::read(source_config, config, &translation.output).map_err(wrong)?;
        let link = Link {
            connector,
            source,
            destination,
            suffix: if several { format!("Destination{index}") } else { String::new() },
        };
        let mut generated = link.resources(translation)?;
        let metadata = link.metadata(translation);
        for resource in &mut generated {
            let mut all = resource.attributes.get("Metadata").and_then(Value::as_map).cloned().unwrap_or_default();
            all.update(&metadata);
            resource.attributes.insert("Metadata", all);
        }
        resources.extend(generated);
    }
    replace_dependency(&connector.id, &resources, &mut translation.output);
    match resources.is_empty() {
        true => Err(connector.error("'Destination' is an empty list")),
        false => Ok(resources),
    }
}

/// A connector between one source and one destination.
struct Link<'a> {
    connector: &'a Instance,
    source: Reference,
    destination: Reference,
    /// Ends the logical ids if there are several destinations.
    suffix: String,
}

impl Link<'_> {
    fn resources(&self, translation: &mut Translation) -> Result<Vec<Resource>> {
        let between = format!("{} to {}", self.source.kind, self.destination.kind);
        let Some(profile) = Profile::find(&self.source.kind, &self.destination.kind) else {
            let message =
                format!("Unable to create connector from {between}; it's not supported or the template is invalid.");
            return Err(self.connector.error(message));
        };
        let permissions = self.permissions(&profile, &between)?;
        let profile =
            profile.filled_in(&self.source, &self.destination).map_err(|wrong| self.connector.error(wrong))?;
        match profile.kind.as_str() {
            "AWS_IAM_ROLE_MANAGED_POLICY" => {
                self.managed_policy(&profile, &permissions, translation).map(|policy| vec![policy])
            }
            "AWS_SQS_QUEUE_POLICY" => self.resource_policy("Queue", &profile, &permissions).map(|policy| vec![policy]),
            "AWS_SNS_TOPIC_POLICY" => self.resource_policy("Topic", &profile, &permissions).map(|policy| vec![policy]),
            _ => self.lambda_permissions(&profile, &permissions),
        }
    }

    /// `Permissions`, if the profile has them in that combination.
    fn permissions(&self, profile: &Profile, between: &str) -> Result<Vec<String>> {
        let given = self.connector.get("Permissions").map(Value::python_items).unwrap_or_default();
        let mut permissions: Vec<String> = given.iter().map(python2::str).collect();
        permissions.sort();
        permissions.dedup();
        let known = profile.categories();
        let valid = known.join(", ");
        if permissions.is_empty() {
            return Err(self.connector.error(format!("'Permissions' cannot be empty; valid values are: {valid}.")));
        }
        if !permissions.iter().all(|permission| known.contains(permission)) {
            return Err(self.connector.error(format!(
                "Unsupported 'Permissions' provided for connector from {between}; valid values are: {valid}."
            )));
        }
        let combinations = profile.combinations();
        if !combinations.is_empty() && !combinations.contains(&permissions) {
            let valid: Vec<String> = combinations.iter().map(|combination| combination.join(" + ")).collect();
            return Err(self.connector.error(format!(
                "Unsupported 'Permissions' provided for connector from {between}; valid combinations are: {}.",
                valid.join(", ")
            )));
        }
        Ok(permissions)
    }

    /// The side that the policy belongs to, and what it is called.
    fn subject(&self, profile: &Profile) -> (&Reference, &'static str) {
        if profile.is_of_source() { (&self.source, "Source") } else { (&self.destination, "Destination") }
    }

    fn resource(&self, kind: &'static str, suffix: &str) -> Result<Resource> {
        let id = format!("{}{suffix}{}", self.connector.id, self.suffix);
        Ok(Resource::new(kind, id, &self.connector.attributes)?.depending_on(self.connector.depends_on.clone()))
    }

    fn missing(&self, what: &str, side: &str) -> Error {
        self.connector.error(format!("Unable to get {what} from '{side}' resource."))
    }

    fn managed_policy(
        &self,
        profile: &Profile,
        permissions: &[String],
        translation: &mut Translation,
    ) -> Result<Resource> {
        let (subject, side) = self.subject(profile);
        let role = subject.role_name.clone().ok_or_else(|| self.missing("IAM role name", side))?;
        let policy = self
            .resource("AWS::IAM::ManagedPolicy", "Policy")?
            .with("PolicyDocument", iam::document(profile.statements(permissions)))
            .with("Roles", list([role]));
        if profile.is_depended_by("DESTINATION_EVENT_SOURCE_MAPPING")
            && let (Some(source), Some(destination)) = (&self.source.id, &self.destination.id)
            && let [mapping] = &event_source_mappings(source, destination, &translation.output)[..]
        {
            add_dependency(mapping, &policy, &mut translation.output);
        }
        if let Some(source) = self.source.id.as_ref().filter(|_| profile.is_depended_by("SOURCE")) {
            add_dependency(source, &policy, &mut translation.output);
        }
        Ok(policy)
    }

    fn resource_policy(&self, what: &str, profile: &Profile, permissions: &[String]) -> Result<Resource> {
        let (subject, side) = self.subject(profile);
        let (kind, property, subject) = match what {
            "Queue" => (
                "AWS::SQS::QueuePolicy",
                "Queues",
                subject.queue_url.clone().ok_or_else(|| self.missing("SQS queue URL", side))?,
            ),
            _ => (
                "AWS::SNS::TopicPolicy",
                "Topics",
                subject.arn.clone().ok_or_else(|| self.missing("SNS topic ARN", side))?,
            ),
        };
        Ok(self
            .resource(kind, &format!("{what}Policy"))?
            .with(property, list([subject]))
            .with("PolicyDocument", iam::document(profile.statements(permissions))))
    }

    fn lambda_permissions(&self, profile: &Profile, permissions: &[String]) -> Result<Vec<Resource>> {
        let (subject, side) = self.subject(profile);
        let function = subject.arn.clone().ok_or_else(|| self.missing("Lambda function ARN", side))?;
        let chosen = profile.chosen(permissions);
        chosen
            .into_iter()
            .map(|(name, category)| {
                Ok(self
                    .resource("AWS::Lambda::Permission", &format!("{name}LambdaPermission"))?
                    .with("FunctionName", function.clone())
                    .with_same(&["Action", "Principal", "SourceArn", "SourceAccount"], &category))
            })
            .collect()
    }

    /// What tools that look at the template may want to know.
    fn metadata(&self, translation: &Translation) -> Map {
        let kind = |reference: &Reference| {
            let original = reference.id.as_ref().and_then(|id| translation.source.get(id)?.get("Type").cloned());
            map([("Type", original.unwrap_or_else(|| text(&reference.kind)))])
        };
        let sides = map([("Source", kind(&self.source)), ("Destination", kind(&self.destination))]);
        Map::from_iter([("aws:sam:connectors".into(), map([(&self.connector.id, sides)]))])
    }
}

/// The event source mappings between two resources of the template.
fn event_source_mappings(source: &str, function: &str, resources: &Map) -> Vec<String> {
    let target = |properties: &Value, name: &str| crate::intrinsics::target(properties.get(name)).map(str::to_owned);
    let is_between = |resource: &Value| {
        let properties = resource
            .get("Properties")
            .filter(|_| resource.get("Type").is_some_and(|it| it.is("AWS::Lambda::EventSourceMapping")));
        properties.is_some_and(|it| {
            target(it, "FunctionName").as_deref() == Some(function)
                && target(it, "EventSourceArn").as_deref() == Some(source)
        })
    };
    resources.iter().filter(|(_, resource)| is_between(resource)).map(|(id, _)| id.to_string()).collect()
}

fn dependencies(resource: &Map) -> Vec<Value> {
    match resource.get("DependsOn") {
        None => Vec::new(),
        Some(Value::List(all)) => all.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn add_dependency(id: &str, on: &Resource, resources: &mut Map) {
    let Some(Value::Map(resource)) = resources.get_mut(id) else { return };
    let mut all = dependencies(resource);
    let on = Value::Text(on.id.clone());
    if !all.contains(&on) {
        all.push(on);
    }
    resource.insert("DependsOn", all);
}

/// Who depends on the connector depends on all that it generates.
fn replace_dependency(id: &str, generated: &[Resource], resources: &mut Map) {
    for resource in resources.values_mut().filter_map(Value::as_map_mut) {
        let mut all = dependencies(resource);
        let Some(at) = all.iter().position(|it| it.is(id)) else { continue };
        all.remove(at);
        for new in generated.iter().map(|resource| Value::Text(resource.id.clone())) {
            if !all.contains(&new) {
                all.push(new);
            }
        }
        resource.insert("DependsOn", all);
    }
}
