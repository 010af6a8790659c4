//! The format of flow log records. Source: Amazon VPC User Guide, "Flow log records".

use std::net::IpAddr;

use kogumo_netmodel::Public;
use kogumo_wire::Fault;

use super::gather::{Flow, Totals};

/// Version 2's fields.
pub const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
    ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// Names of fields, and the version that each came with.
const FIELDS: [(&str, u8); 30] = [
    ("version", 2),
    ("account-id", 2),
    ("interface-id", 2),
    ("srcaddr", 2),
    ("dstaddr", 2),
    ("srcport", 2),
    ("dstport", 2),
    ("protocol", 2),
    ("packets", 2),
    ("bytes", 2),
    ("start", 2),
    ("end", 2),
    ("action", 2),
    ("log-status", 2),
    ("vpc-id", 3),
    ("subnet-id", 3),
    ("instance-id", 3),
    ("tcp-flags", 3),
    ("type", 3),
    ("pkt-srcaddr", 3),
    ("pkt-dstaddr", 3),
    ("region", 4),
    ("az-id", 4),
    ("sublocation-type", 4),
    ("sublocation-id", 4),
    ("pkt-src-aws-service", 5),
    ("pkt-dst-aws-service", 5),
    ("flow-direction", 5),
    ("traffic-path", 5),
    ("reject-reason", 8),
];

/// Where an interface is, as its records tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub account: String,
    pub region: String,
    pub zone_id: String,
    pub vpc: String,
    pub subnet: String,
    pub interface: String,
    pub instance: Option<String>,
    /// Its primary addresses, IPv4 and IPv6.
    pub primary: [Option<IpAddr>; 2],
    /// Which addresses are AWS's own.
    pub public: Public,
}

/// The names of the fields, in order.
///
/// # Errors
/// `InvalidParameter` for anything but known fields with spaces between them.
pub fn fields(format: &str) -> Result<Vec<&str>, Fault> {
    let name = |word: &str| {
        let name = word.strip_prefix("${")?.strip_suffix('}')?;
        FIELDS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
    };
    let names: Option<Vec<&str>> = format.split_whitespace().map(name).collect();
    names.filter(|names| !names.is_empty()).ok_or_else(|| {
        let message =
            "Unknown fields provided in LogFormat. Fields are given as ${field-name}, with spaces between them.";
        Fault::coded("InvalidParameter", 400, message)
    })
}

/// The record of a flow; without one that there was none. `span` is the interval, in seconds since 1970.
pub fn record(fields: &[&str], place: &Place, span: (i64, i64), flow: Option<(&Flow, &Totals)>) -> String {
    let values = fields.iter().map(|field| value(field, fields, place, span, flow).unwrap_or_else(|| "-".to_owned()));
    values.collect::<Vec<_>>().join(" ")
}

fn value(
    field: &str,
    fields: &[&str],
    place: &Place,
    span: (i64, i64),
    flow: Option<(&Flow, &Totals)>,
) -> Option<String> {
    let of_place = match field {
        "version" => {
            let versions = fields.iter().filter_map(|name| FIELDS.iter().find(|(known, _)| known == name));
            versions.map(|(_, version)| *version).max().map(|version| version.to_string())
        }
        "account-id" => Some(place.account.clone()),
        "interface-id" => Some(place.interface.clone()),
        "vpc-id" => Some(place.vpc.clone()),
        "subnet-id" => Some(place.subnet.clone()),
        "instance-id" => place.instance.clone(),
        "region" => Some(place.region.clone()),
        "az-id" => Some(place.zone_id.clone()),
        "start" => Some(flow.map_or(span.0, |(_, totals)| totals.first).to_string()),
        "end" => Some(flow.map_or(span.1, |(_, totals)| totals.last).to_string()),
        "log-status" => Some(if flow.is_some() { "OK" } else { "NODATA" }.to_owned()),
        _ => None,
    };
    of_place.or_else(|| flow.and_then(|(flow, totals)| of_flow(field, place, flow, totals)))
}

