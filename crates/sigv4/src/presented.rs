//! The signature that a client presents (SigV4, in a header or a query), and whether it stands.

use http::HeaderMap;
use kogumo_base::{Timestamp, equal_in_constant_time};
use ring::digest::{SHA256, digest};

use crate::canonical::{Request, Rules, canonical_request, query_value};
use crate::encode::hex;
use crate::key::SigningKey;
use crate::{Credential, Mismatch, Place, Problem};

/// The one algorithm of SigV4 that AWS clients use.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far a signature's moment may lie from the machine's clock, in seconds.
pub const MAX_SKEW: i64 = 15 * 60;

/// The longest life of a presigned URL, in seconds: a week.
const MAX_EXPIRES: i64 = 7 * 24 * 60 * 60;

/// A SigV4 signature as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub place: Place,
    pub credential: Credential,
    /// `host;x-amz-date`
    pub signed_headers: String,
    /// Hexadecimal.
    pub signature: String,
    /// When it was signed, and that moment as the string to sign writes it.
    pub moment: Timestamp,
    pub moment_text: String,
    /// The life of a presigned URL in seconds; none in a header.
    pub expires: Option<i64>,
    /// The session token of temporary credentials.
    pub token: Option<String>,
}

impl Presented {
    /// Reads `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
    pub fn from_header(authorization: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let place = Place::Header;
        let (algorithm, parameters) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if algorithm != ALGORITHM {
            return Err(Problem::UnsupportedAlgorithm { place, algorithm: algorithm.to_owned() });
        }
        let find = |name: &str| {
            let mut named = parameters.split(',').filter_map(|part| part.trim().split_once('='));
            named.find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
        };
        let date = header_text(headers, "x-amz-date").or_else(|| header_text(headers, "date"));
        let (credential, signature, signed_headers) = (find("Credential"), find("Signature"), find("SignedHeaders"));
        let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
            (credential, signature, signed_headers, date)
        else {
            let missing = missing_of(&[
                ("Credential", credential.is_some()),
                ("Signature", signature.is_some()),
                ("SignedHeaders", signed_headers.is_some()),
                ("Date", date.is_some()),
            ]);
            return Err(Problem::Incomplete { place, missing, header: authorization.to_owned() });
        };
        let moment = Timestamp::parse_basic(date).or_else(|| Timestamp::parse_http_date(date));
        let moment = moment.ok_or_else(|| Problem::DateMalformed { place, found: date.to_owned() })?;
        let moment_text = if date.len() == BASIC_LENGTH { date.to_owned() } else { moment.basic() };
        Ok(Presented {
            place,
            credential: parse_credential(place, credential)?,
            signed_headers: signed_headers.to_ascii_lowercase(),
            signature: signature.to_owned(),
            moment,
            moment_text,
            expires: None,
            token: header_text(headers, "x-amz-security-token").map(str::to_owned),
        })
    }

    /// Reads `?X-Amz-Algorithm=…&X-Amz-Credential=…&…&X-Amz-Signature=…`.
    pub fn from_query(query: &str) -> Result<Self, Problem> {
        let place = Place::Query;
        let algorithm = query_value(query, "X-Amz-Algorithm").unwrap_or_default();
        if algorithm != ALGORITHM {
            return Err(Problem::UnsupportedAlgorithm { place, algorithm });
        }
        let find = |name| query_value(query, name).filter(|value| !value.is_empty());
        let (credential, signature) = (find("X-Amz-Credential"), find("X-Amz-Signature"));
        let (signed_headers, date) = (find("X-Amz-SignedHeaders"), find("X-Amz-Date"));
        let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
            (&credential, &signature, &signed_headers, &date)
        else {
            let missing = missing_of(&[
                ("X-Amz-Credential", credential.is_some()),
                ("X-Amz-Signature", signature.is_some()),
                ("X-Amz-SignedHeaders", signed_headers.is_some()),
                ("X-Amz-Date", date.is_some()),
            ]);
            return Err(Problem::Incomplete { place, missing, header: String::new() });
        };
        let moment = Timestamp::parse_basic(date).filter(|_| date.len() == BASIC_LENGTH);
        Ok(Presented {
            place,
            credential: parse_credential(place, credential)?,
            signed_headers: signed_headers.to_ascii_lowercase(),
            signature: signature.clone(),
            moment: moment.ok_or_else(|| Problem::DateMalformed { place, found: date.clone() })?,
            moment_text: date.clone(),
            expires: find("X-Amz-Expires").map(parse_expires).transpose()?,
            token: find("X-Amz-Security-Token"),
        })
    }

