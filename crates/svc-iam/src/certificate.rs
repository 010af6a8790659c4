//! X.509 certificates that clients bring, as PEM: whether they can be read, and until when they are good.

use kogumo_base::Timestamp;
use kogumo_model::iam::{KEY_PAIR_MISMATCH_EXCEPTION, MALFORMED_CERTIFICATE_EXCEPTION};
use kogumo_wire::Fault;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair,
};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What of a certificate is asked for.
pub struct Facts {
    pub expires: Timestamp,
    /// The public key's bits: RSA's structure, or a point.
    public_key: Vec<u8>,
}

/// Reads one certificate.
///
/// # Errors
/// MalformedCertificate
pub fn read(text: &str) -> Result<Facts, Fault> {
    let malformed = || {
        MALFORMED_CERTIFICATE_EXCEPTION.because("Certificate body is invalid. The body must not contain a private key.")
    };
    let block = blocks(text).ok_or_else(malformed)?.into_iter().next().ok_or_else(malformed)?;
    if block.label != "CERTIFICATE" {
        return Err(malformed());
    }
    let (_, certificate) = X509Certificate::from_der(&block.contents).map_err(|_| malformed())?;
    Ok(Facts {
        expires: Timestamp::from_seconds(certificate.validity().not_after.timestamp()),
        public_key: certificate.public_key().subject_public_key.data.to_vec(),
    })
}

/// Checks that each certificate of a chain can be read.
///
/// # Errors
/// MalformedCertificate
pub fn check_chain(text: &str) -> Result<(), Fault> {
    let malformed = || MALFORMED_CERTIFICATE_EXCEPTION.because("Certificate chain is invalid.");
    let blocks = blocks(text).filter(|blocks| !blocks.is_empty()).ok_or_else(malformed)?;
    let is_one = |block: &Pem| block.label == "CERTIFICATE" && X509Certificate::from_der(&block.contents).is_ok();
    if blocks.iter().all(is_one) { Ok(()) } else { Err(malformed()) }
}

impl Facts {
    /// Checks that a private key is this certificate's.
    ///
    /// # Errors
    /// MalformedCertificate for a key that cannot be read, KeyPairMismatch for another's.
    pub fn check_key(&self, text: &str) -> Result<(), Fault> {
        let malformed = || {
            MALFORMED_CERTIFICATE_EXCEPTION
                .because("Private key is invalid. The key must be unencrypted and in PEM format.")
        };
        let found = blocks(text).ok_or_else(malformed)?.into_iter().find(|block| block.label.ends_with("PRIVATE KEY"));
        let key = public_half(&found.ok_or_else(malformed)?.contents).ok_or_else(malformed)?;
        if key == self.public_key {
            return Ok(());
        }
        Err(KEY_PAIR_MISMATCH_EXCEPTION.because("The public key certificate and the private key do not match."))
    }
}

fn blocks(text: &str) -> Option<Vec<Pem>> {
    Pem::iter_from_buffer(text.as_bytes()).collect::<Result<_, _>>().ok()
}

/// The public half of a private key, as certificates have it.
fn public_half(der: &[u8]) -> Option<Vec<u8>> {
    let rsa = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
    if let Ok(pair) = rsa {
        return Some(pair.public_key().as_ref().to_vec());
    }
    let random = ring::rand::SystemRandom::new();
    [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING].into_iter().find_map(|curve| {
        let pair = EcdsaKeyPair::from_pkcs8(curve, der, &random).ok()?;
        Some(pair.public_key().as_ref().to_vec())
    })
}
