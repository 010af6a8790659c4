//! S3's first signatures (HMAC-SHA1, "Signature Version 2"): a header, a presigned URL. Old, and yet what boto3 makes by default
//! for a presigned URL. Source: "Signing and authenticating REST requests", Amazon S3 User Guide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use kogumo_base::{Timestamp, equal_in_constant_time};
use ring::hmac;

use crate::canonical::{Request, query_value};
use crate::encode::query_text;
use crate::presented::{MAX_SKEW, header_text};
use crate::{Mismatch, Place, Problem};

/// A signature of the first kind as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    pub place: Place,
    pub access_key: String,
    /// Base64.
    pub signature: String,
    /// When a header was signed, or when a presigned URL ends.
    pub moment: Timestamp,
    /// The line of the string to sign that holds that moment; empty if `x-amz-date` is signed in its stead.
    pub moment_text: String,
    pub token: Option<String>,
}

/// Query parameters that belong to the resource and are signed.
const SUBRESOURCES: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

impl Legacy {
    /// Reads `Authorization: AWS AKIDEXAMPLE:signature=`.
    pub fn from_header(authorization: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let place = Place::Header;
        let parts = authorization.strip_prefix("AWS ").and_then(|rest| rest.trim().split_once(':'));
        let Some((access_key, signature)) = parts.filter(|(key, signature)| !key.is_empty() && !signature.is_empty())
        else {
            return Err(Problem::CredentialMalformed { place, credential: authorization.to_owned() });
        };
        let amz_date = header_text(headers, "x-amz-date");
        let Some(date) = amz_date.or_else(|| header_text(headers, "date")) else {
            return Err(Problem::Incomplete { place, missing: vec!["Date"], header: authorization.to_owned() });
        };
        let moment = Timestamp::parse_http_date(date).or_else(|| Timestamp::parse_basic(date));
        Ok(Legacy {
            place,
            access_key: access_key.to_owned(),
            signature: signature.to_owned(),
            moment: moment.ok_or_else(|| Problem::DateMalformed { place, found: date.to_owned() })?,
            moment_text: if amz_date.is_some() { String::new() } else { date.to_owned() },
            token: header_text(headers, "x-amz-security-token").map(str::to_owned),
        })
    }

    /// Reads `?AWSAccessKeyId=…&Expires=…&Signature=…`.
    pub fn from_query(query: &str) -> Result<Self, Problem> {
        let place = Place::Query;
        let find = |name| query_value(query, name).filter(|value| !value.is_empty());
        let (access_key, signature, expires) = (find("AWSAccessKeyId"), find("Signature"), find("Expires"));
        let (Some(access_key), Some(signature), Some(expires)) = (access_key, signature, expires) else {
            return Err(Problem::Incomplete {
                place,
                missing: vec!["AWSAccessKeyId", "Signature", "Expires"],
                header: String::new(),
            });
        };
        let Ok(seconds) = expires.parse() else {
            return Err(Problem::DateMalformed { place, found: expires });
        };
        let moment = Timestamp::from_seconds(seconds);
        Ok(Legacy { place, access_key, signature, moment, moment_text: expires, token: find("x-amz-security-token") })
    }

    /// Whether the signature is of this quarter of an hour, or the URL not over yet.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Problem> {
        let signed = self.moment;
        match self.place {
            Place::Query if now > signed => Err(Problem::Expired { at: signed, now }),
            Place::Query => Ok(()),
            _ if signed > now.plus_seconds(MAX_SKEW) => Err(Problem::TooNew { signed, now }),
            _ if now > signed.plus_seconds(MAX_SKEW) => Err(Problem::TooOld { signed, now }),
            _ => Ok(()),
        }
    }

    /// Whether the signature is the one that `secret` makes. With a virtual host, `bucket` is the bucket's name, which stands in
    /// the host and not in the path.
    pub fn verify(&self, request: &Request<'_>, bucket: Option<&str>, secret: &str) -> Result<(), Problem> {
        let to_sign = self.string_to_sign(request, bucket, request.path);
        if self.is_signature_of(&to_sign, secret) {
            return Ok(());
        }
        // A bucket alone is signed as `/bucket/` by clients that send `/bucket`.
        let with_slash = format!("{}/", request.path);
        if bucket.is_none()
            && request.path.trim_start_matches('/').find('/').is_none()
            && self.is_signature_of(&self.string_to_sign(request, bucket, &with_slash), secret)
        {
            return Ok(());
        }
        Err(Problem::Mismatch(Box::new(Mismatch {
            canonical_request: String::new(),
            string_to_sign: to_sign,
            signature_provided: self.signature.clone(),
        })))
    }

    fn is_signature_of(&self, to_sign: &str, secret: &str) -> bool {
        equal_in_constant_time(hmac_sha1(secret, to_sign).as_bytes(), self.signature.as_bytes())
    }

    fn string_to_sign(&self, request: &Request<'_>, bucket: Option<&str>, path: &str) -> String {
        let standard = |name: &str| {
            let sent = header_text(request.headers, name).map(str::to_owned);
            let in_query = || query_value(request.query, name).filter(|_| self.place == Place::Query);
            sent.or_else(in_query).unwrap_or_default()
        };
        let mut out = format!("{}\n", request.method);
        out += &format!("{}\n{}\n{}\n", standard("content-md5"), standard("content-type"), self.moment_text);
        for (name, value) in self.amz_headers(request) {
            out += &format!("{name}:{value}\n");
        }
        if let Some(bucket) = bucket {
            out.push('/');
            out += bucket;
        }
        out += path;
        out += &signed_subresources(request.query);
        out
    }

    /// The `x-amz-` headers, sorted; in a presigned URL they may stand in the query.
    fn amz_headers(&self, request: &Request<'_>) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for name in request.headers.keys().filter(|name| name.as_str().starts_with("x-amz-")) {
            let values = request.headers.get_all(name).iter();
            let texts: Vec<String> =
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).collect();
            found.push((name.as_str().to_owned(), texts.join(",")));
        }
        if self.place == Place::Query {
            for pair in request.query.split('&') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let name = name.to_ascii_lowercase();
                if name.starts_with("x-amz-") && found.iter().all(|(known, _)| *known != name) {
                    found.push((name, query_text(value)));
                }
            }
        }
        found.sort();
        found
    }
}

