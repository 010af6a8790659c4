//! Versions of launch templates.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, model_json};
use serde_json::Value;

use super::merge::{read_into, version_of};
use super::ops::{author, find};
use super::record::{LaunchTemplate, Version};
use crate::client_token::claim;
use crate::faults::invalid_value;
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{all, put};

pub fn create_launch_template_version(
    w: &mut Writer,
    input: CreateLaunchTemplateVersionRequest,
) -> Result<CreateLaunchTemplateVersionResult, Fault> {
    let mut template =
        find(w.store(), w.scope(), input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let claim = claim(w, "CreateLaunchTemplateVersion", input.client_token.as_deref(), &input)?;
    if let Some(made) = claim.made.as_deref().and_then(|number| template.version(number)) {
        return Ok(CreateLaunchTemplateVersionResult {
            launch_template_version: Some(shown(&template, made)?),
            warning: None,
        });
    }
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
    claim.keep(w, &template.latest.to_string())?;
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

fn data(version: &LaunchTemplateVersion, value: fn(&ResponseLaunchTemplateData) -> Vec<String>) -> Vec<String> {
    version.launch_template_data.iter().flat_map(value).collect()
}

fn metadata(
    version: &LaunchTemplateVersion,
    value: fn(&LaunchTemplateInstanceMetadataOptions) -> &Option<String>,
) -> Vec<String> {
    let data = version.launch_template_data.iter();
    data.flat_map(|data| data.metadata_options.iter()).flat_map(|options| text(value(options))).collect()
}

static FILTERS: Filters<LaunchTemplateVersion> = Filters {
    names: &[
        ("create-time", |one| one.create_time.iter().map(|at| at.iso_millis()).collect()),
        ("ebs-optimized", |one| data(one, |data| data.ebs_optimized.map(|on| on.to_string()).into_iter().collect())),
        ("host-resource-group-arn", |one| {
            data(one, |data| data.placement.iter().flat_map(|own| text(&own.host_resource_group_arn)).collect())
        }),
        ("http-endpoint", |one| metadata(one, |options| &options.http_endpoint)),
        // The IPv4 endpoint is the endpoint.
        ("http-protocol-ipv4", |one| metadata(one, |options| &options.http_endpoint)),
        ("http-tokens", |one| metadata(one, |options| &options.http_tokens)),
        ("iam-instance-profile", |one| {
            data(one, |data| data.iam_instance_profile.iter().flat_map(|own| text(&own.arn)).collect())
        }),
        ("image-id", |one| data(one, |data| text(&data.image_id))),
        ("instance-type", |one| data(one, |data| text(&data.instance_type))),
        ("is-default-version", |one| flag(one.default_version)),
        ("kernel-id", |one| data(one, |data| text(&data.kernel_id))),
        ("license-configuration-arn", |one| {
            data(one, |data| each(&data.license_specifications, |own| text(&own.license_configuration_arn)))
        }),
        ("network-card-index", |one| {
            data(one, |data| each(&data.network_interfaces, |own| number(own.network_card_index)))
        }),
        ("ram-disk-id", |one| data(one, |data| text(&data.ram_disk_id))),
    ],
    tags: None,
};

pub fn describe_launch_template_versions(
    r: &Reader,
    input: DescribeLaunchTemplateVersionsRequest,
) -> Result<DescribeLaunchTemplateVersionsResult, Fault> {
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
    let mut page = cut(FILTERS.select(versions, input.filters)?, wanted, |one| {
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
