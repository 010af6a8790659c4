//! Block tokens: they name a block of a snapshot, say when they end, and nobody else can make one. Page tokens name the
//! block that a page begins with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Timestamp, Trouble, random_bytes};
use kogumo_door::Context;
use kogumo_store::Table;
use ring::hmac;

/// What tokens are sealed with, under one key: they outlive the server.
static SECRETS: Table<Vec<u8>> = Table::new("ebs/token-secret");
const SECRET: &str = "secret";
/// Tokens are good for a week. Source: Amazon EBS User Guide, "Read snapshots with EBS direct APIs".
pub const LIFE_SECONDS: i64 = 7 * 24 * 3600;
/// So much of a seal is in a token.
const SEAL: usize = 16;

/// Makes and knows tokens.
pub struct Sealer(hmac::Key);

/// What a block token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    Expired,
    Wrong,
}

impl Sealer {
    /// The cloud's own. It is made when it is first needed.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn of(context: &Context) -> Result<Sealer, Trouble> {
        let everywhere = Scope::new("", "");
        let found = SECRETS.get(&context.snapshot(), &everywhere, SECRET)?;
        let secret = match found {
            Some(secret) => secret,
            None => context.write(|w| match SECRETS.get(w.store(), &everywhere, SECRET)? {
                Some(secret) => Ok(secret),
                None => {
                    let secret = random_bytes::<32>().to_vec();
                    SECRETS.put(w.tx, &everywhere, SECRET, &secret)?;
                    Ok::<_, Trouble>(secret)
                }
            })?,
        };
        Ok(Sealer::with(&secret))
    }

    fn with(secret: &[u8]) -> Sealer {
        Sealer(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A token for a block.
    pub fn token(&self, snapshot: &str, block: u32, ends: Timestamp) -> String {
        let ends = ends.0.to_be_bytes();
        STANDARD.encode([&ends[..], &self.seal(snapshot, block, ends)].concat())
    }

    /// Whether that is a token for that block.
    pub fn judge(&self, token: &str, snapshot: &str, block: u32, now: Timestamp) -> Verdict {
        let bytes = STANDARD.decode(token).unwrap_or_default();
        match bytes.split_first_chunk::<8>() {
            Some((ends, seal)) if seal == self.seal(snapshot, block, *ends) => {
                if Timestamp(i64::from_be_bytes(*ends)) > now { Verdict::Good } else { Verdict::Expired }
            }
            _ => Verdict::Wrong,
        }
    }

    fn seal(&self, snapshot: &str, block: u32, ends: [u8; 8]) -> [u8; SEAL] {
        let tag = hmac::sign(&self.0, &[&ends[..], &block.to_be_bytes(), snapshot.as_bytes()].concat());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }
}

/// A page that begins with that block, of a list of that name.
pub fn page(of: &str, block: u32) -> String {
    STANDARD.encode(format!("{of} {block}"))
}

/// The block that a page begins with; `None` for a token of another list.
pub fn read_page(of: &str, token: &str) -> Option<u32> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    text.strip_prefix(of)?.strip_prefix(' ')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_of_one_block_and_end() {
        let sealer = Sealer::with(b"secret");
        let token = sealer.token("snap-1", 7, Timestamp(1000));
        assert_eq!(sealer.judge(&token, "snap-1", 7, Timestamp(999)), Verdict::Good);
        assert_eq!(sealer.judge(&token, "snap-1", 7, Timestamp(1000)), Verdict::Expired);
        assert_eq!(sealer.judge(&token, "snap-1", 8, Timestamp(0)), Verdict::Wrong);
        assert_eq!(sealer.judge(&token, "snap-2", 7, Timestamp(0)), Verdict::Wrong);
        assert_eq!(Sealer::with(b"other").judge(&token, "snap-1", 7, Timestamp(0)), Verdict::Wrong);
        assert_eq!(sealer.judge("AAAA", "snap-1", 7, Timestamp(0)), Verdict::Wrong);
    }

    #[test]
    fn pages_are_of_one_list() {
        let token = page("snap-1", 12);
        assert_eq!((read_page("snap-1", &token), read_page("snap-2", &token)), (Some(12), None));
        assert_eq!(read_page("snap-1", "x"), None);
    }
}
