//! Constraints of the model, checked while a request is read, and AWS's wording for what breaks them.
//!
//! All violations of a request are gathered and reported together, as AWS does:
//! `2 validation errors detected: Value '' at 'name' failed to satisfy constraint: …; Value null at …`.

use std::fmt::Write;
use std::sync::OnceLock;

/// The constraints of one shape: lengths of strings, lists, maps and blobs, ranges of numbers.
#[derive(Debug)]
pub struct Limits {
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub pattern: Option<&'static Pattern>,
    /// The values of an enumeration; empty if it is none.
    pub values: &'static [&'static str],
}

impl Limits {
    pub const NONE: Limits = Limits { min: None, max: None, pattern: None, values: &[] };

    pub const fn min(mut self, min: i64) -> Self {
        self.min = Some(min);
        self
    }

    pub const fn max(mut self, max: i64) -> Self {
        self.max = Some(max);
        self
    }

    pub const fn pattern(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    pub const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }
}

/// A regular expression of the model, compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Compiled>>,
}

/// A regular expression, and what a look-ahead at its beginning asks of the text besides.
#[derive(Debug)]
struct Compiled {
    whole: regex::Regex,
    ahead: Option<(bool, regex::Regex)>,
}

impl Compiled {
    /// `None` for what only Java's expressions can say.
    fn of(source: &str) -> Option<Self> {
        let (ahead, rest) = split_look_ahead(source);
        let ahead = match ahead {
            Some((wanted, inner)) => Some((wanted, regex::Regex::new(&format!("^(?:{inner})")).ok()?)),
            None => None,
        };
        Some(Compiled { whole: regex::Regex::new(&format!("^(?:{rest})$")).ok()?, ahead })
    }

    fn matches(&self, text: &str) -> bool {
        let fits = self.ahead.as_ref().is_none_or(|(wanted, ahead)| ahead.is_match(text) == *wanted);
        fits && self.whole.is_match(text)
    }
}

/// Takes `(?!…)` or `(?=…)` off the beginning of an expression: whether the text must look so, how, and the rest.
fn split_look_ahead(source: &str) -> (Option<(bool, &str)>, String) {
    let start = source.len() - source.trim_start_matches(['^', '(']).len();
    // The group's own parenthesis was among those.
    let Some((front, tail)) = start.checked_sub(1).and_then(|start| source.split_at_checked(start)) else {
        return (None, source.to_owned());
    };
    let (wanted, inner) = match (tail.strip_prefix("(?!"), tail.strip_prefix("(?=")) {
        (Some(inner), _) => (false, inner),
        (_, Some(inner)) => (true, inner),
        (None, None) => return (None, source.to_owned()),
    };
    let (mut depth, mut escaped, mut in_class) = (0, false, false);
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth > 0 => depth -= 1,
            ')' if !in_class => {
                let (inner, rest) = inner.split_at(at);
                return (Some((wanted, inner)), format!("{front}{}", rest.strip_prefix(')').unwrap_or(rest)));
            }
            _ => {}
        }
    }
    (None, source.to_owned())
}

impl Pattern {
    pub const fn new(source: &'static str) -> Self {
        Pattern { source, compiled: OnceLock::new() }
    }

    /// Whether the whole text matches. A pattern that only Java understands (look-around within) lets everything pass.
    fn matches(&self, text: &str) -> bool {
        self.compiled.get_or_init(|| Compiled::of(self.source)).as_ref().is_none_or(|compiled| compiled.matches(text))
    }
}

/// A step from the request down to the value that is being read.
#[derive(Clone, Debug)]
enum Step {
    Member(&'static str),
    Item(usize),
    Value(String),
}

/// How a value that breaks a constraint is told back.
#[derive(Debug)]
pub enum Shown {
    Text(String),
    /// The model marks it as sensitive: only that there is one.
    Secret,
    Null,
}

impl Shown {
    /// A text, unless it is secret.
    pub fn of(text: &str, secret: bool) -> Self {
        if secret { Shown::Secret } else { Shown::Text(text.to_owned()) }
    }
}

/// Gathers violations while a request is read.
#[derive(Debug, Default)]
pub struct Checks {
    path: Vec<Step>,
    violations: Vec<String>,
    first_missing: Option<&'static str>,
}

/// More are not told: a hostile request must not grow our answer.
const MOST_VIOLATIONS: usize = 10;

impl Checks {
    pub(crate) fn enter_member(&mut self, name: &'static str) {
        self.path.push(Step::Member(name));
    }

    pub(crate) fn enter_item(&mut self, index: usize) {
        self.path.push(Step::Item(index));
    }

    pub(crate) fn enter_value(&mut self, key: &str) {
        self.path.push(Step::Value(key.to_owned()));
    }

    pub(crate) fn leave(&mut self) {
        self.path.pop();
    }

