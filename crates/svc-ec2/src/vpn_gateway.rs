//! Virtual private gateways: none can be made here, and that is what looking for them answers. The CDK looks for them in
//! every VPC that it is asked about.

use kogumo_door::Reader;
use kogumo_model::ec2::{DescribeVpnGatewaysRequest, DescribeVpnGatewaysResult, VpnGateway};
use kogumo_wire::Fault;

use crate::filter::{Filters, each, text};

static FILTERS: Filters<VpnGateway> = Filters {
    names: &[
        ("amazon-side-asn", |one| one.amazon_side_asn.iter().map(i64::to_string).collect()),
        ("attachment.state", |one| each(&one.vpc_attachments, |held| text(&held.state))),
        ("attachment.vpc-id", |one| each(&one.vpc_attachments, |held| text(&held.vpc_id))),
        ("availability-zone", |one| text(&one.availability_zone)),
        ("state", |one| text(&one.state)),
        ("type", |one| text(&one.type_)),
        ("vpn-gateway-id", |one| text(&one.vpn_gateway_id)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

pub fn describe_vpn_gateways(
    _: &Reader,
    input: DescribeVpnGatewaysRequest,
) -> Result<DescribeVpnGatewaysResult, Fault> {
    if let Some(id) = input.vpn_gateway_ids.iter().flatten().next() {
        let message = format!("The vpnGateway ID '{id}' does not exist");
        return Err(Fault::coded("InvalidVpnGatewayID.NotFound", 400, message));
    }
    Ok(DescribeVpnGatewaysResult { vpn_gateways: Some(FILTERS.select(Vec::new(), input.filters)?) })
}
