//! Allowed AMIs: whose images, and which, an account lets be used. Source: Amazon EC2 User Guide, "Allowed AMIs".

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::record::Image;
use crate::faults::{invalid_value, limit, refuse};
use crate::filter::matches;

/// An account's settings in a region, under one key.
static SETTINGS: Table<Allowed> = Table::new("ec2/allowed-images");
const KEY: &str = "settings";
const MOST_CRITERIA: usize = 10;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;
const DISABLED: &str = "disabled";
const ALIASES: [&str; 4] = ["amazon", "aws-marketplace", "aws-backup-vault", "none"];

/// Images that fit one of the criteria are allowed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Allowed {
    /// `disabled`, `audit-mode` or `enabled`.
    state: String,
    criteria: Vec<Criterion>,
}

/// All that it names must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Criterion {
    /// Accounts, aliases, or `none`.
    providers: Vec<String>,
    /// Patterns.
    names: Vec<String>,
    days_since_deprecated: Option<i32>,
    days_since_created: Option<i32>,
}

fn days(since: Timestamp, now: Timestamp) -> i64 {
    (now.0 - since.0).div_euclid(DAY_MILLIS)
}

impl Criterion {
    fn fits(&self, image: &Image, now: Timestamp) -> bool {
        let by = |provider: &String| *provider == image.owner || image.owner_alias.as_ref() == Some(provider);
        let provided = self.providers.is_empty() || self.providers.iter().any(by);
        let named = self.names.is_empty() || self.names.iter().any(|name| matches(name, &image.name));
        let within = |most: Option<i32>, since: Option<Timestamp>| match (most, since) {
            (Some(most), Some(since)) => days(since, now) <= i64::from(most),
            _ => true,
        };
        let deprecated = image.lifecycle.deprecated_at.filter(|at| *at <= now);
        provided
            && named
            && within(self.days_since_deprecated, deprecated)
            && within(self.days_since_created, Some(image.created))
    }
}

impl Allowed {
    /// # Errors
    /// Trouble with the store.
    pub fn of(read: &dyn Read, scope: &Scope) -> Result<Allowed, Trouble> {
        let kept = SETTINGS.get(read, scope, KEY)?;
        Ok(kept.unwrap_or_else(|| Allowed { state: DISABLED.to_owned(), criteria: Vec::new() }))
    }

    /// As DescribeImages tells it; nothing while the settings are disabled. An account's own images always are.
    pub fn verdict(&self, account: &str, image: &Image, now: Timestamp) -> Option<bool> {
        let fits = || image.owner == account || self.criteria.iter().any(|one| one.fits(image, now));
        (self.state != DISABLED).then(fits)
    }

    /// Whether the image is neither found nor started.
    pub fn hides(&self, account: &str, image: &Image, now: Timestamp) -> bool {
        self.state == "enabled" && self.verdict(account, image, now) == Some(false)
    }
}

fn put(w: &mut Writer, change: impl FnOnce(&mut Allowed)) -> Result<(), Fault> {
    let mut settings = Allowed::of(w.store(), w.scope())?;
    change(&mut settings);
    Ok(SETTINGS.put(w.tx, &w.caller.scope, KEY, &settings)?)
}

pub fn enable_allowed_images_settings(
    w: &mut Writer,
    input: EnableAllowedImagesSettingsRequest,
) -> Result<EnableAllowedImagesSettingsResult, Fault> {
    let state = input.allowed_images_settings_state;
    put(w, |settings| settings.state.clone_from(&state))?;
    Ok(EnableAllowedImagesSettingsResult { allowed_images_settings_state: Some(state) })
}

/// The criteria stay.
pub fn disable_allowed_images_settings(
    w: &mut Writer,
    _: DisableAllowedImagesSettingsRequest,
) -> Result<DisableAllowedImagesSettingsResult, Fault> {
    put(w, |settings| DISABLED.clone_into(&mut settings.state))?;
    Ok(DisableAllowedImagesSettingsResult { allowed_images_settings_state: Some(DISABLED.into()) })
}

fn criterion(wanted: ImageCriterionRequest) -> Result<Criterion, Fault> {
    refuse(&[
        ("MarketplaceProductCodes", wanted.marketplace_product_codes.is_some_and(|codes| !codes.is_empty())),
        ("ImageWatermarks", wanted.image_watermarks.is_some_and(|marks| !marks.is_empty())),
        ("ScanResultCondition", wanted.scan_result_condition.is_some()),
    ])?;
    let providers = wanted.image_providers.unwrap_or_default();
    let is_account = |text: &String| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(odd) = providers.iter().find(|one| !is_account(one) && !ALIASES.contains(&one.as_str())) {
        return Err(invalid_value(format!("Value ({odd}) for parameter ImageProvider is invalid.")));
    }
    Ok(Criterion {
        providers,
        names: wanted.image_names.unwrap_or_default(),
        days_since_deprecated: wanted.deprecation_time_condition.and_then(|one| one.maximum_days_since_deprecated),
        days_since_created: wanted.creation_date_condition.and_then(|one| one.maximum_days_since_created),
    })
}

pub fn replace_image_criteria_in_allowed_images_settings(
    w: &mut Writer,
    input: ReplaceImageCriteriaInAllowedImagesSettingsRequest,
) -> Result<ReplaceImageCriteriaInAllowedImagesSettingsResult, Fault> {
    let wanted = input.image_criteria.unwrap_or_default();
    if wanted.len() > MOST_CRITERIA {
        return Err(limit("ImageCriteriaLimitExceeded", format!("No more than {MOST_CRITERIA} criteria are allowed.")));
    }
    let criteria = wanted.into_iter().map(criterion).collect::<Result<_, _>>()?;
    put(w, |settings| settings.criteria = criteria)?;
    Ok(ReplaceImageCriteriaInAllowedImagesSettingsResult { return_value: Some(true) })
}

fn shown(criterion: Criterion) -> ImageCriterion {
    ImageCriterion {
        image_providers: Some(criterion.providers).filter(|list| !list.is_empty()),
        image_names: Some(criterion.names).filter(|list| !list.is_empty()),
        deprecation_time_condition: criterion
            .days_since_deprecated
            .map(|days| DeprecationTimeCondition { maximum_days_since_deprecated: Some(days) }),
        creation_date_condition: criterion
            .days_since_created
            .map(|days| CreationDateCondition { maximum_days_since_created: Some(days) }),
        ..ImageCriterion::default()
    }
}

pub fn get_allowed_images_settings(
    r: &Reader,
    _: GetAllowedImagesSettingsRequest,
) -> Result<GetAllowedImagesSettingsResult, Fault> {
    let settings = Allowed::of(r.store, r.scope())?;
    Ok(GetAllowedImagesSettingsResult {
        state: Some(settings.state),
        image_criteria: Some(settings.criteria.into_iter().map(shown).collect()),
        managed_by: Some("account".into()),
    })
}
