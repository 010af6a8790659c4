//! Expressions, from `||` down to literals.

use super::Parser;
use crate::ast::{Expr, Node, Operator};
use crate::error::Error;

/// Operators of one precedence, weakest first; a longer one stands before its own beginning.
const LEVELS: [&[(&str, Operator)]; 4] = [
    &[("==", Operator::Equal), ("!=", Operator::NotEqual), ("eq", Operator::Equal), ("ne", Operator::NotEqual)],
    &[
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("le", Operator::LessEqual),
        ("ge", Operator::GreaterEqual),
        ("lt", Operator::Less),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

impl Parser<'_, '_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Error> {
        self.nested(Self::any)
    }

    fn any(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.all()?];
        while self.operator("||") || self.operator("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.chain(0)?];
        while self.operator("&&") || self.operator("and") {
            parts.push(self.chain(0)?);
        }
        Ok(single(parts, Expr::All))
    }

    fn chain(&mut self, level: usize) -> Result<Expr, Error> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        while let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.operator(symbol)) {
            rest.push((*operator, self.chain(level + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    /// Steps over an operator, symbol or word, and the space before it.
    fn operator(&mut self, symbol: &str) -> bool {
        let before = self.at;
        self.spaces();
        let word = symbol.starts_with(|c: char| c.is_ascii_alphabetic());
        if self.eat(symbol) && !(word && self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')) {
            return true;
        }
        self.at = before;
        false
    }

    fn unary(&mut self) -> Result<Expr, Error> {
        self.spaces();
        if self.eat("!") || self.operator("not") {
            return Ok(Expr::Not(Box::new(self.nested(Self::unary)?)));
        }
        if self.peek() == Some('-') && self.peek_at(1).is_some_and(|c| !c.is_ascii_digit()) {
            self.bump();
            return Ok(Expr::Negate(Box::new(self.nested(Self::unary)?)));
        }
        self.primary()
    }

    /// A literal, a reference or something in parentheses.
    pub(super) fn primary(&mut self) -> Result<Expr, Error> {
        self.spaces();
        match self.peek() {
            Some('(') => {
                self.bump();
                let inner = self.expression()?;
                self.spaces();
                self.expect(")")?;
                Ok(inner)
            }
            Some('$') => match self.reference()? {
                Some(reference) => Ok(Expr::Reference(reference)),
                None => Err(self.error("Expected a reference")),
            },
            Some('\'') => Ok(Expr::Text(self.quoted('\'')?)),
            Some('"') => self.interpolated(),
            Some('[') => self.list(),
            Some('{') => self.map(),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Expr, Error> {
        for (word, flag) in [("true", true), ("false", false)] {
            if self.operator(word) {
                return Ok(Expr::Bool(flag));
            }
        }
        Err(self.error("Expected a value"))
    }

    /// The inside of a quoted string; a doubled quote stands for one.
    fn quoted(&mut self, quote: char) -> Result<String, Error> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            match self.peek() {
                Some(c) if c == quote => {
                    self.bump();
                    if self.peek() != Some(quote) {
                        return Ok(text);
                    }
                    text.push(quote);
                    self.bump();
                }
                Some(c) => {
                    text.push(c);
                    self.bump();
                }
                None => {
                    self.at = start;
                    return Err(self.error("String without its closing quote"));
                }
            }
        }
    }

    fn interpolated(&mut self) -> Result<Expr, Error> {
        let text = self.quoted('"')?;
        if !text.contains(['$', '#']) {
            return Ok(Expr::Text(text));
        }
        let mut inner = Parser { source: &text, at: 0, depth: self.depth, template: &mut *self.template };
        let mut block = inner.whole()?;
        Ok(match block.as_slice() {
            [Node::Text(_)] => match block.pop() {
                Some(Node::Text(text)) => Expr::Text(text),
                _ => Expr::Text(text),
            },
            _ => Expr::Interpolated(self.template.keep(block)),
        })
    }

    fn number(&mut self) -> Result<Expr, Error> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = usize::from(bytes.first() == Some(&b'-'));
        end += digits(end);
        // `1..3` is a range, `1.5` a fraction.
        let float = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if float {
            end += 1;
            end += digits(end);
        }
        let text = &self.rest()[..end];
        let literal = if float { None } else { text.parse().ok().map(Expr::Int) };
        let literal = literal.or_else(|| text.parse().ok().map(Expr::Float));
        self.at += end;
        literal.ok_or_else(|| self.error("Expected a number"))
    }

    fn list(&mut self) -> Result<Expr, Error> {
        self.expect("[")?;
        let mut items = Vec::new();
        loop {
            self.spaces();
            if items.is_empty() && self.eat("]") {
                return Ok(Expr::List(items));
            }
            items.push(self.expression()?);
            self.spaces();
            if self.eat("]") {
                return Ok(Expr::List(items));
            }
            if items.len() == 1 && self.eat("..") {
                let last = self.expression()?;
                self.spaces();
                self.expect("]")?;
                return Ok(Expr::Range(Box::new(items.remove(0)), Box::new(last)));
            }
            self.expect(",")?;
        }
    }

    fn map(&mut self) -> Result<Expr, Error> {
        self.expect("{")?;
        let mut entries = Vec::new();
        loop {
            self.spaces();
            if entries.is_empty() && self.eat("}") {
                return Ok(Expr::Map(entries));
            }
            let key = self.map_key()?;
            self.spaces();
            self.expect(":")?;
            entries.push((key, self.expression()?));
            self.spaces();
            if self.eat("}") {
                return Ok(Expr::Map(entries));
            }
            self.expect(",")?;
        }
    }

    /// A key is an expression or a bare word.
    fn map_key(&mut self) -> Result<Expr, Error> {
        match self.identifier() {
            Some(word) => Ok(Expr::Text(word)),
            None => self.expression(),
        }
    }
}

fn single(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}
