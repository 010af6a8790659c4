//! Attaching volumes to instances and taking them off again. The reconciler brings the devices.

use kogumo_door::{Context, Writer};
use kogumo_model::ec2::{AttachVolumeRequest, DetachVolumeRequest, VolumeAttachment};
use kogumo_wire::Fault;

use super::ops::{of_instance, shown_attachment};
use super::record::{Attachment, Volume};
use crate::encryption::{self, Grant, Refusal};
use crate::faults::{invalid_value, missing_parameter};
use crate::instance::{Instance, Machines, State};
use crate::instance_type::{self, InstanceType};
use crate::network_interface;
use crate::resource::{get, put};

/// Whether it is a device name that an instance may have. Source: Amazon EBS User Guide, "Device names for volumes".
pub fn is_device(name: &str) -> bool {
    let letters = ["/dev/sd", "/dev/xvd"].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    let letters = letters.or_else(|| ["sd", "xvd"].into_iter().find_map(|prefix| name.strip_prefix(prefix)));
    letters.is_some_and(|rest| {
        let (first, number) = rest.split_at_checked(1).unwrap_or(("", ""));
        first.chars().all(|letter| letter.is_ascii_lowercase())
            && !first.is_empty()
            && (number.is_empty()
                || number.chars().all(|digit| digit.is_ascii_digit()) && number.len() <= 2
                || number.len() == 1 && number.chars().all(|letter| letter.is_ascii_lowercase()))
    })
}

/// The device's name in the machine's `/dev`.
pub fn file_name(device: &str) -> &str {
    device.strip_prefix("/dev/").unwrap_or(device)
}

/// EC2 is lent the data key of an encrypted volume by whoever attaches it.
pub async fn attach_volume(context: Context, input: AttachVolumeRequest) -> Result<VolumeAttachment, Fault> {
    let volume = context.read(|r| get::<Volume>(r.store, r.scope(), &input.volume_id))?;
    let encryption = volume.encryption.as_ref().filter(|_| volume.attachment.is_none());
    if encryption.is_some() {
        encryption::is_possible(&context.cloud)?;
    }
    let lent = encryption::lend_all(&context, &[encryption], &volume.id).await;
    let grants = lent.map_err(|fault| Refusal::of(&fault).fault())?;
    let done = context.write(|w| attach(w, &input, &grants));
    if done.is_err() {
        encryption::retire(&context.cloud, context.caller.account(), &volume.id, &grants).await;
    }
    done
}

/// Instances that may have a volume at once. Source: Amazon EBS User Guide, "Attach an EBS volume to multiple EC2
/// instances using Multi-Attach".
const MOST_AT_ONCE: usize = 16;

/// Whether a volume may be attached to one more instance.
fn check_free(volume: &Volume, instance: &Instance) -> Result<(), Fault> {
    let Some(attachment) = &volume.attachment else { return Ok(()) };
    if !volume.multi_attach || volume.is_on(&instance.id) {
        let holder = if volume.multi_attach { &instance.id } else { &attachment.instance };
        let message = format!("{} is already attached to an instance: {holder}", volume.id);
        return Err(Fault::coded("VolumeInUse", 400, message));
    }
    if volume.attachments().count() >= MOST_AT_ONCE {
        let message = format!("{} is attached to {MOST_AT_ONCE} instances already.", volume.id);
        return Err(Fault::coded("AttachmentLimitExceeded", 400, message));
    }
    if instance_type::find(&instance.kind).is_some_and(|kind| kind.hypervisor != "nitro") {
        let message = format!("Multi-Attach is not supported for the instance type {}.", instance.kind);
        return Err(Fault::coded("UnsupportedOperation", 400, message));
    }
    Ok(())
}

/// Whether the instance's type takes one more.
fn check_room(w: &Writer, instance: &Instance) -> Result<(), Fault> {
    let Some(limit) = instance_type::find(&instance.kind).map(InstanceType::attachments) else { return Ok(()) };
    let interfaces = network_interface::of_instance(w.store(), w.scope(), &instance.id)?.len();
    let held = of_instance(w, &instance.id)?.len() + if limit.shared { interfaces } else { 0 };
    if i32::try_from(held).is_ok_and(|held| held < limit.most) {
        return Ok(());
    }
    let message = format!("Instance '{}' has as many attachments as its type takes: {}.", instance.id, limit.most);
    Err(Fault::coded("AttachmentLimitExceeded", 400, message))
}

