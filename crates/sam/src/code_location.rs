//! Where code and definitions lie in S3: `s3://bucket/key?versionId=…`, or a map of the parts.

use crate::error::{Error, Result};
use crate::value::{Map, Text, Value};

/// An object in S3.
pub(crate) struct Location {
    pub(crate) bucket: Value,
    pub(crate) key: Value,
    pub(crate) version: Option<Value>,
}

impl Location {
    /// Reads an URI or a map with Bucket, Key and perhaps Version.
    pub(crate) fn read(value: &Value, id: &str, property: &str) -> Result<Location> {
        match value {
            Value::Map(parts) => Location::of_parts(parts).ok_or_else(|| {
                Error::resource(id, format!("'{property}' requires Bucket and Key properties to be specified."))
            }),
            other => other.as_text().and_then(Location::of_uri).ok_or_else(|| {
                let form = "'s3://bucket/key' with optional versionId query parameter";
                Error::resource(id, format!("'{property}' is not a valid S3 Uri of the form {form}."))
            }),
        }
    }

    fn of_parts(parts: &Map) -> Option<Location> {
        let some = |name: &str| parts.get(name).filter(|part| part.truthy()).cloned();
        let version = parts.contains("Version").then(|| parts.get("Version").cloned().unwrap_or(Value::Null));
        Some(Location { bucket: some("Bucket")?, key: some("Key")?, version })
    }

    fn of_uri(uri: &Text) -> Option<Location> {
        let scheme = uri.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("s3://"))?;
        let rest = uri[scheme.len()..].split('#').next()?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, key) = path.split_once('/').filter(|(bucket, _)| !bucket.is_empty())?;
        let versions: Vec<&str> = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("versionId="))
            .filter(|version| !version.is_empty())
            .collect();
        let version = match versions[..] {
            [version] => Some(Value::Text(uri.with(percent_decoded(version)))),
            _ => None,
        };
        Some(Location { bucket: uri.with(bucket).into(), key: uri.with(key.trim_start_matches('/')).into(), version })
    }

    /// The parts under the given names.
    pub(crate) fn into_parts(self, mut parts: Map, [bucket, key, version]: [&str; 3]) -> Map {
        parts.insert(bucket, self.bucket);
        parts.insert(key, self.key);
        parts.insert_some(version, self.version);
        parts
    }
}

/// The `Code` of a function or `Content` of a layer.
pub(crate) fn code(value: &Value, id: &str, property: &str) -> Result<Map> {
    if let Some(text) = value.as_str() {
        if has_path_reference(text) {
            let message = format!(
                "Unsupported dynamic reference detected in '{property}'. Please consider using alternative \
                 'FunctionCode' object format."
            );
            return Err(Error::resource(id, message));
        }
    } else if value.as_map().is_none() {
        return Err(Error::resource(id, format!("'{property}' must be of type dict or string.")));
    }
    let location = Location::read(value, id, property)?;
    Ok(location.into_parts(Map::new(), ["S3Bucket", "S3Key", "S3ObjectVersion"]))
}

/// Whether there is a dynamic reference like `{{resolve:ssm:/a/b:1}}`, whose slash would be taken
/// for one of the URI's.
fn has_path_reference(uri: &str) -> bool {
    let kinds = ["{{resolve:ssm:", "{{resolve:ssm-secure:", "{{resolve:secretsmanager:"];
    kinds.iter().any(|kind| {
        let body = uri.split_once(kind).and_then(|(_, rest)| rest.split_once("}}")).map(|(body, _)| body);
        body.is_some_and(|body| {
            let (name, version) = body.split_once(':').unwrap_or((body, "0"));
            let known = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
            name.contains('/')
                && name.chars().all(known)
                && !version.is_empty()
                && version.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped = (*first == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match (first, escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{map, text};

    #[test]
    fn an_uri_has_bucket_key_and_version() {
        let code = code(&text("s3://bucket/a/b.zip?versionId=v%2B1"), "F", "CodeUri").unwrap();
        let expected =
            map([("S3Bucket", text("bucket")), ("S3Key", text("a/b.zip")), ("S3ObjectVersion", text("v+1"))]);
        assert_eq!(Value::from(code), expected);
    }

    #[test]
    fn what_is_no_uri_is_said() {
        for wrong in ["./src", "s3://bucket", "https://a/b", "{{resolve:ssm:/a/b}}", ""] {
            assert!(code(&text(wrong), "F", "CodeUri").is_err(), "{wrong}");
        }
    }
}
