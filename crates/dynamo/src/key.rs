//! Key values as bytes whose order is the order DynamoDB sorts by.

use crate::Value;

/// Appends the key bytes of an orderable value (S in UTF-8 order, N numerically, B unsigned). They compare as the values
/// do within one type, and none is a prefix of another, so that more may follow. False for other types.
pub fn encode_key(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::S(text) => escape(text.as_bytes(), out),
        Value::B(bytes) => escape(bytes, out),
        Value::N(number) => number.encode_ordered(out),
        _ => return false,
    }
    true
}

/// Appends the bytes that begin the keys of every string or binary that begins with this one: [`encode_key`] without
/// its end mark. False for numbers, which have no prefixes.
pub fn encode_key_prefix(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::S(text) => escape_open(text.as_bytes(), out),
        Value::B(bytes) => escape_open(bytes, out),
        _ => return false,
    }
    true
}

/// 0x00 becomes 0x00 0xff, and 0x00 0x01 ends: the shorter sorts first, whatever follows.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    escape_open(bytes, out);
    out.extend_from_slice(&[0, 1]);
}

fn escape_open(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
}

/// The 64-bit hash that spreads partition keys over a table (FNV-1a with a final mix; stable for ever, for it is stored).
pub fn partition_hash(key: &[u8]) -> u64 {
    let mut hash = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53) ^ hash >> 29
}

/// The bytes that come right after all that begin with `prefix`; `None` if nothing comes after them.
pub fn past_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut next = prefix.get(..=last)?.to_vec();
    *next.last_mut()? += 1;
    Some(next)
}
