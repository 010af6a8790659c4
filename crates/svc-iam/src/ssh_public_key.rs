//! SSH public keys of users: what CodeCommit knows them by. Kept as OpenSSH writes them, shown in either encoding.

use kogumo_base::{Timestamp, random_from};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::Table;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::access_key::shown_status;
use crate::holding::{Holdings, holder, holder_read};
use crate::page::page;
use crate::quota;
use crate::rsa_key::{Refused, RsaKey};

pub static KEYS: Holdings<Kept> = Holdings::new(Table::new("iam/ssh-public-key"), "SSH Public Key");

#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    id: String,
    /// `ssh-rsa AAAA…`, without a comment.
    body: String,
    fingerprint: String,
    active: bool,
    uploaded: Timestamp,
}

impl Kept {
    fn shown(self, user: &str, body: String) -> SSHPublicKey {
        SSHPublicKey {
            user_name: user.to_owned(),
            ssh_public_key_id: self.id,
            fingerprint: self.fingerprint,
            ssh_public_key_body: body,
            status: shown_status(self.active),
            upload_date: Some(self.uploaded),
        }
    }
}

pub fn upload_ssh_public_key(
    w: &mut Writer,
    input: UploadSSHPublicKeyRequest,
) -> Result<UploadSSHPublicKeyResponse, Fault> {
    let user = holder(w, Some(input.user_name))?;
    let key = RsaKey::read(&input.ssh_public_key_body).map_err(|why| match why {
        Refused::Encoding => UNRECOGNIZED_PUBLIC_KEY_ENCODING_EXCEPTION
            .because("The public key must be encoded in ssh-rsa format or PEM format."),
        Refused::Malformed => INVALID_PUBLIC_KEY_EXCEPTION.because("The specified SSH public key is not valid."),
        Refused::Short => {
            INVALID_PUBLIC_KEY_EXCEPTION.because("The specified SSH public key is shorter than 2048 bits.")
        }
    })?;
    let held = KEYS.of_user(w.store(), w.scope(), &user)?;
    let kept = Kept {
        id: format!("APKA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17)),
        body: key.ssh(),
        fingerprint: key.fingerprint(),
        active: true,
        uploaded: Timestamp::from_seconds(w.now.seconds()),
    };
    if held.iter().any(|other| other.body == kept.body) {
        let message = format!("The same SSH public key already exists for user {user}.");
        return Err(DUPLICATE_SSH_PUBLIC_KEY_EXCEPTION.because(message));
    }
    quota::room_for_one("SSHPublicKeysPerUser", held.len(), quota::SSH_PUBLIC_KEYS_PER_USER)?;
    KEYS.put(w, &user, &kept.id, &kept)?;
    Ok(UploadSSHPublicKeyResponse { ssh_public_key: Some(kept.shown(&user, input.ssh_public_key_body)) })
}

pub fn get_ssh_public_key(r: &Reader, input: GetSSHPublicKeyRequest) -> Result<GetSSHPublicKeyResponse, Fault> {
    let user = holder_read(r, Some(input.user_name))?;
    let kept = KEYS.get(r.store, r.scope(), &user, &input.ssh_public_key_id)?;
    let body = match RsaKey::read(&kept.body) {
        Ok(key) if input.encoding == "PEM" => key.pem(),
        _ => kept.body.clone(),
    };
    Ok(GetSSHPublicKeyResponse { ssh_public_key: Some(kept.shown(&user, body)) })
}

pub fn list_ssh_public_keys(r: &Reader, input: ListSSHPublicKeysRequest) -> Result<ListSSHPublicKeysResponse, Fault> {
    let user = holder_read(r, input.user_name)?;
    let held = KEYS.of_user(r.store, r.scope(), &user)?;
    let listed = held.into_iter().map(|kept| SSHPublicKeyMetadata {
        user_name: user.clone(),
        ssh_public_key_id: kept.id,
        status: shown_status(kept.active),
        upload_date: kept.uploaded,
    });
    let page = page(listed.collect(), input.marker.as_deref(), input.max_items)?;
    Ok(ListSSHPublicKeysResponse {
        ssh_public_keys: Some(page.items),
        is_truncated: Some(page.is_truncated.unwrap_or_default()),
        marker: page.marker,
    })
}

pub fn update_ssh_public_key(w: &mut Writer, input: UpdateSSHPublicKeyRequest) -> Result<Unit, Fault> {
    let user = holder(w, Some(input.user_name))?;
    let mut kept = KEYS.get(w.store(), w.scope(), &user, &input.ssh_public_key_id)?;
    if input.status == "Expired" {
        return Err(INVALID_INPUT_EXCEPTION.because("Expired is not a valid status for an SSH public key."));
    }
    kept.active = input.status == "Active";
    KEYS.put(w, &user, &input.ssh_public_key_id, &kept)?;
    Ok(Unit)
}

pub fn delete_ssh_public_key(w: &mut Writer, input: DeleteSSHPublicKeyRequest) -> Result<Unit, Fault> {
    let user = holder(w, Some(input.user_name))?;
    KEYS.delete(w, &user, &input.ssh_public_key_id)?;
    Ok(Unit)
}
