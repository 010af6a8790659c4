//! The functions on lists: `Fn::Select`, `Fn::Length`, `Fn::Cidr`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::language_extensions;
use crate::problem::Problem;

pub(crate) fn select(e: &mut Evaluator<'_>, argument: &Value) -> Result<Option<Value>, Problem> {
    let wrong =
        || Problem::template("Fn::Select requires a list argument with two elements: an integer index and a list");
    let Some([index, items]) = argument.as_array().map(Vec::as_slice) else {
        return Err(wrong());
    };
    let index: usize = e.text(index)?.and_then(|text| text.trim().parse().ok()).ok_or_else(wrong)?;
    let items = match e.value(items)? {
        Some(Value::Array(items)) => items,
        Some(other) if e.is_guessing() => return Ok(Some(other)),
        _ => return Err(wrong()),
    };
    match items.into_iter().nth(index) {
        Some(item) => Ok(Some(item)),
        None if e.is_guessing() => Ok(Some(e.env.unknown.clone().unwrap_or_default().into())),
        None => Err(Problem::template(format_args!("Fn::Select cannot select nonexistent value at index {index}"))),
    }
}

pub(crate) fn length(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    language_extensions::required(e.template, "Fn::Length")?;
    match e.value(argument)? {
        Some(Value::Array(items)) => Ok(items.len().into()),
        Some(_) if e.is_guessing() => Ok(0.into()),
        _ => Err(Problem::template("Fn::Length requires a list or a function that returns a list")),
    }
}

pub(crate) fn cidr(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let wrong = || {
        Problem::template(
            "every Fn::Cidr object requires two or three parameters, (1) a CIDR block, (2) a count between 1 and 256 and (3) the number of subnet bits",
        )
    };
    let items = argument.as_array().filter(|items| matches!(items.len(), 2 | 3)).ok_or_else(wrong)?;
    let mut texts = Vec::with_capacity(3);
    for item in items {
        texts.push(e.text(item)?.ok_or_else(wrong)?);
    }
    if e.is_guessing() && !texts[0].contains('/') {
        return Ok(Value::Array(Vec::new()));
    }
    let count = texts[1].trim().parse().ok().filter(|n| (1..=256).contains(n)).ok_or_else(wrong)?;
    let bits = texts.get(2).map(|text| text.trim().parse::<u32>()).transpose().map_err(|_| wrong())?;
    let blocks = subnets(&texts[0], count, bits).ok_or_else(|| {
        Problem::template(format_args!("Fn::Cidr: {} has no room for {count} blocks of that size", texts[0]))
    })?;
    Ok(Value::from(blocks))
}

/// The first `count` blocks of `bits` host bits within a CIDR block, of either family.
fn subnets(block: &str, count: u128, bits: Option<u32>) -> Option<Vec<String>> {
    let (address, prefix) = block.trim().split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u32 = prefix.parse().ok()?;
    let (width, base, default_bits) = match address {
        IpAddr::V4(v4) => (32, u128::from(u32::from(v4)), None),
        IpAddr::V6(v6) => (128, u128::from(v6), Some(64)),
    };
    let bits = bits.or(default_bits)?;
    if prefix > width || bits == 0 || bits >= 128 || bits + prefix > width {
        return None;
    }
    let room = width - prefix - bits;
    if room < 127 && count > 1_u128 << room {
        return None;
    }
    let host = width - prefix;
    let base = if host >= 128 { 0 } else { base >> host << host };
    (0..count)
        .map(|n| {
            let start = base + (n << bits);
            let address = match address {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(start).ok()?)),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(start)),
            };
            Some(format!("{address}/{}", width - bits))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cidr_blocks_of_the_documentation() {
        let six = subnets("192.168.0.0/24", 6, Some(5)).expect("room");
        assert_eq!(six[0], "192.168.0.0/27");
        assert_eq!(six[5], "192.168.0.160/27");
        assert_eq!(subnets("10.0.7.9/16", 2, Some(8)).expect("room"), ["10.0.0.0/24", "10.0.1.0/24"]);
        let v6 = subnets("2600:1f18:abc:de00::/56", 2, None).expect("room");
        assert_eq!(v6, ["2600:1f18:abc:de00::/64", "2600:1f18:abc:de01::/64"]);
        assert_eq!(subnets("10.0.0.0/24", 9, Some(5)), None);
        assert_eq!(subnets("::/0", 256, Some(127)), None);
        assert_eq!(subnets("10.0.0/16", 1, Some(8)), None);
        assert_eq!(subnets("0.0.0.0/0", 2, Some(31)).expect("room"), ["0.0.0.0/1", "128.0.0.0/1"]);
    }
}
