//! The signatures of messages: RSA over SHA-1, or over SHA-256 where the topic says so, by a key of this cloud's own, and
//! the certificate that they are verified with. Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS
//! messages".

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;
use kogumo_store::Table;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde::{Deserialize, Serialize};

/// The key and its certificate; one pair for the whole cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pair {
    /// PKCS #1 in base64.
    key: String,
    certificate: String,
}

static PAIRS: Table<Pair> = Table::new("sns/key");

/// What comes before a hash in a signature (RFC 8017, section 9.2).
const SHA1_PREFIX: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// What paths of certificates begin and end with.
pub const PATH_BEGIN: &str = "/SimpleNotificationService-";
pub const PATH_END: &str = ".pem";

/// Signs a text; the signature is in base64.
///
/// # Errors
/// Trouble with the store, or with the key.
pub async fn sign(cloud: &Arc<Cloud>, text: String, sha256: bool) -> Result<String, Trouble> {
    with_pair(cloud, move |pair| {
        let spoilt = |error: String| Trouble::from_cause("SNS's key is spoilt", error);
        let der = STANDARD.decode(&pair.key).map_err(|error| spoilt(error.to_string()))?;
        let key = RsaPrivateKey::from_pkcs1_der(&der).map_err(|error| spoilt(error.to_string()))?;
        let (prefix, hash) = match sha256 {
            true => (&SHA256_PREFIX[..], digest(&SHA256, text.as_bytes())),
            false => (&SHA1_PREFIX[..], digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes())),
        };
        let padding = Pkcs1v15Sign { hash_len: Some(hash.as_ref().len()), prefix: prefix.into() };
        let signature = key.sign(padding, hash.as_ref()).map_err(|error| spoilt(error.to_string()))?;
        Ok(STANDARD.encode(signature))
    })
    .await
}

/// The certificate, in PEM.
///
/// # Errors
/// Trouble with the store.
pub async fn certificate(cloud: &Arc<Cloud>) -> Result<String, Trouble> {
    with_pair(cloud, |pair| Ok(pair.certificate.clone())).await
}

/// The path under which the certificate is served.
///
/// # Errors
/// Trouble with the store.
pub async fn path(cloud: &Arc<Cloud>) -> Result<String, Trouble> {
    let hash = digest(&SHA256, certificate(cloud).await?.as_bytes());
    let name: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{PATH_BEGIN}{name}{PATH_END}"))
}

/// Making the key takes a while, and so does signing: on a thread made for that.
async fn with_pair<R: Send + 'static>(
    cloud: &Arc<Cloud>,
    work: impl FnOnce(&Pair) -> Result<R, Trouble> + Send + 'static,
) -> Result<R, Trouble> {
    let cloud = Arc::clone(cloud);
    let done = tokio::task::spawn_blocking(move || work(&stored(&cloud)?));
    done.await.unwrap_or_else(|error| Err(Trouble::from_cause("the signing broke off", error)))
}

/// The pair, which is made when it is asked for first. Of two that are made at once one stays.
fn stored(cloud: &Cloud) -> Result<Pair, Trouble> {
    let everywhere = Scope::new("", "");
    if let Some(pair) = PAIRS.get(&cloud.store.read(), &everywhere, "pair")? {
        return Ok(pair);
    }
    let der = kogumo_jwt::SigningKey::generate()?;
    let made = Pair { certificate: certified(&der)?, key: STANDARD.encode(&der) };
    cloud.store.write(|tx| {
        if let Some(pair) = PAIRS.get(&*tx, &everywhere, "pair")? {
            return Ok(pair);
        }
        PAIRS.put(tx, &everywhere, "pair", &made)?;
        Ok(made.clone())
    })
}

/// A certificate for a key in PKCS #1.
fn certified(der: &[u8]) -> Result<String, Trouble> {
    let failed = |error: rcgen::Error| Trouble::from_cause("cannot make SNS's certificate", error);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8(der).into(), &PKCS_RSA_SHA256).map_err(failed)?;
    let mut parameters = CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).map_err(failed)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::OrganizationName, "Kogumo");
    parameters.distinguished_name.push(DnType::CommonName, "sns.amazonaws.com");
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2120, 1, 1);
    Ok(parameters.self_signed(&key).map_err(failed)?.pem())
}

/// PKCS #8 around PKCS #1 (RFC 5208): the version, the algorithm `rsaEncryption`, the key.
fn pkcs8(pkcs1: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 18] =
        [0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    element(0x30, &[&HEAD[..], &element(0x04, pkcs1)].concat())
}

/// A DER element of up to 65,535 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    #[test]
    fn keys_have_certificates_and_sign() {
        let der = kogumo_jwt::SigningKey::generate().expect("a key");
        assert!(certified(&der).expect("a certificate").starts_with("-----BEGIN CERTIFICATE-----"));
        let key = RsaPrivateKey::from_pkcs1_der(&der).expect("a key");
        let hash = digest(&SHA256, b"text");
        let padding = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX[..].into() };
        let signature = key.sign(padding, hash.as_ref()).expect("a signature");
        let pair = ring::signature::RsaKeyPair::from_der(&der).expect("a key");
        let public = ring::signature::KeyPair::public_key(&pair).as_ref().to_vec();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(b"text", &signature).expect("verified");
    }
}
