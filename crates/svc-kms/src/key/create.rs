//! CreateKey.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Context, Writer};
use kogumo_model::kms::{CreateKeyRequest, CreateKeyResponse};
use kogumo_wire::Fault;

use super::describe::metadata;
use super::multi_region::{self, Regions};
use super::rotation::Rotation;
use super::{KEYS, Key, MATERIALS, Manager, Material, Origin};
use crate::spec::{Spec, Usage};
use crate::{policy, secret, tags};

/// What a request asks for, understood.
struct Wanted {
    spec: Spec,
    usage: Usage,
    origin: Origin,
    tags: BTreeMap<String, String>,
}

pub async fn create_key(cx: Context, input: CreateKeyRequest) -> Result<CreateKeyResponse, Fault> {
    let wanted = understand(&input)?;
    let bypass = input.bypass_policy_lockout_safety_check.unwrap_or_default();
    let policy = match input.policy {
        Some(text) => policy::check(&cx.cloud.store.read(), &cx.cloud, &cx.caller, text, bypass)?,
        None => policy::of_customers(cx.caller.account()),
    };
    // Making a pair takes a while; the transaction does not wait for it.
    let secret = match wanted.origin {
        Origin::Kms => Some(secret::make(wanted.spec).await?),
        Origin::External => None,
    };
    let now = cx.now();
    let is_multi_region = input.multi_region == Some(true);
    let key = Key {
        id: if is_multi_region { multi_region::new_id() } else { kogumo_base::uuid() },
        created: now,
        description: input.description.unwrap_or_default(),
        spec: wanted.spec,
        usage: wanted.usage,
        origin: wanted.origin,
        manager: Manager::Customer,
        enabled: true,
        policy,
        tags: wanted.tags,
        materials: secret.iter().map(|_| Material::new(now)).collect(),
        deletion: None,
        rotation: None,
        regions: is_multi_region.then(|| Regions::only(cx.caller.region())),
        waiting_days: None,
    };
    cx.write(|w: &mut Writer| -> Result<(), Fault> {
        let scope = w.scope().clone();
        if let (Some(secret), Some(material)) = (&secret, key.current()) {
            MATERIALS.put(w.tx, &scope, &key.id, &material.id, secret);
        }
        Ok(KEYS.put(w.tx, &scope, key.id.as_str(), &key)?)
    })?;
    Ok(CreateKeyResponse { key_metadata: Some(metadata(cx.scope(), &key)) })
}

fn understand(input: &CreateKeyRequest) -> Result<Wanted, Fault> {
    if input.custom_key_store_id.is_some() || input.xks_key_id.is_some() {
        return Err(Fault::not_implemented("A custom key store of KMS"));
    }
    let origin = match input.origin.as_deref() {
        None | Some("AWS_KMS") => Origin::Kms,
        Some("EXTERNAL") => Origin::External,
        Some(other) => return Err(Fault::not_implemented(&format!("A KMS key of origin {other}"))),
    };
    let names = (input.key_spec.as_deref(), input.customer_master_key_spec.as_deref());
    let name = match names {
        (Some(new), Some(old)) if new != old => {
            return Err(Fault::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
                 deprecated.",
            ));
        }
        (new, old) => new.or(old).unwrap_or("SYMMETRIC_DEFAULT"),
    };
    let spec = Spec::named(name).ok_or_else(|| Fault::not_implemented(&format!("A KMS key of spec {name}")))?;
    let usage = usage(spec, input.key_usage.as_deref())?;
    if origin == Origin::External && spec.is_rsa() {
        return Err(Fault::not_implemented("An RSA KMS key of imported material"));
    }
    let mut given = BTreeMap::new();
    tags::add(&mut given, input.tags.as_deref().unwrap_or_default())?;
    Ok(Wanted { spec, usage, origin, tags: given })
}

/// The usage that is asked for; only symmetric keys have one by themselves.
fn usage(spec: Spec, name: Option<&str>) -> Result<Usage, Fault> {
    let Some(name) = name else {
        return match spec {
            Spec::Symmetric => Ok(Usage::EncryptDecrypt),
            _ => Err(Fault::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            )),
        };
    };
    Usage::named(name).filter(|usage| spec.usages().contains(usage)).ok_or_else(|| {
        let name_of = spec.name();
        Fault::validation(format!("KeyUsage {name} is not compatible with KeySpec {name_of}"))
    })
}

/// A key of AWS's own for a service of the account.
pub fn managed_key(scope: &Scope, id: String, service: &str, now: Timestamp) -> Key {
    Key {
        id,
        created: now,
        description: crate::managed::description(service),
        spec: Spec::Symmetric,
        usage: Usage::EncryptDecrypt,
        origin: Origin::Kms,
        manager: Manager::Aws(service.to_owned()),
        enabled: true,
        policy: policy::of_managed(scope, service),
        tags: BTreeMap::new(),
        materials: vec![Material::new(now)],
        deletion: None,
        rotation: Some(Rotation::yearly(now)),
        regions: None,
        waiting_days: None,
    }
}
