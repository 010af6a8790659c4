//! The deployment and the stage of a REST API. The deployment's name is a hash of the definition,
//! so that a changed definition is deployed again.

use crate::error::Result;
use crate::events::api_id_of;
use crate::logical_id;
use crate::python2;
use crate::resource::{Resource, tag_pairs};
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, text};
use crate::{intrinsics, json};

const SAME: &[&str] = &[
    "StageName",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "Variables",
    "MethodSettings",
    "AccessLogSetting",
    "CanarySetting",
    "TracingEnabled",
];

pub(crate) fn resources(
    api: &Instance,
    rest_api: &Resource,
    translation: &Translation,
) -> Result<(Resource, Resource)> {
    let attributes = api.passed_on();
    let definition = rest_api.properties.get("Body").or_else(|| rest_api.properties.get("BodyS3Location"));
    let base = format!("{}Deployment", api.id);
    let hash = definition.filter(|definition| definition.truthy()).map(|definition| hash(api, definition, translation));
    let id = format!("{base}{}", logical_id::shorten(hash.as_deref().unwrap_or_default()));
    let mut deployment =
        Resource::new("AWS::ApiGateway::Deployment", id, &attributes)?.with("RestApiId", rest_api.reference());
    if !api.truthy("OpenApiVersion") {
        deployment.set("StageName", "Stage");
    }
    deployment = deployment.with_some("Description", hash.map(|hash| text(format!("RestApi deployment id: {hash}"))));

    let stage = Resource::new("AWS::ApiGateway::Stage", stage_id(api), &attributes)?
        .with("RestApiId", intrinsics::reference(&api.id))
        .with("DeploymentId", deployment.reference())
        .with_same(SAME, &api.properties)
        .with_some("Tags", api.get("Tags").map(|tags| tag_pairs(tags.as_map())));
    Ok((deployment, stage))
}

fn stage_id(api: &Instance) -> String {
    let name = api.str("StageName").unwrap_or_default();
    match logical_id::is_alphanumeric(name) {
        true => format!("{}{name}Stage", api.id),
        false => logical_id::of_text(&format!("{}Stage", api.id), name),
    }
}

/// Everything that makes a new deployment.
fn hash(api: &Instance, definition: &Value, translation: &Translation) -> String {
    if api.truthy("AlwaysDeploy") {
        return logical_id::digest(&translation.context.now.to_string());
    }
    let mut parts = vec![python2::str(definition)];
    parts.extend(api.some("OpenApiVersion").map(python2::str));
    parts.extend(api.some("Domain").map(json::default));
    parts.extend(translation.function_names(&api.id).map(str::to_owned).filter(|names| !names.is_empty()));
    logical_id::digest(&parts.join("||"))
}

/// Notes the names of functions behind an API, which are part of its deployment's hash.
pub(crate) fn note_function_names(function: &Map, translation: &mut Translation) -> Result<()> {
    let Some(properties) = function.get("Properties") else { return Ok(()) };
    let events = properties.get("Events").and_then(Value::as_map);
    for event in events.iter().flat_map(|events| events.values()) {
        if !event.get("Type").is_some_and(|kind| kind.is("Api")) {
            continue;
        }
        let api = event.get("Properties").and_then(|properties| properties.get("RestApiId")).filter(|api| api.truthy());
        let Some(Value::Text(api)) = api_id_of(api) else { continue };
        let Some(name) = properties.get("FunctionName") else { continue };
        let name = translation.parameters.resolved_copy(&name.deep_copy())?;
        if name.truthy() {
            translation.add_function_name(api, &python2::str(&name));
        }
    }
    Ok(())
}
