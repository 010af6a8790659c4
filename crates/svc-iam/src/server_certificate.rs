//! Server certificates: what load balancers would show. The private key must be the certificate's; it is not kept, since
//! nothing of this cloud reads it.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::entity::unique_id;
use crate::page::page;
use crate::{certificate, quota, tags};

/// By the name in lower case.
static CERTIFICATES: Table<Kept> = Table::new("iam/server-certificate");

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    name: String,
    path: String,
    id: String,
    uploaded: Timestamp,
    expires: Timestamp,
    body: String,
    chain: Option<String>,
    tags: BTreeMap<String, String>,
}

fn get(read: &dyn Read, scope: &Scope, name: &str) -> Result<Kept, Fault> {
    let found = CERTIFICATES.get(read, &scope.global(), name.to_ascii_lowercase().as_str())?;
    let missing = || format!("The Server Certificate with name {name} cannot be found.");
    found.ok_or_else(|| NO_SUCH_ENTITY_EXCEPTION.because(missing()))
}

fn put(w: &mut Writer, kept: &Kept) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(CERTIFICATES.put(w.tx, &scope, kept.name.to_ascii_lowercase().as_str(), kept)?)
}

fn refuse_twice(w: &Writer, name: &str) -> Result<(), Fault> {
    if !CERTIFICATES.contains(w.store(), &w.scope().global(), name.to_ascii_lowercase().as_str())? {
        return Ok(());
    }
    let message = format!("The Server Certificate with name {name} already exists.");
    Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message))
}

/// How many an account has.
pub fn count(read: &dyn Read, scope: &Scope) -> Result<usize, Fault> {
    Ok(CERTIFICATES.scan(read, &scope.global(), &Range::all()).count())
}

impl Kept {
    fn shown(&self, account: &str) -> ServerCertificateMetadata {
        let resource = format!("server-certificate{}{}", self.path, self.name);
        ServerCertificateMetadata {
            path: self.path.clone(),
            server_certificate_name: self.name.clone(),
            server_certificate_id: self.id.clone(),
            arn: Arn::new("iam", "", account, resource).to_string(),
            upload_date: Some(self.uploaded),
            expiration: Some(self.expires),
        }
    }
}

pub fn upload_server_certificate(
    w: &mut Writer,
    input: UploadServerCertificateRequest,
) -> Result<UploadServerCertificateResponse, Fault> {
    let facts = certificate::read(&input.certificate_body)?;
    facts.check_key(&input.private_key)?;
    input.certificate_chain.as_deref().map_or(Ok(()), certificate::check_chain)?;
    refuse_twice(w, &input.server_certificate_name)?;
    let have = count(w.store(), w.scope())?;
    quota::room_for_one("ServerCertificatesPerAccount", have, quota::SERVER_CERTIFICATES)?;
    let kept = Kept {
        name: input.server_certificate_name,
        path: input.path.unwrap_or_else(|| "/".into()),
        id: unique_id("ASCA"),
        uploaded: Timestamp::from_seconds(w.now.seconds()),
        expires: facts.expires,
        body: input.certificate_body,
        chain: input.certificate_chain,
        tags: tags::made(input.tags)?,
    };
    put(w, &kept)?;
    Ok(UploadServerCertificateResponse {
        server_certificate_metadata: Some(kept.shown(w.caller.account())),
        tags: tags::shown_if_any(&kept.tags),
    })
}

pub fn get_server_certificate(
    r: &Reader,
    input: GetServerCertificateRequest,
) -> Result<GetServerCertificateResponse, Fault> {
    let kept = get(r.store, r.scope(), &input.server_certificate_name)?;
    let server_certificate = ServerCertificate {
        server_certificate_metadata: kept.shown(r.caller.account()),
        tags: tags::shown_if_any(&kept.tags),
        certificate_body: kept.body,
        certificate_chain: kept.chain,
    };
    Ok(GetServerCertificateResponse { server_certificate })
}

pub fn list_server_certificates(
    r: &Reader,
    input: ListServerCertificatesRequest,
) -> Result<ListServerCertificatesResponse, Fault> {
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let mut found = Vec::new();
    for row in CERTIFICATES.scan(r.store, &r.scope().global(), &Range::all()) {
        let (_, kept) = row?;
        if kept.path.starts_with(prefix) {
            found.push(kept.shown(r.caller.account()));
        }
    }
    let page = page(found, input.marker.as_deref(), input.max_items)?;
    Ok(ListServerCertificatesResponse {
        server_certificate_metadata_list: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn update_server_certificate(w: &mut Writer, input: UpdateServerCertificateRequest) -> Result<Unit, Fault> {
    let mut kept = get(w.store(), w.scope(), &input.server_certificate_name)?;
    kept.path = input.new_path.unwrap_or(kept.path);
    if let Some(name) = input.new_server_certificate_name {
        if !name.eq_ignore_ascii_case(&kept.name) {
            refuse_twice(w, &name)?;
            remove(w, &kept.name)?;
        }
        kept.name = name;
    }
    put(w, &kept)?;
    Ok(Unit)
}

fn remove(w: &mut Writer, name: &str) -> Result<(), Fault> {
    let scope = w.scope().global();
    CERTIFICATES.delete(w.tx, &scope, name.to_ascii_lowercase().as_str())?;
    Ok(())
}

pub fn delete_server_certificate(w: &mut Writer, input: DeleteServerCertificateRequest) -> Result<Unit, Fault> {
    let kept = get(w.store(), w.scope(), &input.server_certificate_name)?;
    remove(w, &kept.name)?;
    Ok(Unit)
}

pub fn tag_server_certificate(w: &mut Writer, input: TagServerCertificateRequest) -> Result<Unit, Fault> {
    let mut kept = get(w.store(), w.scope(), &input.server_certificate_name)?;
    tags::add(&mut kept.tags, input.tags)?;
    put(w, &kept)?;
    Ok(Unit)
}

pub fn untag_server_certificate(w: &mut Writer, input: UntagServerCertificateRequest) -> Result<Unit, Fault> {
    let mut kept = get(w.store(), w.scope(), &input.server_certificate_name)?;
    kept.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &kept)?;
    Ok(Unit)
}

pub fn list_server_certificate_tags(
    r: &Reader,
    input: ListServerCertificateTagsRequest,
) -> Result<ListServerCertificateTagsResponse, Fault> {
    let kept = get(r.store, r.scope(), &input.server_certificate_name)?;
    let page = page(tags::shown(&kept.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListServerCertificateTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
