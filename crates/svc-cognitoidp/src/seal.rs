//! What a client carries for us between two steps: sealed so that it can neither be read nor made, and good for one use.
//!
//! The seal is AES-256-GCM under the pool's key. That a sealed state has been used is a row until it would have expired;
//! each use sweeps a few rows that have.

use kogumo_base::{Scope, Timestamp, Trouble, random_bytes};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// A key that seals and opens.
pub struct Sealer(LessSafeKey);

/// Used states: (expiry, id).
static USED: Table<()> = Table::new("cognitoidp/used");

impl Sealer {
    /// # Errors
    /// The key does not have 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, Trouble> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Trouble::new("a pool's key has another length"))?;
        Ok(Sealer(LessSafeKey::new(key)))
    }

    /// Seals `content` for a purpose; opened for another one it is nothing.
    ///
    /// # Errors
    /// Content beyond what the cipher takes: 64 GiB.
    pub fn seal(&self, purpose: &str, content: &[u8]) -> Result<Vec<u8>, Trouble> {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut sealed = content.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed)
            .map_err(|_| Trouble::new("cannot seal a session"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed; `None` for everything else.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut content = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut content).ok()?.to_vec())
    }
}

/// Whether a state has been used.
pub fn is_used(read: &dyn Read, expires: Timestamp, id: &str) -> Result<bool, Trouble> {
    USED.contains(read, &everywhere(), key(expires, id))
}

/// Notes that a state is used now; `false` if it had been before.
pub fn use_once(tx: &mut Transaction, now: Timestamp, expires: Timestamp, id: &str) -> Result<bool, Trouble> {
    const SWEPT: usize = 3;
    let past = Range::all().before(Key::new().i64(now.0));
    let past: Result<Vec<Key>, Trouble> =
        USED.scan(tx, &everywhere(), &past).take(SWEPT).map(|row| Ok(row?.0)).collect();
    for old in past? {
        USED.delete(tx, &everywhere(), old)?;
    }
    if USED.contains(tx, &everywhere(), key(expires, id))? {
        return Ok(false);
    }
    USED.put(tx, &everywhere(), key(expires, id), &())?;
    Ok(true)
}

fn key(expires: Timestamp, id: &str) -> Key {
    Key::new().i64(expires.0).str(id)
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogumo_store::Store;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_what_was_sealed_for_the_purpose_is_opened(content in proptest::collection::vec(any::<u8>(), 0..80), at in any::<usize>()) {
            let sealer = Sealer::new(&[7; 32]).expect("a key");
            let sealed = sealer.seal("one", &content).expect("sealed");
            prop_assert_eq!(sealer.open("one", &sealed), Some(content));
            prop_assert_eq!(sealer.open("two", &sealed), None);
            prop_assert_eq!(Sealer::new(&[8; 32]).expect("a key").open("one", &sealed), None);
            let mut altered = sealed.clone();
            let at = at % altered.len();
            altered[at] ^= 1;
            prop_assert_eq!(sealer.open("one", &altered), None);
            prop_assert_eq!(sealer.open("one", &sealed[..at]), None);
        }
    }

    #[test]
    fn a_state_is_used_once_and_forgotten_when_it_would_have_expired() {
        let store = Store::ephemeral().expect("a store");
        let used = |now: i64, expires: i64, id: &str| {
            store.write(|tx| use_once(tx, Timestamp(now), Timestamp(expires), id)).expect("written")
        };
        assert!(used(0, 10, "a"));
        assert!(!used(5, 10, "a"));
        assert!(used(5, 10, "b"));
        assert!(used(20, 30, "c"));
        assert!(!is_used(&store.read(), Timestamp(10), "a").expect("read"));
        assert!(is_used(&store.read(), Timestamp(30), "c").expect("read"));
    }
}
