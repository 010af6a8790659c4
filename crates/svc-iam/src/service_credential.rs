//! Names and passwords of users for single services: Git over HTTPS, Keyspaces. Secrets are told once.

use kogumo_base::{Timestamp, random_bytes, random_from};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::Table;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::access_key::shown_status;
use crate::holding::{Holdings, holder, holder_read};
use crate::page::page;
use crate::quota;

pub static CREDENTIALS: Holdings<Kept> =
    Holdings::new(Table::new("iam/service-credential"), "Service Specific Credential");

/// Services that know such credentials by a user name; Bedrock's keys have another form and are not made.
const SERVICES: [&str; 2] = ["codecommit.amazonaws.com", "cassandra.amazonaws.com"];

/// A user has so many of one service.
const MOST_OF_A_SERVICE: usize = 2;

#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    user: String,
    id: String,
    service: String,
    /// `jiro-at-000000000000`
    service_user: String,
    password: String,
    active: bool,
    created: Timestamp,
}

impl Kept {
    fn told(self, user: &str) -> ServiceSpecificCredential {
        ServiceSpecificCredential {
            create_date: self.created,
            service_name: self.service,
            service_user_name: Some(self.service_user),
            service_password: Some(self.password),
            service_specific_credential_id: self.id,
            user_name: user.to_owned(),
            status: shown_status(self.active),
            ..ServiceSpecificCredential::default()
        }
    }

    fn listed(self) -> ServiceSpecificCredentialMetadata {
        ServiceSpecificCredentialMetadata {
            user_name: self.user,
            status: shown_status(self.active),
            service_user_name: Some(self.service_user),
            create_date: self.created,
            service_specific_credential_id: self.id,
            service_name: self.service,
            ..ServiceSpecificCredentialMetadata::default()
        }
    }
}

/// The credential is another user name's now; what the service knows it by stays.
pub fn rename(kept: &mut Kept, user: &str) {
    user.clone_into(&mut kept.user);
}

/// 44 characters of Base64.
fn new_password() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(random_bytes::<32>())
}

pub fn create_service_specific_credential(
    w: &mut Writer,
    input: CreateServiceSpecificCredentialRequest,
) -> Result<CreateServiceSpecificCredentialResponse, Fault> {
    let user = holder(w, Some(input.user_name))?;
    if !SERVICES.contains(&input.service_name.as_str()) {
        let message = format!("No such service {} is supported for Service Specific Credentials", input.service_name);
        return Err(SERVICE_NOT_SUPPORTED_EXCEPTION.because(message));
    }
    if input.credential_age_days.is_some() {
        return Err(INVALID_INPUT_EXCEPTION.because("CredentialAgeDays is not supported for this service."));
    }
    let held = CREDENTIALS.of_user(w.store(), w.scope(), &user)?;
    let of_service = held.iter().filter(|kept| kept.service == input.service_name).count();
    quota::room_for_one("ServiceSpecificCredentialsPerUser", of_service, MOST_OF_A_SERVICE)?;
    let number = if of_service == 0 { String::new() } else { format!("+{of_service}") };
    let kept = Kept {
        service_user: format!("{user}{number}-at-{}", w.caller.account()),
        user: user.clone(),
        id: format!("ACCA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17)),
        service: input.service_name,
        password: new_password(),
        active: true,
        created: Timestamp::from_seconds(w.now.seconds()),
    };
    CREDENTIALS.put(w, &user, &kept.id, &kept)?;
    Ok(CreateServiceSpecificCredentialResponse { service_specific_credential: Some(kept.told(&user)) })
}

pub fn list_service_specific_credentials(
    r: &Reader,
    input: ListServiceSpecificCredentialsRequest,
) -> Result<ListServiceSpecificCredentialsResponse, Fault> {
    let mut held = match input.all_users {
        Some(true) => CREDENTIALS.of_all(r.store, r.scope())?,
        _ => CREDENTIALS.of_user(r.store, r.scope(), &holder_read(r, input.user_name)?)?,
    };
    held.retain(|kept| input.service_name.as_ref().is_none_or(|service| kept.service == *service));
    let shown = held.into_iter().map(Kept::listed).collect();
    let page = page(shown, input.marker.as_deref(), input.max_items)?;
    Ok(ListServiceSpecificCredentialsResponse {
        service_specific_credentials: Some(page.items),
        marker: page.marker,
        is_truncated: page.is_truncated,
    })
}

/// A new password in the old one's place.
pub fn reset_service_specific_credential(
    w: &mut Writer,
    input: ResetServiceSpecificCredentialRequest,
) -> Result<ResetServiceSpecificCredentialResponse, Fault> {
    let user = holder(w, input.user_name)?;
    let mut kept = CREDENTIALS.get(w.store(), w.scope(), &user, &input.service_specific_credential_id)?;
    kept.password = new_password();
    CREDENTIALS.put(w, &user, &input.service_specific_credential_id, &kept)?;
    Ok(ResetServiceSpecificCredentialResponse { service_specific_credential: Some(kept.told(&user)) })
}

pub fn update_service_specific_credential(
    w: &mut Writer,
    input: UpdateServiceSpecificCredentialRequest,
) -> Result<Unit, Fault> {
    let user = holder(w, input.user_name)?;
    let mut kept = CREDENTIALS.get(w.store(), w.scope(), &user, &input.service_specific_credential_id)?;
    kept.active = input.status == "Active";
    CREDENTIALS.put(w, &user, &input.service_specific_credential_id, &kept)?;
    Ok(Unit)
}

pub fn delete_service_specific_credential(
    w: &mut Writer,
    input: DeleteServiceSpecificCredentialRequest,
) -> Result<Unit, Fault> {
    let user = holder(w, input.user_name)?;
    CREDENTIALS.delete(w, &user, &input.service_specific_credential_id)?;
    Ok(Unit)
}
