//! What the metadata service knows of an instance: every document by its path, and listings of what lies below one.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::Scope;
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde_json::json;

use super::super::record::Instance;
use crate::network_interface::{self, NetworkInterface};
use crate::public_address;
use crate::region;
use crate::resource::find;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::tag::Tags;
use crate::vpc::Vpc;

/// Where [`user_data`] is found.
pub const USER_DATA: &str = "user-data";

/// The user data as it came: it may be packed.
pub fn user_data(instance: &Instance) -> Option<Vec<u8>> {
    STANDARD.decode(instance.user_data.as_deref()?).ok()
}

pub type Documents = BTreeMap<String, String>;

/// All documents, by the path behind `/latest/`.
///
/// # Errors
/// Trouble with the store.
pub fn documents(read: &dyn Read, scope: &Scope, instance: &Instance, role: Option<&str>) -> Result<Documents, Fault> {
    let mut all = Documents::new();
    let mut put = |path: &str, text: &str| all.insert(path.to_owned(), text.to_owned());
    let interfaces = network_interface::of_instance(read, scope, &instance.id)?;
    let zone_id = region::zones(&scope.region).into_iter().find(|zone| zone.name == instance.zone).map(|zone| zone.id);
    for (path, text) in [
        ("ami-id", instance.image.as_str()),
        ("ami-launch-index", &instance.launch_index.to_string()),
        ("ami-manifest-path", "(unknown)"),
        ("block-device-mapping/ami", instance.root_device.trim_start_matches("/dev/")),
        ("block-device-mapping/root", &instance.root_device),
        ("instance-action", "none"),
        ("instance-id", &instance.id),
        ("instance-life-cycle", "on-demand"),
        ("instance-type", &instance.kind),
        ("placement/availability-zone", &instance.zone),
        ("placement/availability-zone-id", zone_id.as_deref().unwrap_or_default()),
        ("placement/region", &scope.region),
        ("profile", "default-hvm"),
        ("reservation-id", &instance.reservation),
        ("services/domain", "amazonaws.com"),
        ("services/partition", "aws"),
        ("system", "nitro"),
    ] {
        put(&format!("meta-data/{path}"), text);
    }
    if !instance.group_name.is_empty() {
        put("meta-data/placement/group-name", &instance.group_name);
    }
    if let Some(partition) = instance.partition {
        put("meta-data/placement/partition-number", &partition.to_string());
    }
    if let (Some(name), Some(key)) = (&instance.key_name, &instance.public_key) {
        put("meta-data/public-keys/0/openssh-key", &format!("{key}\n"));
        // The listing names the key beside its number.
        put("meta-data/public-keys", &format!("0={name}"));
    }
    if let Some(first) = interfaces.first() {
        first_interface(read, scope, instance, first, &mut put)?;
    }
    for interface in &interfaces {
        one_interface(read, scope, interface, &mut put)?;
    }
    if let (Some(profile), Some(role)) = (&instance.profile, role) {
        let info = json!({ "Code": "Success", "LastUpdated": instance.launched.iso(), "InstanceProfileArn": profile.arn, "InstanceProfileId": profile.id });
        put("meta-data/iam/info", &serde_json::to_string_pretty(&info).unwrap_or_default());
        put("meta-data/iam/security-credentials", role.rsplit('/').next().unwrap_or_default());
    }
    if instance.metadata.tags == "enabled" {
        for tag in Tags::of_one(read, scope, &instance.id)?.shown(&instance.id) {
            let key = tag.key.unwrap_or_default();
            put(&format!("meta-data/tags/instance/{key}"), &tag.value.unwrap_or_default());
        }
    }
    put(
        "dynamic/instance-identity/document",
        &identity(scope, instance, interfaces.first().map(NetworkInterface::primary)),
    );
    // Made when it is asked for.
    put(super::signature::PATH, "");
    if instance.user_data.is_some() {
        // Its bytes need not be text.
        put(USER_DATA, "");
    }
    Ok(all)
}

/// What the instance is called by its first interface.
fn first_interface(
    read: &dyn Read,
    scope: &Scope,
    instance: &Instance,
    first: &NetworkInterface,
    put: &mut dyn FnMut(&str, &str) -> Option<String>,
) -> Result<(), Fault> {
    let name = instance.private_name(&scope.region, first.primary());
    for path in ["hostname", "local-hostname"] {
        put(&format!("meta-data/{path}"), &name);
    }
    put("meta-data/local-ipv4", first.primary());
    put("meta-data/mac", &first.mac);
    if let Some(address) = first.ipv6.first() {
        put("meta-data/ipv6", address);
    }
    let mut groups = Vec::new();
    for id in &first.groups {
        groups.extend(find::<SecurityGroup>(read, scope, id)?.map(|group| group.name));
    }
    put("meta-data/security-groups", &groups.join("\n"));
    if let Some(public) = first.addresses.first().and_then(|own| own.public.as_ref()) {
        put("meta-data/public-ipv4", &public.address);
        if find::<Vpc>(read, scope, &first.vpc)?.is_some_and(|vpc| vpc.dns_hostnames) {
            put("meta-data/public-hostname", &public_address::dns_name(&scope.region, &public.address));
        }
    }
    Ok(())
}

