//! What AWS says of a signature that does not stand. S3 has words of its own; elsewhere the code depends on the protocol, which
//! the wire knows, and the words are the same.

use kogumo_base::Timestamp;
use kogumo_sigv4::{Mismatch, Place, Problem};
use kogumo_wire::{Common, Fault, Structure};

use crate::details::Details;

/// The fault for a problem with the signature of that key; `s3` is whether the service is S3.
pub fn fault(problem: &Problem, access_key: &str, s3: bool) -> Fault {
    if !s3 {
        return of_others(problem);
    }
    Fault {
        fields: details(problem, access_key).map(|details| Box::new(details) as Box<dyn Structure>),
        ..of_s3(problem)
    }
}

/// What S3 adds to its message.
fn details(problem: &Problem, access_key: &str) -> Option<Details> {
    let bytes = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let details = Details::default();
    Some(match problem {
        Problem::Mismatch(mismatch) => {
            let details = details
                .with("AWSAccessKeyId", access_key)
                .with("StringToSign", &mismatch.string_to_sign)
                .with("SignatureProvided", &mismatch.signature_provided)
                .with("StringToSignBytes", bytes(&mismatch.string_to_sign));
            match mismatch.canonical_request.as_str() {
                "" => details,
                canonical => {
                    details.with("CanonicalRequest", canonical).with("CanonicalRequestBytes", bytes(canonical))
                }
            }
        }
        Problem::HeadersNotSigned(names) => details.with("HeadersNotSigned", names.join(", ")),
        Problem::HostNotSigned => details.with("HeadersNotSigned", "host"),
        Problem::TooOld { signed, now } | Problem::TooNew { signed, now } => details
            .with("RequestTime", signed.basic())
            .with("ServerTime", now.iso())
            .with("MaxAllowedSkewMilliseconds", (kogumo_sigv4::MAX_SKEW * 1000).to_string()),
        Problem::Expired { at, now } => details.with("Expires", at.iso()).with("ServerTime", now.iso()),
        _ => return None,
    })
}

/// A request without any signature, for an operation that needs one.
pub fn missing_token(s3: bool) -> Fault {
    if s3 {
        Fault::coded("AccessDenied", 403, "Access Denied")
    } else {
        Fault::common(Common::MissingToken, "Missing Authentication Token")
    }
}

/// A key that this cloud does not know.
pub fn unknown_key(access_key: &str, s3: bool) -> Fault {
    let message = if s3 {
        "The AWS Access Key Id you provided does not exist in our records."
    } else {
        "The security token included in the request is invalid."
    };
    let fields = s3.then(|| Box::new(Details::default().with("AWSAccessKeyId", access_key)) as Box<dyn Structure>);
    Fault { fields, ..Fault::common(Common::UnknownKey, message) }
}

/// A session token that does not belong to its key.
pub fn invalid_token(s3: bool) -> Fault {
    if s3 {
        return Fault::coded("InvalidToken", 400, "The provided token is malformed or otherwise invalid.");
    }
    Fault::common(Common::UnknownKey, "The security token included in the request is invalid.")
}

/// Temporary credentials that are over.
pub fn expired_token(s3: bool) -> Fault {
    let message =
        if s3 { "The provided token has expired." } else { "The security token included in the request is expired" };
    Fault::common(Common::ExpiredToken, message)
}

