//! Tokens of JSON text.

use std::borrow::Cow;

/// What a value begins with, or is.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `{` or `[`
    Open(u8),
    Text(Cow<'a, str>),
    Number,
    True,
    False,
    Null,
    /// No JSON.
    Broken,
}

/// A place in JSON text.
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Scanner { rest: text }
    }

    pub fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    /// Takes a punctuation mark, if it is next.
    pub fn accept(&mut self, mark: u8) -> bool {
        self.skip_space();
        match self.rest.split_first() {
            Some((first, rest)) if *first == mark => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes a null, if it is next.
    pub fn accept_null(&mut self) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(b"null") {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the next value, or the mark that opens it.
    pub fn token(&mut self) -> Token<'a> {
        self.skip_space();
        let Some((&first, rest)) = self.rest.split_first() else {
            return Token::Broken;
        };
        match first {
            b'{' | b'[' => {
                self.rest = rest;
                Token::Open(first)
            }
            b'"' => {
                self.rest = rest;
                self.string().map_or(Token::Broken, Token::Text)
            }
            b'-' | b'0'..=b'9' => {
                let length = self.rest.iter().take_while(|byte| is_numeric(**byte)).count();
                self.rest = self.rest.get(length..).unwrap_or_default();
                Token::Number
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Token<'a> {
        for (word, token) in [(&b"true"[..], Token::True), (b"false", Token::False), (b"null", Token::Null)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return token;
            }
        }
        Token::Broken
    }

    /// Passes over a whole value, however deep it is.
    pub fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.token() {
                Token::Open(_) => depth += 1,
                Token::Broken => return None,
                _ => {}
            }
            while depth > 0 && (self.accept(b'}') || self.accept(b']')) {
                depth -= 1;
            }
            if depth == 0 {
                return Some(());
            }
            while self.accept(b',') || self.accept(b':') {}
        }
    }

    fn skip_space(&mut self) {
        let length = self.rest.iter().take_while(|byte| matches!(**byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// The string whose opening quote has been taken.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let end = self.rest.iter().position(|byte| matches!(*byte, b'"' | b'\\'))?;
        let (plain, rest) = self.rest.split_at(end);
        let plain = std::str::from_utf8(plain).ok()?;
        match rest.split_first()? {
            (b'"', rest) => {
                self.rest = rest;
                Some(Cow::Borrowed(plain))
            }
            _ => {
                self.rest = rest;
                self.escaped_string(plain.to_owned()).map(Cow::Owned)
            }
        }
    }

    /// The rest of a string that has escapes; `text` is what came before the first one.
    fn escaped_string(&mut self, mut text: String) -> Option<String> {
        loop {
            let end = self.rest.iter().position(|byte| matches!(*byte, b'"' | b'\\'))?;
            let (plain, rest) = self.rest.split_at(end);
            text.push_str(std::str::from_utf8(plain).ok()?);
            self.rest = rest.get(1..)?;
            if rest.first() == Some(&b'"') {
                return Some(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let (&kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return None,
        })
    }

    /// `XXXX`, or `XXXX\uXXXX` of a character beyond 16 bits.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.rest = self.rest.strip_prefix(b"\\u")?;
        let second = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        u32::from_str_radix(digits, 16).ok()
    }
}

fn is_numeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}
