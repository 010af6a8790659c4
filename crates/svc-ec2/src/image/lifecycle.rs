//! The end of images: deprecated, disabled, protected from being deregistered. Source: Amazon EC2 User Guide, "Deprecate
//! an Amazon EC2 AMI", "Disable an Amazon EC2 AMI", "Protect an Amazon EC2 AMI from deregistration".

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::find::own;
use super::record::Image;
use crate::faults::invalid_value;
use crate::resource::put;

/// What has been said of an image's end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// From then on others find it only if they ask for such images.
    pub deprecated_at: Option<Timestamp>,
    /// Nobody starts instances of it.
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub protection: Protection,
}

/// Whether it may be deregistered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protection {
    #[default]
    None,
    On {
        /// For a day after the protection is taken off it still holds.
        cooldown: bool,
    },
    Until(Timestamp),
}

const COOLDOWN_SECONDS: i64 = 24 * 3600;
/// A public image goes out of date after two years at the latest, and so may any other's date not lie further than ten.
const FURTHEST_SECONDS: i64 = 10 * 365 * 24 * 3600;

impl Lifecycle {
    pub fn is_deprecated(&self, now: Timestamp) -> bool {
        self.deprecated_at.is_some_and(|at| at <= now)
    }

    /// Whether the image may not be deregistered now.
    pub fn is_protected(&self, now: Timestamp) -> bool {
        match self.protection {
            Protection::None => false,
            Protection::On { .. } => true,
            Protection::Until(end) => now < end,
        }
    }

    /// As DescribeImages tells it.
    pub fn protection_words(&self) -> String {
        match self.protection {
            Protection::None => "disabled".into(),
            Protection::On { cooldown: false } => "enabled-without-cooldown".into(),
            Protection::On { cooldown: true } => "enabled-with-cooldown".into(),
            Protection::Until(end) => format!("disabled-cooldown-until:{}", end.iso()),
        }
    }
}

fn change(w: &mut Writer, id: &str, change: impl FnOnce(&mut Lifecycle)) -> Result<Image, Fault> {
    let mut image = own(w.store(), w.scope(), id)?;
    change(&mut image.lifecycle);
    put(w, &image)?;
    Ok(image)
}

pub fn enable_image_deprecation(
    w: &mut Writer,
    input: EnableImageDeprecationRequest,
) -> Result<EnableImageDeprecationResult, Fault> {
    let at = input.deprecate_at;
    if at <= w.now || at > w.now.plus_seconds(FURTHEST_SECONDS) {
        return Err(invalid_value(format!(
            "Value ({}) for parameter DeprecateAt is invalid. The date must be in the future and not more than 10 years from now.",
            at.iso()
        )));
    }
    // To the minute, as AWS rounds it.
    let minute = Timestamp(at.0 - at.0.rem_euclid(60_000));
    change(w, &input.image_id, |lifecycle| lifecycle.deprecated_at = Some(minute))?;
    Ok(EnableImageDeprecationResult { return_: Some(true) })
}

pub fn disable_image_deprecation(
    w: &mut Writer,
    input: DisableImageDeprecationRequest,
) -> Result<DisableImageDeprecationResult, Fault> {
    change(w, &input.image_id, |lifecycle| lifecycle.deprecated_at = None)?;
    Ok(DisableImageDeprecationResult { return_: Some(true) })
}

/// It is not shared with anybody any more, either.
pub fn disable_image(w: &mut Writer, input: DisableImageRequest) -> Result<DisableImageResult, Fault> {
    let mut image = own(w.store(), w.scope(), &input.image_id)?;
    image.lifecycle.disabled = true;
    image.public = false;
    image.launch_users.clear();
    put(w, &image)?;
    Ok(DisableImageResult { return_: Some(true) })
}

pub fn enable_image(w: &mut Writer, input: EnableImageRequest) -> Result<EnableImageResult, Fault> {
    change(w, &input.image_id, |lifecycle| lifecycle.disabled = false)?;
    Ok(EnableImageResult { return_: Some(true) })
}

pub fn enable_image_deregistration_protection(
    w: &mut Writer,
    input: EnableImageDeregistrationProtectionRequest,
) -> Result<EnableImageDeregistrationProtectionResult, Fault> {
    let cooldown = input.with_cooldown == Some(true);
    let image = change(w, &input.image_id, |lifecycle| lifecycle.protection = Protection::On { cooldown })?;
    Ok(EnableImageDeregistrationProtectionResult { return_: Some(image.lifecycle.protection_words()) })
}

pub fn disable_image_deregistration_protection(
    w: &mut Writer,
    input: DisableImageDeregistrationProtectionRequest,
) -> Result<DisableImageDeregistrationProtectionResult, Fault> {
    let end = w.now.plus_seconds(COOLDOWN_SECONDS);
    let image = change(w, &input.image_id, |lifecycle| {
        lifecycle.protection = match lifecycle.protection {
            Protection::On { cooldown: true } => Protection::Until(end),
            Protection::Until(end) => Protection::Until(end),
            Protection::None | Protection::On { cooldown: false } => Protection::None,
        };
    })?;
    Ok(DisableImageDeregistrationProtectionResult { return_: Some(image.lifecycle.protection_words()) })
}

/// Whoever an image was shared with gives it back.
pub fn cancel_image_launch_permission(
    w: &mut Writer,
    input: CancelImageLaunchPermissionRequest,
) -> Result<CancelImageLaunchPermissionResult, Fault> {
    let account = w.caller.account().to_owned();
    let image = super::find::find(w.store(), w.scope(), &input.image_id)?;
    if !image.launch_users.contains(&account) {
        let message = format!("The image {} is not shared with account {account}.", image.id);
        return Err(Fault::coded("InvalidRequest", 400, message));
    }
    let owner = kogumo_base::Scope::new(&image.owner, w.caller.region());
    let users = image.launch_users.iter().filter(|user| **user != account).cloned().collect();
    let changed = Image { launch_users: users, ..image };
    super::record::IMAGES.put(w.tx, &owner, changed.id.as_str(), &changed)?;
    Ok(CancelImageLaunchPermissionResult { return_: Some(true) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protection_cools_down() {
        let until = Lifecycle { protection: Protection::Until(Timestamp(1000)), ..Lifecycle::default() };
        assert!(until.is_protected(Timestamp(999)) && !until.is_protected(Timestamp(1000)));
        let on = Lifecycle { protection: Protection::On { cooldown: true }, ..Lifecycle::default() };
        assert_eq!(on.protection_words(), "enabled-with-cooldown");
    }
}