fn of_others(problem: &Problem) -> Fault {
    let incomplete = |message: String| Fault::common(Common::IncompleteSignature, message);
    let bad = |message: String| Fault::common(Common::BadSignature, message);
    match problem {
        Problem::TwoWays => incomplete("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified".into()),
        Problem::UnsupportedAlgorithm { algorithm, .. } if is_sigv4a(algorithm) => sigv4a(algorithm),
        Problem::UnsupportedAlgorithm { algorithm, .. } => incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")),
        Problem::Incomplete { place, missing, header } => incomplete(missing_parameters(*place, missing, header)),
        Problem::CredentialMalformed { credential, .. } => incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )),
        Problem::WrongTerminator { found } => {
            bad(format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{found}'."))
        }
        Problem::DateMalformed { found, .. } => {
            incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{found}'. See http://en.wikipedia.org/wiki/ISO_8601"))
        }
        Problem::DateMismatch { scope_date, moment } => {
            let day = moment.get(..8).unwrap_or(moment);
            bad(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope_date}' != '{day}', from '{moment}'."
            ))
        }
        Problem::WrongRegion { found, .. } => bad(format!("Credential should be scoped to a valid region, not '{found}'. ")),
        Problem::WrongService { expected, .. } => bad(format!("Credential should be scoped to correct service: '{expected}'. ")),
        Problem::HostNotSigned => bad("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into()),
        Problem::HeadersNotSigned(names) => bad(format!("'{}' must be a 'SignedHeader' in the AWS Authorization.", names.join("', '"))),
        Problem::TooOld { signed, now } => too_old(*signed, *now),
        Problem::TooNew { signed, now } => Fault::common(
            Common::RequestExpired,
            format!(
                "Signature not yet current: {} is still later than {} ({} + 15 min.)",
                signed.basic(),
                now.plus_seconds(kogumo_sigv4::MAX_SKEW).basic(),
                now.basic()
            ),
        ),
        Problem::ExpiresOutOfRange { .. } => {
            incomplete("X-Amz-Expires must be a number of seconds from 0 to 604800 (a week).".into())
        }
        Problem::Expired { at, now } => {
            Fault::common(Common::RequestExpired, format!("Signature expired: {} is now earlier than {}", at.basic(), now.basic()))
        }
        Problem::Mismatch(mismatch) => bad(mismatch_text(mismatch)),
    }
}

fn too_old(signed: Timestamp, now: Timestamp) -> Fault {
    let message = format!(
        "Signature expired: {} is now earlier than {} ({} - 15 min.)",
        signed.basic(),
        now.plus_seconds(-kogumo_sigv4::MAX_SKEW).basic(),
        now.basic()
    );
    Fault::common(Common::RequestExpired, message)
}

fn missing_parameters(place: Place, missing: &[&str], header: &str) -> String {
    if place != Place::Header {
        let each = missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. "));
        return each.collect::<String>() + "Re-examine the query-string parameters.";
    }
    let each = missing.iter().map(|name| match *name {
        "Date" => "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".to_owned(),
        name => format!("Authorization header requires '{name}' parameter. "),
    });
    each.collect::<String>() + "Authorization=" + header.split(' ').next().unwrap_or_default()
}

fn mismatch_text(mismatch: &Mismatch) -> String {
    let start = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
                 signing method. Consult the service documentation for details.";
    if mismatch.canonical_request.is_empty() {
        return start.to_owned();
    }
    format!(
        "{start}\n\nThe Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
        mismatch.canonical_request, mismatch.string_to_sign
    )
}

fn is_sigv4a(algorithm: &str) -> bool {
    algorithm.starts_with("AWS4-ECDSA-")
}

fn sigv4a(algorithm: &str) -> Fault {
    Fault::not_implemented(&format!("The signature algorithm {algorithm} (SigV4A)"))
}

