//! Text to [`Path`].

use super::{Function, Path, Segment, Selector};
use crate::error::Error;

/// Segments of one path, and of filters within filters.
const MAX_SEGMENTS: usize = 100;
pub(super) const MAX_DEPTH: usize = 16;

pub(super) fn parse(text: &str) -> Result<Path, Error> {
    let mut cursor = Cursor { text: text.trim(), at: 0, depth: 0 };
    if cursor.text.is_empty() {
        return Err(cursor.error());
    }
    let path = if cursor.eat("$") { cursor.segments()? } else { cursor.bare()? };
    if cursor.at < cursor.text.len() { Err(cursor.error()) } else { Ok(path) }
}

/// Where the parser is in a path; filters read on with the same one.
pub(super) struct Cursor<'s> {
    pub text: &'s str,
    pub at: usize,
    pub depth: usize,
}

impl Cursor<'_> {
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), Error> {
        self.spaces();
        if self.eat(text) { Ok(()) } else { Err(self.error()) }
    }

    pub(super) fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    pub(super) fn error(&self) -> Error {
        Error::Call(format!("Invalid JSONPath expression at character {}: {}", self.at, self.text))
    }

    /// A path without `$`: its first name is a property of the document.
    fn bare(&mut self) -> Result<Path, Error> {
        let name = self.name()?;
        let mut path = self.segments()?;
        path.segments.insert(0, Segment { descend: false, selector: Selector::Names(vec![name]) });
        Ok(path)
    }

    /// Everything behind `$` or `@`.
    pub(super) fn segments(&mut self) -> Result<Path, Error> {
        let mut segments = Vec::new();
        loop {
            if segments.len() > MAX_SEGMENTS {
                return Err(Error::Limit("segments of a JSONPath"));
            }
            let descend = self.eat("..");
            if self.eat("[") {
                segments.push(Segment { descend, selector: self.brackets()? });
            } else if descend || self.eat(".") {
                if self.eat("*") {
                    segments.push(Segment { descend, selector: Selector::All });
                    continue;
                }
                let name = self.name()?;
                if self.eat("()") {
                    let function = Some(self.function(&name)?);
                    return Ok(Path { segments, function });
                }
                segments.push(Segment { descend, selector: Selector::Names(vec![name]) });
            } else {
                return Ok(Path { segments, function: None });
            }
        }
    }

    /// A name in dot notation: up to what ends one, in a path or in a filter.
    fn name(&mut self) -> Result<String, Error> {
        let ends = |c: char| c.is_whitespace() || ".[]()=<>!&|,'\"*?".contains(c);
        let end = self.rest().find(ends).unwrap_or(self.rest().len());
        if end == 0 {
            return Err(self.error());
        }
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Ok(name)
    }

    fn function(&self, name: &str) -> Result<Function, Error> {
        Ok(match name {
            "length" | "size" => Function::Length,
            "keys" => Function::Keys,
            "sum" => Function::Sum,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            _ => return Err(self.error()),
        })
    }

    fn brackets(&mut self) -> Result<Selector, Error> {
        self.spaces();
        let selector = match self.peek() {
            Some('*') => {
                self.bump();
                Selector::All
            }
            Some('?') => {
                self.bump();
                self.expect("(")?;
                let filter = self.filter()?;
                self.expect(")")?;
                Selector::Filter(filter)
            }
            Some('\'' | '"') => {
                let mut names = vec![self.quoted()?];
                self.spaces();
                while self.eat(",") {
                    self.spaces();
                    names.push(self.quoted()?);
                    self.spaces();
                }
                Selector::Names(names)
            }
            _ => self.positions()?,
        };
        self.expect("]")?;
        Ok(selector)
    }

    fn positions(&mut self) -> Result<Selector, Error> {
        let first = self.integer();
        self.spaces();
        if self.eat(":") {
            self.spaces();
            return Ok(Selector::Slice(first, self.integer()));
        }
        let mut indexes = vec![first.ok_or_else(|| self.error())?];
        while self.eat(",") {
            self.spaces();
            indexes.push(self.integer().ok_or_else(|| self.error())?);
            self.spaces();
        }
        Ok(Selector::Indexes(indexes))
    }

    fn integer(&mut self) -> Option<i64> {
        let sign = usize::from(self.rest().starts_with('-'));
        let digits = self.rest().bytes().skip(sign).take_while(u8::is_ascii_digit).count();
        let number = self.rest()[..sign + digits].parse().ok()?;
        self.at += sign + digits;
        Some(number)
    }

    /// A quoted name or string; a backslash takes the next character as it is.
    pub(super) fn quoted(&mut self) -> Result<String, Error> {
        let quote = self.peek().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| self.error())?;
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.bump();
            match c {
                '\\' => {
                    text.extend(self.peek());
                    self.bump();
                }
                c if c == quote => return Ok(text),
                c => text.push(c),
            }
        }
        Err(self.error())
    }
}
