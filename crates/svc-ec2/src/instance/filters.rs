//! The filters of DescribeInstances.

use kogumo_model::ec2::{Instance as Shown, *};

use crate::filter::{Filters, each, flag, number, text};

/// An instance with the id of its launch: what pages and filters go over.
pub struct Row {
    pub reservation: String,
    pub owner: String,
    /// A large thing, and a row is sorted and moved about.
    pub shown: Box<Shown>,
    /// Its interfaces as DescribeNetworkInterfaces shows them, where a filter asks for more than an instance shows.
    pub interfaces: Vec<NetworkInterface>,
}

/// Filters of interfaces begin with it.
pub const INTERFACE: &str = "network-interface.";

fn interfaces(row: &Row, value: fn(&InstanceNetworkInterface) -> Vec<String>) -> Vec<String> {
    each(&row.shown.network_interfaces, value)
}

fn addresses(row: &Row, value: fn(&InstancePrivateIpAddress) -> Vec<String>) -> Vec<String> {
    let all = row.shown.network_interfaces.iter().flatten();
    all.flat_map(|one| one.private_ip_addresses.iter().flatten()).flat_map(value).collect()
}

fn attachments(row: &Row, value: fn(&InstanceNetworkInterfaceAttachment) -> Vec<String>) -> Vec<String> {
    let all = row.shown.network_interfaces.iter().flatten();
    all.filter_map(|one| one.attachment.as_ref()).flat_map(value).collect()
}

fn associations(row: &Row, value: fn(&InstanceNetworkInterfaceAssociation) -> Vec<String>) -> Vec<String> {
    let all = row.shown.network_interfaces.iter().flatten();
    all.filter_map(|one| one.association.as_ref()).flat_map(value).collect()
}

fn own(row: &Row, value: fn(&NetworkInterface) -> Vec<String>) -> Vec<String> {
    row.interfaces.iter().flat_map(value).collect()
}

fn public(
    own: &NetworkInterfacePrivateIpAddress,
    value: fn(&NetworkInterfaceAssociation) -> &Option<String>,
) -> Vec<String> {
    own.association.iter().flat_map(|to| text(value(to))).collect()
}

fn volumes(row: &Row, value: fn(&EbsInstanceBlockDevice) -> Vec<String>) -> Vec<String> {
    row.shown.block_device_mappings.iter().flatten().filter_map(|one| one.ebs.as_ref()).flat_map(value).collect()
}

fn metadata(row: &Row, value: fn(&InstanceMetadataOptionsResponse) -> Vec<String>) -> Vec<String> {
    row.shown.metadata_options.iter().flat_map(value).collect()
}

fn at(time: &Option<kogumo_base::Timestamp>) -> Vec<String> {
    time.iter().map(|time| time.iso_millis()).collect()
}

fn groups(row: &Row, value: fn(&GroupIdentifier) -> Vec<String>) -> Vec<String> {
    each(&row.shown.security_groups, value)
}