    /// The text of AWS's answer, if anything was violated.
    pub fn verdict(&self) -> Option<String> {
        if self.violations.is_empty() {
            return None;
        }
        let count = self.violations.len();
        let noun = if count == 1 { "error" } else { "errors" };
        Some(format!("{count} validation {noun} detected: {}", self.violations.join("; ")))
    }

    /// The first required member that did not come: EC2 speaks of that one alone.
    pub fn first_missing(&self) -> Option<&'static str> {
        self.first_missing
    }

    pub(crate) fn missing(&mut self, member: &'static str) {
        self.first_missing.get_or_insert(member);
        self.enter_member(member);
        self.violate(&Shown::Null, "Member must not be null");
        self.leave();
    }

    pub(crate) fn string(&mut self, limits: &Limits, text: &str, secret: bool) {
        if !limits.values.is_empty() && !limits.values.contains(&text) {
            let constraint = format!("Member must satisfy enum value set: [{}]", limits.values.join(", "));
            self.violate(&Shown::of(text, secret), &constraint);
            return;
        }
        if limits.min.is_some() || limits.max.is_some() {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            self.length(limits, length, &|| Shown::of(text, secret));
        }
        if let Some(pattern) = limits.pattern
            && !pattern.matches(text)
        {
            let constraint = format!("Member must satisfy regular expression pattern: {}", pattern.source);
            self.violate(&Shown::of(text, secret), &constraint);
        }
    }

    /// The length of a string (characters), blob (bytes), list or map (entries).
    pub(crate) fn length(&mut self, limits: &Limits, length: i64, shown: &dyn Fn() -> Shown) {
        if limits.min.is_some_and(|min| length < min) {
            let constraint =
                format!("Member must have length greater than or equal to {}", limits.min.unwrap_or_default());
            self.violate(&shown(), &constraint);
        } else if limits.max.is_some_and(|max| length > max) {
            let constraint =
                format!("Member must have length less than or equal to {}", limits.max.unwrap_or_default());
            self.violate(&shown(), &constraint);
        }
    }

    pub(crate) fn range(&mut self, limits: &Limits, value: f64, shown: &dyn Fn() -> Shown) {
        if limits.min.is_some_and(|min| value < min as f64) {
            let constraint =
                format!("Member must have value greater than or equal to {}", limits.min.unwrap_or_default());
            self.violate(&shown(), &constraint);
        } else if limits.max.is_some_and(|max| value > max as f64) {
            let constraint = format!("Member must have value less than or equal to {}", limits.max.unwrap_or_default());
            self.violate(&shown(), &constraint);
        }
    }

    fn violate(&mut self, value: &Shown, constraint: &str) {
        if self.violations.len() >= MOST_VIOLATIONS {
            return;
        }
        let at = self.shown_path();
        let value = match value {
            Shown::Text(text) => format!("Value '{text}' at"),
            Shown::Secret => "Value at".to_owned(),
            Shown::Null => "Value null at".to_owned(),
        };
        self.violations.push(format!("{value} '{at}' failed to satisfy constraint: {constraint}"));
    }

    /// `tags.1.member.key`: members begin in lower case, items count from one.
    fn shown_path(&self) -> String {
        let mut shown = String::new();
        for step in &self.path {
            if !shown.is_empty() {
                shown.push('.');
            }
            match step {
                Step::Member(name) => {
                    let mut letters = name.chars();
                    shown.extend(letters.next().map(|first| first.to_ascii_lowercase()));
                    shown.push_str(letters.as_str());
                }
                Step::Item(index) => {
                    let _ = write!(shown, "{}.member", index + 1);
                }
                Step::Value(key) => {
                    let _ = write!(shown, "{key}.member");
                }
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ahead_at_the_beginning() {
        let cases = [
            (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "live", "12"),
            (r"((?!^\d+$)^[0-9a-zA-Z-_]+$)", "1a", "12"),
            (r"^(?!\s*$).+", "a", "  "),
            (r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", "1a", "12"),
        ];
        for (source, good, bad) in cases {
            let pattern = Compiled::of(source).expect(source);
            assert!(pattern.matches(good) && !pattern.matches(bad), "{source}");
        }
        assert!(Compiled::of(r"^[a-z]([a-z]|-(?!-)){1,61}$").is_none());
        assert!(Compiled::of("(a|b)").is_some_and(|pattern| pattern.matches("b") && !pattern.matches("c")));
    }

    #[test]
    fn secrets_are_not_told_back() {
        static NOT_BLANK: Pattern = Pattern::new(r"[\S]+");
        let limits = Limits::NONE.min(3).pattern(&NOT_BLANK);
        let verdict = |secret: bool| {
            let mut checks = Checks::default();
            checks.enter_member("Password");
            checks.string(&limits, " x", secret);
            checks.verdict().unwrap_or_default()
        };
        assert_eq!(
            verdict(true),
            "2 validation errors detected: \
             Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 3; \
             Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\S]+"
        );
        assert!(verdict(false).contains("Value ' x' at 'password' failed to satisfy constraint: "));
    }
}
