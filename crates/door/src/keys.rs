//! What an access key stands for: the keys that everybody knows, and those that this cloud has issued.

use std::sync::Arc;

use kogumo_base::{Trouble, equal_in_constant_time};

use crate::{Cloud, Credential, Principal, Session};

/// The account of the key `test`.
pub const FIRST_ACCOUNT: &str = "000000000000";

/// Whom a key belongs to, and what it signs with.
#[derive(Clone, Debug)]
pub struct Key {
    pub principal: Arc<Principal>,
    /// `None` if the secret may be any: a 12-digit key is the root of that account.
    pub secret: Option<Arc<str>>,
    /// What temporary credentials carry.
    pub session: Option<Arc<Session>>,
}

/// Why a key is as good as none.
#[derive(Debug)]
pub enum KeyProblem {
    Unknown,
    /// The session token is missing or another's.
    WrongToken,
    Expired,
    Trouble(Trouble),
}

impl Cloud {
    /// Looks a key up; `token` is the session token that came with it.
    ///
    /// # Errors
    /// See [`KeyProblem`].
    pub fn key(&self, access_key: &str, token: Option<&str>) -> Result<Key, KeyProblem> {
        if !self.settings.strict
            && let Some(key) = well_known(access_key)
        {
            return Ok(key);
        }
        let credential =
            self.credential(access_key).map_err(KeyProblem::Trouble)?.filter(|credential| credential.active);
        let Some(credential) = credential else { return Err(KeyProblem::Unknown) };
        if !is_same(credential.session_token.as_deref(), token) {
            return Err(KeyProblem::WrongToken);
        }
        if credential.expires.is_some_and(|expires| self.clock.now() >= expires) {
            return Err(KeyProblem::Expired);
        }
        let Credential { principal, secret, session, .. } = &*credential;
        Ok(Key { principal: Arc::clone(principal), secret: Some(Arc::clone(secret)), session: session.clone() })
    }
}

fn is_same(known: Option<&str>, given: Option<&str>) -> bool {
    match (known, given) {
        (Some(known), Some(given)) => equal_in_constant_time(known.as_bytes(), given.as_bytes()),
        (known, given) => known.is_none() && given.is_none(),
    }
}

fn well_known(access_key: &str) -> Option<Key> {
    let root = |account: &str| Arc::new(Principal::Root { account: account.to_owned() });
    if access_key == "test" {
        return Some(Key { principal: root(FIRST_ACCOUNT), secret: Some("test".into()), session: None });
    }
    let is_account = access_key.len() == 12 && access_key.bytes().all(|b| b.is_ascii_digit());
    is_account.then(|| Key { principal: root(access_key), secret: None, session: None })
}

impl Principal {
    /// The account that a principal acts in; of services and of nobody it is the first.
    pub fn account(&self) -> &str {
        match self {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::AssumedRole { account, .. }
            | Principal::Federated { account, .. } => account,
            Principal::Service(_) | Principal::Anonymous => FIRST_ACCOUNT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_everybody_knows() {
        let of = |key| well_known(key).map(|key| (key.principal.account().to_owned(), key.secret));
        assert_eq!(of("test"), Some((FIRST_ACCOUNT.to_owned(), Some("test".into()))));
        assert_eq!(of("123456789012"), Some(("123456789012".to_owned(), None)));
        for other in ["", "Test", "12345678901", "1234567890123", "12345678901a", "AKIAIOSFODNN7EXAMPLE"] {
            assert!(of(other).is_none(), "{other}");
        }
    }
}