pub static FILTERS: Filters<Row> = Filters {
    names: &[
        ("affinity", |_| Vec::new()),
        ("architecture", |row| text(&row.shown.architecture)),
        ("availability-zone", |row| row.shown.placement.iter().flat_map(|one| text(&one.availability_zone)).collect()),
        ("availability-zone-id", |row| {
            row.shown.placement.iter().flat_map(|one| text(&one.availability_zone_id)).collect()
        }),
        ("block-device-mapping.attach-time", |row| volumes(row, |one| at(&one.attach_time))),
        ("block-device-mapping.delete-on-termination", |row| volumes(row, |one| flag(one.delete_on_termination))),
        ("block-device-mapping.device-name", |row| {
            each(&row.shown.block_device_mappings, |one| text(&one.device_name))
        }),
        ("block-device-mapping.status", |row| volumes(row, |one| text(&one.status))),
        ("block-device-mapping.volume-id", |row| volumes(row, |one| text(&one.volume_id))),
        ("boot-mode", |row| text(&row.shown.boot_mode)),
        ("capacity-reservation-id", |_| Vec::new()),
        ("capacity-reservation-specification.capacity-reservation-preference", |row| {
            let wanted = row.shown.capacity_reservation_specification.iter();
            wanted.flat_map(|one| text(&one.capacity_reservation_preference)).collect()
        }),
        ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", |_| Vec::new()),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
            |_| Vec::new(),
        ),
        ("client-token", |row| text(&row.shown.client_token)),
        ("current-instance-boot-mode", |row| text(&row.shown.current_instance_boot_mode)),
        ("dns-name", |row| text(&row.shown.public_dns_name)),
        ("ebs-optimized", |row| flag(row.shown.ebs_optimized)),
        ("ena-support", |row| flag(row.shown.ena_support)),
        ("enclave-options.enabled", |_| vec!["false".into()]),
        ("group-id", |row| interfaces(row, |one| each(&one.groups, |group| text(&group.group_id)))),
        ("group-name", |row| interfaces(row, |one| each(&one.groups, |group| text(&group.group_name)))),
        ("hibernation-options.configured", |_| vec!["false".into()]),
        ("host-id", |_| Vec::new()),
        ("hypervisor", |row| text(&row.shown.hypervisor)),
        ("iam-instance-profile.arn", |row| {
            row.shown.iam_instance_profile.iter().flat_map(|one| text(&one.arn)).collect()
        }),
        ("iam-instance-profile.id", |row| {
            row.shown.iam_instance_profile.iter().flat_map(|one| text(&one.id)).collect()
        }),
        ("image-id", |row| text(&row.shown.image_id)),
        ("instance-id", |row| text(&row.shown.instance_id)),
        ("instance-lifecycle", |row| text(&row.shown.instance_lifecycle)),
        ("instance-state-code", |row| row.shown.state.iter().flat_map(|state| number(state.code)).collect()),
        ("instance-state-name", |row| row.shown.state.iter().flat_map(|state| text(&state.name)).collect()),
        ("instance-type", |row| text(&row.shown.instance_type)),
        ("instance.group-id", |row| groups(row, |group| text(&group.group_id))),
        ("instance.group-name", |row| groups(row, |group| text(&group.group_name))),
        ("ip-address", |row| text(&row.shown.public_ip_address)),
        ("ipv6-address", |row| interfaces(row, |one| each(&one.ipv6_addresses, |own| text(&own.ipv6_address)))),
        ("kernel-id", |row| text(&row.shown.kernel_id)),
        ("key-name", |row| text(&row.shown.key_name)),
        ("launch-index", |row| number(row.shown.ami_launch_index)),
        ("launch-time", |row| at(&row.shown.launch_time)),
        ("maintenance-options.auto-recovery", |row| {
            row.shown.maintenance_options.iter().flat_map(|one| text(&one.auto_recovery)).collect()
        }),
        ("metadata-options.http-endpoint", |row| metadata(row, |one| text(&one.http_endpoint))),
        ("metadata-options.http-protocol-ipv4", |row| metadata(row, |one| text(&one.http_endpoint))),
        ("metadata-options.http-protocol-ipv6", |row| metadata(row, |one| text(&one.http_protocol_ipv6))),
        ("metadata-options.http-put-response-hop-limit", |row| {
            metadata(row, |one| number(one.http_put_response_hop_limit))
        }),
        ("metadata-options.http-tokens", |row| metadata(row, |one| text(&one.http_tokens))),
        ("metadata-options.instance-metadata-tags", |row| metadata(row, |one| text(&one.instance_metadata_tags))),
        ("metadata-options.state", |row| metadata(row, |one| text(&one.state))),
        ("monitoring-state", |row| row.shown.monitoring.iter().flat_map(|one| text(&one.state)).collect()),
        ("network-interface.addresses.association.ip-owner-id", |row| {
            addresses(row, |one| one.association.iter().flat_map(|own| text(&own.ip_owner_id)).collect())
        }),
        ("network-interface.addresses.association.public-ip", |row| {
            addresses(row, |one| one.association.iter().flat_map(|own| text(&own.public_ip)).collect())
        }),
        ("network-interface.addresses.primary", |row| addresses(row, |one| flag(one.primary))),
        ("network-interface.addresses.private-ip-address", |row| addresses(row, |one| text(&one.private_ip_address))),
        ("network-interface.association.ip-owner-id", |row| associations(row, |one| text(&one.ip_owner_id))),
        ("network-interface.association.public-ip", |row| associations(row, |one| text(&one.public_ip))),
        ("network-interface.attachment.attach-time", |row| attachments(row, |one| at(&one.attach_time))),
        ("network-interface.attachment.attachment-id", |row| attachments(row, |one| text(&one.attachment_id))),
        ("network-interface.attachment.delete-on-termination", |row| {
            attachments(row, |one| flag(one.delete_on_termination))
        }),
        ("network-interface.attachment.device-index", |row| attachments(row, |one| number(one.device_index))),
        ("network-interface.attachment.status", |row| attachments(row, |one| text(&one.status))),
        ("network-interface.availability-zone", |row| {
            row.shown.placement.iter().flat_map(|one| text(&one.availability_zone)).collect()
        }),
        ("network-interface.addresses.association.allocation-id", |row| {
            own(row, |one| each(&one.private_ip_addresses, |own| public(own, |to| &to.allocation_id)))
        }),
        ("network-interface.addresses.association.association-id", |row| {
            own(row, |one| each(&one.private_ip_addresses, |own| public(own, |to| &to.association_id)))
        }),
        ("network-interface.addresses.association.carrier-ip", |row| {
            own(row, |one| each(&one.private_ip_addresses, |own| public(own, |to| &to.carrier_ip)))
        }),
        ("network-interface.addresses.association.customer-owned-ip", |row| {
            own(row, |one| each(&one.private_ip_addresses, |own| public(own, |to| &to.customer_owned_ip)))
        }),
        ("network-interface.addresses.association.public-dns-name", |row| {
            own(row, |one| each(&one.private_ip_addresses, |own| public(own, |to| &to.public_dns_name)))
        }),
        ("network-interface.addresses.private-dns-name", |row| addresses(row, |one| text(&one.private_dns_name))),
        ("network-interface.association.allocation-id", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.allocation_id)).collect())
        }),
        ("network-interface.association.association-id", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.association_id)).collect())
        }),
        ("network-interface.association.carrier-ip", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.carrier_ip)).collect())
        }),
        ("network-interface.association.customer-owned-ip", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.customer_owned_ip)).collect())
        }),
        ("network-interface.association.public-dns-name", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.public_dns_name)).collect())
        }),
        ("network-interface.attachment.instance-id", |row| {
            own(row, |one| one.attachment.iter().flat_map(|held| text(&held.instance_id)).collect())
        }),
        ("network-interface.attachment.instance-owner-id", |row| {
            own(row, |one| one.attachment.iter().flat_map(|held| text(&held.instance_owner_id)).collect())
        }),
        ("network-interface.attachment.network-card-index", |row| {
            own(row, |one| one.attachment.iter().flat_map(|held| number(held.network_card_index)).collect())
        }),
        ("network-interface.availability-zone-id", |row| own(row, |one| text(&one.availability_zone_id))),
        ("network-interface.deny-all-igw-traffic", |row| own(row, |one| flag(one.deny_all_igw_traffic))),
        ("network-interface.ipv4-prefixes.ipv4-prefix", |row| {
            own(row, |one| each(&one.ipv4_prefixes, |own| text(&own.ipv4_prefix)))
        }),
        ("network-interface.ipv6-address", |row| {
            own(row, |one| each(&one.ipv6_addresses, |own| text(&own.ipv6_address)))
        }),
        ("network-interface.ipv6-addresses.ipv6-address", |row| {
            own(row, |one| each(&one.ipv6_addresses, |own| text(&own.ipv6_address)))
        }),
        ("network-interface.ipv6-addresses.is-primary-ipv6", |row| {
            own(row, |one| each(&one.ipv6_addresses, |own| flag(own.is_primary_ipv6)))
        }),
        ("network-interface.ipv6-native", |row| own(row, |one| flag(one.ipv6_native))),
        ("network-interface.ipv6-prefixes.ipv6-prefix", |row| {
            own(row, |one| each(&one.ipv6_prefixes, |own| text(&own.ipv6_prefix)))
        }),
        ("network-interface.operator.managed", |row| {
            own(row, |one| one.operator.iter().flat_map(|by| flag(by.managed)).collect())
        }),
        ("network-interface.operator.principal", |row| {
            own(row, |one| one.operator.iter().flat_map(|by| text(&by.principal)).collect())
        }),
        ("network-interface.outpost-arn", |row| own(row, |one| text(&one.outpost_arn))),
        ("network-interface.public-dns-name", |row| {
            own(row, |one| one.association.iter().flat_map(|to| text(&to.public_dns_name)).collect())
        }),
        ("network-interface.requester-id", |row| own(row, |one| text(&one.requester_id))),
        ("network-interface.requester-managed", |row| own(row, |one| flag(one.requester_managed))),
        ("network-interface.tag-key", |row| own(row, |one| each(&one.tag_set, |tag| text(&tag.key)))),
        ("network-interface.tag-value", |row| own(row, |one| each(&one.tag_set, |tag| text(&tag.value)))),
        ("network-interface.description", |row| interfaces(row, |one| text(&one.description))),
        ("network-interface.group-id", |row| interfaces(row, |one| each(&one.groups, |group| text(&group.group_id)))),
        ("network-interface.group-name", |row| {
            interfaces(row, |one| each(&one.groups, |group| text(&group.group_name)))
        }),
        ("network-interface.mac-address", |row| interfaces(row, |one| text(&one.mac_address))),
        ("network-interface.network-interface-id", |row| interfaces(row, |one| text(&one.network_interface_id))),
        ("network-interface.owner-id", |row| interfaces(row, |one| text(&one.owner_id))),
        ("network-interface.private-dns-name", |row| interfaces(row, |one| text(&one.private_dns_name))),
        ("network-interface.private-ip-address", |row| interfaces(row, |one| text(&one.private_ip_address))),
        ("network-interface.source-dest-check", |row| interfaces(row, |one| flag(one.source_dest_check))),
        ("network-interface.status", |row| interfaces(row, |one| text(&one.status))),
        ("network-interface.subnet-id", |row| interfaces(row, |one| text(&one.subnet_id))),
        ("network-interface.vpc-id", |row| interfaces(row, |one| text(&one.vpc_id))),
        ("network-performance-options.bandwidth-weighting", |row| {
            row.shown.network_performance_options.iter().flat_map(|one| text(&one.bandwidth_weighting)).collect()
        }),
        ("operator.managed", |row| row.shown.operator.iter().flat_map(|one| flag(one.managed)).collect()),
        ("operator.principal", |row| row.shown.operator.iter().flat_map(|one| text(&one.principal)).collect()),
        ("outpost-arn", |_| Vec::new()),
        ("owner-id", |row| vec![row.owner.clone()]),
        ("placement-group-name", |row| {
            row.shown.placement.iter().flat_map(|one| text(&one.group_name)).filter(|name| !name.is_empty()).collect()
        }),
        ("placement-partition-number", |row| {
            row.shown.placement.iter().flat_map(|one| number(one.partition_number)).collect()
        }),
        ("platform", |row| text(&row.shown.platform)),
        ("platform-details", |row| text(&row.shown.platform_details)),
        ("private-dns-name", |row| text(&row.shown.private_dns_name)),
        ("private-dns-name-options.hostname-type", |row| {
            row.shown.private_dns_name_options.iter().flat_map(|one| text(&one.hostname_type)).collect()
        }),
        ("private-dns-name-options.enable-resource-name-dns-a-record", |row| {
            row.shown
                .private_dns_name_options
                .iter()
                .flat_map(|one| flag(one.enable_resource_name_dns_a_record))
                .collect()
        }),
        ("private-dns-name-options.enable-resource-name-dns-aaaa-record", |row| {
            let options = row.shown.private_dns_name_options.iter();
            options.flat_map(|one| flag(one.enable_resource_name_dns_aaaa_record)).collect()
        }),
        ("private-ip-address", |row| addresses(row, |one| text(&one.private_ip_address))),
        ("product-code", |_| Vec::new()),
        ("product-code.type", |_| Vec::new()),
        ("ramdisk-id", |_| Vec::new()),
        ("reason", |row| text(&row.shown.state_transition_reason)),
        ("requester-id", |_| Vec::new()),
        ("reservation-id", |row| vec![row.reservation.clone()]),
        ("root-device-name", |row| text(&row.shown.root_device_name)),
        ("root-device-type", |row| text(&row.shown.root_device_type)),
        ("source-dest-check", |row| flag(row.shown.source_dest_check)),
        ("spot-instance-request-id", |_| Vec::new()),
        ("state-reason-code", |row| row.shown.state_reason.iter().flat_map(|one| text(&one.code)).collect()),
        ("state-reason-message", |row| row.shown.state_reason.iter().flat_map(|one| text(&one.message)).collect()),
        ("subnet-id", |row| text(&row.shown.subnet_id)),
        ("tenancy", |row| row.shown.placement.iter().flat_map(|one| text(&one.tenancy)).collect()),
        ("tpm-support", |_| Vec::new()),
        ("usage-operation", |row| text(&row.shown.usage_operation)),
        ("usage-operation-update-time", |row| at(&row.shown.usage_operation_update_time)),
        ("virtualization-type", |row| text(&row.shown.virtualization_type)),
        ("vpc-id", |row| text(&row.shown.vpc_id)),
    ],
    tags: Some(|row| row.shown.tags.as_ref()),
};
