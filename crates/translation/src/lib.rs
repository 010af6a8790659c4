//! Translation of text between human languages, offline: the engine behind Amazon Translate.
//!
//! `Engine` is the wall. `Dictionary` is the engine that is always there: Japanese and English at the grade of a good
//! pocket dictionary with a little grammar. `LibreTranslate` hands the text to a neural engine somewhere else. `detect`
//! guesses a text's language; `terminology` puts a user's own terms in place around any engine.

mod clause;
mod detect;
mod dictionary;
mod engine;
mod english;
mod english_reader;
mod english_to_japanese;
mod english_words;
mod japanese;
mod japanese_phrase;
mod japanese_to_english;
mod lexicon;
mod libretranslate;
mod morpheme;
mod noun_phrase;
mod noun_reader;
mod predicate;
mod predicate_reader;
mod preposition;
mod reader;
mod romaji;
mod sentence;
pub mod terminology;

pub use detect::detect;
pub use dictionary::Dictionary;
pub use engine::{Engine, Failure};
pub use libretranslate::LibreTranslate;
