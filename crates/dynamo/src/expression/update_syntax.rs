//! The grammar of UpdateExpression.

use super::raw::{self, OPERATOR_LIMIT, RawOperand, RawPath, too_many_operators};
use super::token::{Cursor, Kind, Syntax};

const KEYWORDS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

/// An update as written.
#[derive(Debug)]
pub(super) struct RawUpdate<'a> {
    /// The keyword of each section, in capitals.
    pub sections: Vec<&'static str>,
    pub actions: Vec<RawAction<'a>>,
}

#[derive(Debug)]
pub(super) enum RawAction<'a> {
    Set(RawPath<'a>, RawValue<'a>),
    Remove(RawPath<'a>),
    Add(RawPath<'a>, &'a str),
    Delete(RawPath<'a>, &'a str),
}

/// The right side of a SET: an operand, or a sum or difference.
#[derive(Debug)]
pub(super) struct RawValue<'a> {
    pub left: RawOperand<'a>,
    pub right: Option<(&'a str, RawOperand<'a>)>,
}

struct Parser<'a, 'c> {
    cursor: &'c mut Cursor<'a>,
    operators: usize,
    depth: usize,
}

/// Reads a whole update.
pub(super) fn parse<'a>(cursor: &mut Cursor<'a>) -> Syntax<RawUpdate<'a>> {
    let mut parser = Parser { cursor, operators: 0, depth: 0 };
    let mut update = RawUpdate { sections: Vec::new(), actions: Vec::new() };
    loop {
        let section = parser.section()?;
        update.sections.push(section);
        parser.actions(section, &mut update.actions)?;
        if parser.cursor.at_end() {
            break;
        }
    }
    match parser.operators {
        count if count > OPERATOR_LIMIT => Err(too_many_operators(count)),
        _ => Ok(update),
    }
}

impl<'a> Parser<'a, '_> {
    fn section(&mut self) -> Syntax<&'static str> {
        let keyword = KEYWORDS.into_iter().find(|keyword| self.cursor.is_keyword(keyword));
        let keyword = keyword.ok_or_else(|| self.cursor.error())?;
        self.cursor.take();
        Ok(keyword)
    }

    fn actions(&mut self, section: &str, actions: &mut Vec<RawAction<'a>>) -> Syntax<()> {
        loop {
            actions.push(self.action(section)?);
            self.operators += 1;
            if !self.cursor.accept(",") {
                return Ok(());
            }
        }
    }

    fn action(&mut self, section: &str) -> Syntax<RawAction<'a>> {
        let path = raw::path(self.cursor, &KEYWORDS)?;
        Ok(match section {
            "SET" => {
                self.cursor.expect("=")?;
                RawAction::Set(path, self.value()?)
            }
            "REMOVE" => RawAction::Remove(path),
            "ADD" => RawAction::Add(path, self.placeholder()?),
            _ => RawAction::Delete(path, self.placeholder()?),
        })
    }

    fn placeholder(&mut self) -> Syntax<&'a str> {
        if self.cursor.kind() == Kind::Placeholder { Ok(self.cursor.take()) } else { Err(self.cursor.error()) }
    }

    fn value(&mut self) -> Syntax<RawValue<'a>> {
        let value = self.term()?;
        let Some(operator) = ["+", "-"].into_iter().find(|operator| self.cursor.is(operator)) else {
            return Ok(value);
        };
        let RawValue { left, right: None } = value else {
            return Err(self.cursor.error());
        };
        self.cursor.take();
        self.operators += 1;
        match self.term()? {
            RawValue { left: right, right: None } => Ok(RawValue { left, right: Some((operator, right)) }),
            _ => Err(self.cursor.error()),
        }
    }

    /// An operand, or a value in parentheses.
    fn term(&mut self) -> Syntax<RawValue<'a>> {
        if !self.cursor.accept("(") {
            return Ok(RawValue { left: self.operand()?, right: None });
        }
        raw::enter(&mut self.depth)?;
        let value = self.value()?;
        self.cursor.expect(")")?;
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self) -> Syntax<RawOperand<'a>> {
        if self.cursor.kind() == Kind::Placeholder {
            return Ok(RawOperand::Value(self.cursor.take()));
        }
        if self.cursor.kind() == Kind::Word && self.cursor.is_after("(") {
            return self.function();
        }
        raw::path(self.cursor, &KEYWORDS).map(RawOperand::Path)
    }

    fn function(&mut self) -> Syntax<RawOperand<'a>> {
        raw::enter(&mut self.depth)?;
        self.operators += 1;
        let name = self.cursor.take();
        self.cursor.expect("(")?;
        let mut arguments = vec![self.argument()?];
        while self.cursor.accept(",") {
            arguments.push(self.argument()?);
        }
        self.cursor.expect(")")?;
        self.depth -= 1;
        Ok(RawOperand::Function(name, arguments))
    }

    fn argument(&mut self) -> Syntax<RawOperand<'a>> {
        match self.term()? {
            RawValue { left, right: None } => Ok(left),
            _ => Err(self.cursor.error()),
        }
    }
}
