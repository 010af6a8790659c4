//! What packets have to look like at one end of a path: addresses and ports that `FilterAtSource` and
//! `FilterAtDestination` name.

use std::net::IpAddr;

use kogumo_model::ec2::{FilterPortRange, PathFilter, PathRequestFilter, RequestFilterPortRange};
use kogumo_netmodel::{Header, Protocol};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::cidr;
use crate::faults::invalid_value;

/// Whatever it does not name may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub source: Option<IpAddr>,
    pub source_ports: Option<(u16, u16)>,
    pub destination: Option<IpAddr>,
    pub destination_ports: Option<(u16, u16)>,
}

/// What a request names.
///
/// # Errors
/// What is no address, or no range of ports.
pub fn read(filter: Option<PathRequestFilter>) -> Result<Option<End>, Fault> {
    let Some(filter) = filter else { return Ok(None) };
    let address = |text: Option<String>| text.map(|text| cidr::address4(&text).map(IpAddr::from)).transpose();
    Ok(Some(End {
        source: address(filter.source_address)?,
        source_ports: filter.source_port_range.map(ports).transpose()?,
        destination: address(filter.destination_address)?,
        destination_ports: filter.destination_port_range.map(ports).transpose()?,
    }))
}

fn ports(range: RequestFilterPortRange) -> Result<(u16, u16), Fault> {
    let port = |port: Option<i32>, or: u16| port.map_or(Ok(or), u16::try_from);
    match (port(range.from_port, 0), port(range.to_port, u16::MAX)) {
        (Ok(from), Ok(to)) if from <= to => Ok((from, to)),
        _ => Err(invalid_value("Value for parameter PortRange is invalid. Ports are between 0 and 65535.")),
    }
}

impl End {
    /// Whether a packet looks like that.
    pub fn fits(&self, header: &Header) -> bool {
        let (from, to) = match header.protocol {
            Protocol::Tcp { source, destination } | Protocol::Udp { source, destination } => {
                (Some(source), Some(destination))
            }
            _ => (None, None),
        };
        let within = |range: Option<(u16, u16)>, port: Option<u16>| match (range, port) {
            (Some((from, to)), Some(port)) => (from..=to).contains(&port),
            _ => true,
        };
        self.source.is_none_or(|own| own == header.source)
            && self.destination.is_none_or(|own| own == header.destination)
            && within(self.source_ports, from)
            && within(self.destination_ports, to)
    }

    /// As the API shows it.
    pub fn shown(&self) -> PathFilter {
        let range = |ports: Option<(u16, u16)>| {
            ports.map(|(from, to)| FilterPortRange { from_port: Some(i32::from(from)), to_port: Some(i32::from(to)) })
        };
        PathFilter {
            source_address: self.source.map(|address| address.to_string()),
            source_port_range: range(self.source_ports),
            destination_address: self.destination.map(|address| address.to_string()),
            destination_port_range: range(self.destination_ports),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_may_be_anything() {
        let header = Header {
            source: IpAddr::from([10, 0, 0, 1]),
            destination: IpAddr::from([10, 0, 0, 2]),
            protocol: Protocol::Tcp { source: 50000, destination: 443 },
        };
        let end = |ports| End { destination_ports: ports, ..End::default() };
        assert!(End::default().fits(&header) && end(Some((400, 500))).fits(&header));
        assert!(!end(Some((80, 80))).fits(&header));
        assert!(!End { source: Some(IpAddr::from([10, 0, 0, 9])), ..End::default() }.fits(&header));
    }
}
