//! The characters of a query, taken one word at a time.

/// What is left of a query.
#[derive(Clone)]
pub struct Scan<'q> {
    rest: &'q str,
}

impl<'q> Scan<'q> {
    pub fn new(query: &'q str) -> Self {
        Scan { rest: query }
    }

    /// What is left, without space and comments before it.
    pub fn rest(&mut self) -> &'q str {
        loop {
            self.rest = self.rest.trim_start();
            let comment = self.rest.starts_with('#') || self.rest.starts_with("//");
            if !comment {
                return self.rest;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    pub fn is_empty(&mut self) -> bool {
        self.rest().is_empty()
    }

    /// Takes a sign if it comes next.
    pub fn sign(&mut self, sign: &str) -> bool {
        let rest = self.rest();
        let found = rest.strip_prefix(sign);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    /// # Errors
    /// Something else comes next.
    pub fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    /// Takes a word if it comes next, in any case of its letters.
    pub fn word(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        let found = ahead.name().is_some_and(|name| name.eq_ignore_ascii_case(word));
        if found {
            *self = ahead;
        }
        found
    }

    /// A name: of a field, a function, a command.
    pub fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('`') {
            let (name, rest) = quoted.split_once('`')?;
            self.rest = rest;
            return Some(name.to_owned());
        }
        let begins = |c: char| c.is_alphabetic() || c == '_' || c == '@';
        if !rest.starts_with(begins) {
            return None;
        }
        let goes_on = |c: char| c.is_alphanumeric() || ['_', '@', '.', ':'].contains(&c);
        let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        self.rest = rest;
        Some(name.to_owned())
    }

    pub fn number(&mut self) -> Option<f64> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        let number = digits.parse().ok()?;
        self.rest = rest;
        Some(number)
    }

    /// The letters that follow directly: the unit of `5m`.
    pub fn unit(&mut self) -> &'q str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (unit, rest) = self.rest.split_at(end);
        self.rest = rest;
        unit
    }

    /// A text in quotes of either kind, with `\` before what stands for itself.
    pub fn text(&mut self) -> Option<String> {
        let quote = self.rest().chars().next().filter(|c| ['"', '\''].contains(c))?;
        self.until(quote, false)
    }

    /// A regular expression between slashes.
    pub fn pattern(&mut self) -> Option<String> {
        if self.rest().starts_with('/') { self.until('/', true) } else { None }
    }

    fn until(&mut self, quote: char, keeps_escapes: bool) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.rest = self.rest.get(at + quote.len_utf8()..).unwrap_or("");
                return Some(text);
            }
            if letter != '\\' {
                text.push(letter);
                continue;
            }
            let (_, escaped) = letters.next()?;
            if keeps_escapes && escaped != quote {
                text.push('\\');
            }
            text.push(escaped);
        }
        None
    }

    pub fn unexpected(&mut self, wanted: &str) -> String {
        let found: String = self.rest().chars().take(20).collect();
        match found.is_empty() {
            true => format!("unexpected end of the query, {wanted} expected"),
            false => format!("unexpected symbol found {found}, {wanted} expected"),
        }
    }
}
