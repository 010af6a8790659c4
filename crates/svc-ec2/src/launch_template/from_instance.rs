//! GetLaunchTemplateData: the data of a launch template that would start such an instance again.

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::instance::{self, Instance};
use crate::network_interface::{self, NetworkInterface};
use crate::resource::{all, get};
use crate::tag::Tags;
use crate::volume::Volume;

fn devices(read: &dyn Read, r: &Reader, instance: &Instance) -> Result<Vec<LaunchTemplateBlockDeviceMapping>, Fault> {
    let volumes = all::<Volume>(read, r.scope())?.into_iter();
    let shown = volumes.filter_map(|volume| {
        let volume = volume.seen_from(&instance.id);
        let held = volume.attachment.filter(|held| held.instance == instance.id)?;
        let provisioned = matches!(volume.kind.as_str(), "io1" | "io2" | "gp3");
        Some(LaunchTemplateBlockDeviceMapping {
            device_name: Some(held.device),
            ebs: Some(LaunchTemplateEbsBlockDevice {
                encrypted: Some(volume.encryption.is_some()),
                delete_on_termination: Some(held.delete_on_termination),
                iops: volume.iops.filter(|_| provisioned),
                snapshot_id: volume.snapshot,
                volume_size: Some(volume.size),
                volume_type: Some(volume.kind),
                throughput: volume.throughput,
                ..LaunchTemplateEbsBlockDevice::default()
            }),
            ..LaunchTemplateBlockDeviceMapping::default()
        })
    });
    Ok(shown.collect())
}

fn interface(one: NetworkInterface) -> LaunchTemplateInstanceNetworkInterfaceSpecification {
    let held = one.attachment.as_ref();
    let addresses = one.addresses.iter().enumerate().map(|(index, own)| PrivateIpAddressSpecification {
        primary: Some(index == 0),
        private_ip_address: Some(own.address.clone()),
    });
    let ipv6 = one
        .ipv6
        .iter()
        .map(|address| InstanceIpv6Address { ipv6_address: Some(address.clone()), ..InstanceIpv6Address::default() });
    LaunchTemplateInstanceNetworkInterfaceSpecification {
        associate_public_ip_address: Some(one.addresses.first().is_some_and(|own| own.public.is_some())),
        delete_on_termination: held.map(|held| held.delete_on_termination),
        description: Some(one.description.clone()),
        device_index: held.map(|held| held.device_index),
        groups: Some(one.groups.clone()),
        interface_type: Some(one.kind.clone()),
        ipv6_addresses: Some(ipv6.collect()),
        private_ip_addresses: Some(addresses.collect()),
        subnet_id: Some(one.subnet.clone()),
        network_card_index: Some(0),
        ..LaunchTemplateInstanceNetworkInterfaceSpecification::default()
    }
}

pub fn get_launch_template_data(
    r: &Reader,
    input: GetLaunchTemplateDataRequest,
) -> Result<GetLaunchTemplateDataResult, Fault> {
    let instance: Instance = get(r.store, r.scope(), &input.instance_id)?;
    let devices = devices(r.store, r, &instance)?;
    let interfaces = network_interface::of_instance(r.store, r.scope(), &instance.id)?;
    let options = instance::metadata_options(&instance);
    let tags = Tags::of_one(r.store, r.scope(), &instance.id)?;
    let tags = tags
        .shown_if_any(&instance.id)
        .map(|tags| vec![LaunchTemplateTagSpecification { resource_type: Some("instance".into()), tags: Some(tags) }]);
    let data = ResponseLaunchTemplateData {
        ebs_optimized: Some(instance.ebs_optimized),
        iam_instance_profile: instance
            .profile
            .map(|profile| LaunchTemplateIamInstanceProfileSpecification { arn: Some(profile.arn), name: None }),
        block_device_mappings: Some(devices),
        network_interfaces: Some(interfaces.into_iter().map(interface).collect()),
        image_id: Some(instance.image),
        instance_type: Some(instance.kind),
        key_name: instance.key_name,
        monitoring: Some(LaunchTemplatesMonitoring {
            enabled: Some(instance.monitoring),
            ..LaunchTemplatesMonitoring::default()
        }),
        placement: Some(LaunchTemplatePlacement {
            availability_zone: Some(instance.zone),
            group_name: Some(instance.group_name),
            partition_number: instance.partition,
            tenancy: Some("default".into()),
            ..LaunchTemplatePlacement::default()
        }),
        disable_api_termination: Some(instance.termination_protected),
        disable_api_stop: Some(instance.stop_protected),
        instance_initiated_shutdown_behavior: Some(instance.shutdown_behavior),
        user_data: instance.user_data,
        tag_specifications: tags,
        credit_specification: instance.credits.map(|credits| CreditSpecification { cpu_credits: Some(credits) }),
        metadata_options: Some(LaunchTemplateInstanceMetadataOptions {
            state: options.state,
            http_tokens: options.http_tokens,
            http_put_response_hop_limit: options.http_put_response_hop_limit,
            http_endpoint: options.http_endpoint,
            http_protocol_ipv6: options.http_protocol_ipv6,
            instance_metadata_tags: options.instance_metadata_tags,
        }),
        private_dns_name_options: Some(LaunchTemplatePrivateDnsNameOptions {
            hostname_type: Some(instance.names.hostname_type),
            enable_resource_name_dns_a_record: Some(instance.names.a_record),
            enable_resource_name_dns_aaaa_record: Some(instance.names.aaaa_record),
        }),
        ..ResponseLaunchTemplateData::default()
    };
    Ok(GetLaunchTemplateDataResult { launch_template_data: Some(data) })
}
