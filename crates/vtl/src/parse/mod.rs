//! Text to [`Template`]: one pass of recursive descent, bounded in depth.

mod block;
mod expression;
mod reference;

use crate::Template;
use crate::ast::Macro;
use crate::error::Error;

/// Nesting of directives, parentheses, collections and strings in one template.
const MAX_DEPTH: usize = 48;
/// Longest template: AWS's quota is 300 KB.
const MAX_SOURCE: usize = 300 * 1024;

pub(crate) fn parse(source: &str) -> Result<Template, Error> {
    if source.len() > MAX_SOURCE {
        return Err(Error::Limit("template size (300 KB)"));
    }
    let mut template = Template::default();
    let mut parser = Parser { source, at: 0, depth: 0, template: &mut template };
    let body = parser.whole()?;
    template.body = body;
    Ok(template)
}

/// Where the parser is. Sub-parsers of double-quoted strings share the template's tables.
struct Parser<'s, 't> {
    source: &'s str,
    /// Byte offset of the next character; always on a character's border.
    at: usize,
    depth: usize,
    template: &'t mut Template,
}

impl Parser<'_, '_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Steps over `text` if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), Error> {
        if self.eat(text) { Ok(()) } else { Err(self.error(format!("Expected '{text}'"))) }
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    /// A name of a variable, property, method or macro, or nothing.
    fn identifier(&mut self) -> Option<String> {
        let first = self.peek().filter(|c| c.is_ascii_alphabetic() || *c == '_')?;
        let mut end = first.len_utf8();
        let rest = self.rest().as_bytes();
        while let Some(byte) = rest.get(end) {
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            // A dash joins two halves of a name (`$foo-bar`) but never ends one.
            if word(byte) || (*byte == b'-' && rest.get(end + 1).is_some_and(word)) {
                end += 1;
            } else {
                break;
            }
        }
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Some(name)
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Limit("nesting"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn error(&self, message: impl Into<String>) -> Error {
        let before = &self.source[..self.at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Error::Syntax {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    fn find_macro(&self, name: &str) -> Option<usize> {
        self.template.macros.iter().rposition(|known: &Macro| known.name == name)
    }
}
