//! Operators and literals.

use super::{Renderer, truth};
use crate::ast::{Expr, Operator};
use crate::error::Error;
use crate::value::{BlockId, Value};
use indexmap::IndexMap;
use std::cmp::Ordering;

impl Renderer<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Result<Value, Error> {
        self.heap.work(0)?;
        match expression {
            Expr::Bool(flag) => Ok(Value::Bool(*flag)),
            Expr::Int(number) => Ok(Value::Int(*number)),
            Expr::Float(number) => Ok(Value::Float(*number)),
            Expr::Text(text) => self.heap.text(text),
            Expr::Interpolated(block) => {
                let mut out = String::new();
                self.defined(BlockId(*block), &mut out)?;
                self.heap.text(&out)
            }
            Expr::List(items) => {
                let items = items.iter().map(|item| self.expression(item)).collect::<Result<_, _>>()?;
                self.heap.list(items)
            }
            Expr::Range(first, last) => {
                let (first, last) = (self.expression(first)?, self.expression(last)?);
                self.range(&first, &last)
            }
            Expr::Map(entries) => {
                let mut map = IndexMap::new();
                for (key, value) in entries {
                    let key = self.expression(key)?;
                    let key = self.heap.show(&key)?;
                    map.insert(key, self.expression(value)?);
                }
                self.heap.map(map)
            }
            Expr::Reference(reference) => match self.reference(reference)? {
                Value::Block(block) => {
                    let mut out = String::new();
                    self.defined(block, &mut out)?;
                    self.heap.text(&out)
                }
                value => Ok(value),
            },
            Expr::Not(inner) => Ok(Value::Bool(!truth(&self.expression(inner)?))),
            Expr::Negate(inner) => {
                let value = self.expression(inner)?;
                self.operate(Operator::Subtract, &Value::Int(0), &value)
            }
            Expr::Chain(first, rest) => {
                let mut left = self.expression(first)?;
                for (operator, right) in rest {
                    let right = self.expression(right)?;
                    left = self.operate(*operator, &left, &right)?;
                }
                Ok(left)
            }
            Expr::All(parts) => self.until(parts, false),
            Expr::Any(parts) => self.until(parts, true),
        }
    }

    /// `&&` ends at the first false part, `||` at the first true one.
    fn until(&mut self, parts: &[Expr], decisive: bool) -> Result<Value, Error> {
        for part in parts {
            if truth(&self.expression(part)?) == decisive {
                return Ok(Value::Bool(decisive));
            }
        }
        Ok(Value::Bool(!decisive))
    }

    /// `[1..3]`, or downwards.
    fn range(&mut self, first: &Value, last: &Value) -> Result<Value, Error> {
        let (Value::Int(first), Value::Int(last)) = (first, last) else {
            return Ok(Value::Null);
        };
        let length = first.abs_diff(*last);
        if length > 1_000_000 {
            return Err(Error::Limit("items of a range"));
        }
        self.heap.work(length as usize * 32)?;
        let items = if first <= last {
            (*first..=*last).map(Value::Int).collect()
        } else {
            (*last..=*first).rev().map(Value::Int).collect()
        };
        self.heap.list(items)
    }

    fn operate(&mut self, operator: Operator, left: &Value, right: &Value) -> Result<Value, Error> {
        let compared =
            |wanted: fn(Ordering) -> bool| compare(left, right).map_or(Value::Null, |o| Value::Bool(wanted(o)));
        Ok(match operator {
            Operator::Equal => Value::Bool(self.heap.equal(left, right, 0)?),
            Operator::NotEqual => Value::Bool(!self.heap.equal(left, right, 0)?),
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessEqual => compared(Ordering::is_le),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterEqual => compared(Ordering::is_ge),
            Operator::Add if matches!((left, right), (Value::Text(_), _) | (_, Value::Text(_))) => {
                self.concatenate(left, right)?
            }
            _ => arithmetic(operator, left, right),
        })
    }

    fn concatenate(&mut self, left: &Value, right: &Value) -> Result<Value, Error> {
        let text = self.heap.show(left)? + &self.heap.show(right)?;
        self.heap.text(&text)
    }
}

/// Numbers compare; anything else has no order and the comparison is null.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        _ => float(left)?.partial_cmp(&float(right)?),
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Whole numbers stay whole until they overflow; a division by zero or of no number is null.
fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Value {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let whole = match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            _ if *b == 0 => return Value::Null,
            Operator::Divide => a.checked_div(*b),
            _ => a.checked_rem(*b),
        };
        if let Some(whole) = whole {
            return Value::Int(whole);
        }
    }
    let (Some(a), Some(b)) = (float(left), float(right)) else {
        return Value::Null;
    };
    match operator {
        Operator::Add => Value::Float(a + b),
        Operator::Subtract => Value::Float(a - b),
        Operator::Multiply => Value::Float(a * b),
        Operator::Divide if b != 0.0 => Value::Float(a / b),
        Operator::Remainder if b != 0.0 => Value::Float(a % b),
        _ => Value::Null,
    }
}
