//! A network interface as the API shows it.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::{Scope, Trouble};
use kogumo_model::ec2::{
    GroupIdentifier, NetworkInterface as Shown, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
    NetworkInterfaceIpv6Address, NetworkInterfacePrivateIpAddress, OperatorResponse,
};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{NetworkInterface, PrivateAddress, Public};
use crate::dhcp_options::internal_domain;
use crate::public_address::dns_name;
use crate::resource::find;
use crate::security_group::SecurityGroup;
use crate::tag::Tags;
use crate::vpc::Vpc;

/// `ip-10-0-1-5.ap-northeast-1.compute.internal`
pub fn private_dns_name(region: &str, address: &str) -> String {
    format!("ip-{}.{}", address.replace('.', "-"), internal_domain(region))
}

/// The groups with their names.
///
/// # Errors
/// Trouble with the store.
pub fn groups(read: &dyn Read, scope: &Scope, interface: &NetworkInterface) -> Result<Vec<GroupIdentifier>, Fault> {
    let named = interface.groups.iter().map(|id| {
        let name = find::<SecurityGroup>(read, scope, id)?.map(|group| group.name);
        Ok(GroupIdentifier { group_id: Some(id.clone()), group_name: name })
    });
    named.collect()
}

fn association(scope: &Scope, public: &Public, has_names: bool) -> NetworkInterfaceAssociation {
    let is_elastic = public.allocation.is_some();
    NetworkInterfaceAssociation {
        allocation_id: public.allocation.clone(),
        association_id: public.association.clone(),
        ip_owner_id: Some(if is_elastic { scope.account.clone() } else { "amazon".into() }),
        public_dns_name: Some(if has_names { dns_name(&scope.region, &public.address) } else { String::new() }),
        public_ip: Some(public.address.clone()),
        customer_owned_ip: None,
        carrier_ip: None,
    }
}

pub fn attachment(scope: &Scope, interface: &NetworkInterface) -> Option<NetworkInterfaceAttachment> {
    let held = interface.attachment.as_ref()?;
    let owner = if held.instance.is_some() { scope.account.clone() } else { "amazon-aws".into() };
    Some(NetworkInterfaceAttachment {
        attach_time: Some(held.attached),
        attachment_id: Some(held.id.clone()),
        delete_on_termination: Some(held.delete_on_termination),
        device_index: Some(held.device_index),
        network_card_index: Some(0),
        instance_id: held.instance.clone(),
        instance_owner_id: Some(owner),
        status: Some("attached".into()),
        ..NetworkInterfaceAttachment::default()
    })
}

/// What interfaces are shown with: read once for a whole list.
pub struct Surroundings {
    scope: Scope,
    /// The VPCs that give their interfaces DNS names.
    named_vpcs: BTreeSet<String>,
    /// Names of security groups by id.
    groups: BTreeMap<String, String>,
}

impl Surroundings {
    /// The surroundings of these interfaces.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn of(read: &dyn Read, scope: &Scope, interfaces: &[NetworkInterface]) -> Result<Self, Trouble> {
        let vpcs: BTreeSet<&String> = interfaces.iter().map(|interface| &interface.vpc).collect();
        let mut named_vpcs = BTreeSet::new();
        for vpc in vpcs {
            named_vpcs.extend(find::<Vpc>(read, scope, vpc)?.filter(|vpc| vpc.dns_hostnames).map(|vpc| vpc.id));
        }
        let ids: BTreeSet<&String> = interfaces.iter().flat_map(|interface| &interface.groups).collect();
        let mut groups = BTreeMap::new();
        for id in ids {
            groups.extend(find::<SecurityGroup>(read, scope, id)?.map(|group| (group.id, group.name)));
        }
        Ok(Surroundings { scope: scope.clone(), named_vpcs, groups })
    }

    /// One of the interfaces.
    pub fn show(&self, interface: &NetworkInterface, tags: &Tags) -> Shown {
        let scope = &self.scope;
        let has_names = self.named_vpcs.contains(&interface.vpc);
        let association_of =
            |own: &PrivateAddress| own.public.as_ref().map(|public| association(scope, public, has_names));
        let name_of = |address: &str| has_names.then(|| private_dns_name(&scope.region, address));
        let addresses = interface.addresses.iter().enumerate().map(|(index, own)| NetworkInterfacePrivateIpAddress {
            association: association_of(own),
            primary: Some(index == 0),
            private_dns_name: name_of(&own.address),
            private_ip_address: Some(own.address.clone()),
        });
        let ipv6 = interface.ipv6.iter().map(|address| NetworkInterfaceIpv6Address {
            ipv6_address: Some(address.clone()),
            is_primary_ipv6: Some(false),
            ..NetworkInterfaceIpv6Address::default()
        });
        Shown {
            association: interface.addresses.first().and_then(association_of),
            attachment: attachment(scope, interface),
            availability_zone: Some(interface.zone.clone()),
            availability_zone_id: Some(interface.zone_id.clone()),
            description: Some(interface.description.clone()),
            groups: Some(self.groups(interface)),
            interface_type: Some(interface.kind.clone()),
            ipv6_addresses: Some(ipv6.collect()),
            mac_address: Some(interface.mac.clone()),
            network_interface_id: Some(interface.id.clone()),
            owner_id: Some(scope.account.clone()),
            private_dns_name: name_of(interface.primary()),
            private_ip_address: Some(interface.primary().to_owned()),
            private_ip_addresses: Some(addresses.collect()),
            requester_id: interface.made_for.as_ref().map(|_| "amazon-aws".to_owned()),
            requester_managed: Some(interface.made_for.is_some()),
            source_dest_check: Some(interface.source_dest_check),
            status: Some(if interface.attachment.is_some() { "in-use".into() } else { "available".into() }),
            subnet_id: Some(interface.subnet.clone()),
            tag_set: Some(tags.shown(&interface.id)),
            vpc_id: Some(interface.vpc.clone()),
            deny_all_igw_traffic: Some(false),
            ipv6_native: Some(false),
            operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
            ..Shown::default()
        }
    }

    fn groups(&self, interface: &NetworkInterface) -> Vec<GroupIdentifier> {
        let name =
            |id: &String| GroupIdentifier { group_id: Some(id.clone()), group_name: self.groups.get(id).cloned() };
        interface.groups.iter().map(name).collect()
    }
}
