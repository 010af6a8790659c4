//! The condition keys that a document asks for: those of its conditions and those of its variables.

use std::collections::BTreeSet;

use crate::{ArnPattern, Document};

/// Each key once, in the order of the alphabet, as it is written.
pub fn context_keys<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Vec<String> {
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for statement in documents.into_iter().flat_map(|document| &document.statements) {
        keys.extend(statement.conditions.iter().map(|condition| condition.key.as_str()));
        keys.extend(statement.conditions.iter().flat_map(|condition| condition.variables()));
        let resources = statement.resource.iter().flat_map(|elements| &elements.patterns);
        keys.extend(resources.flat_map(ArnPattern::variables));
    }
    keys.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_and_variables() {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*",
            "Resource":"arn:aws:s3:::b/${aws:username}/*",
            "Condition":{"StringLike":{"s3:prefix":["${aws:userid, 'x'}"]},"Bool":{"aws:SecureTransport":"true"}}}}"#;
        let document = Document::parse(text).expect("a document");
        assert_eq!(context_keys([&document]), ["aws:SecureTransport", "aws:userid", "aws:username", "s3:prefix"]);
    }
}
