//! Reverse names of Elastic IPs: PTR records, which the resolvers of VPCs and the cloud's DNS tell.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Elastic_Addressing_Reverse_DNS.html>

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::Address;
use crate::faults::{invalid_value, missing_parameter};
use crate::page::{Wanted, cut};
use crate::resource::{chosen, get, put};

impl Address {
    fn attribute(&self) -> AddressAttribute {
        AddressAttribute {
            public_ip: Some(self.public.clone()),
            allocation_id: Some(self.id.clone()),
            ptr_record: self.reverse_name.clone(),
            ptr_record_update: None,
        }
    }
}

/// The attribute of an address whose name is about to be another one: it still shows the old one.
fn changing(before: &Address, value: Option<String>) -> AddressAttribute {
    let update = PtrUpdateStatus { value, status: Some("PENDING".into()), reason: None };
    AddressAttribute { ptr_record_update: Some(update), ..before.attribute() }
}

/// A host's whole name, in lower case and with a dot at the end. Source: RFC 1123, 2.1.
fn whole_name(text: &str) -> Result<String, Fault> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let plain = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(plain) {
        return Err(invalid_value(format!("Value ({text}) for parameter domainName is invalid.")));
    }
    Ok(name + ".")
}

pub fn modify_address_attribute(
    w: &mut Writer,
    input: ModifyAddressAttributeRequest,
) -> Result<ModifyAddressAttributeResult, Fault> {
    let mut address: Address = get(w.store(), w.scope(), &input.allocation_id)?;
    let name = whole_name(&input.domain_name.ok_or_else(|| missing_parameter("domainName"))?)?;
    let shown = changing(&address, Some(name.clone()));
    address.reverse_name = Some(name);
    put(w, &address)?;
    Ok(ModifyAddressAttributeResult { address: Some(shown) })
}

pub fn reset_address_attribute(
    w: &mut Writer,
    input: ResetAddressAttributeRequest,
) -> Result<ResetAddressAttributeResult, Fault> {
    let mut address: Address = get(w.store(), w.scope(), &input.allocation_id)?;
    let shown = changing(&address, None);
    address.reverse_name = None;
    put(w, &address)?;
    Ok(ResetAddressAttributeResult { address: Some(shown) })
}

/// Only addresses that have a reverse name are told of.
pub fn describe_addresses_attribute(
    r: &Reader,
    input: DescribeAddressesAttributeRequest,
) -> Result<DescribeAddressesAttributeResult, Fault> {
    let mut addresses = chosen::<Address>(r.store, r.scope(), input.allocation_ids.as_deref())?;
    addresses.retain(|address| address.reverse_name.is_some());
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let shown = addresses.iter().map(Address::attribute).collect();
    let page = cut(shown, wanted, |one: &AddressAttribute| one.allocation_id.clone().unwrap_or_default())?;
    Ok(DescribeAddressesAttributeResult { addresses: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole() {
        assert_eq!(whole_name("Mail.example.com").ok().as_deref(), Some("mail.example.com."));
        assert_eq!(whole_name("mail.example.com.").ok().as_deref(), Some("mail.example.com."));
        for wrong in ["", ".", "mail", "-a.example.com", "a..example.com", "a b.example.com", "\u{5c0f}.example.com"] {
            assert!(whole_name(wrong).is_err(), "{wrong}");
        }
    }
}
