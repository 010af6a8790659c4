//! TLS on the same port: a certificate for each name that clients ask for, made on demand and remembered.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::{Clock, Timestamp, Trouble};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::Authority;
use crate::host::HostNames;

/// Picks the certificate of a connection by the name that the client asks for.
struct Certificates {
    authority: Arc<Authority>,
    names: HostNames,
    /// Names that the cloud's users chose for what it serves.
    chosen: Chosen,
    made: Mutex<HashMap<String, (Arc<CertifiedKey>, Timestamp)>>,
}

/// Whether a name was chosen by somebody for what the cloud serves.
pub type Chosen = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How many names are remembered; past that all are forgotten.
const LIMIT: usize = 512;
/// The life of a certificate, and when a new one is made, in days.
const LIFE_DAYS: i64 = 397;
const RENEW_SECONDS: i64 = 300 * 24 * 60 * 60;

/// The TLS settings of the listen port. Only names that this cloud answers to get a certificate; a client that names none, as one
/// that calls an address does, gets the one for `localhost` and the addresses.
///
/// # Errors
/// A crypto library that lacks TLS 1.2 and 1.3.
pub fn server_config(
    authority: Arc<Authority>,
    names: HostNames,
    chosen: Chosen,
) -> Result<Arc<ServerConfig>, Trouble> {
    let certificates = Certificates { authority, names, chosen, made: Mutex::default() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::from_cause("cannot set up TLS", error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or_default().to_ascii_lowercase();
        if !name.is_empty() && !self.names.allow(&name) && !(self.chosen)(&name) {
            return None;
        }
        match self.certificate(&name) {
            Ok(certificate) => Some(certificate),
            Err(trouble) => {
                tracing::error!("no certificate for {name}: {trouble}");
                None
            }
        }
    }
}

impl Certificates {
    fn certificate(&self, name: &str) -> Result<Arc<CertifiedKey>, Trouble> {
        let now = Clock::machine_now();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((certificate, at)) = made.get(name)
            && now < at.plus_seconds(RENEW_SECONDS)
        {
            return Ok(certificate.clone());
        }
        let names = if name.is_empty() { self.names.addresses() } else { vec![name.to_owned()] };
        let certificate = Arc::new(self.make(&names)?);
        if made.len() >= LIMIT {
            made.clear();
        }
        made.insert(name.to_owned(), (certificate.clone(), now));
        Ok(certificate)
    }

    fn make(&self, names: &[String]) -> Result<CertifiedKey, Trouble> {
        let issued = self.authority.issue(names, LIFE_DAYS)?;
        let key = PrivateKeyDer::Pkcs8(issued.key_der.into());
        let key =
            ring::sign::any_supported_type(&key).map_err(|error| Trouble::from_cause("cannot use the key", error))?;
        let chain = vec![
            CertificateDer::from(issued.certificate_der),
            CertificateDer::from(self.authority.certificate_der().to_vec()),
        ];
        Ok(CertifiedKey::new(chain, key))
    }
}
