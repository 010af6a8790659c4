//! Versions of launch templates.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, model_json};
use serde_json::Value;

use super::merge::{read_into, version_of};
use super::ops::{author, find};
use super::record::{LaunchTemplate, Version};
use crate::faults::invalid_value;
use crate::page::{Wanted, cut};
use crate::resource::{all, put};

pub fn create_launch_template_version(
    w: &mut Writer,
    input: CreateLaunchTemplateVersionRequest,
) -> Result<CreateLaunchTemplateVersionResult, Fault> {
    let mut template =
        find(w.store(), w.scope(), input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let mut data = match &input.source_version {
        Some(source) => serde_json::from_str(&version_of(&template, source)?.data).unwrap_or(Value::Null),
        None => Value::Object(serde_json::Map::new()),
    };
    if let (Some(whole), Some(new)) = (data.as_object_mut(), model_json(&input.launch_template_data).as_object()) {
        whole.extend(new.clone());
    }
    template.latest += 1;
    let version = Version {
        number: template.latest,
        description: input.version_description,
        created: w.now,
        created_by: author(w),
        data: data.to_string(),
    };
    let answer = shown(&template, &version)?;
    template.versions.push(version);
    put(w, &template)?;
    Ok(CreateLaunchTemplateVersionResult { launch_template_version: Some(answer), warning: None })
}

fn shown(template: &LaunchTemplate, version: &Version) -> Result<LaunchTemplateVersion, Fault> {
    let mut data = ResponseLaunchTemplateData::default();
    read_into(&serde_json::from_str(&version.data).unwrap_or(Value::Null), &mut data)?;
    Ok(LaunchTemplateVersion {
        create_time: Some(version.created),
        created_by: Some(version.created_by.clone()),
        default_version: Some(version.number == template.default_version),
        launch_template_data: Some(data),
        launch_template_id: Some(template.id.clone()),
        launch_template_name: Some(template.name.clone()),
        version_description: version.description.clone(),
        version_number: Some(version.number),
        operator: None,
    })
}

pub fn describe_launch_template_versions(
    r: &Reader,
    input: DescribeLaunchTemplateVersionsRequest,
) -> Result<DescribeLaunchTemplateVersionsResult, Fault> {
    if let Some(filter) = input.filters.iter().flatten().next() {
        let name = filter.name.as_deref().unwrap_or_default();
        return Err(invalid_value(format!("The filter '{name}' is invalid")));
    }
    let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
    let wanted = input.versions.unwrap_or_default();
    let templates = match (id, name) {
        // Of every template, where only `$Default` or `$Latest` is asked for.
        (None, None) => all::<LaunchTemplate>(r.store, r.scope())?,
        _ => vec![find(r.store, r.scope(), id, name)?],
    };
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<i64>().ok());
    let (least, most) = (number(&input.min_version).unwrap_or(0), number(&input.max_version).unwrap_or(i64::MAX));
    let mut versions = Vec::new();
    for template in &templates {
        if wanted.is_empty() {
            for version in template.versions.iter().filter(|one| (least..=most).contains(&one.number)) {
                versions.push(shown(template, version)?);
            }
        }
        for one in &wanted {
            versions.push(shown(template, version_of(template, one)?)?);
        }
    }
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let mut page = cut(versions, wanted, |one| {
        // The latest comes first.
        let from_last = i64::MAX - one.version_number.unwrap_or_default();
        format!("{} {from_last:020}", one.launch_template_id.as_deref().unwrap_or_default())
    })?;
    page.items.dedup_by_key(|one| (one.launch_template_id.clone(), one.version_number));
    Ok(DescribeLaunchTemplateVersionsResult { launch_template_versions: Some(page.items), next_token: page.next_token })
}

pub fn delete_launch_template_versions(
    w: &mut Writer,
    input: DeleteLaunchTemplateVersionsRequest,
) -> Result<DeleteLaunchTemplateVersionsResult, Fault> {
    let mut template =
        find(w.store(), w.scope(), input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for wanted in &input.versions {
        let number = wanted.parse::<i64>().ok();
        let refused = match number {
            Some(number) if number == template.default_version => {
                Some(("operationNotPermitted", "Cannot delete default version"))
            }
            Some(number) if template.versions.iter().any(|one| one.number == number) => None,
            Some(_) => Some(("launchTemplateVersionDoesNotExist", "Launch template version does not exist")),
            None => return Err(invalid_value(format!("'{wanted}' is not a version number."))),
        };
        match refused {
            None => {
                template.versions.retain(|one| Some(one.number) != number);
                gone.push(DeleteLaunchTemplateVersionsResponseSuccessItem {
                    launch_template_id: Some(template.id.clone()),
                    launch_template_name: Some(template.name.clone()),
                    version_number: number,
                });
            }
            Some((code, message)) => kept.push(DeleteLaunchTemplateVersionsResponseErrorItem {
                launch_template_id: Some(template.id.clone()),
                launch_template_name: Some(template.name.clone()),
                version_number: number,
                response_error: Some(ResponseError { code: Some(code.into()), message: Some(message.into()) }),
            }),
        }
    }
    put(w, &template)?;
    Ok(DeleteLaunchTemplateVersionsResult {
        successfully_deleted_launch_template_versions: Some(gone),
        unsuccessfully_deleted_launch_template_versions: Some(kept),
    })
}
