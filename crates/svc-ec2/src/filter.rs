//! Filters of Describe operations: names that stand for values of a resource, patterns with `*` and `?`.
//!
//! A resource passes if each filter has a pattern that one of the values matches. What filters a resource has, its
//! table says: a name and a function from the resource as it is shown.

use kogumo_model::ec2::{Filter, Tag};
use kogumo_wire::Fault;

use crate::faults::{invalid_value, limit};

/// The filters of one sort of resource.
pub struct Filters<T: 'static> {
    /// AWS's names, in kebab-case.
    pub names: &'static [(&'static str, fn(&T) -> Vec<String>)],
    /// For `tag:KEY`, `tag-key` and `tag-value`; `None` for what has no tags.
    pub tags: Option<fn(&T) -> Option<&Vec<Tag>>>,
}

/// AWS takes no more values than these in one filter.
const MOST_VALUES: usize = 200;

impl<T> Filters<T> {
    /// Those that pass all filters.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a filter that the resource does not have.
    pub fn select(&self, items: Vec<T>, filters: Option<Vec<Filter>>) -> Result<Vec<T>, Fault> {
        let filters = filters.unwrap_or_default();
        let tests = filters.iter().map(|filter| self.test(filter)).collect::<Result<Vec<_>, _>>()?;
        Ok(items.into_iter().filter(|item| tests.iter().all(|test| test.passes(item))).collect())
    }

    fn test<'f>(&self, filter: &'f Filter) -> Result<Test<'f, T>, Fault> {
        let name = filter.name.as_deref().unwrap_or_default();
        let patterns = filter.values.as_deref().unwrap_or_default();
        if patterns.len() > MOST_VALUES {
            let message = format!("The maximum number of filter values specified on a single call is {MOST_VALUES}");
            return Err(limit("FilterLimitExceeded", message));
        }
        Ok(Test {
            by: self.by(name).ok_or_else(|| invalid_value(format!("The filter '{name}' is invalid")))?,
            patterns,
        })
    }

    fn by<'f>(&self, name: &'f str) -> Option<By<'f, T>> {
        if let Some(tags) = self.tags {
            if let Some(key) = name.strip_prefix("tag:") {
                return Some(By::Tag(tags, key));
            }
            match name {
                "tag-key" => return Some(By::TagKey(tags)),
                "tag-value" => return Some(By::TagValue(tags)),
                _ => {}
            }
        }
        let wanted = kebab(name);
        self.names.iter().find(|(known, _)| *known == wanted).map(|(_, values)| By::Values(*values))
    }
}

type TagsOf<T> = fn(&T) -> Option<&Vec<Tag>>;

enum By<'f, T> {
    Values(fn(&T) -> Vec<String>),
    Tag(TagsOf<T>, &'f str),
    TagKey(TagsOf<T>),
    TagValue(TagsOf<T>),
}

struct Test<'f, T> {
    by: By<'f, T>,
    patterns: &'f [String],
}

impl<T> Test<'_, T> {
    fn passes(&self, item: &T) -> bool {
        let any = |text: &str| self.patterns.iter().any(|pattern| matches(pattern, text));
        let some = |text: &Option<String>| any(text.as_deref().unwrap_or_default());
        let tags = |tags: TagsOf<T>| tags(item).map_or(&[][..], Vec::as_slice);
        match &self.by {
            By::Values(values) => values(item).iter().any(|value| any(value)),
            By::Tag(of, key) => tags(*of).iter().any(|tag| tag.key.as_deref() == Some(key) && some(&tag.value)),
            By::TagKey(of) => tags(*of).iter().any(|tag| some(&tag.key)),
            By::TagValue(of) => tags(*of).iter().any(|tag| some(&tag.value)),
        }
    }
}

/// Older names (`isDefault`, `vpcId`) are the same ones in camel case.
fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Whether a text matches a pattern: `*` is any text, `?` one character, and a backslash takes away their meaning.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern = tokens(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where the last star stood, and what it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(Token::Star) => {
                star = Some((at, read));
                at += 1;
            }
            Some(token) if token.takes(text[read]) => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((behind, swallowed)) => {
                    star = Some((behind, swallowed + 1));
                    at = behind + 1;
                    read = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at.min(pattern.len())..].iter().all(|token| matches!(token, Token::Star))
}

