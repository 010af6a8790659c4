//! `$util` of API Gateway.

use crate::{Error, Heap, Object, Value};
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::fmt::Write;

pub(super) struct Util;

impl Object for Util {
    fn property(&self, _: &str, _: &mut Heap) -> Result<Option<Value>, Error> {
        Ok(None)
    }

    fn call(&self, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
        let [argument] = arguments else {
            return Ok(None);
        };
        if matches!(argument, Value::Null) {
            return Ok(None);
        }
        let text = heap.show(argument)?;
        heap.work(text.len() * 4)?;
        let result = match name {
            "escapeJavaScript" => escape_javascript(&text),
            "parseJson" => {
                let json = serde_json::from_str(&text);
                let json = json.map_err(|error| Error::Call(format!("$util.parseJson: {error}")))?;
                return heap.load(&json).map(Some);
            }
            "urlEncode" => url_encode(&text),
            "urlDecode" => url_decode(&text),
            "base64Encode" => BASE64_STANDARD.encode(&text),
            "base64Decode" => {
                let bytes = base64_decode(&text).ok_or_else(|| Error::Call("$util.base64Decode: not base64".into()))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => return Ok(None),
        };
        heap.text(&result).map(Some)
    }
}

/// `StringEscapeUtils.escapeJavaScript` of Commons Lang: both quotes, the slash, control
/// characters and everything beyond ASCII.
fn escape_javascript(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' | '/' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}

/// `URLEncoder.encode` of Java: `application/x-www-form-urlencoded`.
fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn url_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match (escaped, byte) {
            (Some((high, low)), _) => {
                bytes.push(high << 4 | low);
                rest = &tail[2..];
                continue;
            }
            (None, b'+') => bytes.push(b' '),
            (None, byte) => bytes.push(*byte),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Line breaks and missing padding are forgiven.
fn base64_decode(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD_ALPHABET,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let digits: String = text.split_ascii_whitespace().collect();
    ENGINE.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javascript_is_escaped_as_commons_lang_does() {
        assert_eq!(escape_javascript("it's \"a/b\"\n"), r#"it\'s \"a\/b\"\n"#);
        assert_eq!(escape_javascript("小😀"), r"\u5C0F\uD83D\uDE00");
    }

    #[test]
    fn urls() {
        assert_eq!(url_encode("a b&こ"), "a+b%26%E3%81%93");
        assert_eq!(url_decode("a+b%26%E3%81%93%zz%"), "a b&こ%zz%");
    }

    #[test]
    fn base64() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64_decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(base64_decode("Z"), None);
        assert_eq!(base64_decode("%%%%"), None);
    }
}
