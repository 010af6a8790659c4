//! References: `$x`, `${x.y}`, `$!x.m('a')[0]`.

use super::Parser;
use crate::ast::{Access, Expr, Reference};
use crate::error::Error;

impl Parser<'_, '_> {
    /// The reference that comes next; `None`, with nothing consumed, when `$` is only text.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, Error> {
        let start = self.at;
        if !self.eat("$") {
            return Ok(None);
        }
        let quiet = self.eat("!");
        let braces = self.eat("{");
        if braces {
            self.spaces();
        }
        let Some(root) = self.identifier() else {
            self.at = start;
            return Ok(None);
        };
        let path = self.nested(Self::accesses)?;
        if braces {
            self.spaces();
            self.expect("}")?;
        }
        let source = self.source[start..self.at].to_owned();
        Ok(Some(Reference { root, path, quiet, source }))
    }

    fn accesses(&mut self) -> Result<Vec<Access>, Error> {
        let mut path = Vec::new();
        loop {
            let before = self.at;
            if self.eat(".") {
                let Some(name) = self.identifier() else {
                    self.at = before;
                    return Ok(path);
                };
                path.push(if self.eat("(") { Access::Method(name, self.arguments()?) } else { Access::Property(name) });
            } else if self.indexes() && self.eat("[") {
                let index = self.expression()?;
                self.spaces();
                self.expect("]")?;
                path.push(Access::Index(index));
            } else {
                return Ok(path);
            }
        }
    }

    /// Whether the bracket that comes next holds an index rather than text, as in `$name[see below]`.
    fn indexes(&self) -> bool {
        let Some(inside) = self.rest().strip_prefix('[') else {
            return false;
        };
        inside.trim_start().starts_with(|c: char| c.is_ascii_digit() || "$'\"-".contains(c))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut arguments = Vec::new();
        loop {
            self.spaces();
            if arguments.is_empty() && self.eat(")") {
                return Ok(arguments);
            }
            arguments.push(self.expression()?);
            self.spaces();
            if self.eat(")") {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }
}
