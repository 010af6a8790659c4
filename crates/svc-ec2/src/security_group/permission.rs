//! From what a request calls a permission to rules: one for each block, list or group. Pure, but for the groups that a
//! request names. Source: Amazon EC2 API Reference, IpPermission.

use kogumo_model::ec2::IpPermission;
use kogumo_wire::Fault;

use super::record::{Peer, Rule};
use crate::cidr;
use crate::faults::{invalid_value, missing_parameter};

/// A rule that has no id yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub protocol: String,
    pub from: Option<i32>,
    pub to: Option<i32>,
    pub peer: Peer,
    pub description: Option<String>,
}

impl Wanted {
    /// Whether a rule is this one; descriptions do not count.
    pub fn is(&self, rule: &Rule, egress: bool) -> bool {
        rule.egress == egress
            && rule.protocol == self.protocol
            && (rule.from, rule.to) == (self.from, self.to)
            && rule.peer == self.peer
    }

    pub fn into_rule(self, id: String, egress: bool) -> Rule {
        let Wanted { protocol, from, to, peer, description } = self;
        Rule { id, egress, protocol, from, to, peer, description }
    }

    /// In AWS's words for a rule that is there already.
    pub fn in_words(&self) -> String {
        let peer = match &self.peer {
            Peer::Ipv4(text) | Peer::Ipv6(text) | Peer::PrefixList(text) | Peer::Group { id: text, .. } => text,
        };
        let protocol = if self.protocol == "-1" { "ALL".into() } else { self.protocol.to_ascii_uppercase() };
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW"),
            _ => format!("peer: {peer}, {protocol}, ALLOW"),
        }
    }
}

/// A protocol as rules keep it: by name where it has one, `-1` for all.
///
/// # Errors
/// A protocol that does not exist.
pub fn protocol(text: &str) -> Result<String, Fault> {
    let name = match text.to_ascii_lowercase().as_str() {
        "6" | "tcp" => "tcp",
        "17" | "udp" => "udp",
        "1" | "icmp" => "icmp",
        "58" | "icmpv6" => "icmpv6",
        "-1" | "all" => "-1",
        other => {
            let number = other.parse().ok().filter(|number: &i32| (0..256).contains(number)).map(|one| one.to_string());
            return match number {
                // 006 is 6, which has a name.
                Some(plain) if plain != other => protocol(&plain),
                Some(plain) => Ok(plain),
                None => Err(invalid_value(format!("Invalid value '{text}' for IP protocol. Unknown protocol."))),
            };
        }
    };
    Ok(name.to_owned())
}

/// The ports of a rule, or ICMP's type and code.
///
/// # Errors
/// Ports that do not exist, or none where the protocol has them.
pub fn ports(protocol: &str, from: Option<i32>, to: Option<i32>) -> Result<(Option<i32>, Option<i32>), Fault> {
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                let message = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
                return Err(invalid_value(message));
            };
            // -1 to -1 stands for all ports.
            if (from, to) == (-1, -1) {
                return Ok((Some(0), Some(65535)));
            }
            for port in [from, to] {
                if !(0..=65535).contains(&port) {
                    return Err(invalid_value(format!("TCP/UDP port ({port}) out of range")));
                }
            }
            if from > to {
                return Err(invalid_value(format!("Invalid TCP/UDP port range ({from}:{to})")));
            }
            Ok((Some(from), Some(to)))
        }
        "icmp" | "icmpv6" => {
            let (Some(kind), Some(code)) = (from, to) else {
                let message = "Invalid value 'Must specify both from and to ports with ICMP.' for portRange.";
                return Err(invalid_value(message));
            };
            for (noun, number) in [("type", kind), ("code", code)] {
                if !(-1..=255).contains(&number) {
                    return Err(invalid_value(format!("ICMP {noun} ({number}) out of range")));
                }
            }
            if kind == -1 && code != -1 {
                return Err(invalid_value("ICMP code (-1 type) cannot be specified"));
            }
            Ok((Some(kind), Some(code)))
        }
        _ => Ok((None, None)),
    }
}

/// # Errors
/// A text that is no block.
pub fn ipv4(text: &str) -> Result<Peer, Fault> {
    let net: ipnet::Ipv4Net = text.parse().map_err(|_| malformed(text))?;
    Ok(Peer::Ipv4(net.trunc().to_string()))
}

