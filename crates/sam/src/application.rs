//! AWS::Serverless::Application: a nested stack, from a template of one's own or from the
//! Serverless Application Repository.

use crate::context::Context;
use crate::error::Result;
use crate::function::reserved_tags;
use crate::intrinsics::is_intrinsic;
use crate::python2;
use crate::resource::{Resource, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    required("Location", Shape::TextOrMap),
    optional("TemplateUrl", Shape::Text),
    optional("Parameters", Shape::Map),
    optional("NotificationARNs", Shape::TextsOrMaps),
    optional("Tags", Shape::Map),
    optional("TimeoutInMinutes", Shape::Int),
];

pub(crate) fn transform(application: Instance, _: &mut Translation) -> Result<Generated> {
    let mut known = Map::new();
    if let Some(Value::Map(location)) = application.get("Location") {
        known.insert_some("serverlessrepo:applicationId", location.get("ApplicationId").cloned());
        known.insert_some("serverlessrepo:semanticVersion", location.get("SemanticVersion").cloned());
    }
    reserved_tags(&application)?;
    let mut tags = tag_pairs(map([("lambda:createdBy", text("SAM"))]).as_map());
    tags.extend(tag_pairs(Some(&known)));
    tags.extend(tag_pairs(application.get("Tags").and_then(Value::as_map)));
    let stack = Resource::new("AWS::CloudFormation::Stack", application.id.clone(), &application.passed_on())?
        .depending_on(application.depends_on.clone())
        .with_same(&["Parameters", "NotificationARNs", "TimeoutInMinutes"], &application.properties)
        .with("Tags", tags)
        .with("TemplateURL", application.some("TemplateUrl").cloned().unwrap_or_else(|| text("")));
    Ok(Generated::new(vec![stack], &[]))
}

/// Finds the template of an application before its properties are checked.
pub(crate) fn locate(id: &str, properties: &mut Map, translation: &Translation) -> Result<()> {
    let wrong = |message: String| Err(crate::error::Error::resource(id, message));
    let missing = |name: &str| format!("Resource is missing the required [{name}] property.");
    if !properties.contains("Location") {
        return wrong(missing("Location"));
    }
    let Some(Value::Map(location)) = properties.get_mut("Location") else {
        let location = properties.get("Location").cloned().unwrap_or(Value::Null);
        properties.insert("TemplateUrl", location);
        return Ok(());
    };
    for name in ["ApplicationId", "SemanticVersion"] {
        if !location.contains(name) {
            return wrong(missing(name));
        }
        if let Some(value) = location.get_mut(name) {
            let value = translation.parameters.resolved(value)?;
            location.insert(name, translation.mappings.resolved(&value)?);
        }
    }
    let unresolved = |name: &str| {
        format!("Property '{name}' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.")
    };
    let Some(application) = location.get("ApplicationId") else {
        return wrong("Property 'ApplicationId' is required.".into());
    };
    if application.as_map().is_some() {
        return wrong(unresolved("ApplicationId"));
    }
    let Some(version) = location.get("SemanticVersion").filter(|version| version.truthy()) else {
        return wrong("Property 'SemanticVersion' cannot be blank.".into());
    };
    if version.as_map().is_some() {
        return wrong(unresolved("SemanticVersion"));
    }
    for (name, value) in [("ApplicationId", application), ("SemanticVersion", version)] {
        if value.as_str().is_none() || is_intrinsic(value) {
            return wrong(format!("Property 'Location.{name}' should be a string."));
        }
    }
    let url = template_url(translation.context, &python2::str(application), &python2::str(version));
    match url {
        Some(url) => properties.insert("TemplateUrl", url),
        None => return wrong("Serverless Application Repository is not available in this region.".into()),
    }
    Ok(())
}

fn template_url(context: &Context, application: &str, version: &str) -> Option<String> {
    context.applications.get(&(application.to_owned(), version.to_owned())).cloned()
}
