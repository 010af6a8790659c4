//! A user's own terms, put in place around any engine: before it runs each source term becomes a token that engines leave
//! alone, after it each token becomes the target term.

use std::borrow::Cow;

/// One line of a terminology: how a term is written in the source language and must be written in the target language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub source: String,
    pub target: String,
}

/// A text whose terms have been taken out.
#[derive(Debug, PartialEq, Eq)]
pub struct Masked<'a> {
    /// What the engine is to translate.
    pub text: String,
    /// The terms found, by the number in their token.
    pub found: Vec<&'a Term>,
}

/// Takes the terms out of `text`: the longest first where several begin at one place, exactly as written (case matters),
/// and in alphabetic scripts only as whole words.
pub fn mask<'a>(text: &str, terms: &'a [Term]) -> Masked<'a> {
    let mut longest: Vec<&Term> = terms.iter().filter(|term| !term.source.is_empty()).collect();
    longest.sort_by_key(|term| std::cmp::Reverse(term.source.len()));
    let mut masked = Masked { text: String::new(), found: Vec::new() };
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(next) = rest.chars().next() {
        let hit = longest
            .iter()
            .find(|term| rest.starts_with(&term.source) && is_whole(before, &rest[term.source.len()..], &term.source));
        let length = match hit {
            Some(term) => {
                let number = masked.found.iter().position(|found| found == term).unwrap_or(masked.found.len());
                if number == masked.found.len() {
                    masked.found.push(term);
                }
                masked.text.push_str(&token(number));
                term.source.len()
            }
            None => {
                masked.text.push(next);
                next.len_utf8()
            }
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    masked
}

/// Puts the target terms where the tokens are. An engine may have changed a token's case, or its first letter's.
pub fn unmask(translated: &str, found: &[&Term]) -> String {
    let mut text = Cow::Borrowed(translated);
    for (number, term) in found.iter().enumerate().rev() {
        let token = token(number);
        let lower = token.to_lowercase();
        if text.contains(&token) {
            text = text.replace(&token, &term.target).into();
        }
        if text.contains(&lower) {
            text = text.replace(&lower, &term.target).into();
        }
    }
    text.into_owned()
}

/// A word that no language has, so that engines take it for a name: `Qxza`, `Qxzb`, …, `Qxzbaa`.
fn token(number: usize) -> String {
    let mut letters = String::new();
    let mut rest = number;
    loop {
        letters.insert(0, char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
        if rest == 0 {
            return format!("Qxz{letters}q");
        }
    }
}

/// Whether a term of letters stands apart from the letters around it. Scripts without spaces have no such borders.
fn is_whole(before: Option<char>, after: &str, term: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() && c < '\u{2E80}';
    let begins_inside = term.starts_with(is_letter) && before.is_some_and(is_letter);
    let ends_inside = term.ends_with(is_letter) && after.starts_with(is_letter);
    !begins_inside && !ends_inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dictionary, Engine};

    fn terms(pairs: &[(&str, &str)]) -> Vec<Term> {
        pairs.iter().map(|(source, target)| Term { source: (*source).into(), target: (*target).into() }).collect()
    }

    #[test]
    fn terms_survive_the_engine() {
        let terms = terms(&[("小雲", "Kogumo"), ("猫", "Kitty")]);
        let masked = mask("小雲が好きです。", &terms);
        let english = Dictionary.translate(&masked.text, "ja", "en").expect("Japanese to English is built in");
        assert_eq!(unmask(&english, &masked.found), "I like Kogumo.");
    }

    #[test]
    fn only_whole_words_are_terms() {
        let terms = terms(&[("cat", "ねこ"), ("cat food", "ねこまんま")]);
        assert!(mask("concatenate category", &terms).found.is_empty());
        assert_eq!(mask("cat food", &terms).found, [&terms[1]]);
        assert_eq!(mask("cat, cat", &terms).found, [&terms[0]]);
    }

    #[test]
    fn masking_and_unmasking_without_an_engine_replaces_terms() {
        let terms = terms(&[("a", "1"), ("日本", "NIHON"), ("", "never")]);
        for (text, expected) in [("a b a", "1 b 1"), ("日本人", "NIHON人"), ("", ""), ("é\u{1F600}a", "é\u{1F600}1")]
        {
            let masked = mask(text, &terms);
            assert_eq!(unmask(&masked.text, &masked.found), expected);
        }
    }
}
