//! The operations of EC2 that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::ec2::*;

use crate::{
    account, address, dhcp_options, dry_run, egress_gateway, endpoint, flow_log, image, insights, instance,
    instance_type, internet_gateway, key_pair, launch_template, nat_gateway, network, network_acl, network_interface,
    peering, prefix_list, region, route_table, security_group, snapshot, subnet, tag, volume, vpc, vpn_gateway,
};

/// All of them know `DryRun`.
pub fn ops() -> Vec<Op> {
    let ops = vec![
        // Regions, zones, the account
        read::<DescribeRegions>(region::describe_regions),
        read::<DescribeAvailabilityZones>(region::describe_availability_zones),
        read::<DescribeAccountAttributes>(account::describe_account_attributes),
        // Tags
        write::<CreateTags>(tag::create_tags),
        write::<DeleteTags>(tag::delete_tags),
        read::<DescribeTags>(tag::describe_tags),
        // VPCs
        write::<CreateVpc>(vpc::create_vpc),
        read::<DescribeVpcs>(vpc::describe_vpcs),
        write::<DeleteVpc>(vpc::delete_vpc),
        write::<ModifyVpcAttribute>(vpc::modify_vpc_attribute),
        read::<DescribeVpcAttribute>(vpc::describe_vpc_attribute),
        write::<ModifyVpcTenancy>(vpc::modify_vpc_tenancy),
        write::<AssociateVpcCidrBlock>(vpc::cidr_block::associate_vpc_cidr_block),
        write::<DisassociateVpcCidrBlock>(vpc::cidr_block::disassociate_vpc_cidr_block),
        write::<CreateDefaultVpc>(vpc::create_default_vpc),
        // Subnets
        write::<CreateSubnet>(subnet::create_subnet),
        read::<DescribeSubnets>(subnet::describe_subnets),
        write::<DeleteSubnet>(subnet::delete_subnet),
        write::<ModifySubnetAttribute>(subnet::modify_subnet_attribute),
        write::<AssociateSubnetCidrBlock>(subnet::associate_subnet_cidr_block),
        write::<DisassociateSubnetCidrBlock>(subnet::disassociate_subnet_cidr_block),
        write::<CreateDefaultSubnet>(subnet::create_default_subnet),
        write::<CreateSubnetCidrReservation>(subnet::create_subnet_cidr_reservation),
        read::<GetSubnetCidrReservations>(subnet::get_subnet_cidr_reservations),
        write::<DeleteSubnetCidrReservation>(subnet::delete_subnet_cidr_reservation),
        // Internet gateways
        write::<CreateInternetGateway>(internet_gateway::create_internet_gateway),
        read::<DescribeInternetGateways>(internet_gateway::describe_internet_gateways),
        write::<AttachInternetGateway>(internet_gateway::attach_internet_gateway),
        write::<DetachInternetGateway>(internet_gateway::detach_internet_gateway),
        write::<DeleteInternetGateway>(internet_gateway::delete_internet_gateway),
        // Key pairs
        task::<CreateKeyPair, _>(key_pair::create_key_pair),
        write::<ImportKeyPair>(key_pair::import_key_pair),
        read::<DescribeKeyPairs>(key_pair::describe_key_pairs),
        write::<DeleteKeyPair>(key_pair::delete_key_pair),
        // Route tables
        write::<CreateRouteTable>(route_table::create_route_table),
        read::<DescribeRouteTables>(route_table::describe_route_tables),
        write::<DeleteRouteTable>(route_table::delete_route_table),
        write::<CreateRoute>(route_table::create_route),
        write::<ReplaceRoute>(route_table::replace_route),
        write::<DeleteRoute>(route_table::delete_route),
        write::<AssociateRouteTable>(route_table::associate_route_table),
        write::<DisassociateRouteTable>(route_table::disassociate_route_table),
        write::<ReplaceRouteTableAssociation>(route_table::replace_route_table_association),
        // Network ACLs
        write::<CreateNetworkAcl>(network_acl::create_network_acl),
        read::<DescribeNetworkAcls>(network_acl::describe_network_acls),
        write::<DeleteNetworkAcl>(network_acl::delete_network_acl),
        write::<CreateNetworkAclEntry>(network_acl::create_network_acl_entry),
        write::<ReplaceNetworkAclEntry>(network_acl::replace_network_acl_entry),
        write::<DeleteNetworkAclEntry>(network_acl::delete_network_acl_entry),
        write::<ReplaceNetworkAclAssociation>(network_acl::replace_network_acl_association),
        // Security groups
        write::<CreateSecurityGroup>(security_group::create_security_group),
        read::<DescribeSecurityGroups>(security_group::describe_security_groups),
        write::<DeleteSecurityGroup>(security_group::delete_security_group),
        write::<AuthorizeSecurityGroupIngress>(security_group::authorize_security_group_ingress),
        write::<AuthorizeSecurityGroupEgress>(security_group::authorize_security_group_egress),
        write::<RevokeSecurityGroupIngress>(security_group::revoke_security_group_ingress),
        write::<RevokeSecurityGroupEgress>(security_group::revoke_security_group_egress),
        read::<DescribeSecurityGroupRules>(security_group::describe_security_group_rules),
        write::<ModifySecurityGroupRules>(security_group::modify_security_group_rules),
        write::<UpdateSecurityGroupRuleDescriptionsIngress>(
            security_group::update_security_group_rule_descriptions_ingress,
        ),
        write::<UpdateSecurityGroupRuleDescriptionsEgress>(
            security_group::update_security_group_rule_descriptions_egress,
        ),
        read::<DescribeSecurityGroupReferences>(security_group::describe_security_group_references),
        read::<DescribeStaleSecurityGroups>(security_group::describe_stale_security_groups),
        read::<GetSecurityGroupsForVpc>(security_group::get_security_groups_for_vpc),
        // DHCP options
        write::<CreateDhcpOptions>(dhcp_options::create_dhcp_options),
        read::<DescribeDhcpOptions>(dhcp_options::describe_dhcp_options),
        write::<DeleteDhcpOptions>(dhcp_options::delete_dhcp_options),
        write::<AssociateDhcpOptions>(dhcp_options::associate_dhcp_options),
        // Network interfaces
        write::<CreateNetworkInterface>(network_interface::create_network_interface),
        read::<DescribeNetworkInterfaces>(network_interface::describe_network_interfaces),
        write::<DeleteNetworkInterface>(network_interface::delete_network_interface),
        write::<ModifyNetworkInterfaceAttribute>(network_interface::modify_network_interface_attribute),
        read::<DescribeNetworkInterfaceAttribute>(network_interface::describe_network_interface_attribute),
        write::<ResetNetworkInterfaceAttribute>(network_interface::reset_network_interface_attribute),
        write::<AttachNetworkInterface>(network_interface::attach_network_interface),
        write::<DetachNetworkInterface>(network_interface::detach_network_interface),
        write::<AssignPrivateIpAddresses>(network_interface::assign_private_ip_addresses),
        write::<UnassignPrivateIpAddresses>(network_interface::unassign_private_ip_addresses),
        write::<AssignIpv6Addresses>(network_interface::assign_ipv6_addresses),
        write::<UnassignIpv6Addresses>(network_interface::unassign_ipv6_addresses),
        // Elastic IP addresses
        write::<AllocateAddress>(address::allocate_address),
        read::<DescribeAddresses>(address::describe_addresses),
        read::<DescribeAddressesAttribute>(address::describe_addresses_attribute),
        write::<ReleaseAddress>(address::release_address),
        write::<AssociateAddress>(address::associate_address),
        write::<DisassociateAddress>(address::disassociate_address),
        // NAT gateways
        write::<CreateNatGateway>(nat_gateway::create_nat_gateway),
        read::<DescribeNatGateways>(nat_gateway::describe_nat_gateways),
        write::<DeleteNatGateway>(nat_gateway::delete_nat_gateway),
        // Egress-only internet gateways
        write::<CreateEgressOnlyInternetGateway>(egress_gateway::create_egress_only_internet_gateway),
        read::<DescribeEgressOnlyInternetGateways>(egress_gateway::describe_egress_only_internet_gateways),
        write::<DeleteEgressOnlyInternetGateway>(egress_gateway::delete_egress_only_internet_gateway),
        // Virtual private gateways
        read::<DescribeVpnGateways>(vpn_gateway::describe_vpn_gateways),
        // VPC endpoints
        write::<CreateVpcEndpoint>(endpoint::create_vpc_endpoint),
        read::<DescribeVpcEndpoints>(endpoint::describe_vpc_endpoints),
        write::<ModifyVpcEndpoint>(endpoint::modify_vpc_endpoint),
        write::<DeleteVpcEndpoints>(endpoint::delete_vpc_endpoints),
        read::<DescribeVpcEndpointServices>(endpoint::describe_vpc_endpoint_services),
        // Flow logs
        task::<CreateFlowLogs, _>(flow_log::create_flow_logs),
        read::<DescribeFlowLogs>(flow_log::describe_flow_logs),
        write::<DeleteFlowLogs>(flow_log::delete_flow_logs),
        // Peering
        write::<CreateVpcPeeringConnection>(peering::create_vpc_peering_connection),
        read::<DescribeVpcPeeringConnections>(peering::describe_vpc_peering_connections),
        write::<AcceptVpcPeeringConnection>(peering::accept_vpc_peering_connection),
        write::<ModifyVpcPeeringConnectionOptions>(peering::modify_vpc_peering_connection_options),
        write::<RejectVpcPeeringConnection>(peering::reject_vpc_peering_connection),
        write::<DeleteVpcPeeringConnection>(peering::delete_vpc_peering_connection),
        // Prefix lists
        write::<CreateManagedPrefixList>(prefix_list::create_managed_prefix_list),
        read::<DescribeManagedPrefixLists>(prefix_list::describe_managed_prefix_lists),
        read::<GetManagedPrefixListEntries>(prefix_list::get_managed_prefix_list_entries),
        write::<ModifyManagedPrefixList>(prefix_list::modify_managed_prefix_list),
        write::<RestoreManagedPrefixListVersion>(prefix_list::restore_managed_prefix_list_version),
        read::<GetManagedPrefixListAssociations>(prefix_list::get_managed_prefix_list_associations),
        write::<DeleteManagedPrefixList>(prefix_list::delete_managed_prefix_list),
        read::<DescribePrefixLists>(prefix_list::describe_prefix_lists),
        // Reachability Analyzer
        write::<CreateNetworkInsightsPath>(insights::create_network_insights_path),
        read::<DescribeNetworkInsightsPaths>(insights::describe_network_insights_paths),
        write::<DeleteNetworkInsightsPath>(insights::delete_network_insights_path),
        write::<StartNetworkInsightsAnalysis>(insights::start_network_insights_analysis),
        read::<DescribeNetworkInsightsAnalyses>(insights::describe_network_insights_analyses),
        write::<DeleteNetworkInsightsAnalysis>(insights::delete_network_insights_analysis),
        // Images
        read::<DescribeImages>(image::describe_images),
        write::<CreateImage>(image::create_image),
        write::<RegisterImage>(image::register_image),
        write::<CopyImage>(image::copy_image),
        write::<DeregisterImage>(image::deregister_image),
        write::<ModifyImageAttribute>(image::modify_image_attribute),
        read::<DescribeImageAttribute>(image::describe_image_attribute),
        write::<ResetImageAttribute>(image::reset_image_attribute),
        // Instance types
        read::<DescribeInstanceTypes>(instance_type::describe_instance_types),
        read::<DescribeInstanceTypeOfferings>(instance_type::describe_instance_type_offerings),
        // Instances
        task::<RunInstances, _>(instance::run_instances),
        read::<DescribeInstances>(instance::describe_instances),
        read::<DescribeInstanceStatus>(instance::describe_instance_status),
        write::<StartInstances>(instance::start_instances),
        write::<StopInstances>(instance::stop_instances),
        write::<RebootInstances>(instance::reboot_instances),
        write::<TerminateInstances>(instance::terminate_instances),
        read::<DescribeInstanceAttribute>(instance::describe_instance_attribute),
        write::<ModifyInstanceAttribute>(instance::modify_instance_attribute),
        write::<ResetInstanceAttribute>(instance::reset_instance_attribute),
        write::<ModifyInstanceMetadataOptions>(instance::modify_instance_metadata_options),
        task::<AssociateIamInstanceProfile, _>(instance::associate_iam_instance_profile),
        write::<DisassociateIamInstanceProfile>(instance::disassociate_iam_instance_profile),
        read::<DescribeIamInstanceProfileAssociations>(instance::describe_iam_instance_profile_associations),
        task::<GetConsoleOutput, _>(instance::get_console_output),
        // Launch templates
        write::<CreateLaunchTemplate>(launch_template::create_launch_template),
        read::<DescribeLaunchTemplates>(launch_template::describe_launch_templates),
        write::<ModifyLaunchTemplate>(launch_template::modify_launch_template),
        write::<DeleteLaunchTemplate>(launch_template::delete_launch_template),
        write::<CreateLaunchTemplateVersion>(launch_template::create_launch_template_version),
        read::<DescribeLaunchTemplateVersions>(launch_template::describe_launch_template_versions),
        write::<DeleteLaunchTemplateVersions>(launch_template::delete_launch_template_versions),
        // Volumes and snapshots
        write::<CreateVolume>(volume::create_volume),
        read::<DescribeVolumes>(volume::describe_volumes),
        write::<DeleteVolume>(volume::delete_volume),
        write::<AttachVolume>(volume::attach_volume),
        write::<DetachVolume>(volume::detach_volume),
        write::<ModifyVolume>(volume::modify_volume),
        read::<DescribeVolumesModifications>(volume::describe_volumes_modifications),
        read::<DescribeVolumeStatus>(volume::describe_volume_status),
        read::<EnableVolumeIO>(volume::enable_volume_io),
        read::<DescribeVolumeAttribute>(volume::describe_volume_attribute),
        write::<ModifyVolumeAttribute>(volume::modify_volume_attribute),
        read::<GetEbsEncryptionByDefault>(volume::get_ebs_encryption_by_default),
        read::<DisableEbsEncryptionByDefault>(volume::disable_ebs_encryption_by_default),
        write::<CreateSnapshot>(snapshot::create_snapshot),
        write::<CreateSnapshots>(snapshot::create_snapshots),
        write::<CopySnapshot>(snapshot::copy_snapshot),
        read::<DescribeSnapshotAttribute>(snapshot::describe_snapshot_attribute),
        write::<ModifySnapshotAttribute>(snapshot::modify_snapshot_attribute),
        write::<ResetSnapshotAttribute>(snapshot::reset_snapshot_attribute),
        read::<GetSnapshotBlockPublicAccessState>(snapshot::get_snapshot_block_public_access_state),
        write::<EnableSnapshotBlockPublicAccess>(snapshot::enable_snapshot_block_public_access),
        write::<DisableSnapshotBlockPublicAccess>(snapshot::disable_snapshot_block_public_access),
        read::<DescribeSnapshots>(snapshot::describe_snapshots),
        write::<DeleteSnapshot>(snapshot::delete_snapshot),
    ];
    ops.into_iter().map(|op| settle(op.rehearsed_by(dry_run::verdict))).collect()
}

/// What changes something is answered once packets feel it. Groups are immediate on AWS; the rest is soon, and may be.
fn settle(op: Op) -> Op {
    let reads = ["Describe", "Get", "Search"].iter().any(|verb| op.facts.name.starts_with(verb));
    if reads { op } else { op.settled_by(network::felt) }
}
