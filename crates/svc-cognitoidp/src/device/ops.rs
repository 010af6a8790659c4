//! ConfirmDevice and its kin.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::missing;
use crate::faults::{invalid, no_user};
use crate::page::page;
use crate::pool::{self, Pool};
use crate::srp::{Number, Verifier};
use crate::token::access;
use crate::user::{self, Device, User, find};

fn shown(key: &str, device: &Device) -> DeviceType {
    let attribute = |name: &str, value: &str| AttributeType { name: name.into(), value: Some(value.into()) };
    let status = if device.remembered { "remembered" } else { "not_remembered" };
    let mut attributes = vec![
        attribute("device_status", "valid"),
        attribute("dev:device_remembered_status", status),
        attribute("last_ip_used", &device.last_ip),
    ];
    attributes.extend(device.name.as_deref().map(|name| attribute("device_name", name)));
    DeviceType {
        device_key: Some(key.to_owned()),
        device_attributes: Some(attributes),
        device_create_date: Some(device.created),
        device_last_modified_date: Some(device.modified),
        device_last_authenticated_date: Some(device.authenticated),
    }
}

pub fn confirm_device(w: &mut Writer, input: ConfirmDeviceRequest) -> Result<ConfirmDeviceResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    if !bearer.pool.tracks_devices() {
        return Err(
            INVALID_USER_POOL_CONFIGURATION_EXCEPTION.because("Device tracking is not configured for this user pool.")
        );
    }
    if bearer.device.as_deref() != Some(input.device_key.as_str()) {
        return Err(missing());
    }
    if super::confirmed(&bearer.user, Some(&input.device_key)).is_some() {
        return Err(DEVICE_KEY_EXISTS_EXCEPTION.because("Device already exists."));
    }
    let config = input.device_secret_verifier_config.unwrap_or_default();
    let number = |text: Option<String>| {
        let bytes = STANDARD.decode(text?).ok()?;
        Some(Number::new(&bytes)).filter(|number| (1..=385).contains(&number.bytes().len()))
    };
    let verifier = number(config.salt).zip(number(config.password_verifier));
    let (salt, verifier) = verifier.ok_or_else(|| invalid("Invalid device secret verifier configuration."))?;
    let on_prompt = bearer.pool.flag("/DeviceConfiguration/DeviceOnlyRememberedOnUserPrompt");
    let (now, ip) = (w.now, w.caller.source_ip);
    user::update(w.tx, &bearer.pool, &bearer.user.name, |user| {
        let device = Device {
            name: input.device_name,
            verifier: Some(Verifier { salt, verifier }),
            remembered: !on_prompt,
            created: now,
            modified: now,
            authenticated: now,
            last_ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
        };
        user.devices.insert(input.device_key, device);
        Ok(())
    })?;
    Ok(ConfirmDeviceResponse { user_confirmation_necessary: Some(on_prompt) })
}

fn named<'a>(user: &'a User, key: &str) -> Result<&'a Device, Fault> {
    user.devices.get(key).ok_or_else(missing)
}

pub fn get_device(r: &Reader, input: GetDeviceRequest) -> Result<GetDeviceResponse, Fault> {
    let token = input.access_token.unwrap_or_default();
    let bearer = access::bearer(r.cloud, r.store, r.now, &token)?;
    let device = named(&bearer.user, &input.device_key)?;
    Ok(GetDeviceResponse { device: shown(&input.device_key, device) })
}

pub fn admin_get_device(r: &Reader, input: AdminGetDeviceRequest) -> Result<AdminGetDeviceResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    let device = named(&user, &input.device_key)?;
    Ok(AdminGetDeviceResponse { device: shown(&input.device_key, device) })
}

fn listed(
    user: &User,
    token: Option<&str>,
    most: Option<i32>,
) -> Result<(Option<Vec<DeviceType>>, Option<String>), Fault> {
    let all = user.devices.iter().map(|(key, device)| shown(key, device)).collect();
    let (devices, next) = page(all, token, most)?;
    Ok((Some(devices), next))
}

pub fn list_devices(r: &Reader, input: ListDevicesRequest) -> Result<ListDevicesResponse, Fault> {
    let bearer = access::bearer(r.cloud, r.store, r.now, &input.access_token)?;
    let (devices, pagination_token) = listed(&bearer.user, input.pagination_token.as_deref(), input.limit)?;
    Ok(ListDevicesResponse { devices, pagination_token })
}

pub fn admin_list_devices(r: &Reader, input: AdminListDevicesRequest) -> Result<AdminListDevicesResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    let (devices, pagination_token) = listed(&user, input.pagination_token.as_deref(), input.limit)?;
    Ok(AdminListDevicesResponse { devices, pagination_token })
}

fn forget(w: &mut Writer, pool: &Pool, user: &str, key: &str) -> Result<(), Fault> {
    user::update(w.tx, pool, user, |user| user.devices.remove(key).map(drop).ok_or_else(missing))
}

pub fn forget_device(w: &mut Writer, input: ForgetDeviceRequest) -> Result<Unit, Fault> {
    let token = input.access_token.unwrap_or_default();
    let bearer = access::bearer(w.cloud, w.store(), w.now, &token)?;
    forget(w, &bearer.pool, &bearer.user.name, &input.device_key)?;
    Ok(Unit)
}

pub fn admin_forget_device(w: &mut Writer, input: AdminForgetDeviceRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    forget(w, &pool, &user.name, &input.device_key)?;
    Ok(Unit)
}

fn remember(w: &mut Writer, pool: &Pool, user: &str, key: &str, status: Option<&str>) -> Result<(), Fault> {
    let now = w.now;
    user::update(w.tx, pool, user, |user| {
        let device = user.devices.get_mut(key).ok_or_else(missing)?;
        device.remembered = status == Some("remembered");
        device.modified = now;
        Ok(())
    })
}

pub fn update_device_status(
    w: &mut Writer,
    input: UpdateDeviceStatusRequest,
) -> Result<UpdateDeviceStatusResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    let status = input.device_remembered_status.as_deref();
    remember(w, &bearer.pool, &bearer.user.name, &input.device_key, status)?;
    Ok(UpdateDeviceStatusResponse::default())
}

pub fn admin_update_device_status(
    w: &mut Writer,
    input: AdminUpdateDeviceStatusRequest,
) -> Result<AdminUpdateDeviceStatusResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    remember(w, &pool, &user.name, &input.device_key, input.device_remembered_status.as_deref())?;
    Ok(AdminUpdateDeviceStatusResponse::default())
}