/// Source: "Error responses" and "Authenticating requests", Amazon S3 API Reference.
fn of_s3(problem: &Problem) -> Fault {
    let header = |message: String| {
        Fault::coded("AuthorizationHeaderMalformed", 400, format!("The authorization header is malformed; {message}"))
    };
    let query = |message: &str| Fault::coded("AuthorizationQueryParametersError", 400, message.to_owned());
    let denied = |message: &'static str| Fault::coded("AccessDenied", 403, message);
    match problem {
        Problem::TwoWays => Fault::coded(
            "InvalidArgument",
            400,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        ),
        Problem::UnsupportedAlgorithm { algorithm, .. } if is_sigv4a(algorithm) => sigv4a(algorithm),
        Problem::UnsupportedAlgorithm { place: Place::Query, .. } => {
            query("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"")
        }
        Problem::UnsupportedAlgorithm { .. } => Fault::coded("InvalidArgument", 400, "Unsupported Authorization Type"),
        Problem::Incomplete { place: Place::Header, missing, .. } if missing.contains(&"Date") => {
            denied("AWS authentication requires a valid Date or x-amz-date header")
        }
        Problem::Incomplete { place: Place::Header, missing, .. } => header(format!(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature. Missing: {}.",
            missing.join(", ")
        )),
        Problem::Incomplete { .. } => query(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        Problem::CredentialMalformed { place: Place::Header, .. } => header(
            "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".".into(),
        ),
        Problem::CredentialMalformed { .. } => query(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ),
        Problem::WrongTerminator { found } => {
            header(format!("incorrect terminal \"{found}\". This endpoint uses \"aws4_request\"."))
        }
        Problem::DateMalformed { place: Place::Query, .. } => {
            query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        Problem::DateMalformed { .. } => denied("AWS authentication requires a valid Date or x-amz-date header"),
        Problem::DateMismatch { scope_date, moment } => {
            let day = moment.get(..8).unwrap_or(moment);
            header(format!(
                "Invalid credential date \"{scope_date}\". This date is not the same as X-Amz-Date: \"{day}\"."
            ))
        }
        Problem::WrongRegion { found, expected } => {
            header(format!("the region '{found}' is wrong; expecting '{expected}'"))
        }
        Problem::WrongService { found, expected } => {
            header(format!("incorrect service \"{found}\". This endpoint belongs to \"{expected}\"."))
        }
        Problem::HostNotSigned | Problem::HeadersNotSigned(_) => {
            denied("There were headers present in the request which were not signed")
        }
        Problem::TooOld { .. } | Problem::TooNew { .. } => Fault::common(
            Common::RequestExpired,
            "The difference between the request time and the current time is too large.",
        ),
        Problem::ExpiresOutOfRange { found } if found.starts_with('-') => query("X-Amz-Expires must be non-negative"),
        Problem::ExpiresOutOfRange { found } if found.bytes().all(|b| b.is_ascii_digit()) => query(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ),
        Problem::ExpiresOutOfRange { .. } => query("X-Amz-Expires should be a number"),
        Problem::Expired { .. } => denied("Request has expired"),
        Problem::Mismatch(_) => Fault::common(
            Common::BadSignature,
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogumo_wire::Protocol;

    #[test]
    fn the_words_are_awss() {
        let now = Timestamp::parse_basic("20261122T150000Z").unwrap();
        let old = fault(&Problem::TooOld { signed: now.plus_seconds(-1000), now }, "", false);
        assert_eq!(
            old.message,
            "Signature expired: 20261122T144320Z is now earlier than 20261122T144500Z (20261122T150000Z - 15 min.)"
        );
        assert_eq!((old.code(Protocol::Json10), old.status(Protocol::Json10)), ("InvalidSignatureException", 400));
        assert_eq!((old.code(Protocol::Query), old.status(Protocol::Query)), ("SignatureDoesNotMatch", 403));
        let old = fault(&Problem::TooOld { signed: now.plus_seconds(-1000), now }, "", true);
        assert_eq!((old.code(Protocol::RestXml), old.status(Protocol::RestXml)), ("RequestTimeTooSkewed", 403));
        let missing = Problem::Incomplete {
            place: Place::Header,
            missing: vec!["Credential", "Date"],
            header: "AWS4-HMAC-SHA256 x".into(),
        };
        assert_eq!(
            fault(&missing, "", false).message,
            "Authorization header requires 'Credential' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a \
             'Date' header. Authorization=AWS4-HMAC-SHA256"
        );
    }
}
