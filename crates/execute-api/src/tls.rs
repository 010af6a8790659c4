//! TLS to HTTP backends: whom API Gateway trusts, and `insecureSkipVerification`.

use kogumo_base::Trouble;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Where systems keep the certificates that programs trust.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A connector that trusts this machine's authorities and the cloud's own, which lives under `data`. An `insecure` one
/// takes a certificate of any issuer; the name in it is checked still, as AWS does.
///
/// # Errors
/// The TLS library offers no version of the protocol.
pub fn connector(data: &Path, insecure: bool) -> Result<TlsConnector, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::from_cause("cannot speak TLS", error))?;
    let config = match insecure {
        true => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyIssuer(provider))),
        false => builder.with_root_certificates(roots(data)),
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

fn roots(data: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let own = data.join("ca/ca.pem");
    let systems = BUNDLES.into_iter().map(Path::new).find(|bundle| bundle.is_file());
    for file in systems.into_iter().chain([own.as_path()]) {
        if let Ok(certificates) = CertificateDer::pem_file_iter(file) {
            roots.add_parsable_certificates(certificates.flatten());
        }
    }
    roots
}

/// Takes what is signed by anybody, if it is for the server that was asked.
#[derive(Debug)]
struct AnyIssuer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyIssuer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