    /// Whether the scope is well made: its terminator, its date, and `host` signed.
    pub fn check_scope(&self) -> Result<(), Problem> {
        if self.credential.terminator != "aws4_request" {
            return Err(Problem::WrongTerminator { found: self.credential.terminator.clone() });
        }
        if self.moment_text.get(..8) != Some(self.credential.date.as_str()) {
            let (scope_date, moment) = (self.credential.date.clone(), self.moment_text.clone());
            return Err(Problem::DateMismatch { scope_date, moment });
        }
        if !self.is_signed("host") {
            return Err(Problem::HostNotSigned);
        }
        Ok(())
    }

    /// Whether the signature is neither too old nor of the future. `now` is the machine's time, as clients sign with theirs.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Problem> {
        let signed = self.moment;
        if signed > now.plus_seconds(MAX_SKEW) {
            return Err(Problem::TooNew { signed, now });
        }
        match (self.place, self.expires) {
            (Place::Query, Some(expires)) if now > signed.plus_seconds(expires) => {
                Err(Problem::Expired { at: signed.plus_seconds(expires), now })
            }
            (Place::Query, Some(_)) => Ok(()),
            _ if now > signed.plus_seconds(MAX_SKEW) => Err(Problem::TooOld { signed, now }),
            _ => Ok(()),
        }
    }

    /// S3 wants every `x-amz-` header of the request signed.
    pub fn check_headers_signed(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let names = headers.keys().map(|name| name.as_str());
        let unsigned: Vec<String> =
            names.filter(|name| name.starts_with("x-amz-") && !self.is_signed(name)).map(str::to_owned).collect();
        if unsigned.is_empty() { Ok(()) } else { Err(Problem::HeadersNotSigned(unsigned)) }
    }

    /// Whether the client's signature is the one that `key` makes. `payload` is the hash of the body or the word that stands for it.
    pub fn verify(&self, request: &Request<'_>, rules: Rules, payload: &str, key: &SigningKey) -> Result<(), Problem> {
        let canonical = canonical_request(request, rules, &self.signed_headers, payload);
        let to_sign = self.string_to_sign(&canonical);
        let calculated = key.sign(to_sign.as_bytes());
        if equal_in_constant_time(calculated.as_bytes(), self.signature.as_bytes()) {
            return Ok(());
        }
        Err(Problem::Mismatch(Box::new(Mismatch {
            canonical_request: String::from_utf8_lossy(&canonical).into_owned(),
            string_to_sign: to_sign,
            signature_provided: self.signature.clone(),
        })))
    }

    /// The signature that `key` makes.
    pub(crate) fn calculate(&self, request: &Request<'_>, rules: Rules, payload: &str, key: &SigningKey) -> String {
        let canonical = canonical_request(request, rules, &self.signed_headers, payload);
        key.sign(self.string_to_sign(&canonical).as_bytes())
    }

    fn string_to_sign(&self, canonical: &[u8]) -> String {
        let hash = hex(digest(&SHA256, canonical).as_ref());
        [ALGORITHM, &self.moment_text, &self.credential.scope(), &hash].join("\n")
    }

    fn is_signed(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed == name)
    }
}

/// `20150830T123600Z`
const BASIC_LENGTH: usize = 16;

fn parse_credential(place: Place, text: &str) -> Result<Credential, Problem> {
    Credential::parse(text).ok_or_else(|| Problem::CredentialMalformed { place, credential: text.to_owned() })
}

fn parse_expires(text: String) -> Result<i64, Problem> {
    match text.parse() {
        Ok(seconds) if (0..=MAX_EXPIRES).contains(&seconds) => Ok(seconds),
        _ => Err(Problem::ExpiresOutOfRange { found: text }),
    }
}

fn missing_of(parts: &[(&'static str, bool)]) -> Vec<&'static str> {
    parts.iter().filter(|(_, found)| !found).map(|(name, _)| *name).collect()
}

/// A header's first value as text; empty or unreadable counts as absent.
pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
}
