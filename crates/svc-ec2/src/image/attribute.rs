//! Attributes of images: the description, and who may use them.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Unit};

use super::block::check_may_be_public;
use super::find::{find, own};
use super::record::Image;
use crate::encryption;
use crate::faults::{invalid_combination, invalid_value, refuse};
use crate::resource::put;
use crate::snapshot::Snapshot;

pub fn modify_image_attribute(w: &mut Writer, input: ModifyImageAttributeRequest) -> Result<Unit, Fault> {
    refuse(&[
        ("ProductCodes", input.product_codes.is_some()),
        ("OrganizationArns", input.organization_arns.is_some()),
        ("OrganizationalUnitArns", input.organizational_unit_arns.is_some()),
        ("ImdsSupport", input.imds_support.is_some()),
    ])?;
    let mut image = own(w.store(), w.scope(), &input.image_id)?;
    let users = input.user_ids.unwrap_or_default();
    let groups = input.user_groups.unwrap_or_default();
    if let Some(description) = input.description.and_then(|value| value.value) {
        image.description = description;
    } else if input.attribute.as_deref() == Some("description") {
        image.description = input.value.unwrap_or_default();
    } else if let Some(changes) = input.launch_permission {
        let permit = |image: &mut Image, list: Option<Vec<LaunchPermission>>, add: bool| {
            list.into_iter().flatten().try_for_each(|one| permit(image, one.user_id, one.group, add))
        };
        check_shareable(w, &image, changes.add.iter().flatten().map(|one| one.group.is_some()))?;
        permit(&mut image, changes.add, true)?;
        permit(&mut image, changes.remove, false)?;
    } else if !users.is_empty() || !groups.is_empty() {
        let add = match input.operation_type.as_deref() {
            Some("add") => true,
            Some("remove") => false,
            _ => return Err(invalid_value("Value for parameter operationType is invalid: add or remove.")),
        };
        if add {
            check_shareable(w, &image, users.iter().map(|_| false).chain(groups.iter().map(|_| true)))?;
        }
        users.into_iter().try_for_each(|user| permit(&mut image, Some(user), None, add))?;
        groups.into_iter().try_for_each(|group| permit(&mut image, None, Some(group), add))?;
    } else {
        return Err(invalid_combination("No attributes specified."));
    }
    put(w, &image)?;
    Ok(Unit)
}

/// Whether an image's snapshots may be shared: for each of `everybody` with everybody, or with some.
fn check_shareable(w: &Writer, image: &Image, everybody: impl Iterator<Item = bool>) -> Result<(), Fault> {
    let Some(everybody) = everybody.reduce(|one, other| one || other) else { return Ok(()) };
    if everybody {
        check_may_be_public(w.store(), w.scope())?;
    }
    for id in image.devices.iter().filter_map(|device| device.snapshot.as_deref()) {
        let snapshot = crate::resource::find::<Snapshot>(w.store(), w.scope(), id)?;
        encryption::check_shareable(snapshot.and_then(|one| one.encryption).as_ref(), everybody)?;
    }
    Ok(())
}

fn permit(image: &mut Image, user: Option<String>, group: Option<String>, add: bool) -> Result<(), Fault> {
    match (user, group.as_deref()) {
        (Some(user), _) => {
            if user.len() != 12 || !user.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Fault::coded(
                    "InvalidAMIAttributeItemValue",
                    400,
                    format!("Invalid attribute item value \"{user}\" for userId item type."),
                ));
            }
            image.launch_users.retain(|own| *own != user);
            if add {
                image.launch_users.push(user);
            }
        }
        (None, Some("all")) => image.public = add,
        (None, other) => {
            let message =
                format!("Invalid attribute item value \"{}\" for group item type.", other.unwrap_or_default());
            return Err(Fault::coded("InvalidAMIAttributeItemValue", 400, message));
        }
    }
    Ok(())
}

pub fn describe_image_attribute(r: &Reader, input: DescribeImageAttributeRequest) -> Result<ImageAttribute, Fault> {
    let image = find(r.store, r.scope(), &input.image_id)?;
    let mut answer = ImageAttribute { image_id: Some(image.id.clone()), ..ImageAttribute::default() };
    match input.attribute.as_str() {
        "description" => answer.description = Some(AttributeValue { value: Some(image.description) }),
        "launchPermission" => {
            if image.owner != r.scope().account {
                return Err(Fault::coded("AuthFailure", 403, format!("Not authorized for image:{}", image.id)));
            }
            let everybody =
                image.public.then(|| LaunchPermission { group: Some("all".into()), ..LaunchPermission::default() });
            let users = image.launch_users.into_iter();
            let users = users.map(|user| LaunchPermission { user_id: Some(user), ..LaunchPermission::default() });
            answer.launch_permissions = Some(everybody.into_iter().chain(users).collect());
        }
        "productCodes" => answer.product_codes = Some(Vec::new()),
        "sriovNetSupport" => answer.sriov_net_support = Some(AttributeValue { value: Some("simple".into()) }),
        "bootMode" => answer.boot_mode = Some(AttributeValue { value: Some("uefi-preferred".into()) }),
        other => {
            return Err(invalid_value(format!(
                "Value ({other}) for parameter attribute is invalid. The attribute is not set."
            )));
        }
    }
    Ok(answer)
}

/// Nobody but the owner may use it from then on.
pub fn reset_image_attribute(w: &mut Writer, input: ResetImageAttributeRequest) -> Result<Unit, Fault> {
    let mut image = own(w.store(), w.scope(), &input.image_id)?;
    image.public = false;
    image.launch_users.clear();
    put(w, &image)?;
    Ok(Unit)
}
