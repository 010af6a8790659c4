//! Tokens of the expression languages, and the cursor that parsers walk over them.

/// What a token is. Keywords are words; each language knows its own, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An attribute name, function name or keyword: a letter, then letters, digits and `_`.
    Word,
    /// `#name`
    Name,
    /// `:value`
    Placeholder,
    /// Digits; only list indexes are numbers.
    Digits,
    /// Punctuation or an operator.
    Symbol,
    /// A character that belongs to no expression.
    Unknown,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    start: usize,
    end: usize,
}

/// A place in an expression.
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

/// Says where the syntax went wrong, as AWS does.
pub(super) type Syntax<T> = Result<T, String>;

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Cursor { text, tokens: tokenize(text), at: 0 }
    }

    pub fn kind(&self) -> Kind {
        self.token(self.at).kind
    }

    /// The text of the token under the cursor; empty at the end.
    pub fn text(&self) -> &'a str {
        self.text_of(self.token(self.at))
    }

    pub fn at_end(&self) -> bool {
        self.kind() == Kind::End
    }

    /// Whether the symbol is next.
    pub fn is(&self, symbol: &str) -> bool {
        self.kind() == Kind::Symbol && self.text() == symbol
    }

    /// Whether the keyword is next.
    pub fn is_keyword(&self, keyword: &str) -> bool {
        self.kind() == Kind::Word && self.text().eq_ignore_ascii_case(keyword)
    }

    /// Whether the symbol follows the next token.
    pub fn is_after(&self, symbol: &str) -> bool {
        let token = self.token(self.at + 1);
        token.kind == Kind::Symbol && self.text_of(token) == symbol
    }

    /// Takes the next token's text.
    pub fn take(&mut self) -> &'a str {
        let text = self.text();
        self.at += usize::from(!self.at_end());
        text
    }

    pub fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.at += usize::from(found);
        found
    }

    pub fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, symbol: &str) -> Syntax<()> {
        if self.accept(symbol) { Ok(()) } else { Err(self.error()) }
    }

    /// "Syntax error" at the token under the cursor, with its neighbours.
    pub fn error(&self) -> String {
        let token = self.token(self.at);
        let shown = if token.kind == Kind::End { "<EOF>" } else { self.text_of(token) };
        let start = self.at.checked_sub(1).map_or(token.start, |before| self.token(before).start);
        let near = self.text.get(start..self.token(self.at + 1).end).unwrap_or_default().trim_end();
        let near = if near.is_empty() { shown } else { near };
        format!("Syntax error; token: \"{shown}\", near: \"{near}\"")
    }

    fn token(&self, index: usize) -> Token {
        let end = self.text.len();
        self.tokens.get(index).copied().unwrap_or(Token { kind: Kind::End, start: end, end })
    }

    fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }
}

fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text.get(start..).and_then(|rest| rest.chars().next()) {
        if matches!(first, ' ' | '\t' | '\r' | '\n') {
            start += 1;
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let (kind, length) = token_at(rest.as_bytes(), first);
        tokens.push(Token { kind, start, end: start + length });
        start += length;
    }
    tokens
}

fn token_at(rest: &[u8], first: char) -> (Kind, usize) {
    let run = |from: usize, belongs: fn(&u8) -> bool| from + rest.iter().skip(from).take_while(|b| belongs(b)).count();
    let in_name: fn(&u8) -> bool = |byte| byte.is_ascii_alphanumeric() || *byte == b'_';
    match first {
        'a'..='z' | 'A'..='Z' => (Kind::Word, run(1, in_name)),
        '0'..='9' => (Kind::Digits, run(1, u8::is_ascii_digit)),
        '#' | ':' => match run(1, in_name) {
            1 => (Kind::Unknown, 1),
            length => (if first == '#' { Kind::Name } else { Kind::Placeholder }, length),
        },
        '<' if matches!(rest.get(1), Some(b'>' | b'=')) => (Kind::Symbol, 2),
        '>' if rest.get(1) == Some(&b'=') => (Kind::Symbol, 2),
        '(' | ')' | '[' | ']' | '.' | ',' | '=' | '<' | '>' | '+' | '-' => (Kind::Symbol, 1),
        other => (Kind::Unknown, other.len_utf8()),
    }
}
