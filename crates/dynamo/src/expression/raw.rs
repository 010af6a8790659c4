//! Operands as written, before placeholders are resolved: what conditions and updates have in common.

use super::path::{Path, Step};
use super::placeholders::Placeholders;
use super::reserved::is_reserved;
use super::token::{Cursor, Kind, Syntax};
use crate::ValidationError;

/// The longest expression, in bytes.
const LENGTH_LIMIT: usize = 4096;
/// The most operators and functions in one expression.
pub(super) const OPERATOR_LIMIT: usize = 300;
/// The deepest nesting of parentheses, functions and NOT; ours, so that no expression exhausts the stack.
const DEPTH_LIMIT: usize = 100;

/// A name, written out or behind a placeholder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RawName<'a> {
    Literal(&'a str),
    Placeholder(&'a str),
}

#[derive(Debug, PartialEq)]
pub(super) enum RawStep<'a> {
    Key(RawName<'a>),
    Index(usize),
}

#[derive(Debug, PartialEq)]
pub(super) struct RawPath<'a> {
    pub head: RawName<'a>,
    pub steps: Vec<RawStep<'a>>,
}

#[derive(Debug, PartialEq)]
pub(super) enum RawOperand<'a> {
    Path(RawPath<'a>),
    Value(&'a str),
    Function(&'a str, Vec<RawOperand<'a>>),
}

/// Opens an expression: not empty, not too long.
pub(super) fn open<'a>(parameter: &str, text: &'a str) -> Result<Cursor<'a>, ValidationError> {
    if text.is_empty() {
        return Err(invalid(parameter, "The expression can not be empty;"));
    }
    if text.len() > LENGTH_LIMIT {
        let length = text.len();
        let message = format!("Expression size has exceeded the maximum allowed size; expression size: {length}");
        return Err(invalid(parameter, message));
    }
    Ok(Cursor::new(text))
}

/// `Invalid UpdateExpression: …`
pub(super) fn invalid(parameter: &str, message: impl std::fmt::Display) -> ValidationError {
    ValidationError(format!("Invalid {parameter}: {message}"))
}

pub(super) fn too_many_operators(count: usize) -> String {
    format!("The expression contains too many operators; operator count: {count}")
}

/// Goes one level down.
pub(super) fn enter(depth: &mut usize) -> Syntax<()> {
    *depth += 1;
    if *depth > DEPTH_LIMIT {
        return Err(format!("The expression is nested too deeply; nesting depth: {depth}"));
    }
    Ok(())
}

/// Reads a path; `keywords` are the words that no attribute may have here.
pub(super) fn path<'a>(cursor: &mut Cursor<'a>, keywords: &[&str]) -> Syntax<RawPath<'a>> {
    let mut path = RawPath { head: name(cursor, keywords)?, steps: Vec::new() };
    steps(cursor, keywords, &mut path)?;
    Ok(path)
}

/// Reads `.key` and `[index]` as long as they come.
pub(super) fn steps<'a>(cursor: &mut Cursor<'a>, keywords: &[&str], path: &mut RawPath<'a>) -> Syntax<()> {
    loop {
        if cursor.accept(".") {
            path.steps.push(RawStep::Key(name(cursor, keywords)?));
        } else if cursor.accept("[") {
            path.steps.push(RawStep::Index(index(cursor)?));
            cursor.expect("]")?;
        } else {
            return Ok(());
        }
    }
}

fn name<'a>(cursor: &mut Cursor<'a>, keywords: &[&str]) -> Syntax<RawName<'a>> {
    match cursor.kind() {
        Kind::Word if !keywords.iter().any(|keyword| cursor.is_keyword(keyword)) => Ok(RawName::Literal(cursor.take())),
        Kind::Name => Ok(RawName::Placeholder(cursor.take())),
        _ => Err(cursor.error()),
    }
}

fn index(cursor: &mut Cursor<'_>) -> Syntax<usize> {
    let index = cursor.text().parse().ok().filter(|_| cursor.kind() == Kind::Digits);
    let index = index.ok_or_else(|| cursor.error())?;
    cursor.take();
    Ok(index)
}

impl<'a> RawPath<'a> {
    fn literals(&self) -> impl Iterator<Item = &'a str> {
        let names = self.steps.iter().filter_map(|step| match step {
            RawStep::Key(name) => Some(*name),
            RawStep::Index(_) => None,
        });
        std::iter::once(self.head).chain(names).filter_map(|name| match name {
            RawName::Literal(word) => Some(word),
            RawName::Placeholder(_) => None,
        })
    }

    pub fn check_reserved(&self) -> Result<(), String> {
        match self.literals().find(|word| is_reserved(word)) {
            Some(word) => Err(format!("Attribute name is a reserved keyword; reserved keyword: {word}")),
            None => Ok(()),
        }
    }

    pub fn resolve(&self, placeholders: &mut Placeholders) -> Result<Path, String> {
        let attribute = self.head.resolve(placeholders)?;
        let steps = self.steps.iter().map(|step| {
            Ok(match step {
                RawStep::Key(name) => Step::Key(name.resolve(placeholders)?),
                RawStep::Index(index) => Step::Index(*index),
            })
        });
        Ok(Path { attribute, steps: steps.collect::<Result<_, String>>()? })
    }
}

impl RawName<'_> {
    fn resolve(self, placeholders: &mut Placeholders) -> Result<String, String> {
        match self {
            RawName::Literal(word) => Ok(word.to_owned()),
            RawName::Placeholder(name) => Ok(placeholders.name(name)?.to_owned()),
        }
    }
}

/// Is shown a function's name and arguments.
type Visitor<'v, 'a> = dyn FnMut(&'a str, &[RawOperand<'a>]) -> Result<(), String> + 'v;

impl<'a> RawOperand<'a> {
    /// Visits the operand's functions, inner ones first, as they are complete when read from the left.
    pub fn functions(&self, visit: &mut Visitor<'_, 'a>) -> Result<(), String> {
        if let RawOperand::Function(name, arguments) = self {
            for argument in arguments {
                argument.functions(visit)?;
            }
            visit(name, arguments)?;
        }
        Ok(())
    }

    pub fn check_reserved(&self) -> Result<(), String> {
        match self {
            RawOperand::Path(path) => path.check_reserved(),
            RawOperand::Value(_) => Ok(()),
            RawOperand::Function(_, arguments) => arguments.iter().try_for_each(RawOperand::check_reserved),
        }
    }
}

/// The refusal of a call with too few or too many arguments.
pub(super) fn wrong_count(function: &str, count: usize) -> String {
    format!(
        "Incorrect number of operands for operator or function; operator or function: {function}, \
         number of operands: {count}"
    )
}

/// The refusal of an argument of the wrong type.
pub(super) fn wrong_type(function: &str, kind: impl std::fmt::Display) -> String {
    format!("Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}")
}

/// The refusal of an argument that is no path.
pub(super) fn needs_path(function: &str) -> String {
    format!("Operator or function requires a document path; operator or function: {function}")
}

pub(super) fn unknown_function(function: &str) -> String {
    format!("Invalid function name; function: {function}")
}
