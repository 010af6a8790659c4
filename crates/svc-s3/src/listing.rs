//! One page of a listing: which keys it shows, which it rolls up into common prefixes, and where the next one begins.

/// What a listing asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    pub prefix: &'a str,
    /// An empty one rolls nothing up.
    pub delimiter: &'a str,
    /// How many keys and common prefixes together.
    pub max: usize,
    /// The marker: if it is a common prefix, that one has been shown already.
    pub marker: &'a str,
}

/// Where to begin reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the prefix, or behind the marker if that is further.
    Start,
    /// Behind every key that begins so.
    AfterPrefix(String),
}

/// A page. `T` is what a key holds; a listing of versions has several for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub entries: Vec<(String, T)>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
}

impl<T> Page<T> {
    /// The last key or common prefix of the page, whichever comes later: what the next page begins behind.
    pub fn last(&self) -> Option<&str> {
        let entry = self.entries.last().map(|(key, _)| key.as_str());
        let prefix = self.prefixes.last().map(String::as_str);
        // A common prefix sorts before the keys in it, so comparing with a key outside of it is comparing with them all.
        entry.max(prefix)
    }
}

/// Makes a page. `open` reads on from a position, in order, all keys that begin with the query's prefix; keys that are
/// rolled up are stepped over, not read.
pub fn page<T, E, I>(query: &Query<'_>, mut open: impl FnMut(&Position) -> I) -> Result<Page<T>, E>
where
    I: Iterator<Item = Result<(String, T), E>>,
{
    let mut page = Page { entries: Vec::new(), prefixes: Vec::new(), truncated: false };
    if query.max == 0 {
        return Ok(page);
    }
    let mut position = Position::Start;
    'reading: loop {
        for entry in open(&position) {
            let (key, held) = entry?;
            let common = common_prefix(query, &key).map(str::to_owned);
            if let Some(common) = &common
                && common == query.marker
            {
                position = Position::AfterPrefix(common.clone());
                continue 'reading;
            }
            if page.entries.len() + page.prefixes.len() >= query.max {
                page.truncated = true;
                return Ok(page);
            }
            match common {
                Some(common) => {
                    position = Position::AfterPrefix(common.clone());
                    page.prefixes.push(common);
                    continue 'reading;
                }
                None => page.entries.push((key, held)),
            }
        }
        return Ok(page);
    }
}

/// The part of a key up to the first delimiter behind the prefix.
fn common_prefix<'a>(query: &Query<'_>, key: &'a str) -> Option<&'a str> {
    if query.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(query.prefix)?;
    let end = query.prefix.len() + rest.find(query.delimiter)? + query.delimiter.len();
    key.get(..end)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    fn list(keys: &BTreeSet<String>, query: &Query<'_>) -> Page<()> {
        let page = page(query, |position| {
            let skipped = match position {
                Position::Start => None,
                Position::AfterPrefix(prefix) => Some(prefix.clone()),
            };
            let (prefix, marker) = (query.prefix.to_owned(), query.marker.to_owned());
            keys.iter()
                .filter(move |key| key.starts_with(&prefix) && **key > marker)
                .filter(move |key| {
                    skipped.as_ref().is_none_or(|skipped| *key > skipped && !key.starts_with(skipped.as_str()))
                })
                .map(|key| Ok::<_, ()>((key.clone(), ())))
        });
        page.expect("no errors")
    }

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn rolls_up_folders() {
        let keys = keys(&["a.txt", "photos/1", "photos/2", "photos/old/3", "z"]);
        let root = list(&keys, &Query { delimiter: "/", max: 1000, ..Query::default() });
        assert_eq!(root.prefixes, ["photos/"]);
        assert_eq!(root.entries.len(), 2);
        let folder = list(&keys, &Query { prefix: "photos/", delimiter: "/", max: 1000, ..Query::default() });
        assert_eq!(folder.prefixes, ["photos/old/"]);
        assert_eq!(folder.entries.len(), 2);
        let part = list(&keys, &Query { prefix: "ph", delimiter: "/", max: 1000, ..Query::default() });
        assert_eq!(part.prefixes, ["photos/"]);
        assert!(list(&keys, &Query::default()).entries.is_empty());
    }

    proptest! {
        #[test]
        fn pages_together_are_the_whole(
            keys in proptest::collection::btree_set("[ab/]{1,5}", 0..40),
            prefix in "[ab/]{0,2}",
            delimiter in prop_oneof![Just(""), Just("/"), Just("ab")],
            max in 1usize..7,
        ) {
            let mut expected: BTreeMap<String, bool> = BTreeMap::new();
            let whole = Query { prefix: &prefix, delimiter, max: usize::MAX, marker: "" };
            for key in keys.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded)) {
                if key.starts_with(&prefix) {
                    match common_prefix(&whole, key) {
                        Some(common) => expected.insert(common.to_owned(), true),
                        None => expected.insert(key.clone(), false),
                    };
                }
            }
            let mut found: BTreeMap<String, bool> = BTreeMap::new();
            let mut marker = String::new();
            loop {
                let page = list(&keys, &Query { prefix: &prefix, delimiter, max, marker: &marker });
                prop_assert!(page.entries.len() + page.prefixes.len() <= max);
                let shown = page.entries.iter().map(|(key, ())| (key.clone(), false));
                for (key, is_prefix) in shown.chain(page.prefixes.iter().map(|prefix| (prefix.clone(), true))) {
                    prop_assert!(found.insert(key, is_prefix).is_none(), "shown twice");
                }
                if !page.truncated {
                    break;
                }
                marker = page.last().expect("a truncated page is not empty").to_owned();
            }
            prop_assert_eq!(found, expected);
        }
    }
}
