//! Address blocks in CIDR notation, of both families.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses: `10.0.0.0/16`. The bits past the prefix are always zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// All IPv4 addresses.
    pub const ANY: Self = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix: 0 };
    /// All IPv6 addresses.
    pub const ANY_V6: Self = Self { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix: 0 };

    /// The block of that prefix length that holds the address; none where the length is too great for the family.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        if prefix > width(address) {
            return None;
        }
        let address = match address {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & high_bits(prefix, 32) as u32)),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & high_bits(prefix, 128))),
        };
        Some(Self { address, prefix })
    }

    /// An IPv4 block in a constant.
    ///
    /// # Panics
    /// While compiling, where the prefix length is above 32.
    #[must_use]
    pub const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        assert!(prefix <= 32, "an IPv4 prefix has 32 bits at most");
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// The block that holds this one address.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        Self { address, prefix: width(address) }
    }

    /// The first address of the block.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of leading bits that all addresses of the block share.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    #[must_use]
    pub const fn is_v4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// How many addresses there are, as far as they can be counted in 128 bits.
    #[must_use]
    pub const fn size(&self) -> u128 {
        let free = width(self.address) - self.prefix;
        if free >= 128 { u128::MAX } else { 1 << free }
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.prefix).is_some_and(|block| block == *self)
    }

    /// Whether every address of the other block is in this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// Whether the two blocks have an address in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The address at that place in the block, 0 being the first: `base + 2` of a VPC is its resolver.
    #[must_use]
    pub fn nth(&self, place: u128) -> Option<IpAddr> {
        if place >= self.size() {
            return None;
        }
        Some(match self.address {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() | u32::try_from(place).ok()?)),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() | place)),
        })
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A mask of `width` bits of which the first `prefix` are set.
const fn high_bits(prefix: u8, width: u32) -> u128 {
    if prefix == 0 {
        return 0;
    }
    (u128::MAX << (width - prefix as u32)) & (u128::MAX >> (128 - width))
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The text is no block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACidr;

impl fmt::Display for NotACidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address block in CIDR notation")
    }
}

impl std::error::Error for NotACidr {}

impl FromStr for Cidr {
    type Err = NotACidr;

    /// Reads `10.0.0.0/16`. Bits past the prefix become zero, as AWS makes `100.68.0.18/18` into `100.68.0.0/18`.
    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let (address, prefix) = text.split_once('/').ok_or(NotACidr)?;
        let plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|_| plain).ok_or(NotACidr)?;
        Self::new(address.parse().map_err(|_| NotACidr)?, prefix).ok_or(NotACidr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("a block")
    }

    #[test]
    fn reads_and_writes() {
        for text in ["10.0.0.0/16", "0.0.0.0/0", "10.0.1.5/32", "2001:db8::/56", "::/0"] {
            assert_eq!(cidr(text).to_string(), text);
        }
        assert_eq!(cidr("100.68.0.18/18").to_string(), "100.68.0.0/18");
        for text in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/+8", "10.0.0.0/", "::/129"] {
            assert_eq!(text.parse::<Cidr>(), Err(NotACidr), "{text}");
        }
    }

    #[test]
    fn knows_its_addresses() {
        let block = cidr("10.0.1.0/28");
        assert_eq!(block.size(), 16);
        assert_eq!(block.nth(2), "10.0.1.2".parse().ok());
        assert_eq!(block.nth(16), None);
        assert!(!block.contains("10.0.1.16".parse().expect("an address")));
        assert!(!Cidr::ANY.contains("::1".parse().expect("an address")));
        assert_eq!(Cidr::ANY_V6.size(), u128::MAX);
    }

    proptest! {
        #[test]
        fn blocks_overlap_when_they_share_an_address(a: u32, b: u32, long in 0u8..=32, short in 0u8..=32) {
            let first = Cidr::new(IpAddr::V4(a.into()), long).expect("a block");
            let second = Cidr::new(IpAddr::V4(b.into()), short).expect("a block");
            let shared = first.contains(second.address()) || second.contains(first.address());
            prop_assert_eq!(first.overlaps(&second), shared);
            prop_assert_eq!(first.overlaps(&second), second.overlaps(&first));
            prop_assert!(first.contains(IpAddr::V4(a.into())));
            prop_assert_eq!(first.to_string().parse::<Cidr>(), Ok(first));
        }
    }
}
