//! What is to be encrypted, and under what. Source: Amazon EBS User Guide, "Encryption outcomes".

use kogumo_wire::{Fault, Protocol};

use super::record::{Defaults, Encryption};

/// What a request says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub encrypted: Option<bool>,
    pub key: Option<String>,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Plain,
    /// Under the data key of what it is made of.
    Same,
    /// Under a new data key of this KMS key.
    Key(String),
}

impl Asked {
    pub fn new(encrypted: Option<bool>, key: Option<&str>) -> Asked {
        Asked { encrypted, key: key.filter(|key| !key.is_empty()).map(str::to_owned) }
    }
}

/// Decides over something new. `source` is how what it is made of is encrypted, if it is, and whether its data key may be
/// used again: that of the account's own, in the same region.
///
/// # Errors
/// A key for what is not to be encrypted.
pub fn decide(asked: &Asked, source: Option<(&Encryption, bool)>, defaults: &Defaults) -> Result<Wish, Fault> {
    let encrypted = asked.encrypted == Some(true) || defaults.by_default || source.is_some();
    match (&asked.key, source) {
        (Some(_), _) if !encrypted => {
            let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
            Err(Fault::coded("InvalidParameterDependency", 400, message))
        }
        (Some(key), _) => Ok(Wish::Key(key.clone())),
        (None, Some((_, true))) => Ok(Wish::Same),
        (None, _) if encrypted => Ok(Wish::Key(defaults.key().to_owned())),
        (None, _) => Ok(Wish::Plain),
    }
}

/// Whether a snapshot may be shared: with some, or with everybody.
///
/// # Errors
/// AWS's, for one that may not.
pub fn check_shareable(encryption: Option<&Encryption>, everybody: bool) -> Result<(), Fault> {
    let message = match encryption {
        None => return Ok(()),
        Some(one) if one.managed => "Encrypted snapshots with EBS default key cannot be shared",
        Some(_) if everybody => "Encrypted snapshots cannot be shared publicly",
        Some(_) => return Ok(()),
    };
    Err(Fault::coded("OperationNotPermitted", 400, message))
}

/// Why KMS does not open a data key, as instances and volumes tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: &'static str,
    /// What KMS said.
    pub why: String,
}

impl Refusal {
    pub fn of(fault: &Fault) -> Refusal {
        let (code, message) = match fault.code(Protocol::Json11) {
            "DisabledException" | "KMSInvalidStateException" | "KeyUnavailableException" => {
                ("Client.InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state")
            }
            _ => ("Client.InternalError", "Client error on launch"),
        };
        Refusal { code, message, why: fault.message.clone() }
    }

    /// An instance's `StateReason`.
    pub fn reason(&self) -> (String, String) {
        (self.code.to_owned(), format!("{}: {}", self.code, self.message))
    }

    /// What a request is answered that cannot be carried out.
    pub fn fault(&self) -> Fault {
        let code = self.code.trim_start_matches("Client.");
        Fault::coded(code, 400, format!("{}: {}", self.message, self.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encryption(managed: bool) -> Encryption {
        Encryption { key: "arn".into(), managed, sealed: String::new(), of: "vol-1".into() }
    }

    fn outcome(asked: (Option<bool>, Option<&str>), source: Option<bool>, by_default: bool) -> Result<Wish, String> {
        let source_key = encryption(false);
        let defaults = Defaults { by_default, key: Some("mine".into()) };
        let asked = Asked::new(asked.0, asked.1);
        decide(&asked, source.map(|own| (&source_key, own)), &defaults).map_err(|fault| fault.message)
    }

    #[test]
    fn outcomes_are_those_of_the_guide() {
        let key = |name: &str| Ok(Wish::Key(name.into()));
        assert_eq!(outcome((None, None), None, false), Ok(Wish::Plain));
        assert_eq!(outcome((Some(false), None), None, false), Ok(Wish::Plain));
        assert_eq!(outcome((None, None), Some(true), false), Ok(Wish::Same));
        assert_eq!(outcome((None, None), Some(false), false), key("mine"));
        assert_eq!(outcome((Some(true), None), None, false), key("mine"));
        assert_eq!(outcome((Some(true), Some("k")), None, false), key("k"));
        assert_eq!(outcome((Some(true), None), Some(true), false), Ok(Wish::Same));
        assert_eq!(outcome((Some(true), Some("k")), Some(true), false), key("k"));
        assert_eq!(outcome((None, None), None, true), key("mine"));
        assert_eq!(outcome((None, Some("k")), None, true), key("k"));
        assert!(outcome((None, Some("k")), None, false).is_err());
        let none = decide(&Asked::new(Some(true), Some("")), None, &Defaults::default());
        assert!(none.is_ok_and(|wish| wish == Wish::Key("alias/aws/ebs".into())));
    }

    #[test]
    fn what_is_encrypted_is_not_everybodys() {
        assert!(check_shareable(None, true).is_ok());
        assert!(check_shareable(Some(&encryption(false)), false).is_ok());
        assert!(check_shareable(Some(&encryption(false)), true).is_err());
        assert!(check_shareable(Some(&encryption(true)), false).is_err());
    }
}
