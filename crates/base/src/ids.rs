//! Identifiers as AWS makes them: random, of the length and alphabet that clients' patterns expect.

use std::cell::RefCell;

/// So many bytes are asked of the operating system at once: every request needs some for its id.
const POOL: usize = 1024;

thread_local! {
    /// Random bytes and how many of them have been given out.
    static FRESH: RefCell<([u8; POOL], usize)> = const { RefCell::new(([0; POOL], POOL)) };
}

/// Random bytes from the operating system. No byte is given out twice.
///
/// # Panics
/// If the operating system has no randomness to give: nothing that follows could be trusted.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    FRESH.with_borrow_mut(|(pool, used)| {
        for part in bytes.chunks_mut(POOL) {
            if *used + part.len() > POOL {
                getrandom::fill(pool).expect("the operating system gives random bytes");
                *used = 0;
            }
            let given = &mut pool[*used..*used + part.len()];
            part.copy_from_slice(given);
            given.fill(0);
            *used += part.len();
        }
    });
    bytes
}

/// `digits` lower-case hexadecimal digits, as behind `vpc-` or `i-`.
pub fn hex_id(digits: usize) -> String {
    random_from(b"0123456789abcdef", digits)
}

/// `length` characters drawn evenly from `alphabet` (at most 256 characters).
pub fn random_from(alphabet: &[u8], length: usize) -> String {
    let limit = 256 - 256 % alphabet.len().max(1);
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random_bytes::<32>() {
            if text.len() < length && usize::from(byte) < limit {
                text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    text
}

/// A random UUID (RFC 9562, version 4).
pub fn uuid() -> String {
    uuid_of(u128::from_be_bytes(random_bytes()))
}

/// The UUID (version 4) of a random number. Every request has one, so it is written without a formatter.
pub fn uuid_of(random: u128) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const DASHES: [usize; 4] = [4, 6, 8, 10];
    let mut bytes = random.to_be_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.into_iter().enumerate() {
        if DASHES.contains(&place) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_ids() {
        assert_eq!(hex_id(17).len(), 17);
        assert!(random_from(b"AB", 40).bytes().all(|b| b == b'A' || b == b'B'));
        let id = uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert_eq!(uuid_of(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), "01234567-89ab-4def-8123-456789abcdef");
    }
}
