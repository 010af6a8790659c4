//! The wall between those who want a text translated and whoever can do it.

use kogumo_base::Trouble;

/// Someone who can translate. Language codes are Amazon Translate's (`ja`, `en`, `zh-TW`, …); the source is never `auto`.
pub trait Engine: Send + Sync {
    /// How the log names this engine.
    fn name(&self) -> &str;

    /// Whether this engine can translate from `source` to `target`.
    fn supports(&self, source: &str, target: &str) -> bool;

    /// The text in the target language. Only for pairs that `supports` is true of. May wait for another machine.
    fn translate(&self, text: &str, source: &str, target: &str) -> Result<String, Trouble>;
}
