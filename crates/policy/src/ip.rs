//! Ranges of addresses: `203.0.113.0/24`, `2001:db8::/32`.

use std::net::IpAddr;

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    base: IpAddr,
    length: u32,
}

impl Range {
    /// A range, or an address that stands for itself.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(bits), |length| length.parse().ok())?;
        (length <= bits).then_some(Range { base, length })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => self.same(u32::from(base).into(), u32::from(address).into(), 32),
            (IpAddr::V6(base), IpAddr::V6(address)) => self.same(base.into(), address.into(), 128),
            _ => false,
        }
    }

    fn same(&self, a: u128, b: u128, bits: u32) -> bool {
        let dropped = bits.saturating_sub(self.length);
        a.checked_shr(dropped) == b.checked_shr(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let address: IpAddr = "10.1.2.3".parse().expect("an address");
        for (range, inside) in [
            ("10.0.0.0/8", Some(true)),
            ("10.1.2.3", Some(true)),
            ("10.1.2.0/25", Some(true)),
            ("11.0.0.0/8", Some(false)),
            ("0.0.0.0/0", Some(true)),
            ("::/0", Some(false)),
            ("10.0.0.0/33", None),
            ("x", None),
        ] {
            assert_eq!(Range::parse(range).map(|range| range.contains(address)), inside, "{range}");
        }
    }
}