/// # Errors
/// A text that is no block.
pub fn ipv6(text: &str) -> Result<Peer, Fault> {
    let net = cidr::v6(text, "cidrIpv6").map_err(|_| malformed(text))?;
    Ok(Peer::Ipv6(net.to_string()))
}

fn malformed(text: &str) -> Fault {
    invalid_value(format!("CIDR block {text} is malformed"))
}

/// A description as AWS takes it.
///
/// # Errors
/// Other characters than its; more than 255.
pub fn description(text: Option<String>) -> Result<Option<String>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    if !text.chars().all(plain) || text.len() > 255 {
        let message = format!(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
        );
        return Err(invalid_value(message));
    }
    Ok(Some(text))
}

/// The rules of a request's permissions. `group` finds a group that a permission names by id or name.
///
/// # Errors
/// Permissions that say nothing, or what AWS does not take.
pub fn wanted(
    permissions: Vec<IpPermission>,
    mut group: impl FnMut(Option<String>, Option<String>, Option<String>) -> Result<Peer, Fault>,
) -> Result<Vec<Wanted>, Fault> {
    let mut rules: Vec<Wanted> = Vec::new();
    for permission in permissions {
        let protocol = protocol(permission.ip_protocol.as_deref().ok_or_else(|| missing_parameter("ipProtocol"))?)?;
        let (from, to) = ports(&protocol, permission.from_port, permission.to_port)?;
        let mut peers: Vec<(Peer, Option<String>)> = Vec::new();
        for range in permission.ip_ranges.unwrap_or_default() {
            peers.push((ipv4(&range.cidr_ip.unwrap_or_default())?, range.description));
        }
        for range in permission.ipv6_ranges.unwrap_or_default() {
            peers.push((ipv6(&range.cidr_ipv6.unwrap_or_default())?, range.description));
        }
        for list in permission.prefix_list_ids.unwrap_or_default() {
            peers.push((Peer::PrefixList(list.prefix_list_id.unwrap_or_default()), list.description));
        }
        for pair in permission.user_id_group_pairs.unwrap_or_default() {
            peers.push((group(pair.group_id, pair.group_name, pair.user_id)?, pair.description));
        }
        if peers.is_empty() {
            return Err(missing_parameter("one of ipRanges, ipv6Ranges, prefixListIds, groups"));
        }
        for (peer, text) in peers {
            let description = description(text)?;
            let rule = Wanted { protocol: protocol.clone(), from, to, peer, description };
            if rules.iter().any(|other| {
                Wanted { description: None, ..other.clone() } == Wanted { description: None, ..rule.clone() }
            }) {
                return Err(invalid_value("The same permission must not appear multiple times"));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_names() {
        assert_eq!(protocol("6").ok().as_deref(), Some("tcp"));
        assert_eq!(protocol("50").ok().as_deref(), Some("50"));
        assert_eq!(protocol("006").ok().as_deref(), Some("tcp"));
        assert!(protocol("carrier-pigeon").is_err());
    }

    #[test]
    fn ports_are_checked_where_there_are_any() {
        assert_eq!(ports("tcp", Some(22), Some(22)).ok(), Some((Some(22), Some(22))));
        assert_eq!(ports("-1", Some(22), Some(22)).ok(), Some((None, None)));
        assert_eq!(ports("icmp", Some(8), Some(-1)).ok(), Some((Some(8), Some(-1))));
        assert!(ports("icmp", None, None).is_err() && ports("icmp", Some(8), None).is_err());
        assert!(ports("tcp", Some(22), None).is_err());
        assert!(ports("udp", Some(0), Some(65536)).is_err());
        assert!(ports("tcp", Some(443), Some(80)).is_err());
    }

    #[test]
    fn blocks_are_put_into_their_normal_form() {
        assert_eq!(ipv4("100.68.0.18/18").ok(), Some(Peer::Ipv4("100.68.0.0/18".into())));
        assert_eq!(
            ipv4("10.0.0.0/33").map_err(|fault| fault.message),
            Err("CIDR block 10.0.0.0/33 is malformed".into())
        );
    }
}