/// `?acl&versionId=…`, decoded and sorted, or nothing.
fn signed_subresources(query: &str) -> String {
    let mut pairs: Vec<(&str, Option<&str>)> = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value))))
        .filter(|(name, _)| SUBRESOURCES.contains(name))
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let mut out = String::new();
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        out += name;
        if let Some(value) = value {
            out.push('=');
            out += &query_text(value);
        }
    }
    out
}

/// The Base64 of HMAC-SHA1.
pub(crate) fn hmac_sha1(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// The example "Object GET" of the S3 Developer Guide.
    #[test]
    fn verifies_awss_example() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Tue, 27 Mar 2007 19:36:42 +0000".parse().unwrap());
        let request = Request { method: "GET", path: "/photos/puppy.jpg", query: "", headers: &headers };
        let legacy = Legacy::from_header("AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU=", &headers).unwrap();
        assert_eq!(legacy.verify(&request, Some("johnsmith"), SECRET), Ok(()));
        assert!(legacy.verify(&request, Some("johnsmith"), "another secret").is_err());
    }

    #[test]
    fn signs_subresources_and_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Tue, 27 Mar 2007 21:15:45 +0000".parse().unwrap());
        headers.insert("content-type", "image/jpeg".parse().unwrap());
        let legacy = Legacy::from_header("AWS AKIAIOSFODNN7EXAMPLE:x", &headers).unwrap();
        let request =
            Request { method: "PUT", path: "/photos/puppy.jpg", query: "acl&x=1&versionId=a%2Fb", headers: &headers };
        let text = legacy.string_to_sign(&request, Some("b"), request.path);
        assert_eq!(text, "PUT\n\nimage/jpeg\nTue, 27 Mar 2007 21:15:45 +0000\n/b/photos/puppy.jpg?acl&versionId=a/b");
    }

    /// botocore sends `/bucket` and signs `/bucket/`.
    #[test]
    fn a_bucket_alone_may_be_signed_with_a_slash() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Tue, 27 Mar 2007 21:15:45 +0000".parse().unwrap());
        let signature = hmac_sha1(SECRET, "PUT\n\n\nTue, 27 Mar 2007 21:15:45 +0000\n/bucket/");
        let legacy = Legacy::from_header(&format!("AWS AKID:{signature}"), &headers).unwrap();
        let sent = |path| Request { method: "PUT", path, query: "", headers: &headers };
        assert_eq!(legacy.verify(&sent("/bucket"), None, SECRET), Ok(()));
        assert_eq!(legacy.verify(&sent("/bucket/"), None, SECRET), Ok(()));
        assert!(legacy.verify(&sent("/bucket/key"), None, SECRET).is_err());
        assert!(legacy.verify(&sent("/other"), None, SECRET).is_err());
    }

    #[test]
    fn a_presigned_url_ends() {
        let legacy = Legacy::from_query("AWSAccessKeyId=A&Expires=1175139620&Signature=x").unwrap();
        assert_eq!(legacy.check_time(Timestamp::from_seconds(1_175_139_620)), Ok(()));
        assert!(matches!(legacy.check_time(Timestamp::from_seconds(1_175_139_621)), Err(Problem::Expired { .. })));
    }
}
