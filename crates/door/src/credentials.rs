//! The credentials behind keys, remembered: a client signs every request with the same key, and finding whose it is would
//! read two records each time. What is remembered counts until a call may have changed a record that it comes from.

use std::sync::{Arc, PoisonError, RwLock};

use foldhash::HashMap;

use crate::Credential;

/// So many keys are remembered; then all are forgotten.
const MOST: usize = 1024;

/// Credentials by their access keys, with the generation of the records they were read from.
#[derive(Default)]
pub(crate) struct Credentials(RwLock<HashMap<String, (u64, Arc<Credential>)>>);

impl Credentials {
    /// The credential, if it was read in this generation.
    pub(crate) fn get(&self, access_key: &str, generation: u64) -> Option<Arc<Credential>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (_, credential) = known.get(access_key).filter(|(read_in, _)| *read_in == generation)?;
        Some(Arc::clone(credential))
    }

    /// Remembers a credential; `generation` is that before it was read, so that a change meanwhile outdates it.
    pub(crate) fn put(&self, access_key: &str, generation: u64, credential: &Arc<Credential>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(access_key.to_owned(), (generation, Arc::clone(credential)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;

    #[test]
    fn a_credential_counts_in_its_generation_only() {
        let credentials = Credentials::default();
        let credential = Arc::new(Credential {
            secret: "secret".into(),
            session_token: None,
            expires: None,
            principal: Arc::new(Principal::Root { account: "000000000000".to_owned() }),
            active: true,
            session: None,
        });
        credentials.put("AKIA", 7, &credential);
        assert!(credentials.get("AKIA", 7).is_some());
        assert!(credentials.get("AKIA", 8).is_none());
        assert!(credentials.get("AKIB", 7).is_none());
        (0..2 * MOST).for_each(|number| credentials.put(&number.to_string(), 8, &credential));
        assert!(credentials.0.read().unwrap().len() <= MOST);
    }
}
