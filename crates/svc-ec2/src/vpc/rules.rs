//! Which blocks a VPC may have. Source: Amazon VPC User Guide, "VPC CIDR blocks".

use ipnet::Ipv4Net;
use kogumo_wire::Fault;

use super::record::Vpc;
use crate::cidr;

/// The quotas. Source: Amazon VPC User Guide, "Amazon VPC quotas".
pub const MOST_VPCS: usize = 5;
pub const MOST_BLOCKS: usize = 5;

/// A block that a VPC may have: /16 to /28, and of addresses that hosts can have (RFC 6890).
///
/// # Errors
/// `InvalidVpc.Range`.
pub fn block(text: &str) -> Result<Ipv4Net, Fault> {
    let net = cidr::v4(text, "cidrBlock")?;
    let out_of_range = !(16..=28).contains(&net.prefix_len());
    let first = net.addr();
    let is_special = first.is_loopback() || first.is_link_local() || matches!(first.octets()[0], 0 | 224..);
    if out_of_range || is_special {
        return Err(Fault::coded("InvalidVpc.Range", 400, format!("The CIDR '{text}' is invalid.")));
    }
    Ok(net)
}

/// Whether a further block may be associated with a VPC.
///
/// # Errors
/// An overlap with a block that it has; blocks of private ranges do not mix; the quota.
pub fn further_block(vpc: &Vpc, net: &Ipv4Net) -> Result<(), Fault> {
    let own: Vec<Ipv4Net> = vpc.blocks.iter().filter_map(|block| cidr::stored_v4(&block.cidr)).collect();
    if own.iter().any(|one| cidr::overlap4(one, net)) {
        let message = format!("The CIDR '{net}' conflicts with one of the CIDRs of this VPC");
        return Err(Fault::coded("InvalidVpc.Range", 400, message));
    }
    if own.len() >= MOST_BLOCKS {
        let message = format!("This network '{}' has met its maximum number of allowed CIDRs: {MOST_BLOCKS}", vpc.id);
        return Err(Fault::coded("CidrLimitExceeded", 400, message));
    }
    let is_restricted = own.first().is_some_and(|primary| restricted(primary, net));
    if is_restricted {
        let message = format!(
            "The CIDR '{net}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR. For additional restrictions, see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
        );
        return Err(Fault::coded("InvalidVpc.Range", 400, message));
    }
    Ok(())
}

/// Private ranges do not mix. Source: Amazon VPC User Guide, "IPv4 VPC CIDR block association restrictions".
fn restricted(primary: &Ipv4Net, other: &Ipv4Net) -> bool {
    let range = |net: &Ipv4Net| match net.addr().octets() {
        [10, ..] => Some(10),
        [172, second, ..] if (16..32).contains(&second) => Some(172),
        [192, 168, ..] => Some(192),
        [198, 18 | 19, ..] => Some(198),
        _ => None,
    };
    match (range(primary), range(other)) {
        (_, Some(198)) => true,
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_between_16_and_28() {
        assert_eq!(block("10.0.5.1/16").map(|net| net.to_string()).ok().as_deref(), Some("10.0.0.0/16"));
        for wrong in ["10.0.0.0/15", "10.0.0.0/29", "0.0.0.0/16", "224.0.0.0/16", "127.0.0.0/16"] {
            let fault = block(wrong).expect_err(wrong);
            assert_eq!(fault.message, format!("The CIDR '{wrong}' is invalid."));
        }
    }

    #[test]
    fn private_ranges_do_not_mix() {
        let net = |text: &str| text.parse::<Ipv4Net>().expect("a block");
        assert!(restricted(&net("10.0.0.0/16"), &net("172.16.0.0/16")));
        assert!(!restricted(&net("10.0.0.0/16"), &net("10.1.0.0/16")));
        assert!(!restricted(&net("10.0.0.0/16"), &net("100.64.0.0/16")));
    }
}
