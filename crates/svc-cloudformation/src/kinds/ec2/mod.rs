//! `AWS::EC2::*`: the network of a VPC, and instances in it.

mod acl;
mod address;
mod endpoint;
mod gateway;
mod group;
mod instance;
mod interface;
mod key_pair;
mod launch_template;
mod options;
mod placement_group;
mod route;
mod tagged;
mod volume;
mod vpc;
mod watch;

use super::hands::Hands;
use super::unbuilt;
use crate::world::{Failure, Made, Work};

/// Whether the type is one of these.
pub fn has(kind: &str) -> bool {
    kind.starts_with("AWS::EC2::")
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match short(w) {
        "DHCPOptions" => options::create(h, w).await,
        "EIP" => address::create(h, w).await,
        "EIPAssociation" => address::associate(h, w).await,
        "EgressOnlyInternetGateway" => gateway::create_egress_only(h, w).await,
        "FlowLog" => watch::create_flow_log(h, w).await,
        "GatewayRouteTableAssociation" => route::associate_gateway(h, w).await,
        "Instance" => instance::create(h, w).await,
        "InternetGateway" => gateway::create(h, w).await,
        "KeyPair" => key_pair::create(h, w).await,
        "LaunchTemplate" => launch_template::create(h, w).await,
        "NatGateway" => gateway::create_nat(h, w).await,
        "NetworkAcl" => acl::create(h, w).await,
        "NetworkAclEntry" => acl::create_entry(h, w).await,
        "NetworkInsightsAnalysis" => watch::create_analysis(h, w).await,
        "NetworkInsightsPath" => watch::create_path(h, w).await,
        "NetworkInterface" => interface::create(h, w).await,
        "NetworkInterfaceAttachment" => interface::attach(h, w).await,
        "PlacementGroup" => placement_group::create(h, w).await,
        "PrefixList" => options::create_prefix_list(h, w).await,
        "Route" => route::create(h, w).await,
        "RouteTable" => route::create_table(h, w).await,
        "SecurityGroup" => group::create(h, w).await,
        "SecurityGroupEgress" | "SecurityGroupIngress" => group::create_rule(h, w).await,
        "Subnet" => vpc::create_subnet(h, w).await,
        "SubnetCidrBlock" => vpc::create_subnet_block(h, w).await,
        "SubnetNetworkAclAssociation" => acl::associate(h, w).await,
        "SubnetRouteTableAssociation" => route::associate(h, w).await,
        "VPC" => vpc::create(h, w).await,
        "Volume" => volume::create(h, w).await,
        "VolumeAttachment" => volume::attach(h, w).await,
        "VPCCidrBlock" => vpc::create_block(h, w).await,
        "VPCDHCPOptionsAssociation" => options::associate(h, w).await,
        "VPCEndpoint" => endpoint::create(h, w).await,
        "VPCGatewayAttachment" => gateway::attach(h, w).await,
        "VPCPeeringConnection" => endpoint::create_peering(h, w).await,
        _ => Err(unbuilt(&w.kind)),
    }
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match short(w) {
        "EIP" => address::update(h, w).await,
        "GatewayRouteTableAssociation" => route::replace_gateway(h, w).await,
        "Instance" => instance::update(h, w).await,
        "LaunchTemplate" => launch_template::update(h, w).await,
        "NetworkAclEntry" => acl::update_entry(h, w).await,
        "NetworkInterface" => interface::update(h, w).await,
        "NetworkInterfaceAttachment" => interface::update_attachment(h, w).await,
        "PrefixList" => options::update_prefix_list(h, w).await,
        "Route" => route::update(h, w).await,
        "SecurityGroup" => group::update(h, w).await,
        "SecurityGroupEgress" | "SecurityGroupIngress" => group::update_rule(h, w).await,
        "Subnet" => vpc::update_subnet(h, w).await,
        "VPC" => vpc::update(h, w).await,
        "Volume" => volume::update(h, w).await,
        "VPCEndpoint" => endpoint::update(h, w).await,
        "VPCGatewayAttachment" => gateway::update_attachment(h, w).await,
        "DHCPOptions"
        | "EgressOnlyInternetGateway"
        | "FlowLog"
        | "InternetGateway"
        | "NatGateway"
        | "NetworkAcl"
        | "NetworkInsightsAnalysis"
        | "NetworkInsightsPath"
        | "RouteTable"
        | "VPCPeeringConnection" => tagged::only_tags(h, w).await,
        _ => Err(Failure::new(format!("Updating {} is not implemented by Kogumo", w.kind))),
    }
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    match short(w) {
        "DHCPOptions" => tagged::delete(h, w, "DeleteDhcpOptions", "DhcpOptionsId").await,
        "EIP" => address::delete(h, w).await,
        "EIPAssociation" => tagged::delete(h, w, "DisassociateAddress", "AssociationId").await,
        "EgressOnlyInternetGateway" => {
            tagged::delete(h, w, "DeleteEgressOnlyInternetGateway", "EgressOnlyInternetGatewayId").await
        }
        "FlowLog" => watch::delete_flow_log(h, w).await,
        "GatewayRouteTableAssociation" => route::disassociate_gateway(h, w).await,
        "Instance" => instance::delete(h, w).await,
        "InternetGateway" => tagged::delete(h, w, "DeleteInternetGateway", "InternetGatewayId").await,
        "KeyPair" => key_pair::delete(h, w).await,
        "LaunchTemplate" => launch_template::delete(h, w).await,
        "NatGateway" => tagged::delete(h, w, "DeleteNatGateway", "NatGatewayId").await,
        "NetworkAcl" => tagged::delete(h, w, "DeleteNetworkAcl", "NetworkAclId").await,
        "NetworkAclEntry" => acl::delete_entry(h, w).await,
        "NetworkInsightsAnalysis" => {
            tagged::delete(h, w, "DeleteNetworkInsightsAnalysis", "NetworkInsightsAnalysisId").await
        }
        "NetworkInsightsPath" => tagged::delete(h, w, "DeleteNetworkInsightsPath", "NetworkInsightsPathId").await,
        "NetworkInterface" => tagged::delete(h, w, "DeleteNetworkInterface", "NetworkInterfaceId").await,
        "NetworkInterfaceAttachment" => interface::detach(h, w).await,
        "PlacementGroup" => placement_group::delete(h, w).await,
        "PrefixList" => tagged::delete(h, w, "DeleteManagedPrefixList", "PrefixListId").await,
        "Route" => route::delete(h, w).await,
        "RouteTable" => tagged::delete(h, w, "DeleteRouteTable", "RouteTableId").await,
        "SecurityGroup" => tagged::delete(h, w, "DeleteSecurityGroup", "GroupId").await,
        "SecurityGroupEgress" | "SecurityGroupIngress" => group::delete_rule(h, w).await,
        "Subnet" => tagged::delete(h, w, "DeleteSubnet", "SubnetId").await,
        "SubnetCidrBlock" => tagged::delete(h, w, "DisassociateSubnetCidrBlock", "AssociationId").await,
        "SubnetNetworkAclAssociation" => acl::disassociate(h, w).await,
        "SubnetRouteTableAssociation" => tagged::delete(h, w, "DisassociateRouteTable", "AssociationId").await,
        "VPC" => tagged::delete(h, w, "DeleteVpc", "VpcId").await,
        "Volume" => volume::delete(h, w).await,
        "VolumeAttachment" => volume::detach(h, w).await,
        "VPCCidrBlock" => tagged::delete(h, w, "DisassociateVpcCidrBlock", "AssociationId").await,
        "VPCDHCPOptionsAssociation" => options::disassociate(h, w).await,
        "VPCEndpoint" => endpoint::delete(h, w).await,
        "VPCGatewayAttachment" => gateway::detach(h, w).await,
        "VPCPeeringConnection" => tagged::delete(h, w, "DeleteVpcPeeringConnection", "VpcPeeringConnectionId").await,
        _ => Err(unbuilt(&w.kind)),
    }
}

/// The type without the service.
fn short(w: &Work) -> &str {
    w.kind.strip_prefix("AWS::EC2::").unwrap_or_default()
}
