//! The certificates that functions trust: this machine's, and the cloud's own authority.

use std::path::{Path, PathBuf};

use kogumo_base::Trouble;

/// Where systems keep the certificates that programs trust.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What programs read besides the system's own place: boto3, OpenSSL and Go, requests, Node.js.
const VARIABLES: [&str; 4] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/// A file with all of them, and where functions see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    pub file: PathBuf,
    pub at: &'static str,
}

impl Trust {
    /// Writes the file anew if it is not there or its parts have changed; `None` if the cloud has no authority.
    ///
    /// # Errors
    /// Trouble with the disk.
    pub fn of(data: &Path) -> Result<Option<Trust>, Trouble> {
        let Ok(own) = std::fs::read_to_string(data.join("ca/ca.pem")) else { return Ok(None) };
        let at = BUNDLES.into_iter().find(|bundle| Path::new(bundle).is_file()).unwrap_or(BUNDLES[0]);
        let systems = std::fs::read_to_string(at).unwrap_or_default();
        let file = data.join("lambda/trusted.pem");
        let all = format!("{}\n{own}", systems.trim_end());
        if std::fs::read_to_string(&file).is_ok_and(|there| there == all) {
            return Ok(Some(Trust { file, at }));
        }
        let failed = |e| Trouble::from_cause(format!("cannot write {}", file.display()), e);
        let aside = file.with_extension(kogumo_base::hex_id(8));
        std::fs::create_dir_all(data.join("lambda")).map_err(failed)?;
        std::fs::write(&aside, all).and_then(|()| std::fs::rename(&aside, &file)).map_err(failed)?;
        Ok(Some(Trust { file, at }))
    }

    /// Environment variables that lead programs to the file.
    pub fn variables(&self) -> Vec<(String, String)> {
        VARIABLES.map(|name| (name.to_owned(), self.at.to_owned())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_in_the_file() {
        let data = std::env::temp_dir().join(format!("kogumo-trust-{}", kogumo_base::hex_id(8)));
        assert_eq!(Trust::of(&data).expect("no trouble"), None);
        std::fs::create_dir_all(data.join("ca")).expect("a folder");
        for own in ["OWN AUTHORITY", "ANOTHER ONE"] {
            std::fs::write(data.join("ca/ca.pem"), own).expect("written");
            let trust = Trust::of(&data).expect("no trouble").expect("an authority");
            assert!(std::fs::read_to_string(&trust.file).expect("a file").ends_with(own));
        }
        std::fs::remove_dir_all(data).expect("removed");
    }
}
