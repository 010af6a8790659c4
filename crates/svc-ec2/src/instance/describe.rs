//! DescribeInstances.

use kogumo_door::Reader;
use kogumo_model::ec2::{Instance as Shown, *};
use kogumo_wire::Fault;

use super::record::Instance;
use super::shown::{World, of};
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::resource::chosen;

/// An instance with the id of its launch: what pages and filters go over.
struct Row {
    reservation: String,
    owner: String,
    shown: Shown,
}

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

static FILTERS: Filters<Row> = Filters {
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
        ("maintenance-options.auto-recovery", |_| vec!["default".into()]),
        ("metadata-options.http-endpoint", |row| metadata(row, |one| text(&one.http_endpoint))),
        ("metadata-options.http-put-response-hop-limit", |row| {
            metadata(row, |one| number(one.http_put_response_hop_limit))
        }),
        ("metadata-options.http-tokens", |row| metadata(row, |one| text(&one.http_tokens))),
        ("metadata-options.instance-metadata-tags", |row| metadata(row, |one| text(&one.instance_metadata_tags))),
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
        ("outpost-arn", |_| Vec::new()),
        ("owner-id", |row| vec![row.owner.clone()]),
        ("placement-group-name", |row| {
            row.shown.placement.iter().flat_map(|one| text(&one.group_name)).filter(|name| !name.is_empty()).collect()
        }),
        ("placement-partition-number", |_| Vec::new()),
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
        ("virtualization-type", |row| text(&row.shown.virtualization_type)),
        ("vpc-id", |row| text(&row.shown.vpc_id)),
    ],
    tags: Some(|row| row.shown.tags.as_ref()),
};

pub fn describe_instances(r: &Reader, input: DescribeInstancesRequest) -> Result<DescribeInstancesResult, Fault> {
    let instances = chosen::<Instance>(r.store, r.scope(), input.instance_ids.as_deref())?;
    let world = World::read(r.store, r.scope())?;
    let row = |instance: &Instance| Row {
        reservation: instance.reservation.clone(),
        owner: r.scope().account.clone(),
        shown: world.show(instance),
    };
    let rows = FILTERS.select(instances.iter().map(row).collect(), input.filters)?;
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.instance_ids.as_ref().map(|_| "instancesSet"),
    };
    let page = cut(rows, wanted, |row| {
        let (index, id) = (row.shown.ami_launch_index.unwrap_or_default(), row.shown.instance_id.as_deref());
        format!("{} {index:06} {}", row.reservation, id.unwrap_or_default())
    })?;
    let mut reservations: Vec<Reservation> = Vec::new();
    for row in page.items {
        match reservations.last_mut().filter(|last| last.reservation_id.as_ref() == Some(&row.reservation)) {
            Some(last) => last.instances.get_or_insert_default().push(row.shown),
            None => reservations.push(of(&row.owner, &row.reservation, vec![row.shown])),
        }
    }
    Ok(DescribeInstancesResult { reservations: Some(reservations), next_token: page.next_token })
}
