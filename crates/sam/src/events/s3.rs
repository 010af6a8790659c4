//! Notifications of a bucket in the same template.

use super::Scene;
use super::permission::permission;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::intrinsics::{conditional, conditional_else, reference};
use crate::resource::{Resource, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    required("Bucket", Shape::Text),
    required("Events", Shape::TextOrTexts).literal(),
    optional("Filter", Shape::MapOfTexts),
];

/// Properties of a bucket: SAM writes it anew, and refuses what it does not know.
const BUCKET: &[Rule] = &[
    optional("AccessControl", Shape::Any),
    optional("AccelerateConfiguration", Shape::Any),
    optional("AnalyticsConfigurations", Shape::Any),
    optional("BucketEncryption", Shape::Any),
    optional("BucketName", Shape::Any),
    optional("CorsConfiguration", Shape::Any),
    optional("IntelligentTieringConfigurations", Shape::Any),
    optional("InventoryConfigurations", Shape::Any),
    optional("LifecycleConfiguration", Shape::Any),
    optional("LoggingConfiguration", Shape::Any),
    optional("MetricsConfigurations", Shape::Any),
    optional("NotificationConfiguration", Shape::Any),
    optional("ObjectLockConfiguration", Shape::Any),
    optional("ObjectLockEnabled", Shape::Any),
    optional("OwnershipControls", Shape::Any),
    optional("PublicAccessBlockConfiguration", Shape::Any),
    optional("ReplicationConfiguration", Shape::Any),
    optional("Tags", Shape::Any),
    optional("VersioningConfiguration", Shape::Any),
    optional("WebsiteConfiguration", Shape::Any),
];

pub(crate) fn link(event: &Instance, resources: &Map) -> Result<()> {
    match event.get("Bucket").and_then(|bucket| bucket.as_map()?.raw("Ref")) {
        Some(Value::Text(id)) if resources.contains(id) => Ok(()),
        Some(other) if other.as_str().is_none() => {
            Err(Error::event(&event.relative_id, "'Ref' value in S3 events is not a valid string."))
        }
        _ => Err(Error::event(&event.relative_id, "S3 events must reference an S3 bucket in the same template.")),
    }
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let bucket_id =
        event.get("Bucket").and_then(|bucket| bucket.get("Ref")).and_then(Value::as_str).unwrap_or_default();
    let permission =
        permission(&event.id, "", "s3.amazonaws.com", scene.target)?.with("SourceAccount", reference("AWS::AccountId"));
    let mut bucket = scene.translation.source.get(bucket_id).and_then(Value::as_map).cloned().unwrap_or_default();
    match permission.condition() {
        Some(condition) => depend_by_tag(&mut bucket, bucket_id, &permission, condition)?,
        None => depend(&mut bucket, event, &permission)?,
    }
    notify(&mut bucket, bucket_id, event, scene)?;
    scene.translation.source.insert(bucket_id, bucket.clone());
    let resource = rewritten("AWS::S3::Bucket", bucket_id, BUCKET, &bucket)?;
    Ok(vec![permission, resource])
}

/// A resource of the template that SAM has added something to.
pub(crate) fn rewritten(kind: &'static str, id: &str, rules: &[Rule], definition: &Map) -> Result<Resource> {
    if !definition.contains("Type") {
        return Err(Error::resource(id, "Resource dict missing key 'Type'."));
    }
    if definition.str("Type") != Some(kind) {
        let actual = crate::python2::str_or_none(definition.get("Type"));
        let message = format!("Resource has incorrect Type; expected '{kind}', got '{actual}'");
        return Err(Error::resource(id, message));
    }
    let instance = Instance::read(id, kind, rules, definition)?;
    let mut resource = Resource::new(kind, id, &instance.attributes)?.depending_on(instance.depends_on);
    resource.properties = instance.properties;
    Ok(resource)
}

/// The permission has to be there before the bucket may notify.
fn depend(bucket: &mut Map, event: &Instance, permission: &Resource) -> Result<()> {
    let mut depends_on = match bucket.get("DependsOn") {
        None => Vec::new(),
        Some(Value::Text(one)) => vec![Value::Text(one.clone())],
        Some(Value::List(many)) if many.iter().all(|id| id.as_str().is_some()) => many.clone(),
        Some(_) => {
            let message = "Invalid type for field 'DependsOn'. Expected a string or list of strings.";
            return Err(event.error(message));
        }
    };
    let permission = Value::Text(permission.id.clone());
    if !depends_on.contains(&permission) {
        depends_on.push(permission);
    }
    bucket.insert("DependsOn", depends_on);
    Ok(())
}

/// `DependsOn` cannot be conditional, but a tag that refers to the permission can.
fn depend_by_tag(bucket: &mut Map, bucket_id: &str, permission: &Resource, condition: &Value) -> Result<()> {
    let properties = properties_of(bucket, bucket_id)?;
    let own = properties.get("Tags").cloned().unwrap_or_else(|| Vec::new().into());
    let mut tags = Owner::Resource(bucket_id).list("Tags", Some(&own))?.clone();
    let key = format!("sam:ConditionalDependsOn:{}", permission.id);
    let dependency = conditional_else(condition.clone(), permission.reference(), text("no dependency"));
    tags.extend(tag_pairs(map([(&key, dependency)]).as_map()));
    properties.insert("Tags", tags);
    Ok(())
}

pub(crate) fn properties_of<'m>(definition: &'m mut Map, id: &str) -> Result<&'m mut Map> {
    if definition.get("Properties").is_none() {
        definition.insert("Properties", Map::new());
    }
    let properties = definition.get_mut("Properties").and_then(Value::as_map_mut);
    properties.ok_or_else(|| Error::resource(id, "Properties should be a map."))
}

fn notify(bucket: &mut Map, bucket_id: &str, event: &Instance, scene: &Scene) -> Result<()> {
    let kinds = match event.get("Events") {
        Some(Value::List(kinds)) => kinds.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let properties = properties_of(bucket, bucket_id)?;
    if properties.get("NotificationConfiguration").is_none() {
        properties.insert("NotificationConfiguration", Map::new());
    }
    let notifications = properties.get_mut("NotificationConfiguration").and_then(Value::as_map_mut);
    let notifications = notifications
        .ok_or_else(|| Error::resource(bucket_id, "Property 'NotificationConfiguration' should be a map."))?;
    if notifications.get("LambdaConfigurations").is_none() {
        notifications.insert("LambdaConfigurations", Vec::new());
    }
    let lambdas = notifications.get_mut("LambdaConfigurations").and_then(Value::as_list_mut);
    let lambdas =
        lambdas.ok_or_else(|| Error::resource(bucket_id, "Invalid type for LambdaConfigurations. Must be a list."))?;
    for kind in kinds {
        let mut notification = Map::new();
        notification.insert("Function", scene.target.arn());
        notification.insert_some("Filter", event.get("Filter").cloned());
        notification.insert("Event", kind);
        let notification = match scene.target.condition() {
            Some(condition) => conditional(condition.clone(), notification.into()),
            None => notification.into(),
        };
        if !lambdas.contains(&notification) {
            lambdas.push(notification);
        }
    }
    Ok(())
}
