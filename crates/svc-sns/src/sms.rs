//! Text messages: what an account sets for all of them, and as whom they come.
//! Source: Amazon SNS API Reference, SetSMSAttributes.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::sns::{
    GetSMSAttributesInput, GetSMSAttributesResponse, SetSMSAttributesInput, SetSMSAttributesResponse,
};
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;

use crate::record::invalid;

/// What has been set in an account and region, by name.
static ATTRIBUTES: Table<BTreeMap<String, String>> = Table::new("sns/sms-attributes");

const ONLY: &str = "attributes";

/// The message attribute by which one message says as whom it comes.
pub const SENDER: &str = "AWS.SNS.SMS.SenderID";

/// As whom messages come where nobody has said it.
const USUAL: &str = "SNS";

fn of(read: &dyn Read, scope: &Scope) -> Result<BTreeMap<String, String>, Trouble> {
    Ok(ATTRIBUTES.get(read, scope, ONLY)?.unwrap_or_default())
}

pub fn set_sms_attributes(w: &mut Writer, input: SetSMSAttributesInput) -> Result<SetSMSAttributesResponse, Fault> {
    let scope = w.scope().clone();
    let mut attributes = of(w.store(), &scope)?;
    for (name, value) in input.attributes {
        match name.as_str() {
            "DefaultSenderID" if value.is_empty() => drop(attributes.remove(&name)),
            "DefaultSenderID" if is_sender(&value) => drop(attributes.insert(name, value)),
            "DefaultSMSType" if matches!(value.as_str(), "Promotional" | "Transactional") => {
                attributes.insert(name, value);
            }
            "DefaultSenderID" | "DefaultSMSType" => return Err(invalid(format!("{name} Reason: {value}"))),
            "MonthlySpendLimit"
            | "DeliveryStatusIAMRole"
            | "DeliveryStatusSuccessSamplingRate"
            | "UsageReportS3Bucket" => {
                return Err(Fault::not_implemented(&format!("The attribute {name} of text messages")));
            }
            _ => return Err(invalid(format!("attributes Reason: unknown attribute {name}"))),
        }
    }
    ATTRIBUTES.put(w.tx, &scope, ONLY, &attributes)?;
    Ok(SetSMSAttributesResponse::default())
}

pub fn get_sms_attributes(r: &Reader, input: GetSMSAttributesInput) -> Result<GetSMSAttributesResponse, Fault> {
    let mut attributes = of(r.store, r.scope())?;
    if let Some(wanted) = input.attributes.filter(|wanted| !wanted.is_empty()) {
        attributes.retain(|name, _| wanted.contains(name));
    }
    Ok(GetSMSAttributesResponse { attributes: Some(attributes) })
}

/// Three to eleven letters and digits, one letter at least.
fn is_sender(text: &str) -> bool {
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    (3..=11).contains(&text.len()) && has_letter && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// As whom a message comes: as it says itself, as its account says, else as SNS.
///
/// # Errors
/// InvalidParameter for a name that nobody may have.
pub fn sender(read: &dyn Read, scope: &Scope, own: Option<&str>) -> Result<String, Fault> {
    match own {
        Some(own) if is_sender(own) => Ok(own.to_owned()),
        Some(own) => Err(invalid(format!("{SENDER} Reason: {own}"))),
        None => Ok(of(read, scope)?.remove("DefaultSenderID").unwrap_or_else(|| USUAL.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::is_sender;

    #[test]
    fn names_of_senders() {
        assert!(["abc", "Kogumo1", "12345678901a".get(1..).unwrap_or_default()].into_iter().all(is_sender));
        assert!(!["", "ab", "123", "a b", "abcdefghijkl", "雲雲雲"].into_iter().any(is_sender));
    }
}
