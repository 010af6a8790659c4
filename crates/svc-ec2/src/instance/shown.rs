//! Instances as the API shows them.

use std::collections::BTreeMap;

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_model::ec2::{Instance as Shown, NetworkInterface as ShownInterface, *};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Instance, State};
use super::{cpu, maintenance};
use crate::instance_type;
use crate::network_interface::{NetworkInterface as Interface, Surroundings};
use crate::public_address;
use crate::region::{self, Zone};
use crate::resource::all;
use crate::tag::Tags;
use crate::volume::Volume as VolumeRecord;
use crate::vpc::Vpc as VpcRecord;

/// What instances are shown with: read once for a whole list.
pub struct World {
    scope: Scope,
    tags: Tags,
    volumes: BTreeMap<String, Vec<VolumeRecord>>,
    interfaces: BTreeMap<String, Vec<ShownInterface>>,
    named_vpcs: Vec<String>,
    zones: Vec<Zone>,
}

impl World {
    /// # Errors
    /// Trouble with the store.
    pub fn read(read: &dyn Read, scope: &Scope) -> Result<World, Fault> {
        let tags = Tags::of_all(read, scope)?;
        let mut volumes: BTreeMap<String, Vec<VolumeRecord>> = BTreeMap::new();
        for volume in all::<VolumeRecord>(read, scope)? {
            for held in volume.attachments() {
                let seen = volume.clone().seen_from(&held.instance);
                volumes.entry(held.instance.clone()).or_default().push(seen);
            }
        }
        let mut interfaces: BTreeMap<String, Vec<ShownInterface>> = BTreeMap::new();
        let held = all::<Interface>(read, scope)?;
        let around = Surroundings::of(read, scope, &held)?;
        for interface in &held {
            if let Some(instance) = interface.instance() {
                interfaces.entry(instance.to_owned()).or_default().push(around.show(interface, &tags));
            }
        }
        let index = |one: &ShownInterface| one.attachment.as_ref().and_then(|attachment| attachment.device_index);
        interfaces.values_mut().for_each(|list| list.sort_by_key(index));
        let named = all::<VpcRecord>(read, scope)?.into_iter().filter(|vpc| vpc.dns_hostnames);
        let named_vpcs = named.map(|vpc| vpc.id).collect();
        Ok(World { scope: scope.clone(), tags, volumes, interfaces, named_vpcs, zones: region::zones(&scope.region) })
    }

    /// Its interfaces, as interfaces are shown; none once the instance has been shown with them.
    pub fn interfaces(&self, instance: &Instance) -> &[ShownInterface] {
        self.interfaces.get(&instance.id).map_or(&[][..], Vec::as_slice)
    }

