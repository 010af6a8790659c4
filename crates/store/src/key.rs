//! Keys that sort as their parts do: strings by their bytes, numbers by their value, part by part.
//!
//! A string is written with each 0x00 as 0x00 0xFF and ends in 0x00 0x01, so that `("a", "b")` sorts before
//! `("aa", "")` and no string runs into the next part. Numbers are eight bytes, big endian, the sign bit flipped.

use std::borrow::Cow;

const END: [u8; 2] = [0x00, 0x01];
const ESCAPED_ZERO: [u8; 2] = [0x00, 0xff];

/// A key made of parts: `Key::new().str(bucket).str(name).u64(version)`. Read it back with [`Key::reader`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    pub fn new() -> Self {
        Key::default()
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Key(Vec::with_capacity(bytes))
    }

    /// A key out of its encoded form, as [`Key::as_bytes`] gave it.
    pub fn from_encoded(bytes: impl Into<Vec<u8>>) -> Self {
        Key(bytes.into())
    }

    /// The start of a string, for prefix scans: it matches every string part that begins with `text`.
    pub fn open_str(text: &str) -> Self {
        Key::new().then_open_str(text)
    }

    /// As [`Key::open_str`], behind the parts that are there already. Nothing may follow it.
    pub fn then_open_str(mut self, text: &str) -> Self {
        self.escape(text.as_bytes());
        self
    }

    pub fn str(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.escape(bytes);
        self.0.extend_from_slice(&END);
        self
    }

    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub fn i64(self, number: i64) -> Self {
        self.u64(number.cast_unsigned() ^ (1 << 63))
    }

    /// The parts of `other` behind the parts of this key.
    pub fn then(mut self, other: &Key) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// The encoded form, whose byte order is the key's order.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads the parts back, in the order they were written.
    pub fn reader(&self) -> KeyReader<'_> {
        KeyReader(&self.0)
    }

    fn escape(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == 0);
        self.0.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            self.0.extend_from_slice(&ESCAPED_ZERO);
            self.0.extend_from_slice(piece);
        }
    }
}

/// One string is a whole key.
impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Key::new().str(text)
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Key::new().str(text)
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

/// Reads a key's parts; `None` where the bytes are not such a part.
#[derive(Clone, Copy, Debug)]
pub struct KeyReader<'a>(&'a [u8]);

impl<'a> KeyReader<'a> {
    /// Reads an encoded key.
    pub fn over(bytes: &'a [u8]) -> Self {
        KeyReader(bytes)
    }

    pub fn str(&mut self) -> Option<String> {
        let before = self.0;
        let text = String::from_utf8(self.bytes()?.into_owned()).ok();
        if text.is_none() {
            self.0 = before;
        }
        text
    }

    pub fn bytes(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut unescaped: Vec<u8> = Vec::new();
        let mut rest = self.0;
        loop {
            let zero = rest.iter().position(|byte| *byte == 0)?;
            let (piece, tail) = rest.split_at(zero);
            rest = tail.get(2..)?;
            match tail.get(1)? {
                0x01 => {
                    self.0 = rest;
                    return Some(if unescaped.is_empty() {
                        Cow::Borrowed(piece)
                    } else {
                        unescaped.extend_from_slice(piece);
                        Cow::Owned(unescaped)
                    });
                }
                0xff => {
                    unescaped.extend_from_slice(piece);
                    unescaped.push(0);
                }
                _ => return None,
            }
        }
    }

    pub fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    pub fn i64(&mut self) -> Option<i64> {
        Some((self.u64()? ^ (1 << 63)).cast_signed())
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Parts(Vec<u8>, i64, String, u64);

    fn encode(parts: &Parts) -> Key {
        Key::new().bytes(&parts.0).i64(parts.1).str(&parts.2).u64(parts.3)
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let bytes = proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..6);
        (bytes, any::<i64>(), "[\\x00a-c]{0,5}", any::<u64>()).prop_map(|(a, b, c, d)| Parts(a, b, c, d))
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts(a in parts(), b in parts()) {
            prop_assert_eq!(encode(&a).cmp(&encode(&b)), a.cmp(&b));
        }

        #[test]
        fn parts_are_read_back(a in parts()) {
            let key = encode(&a);
            let mut reader = key.reader();
            prop_assert_eq!(reader.bytes().map(Cow::into_owned), Some(a.0));
            prop_assert_eq!(reader.i64(), Some(a.1));
            prop_assert_eq!(reader.str(), Some(a.2));
            prop_assert_eq!(reader.u64(), Some(a.3));
            prop_assert!(reader.rest().is_empty());
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = KeyReader::over(&bytes);
            while reader.bytes().is_some() || reader.u64().is_some() {}
        }
    }

    #[test]
    fn an_open_string_is_the_start_of_longer_ones() {
        let open = Key::new().str("b").then_open_str("photos/");
        assert!(Key::new().str("b").str("photos/1").as_bytes().starts_with(open.as_bytes()));
        assert!(!Key::new().str("b").str("photo").as_bytes().starts_with(open.as_bytes()));
    }
}
