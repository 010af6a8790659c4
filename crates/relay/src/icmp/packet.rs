//! The bytes of pings, of both families.

use std::net::{IpAddr, Ipv4Addr};

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const HOPS: u8 = 64;

/// An echo request, without the sum of its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Echo {
    pub guest: IpAddr,
    pub world: IpAddr,
    pub identifier: [u8; 2],
    pub sequence: [u8; 2],
    pub data: Vec<u8>,
}

impl Echo {
    /// The message as it goes on. The kernel sums up ICMPv6.
    pub(super) fn request(&self) -> Vec<u8> {
        let mut message = self.message(kinds(self.world).0, &self.data);
        if self.world.is_ipv4() {
            seal(&mut message, &[]);
        }
        message
    }

    fn message(&self, kind: u8, data: &[u8]) -> Vec<u8> {
        let ([a, b], [c, d]) = (self.identifier, self.sequence);
        let mut message = vec![kind, 0, 0, 0, a, b, c, d];
        message.extend(data);
        message
    }
}

/// The types of request and reply.
fn kinds(of: IpAddr) -> (u8, u8) {
    if of.is_ipv4() { (8, 0) } else { (128, 129) }
}

/// What follows the header of an IPv4 packet.
pub(super) fn payload(packet: &[u8]) -> Option<&[u8]> {
    let words = usize::from(packet.first()? & 0xf);
    packet.get(words * 4..)
}

/// A whole IPv4 packet as an echo request.
pub(super) fn read(packet: &[u8]) -> Option<Echo> {
    let address = |at: usize| packet.get(at..)?.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
    request(payload(packet)?, (address(12)?.into(), address(16)?.into()))
}

/// A message as an echo request.
pub(super) fn request(message: &[u8], (guest, world): (IpAddr, IpAddr)) -> Option<Echo> {
    let [kind, 0, _, _, a, b, c, d, data @ ..] = message else { return None };
    let echo = Echo { guest, world, identifier: [*a, *b], sequence: [*c, *d], data: data.to_vec() };
    (*kind == kinds(world).0).then_some(echo)
}

/// What a message carries that is the reply; `same` says that the identifier is our own.
pub(super) fn is_reply<'m>(message: &'m [u8], echo: &Echo, same: bool) -> Option<&'m [u8]> {
    let [kind, _, _, _, a, b, c, d, data @ ..] = message else { return None };
    let fits = *kind == kinds(echo.world).1 && [*c, *d] == echo.sequence && (!same || [*a, *b] == echo.identifier);
    fits.then_some(data)
}

/// The reply as a whole packet. Of IPv4 the kernel fills in the length and the sum of the header.
pub(super) fn reply(echo: &Echo, data: &[u8]) -> Vec<u8> {
    let mut message = echo.message(kinds(echo.world).1, data);
    match (echo.world, echo.guest) {
        (IpAddr::V6(world), IpAddr::V6(guest)) => {
            let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
            let addresses = [world.octets(), guest.octets()].concat();
            let pseudo = [addresses.as_slice(), &[0, 0], &length, &[0, 0, 0, ICMPV6]].concat();
            seal(&mut message, &pseudo);
            [&[0x60, 0, 0, 0], &length[..], &[ICMPV6, HOPS], &addresses, &message].concat()
        }
        (world, guest) => {
            let octets = |address| if let IpAddr::V4(address) = address { address.octets() } else { [0; 4] };
            seal(&mut message, &[]);
            let header = [0x45, 0, 0, 0, 0, 0, 0, 0, HOPS, ICMP, 0, 0];
            [&header[..], &octets(world), &octets(guest), &message].concat()
        }
    }
}

/// Writes a message's sum, over what stands before it, too.
fn seal(message: &mut Vec<u8>, before: &[u8]) {
    let [high, low] = sum(&[before, message].concat()).to_be_bytes();
    message.splice(2..4, [high, low]);
}

/// The internet's checksum (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(u16::from_be_bytes([*high, 0])),
        _ => 0,
    });
    let mut total: u32 = words.sum();
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    !u16::try_from(total).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn echo(guest: &str, world: &str) -> Echo {
        let data = b"data!".to_vec();
        Echo { guest: ip(guest), world: ip(world), identifier: [1, 2], sequence: [0, 1], data }
    }

    #[test]
    fn a_request_is_read_and_answered() {
        let wanted = echo("198.18.4.1", "203.0.113.9");
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0, 198, 18, 4, 1, 203, 0, 113, 9];
        packet.extend(wanted.request());
        assert_eq!(read(&packet).as_ref(), Some(&wanted));
        let reply = reply(&wanted, &wanted.data);
        assert_eq!(reply.get(12..20), Some([203, 0, 113, 9, 198, 18, 4, 1].as_slice()));
        assert_eq!(read(&reply), None);
        // The sum over a message that holds its own sum is nothing.
        let message = reply.get(20..).unwrap_or_default();
        assert_eq!((sum(message), is_reply(message, &wanted, true)), (0, Some(b"data!".as_slice())));
        assert_eq!(read(&[0x4f, 1]), None);
    }

    #[test]
    fn ipv6_is_summed_up_with_its_addresses() {
        let wanted = echo("2001:db8:0:100::5", "2606:4700::9");
        let ends = (wanted.guest, wanted.world);
        assert_eq!(request(&wanted.request(), ends).as_ref(), Some(&wanted));
        let packet = reply(&wanted, &wanted.data);
        assert_eq!(packet.get(..8), Some([0x60, 0, 0, 0, 0, 13, ICMPV6, HOPS].as_slice()));
        let (addresses, message) = (packet.get(8..40).unwrap_or_default(), packet.get(40..).unwrap_or_default());
        assert_eq!(sum(&[addresses, &[0, 0, 0, 13, 0, 0, 0, ICMPV6], message].concat()), 0);
        assert_eq!(is_reply(message, &wanted, true), Some(b"data!".as_slice()));
        assert_eq!(request(message, ends), None);
    }
}
