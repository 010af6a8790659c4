//! The operations of EC2 that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::ec2::*;

use crate::{account, dry_run, internet_gateway, key_pair, region, subnet, tag, vpc};

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
    ];
    ops.into_iter().map(|op| op.rehearsed_by(dry_run::verdict)).collect()
}
