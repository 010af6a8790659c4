//! Attributes, changed by administrators and by users themselves, and what a user sees of the account.

use std::collections::BTreeMap;

use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::attributes::{self, Writer as By, sent, shown};
use super::{User, alias, find, update, view};
use crate::client;
use crate::code;
use crate::delivery::{self, Delivery};
use crate::faults::{invalid, no_user, not_authorized};
use crate::pool::{self, Pool};
use crate::token::access;
use crate::trigger::{NO_CLIENT, Setting};

/// New addresses that the pool wants proved before they take effect, or after.
struct ToProve {
    attribute: String,
    value: String,
    code: String,
}

pub async fn admin_update_user_attributes(
    cx: Context,
    input: AdminUpdateUserAttributesRequest,
) -> Result<AdminUpdateUserAttributesResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let user = find(&cx.snapshot(), &pool, &input.username)?.ok_or_else(no_user)?;
    let new = sent(Some(input.user_attributes));
    attributes::check(&pool, By::Admin, Some(&user), &new)?;
    let setting = Setting { cx: &cx, pool: &pool, client: NO_CLIENT, metadata: input.client_metadata.as_ref() };
    // An administrator who says that an address is proved needs no code.
    change(setting, &user, &new, |name| new.get(&format!("{name}_verified")).is_none_or(|flag| flag != "true")).await?;
    Ok(AdminUpdateUserAttributesResponse::default())
}

pub async fn update_user_attributes(
    cx: Context,
    input: UpdateUserAttributesRequest,
) -> Result<UpdateUserAttributesResponse, Fault> {
    let bearer = cx.read(|r| access::bearer(r.cloud, r.store, r.now, &input.access_token))?;
    let client = client::get(&cx.snapshot(), &bearer.pool, &bearer.client)?;
    let new = sent(Some(input.user_attributes));
    attributes::check(&bearer.pool, By::Client(&client), Some(&bearer.user), &new)?;
    let setting =
        Setting { cx: &cx, pool: &bearer.pool, client: &bearer.client, metadata: input.client_metadata.as_ref() };
    let details = change(setting, &bearer.user, &new, |_| true).await?;
    Ok(UpdateUserAttributesResponse { code_delivery_details_list: Some(details) })
}

/// Writes attributes and sends codes for addresses that the pool proves.
async fn change(
    setting: Setting<'_>,
    user: &User,
    new: &BTreeMap<String, String>,
    wants_code: impl Fn(&str) -> bool,
) -> Result<Vec<CodeDeliveryDetailsType>, Fault> {
    let pool = setting.pool;
    let first = pool.texts("/UserAttributeUpdateSettings/AttributesRequireVerificationBeforeUpdate");
    let auto = pool.texts("/AutoVerifiedAttributes");
    let mut now_written = new.clone();
    let mut to_prove = Vec::new();
    for name in ["email", "phone_number"] {
        let Some(value) = new.get(name).filter(|value| !value.is_empty() && user.attribute(name) != Some(value)) else {
            continue;
        };
        refuse_taken(setting, user, name, value)?;
        if (auto.contains(&name) || first.contains(&name)) && wants_code(name) {
            to_prove.push(ToProve { attribute: name.into(), value: value.clone(), code: code::new() });
            if first.contains(&name) {
                now_written.remove(name);
            }
        }
    }
    let changed = setting.cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| {
            attributes::apply(user, &now_written);
            for proof in &to_prove {
                let pending = first.contains(&proof.attribute.as_str()).then_some(proof.value.as_str());
                code::put(user, &code::verify(&proof.attribute), &proof.code, Some(&proof.attribute), pending, now);
            }
            user.modified = now;
            Ok(user.clone())
        })
    })?;
    let mut details = Vec::new();
    for proof in &to_prove {
        let message = Delivery {
            occasion: "UpdateUserAttribute",
            attribute: &proof.attribute,
            to: Some(&proof.value),
            code: &proof.code,
        };
        details.push(delivery::send(setting, &changed, message).await?);
    }
    Ok(details)
}

/// An address by which somebody else signs in cannot be had.
fn refuse_taken(setting: Setting<'_>, user: &User, name: &str, value: &str) -> Result<(), Fault> {
    let owner = alias::owner(&setting.cx.snapshot(), setting.pool, name, value)?;
    match owner.filter(|owner| *owner != user.name) {
        Some(_) => Err(ALIAS_EXISTS_EXCEPTION.because(format!("An account with the {name} already exists."))),
        None => Ok(()),
    }
}

pub fn admin_delete_user_attributes(
    w: &mut Writer,
    input: AdminDeleteUserAttributesRequest,
) -> Result<AdminDeleteUserAttributesResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    remove(w, &pool, &user.name, &input.user_attribute_names)?;
    Ok(AdminDeleteUserAttributesResponse::default())
}

pub fn delete_user_attributes(
    w: &mut Writer,
    input: DeleteUserAttributesRequest,
) -> Result<DeleteUserAttributesResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    let client = client::get(w.store(), &bearer.pool, &bearer.client)?;
    if input.user_attribute_names.iter().any(|name| !client.may_write(name)) {
        return Err(not_authorized("A client attempted to write unauthorized attribute"));
    }
    remove(w, &bearer.pool, &bearer.user.name, &input.user_attribute_names)?;
    Ok(DeleteUserAttributesResponse::default())
}

fn remove(w: &mut Writer, pool: &Pool, user: &str, names: &[String]) -> Result<(), Fault> {
    for name in names {
        let attribute = pool.attribute(name);
        let attribute =
            attribute.ok_or_else(|| invalid(format!("user.{name}: Attribute does not exist in the schema.\n")))?;
        if attribute.required {
            return Err(invalid(format!("user.{name}: Cannot delete a required attribute.")));
        }
    }
    let now = w.now;
    update(w.tx, pool, user, |user| {
        for name in names {
            user.attributes.remove(name);
            user.attributes.remove(&format!("{name}_verified"));
        }
        user.modified = now;
        Ok(())
    })
}

pub fn get_user(r: &Reader, input: GetUserRequest) -> Result<GetUserResponse, Fault> {
    let bearer = access::bearer(r.cloud, r.store, r.now, &input.access_token)?;
    let client = client::get(r.store, &bearer.pool, &bearer.client)?;
    let mut seen = bearer.user.all_attributes();
    seen.retain(|name, _| name == "identities" || client.may_read(name));
    Ok(GetUserResponse {
        username: bearer.user.name.clone(),
        user_attributes: shown(&seen),
        mfa_options: view::mfa_options(&bearer.user),
        preferred_mfa_setting: bearer.user.mfa.preferred.clone(),
        user_mfa_setting_list: view::mfa_list(&bearer.user),
    })
}

pub fn delete_user(w: &mut Writer, input: DeleteUserRequest) -> Result<Unit, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    super::delete(w.tx, &bearer.pool, &bearer.user)?;
    Ok(Unit)
}
