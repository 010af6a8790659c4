//! Elastic IPs that go to another account: one side offers, the other accepts (Amazon VPC User Guide, "Transfer Elastic IP
//! addresses").

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Range, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::ops::{check_quota, not_found};
use super::record::Address;
use crate::faults::invalid_value;
use crate::page::{Wanted, cut};
use crate::resource::{Resource, get, put};
use crate::{public_address, tag};

/// Offers stand for a week, and are shown for two once they were accepted.
const STANDS_SECONDS: i64 = 7 * 24 * 3600;
const SHOWN_SECONDS: i64 = 14 * 24 * 3600;

/// In the scope of whoever offers, by the allocation.
static TRANSFERS: Table<Transfer> = Table::new("ec2/address-transfer");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Transfer {
    allocation: String,
    public: String,
    /// Who may accept it.
    account: String,
    expires: Timestamp,
    accepted: Option<Timestamp>,
}

impl Transfer {
    fn is_pending(&self, now: Timestamp) -> bool {
        self.accepted.is_none() && now < self.expires
    }

    fn is_shown(&self, now: Timestamp) -> bool {
        match self.accepted {
            Some(accepted) => now < accepted.plus_seconds(SHOWN_SECONDS),
            None => self.is_pending(now),
        }
    }

    fn shown(&self, status: &str) -> AddressTransfer {
        AddressTransfer {
            public_ip: Some(self.public.clone()),
            allocation_id: Some(self.allocation.clone()),
            transfer_account_id: Some(self.account.clone()),
            transfer_offer_expiration_timestamp: Some(self.expires),
            transfer_offer_accepted_timestamp: self.accepted,
            address_transfer_status: Some(status.to_owned()),
        }
    }
}

pub fn enable_address_transfer(
    w: &mut Writer,
    input: EnableAddressTransferRequest,
) -> Result<EnableAddressTransferResult, Fault> {
    let address: Address = get(w.store(), w.scope(), &input.allocation_id)?;
    let account = input.transfer_account_id;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !is_account || account == w.caller.account() {
        return Err(invalid_value(format!("Value ({account}) for parameter transferAccountId is invalid.")));
    }
    let expires = w.now.plus_seconds(STANDS_SECONDS);
    let transfer = Transfer { allocation: address.id, public: address.public, account, expires, accepted: None };
    let scope = w.scope().clone();
    TRANSFERS.put(w.tx, &scope, transfer.allocation.as_str(), &transfer)?;
    Ok(EnableAddressTransferResult { address_transfer: Some(transfer.shown("pending")) })
}

pub fn disable_address_transfer(
    w: &mut Writer,
    input: DisableAddressTransferRequest,
) -> Result<DisableAddressTransferResult, Fault> {
    let address: Address = get(w.store(), w.scope(), &input.allocation_id)?;
    let scope = w.scope().clone();
    let (now, found) = (w.now, TRANSFERS.delete(w.tx, &scope, address.id.as_str())?);
    let transfer = found.filter(|transfer| transfer.is_pending(now)).ok_or_else(|| {
        invalid_value(format!("There is no pending transfer of the address with the allocation ID {}.", address.id))
    })?;
    Ok(DisableAddressTransferResult { address_transfer: Some(transfer.shown("disabled")) })
}

/// The address and its allocation move; tags stay behind.
pub fn accept_address_transfer(
    w: &mut Writer,
    input: AcceptAddressTransferRequest,
) -> Result<AcceptAddressTransferResult, Fault> {
    let tags = tag::specified(w, input.tag_specifications, Address::KIND)?;
    let (from, mut transfer) = offered(w, &input.address)?.ok_or_else(|| not_found(&input.address))?;
    let address = Address::TABLE.get(w.store(), &from, transfer.allocation.as_str())?;
    let address = address.ok_or_else(|| not_found(&input.address))?;
    if address.association.is_some() {
        let message = format!("The address {} is associated and cannot be transferred.", address.public);
        return Err(Fault::coded("InvalidTransfer.AddressAssociated", 400, message));
    }
    if address.reverse_name.is_some() {
        let message = format!("The address {} has a reverse DNS record and cannot be transferred.", address.public);
        return Err(Fault::coded("InvalidTransfer.AddressCustomPtrSet", 400, message));
    }
    check_quota(w)?;
    Address::TABLE.delete(w.tx, &from, address.id.as_str())?;
    tag::forget_in(w, &from, &address.id)?;
    put(w, &address)?;
    public_address::hand_over(w, &address.public)?;
    tag::mark(w, &address, tags)?;
    transfer.accepted = Some(w.now);
    TRANSFERS.put(w.tx, &from, transfer.allocation.as_str(), &transfer)?;
    Ok(AcceptAddressTransferResult { address_transfer: Some(transfer.shown("accepted")) })
}

/// The offer of an address to this account, in this region.
fn offered(w: &Writer, public: &str) -> Result<Option<(Scope, Transfer)>, Fault> {
    for row in TRANSFERS.scan_all_scopes(w.store()) {
        let (scope, _, transfer) = row?;
        let is_meant = transfer.account == w.caller.account() && scope.region == w.caller.region();
        if is_meant && transfer.public == public && transfer.is_pending(w.now) {
            return Ok(Some((scope, transfer)));
        }
    }
    Ok(None)
}

pub fn describe_address_transfers(
    r: &Reader,
    input: DescribeAddressTransfersRequest,
) -> Result<DescribeAddressTransfersResult, Fault> {
    let wanted = input.allocation_ids.unwrap_or_default();
    wanted.iter().try_for_each(|id| Address::KIND.check(id))?;
    let mut shown = Vec::new();
    for row in TRANSFERS.scan(r.store, r.scope(), &Range::all()) {
        let (_, transfer) = row?;
        if transfer.is_shown(r.now) && (wanted.is_empty() || wanted.contains(&transfer.allocation)) {
            shown.push(transfer.shown(if transfer.accepted.is_some() { "accepted" } else { "pending" }));
        }
    }
    let pages = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(shown, pages, |one| one.allocation_id.clone().unwrap_or_default())?;
    Ok(DescribeAddressTransfersResult { address_transfers: Some(page.items), next_token: page.next_token })
}
