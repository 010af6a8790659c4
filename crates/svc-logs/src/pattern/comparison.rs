//! Comparisons of a value in a message with a literal of the pattern: numbers, texts with `*`, regular expressions.

use regex::{Regex, RegexBuilder};

use super::scanner::Scanner;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operator and what stands right of it.
pub struct Comparison {
    operator: Operator,
    literal: Literal,
}

enum Literal {
    /// The text as it was written, and the number that it is, if it is one.
    Text(String, Option<f64>),
    Regex(Regex),
}

/// The operators, the longer ones first.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Comparison {
    /// Reads an operator and a literal. An unquoted literal ends where `ends` says.
    pub fn parse(scanner: &mut Scanner, ends: fn(char) -> bool) -> Result<Comparison, String> {
        scanner.skip_space();
        let operator = OPERATORS.iter().find(|(sign, _)| scanner.eat(sign)).map(|(_, operator)| *operator);
        let operator =
            operator.ok_or_else(|| format!("Invalid filter pattern: no operator before '{}'", scanner.rest()))?;
        scanner.skip_space();
        let literal = if scanner.eat("\"") {
            Literal::Text(scanner.until('"', false)?, None)
        } else if scanner.eat("%") {
            Literal::Regex(regex(&scanner.until('%', true)?)?)
        } else {
            let word = scanner.take_while(|c| !ends(c) && !c.is_whitespace());
            if word.is_empty() {
                return Err("Invalid filter pattern: a comparison has no value".into());
            }
            Literal::Text(word.to_owned(), number(word))
        };
        match (&literal, operator) {
            (_, Operator::Equal | Operator::NotEqual) | (Literal::Text(_, Some(_)), _) => {
                Ok(Comparison { operator, literal })
            }
            _ => Err("Invalid filter pattern: only numbers are compared by size".into()),
        }
    }

    /// Whether a value fits; `number` is what it is worth, if it is a number.
    pub fn holds(&self, text: &str, number: Option<f64>) -> bool {
        let order = match (&self.literal, number) {
            (Literal::Text(_, Some(wanted)), Some(number)) => number.partial_cmp(wanted),
            _ => None,
        };
        let equal = match &self.literal {
            Literal::Regex(regex) => regex.is_match(text),
            Literal::Text(wanted, _) => order.map_or_else(|| fits(text, wanted), |order| order.is_eq()),
        };
        match self.operator {
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
            Operator::Less => order.is_some_and(|order| order.is_lt()),
            Operator::LessOrEqual => order.is_some_and(|order| order.is_le()),
            Operator::Greater => order.is_some_and(|order| order.is_gt()),
            Operator::GreaterOrEqual => order.is_some_and(|order| order.is_ge()),
        }
    }
}

/// The number a word is, also `1e+3`.
pub fn number(word: &str) -> Option<f64> {
    let digits = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    word.parse().ok().filter(|number: &f64| digits && number.is_finite())
}

/// A regular expression of the pattern language: no groups, only ASCII.
pub fn regex(text: &str) -> Result<Regex, String> {
    const SYMBOLS: &str = "_#=@/;,-: ^$?[]{}|\\*+.";
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !SYMBOLS.contains(*c)) {
        Some(c) => Err(format!("Invalid regular expression in filter pattern: '{c}' is not supported")),
        None => RegexBuilder::new(text)
            .size_limit(1 << 20)
            .build()
            .map_err(|_| format!("Invalid regular expression in filter pattern: {text}")),
    }
}

/// Whether a text is what `wanted` says, where `*` stands for anything.
fn fits(text: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (text, wanted) in
            [("abc", "abc"), ("abc", "a*"), ("abc", "*c"), ("abc", "*"), ("", "*"), ("aXbYc", "a*b*c"), ("aa", "a*a")]
        {
            assert!(fits(text, wanted), "{text} {wanted}");
        }
        for (text, wanted) in [("abc", "ab"), ("a", "a*a"), ("abc", "b*"), ("abc", "*b")] {
            assert!(!fits(text, wanted), "{text} {wanted}");
        }
    }
}