    /// One instance, with its interfaces taken out of the world: each instance is shown once.
    pub fn show(&mut self, instance: &Instance) -> Shown {
        let interfaces = self.interfaces.remove(&instance.id).unwrap_or_default();
        let first = interfaces.first();
        let private = first.and_then(|one| one.private_ip_address.clone());
        let public = first.and_then(|one| one.association.as_ref()?.public_ip.clone());
        let has_names = self.named_vpcs.contains(&instance.vpc);
        let region = &self.scope.region;
        let public_name =
            public.as_deref().filter(|_| has_names).map(|address| public_address::dns_name(region, address));
        let (code, name) = instance.state.words();
        let gone = instance.state == State::Terminated;
        let is_nitro = instance_type::find(&instance.kind).is_some_and(|kind| kind.hypervisor == "nitro");
        Shown {
            ami_launch_index: Some(instance.launch_index),
            architecture: Some(instance.architecture.clone()),
            block_device_mappings: Some(self.devices(instance)),
            boot_mode: Some("uefi-preferred".into()),
            current_instance_boot_mode: Some(if is_nitro { "uefi".into() } else { "legacy-bios".into() }),
            capacity_reservation_specification: Some(CapacityReservationSpecificationResponse {
                capacity_reservation_preference: Some(instance.maintenance.reservation.clone()),
                ..CapacityReservationSpecificationResponse::default()
            }),
            client_token: Some(instance.client_token.clone()),
            cpu_options: cpu::shown(instance),
            ebs_optimized: Some(instance.ebs_optimized),
            ena_support: Some(true),
            enclave_options: Some(EnclaveOptions { enabled: Some(false) }),
            hibernation_options: Some(HibernationOptions { configured: Some(false) }),
            hypervisor: Some("xen".into()),
            ipv6_address: first.and_then(|one| one.ipv6_addresses.as_ref()?.first()?.ipv6_address.clone()),
            iam_instance_profile: instance
                .profile
                .as_ref()
                .map(|profile| IamInstanceProfile { arn: Some(profile.arn.clone()), id: Some(profile.id.clone()) }),
            image_id: Some(instance.image.clone()),
            instance_id: Some(instance.id.clone()),
            instance_type: Some(instance.kind.clone()),
            key_name: instance.key_name.clone(),
            launch_time: Some(instance.launched),
            maintenance_options: Some(maintenance::shown(&instance.maintenance)),
            metadata_options: Some(metadata_options(instance)),
            monitoring: Some(monitoring(instance.monitoring)),
            network_performance_options: is_nitro
                .then(|| InstanceNetworkPerformanceOptions { bandwidth_weighting: Some("default".into()) }),
            operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
            placement: Some(Placement {
                availability_zone: Some(instance.zone.clone()),
                availability_zone_id: self
                    .zones
                    .iter()
                    .find(|zone| zone.name == instance.zone)
                    .map(|zone| zone.id.clone()),
                group_name: Some(instance.group_name.clone()),
                partition_number: instance.partition,
                tenancy: Some("default".into()),
                ..Placement::default()
            }),
            platform_details: Some("Linux/UNIX".into()),
            private_dns_name: Some(
                private.as_deref().map_or_else(String::new, |address| instance.private_name(region, address)),
            ),
            private_dns_name_options: Some(PrivateDnsNameOptionsResponse {
                hostname_type: Some(instance.names.hostname_type.clone()),
                enable_resource_name_dns_a_record: Some(instance.names.a_record),
                enable_resource_name_dns_aaaa_record: Some(instance.names.aaaa_record),
            }),
            private_ip_address: private,
            product_codes: Some(Vec::new()),
            public_dns_name: Some(public_name.unwrap_or_default()),
            public_ip_address: public,
            root_device_name: Some(instance.root_device.clone()),
            root_device_type: Some("ebs".into()),
            security_groups: Some(first.and_then(|one| one.groups.clone()).unwrap_or_default()),
            source_dest_check: first.and_then(|one| one.source_dest_check),
            state: Some(InstanceState { code: Some(code), name: Some(name.into()) }),
            state_reason: instance
                .reason
                .as_ref()
                .map(|(code, message)| StateReason { code: Some(code.clone()), message: Some(message.clone()) }),
            state_transition_reason: Some(instance.transition.clone()),
            subnet_id: Some(instance.subnet.clone()).filter(|_| !gone),
            tags: self.tags.shown_if_any(&instance.id),
            usage_operation: Some("RunInstances".into()),
            usage_operation_update_time: Some(instance.launched),
            virtualization_type: Some("hvm".into()),
            vpc_id: Some(instance.vpc.clone()).filter(|_| !gone),
            // The last one: what is read of the interfaces above goes into it.
            network_interfaces: Some(interfaces.into_iter().map(interface).collect()),
            ..Shown::default()
        }
    }

    fn devices(&self, instance: &Instance) -> Vec<InstanceBlockDeviceMapping> {
        let volumes = self.volumes.get(&instance.id).into_iter().flatten();
        let shown = volumes.filter_map(|volume| {
            let attachment = volume.attachment.as_ref()?;
            Some(InstanceBlockDeviceMapping {
                device_name: Some(attachment.device.clone()),
                ebs: Some(EbsInstanceBlockDevice {
                    attach_time: Some(attachment.since),
                    delete_on_termination: Some(attachment.delete_on_termination),
                    status: Some(attachment.state.clone()),
                    volume_id: Some(volume.id.clone()),
                    ..EbsInstanceBlockDevice::default()
                }),
            })
        });
        let mut shown: Vec<InstanceBlockDeviceMapping> = shown.collect();
        shown.sort_by_key(|one| (one.device_name.as_deref() != Some(&instance.root_device), one.device_name.clone()));
        shown
    }
}

