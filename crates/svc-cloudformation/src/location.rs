//! Where a template lies in S3: the URLs that clients send, in both of S3's styles.

/// A bucket, a key and perhaps a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    pub key: String,
    pub version: Option<String>,
}

impl Location {
    /// Reads `https://bucket.s3.region.amazonaws.com/key`, `https://s3.amazonaws.com/bucket/key`, `s3://bucket/key`,
    /// and the same at this cloud's own address. `None` for what is no such URL.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = rest.split_once('/')?;
        let host = host.split(':').next().unwrap_or(host);
        let version = query.split('&').find_map(|pair| pair.strip_prefix("versionId=")).map(decoded);
        let (bucket, key) = match (scheme, bucket_in(host)) {
            ("s3", _) => (host.to_owned(), path),
            ("http" | "https", Some(bucket)) => (bucket.to_owned(), path),
            ("http" | "https", None) => {
                let (bucket, key) = path.split_once('/')?;
                (bucket.to_owned(), key)
            }
            _ => return None,
        };
        let key = decoded(key);
        (!bucket.is_empty() && !key.is_empty()).then_some(Location { bucket, key, version })
    }
}

/// The bucket of a host in virtual-host style: `bucket.s3.region.amazonaws.com`, `bucket.s3.localhost`.
fn bucket_in(host: &str) -> Option<&str> {
    let at = host.find(".s3.").or_else(|| host.find(".s3-"))?;
    host.get(..at).filter(|bucket| !bucket.is_empty())
}

/// Percent-decoded, as far as it is text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles() {
        let location =
            |bucket: &str, key: &str| Some(Location { bucket: bucket.into(), key: key.into(), version: None });
        assert_eq!(Location::parse("https://b.s3.us-east-1.amazonaws.com/a/k.yml"), location("b", "a/k.yml"));
        assert_eq!(Location::parse("https://b.s3.amazonaws.com/k"), location("b", "k"));
        assert_eq!(Location::parse("https://s3.us-east-1.amazonaws.com/b/a/k"), location("b", "a/k"));
        assert_eq!(Location::parse("http://127.0.0.1:4566/b/k%20x"), location("b", "k x"));
        assert_eq!(Location::parse("http://b.s3.localhost:4566/k"), location("b", "k"));
        assert_eq!(Location::parse("s3://b/k"), location("b", "k"));
        let versioned = Location::parse("https://s3.amazonaws.com/b/k?versionId=v1").expect("a location");
        assert_eq!(versioned.version.as_deref(), Some("v1"));
        assert_eq!(Location::parse("nonsense"), None);
        assert_eq!(Location::parse("https://s3.amazonaws.com/b"), None);
    }
}