enum Token {
    Star,
    Any,
    One(char),
}

impl Token {
    fn takes(&self, letter: char) -> bool {
        match self {
            Token::Star => false,
            Token::Any => true,
            Token::One(own) => *own == letter,
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut letters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' => Token::Star,
            '?' => Token::Any,
            '\\' => Token::One(letters.next().unwrap_or('\\')),
            letter => Token::One(letter),
        });
    }
    tokens
}

// === What tables of filters are made of ===

/// The value of a member.
pub fn text(value: &Option<String>) -> Vec<String> {
    value.iter().cloned().collect()
}

pub fn flag(value: Option<bool>) -> Vec<String> {
    vec![value.unwrap_or_default().to_string()]
}

pub fn number(value: Option<i32>) -> Vec<String> {
    value.iter().map(i32::to_string).collect()
}

/// A value of each element of a list.
pub fn each<E>(list: &Option<Vec<E>>, value: fn(&E) -> Vec<String>) -> Vec<String> {
    list.iter().flatten().flat_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static FILTERS: Filters<Tag> = Filters {
        names: &[("key", |tag| text(&tag.key)), ("is-set", |tag| flag(Some(tag.value.is_some())))],
        tags: None,
    };

    fn filter(name: &str, values: &[&str]) -> Option<Vec<Filter>> {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Some(vec![Filter { name: Some(name.into()), values: Some(values) }])
    }

    fn keys(name: &str, values: &[&str]) -> Vec<String> {
        let tag = |key: &str| Tag { key: Some(key.into()), value: None };
        let kept = FILTERS.select(vec![tag("alpha"), tag("beta")], filter(name, values)).unwrap_or_default();
        kept.into_iter().filter_map(|tag| tag.key).collect()
    }

    #[test]
    fn any_value_of_a_filter_will_do() {
        assert_eq!(keys("key", &["alpha", "gamma"]), ["alpha"]);
        assert_eq!(keys("key", &["*a"]), ["alpha", "beta"]);
        assert_eq!(keys("isSet", &["false"]), ["alpha", "beta"]);
        assert!(keys("key", &[]).is_empty());
    }

    #[test]
    fn a_filter_takes_two_hundred_values() {
        let values = vec!["alpha"; 201];
        let refused = FILTERS.select(Vec::new(), filter("key", &values)).map(drop);
        assert!(refused.is_err_and(|fault| fault.code(kogumo_wire::Protocol::Ec2) == "FilterLimitExceeded"));
        assert_eq!(keys("key", &values[..200]), ["alpha"]);
    }

    #[test]
    fn an_unknown_filter_is_refused() {
        let refused = FILTERS.select(Vec::new(), filter("colour", &["red"])).map(drop);
        assert!(refused.is_err_and(|fault| fault.message == "The filter 'colour' is invalid"));
    }

    #[test]
    fn wildcards() {
        assert!(matches("10.?.*/24", "10.1.22.0/24"));
        assert!(!matches("10.?.*/24", "10.11.22.0/24"));
        assert!(matches("\\*literal", "*literal"));
        assert!(!matches("\\*literal", "a literal"));
        assert!(matches("*", ""));
        assert!(!matches("", "a"));
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_with_anything_starred(text in "[a-z]{0,8}", from in 0_usize..8, to in 0_usize..8) {
            let (from, to) = (from.min(to).min(text.len()), from.max(to).min(text.len()));
            let pattern = format!("{}*{}", &text[..from], &text[to..]);
            prop_assert!(matches(&pattern, &text));
        }

        #[test]
        fn no_pattern_breaks_it(pattern in "[*?\\\\a]{0,12}", text in "[*?\\\\a]{0,12}") {
            let _ = matches(&pattern, &text);
        }
    }
}
