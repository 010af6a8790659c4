//! The cloud's certificate authority: made at the first start, kept in the data directory, and signer of every certificate that
//! the cloud hands out.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use kogumo_base::{Clock, Timestamp, Trouble, random_bytes};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, date_time_ymd,
};

/// A certificate and its key, both PEM. The chain is the certificate, then the authority's.
pub struct Issued {
    pub certificate_pem: String,
    pub chain_pem: String,
    pub key_pem: String,
    pub certificate_der: Vec<u8>,
    pub key_der: Vec<u8>,
}

/// Signs certificates.
pub struct Authority {
    certificate_pem: String,
    certificate_der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

const KEY_FILE: &str = "ca.key";
const CERTIFICATE_FILE: &str = "ca.pem";
const DAY: i64 = 24 * 60 * 60;

impl Authority {
    /// The authority of the data directory, made there if there is none yet.
    ///
    /// # Errors
    /// A directory that cannot be read or written, or files in it that are no key.
    pub fn open(directory: &Path) -> Result<Self, Trouble> {
        let key_path = directory.join(KEY_FILE);
        let certificate_path = directory.join(CERTIFICATE_FILE);
        match (fs::read_to_string(&key_path), fs::read_to_string(&certificate_path)) {
            (Ok(key), Ok(certificate)) => Self::load(&key, certificate),
            (Err(error), _) | (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(Trouble::from_cause(
                format!("cannot read the certificate authority in {}", directory.display()),
                error,
            )),
            _ => {
                let made = Self::ephemeral()?;
                let save = || -> io::Result<()> {
                    fs::create_dir_all(directory)?;
                    write_secret(&key_path, made.issuer.key().serialize_pem().as_bytes())?;
                    fs::write(&certificate_path, &made.certificate_pem)
                };
                save().map_err(|error| Trouble::from_cause(format!("cannot write {}", key_path.display()), error))?;
                Ok(made)
            }
        }
    }

    /// An authority that is forgotten at the end.
    pub fn ephemeral() -> Result<Self, Trouble> {
        let key = KeyPair::generate().map_err(|error| Trouble::from_cause("cannot make a key", error))?;
        let parameters = authority_parameters(&key);
        let certificate =
            parameters.self_signed(&key).map_err(|error| Trouble::from_cause("cannot make the authority", error))?;
        let (certificate_pem, certificate_der) = (certificate.pem(), certificate.der().to_vec());
        Ok(Authority { certificate_pem, certificate_der, issuer: Issuer::new(parameters, key) })
    }

    fn load(key: &str, certificate_pem: String) -> Result<Self, Trouble> {
        let broken = |error| Trouble::from_cause("the certificate authority's files are damaged", error);
        let key = KeyPair::from_pem(key).map_err(|error| broken(error.to_string()))?;
        let certificate_der =
            pem_to_der(&certificate_pem).ok_or_else(|| broken("ca.pem is no certificate".to_owned()))?;
        let parameters = authority_parameters(&key);
        Ok(Authority { certificate_pem, certificate_der, issuer: Issuer::new(parameters, key) })
    }

    /// The authority's own certificate, for clients to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// A certificate for a server, with a new key; `names` are DNS names (wildcards too) or addresses.
    pub fn issue(&self, names: &[String], days: i64) -> Result<Issued, Trouble> {
        let failed =
            |error: rcgen::Error| Trouble::from_cause(format!("cannot issue a certificate for {names:?}"), error);
        let key = KeyPair::generate().map_err(failed)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = common_name(names.first().map_or("kogumo", String::as_str));
        for name in names {
            parameters.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.clone().try_into().map_err(failed)?),
            });
        }
        set_validity(&mut parameters, Clock::machine_now(), days);
        parameters.serial_number = Some(random_serial());
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        let certificate_pem = certificate.pem();
        Ok(Issued {
            chain_pem: format!("{certificate_pem}{}", self.certificate_pem),
            certificate_pem,
            key_pem: key.serialize_pem(),
            certificate_der: certificate.der().to_vec(),
            key_der: key.serialize_der(),
        })
    }
}

/// The authority's certificate follows from its key but for its dates, so that only the key needs to be read back.
fn authority_parameters(key: &KeyPair) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let identifier = parameters.key_identifier(key);
    let short = kogumo_sigv4::hex(identifier.get(..4).unwrap_or_default());
    parameters.distinguished_name = common_name(&format!("Kogumo Root CA {short}"));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.serial_number = Some(SerialNumber::from_slice(identifier.get(..16).unwrap_or(key.der_bytes())));
    set_validity(&mut parameters, Clock::machine_now(), 3650);
    parameters
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::OrganizationName, "Kogumo");
    distinguished_name.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    distinguished_name
}

/// From yesterday, as clocks differ, for so many days.
fn set_validity(parameters: &mut CertificateParams, now: Timestamp, days: i64) {
    let at =
        |seconds: i64| date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    parameters.not_before = at(now.seconds() - DAY);
    parameters.not_after = at(now.seconds() + days.max(1) * DAY);
}

fn random_serial() -> SerialNumber {
    let mut bytes = random_bytes::<16>();
    bytes[0] &= 0x7f;
    SerialNumber::from_slice(&bytes)
}

fn pem_to_der(pem: &str) -> Option<Vec<u8>> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|der| der.to_vec())
}

/// Writes a file that only its owner can read.
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_after_a_restart() {
        let directory = std::env::temp_dir().join(format!("kogumo-ca-{}", kogumo_base::uuid()));
        let first = Authority::open(&directory).unwrap();
        let second = Authority::open(&directory).unwrap();
        assert_eq!(first.certificate_pem(), second.certificate_pem());
        assert_eq!(first.certificate_der(), second.certificate_der());
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(directory.join(KEY_FILE)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        fs::write(directory.join(KEY_FILE), "nonsense").unwrap();
        assert!(Authority::open(&directory).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let authority = Authority::ephemeral().unwrap();
        assert!(
            authority.issue(&["localhost".to_owned(), "127.0.0.1".to_owned(), "*.s3.localhost".to_owned()], 30).is_ok()
        );
        assert!(authority.issue(&["über".to_owned()], 30).is_err());
    }
}
