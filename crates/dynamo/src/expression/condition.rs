//! Conditions: ConditionExpression and FilterExpression, checked and ready to be asked of items.

use super::condition_syntax::{self, RawCondition};
use super::path::Path;
use super::placeholders::Placeholders;
use super::raw::{RawOperand, invalid, needs_path, open, unknown_function, wrong_count, wrong_type};
use crate::{Type, ValidationError, Value};

/// The most operands that IN may have on its right.
const IN_LIMIT: usize = 100;

/// A condition on an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Comparator, Operand, Operand),
    /// The operand lies between the two others, both included.
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    AttributeExists(Path),
    AttributeNotExists(Path),
    AttributeType(Operand, Type),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Path(Path),
    Value(Value),
    /// The length, count or bytes of another operand.
    Size(Box<Operand>),
}

impl Comparator {
    fn from_symbol(symbol: &str) -> Comparator {
        match symbol {
            "=" => Comparator::Equal,
            "<>" => Comparator::NotEqual,
            "<" => Comparator::Less,
            "<=" => Comparator::LessOrEqual,
            ">" => Comparator::Greater,
            _ => Comparator::GreaterOrEqual,
        }
    }

    fn is_ordering(self) -> bool {
        !matches!(self, Comparator::Equal | Comparator::NotEqual)
    }
}

impl Operand {
    /// The type, where it is known without an item.
    fn kind(&self) -> Option<Type> {
        match self {
            Operand::Path(_) => None,
            Operand::Value(value) => Some(value.kind()),
            Operand::Size(_) => Some(Type::N),
        }
    }
}

impl Condition {
    /// Parses and checks a condition. `parameter` is its name in the request (`ConditionExpression`, …).
    pub fn parse(parameter: &str, text: &str, placeholders: &mut Placeholders) -> Result<Condition, ValidationError> {
        let mut cursor = open(parameter, text)?;
        let parsed = condition_syntax::parse(&mut cursor).and_then(|raw| {
            check_functions(&raw)?;
            check_uses(&raw)?;
            raw.operands(&mut |operand| operand.check_reserved())?;
            resolve(&raw, placeholders)
        });
        parsed.map_err(|message| invalid(parameter, message))
    }
}

