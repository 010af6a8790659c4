//! Percent-encoding as SigV4 means it: RFC 3986 with upper-case digits, every byte but the unreserved ones.

/// Whether `byte` stands for itself: `A-Z a-z 0-9 - . _ ~`.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `byte` encoded.
pub(crate) fn push_encoded(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if is_unreserved(byte) {
        out.push(byte);
    } else {
        out.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// The bytes of `text` with its escapes undone. A percent sign that starts no escape stands for itself.
/// In a query `+` is a space, so `plus_is_space` is set there.
pub(crate) fn decoded(text: &[u8], plus_is_space: bool) -> Decoded<'_> {
    Decoded { rest: text, plus_is_space }
}

/// Appends `text` decoded and encoded again, so that any spelling of the same bytes comes out the same.
pub(crate) fn push_recoded(out: &mut Vec<u8>, text: &[u8], plus_is_space: bool) {
    for byte in decoded(text, plus_is_space) {
        push_encoded(out, byte);
    }
}

/// A value of a query string as text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn query_text(text: &str) -> String {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return text.to_owned();
    }
    let bytes: Vec<u8> = decoded(text.as_bytes(), true).collect();
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

pub(crate) struct Decoded<'a> {
    rest: &'a [u8],
    plus_is_space: bool,
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        if first == b'%'
            && let [high, low, rest @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            self.rest = rest;
            return Some(high << 4 | low);
        }
        Some(if first == b'+' && self.plus_is_space { b' ' } else { first })
    }
}

/// The value of one hexadecimal digit of either case.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// `bytes` in lower-case hexadecimal, as every hash and signature is written.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recoded(text: &str) -> String {
        let mut out = Vec::new();
        push_recoded(&mut out, text.as_bytes(), false);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn any_spelling_comes_out_the_same() {
        assert_eq!(recoded("a%2fb c%7e~"), "a%2Fb%20c~~");
        assert_eq!(recoded("100%"), "100%25");
        assert_eq!(recoded("%zz%e3%81%82"), "%25zz%E3%81%82");
    }

    #[test]
    fn a_query_value_is_text() {
        assert_eq!(query_text("a+b%2Bc"), "a b+c");
        assert_eq!(query_text("%ff"), "\u{fffd}");
    }
}
