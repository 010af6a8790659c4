//! Paths with parameters: `/pets/{id}`, `/{proxy+}`.

use crate::exchange::Pairs;
use kogumo_wire::decode;

/// How well a segment fits; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Literal,
    Parameter,
    Greedy,
}

/// How a path as sent fits a pattern, and the values of its parameters, percent-decoded.
pub fn matches(pattern: &str, path: &str) -> Option<(Vec<Rank>, Pairs)> {
    let (pattern, path) = (segments(pattern), segments(path));
    let mut ranks = Vec::new();
    let mut parameters = Vec::new();
    for (index, part) in pattern.iter().enumerate() {
        let rest = path.get(index..).filter(|rest| !rest.is_empty())?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if name.ends_with('+') => {
                parameters.push((name.trim_end_matches('+').to_owned(), decode(&rest.join("/"), false)));
                ranks.push(Rank::Greedy);
                return Some((ranks, parameters));
            }
            Some(name) => {
                parameters.push((name.to_owned(), decode(rest[0], false)));
                ranks.push(Rank::Parameter);
            }
            None if *part == rest[0] || *part == decode(rest[0], false) => ranks.push(Rank::Literal),
            None => return None,
        }
    }
    (pattern.len() == path.len()).then_some((ranks, parameters))
}

/// The segments of a path; a slash at the end is not one.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_patterns() {
        let values = |pattern: &str, path: &str| matches(pattern, path).map(|(_, parameters)| parameters);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(values("/a/{b}", "/a/x%20y"), Some(vec![pair("b", "x y")]));
        assert_eq!(values("/a/{b+}", "/a/x/y"), Some(vec![pair("b", "x/y")]));
        assert_eq!(values("/a", "/a/"), Some(vec![]));
        assert_eq!(values("/{proxy+}", "/"), None);
        assert_eq!(values("/a", "/a/b"), None);
        assert!(matches("/a/{b}", "/a/b") < matches("/{c+}", "/a/b"));
    }
}