impl<'a> RawCondition<'a> {
    /// Visits the outermost operands in the order they are written.
    fn operands(&self, visit: &mut dyn FnMut(&RawOperand<'a>) -> Result<(), String>) -> Result<(), String> {
        match self {
            RawCondition::And(parts) | RawCondition::Or(parts) => {
                parts.iter().try_for_each(|part| part.operands(visit))
            }
            RawCondition::Not(part) => part.operands(visit),
            RawCondition::Compare(_, operands) => operands.iter().try_for_each(visit),
            RawCondition::Between(operands) => operands.iter().try_for_each(visit),
            RawCondition::In(operands) | RawCondition::Function(_, operands) => operands.iter().try_for_each(visit),
        }
    }

    /// Visits the conditions that are not made of others.
    fn leaves(&self, visit: &mut dyn FnMut(&RawCondition<'a>) -> Result<(), String>) -> Result<(), String> {
        match self {
            RawCondition::And(parts) | RawCondition::Or(parts) => parts.iter().try_for_each(|part| part.leaves(visit)),
            RawCondition::Not(part) => part.leaves(visit),
            leaf => visit(leaf),
        }
    }
}

/// Every function must be one that conditions have.
fn check_functions(raw: &RawCondition<'_>) -> Result<(), String> {
    let known = |name: &str| match operands_of(name) {
        Some(_) => Ok(()),
        None => Err(unknown_function(name)),
    };
    raw.leaves(&mut |leaf| {
        leaf.operands(&mut |operand| operand.functions(&mut |name, _| known(name)))?;
        match leaf {
            RawCondition::Function(name, _) => known(name),
            _ => Ok(()),
        }
    })
}

/// How many operands a function takes; `None` for no function of conditions.
fn operands_of(function: &str) -> Option<usize> {
    match function {
        "attribute_exists" | "attribute_not_exists" | "size" => Some(1),
        "attribute_type" | "begins_with" | "contains" => Some(2),
        _ => None,
    }
}

/// `size` is an operand and no condition; the other functions are conditions and no operands.
fn check_uses(raw: &RawCondition<'_>) -> Result<(), String> {
    let misused =
        |name: &str| Err(format!("The function is not allowed to be used this way in an expression; function: {name}"));
    raw.leaves(&mut |leaf| {
        leaf.operands(&mut |operand| {
            operand.functions(&mut |name, _| {
                if name == "size" { Ok(()) } else { misused(name) }
            })
        })?;
        match leaf {
            RawCondition::Function("size", _) => misused("size"),
            _ => Ok(()),
        }
    })
}

fn resolve(raw: &RawCondition<'_>, placeholders: &mut Placeholders) -> Result<Condition, String> {
    let mut all = |parts: &[RawCondition<'_>]| -> Result<Vec<Condition>, String> {
        parts.iter().map(|part| resolve(part, placeholders)).collect()
    };
    Ok(match raw {
        RawCondition::And(parts) => Condition::And(all(parts)?),
        RawCondition::Or(parts) => Condition::Or(all(parts)?),
        RawCondition::Not(part) => Condition::Not(Box::new(resolve(part, placeholders)?)),
        leaf => return resolve_leaf(leaf, placeholders),
    })
}

/// AWS judges condition by condition: placeholders, then counts, then operands that must differ, then types.
fn resolve_leaf(leaf: &RawCondition<'_>, placeholders: &mut Placeholders) -> Result<Condition, String> {
    leaf.operands(&mut |operand| require_placeholders(operand, placeholders))?;
    leaf.operands(&mut |operand| operand.functions(&mut |name, arguments| check_count(name, arguments.len())))?;
    if let RawCondition::Function(name, arguments) = leaf {
        check_count(name, arguments.len())?;
    }
    let mut operands = Vec::new();
    leaf.operands(&mut |operand| {
        operands.push(resolve_operand(operand, placeholders)?);
        Ok(())
    })?;
    check_distinct(leaf, &operands)?;
    operands.iter().try_for_each(check_size)?;
    build(leaf, operands)
}

fn require_placeholders(operand: &RawOperand<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
    match operand {
        RawOperand::Path(path) => path.resolve(placeholders).map(drop),
        RawOperand::Value(name) => placeholders.value(name).map(drop),
        RawOperand::Function(_, arguments) => {
            arguments.iter().try_for_each(|argument| require_placeholders(argument, placeholders))
        }
    }
}

fn check_count(function: &str, count: usize) -> Result<(), String> {
    match operands_of(function) {
        Some(expected) if expected != count => Err(wrong_count(function, count)),
        _ => Ok(()),
    }
}

fn resolve_operand(operand: &RawOperand<'_>, placeholders: &mut Placeholders) -> Result<Operand, String> {
    Ok(match operand {
        RawOperand::Path(path) => Operand::Path(path.resolve(placeholders)?),
        RawOperand::Value(name) => Operand::Value(placeholders.value(name)?.clone()),
        RawOperand::Function(name, arguments) => match arguments.as_slice() {
            [argument] => Operand::Size(Box::new(resolve_operand(argument, placeholders)?)),
            _ => return Err(wrong_count(name, arguments.len())),
        },
    })
}

fn check_distinct(leaf: &RawCondition<'_>, operands: &[Operand]) -> Result<(), String> {
    let operator = match leaf {
        RawCondition::Compare(symbol, _) => symbol,
        RawCondition::Function(name, _) => name,
        _ => return Ok(()),
    };
    match operands {
        [Operand::Path(one), Operand::Path(two)] if one == two => Err(format!(
            "The first operand must be distinct from the remaining operands for this operator or function; \
             operator: {operator}, first operand: {one}"
        )),
        _ => Ok(()),
    }
}

fn check_size(operand: &Operand) -> Result<(), String> {
    let Operand::Size(inner) = operand else {
        return Ok(());
    };
    check_size(inner)?;
    match inner.kind() {
        Some(kind @ (Type::N | Type::Bool | Type::Null)) => Err(wrong_type("size", kind)),
        _ => Ok(()),
    }
}

fn build(leaf: &RawCondition<'_>, operands: Vec<Operand>) -> Result<Condition, String> {
    let mut operands = operands.into_iter();
    let mut next = || operands.next().ok_or_else(|| "Syntax error;".to_owned());
    match leaf {
        RawCondition::Compare(symbol, _) => compare(symbol, next()?, next()?),
        RawCondition::Between(_) => between(next()?, next()?, next()?),
        RawCondition::In(_) => {
            let first = next()?;
            let rest: Vec<Operand> = operands.collect();
            match rest.len() {
                count if count > IN_LIMIT => Err(wrong_count("IN", count + 1)),
                _ => Ok(Condition::In(first, rest)),
            }
        }
        RawCondition::Function("attribute_exists", _) => {
            path_of("attribute_exists", next()?).map(Condition::AttributeExists)
        }
        RawCondition::Function("attribute_not_exists", _) => {
            path_of("attribute_not_exists", next()?).map(Condition::AttributeNotExists)
        }
        RawCondition::Function("attribute_type", _) => {
            let operand = next()?;
            Ok(Condition::AttributeType(operand, named_type(&next()?)?))
        }
        RawCondition::Function("begins_with", _) => begins_with(next()?, next()?),
        _ => Ok(Condition::Contains(next()?, next()?)),
    }
}

/// The first type known beforehand that an operator cannot work on.
fn misfit(operands: &[&Operand], fits: fn(Type) -> bool) -> Option<Type> {
    operands.iter().filter_map(|operand| operand.kind()).find(|kind| !fits(*kind))
}

/// Operators name themselves in another word than functions do.
fn unordered(operator: &str, kind: Type) -> String {
    format!("Incorrect operand type for operator or function; operator: {operator}, operand type: {kind}")
}

fn compare(symbol: &str, left: Operand, right: Operand) -> Result<Condition, String> {
    let comparator = Comparator::from_symbol(symbol);
    match misfit(&[&left, &right], Type::is_ordered) {
        Some(kind) if comparator.is_ordering() => Err(unordered(symbol, kind)),
        _ => Ok(Condition::Compare(comparator, left, right)),
    }
}

fn between(operand: Operand, low: Operand, high: Operand) -> Result<Condition, String> {
    if let (Operand::Value(low), Operand::Value(high)) = (&low, &high) {
        check_bounds(low, high)?;
    }
    match misfit(&[&operand, &low, &high], Type::is_ordered) {
        Some(kind) => Err(unordered("BETWEEN", kind)),
        None => Ok(Condition::Between(operand, low, high)),
    }
}

fn check_bounds(low: &Value, high: &Value) -> Result<(), String> {
    let complaint = match (low.kind() == high.kind(), low.compare(high)) {
        (false, _) => "same data type for lower and upper bounds",
        (true, Some(std::cmp::Ordering::Greater)) => "upper bound to be greater than or equal to lower bound",
        _ => return Ok(()),
    };
    Err(format!(
        "The BETWEEN operator requires {complaint}; lower bound operand: AttributeValue: {}, \
         upper bound operand: AttributeValue: {}",
        low.in_message(),
        high.in_message()
    ))
}

fn path_of(function: &str, operand: Operand) -> Result<Path, String> {
    match operand {
        Operand::Path(path) => Ok(path),
        _ => Err(needs_path(function)),
    }
}

fn named_type(operand: &Operand) -> Result<Type, String> {
    match operand {
        Operand::Value(Value::S(name)) => Type::from_descriptor(name).ok_or_else(|| {
            format!("Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}")
        }),
        other => match other.kind() {
            Some(kind) => Err(wrong_type("attribute_type", kind)),
            None => Err(wrong_type("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")),
        },
    }
}

fn begins_with(operand: Operand, prefix: Operand) -> Result<Condition, String> {
    match misfit(&[&operand, &prefix], |kind| matches!(kind, Type::S | Type::B)) {
        Some(kind) => Err(wrong_type("begins_with", kind)),
        None => Ok(Condition::BeginsWith(operand, prefix)),
    }
}