fn of_flow(field: &str, place: &Place, flow: &Flow, totals: &Totals) -> Option<String> {
    // The interface's own end is always shown by its primary address; the packet's own stands in pkt-….
    let [v4, v6] = place.primary;
    let primary = if flow.source.is_ipv4() { v4 } else { v6 };
    let (source, destination) = match flow.egress {
        true => (primary.unwrap_or(flow.source), flow.destination),
        false => (flow.source, primary.unwrap_or(flow.destination)),
    };
    Some(match field {
        "srcaddr" => source.to_string(),
        "dstaddr" => destination.to_string(),
        "pkt-srcaddr" => flow.source.to_string(),
        "pkt-dstaddr" => flow.destination.to_string(),
        "srcport" => flow.ports.0.to_string(),
        "dstport" => flow.ports.1.to_string(),
        "protocol" => flow.protocol.to_string(),
        "packets" => totals.packets.to_string(),
        "bytes" => totals.bytes.to_string(),
        "action" => if flow.accepted { "ACCEPT" } else { "REJECT" }.to_owned(),
        "tcp-flags" => tcp_flags(totals.tcp_flags).to_string(),
        "type" => if flow.source.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned(),
        "pkt-src-aws-service" => service(place.public, flow.source)?.to_owned(),
        "pkt-dst-aws-service" => service(place.public, flow.destination)?.to_owned(),
        "flow-direction" => if flow.egress { "egress" } else { "ingress" }.to_owned(),
        "traffic-path" => totals.path.filter(|_| flow.egress)?.to_string(),
        _ => return None,
    })
}

/// ACK is only told together with SYN.
fn tcp_flags(flags: u8) -> u8 {
    if flags & 2 == 0 { flags & !16 } else { flags }
}

/// AWS's service at a public address of this cloud.
fn service(public: Public, address: IpAddr) -> Option<&'static str> {
    match address {
        _ if public.s3().contains(address) => Some("S3"),
        _ if public.dynamodb().contains(address) => Some("DYNAMODB"),
        _ if public.is_cloud(address) => Some("AMAZON"),
        _ if !public.pool().contains(address) && !public.pool_v6().contains(address) => None,
        _ => Some("EC2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            account: "123456789012".into(),
            region: "ap-northeast-1".into(),
            zone_id: "apne1-az4".into(),
            vpc: "vpc-1".into(),
            subnet: "subnet-1".into(),
            interface: "eni-1".into(),
            instance: Some("i-1".into()),
            primary: [Some([10, 0, 1, 5].into()), "2001:db8:0:100::5".parse().ok()],
            public: Public::default(),
        }
    }

    fn flow() -> (Flow, Totals) {
        let flow = Flow {
            egress: true,
            accepted: true,
            source: [10, 0, 2, 9].into(),
            destination: [198, 18, 1, 1].into(),
            protocol: 6,
            ports: (40000, 443),
        };
        (flow, Totals { packets: 3, bytes: 180, tcp_flags: 18, first: 100, last: 130, path: Some(8) })
    }

    #[test]
    fn records_have_the_fields_of_their_format() {
        let (flow, totals) = flow();
        let names = fields(DEFAULT).expect("known fields");
        assert_eq!(
            record(&names, &place(), (100, 160), Some((&flow, &totals))),
            "2 123456789012 eni-1 10.0.1.5 198.18.1.1 40000 443 6 3 180 100 130 ACCEPT OK"
        );
        assert_eq!(record(&names, &place(), (100, 160), None), "2 123456789012 eni-1 - - - - - - - 100 160 - NODATA");
        let names =
            fields("${pkt-srcaddr} ${tcp-flags}  ${flow-direction} ${traffic-path} ${pkt-dst-aws-service} ${version}");
        let names = names.expect("known fields");
        assert_eq!(record(&names, &place(), (100, 160), Some((&flow, &totals))), "10.0.2.9 18 egress 8 S3 5");
    }

    #[test]
    fn ipv6_is_shown() {
        let (mut flow, totals) = flow();
        flow.source = "2001:db8:0:100::5".parse().expect("an address");
        flow.destination = "2001:db8:0:200::9".parse().expect("an address");
        let names = fields("${srcaddr} ${dstaddr} ${type} ${pkt-dst-aws-service}").expect("known fields");
        assert_eq!(
            record(&names, &place(), (100, 160), Some((&flow, &totals))),
            "2001:db8:0:100::5 2001:db8:0:200::9 IPv6 EC2"
        );
    }

    #[test]
    fn unknown_fields_are_refused() {
        for wrong in ["", "version", "${version},${start}", "${nothing}", "${version} start"] {
            assert!(fields(wrong).is_err(), "{wrong}");
        }
    }
}
