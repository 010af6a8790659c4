//! The operations of launch templates.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{LaunchTemplate as Shown, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, model_json};

use super::merge::version_of;
use super::record::{LaunchTemplate, Version};
use crate::client_token::claim;
use crate::faults::{invalid_value, missing_parameter};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::tag::{self, Tags};

/// The template of an id or a name.
///
/// # Errors
/// The one that is not there, by AWS's codes.
pub(super) fn find(
    read: &dyn Read,
    scope: &Scope,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<LaunchTemplate, Fault> {
    match (id, name) {
        (Some(id), _) => get(read, scope, id),
        (None, Some(name)) => named(read, scope, name)?.ok_or_else(|| {
            let message = format!("The specified launch template, with template name {name}, does not exist.");
            Fault::coded("InvalidLaunchTemplateName.NotFoundException", 400, message)
        }),
        (None, None) => Err(missing_parameter("LaunchTemplateId or LaunchTemplateName")),
    }
}

fn named(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<LaunchTemplate>, Fault> {
    Ok(all::<LaunchTemplate>(read, scope)?.into_iter().find(|template| template.name == name))
}

/// Who makes a version.
pub(super) fn author(w: &Writer) -> String {
    w.caller.principal.arn()
}

pub fn create_launch_template(
    w: &mut Writer,
    input: CreateLaunchTemplateRequest,
) -> Result<CreateLaunchTemplateResult, Fault> {
    let claim = claim(w, "CreateLaunchTemplate", input.client_token.as_deref(), &input)?;
    if let Some(made) = &claim.made {
        let template: LaunchTemplate = get(w.store(), w.scope(), made)?;
        let tags = Tags::of_one(w.store(), w.scope(), made)?;
        return Ok(CreateLaunchTemplateResult { launch_template: Some(shown(&template, &tags)), warning: None });
    }
    let name = input.launch_template_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()./_-".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(Fault::coded(
            "InvalidLaunchTemplateName.MalformedException",
            400,
            format!("'{name}' is not a valid launch template name: 3 to 128 letters, digits and ( ) . / _ -"),
        ));
    }
    if named(w.store(), w.scope(), &name)?.is_some() {
        return Err(Fault::coded(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            400,
            "Launch template name already in use.",
        ));
    }
    let tags = tag::specified(w, input.tag_specifications, LaunchTemplate::KIND)?;
    let version = Version {
        number: 1,
        description: input.version_description,
        created: w.now,
        created_by: author(w),
        data: model_json(&input.launch_template_data).to_string(),
    };
    let template = LaunchTemplate {
        id: LaunchTemplate::KIND.new_id(),
        name,
        created: w.now,
        created_by: author(w),
        default_version: 1,
        latest: 1,
        versions: vec![version],
    };
    put(w, &template)?;
    tag::mark(w, &template, tags)?;
    claim.keep(w, &template.id)?;
    let tags = Tags::of_one(w.store(), w.scope(), &template.id)?;
    Ok(CreateLaunchTemplateResult { launch_template: Some(shown(&template, &tags)), warning: None })
}

fn shown(template: &LaunchTemplate, tags: &Tags) -> Shown {
    Shown {
        create_time: Some(template.created),
        created_by: Some(template.created_by.clone()),
        default_version_number: Some(template.default_version),
        latest_version_number: template.versions.last().map(|version| version.number),
        launch_template_id: Some(template.id.clone()),
        launch_template_name: Some(template.name.clone()),
        tags: tags.shown_if_any(&template.id),
        operator: None,
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("create-time", |one| one.create_time.iter().map(|at| at.iso_millis()).collect()),
        ("launch-template-name", |one| text(&one.launch_template_name)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

pub fn describe_launch_templates(
    r: &Reader,
    input: DescribeLaunchTemplatesRequest,
) -> Result<DescribeLaunchTemplatesResult, Fault> {
    let names = input.launch_template_names.unwrap_or_default();
    let templates: Vec<LaunchTemplate> = if names.is_empty() {
        chosen(r.store, r.scope(), input.launch_template_ids.as_deref())?
    } else {
        names.iter().map(|name| find(r.store, r.scope(), None, Some(name))).collect::<Result<_, _>>()?
    };
    let tags = Tags::of_all(r.store, r.scope())?;
    let templates = templates.iter().map(|one| shown(one, &tags)).collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(FILTERS.select(templates, input.filters)?, wanted, |one| {
        one.launch_template_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeLaunchTemplatesResult { launch_templates: Some(page.items), next_token: page.next_token })
}

pub fn modify_launch_template(
    w: &mut Writer,
    input: ModifyLaunchTemplateRequest,
) -> Result<ModifyLaunchTemplateResult, Fault> {
    let claim = claim(w, "ModifyLaunchTemplate", input.client_token.as_deref(), &input)?;
    let mut template =
        find(w.store(), w.scope(), input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let wanted = input.default_version.ok_or_else(|| missing_parameter("SetDefaultVersion"))?;
    if wanted.parse::<i64>().is_err() {
        return Err(invalid_value(format!("'{wanted}' is not a version number.")));
    }
    template.default_version = version_of(&template, &wanted)?.number;
    put(w, &template)?;
    claim.keep(w, &template.id)?;
    let tags = Tags::of_one(w.store(), w.scope(), &template.id)?;
    Ok(ModifyLaunchTemplateResult { launch_template: Some(shown(&template, &tags)) })
}

pub fn delete_launch_template(
    w: &mut Writer,
    input: DeleteLaunchTemplateRequest,
) -> Result<DeleteLaunchTemplateResult, Fault> {
    let template =
        find(w.store(), w.scope(), input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let tags = Tags::of_one(w.store(), w.scope(), &template.id)?;
    let answer = shown(&template, &tags);
    delete::<LaunchTemplate>(w, &template.id)?;
    Ok(DeleteLaunchTemplateResult { launch_template: Some(answer) })
}
