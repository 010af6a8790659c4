//! Which names a bucket and an object may have. Source: "General purpose bucket naming rules" and "Naming Amazon S3
//! objects", Amazon S3 User Guide.

const RESERVED_STARTS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// The longest key of an object, in bytes of UTF-8.
pub const LONGEST_KEY: usize = 1024;

/// Whether a bucket may be called so.
pub fn is_bucket(name: &str) -> bool {
    let bytes = name.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inside = |byte: &u8| edge(Some(byte)) || matches!(byte, b'-' | b'.');
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(inside)
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !RESERVED_STARTS.iter().any(|start| name.starts_with(start))
        && !RESERVED_ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_names() {
        for good in ["abc", "my-bucket.example.com", "1a2", &"a".repeat(63)] {
            assert!(is_bucket(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in
            ["ab", "Abc", "a_b", "-ab", "ab-", "a..b", "192.168.5.4", "xn--ab", "ab-s3alias", "こんにちは", &long, ""]
        {
            assert!(!is_bucket(bad), "{bad}");
        }
    }
}
