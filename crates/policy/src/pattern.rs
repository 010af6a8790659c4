//! Texts with wildcards and policy variables: `s3:Get*`, `home/${aws:username}/*`.
//!
//! Matching steps back to the last `*` only, so that its cost is the product of the two lengths at worst, however many
//! stars there are.

use crate::Context;

/// A text to match, read once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// `*`: anything, also nothing.
    Any,
    /// `?`: one character.
    One,
    /// `${key}` or `${key, 'default'}`.
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Pattern {
    /// Reads wildcards, and variables where the document's version has them.
    pub fn read(text: &str, variables: bool) -> Self {
        Pattern { pieces: pieces(text, true, variables) }
    }

    /// Reads variables only: what `StringEquals` compares with.
    pub fn plain(text: &str, variables: bool) -> Self {
        Pattern { pieces: pieces(text, false, variables) }
    }

    pub(crate) fn of(pieces: Vec<Piece>) -> Self {
        Pattern { pieces }
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the pattern is a lone `*`.
    pub fn is_any(&self) -> bool {
        self.pieces == [Piece::Any]
    }

    /// The text, if it is nothing but one.
    pub(crate) fn as_plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(only)] => Some(only),
            _ => None,
        }
    }

    /// Whether the whole text fits. A variable that has no single value fits nothing.
    pub fn fits(&self, text: &str, context: &Context) -> bool {
        if let Some(plain) = self.as_plain() {
            return plain == text;
        }
        glob(&self.pieces, text, &|piece, rest| taken(piece, rest, context, |rest, wanted| rest.starts_with(wanted)))
    }

    /// As `fits`, whatever the case of ASCII letters.
    pub fn fits_any_case(&self, text: &str, context: &Context) -> bool {
        if let Some(plain) = self.as_plain() {
            return plain.eq_ignore_ascii_case(text);
        }
        let begins = |rest: &str, wanted: &str| {
            rest.as_bytes().get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        glob(&self.pieces, text, &|piece, rest| taken(piece, rest, context, begins))
    }

    /// The keys of its variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }

    /// As it was written, but for the spelling of variables.
    pub fn shown(&self) -> String {
        let show = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Any => "*".to_owned(),
            Piece::One => "?".to_owned(),
            Piece::Variable { key, .. } => format!("${{{key}}}"),
        };
        self.pieces.iter().map(show).collect()
    }
}

/// How much of `text` one piece takes at its beginning. Values of variables stand for themselves: a `*` in one is a star.
fn taken(piece: &Piece, text: &str, context: &Context, begins: impl Fn(&str, &str) -> bool) -> Option<usize> {
    let wanted = match piece {
        Piece::Text(wanted) => wanted,
        Piece::One => return text.chars().next().map(char::len_utf8),
        Piece::Any => return None,
        Piece::Variable { key, default } => context.single(key).or(default.as_deref())?,
    };
    begins(text, wanted).then_some(wanted.len())
}

fn glob(pieces: &[Piece], text: &str, taken: &dyn Fn(&Piece, &str) -> Option<usize>) -> bool {
    let (mut at, mut read) = (0, 0);
    // Behind the last star: the piece, and how much of the text the star has taken.
    let mut back: Option<(usize, usize)> = None;
    loop {
        let rest = text.get(read..).unwrap_or_default();
        match pieces.get(at) {
            None if rest.is_empty() => return true,
            Some(Piece::Any) => {
                at += 1;
                if at == pieces.len() {
                    return true;
                }
                back = Some((at, read));
                continue;
            }
            Some(piece) => {
                if let Some(length) = taken(piece, rest) {
                    at += 1;
                    read += length;
                    continue;
                }
            }
            None => {}
        }
        let Some((behind, from)) = back else { return false };
        let Some(next) = text.get(from..).and_then(|rest| rest.chars().next()) else { return false };
        let from = from + next.len_utf8();
        back = Some((behind, from));
        (at, read) = (behind, from);
    }
}

fn pieces(text: &str, wildcards: bool, variables: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if variables && let Some((piece, behind)) = variable(rest) {
            match piece {
                Piece::Text(literal) => plain.push_str(&literal),
                other => {
                    end_text(&mut plain, &mut pieces);
                    pieces.push(other);
                }
            }
            rest = behind;
            continue;
        }
        match next {
            '*' if wildcards => {
                end_text(&mut plain, &mut pieces);
                // Many stars in a row are one.
                if pieces.last() != Some(&Piece::Any) {
                    pieces.push(Piece::Any);
                }
            }
            '?' if wildcards => {
                end_text(&mut plain, &mut pieces);
                pieces.push(Piece::One);
            }
            other => plain.push(other),
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    end_text(&mut plain, &mut pieces);
    pieces
}

fn end_text(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// `${…}` at the beginning of the text, and what is behind it. `${*}`, `${?}` and `${$}` are the signs themselves.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let (inside, behind) = text.strip_prefix("${")?.split_once('}')?;
    if matches!(inside, "*" | "?" | "$") {
        return Some((Piece::Text(inside.to_owned()), behind));
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => (key, Some(default.trim())),
        None => (inside, None),
    };
    let default = match default {
        Some(quoted) => Some(quoted.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()),
        None => None,
    };
    let key = key.trim();
    key.contains(':').then(|| (Piece::Variable { key: key.to_owned(), default }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::read(pattern, true).fits(text, &Context::default())
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("s3:Get*", "s3:GetObject", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("a?c", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*.jpg", "a.jpg.jpg", true),
            ("é*", "été", true),
            ("*?", "é", true),
            ("*?", "", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_are_no_burden() {
        let pattern = "a*".repeat(2000) + "b";
        assert!(!fits(&pattern, &"a".repeat(20_000)));
    }

    #[test]
    fn variables_take_single_values_or_their_default() {
        let mut context = Context::default();
        context.put("aws:username", "ji*ro");
        context.put_all("aws:tagkeys", ["a", "b"]);
        let fits = |pattern: &str, text: &str| Pattern::read(pattern, true).fits(text, &context);
        assert!(fits("home/${aws:UserName}/*", "home/ji*ro/x"));
        assert!(!fits("home/${aws:username}/*", "home/jiXro/x"));
        assert!(fits("${aws:PrincipalTag/team, 'company-wide'}", "company-wide"));
        assert!(!fits("${aws:PrincipalTag/team}", ""));
        assert!(!fits("${aws:tagkeys}", "a"));
        assert!(fits("a${*}b${?}${$}", "a*b?$"));
        assert!(!fits("a${*}b", "aXb"));
        assert!(Pattern::read("${aws:username}", false).fits("${aws:username}", &context));
    }
}
