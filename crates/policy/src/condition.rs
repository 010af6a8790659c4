//! Conditions: operators, and whether they hold.
//! Source: IAM User Guide, "Condition operators" and "Multivalued context keys".

use serde_json::Value;

use crate::arn::ArnPattern;
use crate::ip::Range;
use crate::pattern::Pattern;
use crate::{Context, Problem, date};

/// One operator with one key and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub quantifier: Quantifier,
    pub base: Base,
    /// `…IfExists`: holds where the key is missing.
    pub if_exists: bool,
    pub key: String,
    wanted: Vec<Wanted>,
}

/// How many of a key's values must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// None is written: the key has one value.
    One,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// What an operator compares, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnNotEquals,
    ArnLike,
    ArnNotLike,
    Null,
}

const BASES: [(&str, Base); 27] = [
    ("StringEquals", Base::StringEquals),
    ("StringNotEquals", Base::StringNotEquals),
    ("StringEqualsIgnoreCase", Base::StringEqualsIgnoreCase),
    ("StringNotEqualsIgnoreCase", Base::StringNotEqualsIgnoreCase),
    ("StringLike", Base::StringLike),
    ("StringNotLike", Base::StringNotLike),
    ("NumericEquals", Base::NumericEquals),
    ("NumericNotEquals", Base::NumericNotEquals),
    ("NumericLessThan", Base::NumericLessThan),
    ("NumericLessThanEquals", Base::NumericLessThanEquals),
    ("NumericGreaterThan", Base::NumericGreaterThan),
    ("NumericGreaterThanEquals", Base::NumericGreaterThanEquals),
    ("DateEquals", Base::DateEquals),
    ("DateNotEquals", Base::DateNotEquals),
    ("DateLessThan", Base::DateLessThan),
    ("DateLessThanEquals", Base::DateLessThanEquals),
    ("DateGreaterThan", Base::DateGreaterThan),
    ("DateGreaterThanEquals", Base::DateGreaterThanEquals),
    ("Bool", Base::Bool),
    ("BinaryEquals", Base::BinaryEquals),
    ("IpAddress", Base::IpAddress),
    ("NotIpAddress", Base::NotIpAddress),
    ("ArnEquals", Base::ArnEquals),
    ("ArnNotEquals", Base::ArnNotEquals),
    ("ArnLike", Base::ArnLike),
    ("ArnNotLike", Base::ArnNotLike),
    ("Null", Base::Null),
];

/// A value as its operator reads it.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Text(Pattern),
    Arn(ArnPattern),
    Number(f64),
    Date(i64),
    Address(Range),
    Bool(bool),
}

impl Base {
    /// Operators that say what a value must not be.
    fn is_negated(self) -> bool {
        matches!(
            self,
            Base::StringNotEquals
                | Base::StringNotEqualsIgnoreCase
                | Base::StringNotLike
                | Base::NumericNotEquals
                | Base::DateNotEquals
                | Base::NotIpAddress
                | Base::ArnNotEquals
                | Base::ArnNotLike
        )
    }
}

impl Condition {
    /// Reads `"StringLike": {"aws:username": ["a*", "b"]}` for one key.
    ///
    /// # Errors
    /// An operator that AWS does not have, or a value that the operator cannot read.
    pub(crate) fn read(operator: &str, key: &str, values: &Value, variables: bool) -> Result<Self, Problem> {
        let (quantifier, rest) = match operator.split_once(':') {
            Some(("ForAllValues", rest)) => (Quantifier::All, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
            Some(_) => return Err(Problem::Syntax),
            None => (Quantifier::One, operator),
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let base = BASES.iter().find(|(known, _)| *known == name).map(|(_, base)| *base).ok_or(Problem::Syntax)?;
        if base == Base::Null && if_exists {
            return Err(Problem::Syntax);
        }
        let texts = scalars(values)?;
        let wanted = texts.iter().map(|text| Wanted::read(base, text, variables)).collect::<Result<_, _>>()?;
        Ok(Condition { quantifier, base, if_exists, key: key.to_owned(), wanted })
    }

    /// Whether the request's circumstances are as the condition wants them.
    pub fn holds(&self, context: &Context) -> bool {
        let values = context.get(&self.key).filter(|values| !values.is_empty());
        if self.base == Base::Null {
            return self.wanted.iter().any(|wanted| *wanted == Wanted::Bool(values.is_none()));
        }
        let Some(values) = values else {
            return match self.quantifier {
                Quantifier::All => true,
                Quantifier::Any => self.if_exists,
                Quantifier::One => self.if_exists || self.base.is_negated(),
            };
        };
        let among = |value: &String| self.wanted.iter().any(|wanted| wanted.fits(self.base, value, context));
        let fits = |value: &String| among(value) != self.base.is_negated();
        match self.quantifier {
            Quantifier::All => values.iter().all(fits),
            Quantifier::Any => values.iter().any(fits),
            Quantifier::One if self.base.is_negated() => values.iter().all(fits),
            Quantifier::One => values.iter().any(fits),
        }
    }

    /// The keys that its values' variables name.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().flat_map(|wanted| -> Box<dyn Iterator<Item = &str>> {
            match wanted {
                Wanted::Text(pattern) => Box::new(pattern.variables()),
                Wanted::Arn(pattern) => Box::new(pattern.variables()),
                _ => Box::new(std::iter::empty()),
            }
        })
    }
}