/// A list, where there is anything in it.
fn some<'a>(own: &mut impl FnMut(&str, &str) -> Option<String>, path: &str, values: impl Iterator<Item = &'a str>) {
    let values: Vec<&str> = values.collect();
    if !values.is_empty() {
        own(path, &values.join("\n"));
    }
}

fn one_interface(
    read: &dyn Read,
    scope: &Scope,
    interface: &NetworkInterface,
    put: &mut dyn FnMut(&str, &str) -> Option<String>,
) -> Result<(), Fault> {
    let mut own =
        |path: &str, text: &str| put(&format!("meta-data/network/interfaces/macs/{}/{path}", interface.mac), text);
    let index = interface.attachment.as_ref().map_or(0, |held| held.device_index);
    own("device-number", &index.to_string());
    own("interface-id", &interface.id);
    own("local-hostname", &network_interface::private_dns_name(&scope.region, interface.primary()));
    let addresses: Vec<&str> = interface.addresses.iter().map(|one| one.address.as_str()).collect();
    own("local-ipv4s", &addresses.join("\n"));
    some(&mut own, "ipv6s", interface.ipv6.iter().map(String::as_str));
    own("mac", &interface.mac);
    own("owner-id", &scope.account);
    own("security-group-ids", &interface.groups.join("\n"));
    let mut names = Vec::new();
    for id in &interface.groups {
        names.extend(find::<SecurityGroup>(read, scope, id)?.map(|group| group.name));
    }
    own("security-groups", &names.join("\n"));
    own("subnet-id", &interface.subnet);
    own("vpc-id", &interface.vpc);
    if let Some(subnet) = find::<Subnet>(read, scope, &interface.subnet)? {
        own("subnet-ipv4-cidr-block", &subnet.cidr);
        some(&mut own, "subnet-ipv6-cidr-blocks", subnet.ipv6_blocks.iter().map(|block| block.cidr.as_str()));
    }
    if let Some(vpc) = find::<Vpc>(read, scope, &interface.vpc)? {
        own("vpc-ipv4-cidr-block", vpc.cidr());
        let blocks: Vec<&str> = vpc.blocks.iter().map(|block| block.cidr.as_str()).collect();
        own("vpc-ipv4-cidr-blocks", &blocks.join("\n"));
        some(&mut own, "vpc-ipv6-cidr-blocks", vpc.ipv6_blocks.iter().map(|block| block.cidr.as_str()));
        if let Some(public) =
            interface.addresses.first().and_then(|one| one.public.as_ref()).filter(|_| vpc.dns_hostnames)
        {
            own("public-hostname", &public_address::dns_name(&scope.region, &public.address));
        }
    }
    let public: Vec<&str> =
        interface.addresses.iter().filter_map(|one| Some(one.public.as_ref()?.address.as_str())).collect();
    if !public.is_empty() {
        own("public-ipv4s", &public.join("\n"));
    }
    for one in &interface.addresses {
        if let Some(public) = &one.public {
            own(&format!("ipv4-associations/{}", public.address), &one.address);
        }
    }
    Ok(())
}

fn identity(scope: &Scope, instance: &Instance, address: Option<&str>) -> String {
    let document = json!({
        "accountId": scope.account,
        "architecture": instance.architecture,
        "availabilityZone": instance.zone,
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": instance.image,
        "instanceId": instance.id,
        "instanceType": instance.kind,
        "kernelId": null,
        "pendingTime": instance.launched.iso(),
        "privateIp": address,
        "ramdiskId": null,
        "region": scope.region,
        "version": "2017-09-30",
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// What lies below a path: names, with a slash where there is more below them.
pub fn listing(all: &Documents, path: &str) -> Option<String> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut names: Vec<String> = Vec::new();
    for below in all.keys().filter_map(|key| key.strip_prefix(&prefix)) {
        let name = match below.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => below.to_owned(),
        };
        // A document that is also a folder is listed as the latter.
        if names.last().is_some_and(|last| name == format!("{last}/")) {
            names.pop();
        }
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_with_a_slash() {
        let all: Documents =
            ["meta-data/ami-id", "meta-data/placement/region", "meta-data/placement/zone", "user-data"]
                .map(|path| (path.to_owned(), String::new()))
                .into();
        assert_eq!(listing(&all, "").as_deref(), Some("meta-data/\nuser-data"));
        assert_eq!(listing(&all, "meta-data").as_deref(), Some("ami-id\nplacement/"));
        assert_eq!(listing(&all, "nothing"), None);
    }
}
