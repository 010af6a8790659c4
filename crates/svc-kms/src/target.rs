//! Which key a request means: an id, an ARN, an alias or an alias' ARN, in this account or another.

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::kms::{INVALID_KEY_USAGE_EXCEPTION, KMS_INVALID_STATE_EXCEPTION};
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::alias::{self, ALIASES};
use crate::key::{KEYS, Key};
use crate::spec::Usage;
use crate::{faults, managed};

/// Whether an operation lets a key be named by an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aliases {
    Taken,
    Refused,
}

/// A name, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Key(Scope, String),
    /// With `alias/` before it.
    Alias(Scope, String),
}

/// A key that was found, and where it lies.
#[derive(Clone, Debug)]
pub struct Target {
    pub scope: Scope,
    pub key: Key,
}

/// What a name leads to.
pub enum Found {
    Key(Target),
    /// The key of that service is made when it is first used.
    Unmade(Scope, String),
    None,
}

impl Name {
    /// # Errors
    /// A text that names no key.
    pub fn parse(text: &str, caller: &Scope) -> Result<Self, Fault> {
        let (scope, resource) = match text.starts_with("arn:") {
            false => (caller.clone(), text.to_owned()),
            true => {
                let arn =
                    Arn::parse(text).filter(|arn| arn.service == "kms").ok_or_else(|| faults::not_an_arn(text))?;
                if arn.region != caller.region {
                    return Err(faults::elsewhere(&arn.region));
                }
                let resource = match arn.resource.strip_prefix("key/") {
                    Some(id) => id.to_owned(),
                    None if arn.resource.starts_with(alias::PREFIX) => arn.resource,
                    None => return Err(faults::not_an_arn(text)),
                };
                (Scope::new(arn.account, arn.region), resource)
            }
        };
        match resource.starts_with(alias::PREFIX) {
            true => Ok(Name::Alias(scope, resource)),
            false if is_key_id(&resource) => Ok(Name::Key(scope, resource)),
            false => Err(faults::not_a_key_id(text)),
        }
    }

    /// # Errors
    /// Trouble with the store.
    pub fn find(&self, read: &dyn Read) -> Result<Found, Trouble> {
        let (scope, id) = match self {
            Name::Key(scope, id) => (scope, id.clone()),
            Name::Alias(scope, name) => match ALIASES.get(read, scope, name.as_str())? {
                Some(alias) => (scope, alias.key),
                None => match managed::service(name) {
                    Some(service) => (scope, managed::key_id(scope, service)),
                    None => return Ok(Found::None),
                },
            },
        };
        let found = KEYS.get(read, scope, id.as_str())?;
        Ok(match (found, self) {
            (Some(key), _) => Found::Key(Target { scope: scope.clone(), key }),
            (None, Name::Alias(_, name)) => match managed::service(name) {
                Some(service) => Found::Unmade(scope.clone(), service.to_owned()),
                None => Found::None,
            },
            (None, Name::Key(..)) => Found::None,
        })
    }

    fn missing(&self) -> Fault {
        match self {
            Name::Key(scope, id) => faults::no_such_key(&crate::key::arn(scope, id)),
            Name::Alias(scope, name) => faults::no_such_alias(&alias::arn(scope, name)),
        }
    }
}

/// A UUID, or `mrk-` and 32 digits.
fn is_key_id(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.strip_prefix("mrk-") {
        Some(digits) => digits.len() == 32 && is_hex(digits),
        None => {
            let parts: Vec<&str> = text.split('-').collect();
            parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(is_hex)
        }
    }
}

/// The key that a request names. One that AWS manages is made on the way, in a transaction of its own: reading handlers
/// use keys, and a key's first use brings it about.
///
/// # Errors
/// There is no such key.
pub fn read(r: &Reader, text: &str, aliases: Aliases) -> Result<Target, Fault> {
    let name = Name::parse(text, r.scope())?;
    if matches!(name, Name::Alias(..)) && aliases == Aliases::Refused {
        return Err(faults::not_a_key_id(text));
    }
    match name.find(r.store)? {
        Found::Key(target) => Ok(target),
        Found::Unmade(scope, service) => {
            let now = r.now;
            let key = r.cloud.store.write(|tx| managed::make(tx, &scope, &service, now))?;
            Ok(Target { scope, key })
        }
        Found::None => Err(name.missing()),
    }
}

