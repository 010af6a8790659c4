//! What an account is told of itself.

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use crate::resource::all;
use crate::vpc::Vpc;

pub fn describe_account_attributes(
    r: &Reader,
    input: DescribeAccountAttributesRequest,
) -> Result<DescribeAccountAttributesResult, Fault> {
    let default_vpc = all::<Vpc>(r.store, r.scope())?.into_iter().find(|vpc| vpc.is_default);
    let default_vpc = default_vpc.map_or_else(|| "none".to_owned(), |vpc| vpc.id);
    // Source: Amazon EC2 API Reference, DescribeAccountAttributes.
    let values = [
        ("supported-platforms", "VPC"),
        ("default-vpc", default_vpc.as_str()),
        ("max-instances", "20"),
        ("vpc-max-security-groups-per-interface", "5"),
        ("max-elastic-ips", "5"),
        ("vpc-max-elastic-ips", "5"),
    ];
    let wanted = input.attribute_names.unwrap_or_default();
    let chosen = values.into_iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|one| one == name));
    let shown = chosen.map(|(name, value)| AccountAttribute {
        attribute_name: Some(name.to_owned()),
        attribute_values: Some(vec![AccountAttributeValue { attribute_value: Some(value.to_owned()) }]),
    });
    Ok(DescribeAccountAttributesResult { account_attributes: Some(shown.collect()) })
}
