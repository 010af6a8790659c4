//! Reads a pattern's text from left to right.

/// Where in a pattern the reading stands.
pub struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { rest: text }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads `word` if it comes next.
    pub fn eat(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads `word` or says that it is missing.
    pub fn expect(&mut self, word: &str) -> Result<(), String> {
        self.skip_space();
        match self.eat(word) {
            true => Ok(()),
            false => Err(format!("Invalid filter pattern: expected '{word}' before '{}'", self.rest)),
        }
    }

    /// Reads while the characters fit.
    pub fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Reads to the next `end`, behind the opening mark that has been read; a backslash keeps an `end` inside. Other
    /// backslashes stay when `raw` (a regular expression), else they guard what follows.
    pub fn until(&mut self, end: char, raw: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == end {
                self.rest = &self.rest[at + c.len_utf8()..];
                return Ok(text);
            }
            match (c, raw) {
                ('\\', false) => text.extend(chars.next().map(|(_, guarded)| guarded)),
                ('\\', true) => {
                    text.push(c);
                    text.extend(chars.next().map(|(_, guarded)| guarded));
                }
                _ => text.push(c),
            }
        }
        Err(format!("Invalid filter pattern: unterminated {end}"))
    }
}
