//! What an account's new instances get where their launch says nothing: CPU credits of a family, metadata options.
//! Source: Amazon EC2 User Guide, "Set the default credit specification", "Configure instance metadata options for new
//! instances" (a launch goes before the account, the account before the image).

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::record::MetadataOptions;
use crate::faults::{invalid_value, refuse};

/// An account's choices in a region, under one key.
static DEFAULTS: Table<LaunchDefaults> = Table::new("ec2/launch-defaults");
const KEY: &str = "default";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LaunchDefaults {
    /// `standard` or `unlimited`, by family.
    credits: BTreeMap<String, String>,
    tokens: Option<String>,
    hop_limit: Option<i32>,
    endpoint: Option<String>,
    tags: Option<String>,
}

impl LaunchDefaults {
    /// # Errors
    /// Trouble with the store.
    pub fn of(read: &dyn Read, scope: &Scope) -> Result<LaunchDefaults, Trouble> {
        Ok(DEFAULTS.get(read, scope, KEY)?.unwrap_or_default())
    }

    /// The credits of a family with CPU credits.
    pub fn credits(&self, family: &str) -> String {
        let own = self.credits.get(family).map(String::as_str);
        own.unwrap_or(if family == "t2" { "standard" } else { "unlimited" }).to_owned()
    }

    /// Over what an image wants.
    pub fn over(&self, image: MetadataOptions) -> MetadataOptions {
        MetadataOptions {
            tokens: self.tokens.clone().unwrap_or(image.tokens),
            hop_limit: self.hop_limit.unwrap_or(image.hop_limit),
            endpoint: self.endpoint.clone().unwrap_or(image.endpoint),
            tags: self.tags.clone().unwrap_or(image.tags),
            ipv6: image.ipv6,
        }
    }
}

fn change(w: &mut Writer, change: impl FnOnce(&mut LaunchDefaults)) -> Result<(), Fault> {
    let mut defaults = LaunchDefaults::of(w.store(), w.scope())?;
    change(&mut defaults);
    Ok(DEFAULTS.put(w.tx, &w.caller.scope, KEY, &defaults)?)
}

fn shown(family: String, credits: String) -> Option<InstanceFamilyCreditSpecification> {
    Some(InstanceFamilyCreditSpecification { instance_family: Some(family), cpu_credits: Some(credits) })
}

pub fn get_default_credit_specification(
    r: &Reader,
    input: GetDefaultCreditSpecificationRequest,
) -> Result<GetDefaultCreditSpecificationResult, Fault> {
    let credits = LaunchDefaults::of(r.store, r.scope())?.credits(&input.instance_family);
    Ok(GetDefaultCreditSpecificationResult {
        instance_family_credit_specification: shown(input.instance_family, credits),
    })
}

pub fn modify_default_credit_specification(
    w: &mut Writer,
    input: ModifyDefaultCreditSpecificationRequest,
) -> Result<ModifyDefaultCreditSpecificationResult, Fault> {
    let (family, credits) = (input.instance_family, input.cpu_credits);
    if !matches!(credits.as_str(), "standard" | "unlimited") {
        return Err(invalid_value(format!("Invalid value '{credits}' for CpuCredits.")));
    }
    change(w, |defaults| drop(defaults.credits.insert(family.clone(), credits.clone())))?;
    Ok(ModifyDefaultCreditSpecificationResult { instance_family_credit_specification: shown(family, credits) })
}

pub fn get_instance_metadata_defaults(
    r: &Reader,
    _: GetInstanceMetadataDefaultsRequest,
) -> Result<GetInstanceMetadataDefaultsResult, Fault> {
    let defaults = LaunchDefaults::of(r.store, r.scope())?;
    Ok(GetInstanceMetadataDefaultsResult {
        account_level: Some(InstanceMetadataDefaultsResponse {
            http_tokens: defaults.tokens,
            http_put_response_hop_limit: defaults.hop_limit,
            http_endpoint: defaults.endpoint,
            instance_metadata_tags: defaults.tags,
            managed_by: Some("account".into()),
            ..InstanceMetadataDefaultsResponse::default()
        }),
    })
}

/// `no-preference`, and -1 hops, take a choice back.
pub fn modify_instance_metadata_defaults(
    w: &mut Writer,
    input: ModifyInstanceMetadataDefaultsRequest,
) -> Result<ModifyInstanceMetadataDefaultsResult, Fault> {
    refuse(&[("HttpTokensEnforced=enabled", input.http_tokens_enforced.as_deref() == Some("enabled"))])?;
    if let Some(hops) = input.http_put_response_hop_limit.filter(|hops| *hops != -1 && !(1..=64).contains(hops)) {
        let message =
            format!("Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and 64.");
        return Err(invalid_value(message));
    }
    let choose = |own: &mut Option<String>, wanted: Option<String>| {
        if let Some(wanted) = wanted {
            *own = Some(wanted).filter(|wanted| wanted != "no-preference");
        }
    };
    change(w, |defaults| {
        choose(&mut defaults.tokens, input.http_tokens);
        choose(&mut defaults.endpoint, input.http_endpoint);
        choose(&mut defaults.tags, input.instance_metadata_tags);
        if let Some(hops) = input.http_put_response_hop_limit {
            defaults.hop_limit = Some(hops).filter(|hops| *hops != -1);
        }
    })?;
    Ok(ModifyInstanceMetadataDefaultsResult { return_: Some(true) })
}
