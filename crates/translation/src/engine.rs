//! The wall between those who want a text translated and whoever can do it.

use std::fmt;

use kogumo_base::Trouble;

/// Why there is no translation.
#[derive(Debug)]
pub enum Failure {
    /// The engine does not know the pair of languages.
    UnsupportedPair,
    /// It knows it, or might, but cannot work.
    Trouble(Trouble),
}

/// Someone who can translate. Language codes are Amazon Translate's (`ja`, `en`, `zh-TW`, …); the source is never `auto`.
pub trait Engine: Send + Sync {
    /// How the log names this engine.
    fn name(&self) -> &str;

    /// Whether this engine can translate from `source` to `target`.
    fn supports(&self, source: &str, target: &str) -> bool;

    /// The text in the target language. Only for pairs that `supports` is true of. May wait for another machine.
    fn translate(&self, text: &str, source: &str, target: &str) -> Result<String, Failure>;
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::UnsupportedPair => f.write_str("the pair of languages is not supported"),
            Failure::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Failure::Trouble(trouble)
    }
}
