//! Outbound federation: whether an account's people get tokens that the world believes, and under which issuer's name.
//! STS signs them. Source: IAM User Guide, "Federating AWS identities to external services".

use kogumo_base::{Scope, Trouble, uuid};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

/// By account. Once there is one it stays: tokens that it vouched for are believed until they expire.
static ISSUERS: Table<Issuer> = Table::new("iam/outbound-issuer");

const ONLY: &str = "issuer";

const DOMAIN: &str = "tokens.sts.global.api.aws";

#[derive(Clone, Serialize, Deserialize)]
struct Issuer {
    /// `https://….tokens.sts.global.api.aws`
    url: String,
    enabled: bool,
}

fn find(read: &dyn Read, account: &str) -> Result<Option<Issuer>, Trouble> {
    ISSUERS.get(read, &Scope::new(account, Scope::GLOBAL), ONLY)
}

/// The issuer of an account, while it is enabled; see [`kogumo_door::OutboundFederation`].
pub fn issuer_of(read: &dyn Read, account: &str) -> Result<Option<String>, Trouble> {
    Ok(find(read, account)?.filter(|issuer| issuer.enabled).map(|issuer| issuer.url))
}

/// Whether an issuer is some account's.
pub fn is_issuer(read: &dyn Read, url: &str) -> Result<bool, Trouble> {
    for row in ISSUERS.scan_all_scopes(read) {
        if row?.2.url == url {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn enable_outbound_web_identity_federation(
    w: &mut Writer,
    _: Unit,
) -> Result<EnableOutboundWebIdentityFederationResponse, Fault> {
    let url = match find(w.store(), w.caller.account())? {
        Some(issuer) if issuer.enabled => {
            let message = "Outbound web identity federation is already enabled for this account.";
            return Err(FEATURE_ENABLED_EXCEPTION.because(message));
        }
        Some(issuer) => issuer.url,
        None => format!("https://{}.{DOMAIN}", uuid()),
    };
    let scope = w.scope().global();
    ISSUERS.put(w.tx, &scope, ONLY, &Issuer { url: url.clone(), enabled: true })?;
    Ok(EnableOutboundWebIdentityFederationResponse { issuer_identifier: Some(url) })
}

pub fn disable_outbound_web_identity_federation(w: &mut Writer, _: Unit) -> Result<Unit, Fault> {
    let issuer = find(w.store(), w.caller.account())?.filter(|issuer| issuer.enabled).ok_or_else(disabled)?;
    let scope = w.scope().global();
    ISSUERS.put(w.tx, &scope, ONLY, &Issuer { enabled: false, ..issuer })?;
    Ok(Unit)
}

pub fn get_outbound_web_identity_federation_info(
    r: &Reader,
    _: Unit,
) -> Result<GetOutboundWebIdentityFederationInfoResponse, Fault> {
    let url = issuer_of(r.store, r.caller.account())?.ok_or_else(disabled)?;
    Ok(GetOutboundWebIdentityFederationInfoResponse { issuer_identifier: Some(url), jwt_vending_enabled: Some(true) })
}

fn disabled() -> Fault {
    FEATURE_DISABLED_EXCEPTION.because("Outbound web identity federation is disabled for this account.")
}
