//! What a host name says about the request: a bucket, or an API's, a function's, a website's own address.

/// The meaning of a host name (lower case, without a port).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostMeaning {
    /// An address, `localhost`, or another name that says nothing.
    Plain,
    /// `s3.…`, where buckets stand in the path; or a bucket's own name.
    S3 { bucket: Option<String>, region: Option<String> },
    /// `{bucket}.localhost`: a bucket if the request is for S3, as some SDKs put it before any endpoint.
    PerhapsBucket(String),
    /// `{service}.{region}.amazonaws.com`, by the endpoint's first label.
    Service { endpoint: String, region: Option<String> },
    /// A name of the data plane: `{id}.execute-api.…`, `{id}.lambda-url.…`, `{bucket}.s3-website…`.
    DataPlane,
}

/// Where AWS's names end, and the names this machine has for itself.
const SUFFIXES: [&str; 5] = [".amazonaws.com.cn", ".amazonaws.com", ".api.aws", ".on.aws", ".localhost"];

/// Endpoint labels that mean a data plane when something stands before them.
const DATA_PLANES: [&str; 3] = ["execute-api", "lambda-url", "s3-website"];

impl HostMeaning {
    /// Reads a host name.
    pub fn of(host: &str) -> Self {
        let Some((suffix, front)) = SUFFIXES.iter().find_map(|suffix| Some((*suffix, host.strip_suffix(suffix)?)))
        else {
            return HostMeaning::Plain;
        };
        let labels: Vec<&str> = front.split('.').collect();
        if let Some(at) = labels.iter().rposition(|label| is_data_plane(label))
            && at > 0
        {
            return HostMeaning::DataPlane;
        }
        if let Some(at) = labels.iter().rposition(|label| s3_region(label).is_some()) {
            let after = labels[at + 1..].iter().copied().find(|label| *label != "dualstack");
            let region = s3_region(labels[at]).flatten().or(after).map(str::to_owned);
            let bucket = labels[..at].join(".");
            return HostMeaning::S3 { bucket: (!bucket.is_empty()).then_some(bucket), region };
        }
        match (suffix, labels.as_slice()) {
            (".localhost", [_]) | (".localhost", [_, _, ..]) if !looks_like_region(labels[labels.len() - 1]) => {
                HostMeaning::PerhapsBucket(front.to_owned())
            }
            (_, [endpoint]) => HostMeaning::Service { endpoint: (*endpoint).to_owned(), region: None },
            (_, [.., endpoint, region]) if looks_like_region(region) => {
                HostMeaning::Service { endpoint: (*endpoint).to_owned(), region: Some((*region).to_owned()) }
            }
            (_, [.., endpoint]) => HostMeaning::Service { endpoint: (*endpoint).to_owned(), region: None },
            (_, []) => HostMeaning::Plain,
        }
    }
}

fn is_data_plane(label: &str) -> bool {
    DATA_PLANES.contains(&label) || label.starts_with("s3-website-")
}

/// `s3` and `s3-eu-west-1` (the old spelling), with the region that the label holds.
fn s3_region(label: &str) -> Option<Option<&str>> {
    match label {
        "s3" | "s3-global" | "s3-accelerate" => Some(None),
        _ => label.strip_prefix("s3-").filter(|region| looks_like_region(region)).map(Some),
    }
}

/// `us-east-1`, `ap-northeast-1`, `us-gov-west-1`.
fn looks_like_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
        && parts.next().is_some_and(|direction| direction.len() > 3)
        && parts.next().is_some_and(|area| (2..=4).contains(&area.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(bucket: Option<&str>, region: Option<&str>) -> HostMeaning {
        HostMeaning::S3 { bucket: bucket.map(str::to_owned), region: region.map(str::to_owned) }
    }

    fn service(endpoint: &str, region: Option<&str>) -> HostMeaning {
        HostMeaning::Service { endpoint: endpoint.to_owned(), region: region.map(str::to_owned) }
    }

    #[test]
    fn buckets() {
        assert_eq!(HostMeaning::of("s3.localhost"), s3(None, None));
        assert_eq!(HostMeaning::of("b.s3.localhost"), s3(Some("b"), None));
        assert_eq!(HostMeaning::of("my.dotted.bucket.s3.amazonaws.com"), s3(Some("my.dotted.bucket"), None));
        assert_eq!(HostMeaning::of("b.s3.eu-west-1.amazonaws.com"), s3(Some("b"), Some("eu-west-1")));
        assert_eq!(HostMeaning::of("b.s3-eu-west-1.amazonaws.com"), s3(Some("b"), Some("eu-west-1")));
        assert_eq!(HostMeaning::of("b.s3.dualstack.us-west-2.amazonaws.com"), s3(Some("b"), Some("us-west-2")));
        assert_eq!(HostMeaning::of("s3.us-east-1.localhost"), s3(None, Some("us-east-1")));
        assert_eq!(HostMeaning::of("bucket.localhost"), HostMeaning::PerhapsBucket("bucket".to_owned()));
    }

    #[test]
    fn services_and_data_planes() {
        assert_eq!(HostMeaning::of("sts.us-east-1.amazonaws.com"), service("sts", Some("us-east-1")));
        assert_eq!(HostMeaning::of("iam.amazonaws.com"), service("iam", None));
        assert_eq!(HostMeaning::of("api.sagemaker.us-east-1.amazonaws.com"), service("sagemaker", Some("us-east-1")));
        assert_eq!(HostMeaning::of("execute-api.us-east-1.amazonaws.com"), service("execute-api", Some("us-east-1")));
        for host in [
            "abc123.execute-api.us-east-1.amazonaws.com",
            "abc123.execute-api.localhost",
            "id.lambda-url.us-east-1.on.aws",
            "b.s3-website-us-east-1.amazonaws.com",
            "b.s3-website.eu-central-1.amazonaws.com",
            "b.s3-website.localhost",
        ] {
            assert_eq!(HostMeaning::of(host), HostMeaning::DataPlane, "{host}");
        }
        assert_eq!(HostMeaning::of("127.0.0.1"), HostMeaning::Plain);
        assert_eq!(HostMeaning::of("localhost"), HostMeaning::Plain);
    }
}
