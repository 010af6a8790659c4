//! Policy documents: what makes one well-formed, and how the API shows it.

use kogumo_model::iam::MALFORMED_POLICY_DOCUMENT_EXCEPTION;
use kogumo_policy::{Document, Sort};
use kogumo_wire::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986: IAM shows documents percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A document as responses show it.
pub fn shown(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

/// What a document is for: trust policies name principals, others must not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Identity,
    Trust,
}

/// Checks the grammar that every policy has, and what its purpose asks for.
///
/// # Errors
/// MalformedPolicyDocument with AWS's message.
pub fn check(document: &str, purpose: Purpose) -> Result<(), Fault> {
    let sort = match purpose {
        Purpose::Identity => Sort::Identity,
        Purpose::Trust => Sort::Trust,
    };
    let checked = Document::parse(document).and_then(|document| document.check(sort));
    checked.map_err(|problem| MALFORMED_POLICY_DOCUMENT_EXCEPTION.because(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    const TRUST: &str =
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#;

    #[test]
    fn well_formed_documents_pass() {
        assert!(check(GOOD, Purpose::Identity).is_ok());
        assert!(check(TRUST, Purpose::Trust).is_ok());
    }

    #[test]
    fn malformed_documents_are_refused() {
        let bad = [
            "",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        ];
        for document in bad {
            assert!(check(document, Purpose::Identity).is_err(), "{document}");
        }
        assert!(check(TRUST, Purpose::Identity).is_err());
        assert!(check(GOOD, Purpose::Trust).is_err());
    }

    #[test]
    fn documents_are_shown_encoded() {
        assert_eq!(shown("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
    }
}
