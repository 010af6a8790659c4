//! The grammar of conditions: filters, condition checks and key conditions.
//!
//! A parenthesis may open a condition or an operand, and only what follows it tells. So both are read by one function,
//! into a [`Node`], and no input is read twice.

use super::raw::{self, OPERATOR_LIMIT, RawOperand, too_many_operators};
use super::token::{Cursor, Kind, Syntax};

const KEYWORDS: [&str; 5] = ["AND", "OR", "NOT", "IN", "BETWEEN"];
const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

/// A condition as written.
#[derive(Debug)]
pub(super) enum RawCondition<'a> {
    And(Vec<RawCondition<'a>>),
    Or(Vec<RawCondition<'a>>),
    Not(Box<RawCondition<'a>>),
    Compare(&'a str, [RawOperand<'a>; 2]),
    Between([RawOperand<'a>; 3]),
    /// The first operand, then those it may equal.
    In(Vec<RawOperand<'a>>),
    Function(&'a str, Vec<RawOperand<'a>>),
}

enum Content<'a> {
    Condition(RawCondition<'a>),
    Operand(RawOperand<'a>),
}

struct Node<'a> {
    content: Content<'a>,
    /// Whether it stands in parentheses of its own.
    enclosed: bool,
}

impl<'a> Node<'a> {
    fn bare(content: Content<'a>) -> Self {
        Node { content, enclosed: false }
    }
}

struct Parser<'a, 'c> {
    cursor: &'c mut Cursor<'a>,
    redundant_parentheses: bool,
    operators: usize,
    depth: usize,
}

/// Reads a whole condition.
pub(super) fn parse<'a>(cursor: &mut Cursor<'a>) -> Syntax<RawCondition<'a>> {
    let mut parser = Parser { cursor, redundant_parentheses: false, operators: 0, depth: 0 };
    let node = parser.disjunction()?;
    let condition = parser.condition(node)?;
    if !parser.cursor.at_end() {
        return Err(parser.cursor.error());
    }
    if parser.redundant_parentheses {
        return Err("The expression has redundant parentheses;".to_owned());
    }
    match parser.operators {
        count if count > OPERATOR_LIMIT => Err(too_many_operators(count)),
        _ => Ok(condition),
    }
}

impl<'a> Parser<'a, '_> {
    fn disjunction(&mut self) -> Syntax<Node<'a>> {
        self.chain("OR", Self::conjunction, RawCondition::Or)
    }

    fn conjunction(&mut self) -> Syntax<Node<'a>> {
        self.chain("AND", Self::negation, RawCondition::And)
    }

    fn chain(
        &mut self,
        keyword: &str,
        part: fn(&mut Self) -> Syntax<Node<'a>>,
        whole: fn(Vec<RawCondition<'a>>) -> RawCondition<'a>,
    ) -> Syntax<Node<'a>> {
        let first = part(self)?;
        if !self.cursor.is_keyword(keyword) {
            return Ok(first);
        }
        let mut parts = vec![self.condition(first)?];
        while self.cursor.accept_keyword(keyword) {
            let next = part(self)?;
            parts.push(self.condition(next)?);
        }
        Ok(Node::bare(Content::Condition(whole(parts))))
    }

    fn negation(&mut self) -> Syntax<Node<'a>> {
        if !self.cursor.accept_keyword("NOT") {
            return self.comparison();
        }
        raw::enter(&mut self.depth)?;
        let inner = self.negation()?;
        let inner = self.condition(inner)?;
        self.depth -= 1;
        Ok(Node::bare(Content::Condition(RawCondition::Not(Box::new(inner)))))
    }

    fn comparison(&mut self) -> Syntax<Node<'a>> {
        let node = self.primary()?;
        let operand = match node {
            Node { content: Content::Operand(operand), enclosed } => match self.infix() {
                true => operand,
                false => {
                    return Ok(Node { content: Content::Operand(operand), enclosed });
                }
            },
            condition => return Ok(condition),
        };
        self.operators += 1;
        let condition = if self.cursor.accept_keyword("BETWEEN") {
            let low = self.operand()?;
            if !self.cursor.accept_keyword("AND") {
                return Err(self.cursor.error());
            }
            RawCondition::Between([operand, low, self.operand()?])
        } else if self.cursor.accept_keyword("IN") {
            self.cursor.expect("(")?;
            let mut operands = vec![operand];
            operands.append(&mut self.arguments()?);
            RawCondition::In(operands)
        } else {
            let comparator = self.cursor.take();
            RawCondition::Compare(comparator, [operand, self.operand()?])
        };
        Ok(Node::bare(Content::Condition(condition)))
    }

    /// Whether an operator follows that makes a condition of an operand.
    fn infix(&self) -> bool {
        self.cursor.is_keyword("BETWEEN")
            || self.cursor.is_keyword("IN")
            || COMPARATORS.iter().any(|comparator| self.cursor.is(comparator))
    }

    fn primary(&mut self) -> Syntax<Node<'a>> {
        if self.cursor.accept("(") {
            return self.parenthesised();
        }
        if self.cursor.kind() == Kind::Placeholder {
            return Ok(Node::bare(Content::Operand(RawOperand::Value(self.cursor.take()))));
        }
        if self.cursor.kind() == Kind::Word && self.cursor.is_after("(") && !self.at_keyword() {
            return self.function();
        }
        let path = raw::path(self.cursor, &KEYWORDS)?;
        Ok(Node::bare(Content::Operand(RawOperand::Path(path))))
    }

    fn at_keyword(&self) -> bool {
        KEYWORDS.iter().any(|keyword| self.cursor.is_keyword(keyword))
    }

    fn parenthesised(&mut self) -> Syntax<Node<'a>> {
        raw::enter(&mut self.depth)?;
        let mut node = self.disjunction()?;
        self.cursor.expect(")")?;
        self.depth -= 1;
        self.redundant_parentheses |= node.enclosed;
        node.enclosed = true;
        if let Content::Operand(RawOperand::Path(path)) = &mut node.content {
            let steps = path.steps.len();
            raw::steps(self.cursor, &KEYWORDS, path)?;
            node.enclosed = path.steps.len() == steps;
        }
        Ok(node)
    }

    fn function(&mut self) -> Syntax<Node<'a>> {
        let name = self.cursor.take();
        self.cursor.expect("(")?;
        self.operators += 1;
        raw::enter(&mut self.depth)?;
        let arguments = self.arguments()?;
        self.depth -= 1;
        Ok(Node::bare(Content::Operand(RawOperand::Function(name, arguments))))
    }

    /// Reads operands up to the closing parenthesis.
    fn arguments(&mut self) -> Syntax<Vec<RawOperand<'a>>> {
        let mut arguments = vec![self.operand()?];
        while self.cursor.accept(",") {
            arguments.push(self.operand()?);
        }
        self.cursor.expect(")")?;
        Ok(arguments)
    }

    fn operand(&mut self) -> Syntax<RawOperand<'a>> {
        match self.primary()?.content {
            Content::Operand(operand) => Ok(operand),
            Content::Condition(_) => Err(self.cursor.error()),
        }
    }

    /// What stands where a condition must stand: a condition, or a function taken for one.
    fn condition(&self, node: Node<'a>) -> Syntax<RawCondition<'a>> {
        match node.content {
            Content::Condition(condition) => Ok(condition),
            Content::Operand(RawOperand::Function(name, arguments)) => Ok(RawCondition::Function(name, arguments)),
            Content::Operand(_) => Err(self.cursor.error()),
        }
    }
}
