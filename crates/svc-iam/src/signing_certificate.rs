//! Signing certificates of users: what SOAP requests were signed with. Kept for those who manage them.

use kogumo_base::{Timestamp, random_from};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::Table;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::access_key::shown_status;
use crate::certificate;
use crate::holding::{Holdings, holder, holder_read};
use crate::page::page;
use crate::quota;

pub static CERTIFICATES: Holdings<Kept> = Holdings::new(Table::new("iam/signing-certificate"), "Signing Certificate");

#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    id: String,
    body: String,
    pub active: bool,
    pub uploaded: Timestamp,
}

impl Kept {
    fn shown(self, user: &str) -> SigningCertificate {
        SigningCertificate {
            user_name: user.to_owned(),
            certificate_id: self.id,
            certificate_body: self.body,
            status: shown_status(self.active),
            upload_date: Some(self.uploaded),
        }
    }
}

pub fn upload_signing_certificate(
    w: &mut Writer,
    input: UploadSigningCertificateRequest,
) -> Result<UploadSigningCertificateResponse, Fault> {
    let user = holder(w, input.user_name)?;
    certificate::read(&input.certificate_body)?;
    let held = CERTIFICATES.of_user(w.store(), w.scope(), &user)?;
    if held.iter().any(|kept| kept.body.trim() == input.certificate_body.trim()) {
        return Err(DUPLICATE_CERTIFICATE_EXCEPTION.because("The same certificate already exists for this user."));
    }
    let most = quota::SIGNING_CERTIFICATES_PER_USER;
    quota::room_for_one("SigningCertificatesPerUser", held.len(), most)?;
    let kept = Kept {
        id: random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32),
        body: input.certificate_body,
        active: true,
        uploaded: Timestamp::from_seconds(w.now.seconds()),
    };
    CERTIFICATES.put(w, &user, &kept.id, &kept)?;
    Ok(UploadSigningCertificateResponse { certificate: kept.shown(&user) })
}

pub fn list_signing_certificates(
    r: &Reader,
    input: ListSigningCertificatesRequest,
) -> Result<ListSigningCertificatesResponse, Fault> {
    let user = holder_read(r, input.user_name)?;
    let held = CERTIFICATES.of_user(r.store, r.scope(), &user)?;
    let shown = held.into_iter().map(|kept| kept.shown(&user)).collect();
    let page = page(shown, input.marker.as_deref(), input.max_items)?;
    Ok(ListSigningCertificatesResponse {
        certificates: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn update_signing_certificate(w: &mut Writer, input: UpdateSigningCertificateRequest) -> Result<Unit, Fault> {
    let user = holder(w, input.user_name)?;
    let mut kept = CERTIFICATES.get(w.store(), w.scope(), &user, &input.certificate_id)?;
    kept.active = input.status == "Active";
    CERTIFICATES.put(w, &user, &input.certificate_id, &kept)?;
    Ok(Unit)
}

pub fn delete_signing_certificate(w: &mut Writer, input: DeleteSigningCertificateRequest) -> Result<Unit, Fault> {
    let user = holder(w, input.user_name)?;
    CERTIFICATES.delete(w, &user, &input.certificate_id)?;
    Ok(Unit)
}
