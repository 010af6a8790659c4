//! Names of generated resources: a prefix and ten digits of a SHA-1.

use crate::json;
use crate::value::Value;
use sha1::{Digest, Sha1};

const LENGTH: usize = 10;

/// The SHA-1 of the text in forty hexadecimal digits; of nothing, nothing.
pub(crate) fn digest(data: &str) -> String {
    if data.is_empty() {
        return String::new();
    }
    Sha1::digest(data.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The prefix and the hash of a text.
pub(crate) fn of_text(prefix: &str, data: &str) -> String {
    format!("{prefix}{}", shorten(&digest(data)))
}

/// The prefix and the hash of a value: of its text, or of its JSON with sorted keys.
pub(crate) fn of(prefix: &str, data: &Value) -> String {
    match data {
        data if !data.truthy() => prefix.to_owned(),
        Value::Text(text) => of_text(prefix, text),
        other => of_text(prefix, &json::compact(other)),
    }
}

/// The first digits of a hash that is known already.
pub(crate) fn shorten(hash: &str) -> String {
    hash.chars().take(LENGTH).collect()
}

/// Whether Python's `isalnum` says so: not empty, letters and digits only.
pub(crate) fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{map, text};

    #[test]
    fn the_hash_is_over_text_or_sorted_json() {
        assert_eq!(of("Domain", &text("example.com")), "Domain0caaf24ab1");
        assert_eq!(of("X", &map([])), "X");
    }
}
