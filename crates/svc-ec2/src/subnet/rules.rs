//! Which blocks a subnet may have. Source: Amazon VPC User Guide, "Subnet CIDR blocks".

use ipnet::{Ipv4Net, Ipv6Net};
use kogumo_wire::Fault;

use crate::cidr;
use crate::vpc::Vpc;

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
pub const MOST_SUBNETS: usize = 200;

/// A block that a subnet of this VPC may have, beside those that its subnets have.
///
/// # Errors
/// `InvalidSubnet.Range` outside of the VPC's blocks or of /16 to /28; `InvalidSubnet.Conflict`.
pub fn block<'s>(vpc: &Vpc, others: impl Iterator<Item = &'s str>, text: &str) -> Result<Ipv4Net, Fault> {
    let net = cidr::v4(text, "cidrBlock")?;
    let inside = vpc.blocks.iter().filter_map(|block| cidr::stored_v4(&block.cidr)).any(|block| block.contains(&net));
    if !inside || !(16..=28).contains(&net.prefix_len()) {
        return Err(out_of_range(text));
    }
    if others.filter_map(cidr::stored_v4).any(|other| cidr::overlap4(&other, &net)) {
        return Err(conflict(text));
    }
    Ok(net)
}

/// As [`block`]: a /44 to /64 in steps of four bits.
///
/// # Errors
/// As of [`block`].
pub fn ipv6_block<'s>(vpc: &Vpc, others: impl Iterator<Item = &'s str>, text: &str) -> Result<Ipv6Net, Fault> {
    let net = cidr::v6(text, "ipv6CidrBlock")?;
    let blocks = vpc.ipv6_blocks.iter().filter_map(|block| cidr::stored_v6(&block.cidr));
    let sized = (44..=64).contains(&net.prefix_len()) && net.prefix_len() % 4 == 0;
    if !sized || !blocks.into_iter().any(|block| block.contains(&net)) {
        return Err(out_of_range(text));
    }
    if others.filter_map(cidr::stored_v6).any(|other| cidr::overlap6(&other, &net)) {
        return Err(conflict(text));
    }
    Ok(net)
}

fn out_of_range(text: &str) -> Fault {
    Fault::coded("InvalidSubnet.Range", 400, format!("The CIDR '{text}' is invalid."))
}

fn conflict(text: &str) -> Fault {
    Fault::coded("InvalidSubnet.Conflict", 400, format!("The CIDR '{text}' conflicts with another subnet"))
}

/// How many addresses a block has for interfaces: all but five.
pub fn usable(cidr: &str) -> usize {
    let Some(net) = cidr::stored_v4(cidr) else { return 0 };
    (1_usize << (32 - net.prefix_len())).saturating_sub(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vpc::CidrAssociation;

    fn vpc() -> Vpc {
        Vpc {
            id: "vpc-0".into(),
            blocks: vec![CidrAssociation { id: "vpc-cidr-assoc-0".into(), cidr: "10.0.0.0/16".into() }],
            ipv6_blocks: Vec::new(),
            tenancy: "default".into(),
            is_default: false,
            dhcp_options: "default".into(),
            dns_support: true,
            dns_hostnames: false,
            usage_metrics: false,
        }
    }

    #[test]
    fn a_subnet_lies_in_its_vpc_and_beside_the_others() {
        let others = ["10.0.1.0/28"];
        let tried = |text: &str| block(&vpc(), others.into_iter(), text).map_err(|fault| format!("{fault}"));
        assert!(tried("10.0.1.16/28").is_ok());
        assert!(
            tried("10.0.2.0/29")
                .is_err_and(|fault| fault.contains("InvalidSubnet.Range: The CIDR '10.0.2.0/29' is invalid."))
        );
        assert!(tried("10.1.0.0/24").is_err_and(|fault| fault.contains("InvalidSubnet.Range")));
        assert!(tried("10.0.1.0/24").is_err_and(|fault| fault.contains("conflicts with another subnet")));
    }

    #[test]
    fn a_28_has_eleven_addresses() {
        assert_eq!(usable("10.0.1.0/28"), 11);
        assert_eq!(usable("10.0.0.0/16"), 65531);
    }
}
