//! Which keys to scan, and in which direction.

use std::ops::Bound;

use crate::Key;

/// A stretch of keys of one table. Each narrowing can only make it smaller, so that a client's page token
/// cannot lead a scan out of its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub(crate) from: Bound<Vec<u8>>,
    pub(crate) to: Bound<Vec<u8>>,
    pub(crate) reverse: bool,
}

impl Range {
    /// Every key.
    pub fn all() -> Self {
        Range { from: Bound::Unbounded, to: Bound::Unbounded, reverse: false }
    }

    /// Every key that begins with these parts (or with [`Key::open_str`]'s open one).
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        let prefix = prefix.into().into_bytes();
        let to = past(&prefix);
        Range { from: Bound::Included(prefix), to, reverse: false }
    }

    /// Only keys behind `key`: where the last page ended.
    pub fn after(self, key: impl Into<Key>) -> Self {
        self.raise(Bound::Excluded(key.into().into_bytes()))
    }

    /// Only keys behind everything that begins with `prefix`: steps over a whole "folder" at once.
    pub fn after_prefix(self, prefix: impl Into<Key>) -> Self {
        match past(prefix.into().as_bytes()) {
            Bound::Excluded(next) => self.raise(Bound::Included(next)),
            _ => Range { to: Bound::Excluded(Vec::new()), ..self },
        }
    }

    /// Only `key` and those behind it.
    pub fn from(self, key: impl Into<Key>) -> Self {
        self.raise(Bound::Included(key.into().into_bytes()))
    }

    /// Only keys before `key`.
    pub fn before(self, key: impl Into<Key>) -> Self {
        self.lower(Bound::Excluded(key.into().into_bytes()))
    }

    /// Only `key` and those before it.
    pub fn until(self, key: impl Into<Key>) -> Self {
        self.lower(Bound::Included(key.into().into_bytes()))
    }

    /// The same keys from the last to the first.
    pub fn reverse(self) -> Self {
        Range { reverse: !self.reverse, ..self }
    }

    /// The same stretch of the keys that begin with `prefix`, which is not part of the bounds yet.
    pub(crate) fn under(&self, prefix: &[u8]) -> Range {
        let join = |key: &Vec<u8>| [prefix, key.as_slice()].concat();
        let from = match &self.from {
            Bound::Included(key) => Bound::Included(join(key)),
            Bound::Excluded(key) => Bound::Excluded(join(key)),
            Bound::Unbounded => Bound::Included(prefix.to_vec()),
        };
        let to = match &self.to {
            Bound::Included(key) => Bound::Included(join(key)),
            Bound::Excluded(key) => Bound::Excluded(join(key)),
            Bound::Unbounded => past(prefix),
        };
        Range { from, to, reverse: self.reverse }
    }

    /// Whether no key can lie in it; such bounds must not reach an ordered map, which would panic.
    pub(crate) fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Unbounded, Bound::Excluded(to)) => to.is_empty(),
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        }
    }

    fn raise(self, from: Bound<Vec<u8>>) -> Self {
        let higher = match (&self.from, &from) {
            (Bound::Unbounded, _) => true,
            (Bound::Included(old), Bound::Excluded(new)) => new >= old,
            (Bound::Included(old) | Bound::Excluded(old), Bound::Included(new) | Bound::Excluded(new)) => new > old,
            (_, Bound::Unbounded) => false,
        };
        if higher { Range { from, ..self } } else { self }
    }

    fn lower(self, to: Bound<Vec<u8>>) -> Self {
        let lower = match (&self.to, &to) {
            (Bound::Unbounded, _) => true,
            (Bound::Included(old), Bound::Excluded(new)) => new <= old,
            (Bound::Included(old) | Bound::Excluded(old), Bound::Included(new) | Bound::Excluded(new)) => new < old,
            (_, Bound::Unbounded) => false,
        };
        if lower { Range { to, ..self } } else { self }
    }
}

/// The end of all keys that begin with `prefix`.
fn past(prefix: &[u8]) -> Bound<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff);
    match kept.and_then(|at| prefix.get(..=at)) {
        Some(kept) => {
            let mut next = kept.to_vec();
            if let Some(last) = next.last_mut() {
                *last += 1;
            }
            Bound::Excluded(next)
        }
        None => Bound::Unbounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_last_byte_steps_up() {
        assert_eq!(past(b"ab"), Bound::Excluded(b"ac".to_vec()));
        assert_eq!(past(b"a\xff\xff"), Bound::Excluded(b"b".to_vec()));
        assert_eq!(past(b"\xff"), Bound::Unbounded);
    }

    #[test]
    fn a_narrowing_never_widens() {
        let prefix = Range::prefix(Key::open_str("b"));
        assert_eq!(prefix.clone().after("a"), prefix);
        assert_eq!(prefix.clone().before("z"), prefix);
        assert_ne!(prefix.clone().after("bb"), prefix);
        assert!(prefix.after("c").is_empty());
    }

    #[test]
    fn stepping_over_the_last_prefix_leaves_nothing() {
        let range = Range::all().after_prefix(Key::from_encoded(vec![0xff]));
        assert!(range.is_empty());
    }
}
