//! What a single value may be.

use std::net::IpAddr;

use serde_json::Value;

/// A rule that a value fits or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The value itself.
    Is(Value),
    Prefix(String),
    Suffix(String),
    /// These are in lower case.
    AnyCase(String),
    PrefixAnyCase(String),
    SuffixAnyCase(String),
    /// Stars stand for any text.
    Wildcard(String),
    /// There is a value that fits none of these.
    AnythingBut(Vec<Rule>),
    Numeric(Vec<Bound>),
    Exists(bool),
    /// An address of this network, and the length of its prefix.
    Cidr(IpAddr, u8),
}

/// A side of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    Equal(f64),
    Below(f64),
    UpTo(f64),
    Above(f64),
    From(f64),
}

impl Bound {
    pub(crate) fn read(sign: &str, number: f64) -> Option<Self> {
        Some(match sign {
            "=" => Bound::Equal(number),
            "<" => Bound::Below(number),
            "<=" => Bound::UpTo(number),
            ">" => Bound::Above(number),
            ">=" => Bound::From(number),
            _ => return None,
        })
    }

    fn holds(self, value: f64) -> bool {
        match self {
            Bound::Equal(number) => value == number,
            Bound::Below(number) => value < number,
            Bound::UpTo(number) => value <= number,
            Bound::Above(number) => value > number,
            Bound::From(number) => value >= number,
        }
    }
}

impl Rule {
    pub(crate) fn cidr(text: &str) -> Option<Self> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base.parse().ok()?, length.parse().ok()?),
            None => (text.parse().ok()?, if text.contains(':') { 128 } else { 32 }),
        };
        let bits = if matches!(base, IpAddr::V4(_)) { 32 } else { 128 };
        (length <= bits).then_some(Rule::Cidr(base, length))
    }

    /// Whether a value fits, or of a list one of its elements. `None` is a value that is not there.
    pub fn fits(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Rule::Exists(wanted), value) => *wanted == value.is_some(),
            (_, None) => false,
            (Rule::AnythingBut(rules), Some(Value::Array(list))) => {
                list.iter().any(|element| !rules.iter().any(|rule| rule.fits_one(element)))
            }
            (_, Some(Value::Array(list))) => list.iter().any(|element| self.fits_one(element)),
            (_, Some(value)) => self.fits_one(value),
        }
    }

    fn fits_one(&self, value: &Value) -> bool {
        match self {
            Rule::Is(Value::Number(number)) => value.as_f64().is_some() && value.as_f64() == number.as_f64(),
            Rule::Is(wanted) => value == wanted,
            Rule::AnythingBut(rules) => !rules.iter().any(|rule| rule.fits_one(value)),
            Rule::Numeric(bounds) => {
                value.as_f64().is_some_and(|number| bounds.iter().all(|bound| bound.holds(number)))
            }
            Rule::Exists(wanted) => *wanted,
            _ => value.as_str().is_some_and(|text| self.fits_text(text)),
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        match self {
            Rule::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Rule::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Rule::AnyCase(wanted) => text.to_lowercase() == *wanted,
            Rule::PrefixAnyCase(prefix) => text.to_lowercase().starts_with(prefix.as_str()),
            Rule::SuffixAnyCase(suffix) => text.to_lowercase().ends_with(suffix.as_str()),
            Rule::Wildcard(pattern) => wildcard(pattern, text),
            Rule::Cidr(base, length) => text.parse().is_ok_and(|address| contains(*base, *length, address)),
            _ => false,
        }
    }
}

/// Each piece between stars is found as early as it can be; the last one must be the end.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        match text.find(piece) {
            Some(at) => text = text.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

fn contains(base: IpAddr, length: u8, address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
        IpAddr::V6(address) => (address.to_bits(), false),
    };
    let ((base, base_is_v4), (address, is_v4)) = (bits(base), bits(address));
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - u32::from(length)) };
    base_is_v4 == is_v4 && base & mask == address & mask
}
