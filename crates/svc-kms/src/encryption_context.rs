//! Encryption contexts: what is not secret and yet must be the same when a ciphertext is opened.

use std::collections::BTreeMap;

/// Names and values.
pub type EncryptionContext = BTreeMap<String, String>;

/// A context as authenticated data: each pair in the order of the names, lengths before the texts, so that no two
/// contexts are written alike. None and an empty one are the same, as on AWS.
pub fn authenticated(context: Option<&EncryptionContext>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in context.into_iter().flatten().flat_map(|(name, value)| [name, value]) {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Vec<u8> {
        let context = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        authenticated(Some(&context))
    }

    #[test]
    fn contexts_differ_where_their_pairs_do() {
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1b")]), of(&[("a", "1"), ("b", "")]));
        assert_ne!(of(&[("a", "1")]), of(&[("a", "2")]));
        assert_eq!(of(&[]), authenticated(None));
    }
}
