//! The client's side of a signature: what the cloud's own programs (the console, load generators, tests) sign with.

use kogumo_base::Timestamp;

use crate::canonical::{Request, Rules};
use crate::{ALGORITHM, Credential, Place, Presented, SigningKey};

/// Who signs, and for what.
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    pub access_key: &'a str,
    pub secret: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub moment: Timestamp,
}

impl Signer<'_> {
    /// The `Authorization` header of a request whose `host` and `x-amz-date` (of the same moment) are set already. `signed_headers` is
    /// the sorted list `host;x-amz-date`, `payload` the hash of the body or the word that stands for it.
    pub fn authorization(&self, request: &Request<'_>, rules: Rules, signed_headers: &str, payload: &str) -> String {
        let moment_text = self.moment.basic();
        let date = moment_text.get(..8).unwrap_or_default().to_owned();
        let key = SigningKey::derive(self.secret, &date, self.region, self.service);
        let mut presented = Presented {
            place: Place::Header,
            credential: Credential {
                access_key: self.access_key.to_owned(),
                date,
                region: self.region.to_owned(),
                service: self.service.to_owned(),
                terminator: "aws4_request".to_owned(),
            },
            signed_headers: signed_headers.to_owned(),
            signature: String::new(),
            moment: self.moment,
            moment_text,
            expires: None,
            token: None,
        };
        presented.signature = presented.calculate(request, rules, payload, &key);
        let (credential, scope) = (&presented.credential.access_key, presented.credential.scope());
        format!(
            "{ALGORITHM} Credential={credential}/{scope}, SignedHeaders={signed_headers}, Signature={}",
            presented.signature
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    #[test]
    fn what_is_signed_verifies() {
        let moment = Timestamp::parse_basic("20261122T150000Z").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4566".parse().unwrap());
        headers.insert("x-amz-date", moment.basic().parse().unwrap());
        let request = Request { method: "GET", path: "/a b", query: "x=1", headers: &headers };
        let signer = Signer { access_key: "AK", secret: "secret", region: "us-east-1", service: "sts", moment };
        let authorization = signer.authorization(&request, Rules::General, "host;x-amz-date", "hash");
        let presented = Presented::from_header(&authorization, &headers).unwrap();
        let key = SigningKey::derive("secret", "20261122", "us-east-1", "sts");
        assert_eq!(presented.verify(&request, Rules::General, "hash", &key), Ok(()));
    }
}