/// The texts of one value or a list of them.
fn scalars(values: &Value) -> Result<Vec<String>, Problem> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(bit) => Ok(bit.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Problem::Syntax),
    };
    match values {
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}

impl Wanted {
    fn read(base: Base, text: &str, variables: bool) -> Result<Self, Problem> {
        let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let read = match base {
            Base::StringEquals
            | Base::StringNotEquals
            | Base::StringEqualsIgnoreCase
            | Base::StringNotEqualsIgnoreCase
            | Base::BinaryEquals => Some(Wanted::Text(Pattern::plain(text, variables))),
            Base::StringLike | Base::StringNotLike => Some(Wanted::Text(Pattern::read(text, variables))),
            Base::ArnEquals | Base::ArnNotEquals | Base::ArnLike | Base::ArnNotLike => {
                Some(Wanted::Arn(ArnPattern::read(text, variables)))
            }
            Base::NumericEquals
            | Base::NumericNotEquals
            | Base::NumericLessThan
            | Base::NumericLessThanEquals
            | Base::NumericGreaterThan
            | Base::NumericGreaterThanEquals => number().map(Wanted::Number),
            Base::DateEquals
            | Base::DateNotEquals
            | Base::DateLessThan
            | Base::DateLessThanEquals
            | Base::DateGreaterThan
            | Base::DateGreaterThanEquals => date::parse(text).map(Wanted::Date),
            Base::Bool | Base::Null => truth(text).map(Wanted::Bool),
            Base::IpAddress | Base::NotIpAddress => Range::parse(text).map(Wanted::Address),
        };
        // A variable may stand where a number, date or address would: its value is not known yet.
        match read {
            None if variables && text.starts_with("${") => Ok(Wanted::Text(Pattern::plain(text, true))),
            None => Err(Problem::Legacy),
            Some(read) => Ok(read),
        }
    }

    /// Whether a value of the request is what is wanted; negation is the caller's.
    fn fits(&self, base: Base, value: &str, context: &Context) -> bool {
        match self {
            Wanted::Text(pattern) => match base {
                Base::StringEqualsIgnoreCase | Base::StringNotEqualsIgnoreCase => pattern.fits_any_case(value, context),
                _ => pattern.fits(value, context),
            },
            Wanted::Arn(pattern) => pattern.fits(value, context),
            Wanted::Number(wanted) => value.trim().parse::<f64>().is_ok_and(|value| ordered(base, &value, wanted)),
            Wanted::Date(wanted) => date::parse(value).is_some_and(|value| ordered(base, &value, wanted)),
            Wanted::Address(range) => value.parse().is_ok_and(|address| range.contains(address)),
            Wanted::Bool(wanted) => truth(value) == Some(*wanted),
        }
    }
}

fn ordered<T: PartialOrd>(base: Base, value: &T, wanted: &T) -> bool {
    match base {
        Base::NumericLessThan | Base::DateLessThan => value < wanted,
        Base::NumericLessThanEquals | Base::DateLessThanEquals => value <= wanted,
        Base::NumericGreaterThan | Base::DateGreaterThan => value > wanted,
        Base::NumericGreaterThanEquals | Base::DateGreaterThanEquals => value >= wanted,
        _ => value == wanted,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
