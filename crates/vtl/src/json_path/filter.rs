//! Filters: `[?(@.price < 10 && @.isbn)]`.

use super::parse::{Cursor, MAX_DEPTH};
use super::{Path, Spend};
use crate::error::Error;
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;
use std::cmp::Ordering;

#[derive(Debug)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    /// The path leads to something.
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    Matches(Operand, Regex),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

#[derive(Debug)]
pub(super) enum Operand {
    /// `@…`
    Item(Path),
    /// `$…`
    Root(Path),
    Literal(Json),
}

const COMPARISONS: [(&str, Comparison); 8] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessEqual),
    (">=", Comparison::GreaterEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("in ", Comparison::In),
    ("nin ", Comparison::NotIn),
];

impl Filter {
    pub(super) fn holds(&self, item: &Json, root: &Json, spend: Spend<'_>) -> Result<bool, Error> {
        spend()?;
        Ok(match self {
            Filter::Any(parts) => {
                for part in parts {
                    if part.holds(item, root, spend)? {
                        return Ok(true);
                    }
                }
                false
            }
            Filter::All(parts) => {
                for part in parts {
                    if !part.holds(item, root, spend)? {
                        return Ok(false);
                    }
                }
                true
            }
            Filter::Not(inner) => !inner.holds(item, root, spend)?,
            Filter::Exists(operand) => operand.value(item, root, spend)?.is_some(),
            Filter::Matches(operand, regex) => match operand.value(item, root, spend)? {
                Some(Json::String(text)) => regex.is_match(&text),
                _ => false,
            },
            Filter::Compare(left, comparison, right) => {
                let left = left.value(item, root, spend)?;
                let right = right.value(item, root, spend)?;
                match (left, right) {
                    (Some(left), Some(right)) => comparison.holds(&left, &right),
                    (left, right) => matches!(comparison, Comparison::NotEqual) && left.is_some() != right.is_some(),
                }
            }
        })
    }
}

impl Comparison {
    fn holds(self, left: &Json, right: &Json) -> bool {
        let among = || right.as_array().is_some_and(|items| items.iter().any(|item| equal(left, item)));
        match self {
            Comparison::Equal => equal(left, right),
            Comparison::NotEqual => !equal(left, right),
            Comparison::Less => order(left, right).is_some_and(Ordering::is_lt),
            Comparison::LessEqual => order(left, right).is_some_and(Ordering::is_le),
            Comparison::Greater => order(left, right).is_some_and(Ordering::is_gt),
            Comparison::GreaterEqual => order(left, right).is_some_and(Ordering::is_ge),
            Comparison::In => among(),
            Comparison::NotIn => !among(),
        }
    }
}

fn equal(left: &Json, right: &Json) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn order(left: &Json, right: &Json) -> Option<Ordering> {
    match (left, right) {
        (Json::String(left), Json::String(right)) => Some(left.cmp(right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

impl Operand {
    fn value(&self, item: &Json, root: &Json, spend: Spend<'_>) -> Result<Option<Json>, Error> {
        match self {
            Operand::Literal(value) => Ok(Some(value.clone())),
            Operand::Item(path) => path.relative(item, root, spend),
            Operand::Root(path) => path.relative(root, root, spend),
        }
    }
}

impl Path {
    /// As [`Path::find`] within a filter, where `$` stays the whole document.
    fn relative(&self, start: &Json, root: &Json, spend: Spend<'_>) -> Result<Option<Json>, Error> {
        if self.function.is_some() {
            return self.find(start, spend);
        }
        let found = self.select(start, root, spend)?;
        Ok(found.first().map(|value| (*value).clone()))
    }
}

impl Cursor<'_> {
    /// A filter, from `||` down.
    pub(super) fn filter(&mut self) -> Result<Filter, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Limit("nesting of a JSONPath filter"));
        }
        let mut any = Vec::new();
        loop {
            let mut all = vec![self.term()?];
            while self.operator("&&") {
                all.push(self.term()?);
            }
            any.push(Filter::All(all));
            if !self.operator("||") {
                break;
            }
        }
        self.depth -= 1;
        Ok(Filter::Any(any))
    }

    fn operator(&mut self, symbol: &str) -> bool {
        self.spaces();
        self.eat(symbol)
    }

    fn term(&mut self) -> Result<Filter, Error> {
        self.spaces();
        let mut negated = false;
        while self.eat("!") {
            negated = !negated;
            self.spaces();
        }
        let term = if self.eat("(") {
            let inner = self.filter()?;
            self.expect(")")?;
            inner
        } else {
            self.comparison()?
        };
        Ok(if negated { Filter::Not(Box::new(term)) } else { term })
    }

    fn comparison(&mut self) -> Result<Filter, Error> {
        let left = self.operand()?;
        if self.operator("=~") {
            return Ok(Filter::Matches(left, self.regex()?));
        }
        for (symbol, comparison) in COMPARISONS {
            if self.operator(symbol) {
                return Ok(Filter::Compare(left, comparison, self.operand()?));
            }
        }
        match left {
            Operand::Literal(_) => Err(self.error()),
            path => Ok(Filter::Exists(path)),
        }
    }

    fn operand(&mut self) -> Result<Operand, Error> {
        self.spaces();
        if self.eat("@") {
            return self.inner_path().map(Operand::Item);
        }
        if self.eat("$") {
            return self.inner_path().map(Operand::Root);
        }
        self.literal().map(Operand::Literal)
    }

    fn inner_path(&mut self) -> Result<Path, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Limit("nesting of a JSONPath filter"));
        }
        let path = self.segments();
        self.depth -= 1;
        path
    }

    fn literal(&mut self) -> Result<Json, Error> {
        self.spaces();
        match self.peek() {
            Some('\'' | '"') => self.quoted().map(Json::String),
            Some('[') => self.literals(),
            _ => {
                let end = self.rest().find(|c: char| c.is_whitespace() || "()]&|,".contains(c));
                let word = &self.rest()[..end.unwrap_or(self.rest().len())];
                let value = serde_json::from_str(word).map_err(|_| self.error())?;
                self.at += word.len();
                Ok(value)
            }
        }
    }

    fn literals(&mut self) -> Result<Json, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Limit("nesting of a JSONPath filter"));
        }
        self.bump();
        let mut items = Vec::new();
        self.spaces();
        while !self.eat("]") {
            items.push(self.literal()?);
            self.spaces();
            if !self.eat(",") && self.peek() != Some(']') {
                return Err(self.error());
            }
            self.spaces();
        }
        self.depth -= 1;
        Ok(Json::Array(items))
    }

    /// `/pattern/i`
    fn regex(&mut self) -> Result<Regex, Error> {
        self.expect("/")?;
        let end = self.rest().find('/').ok_or_else(|| self.error())?;
        let pattern = self.rest()[..end].to_owned();
        self.at += end + 1;
        let ignore_case = self.eat("i");
        RegexBuilder::new(&format!("^(?:{pattern})$"))
            .case_insensitive(ignore_case)
            .size_limit(128 << 10)
            .nest_limit(50)
            .build()
            .map_err(|_| self.error())
    }
}
