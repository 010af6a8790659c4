//! What is said of the images of instances, and what clients say of instances' health.

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Unit};

use super::record::{Instance, State};
use crate::filter::{Filters, text};
use crate::image::allowed::Allowed;
use crate::image::{Image, usable};
use crate::page::{Wanted, cut};
use crate::region;
use crate::resource::{chosen, get};
use crate::tag::Tags;

static FILTERS: Filters<InstanceImageMetadata> = Filters {
    names: &[
        ("availability-zone", |one| text(&one.availability_zone)),
        ("image-allowed", |one| {
            let image = one.image_metadata.iter();
            image.filter_map(|image| Some(image.image_allowed?.to_string())).collect()
        }),
        ("instance-id", |one| text(&one.instance_id)),
        ("instance-state-name", |one| one.state.iter().flat_map(|state| text(&state.name)).collect()),
        ("instance-type", |one| text(&one.instance_type)),
        ("launch-time", |one| one.launch_time.iter().map(|at| at.iso_millis()).collect()),
        ("owner-alias", |one| one.image_metadata.iter().flat_map(|image| text(&image.image_owner_alias)).collect()),
        ("owner-id", |one| text(&one.owner_id)),
        ("zone-id", |one| text(&one.zone_id)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

fn of_image(r: &Reader, id: String, images: &[Image], allowed: &Allowed) -> ImageMetadata {
    let Some(image) = images.iter().find(|image| image.id == id) else {
        return ImageMetadata { image_id: Some(id), state: Some("deregistered".into()), ..ImageMetadata::default() };
    };
    ImageMetadata {
        image_id: Some(id),
        name: Some(image.name.clone()),
        owner_id: Some(image.owner.clone()),
        state: Some(if image.lifecycle.disabled { "disabled".into() } else { "available".into() }),
        image_owner_alias: image.owner_alias.clone(),
        creation_date: Some(image.created.iso_millis()),
        deprecation_time: image.lifecycle.deprecated_at.map(|at| at.iso_millis()),
        image_allowed: allowed.verdict(&r.scope().account, image, r.now),
        is_public: Some(image.public),
        ..ImageMetadata::default()
    }
}

pub fn describe_instance_image_metadata(
    r: &Reader,
    input: DescribeInstanceImageMetadataRequest,
) -> Result<DescribeInstanceImageMetadataResult, Fault> {
    let instances = chosen::<Instance>(r.store, r.scope(), input.instance_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let images = usable(r.store, r.scope())?;
    let allowed = Allowed::of(r.store, r.scope())?;
    let zones = region::zones(r.caller.region());
    let Scope { account, .. } = r.scope();
    let shown = instances.into_iter().map(|instance| {
        let (code, name) = instance.state.words();
        InstanceImageMetadata {
            tags: tags.shown_if_any(&instance.id),
            instance_id: Some(instance.id),
            instance_type: Some(instance.kind),
            launch_time: Some(instance.launched),
            zone_id: zones.iter().find(|zone| zone.name == instance.zone).map(|zone| zone.id.clone()),
            availability_zone: Some(instance.zone),
            state: Some(InstanceState { code: Some(code), name: Some(name.into()) }),
            owner_id: Some(account.clone()),
            image_metadata: Some(of_image(r, instance.image, &images, &allowed)),
            operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
        }
    });
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.instance_ids.as_ref().map(|_| "instanceIds"),
    };
    let page = cut(FILTERS.select(shown.collect(), input.filters)?, wanted, |one| {
        one.instance_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeInstanceImageMetadataResult { instance_image_metadata: Some(page.items), next_token: page.next_token })
}

/// AWS gathers these reports, and what it says of the instance stays as it is.
pub fn report_instance_status(r: &Reader, input: ReportInstanceStatusRequest) -> Result<Unit, Fault> {
    for id in &input.instances {
        let instance: Instance = get(r.store, r.scope(), id)?;
        if instance.state != State::Running {
            let message = format!("The instance '{id}' is not in the 'running' state.");
            return Err(Fault::coded("IncorrectInstanceState", 400, message));
        }
    }
    Ok(Unit)
}