fn attach(w: &mut Writer, input: &AttachVolumeRequest, grants: &[Grant]) -> Result<VolumeAttachment, Fault> {
    let mut volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    let instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    check_free(&volume, &instance)?;
    if !matches!(instance.state, State::Pending | State::Running | State::Stopping | State::Stopped) {
        let message = format!("Instance '{}' is not 'running'.", instance.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    if volume.zone != instance.zone {
        let message =
            format!("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id);
        return Err(Fault::coded("InvalidVolume.ZoneMismatch", 400, message));
    }
    if !is_device(&input.device) {
        let message = format!(
            "Value ({}) for parameter device is invalid. {} is not a valid EBS device name.",
            input.device, input.device
        );
        return Err(invalid_value(message));
    }
    let same =
        |one: &Volume| one.attachment.as_ref().is_some_and(|held| file_name(&held.device) == file_name(&input.device));
    if of_instance(w, &instance.id)?.iter().any(same) {
        let message = format!(
            "Invalid value '{}' for unixDevice. Attachment point {} is already in use",
            input.device, input.device
        );
        return Err(invalid_value(message));
    }
    check_room(w, &instance)?;
    if let Some(lack) = w.cloud.part::<Machines>()?.host(w.cloud).lacks_devices() {
        return Err(Fault::coded("UnsupportedOperation", 400, format!("The volume cannot be attached: {}.", lack.why)));
    }
    let attachment = Attachment {
        instance: instance.id,
        device: input.device.clone(),
        since: w.now,
        delete_on_termination: false,
        state: "attaching".into(),
        forced: false,
    };
    let answer = shown_attachment(&volume.id, &attachment);
    volume.others.extend(volume.attachment.replace(attachment));
    volume.grants.extend_from_slice(grants);
    put(w, &volume)?;
    Ok(answer)
}

pub fn detach_volume(w: &mut Writer, input: DetachVolumeRequest) -> Result<VolumeAttachment, Fault> {
    let mut volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    let id = volume.id.clone();
    match &input.instance_id {
        Some(instance) => volume = volume.seen_from(instance),
        None if volume.others.is_empty() => {}
        None => return Err(missing_parameter("instanceId")),
    }
    let Some(attachment) = &mut volume.attachment else {
        return Err(Fault::coded("IncorrectState", 400, format!("Volume '{id}' is in the 'available' state.")));
    };
    let other_instance = input.instance_id.as_ref().is_some_and(|wanted| *wanted != attachment.instance);
    let other_device = input.device.as_ref().is_some_and(|wanted| *wanted != attachment.device);
    if other_instance || other_device {
        let message = format!(
            "The volume '{id}' is not attached to instance '{}' as device '{}'.",
            input.instance_id.unwrap_or_default(),
            input.device.unwrap_or_default()
        );
        return Err(Fault::coded("InvalidAttachment.NotFound", 400, message));
    }
    let instance: Instance = get(w.store(), w.scope(), &attachment.instance)?;
    if attachment.device == instance.root_device && instance.state != State::Stopped {
        let message = format!("Unable to detach root volume '{id}' from instance '{}'", instance.id);
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    if !attachment.is_leaving() {
        attachment.state = "detaching".into();
    }
    attachment.forced |= input.force == Some(true);
    let answer = shown_attachment(&id, attachment);
    put(w, &volume)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names() {
        for good in ["/dev/sdf", "/dev/xvdf", "/dev/sda1", "/dev/xvdba", "xvdh"] {
            assert!(is_device(good), "{good}");
        }
        for bad in ["", "/dev/", "/dev/sd", "/dev/vda", "/dev/../etc", "/dev/sdF", "/dev/sdf/x", "/dev/nvme1n1"] {
            assert!(!is_device(bad), "{bad}");
        }
    }
}