/// The key that a request names which changes it. Such requests take no aliases.
///
/// # Errors
/// There is no such key.
pub fn write(w: &Writer, text: &str) -> Result<Target, Fault> {
    let name = Name::parse(text, w.scope())?;
    match (&name, name.find(w.store())?) {
        (Name::Alias(..), _) => Err(faults::not_a_key_id(text)),
        (_, Found::Key(target)) => Ok(target),
        _ => Err(name.missing()),
    }
}

impl Target {
    pub fn arn(&self) -> String {
        self.key.arn(&self.scope)
    }

    /// # Errors
    /// Trouble with the store.
    pub fn put(&self, w: &mut Writer) -> Result<(), Trouble> {
        KEYS.put(w.tx, &self.scope, self.key.id.as_str(), &self.key)
    }

    /// Whether the key can do that kind of work now.
    ///
    /// # Errors
    /// It is for something else, or in no state to work.
    pub fn check_usable(&self, usage: Usage, operation: &str) -> Result<(), Fault> {
        self.key.check_usable(&self.arn())?;
        match self.key.usage == usage {
            true => Ok(()),
            false => Err(faults::invalid_usage(&self.arn(), self.key.usage.name(), operation)),
        }
    }

    /// Whether a key like this knows the algorithm.
    ///
    /// # Errors
    /// It does not.
    pub fn check_algorithm(&self, algorithm: &str) -> Result<(), Fault> {
        if self.key.spec.algorithms(self.key.usage).contains(&algorithm) {
            return Ok(());
        }
        let (arn, spec) = (self.arn(), self.key.spec.name());
        Err(INVALID_KEY_USAGE_EXCEPTION
            .because(format!("Algorithm {algorithm} and key spec {spec} are incompatible for key {arn}.")))
    }

    /// # Errors
    /// The key is pending deletion.
    pub fn check_alive(&self) -> Result<(), Fault> {
        self.key.check_alive(&self.arn())
    }

    /// Nobody but AWS changes what AWS manages.
    ///
    /// # Errors
    /// The key is AWS's.
    pub fn refuse_managed(&self) -> Result<(), Fault> {
        match self.key.is_managed_by_aws() {
            false => Ok(()),
            true => Err(KMS_INVALID_STATE_EXCEPTION
                .because(format!("{} is an AWS managed key, on which this operation is not permitted.", self.arn()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn names_are_ids_arns_and_aliases() {
        let own = Scope::new("111122223333", "us-west-2");
        let other = Scope::new("444455556666", "us-west-2");
        let parse = |text: &str| Name::parse(text, &own).ok();
        assert_eq!(parse(ID), Some(Name::Key(own.clone(), ID.into())));
        assert_eq!(
            parse(&format!("arn:aws:kms:us-west-2:444455556666:key/{ID}")),
            Some(Name::Key(other.clone(), ID.into()))
        );
        assert_eq!(parse("alias/a/b"), Some(Name::Alias(own.clone(), "alias/a/b".into())));
        assert_eq!(parse("arn:aws:kms:us-west-2:444455556666:alias/a"), Some(Name::Alias(other, "alias/a".into())));
        assert_eq!(parse("mrk-1234abcd12ab34cd56ef1234567890ab").is_some(), true);
        assert_eq!(parse("key"), None);
        assert_eq!(parse("mrk-12"), None);
        assert_eq!(parse(&format!("arn:aws:kms:us-east-1:444455556666:key/{ID}")), None);
        assert_eq!(parse(&format!("arn:aws:s3:us-west-2:444455556666:key/{ID}")), None);
    }
}
