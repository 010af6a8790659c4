//! Patterns of terms: `ERROR -"out of memory"`, `?WARN ?ERROR`, `%[45][0-9]{2}%`.

use regex::Regex;

use super::comparison::regex;
use super::scanner::Scanner;

/// Terms, by how they count.
#[derive(Default)]
pub struct Terms {
    required: Vec<Term>,
    optional: Vec<Term>,
    excluded: Vec<Term>,
}

enum Term {
    Text(String),
    Regex(Regex),
}

impl Terms {
    pub fn parse(text: &str) -> Result<Terms, String> {
        let mut terms = Terms::default();
        let mut scanner = Scanner::new(text);
        loop {
            scanner.skip_space();
            let list = match scanner.peek() {
                None => return Ok(terms),
                Some('?') => &mut terms.optional,
                Some('-') => &mut terms.excluded,
                Some(_) => &mut terms.required,
            };
            let _ = scanner.eat("?") || scanner.eat("-");
            list.push(term(&mut scanner)?);
        }
    }

    /// Optional terms count only when they are all there is.
    pub fn matches(&self, message: &str) -> bool {
        let holds = |term: &Term| term.is_in(message);
        let alone = self.required.is_empty() && self.excluded.is_empty() && !self.optional.is_empty();
        match alone {
            true => self.optional.iter().any(holds),
            false => self.required.iter().all(holds) && !self.excluded.iter().any(holds),
        }
    }
}

fn term(scanner: &mut Scanner) -> Result<Term, String> {
    if scanner.eat("\"") {
        let text = scanner.until('"', false)?;
        // `" "` matches everything, also a message without a space.
        return Ok(Term::Text(if text.trim().is_empty() { String::new() } else { text }));
    }
    if scanner.eat("%") {
        return Ok(Term::Regex(regex(&scanner.until('%', true)?)?));
    }
    let word = scanner.take_while(|c| !c.is_whitespace());
    let fits = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
    match !word.is_empty() && word.chars().all(fits) {
        true => Ok(Term::Text(word.to_owned())),
        false => Err(format!("Invalid character(s) in term '{word}'")),
    }
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Term::Text(text) => message.contains(text.as_str()),
            Term::Regex(regex) => regex.is_match(message),
        }
    }
}
