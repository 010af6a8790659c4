//! A launch template's data under a request's own parameters.

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::ec2::RunInstancesRequest;
use kogumo_store::Read;
use kogumo_wire::{Checks, Fault, Structure, from_model_json, model_json};
use serde_json::Value;

use super::ops::find;
use super::record::{LaunchTemplate, Version};
use crate::faults::invalid_combination;

/// The version of a template.
///
/// # Errors
/// `InvalidLaunchTemplateId.VersionNotFound`.
pub(super) fn version_of<'t>(template: &'t LaunchTemplate, wanted: &str) -> Result<&'t Version, Fault> {
    template.version(wanted).ok_or_else(|| {
        let message =
            format!("Could not find the specified version {wanted} for the launch template with ID {}.", template.id);
        Fault::coded("InvalidLaunchTemplateId.VersionNotFound", 400, message)
    })
}

/// Reads data out of the JSON that is kept.
///
/// # Errors
/// The model has changed since it was kept.
pub(super) fn read_into(data: &Value, into: &mut dyn Structure) -> Result<(), Fault> {
    let mut checks = Checks::default();
    from_model_json(data, into, &mut checks).map_err(|rejection| Fault::validation(rejection.0))
}

/// The request with what its launch template says where it says nothing itself.
///
/// # Errors
/// A template or version that is not there.
pub fn merge(r: &Reader, input: RunInstancesRequest) -> Result<RunInstancesRequest, Fault> {
    let Some(wanted) = &input.launch_template else { return Ok(input) };
    if wanted.launch_template_id.is_some() && wanted.launch_template_name.is_some() {
        let message = "Only one of launchTemplateId and launchTemplateName may be specified";
        return Err(invalid_combination(message));
    }
    let data = data(
        r.store,
        r.scope(),
        wanted.launch_template_id.as_deref(),
        wanted.launch_template_name.as_deref(),
        wanted.version.as_deref(),
    )?;
    let mut whole = data;
    let own = model_json(&input);
    if let (Some(whole), Some(own)) = (whole.as_object_mut(), own.as_object()) {
        // What stands in the template under RunInstances' own name for it.
        if let Some(disk) = whole.remove("RamDiskId") {
            whole.insert("RamdiskId".into(), disk);
        }
        let replaces_network = own.contains_key("SubnetId") || own.contains_key("SecurityGroupIds");
        if replaces_network && own.get("NetworkInterfaces").is_none() {
            under_interface(whole, own);
        }
        for (name, value) in own {
            let tags = name == "TagSpecifications";
            match whole.get_mut(name).and_then(Value::as_array_mut).filter(|_| tags) {
                Some(before) => before.extend(value.as_array().into_iter().flatten().cloned()),
                None => {
                    whole.insert(name.clone(), value.clone());
                }
            }
        }
    }
    let mut merged = RunInstancesRequest::default();
    read_into(&whole, &mut merged)?;
    Ok(merged)
}

/// A subnet of the request goes into the template's first interface.
fn under_interface(whole: &mut serde_json::Map<String, Value>, own: &serde_json::Map<String, Value>) {
    let first = whole.get_mut("NetworkInterfaces").and_then(|list| list.get_mut(0)).and_then(Value::as_object_mut);
    if let (Some(first), Some(subnet)) = (first, own.get("SubnetId")) {
        first.insert("SubnetId".into(), subnet.clone());
    }
}

fn data(
    read: &dyn Read,
    scope: &Scope,
    id: Option<&str>,
    name: Option<&str>,
    version: Option<&str>,
) -> Result<Value, Fault> {
    let template = find(read, scope, id, name)?;
    let version = version_of(&template, version.unwrap_or("$Default"))?;
    serde_json::from_str(&version.data)
        .map_err(|error| kogumo_base::Trouble::from_cause("a launch template cannot be read", error).into())
}
