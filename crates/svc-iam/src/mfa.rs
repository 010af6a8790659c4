//! Virtual MFA devices: seeds that IAM shares with an authenticator app, and the codes that come of them.

use std::collections::BTreeMap;

use data_encoding::BASE32;
use kogumo_base::{Arn, Clock, Scope, Timestamp, random_bytes};
use kogumo_door::{Principal, Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::entity::{self, Entity, Kind};
use crate::page::page;
use crate::user::{self, named_or_calling};
use crate::{account, qr, quota, tags, totp};

/// By serial number, which is the device's ARN.
static DEVICES: Table<Device> = Table::indexed(
    "iam/mfa-device",
    &[Index { name: "user", key: |device| Some(Key::new().str(&device.user.as_ref()?.to_ascii_lowercase())) }],
);

/// Steps that a device's clock may be off when it is enabled or brought into step.
const WIDE: i64 = 20;

/// Steps that a code may be early or late.
const NARROW: i64 = 1;

/// Codes that were used are remembered for as long as they could be tried again.
const REMEMBERED: usize = 8;

#[derive(Clone, Serialize, Deserialize)]
pub struct Device {
    serial: String,
    seed: Vec<u8>,
    created: Timestamp,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    enabled: Option<Timestamp>,
    /// Steps that the device's clock is ahead.
    #[serde(default)]
    drift: i64,
    /// Steps whose codes were used: a code is good once.
    #[serde(default)]
    used: Vec<i64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl Device {
    /// The step of a code. An app shows the codes of the machine's time, of which the cloud's may be ahead.
    fn step_of(&self, code: &str, now: Timestamp, reach: i64) -> Option<i64> {
        let clocks = [totp::step(now) + self.drift, totp::step(Clock::machine_now())];
        clocks.into_iter().find_map(|near| totp::find(&self.seed, code, near, reach))
    }

    /// Takes two codes that follow each other, and learns how far the device's clock is off.
    fn synchronize(&mut self, first: &str, second: &str, now: Timestamp) -> Result<(), Fault> {
        let invalid = || INVALID_AUTHENTICATION_CODE_EXCEPTION.because("Authentication code for device is not valid.");
        let step = self.step_of(first, now, WIDE).ok_or_else(invalid)?;
        if totp::find(&self.seed, second, step + 1, 0).is_none() {
            return Err(invalid());
        }
        let off = step + 1 - totp::step(now);
        self.drift = if off.abs() <= WIDE + 1 { off } else { 0 };
        Ok(())
    }
}

fn missing(serial: &str) -> Fault {
    NO_SUCH_ENTITY_EXCEPTION.because(format!("VirtualMFADevice with serial number {serial} doesn't exist."))
}

fn get(read: &dyn Read, scope: &Scope, serial: &str) -> Result<Device, Fault> {
    DEVICES.get(read, &scope.global(), serial)?.ok_or_else(|| missing(serial))
}

fn put(w: &mut Writer, device: &Device) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(DEVICES.put(w.tx, &scope, device.serial.as_str(), device)?)
}

/// The devices of a user.
pub fn of_user(read: &dyn Read, scope: &Scope, user: &str) -> Result<Vec<Device>, Fault> {
    let own = Range::prefix(Key::new().str(&user.to_ascii_lowercase()));
    let rows = DEVICES.by_index(read, &scope.global(), "user", &own);
    Ok(rows.map(|row| row.map(|(_, device)| device)).collect::<Result<_, _>>()?)
}

/// All devices, and how many of them are in use: for the account's summary.
pub fn counts(read: &dyn Read, scope: &Scope) -> Result<(usize, usize), Fault> {
    let (mut all, mut used) = (0, 0);
    for row in DEVICES.scan(read, &scope.global(), &Range::all()) {
        all += 1;
        used += usize::from(row?.1.user.is_some());
    }
    Ok((all, used))
}

/// Devices stay with a user who gets another name.
pub fn follow_rename(w: &mut Writer, old_name: &str, user: &Entity) -> Result<(), Fault> {
    for mut device in of_user(w.store(), w.scope(), old_name)? {
        device.user = Some(user.name.clone());
        put(w, &device)?;
    }
    Ok(())
}

/// Whether that is the current code of the principal's device; see [`kogumo_door::MfaDevices`].
pub fn verify(w: &mut Writer, principal: &Principal, serial: &str, code: &str) -> Result<bool, Fault> {
    let Principal::User { account, name, .. } = principal else { return Ok(false) };
    let scope = Scope::new(account, Scope::GLOBAL);
    let Some(mut device) = DEVICES.get(w.store(), &scope, serial)? else { return Ok(false) };
    if !device.user.as_deref().is_some_and(|user| user.eq_ignore_ascii_case(name)) {
        return Ok(false);
    }
    let Some(step) = device.step_of(code, w.now, NARROW).filter(|step| !device.used.contains(step)) else {
        return Ok(false);
    };
    device.used.insert(0, step);
    device.used.truncate(REMEMBERED);
    DEVICES.put(w.tx, &scope, serial, &device)?;
    Ok(true)
}

pub fn create_virtual_mfa_device(
    w: &mut Writer,
    input: CreateVirtualMFADeviceRequest,
) -> Result<CreateVirtualMFADeviceResponse, Fault> {
    let path = input.path.unwrap_or_else(|| "/".into());
    let account = w.caller.account().to_owned();
    let serial = Arn::new("iam", "", &account, format!("mfa{path}{}", input.virtual_mfa_device_name)).to_string();
    if DEVICES.contains(w.store(), &w.scope().global(), serial.as_str())? {
        return Err(
            ENTITY_ALREADY_EXISTS_EXCEPTION.because("MFADevice entity at the same path and name already exists.")
        );
    }
    let device = Device {
        serial,
        seed: random_bytes::<40>().to_vec(),
        created: Timestamp::from_seconds(w.now.seconds()),
        user: None,
        enabled: None,
        drift: 0,
        used: Vec::new(),
        tags: tags::made(input.tags)?,
    };
    put(w, &device)?;
    let secret = BASE32.encode(&device.seed);
    let holder = account::alias_of(w.store(), &account)?.unwrap_or(account);
    let address = format!("otpauth://totp/{}@{holder}?secret={secret}", input.virtual_mfa_device_name);
    let virtual_mfa_device = VirtualMFADevice {
        serial_number: device.serial,
        base32_string_seed: Some(secret.into_bytes().into()),
        qr_code_png: Some(qr::png(&address)?.into()),
        tags: tags::shown_if_any(&device.tags),
        ..VirtualMFADevice::default()
    };
    Ok(CreateVirtualMFADeviceResponse { virtual_mfa_device })
}

pub fn delete_virtual_mfa_device(w: &mut Writer, input: DeleteVirtualMFADeviceRequest) -> Result<Unit, Fault> {
    let device = get(w.store(), w.scope(), &input.serial_number)?;
    if device.user.is_some() {
        return Err(DELETE_CONFLICT_EXCEPTION.because("MFA VirtualDevice in use. Must deactivate first."));
    }
    let scope = w.scope().global();
    DEVICES.delete(w.tx, &scope, device.serial.as_str())?;
    Ok(Unit)
}

pub fn list_virtual_mfa_devices(
    r: &Reader,
    input: ListVirtualMFADevicesRequest,
) -> Result<ListVirtualMFADevicesResponse, Fault> {
    let wanted = |device: &Device| match input.assignment_status.as_deref() {
        Some("Assigned") => device.user.is_some(),
        Some("Unassigned") => device.user.is_none(),
        _ => true,
    };
    let mut devices = Vec::new();
    for row in DEVICES.scan(r.store, &r.scope().global(), &Range::all()) {
        devices.extend(Some(row?.1).filter(|device| wanted(device)));
    }
    let page = page(devices, input.marker.as_deref(), input.max_items)?;
    let shown = |device: Device| {
        let holder = match &device.user {
            Some(name) => entity::find(r.store, r.scope(), Kind::User, name)?,
            None => None,
        };
        Ok(VirtualMFADevice {
            serial_number: device.serial,
            user: holder.map(|holder| user::shown(&holder, r.caller.account())),
            enable_date: device.enabled,
            ..VirtualMFADevice::default()
        })
    };
    Ok(ListVirtualMFADevicesResponse {
        virtual_mfa_devices: page.items.into_iter().map(shown).collect::<Result<_, Fault>>()?,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn enable_mfa_device(w: &mut Writer, input: EnableMFADeviceRequest) -> Result<Unit, Fault> {
    let user = entity::get(w.store(), w.scope(), Kind::User, &input.user_name)?;
    let mut device = get(w.store(), w.scope(), &input.serial_number)?;
    if device.user.is_some() {
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because("MFA Device is already in use."));
    }
    let have = of_user(w.store(), w.scope(), &user.name)?.len();
    quota::room_for_one("MFADevicesPerUser", have, quota::MFA_DEVICES_PER_USER)?;
    device.synchronize(&input.authentication_code1, &input.authentication_code2, w.now)?;
    device.user = Some(user.name);
    device.enabled = Some(Timestamp::from_seconds(w.now.seconds()));
    put(w, &device)?;
    Ok(Unit)
}

/// The device of a user.
fn get_of(read: &dyn Read, scope: &Scope, user: &str, serial: &str) -> Result<Device, Fault> {
    let user = entity::get(read, scope, Kind::User, user)?;
    let device = DEVICES.get(read, &scope.global(), serial)?;
    let own = device.filter(|device| device.user.as_ref() == Some(&user.name));
    let missing =
        || NO_SUCH_ENTITY_EXCEPTION.because(format!("MFA Device {serial} does not exist for user {}.", user.name));
    own.ok_or_else(missing)
}

pub fn resync_mfa_device(w: &mut Writer, input: ResyncMFADeviceRequest) -> Result<Unit, Fault> {
    let mut device = get_of(w.store(), w.scope(), &input.user_name, &input.serial_number)?;
    device.synchronize(&input.authentication_code1, &input.authentication_code2, w.now)?;
    put(w, &device)?;
    Ok(Unit)
}

pub fn deactivate_mfa_device(w: &mut Writer, input: DeactivateMFADeviceRequest) -> Result<Unit, Fault> {
    let name = named_or_calling(&w.caller.principal, input.user_name)?;
    let mut device = get_of(w.store(), w.scope(), &name, &input.serial_number)?;
    device.user = None;
    device.enabled = None;
    device.used = Vec::new();
    device.drift = 0;
    put(w, &device)?;
    Ok(Unit)
}

pub fn list_mfa_devices(r: &Reader, input: ListMFADevicesRequest) -> Result<ListMFADevicesResponse, Fault> {
    let name = named_or_calling(&r.caller.principal, input.user_name)?;
    let user = entity::get(r.store, r.scope(), Kind::User, &name)?;
    let page = page(of_user(r.store, r.scope(), &user.name)?, input.marker.as_deref(), input.max_items)?;
    let shown = |device: Device| MFADevice {
        user_name: user.name.clone(),
        enable_date: device.enabled.unwrap_or(device.created),
        serial_number: device.serial,
    };
    Ok(ListMFADevicesResponse {
        mfa_devices: page.items.into_iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn get_mfa_device(r: &Reader, input: GetMFADeviceRequest) -> Result<GetMFADeviceResponse, Fault> {
    let device = match &input.user_name {
        Some(name) => get_of(r.store, r.scope(), name, &input.serial_number)?,
        None => get(r.store, r.scope(), &input.serial_number)?,
    };
    Ok(GetMFADeviceResponse {
        user_name: device.user,
        serial_number: device.serial,
        enable_date: device.enabled,
        certifications: None,
    })
}

pub fn tag_mfa_device(w: &mut Writer, input: TagMFADeviceRequest) -> Result<Unit, Fault> {
    let mut device = get(w.store(), w.scope(), &input.serial_number)?;
    tags::add(&mut device.tags, input.tags)?;
    put(w, &device)?;
    Ok(Unit)
}

pub fn untag_mfa_device(w: &mut Writer, input: UntagMFADeviceRequest) -> Result<Unit, Fault> {
    let mut device = get(w.store(), w.scope(), &input.serial_number)?;
    device.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &device)?;
    Ok(Unit)
}

pub fn list_mfa_device_tags(r: &Reader, input: ListMFADeviceTagsRequest) -> Result<ListMFADeviceTagsResponse, Fault> {
    let device = get(r.store, r.scope(), &input.serial_number)?;
    let page = page(tags::shown(&device.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListMFADeviceTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