pub fn monitoring(enabled: bool) -> Monitoring {
    Monitoring { state: Some(if enabled { "enabled".into() } else { "disabled".into() }), ..Monitoring::default() }
}

pub fn metadata_options(instance: &Instance) -> InstanceMetadataOptionsResponse {
    let options = &instance.metadata;
    InstanceMetadataOptionsResponse {
        state: Some(if instance.state == State::Pending { "pending".into() } else { "applied".into() }),
        http_tokens: Some(options.tokens.clone()),
        http_put_response_hop_limit: Some(options.hop_limit),
        http_endpoint: Some(options.endpoint.clone()),
        http_protocol_ipv6: Some(if options.ipv6 { "enabled".into() } else { "disabled".into() }),
        instance_metadata_tags: Some(options.tags.clone()),
    }
}

fn association(from: NetworkInterfaceAssociation) -> InstanceNetworkInterfaceAssociation {
    InstanceNetworkInterfaceAssociation {
        ip_owner_id: from.ip_owner_id,
        public_dns_name: from.public_dns_name,
        public_ip: from.public_ip,
        ..InstanceNetworkInterfaceAssociation::default()
    }
}

fn interface(from: ShownInterface) -> InstanceNetworkInterface {
    let attachment = from.attachment.map(|held| InstanceNetworkInterfaceAttachment {
        attach_time: held.attach_time,
        attachment_id: held.attachment_id,
        delete_on_termination: held.delete_on_termination,
        device_index: held.device_index,
        network_card_index: Some(0),
        status: held.status,
        ..InstanceNetworkInterfaceAttachment::default()
    });
    let addresses = from.private_ip_addresses.into_iter().flatten().map(|own| InstancePrivateIpAddress {
        association: own.association.map(association),
        primary: own.primary,
        private_dns_name: own.private_dns_name,
        private_ip_address: own.private_ip_address,
    });
    let ipv6 = from
        .ipv6_addresses
        .into_iter()
        .flatten()
        .map(|own| InstanceIpv6Address { ipv6_address: own.ipv6_address, is_primary_ipv6: own.is_primary_ipv6 });
    InstanceNetworkInterface {
        association: from.association.map(association),
        attachment,
        description: from.description,
        groups: from.groups,
        interface_type: from.interface_type,
        ipv6_addresses: Some(ipv6.collect()),
        mac_address: from.mac_address,
        network_interface_id: from.network_interface_id,
        owner_id: from.owner_id,
        private_dns_name: from.private_dns_name,
        private_ip_address: from.private_ip_address,
        private_ip_addresses: Some(addresses.collect()),
        source_dest_check: from.source_dest_check,
        status: from.status,
        subnet_id: from.subnet_id,
        vpc_id: from.vpc_id,
        ..InstanceNetworkInterface::default()
    }
}

/// The instances of one launch, as RunInstances answers them.
///
/// # Errors
/// Trouble with the store.
pub fn reservation(w: &Writer, id: &str) -> Result<Reservation, Fault> {
    let mut world = World::read(w.store(), w.scope())?;
    let mut instances: Vec<Instance> = all(w.store(), w.scope())?;
    instances.retain(|instance| instance.reservation == id);
    instances.sort_by_key(|instance| instance.launch_index);
    let shown = instances.iter().map(|instance| world.show(instance)).collect();
    Ok(of(w.caller.account(), id, shown))
}

/// Instances under the id of their launch.
pub fn of(owner: &str, id: &str, instances: Vec<Shown>) -> Reservation {
    Reservation {
        groups: Some(Vec::new()),
        instances: Some(instances),
        owner_id: Some(owner.to_owned()),
        reservation_id: Some(id.to_owned()),
        requester_id: None,
    }
}
