//! The signature of an S3 POST upload: a form whose `policy` field is signed. Source: "Authenticating requests in browser-based
//! uploads using POST", Amazon S3 API Reference. What the policy allows is S3's to judge.

use kogumo_base::{Timestamp, equal_in_constant_time};

use crate::key::SigningKey;
use crate::legacy::hmac_sha1;
use crate::{ALGORITHM, Credential, Mismatch, Place, Problem};

/// The signature of a form. Names of fields are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormSignature {
    V4 { credential: Credential, moment: Timestamp, signature: String, policy: String, token: Option<String> },
    Legacy { access_key: String, signature: String, policy: String, token: Option<String> },
}

impl FormSignature {
    /// Reads it from a form; `None` for a form without a policy, which is an anonymous upload.
    pub fn read(fields: &[(String, String)]) -> Result<Option<Self>, Problem> {
        let place = Place::Form;
        let find =
            |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let Some(policy) = find("policy") else {
            return Ok(None);
        };
        let token = find("x-amz-security-token");
        if let (Some(access_key), Some(signature)) = (find("awsaccesskeyid"), find("signature")) {
            return Ok(Some(FormSignature::Legacy { access_key, signature, policy, token }));
        }
        let algorithm = find("x-amz-algorithm").unwrap_or_default();
        if algorithm != ALGORITHM {
            return Err(Problem::UnsupportedAlgorithm { place, algorithm });
        }
        let (credential, signature, date) = (find("x-amz-credential"), find("x-amz-signature"), find("x-amz-date"));
        let (Some(credential), Some(signature), Some(date)) = (credential, signature, date) else {
            let missing = vec!["x-amz-credential", "x-amz-signature", "x-amz-date"];
            return Err(Problem::Incomplete { place, missing, header: String::new() });
        };
        let moment = Timestamp::parse_basic(&date).ok_or(Problem::DateMalformed { place, found: date })?;
        let credential = Credential::parse(&credential).ok_or(Problem::CredentialMalformed { place, credential })?;
        Ok(Some(FormSignature::V4 { credential, moment, signature, policy, token }))
    }

    /// The access key that signed.
    pub fn access_key(&self) -> &str {
        match self {
            FormSignature::V4 { credential, .. } => &credential.access_key,
            FormSignature::Legacy { access_key, .. } => access_key,
        }
    }

    /// Whether `secret` signed this policy.
    pub fn verify(&self, secret: &str) -> Result<(), Problem> {
        let (calculated, signature, policy) = match self {
            FormSignature::V4 { credential, signature, policy, .. } => {
                let key = SigningKey::derive(secret, &credential.date, &credential.region, &credential.service);
                (key.sign(policy.as_bytes()), signature, policy)
            }
            FormSignature::Legacy { signature, policy, .. } => (hmac_sha1(secret, policy), signature, policy),
        };
        if equal_in_constant_time(calculated.as_bytes(), signature.as_bytes()) {
            return Ok(());
        }
        Err(Problem::Mismatch(Box::new(Mismatch {
            canonical_request: String::new(),
            string_to_sign: policy.clone(),
            signature_provided: signature.clone(),
        })))
    }
}
