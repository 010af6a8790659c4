//! The credential of a signature: whose key, and the scope (date, region, service) it was made for.

use crate::encode::is_unreserved;

/// `AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub access_key: String,
    /// `YYYYMMDD`
    pub date: String,
    pub region: String,
    pub service: String,
    /// `aws4_request`, unless the client erred: [`crate::Presented::check_scope`] tells.
    pub terminator: String,
}

impl Credential {
    /// Takes a credential apart. An access key may hold slashes, so the scope is counted from the end.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/');
        let terminator = parts.next()?;
        let (service, region, date, access_key) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if access_key.is_empty() {
            return None;
        }
        let owned = str::to_owned;
        Some(Credential {
            access_key: owned(access_key),
            date: owned(date),
            region: owned(region),
            service: owned(service),
            terminator: owned(terminator),
        })
    }

    /// The scope as it stands in a string to sign: `20150830/us-east-1/iam/aws4_request`.
    pub fn scope(&self) -> String {
        [self.date.as_str(), &self.region, &self.service, &self.terminator].join("/")
    }

    /// Whether the region could be one: something a host name can hold.
    pub fn has_plausible_region(&self) -> bool {
        !self.region.is_empty() && self.region.len() <= 64 && self.region.bytes().all(is_unreserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_taken_apart_and_put_together() {
        let credential = Credential::parse("AK/20150830/us-east-1/iam/aws4_request").unwrap();
        assert_eq!(credential.access_key, "AK");
        assert_eq!(credential.scope(), "20150830/us-east-1/iam/aws4_request");
        assert_eq!(Credential::parse("A/K/20150830/us-east-1/iam/aws4_request").unwrap().access_key, "A/K");
        assert_eq!(Credential::parse("AK/20150830/us-east-1/iam"), None);
        assert_eq!(Credential::parse("/20150830/us-east-1/iam/aws4_request"), None);
    }
}
