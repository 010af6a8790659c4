//! The words: the curated ones of `words.tsv` and `phrases.tsv` before the big dictionaries made from EDICT.
//!
//! The big dictionaries are embedded packed and unpacked on first use, so a cloud that translates nothing pays nothing.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

static CURATED: &str = include_str!("../data/words.tsv");
static PHRASES: &str = include_str!("../data/phrases.tsv");

static JAPANESE: LazyLock<Table> = LazyLock::new(|| Table::unpack(include_bytes!("../data/ja-en.gz")));
static ENGLISH: LazyLock<Table> = LazyLock::new(|| Table::unpack(include_bytes!("../data/en-ja.gz")));
static CURATED_JAPANESE: LazyLock<HashMap<&str, Word>> = LazyLock::new(curated_japanese);
static CURATED_ENGLISH: LazyLock<HashMap<String, Vec<Word>>> = LazyLock::new(curated_english);
static PHRASES_JAPANESE: LazyLock<HashMap<String, &str>> =
    LazyLock::new(|| phrases(|(japanese, english)| (japanese, english)));
static PHRASES_ENGLISH: LazyLock<HashMap<String, &str>> =
    LazyLock::new(|| phrases(|(japanese, english)| (english, japanese)));

/// One entry: a Japanese word, what it is, and what it is in English (the likeliest first, never empty).
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub japanese: &'static str,
    /// EDICT's word class (`n`, `v5k`, `adj-i`, …), without marks.
    pub class: &'static str,
    /// In kana; the word itself when it is in kana.
    pub reading: &'static str,
    english: &'static str,
    /// Marks of `words.tsv` (`mass`, `person`, …) or `vt`.
    notes: &'static str,
    /// Whether the word stands in `words.tsv`.
    pub is_curated: bool,
}

impl Word {
    /// The likeliest English.
    pub fn english(&self) -> &'static str {
        self.english.split('|').next().unwrap_or(self.english)
    }

    /// Whether `words.tsv` puts this note on the word.
    pub fn is(&self, note: &str) -> bool {
        self.notes.split(',').any(|known| known == note)
    }

    /// Whether the word is a verb that takes an object.
    pub fn is_transitive(&self) -> bool {
        self.is("trans") || self.is("vt")
    }

    /// Whether the word is a verb.
    pub fn is_verb(&self) -> bool {
        self.class.starts_with('v') && self.class != "vs"
    }

    /// Whether the word is an adjective of any sort.
    pub fn is_adjective(&self) -> bool {
        self.class.starts_with("adj")
    }
}

/// The entry for a Japanese base form; among homographs the one read as `reading` (hiragana), when one is.
pub fn japanese(word: &str, reading: Option<&str>) -> Option<Word> {
    if let Some(found) = CURATED_JAPANESE.get(word) {
        return Some(*found);
    }
    let entries: Vec<Word> = JAPANESE.lines(word).filter_map(japanese_line).collect();
    let by_reading = entries.iter().find(|entry| Some(entry.reading) == reading);
    by_reading.or(entries.first()).copied()
}

/// The entries for an English word or short phrase in lower case, one for each kind of word, curated ones first.
pub fn english(word: &str) -> Vec<Word> {
    let mut found = CURATED_ENGLISH.get(word).cloned().unwrap_or_default();
    found.extend(ENGLISH.lines(word).filter_map(english_line));
    found
}

/// The English of a whole Japanese utterance, as `normal` writes it.
pub fn japanese_phrase(text: &str) -> Option<&'static str> {
    PHRASES_JAPANESE.get(&normal(text)).copied()
}

/// The Japanese of a whole English utterance, as `normal` writes it.
pub fn english_phrase(text: &str) -> Option<&'static str> {
    PHRASES_ENGLISH.get(&normal(text)).copied()
}

/// Utterances are compared without case, punctuation at the ends, or the difference between apostrophes.
fn normal(text: &str) -> String {
    text.trim().trim_end_matches(['。', '.', '!', '！', '?', '？', '〜', 'ー']).replace('’', "'").to_lowercase()
}

// === The curated words ===

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn curated_words() -> impl Iterator<Item = Word> {
    rows(CURATED).filter_map(|row| match row[..] {
        [japanese, class, reading, english, notes] => {
            Some(Word { japanese, class, reading, english, notes, is_curated: true })
        }
        _ => None,
    })
}

fn curated_japanese() -> HashMap<&'static str, Word> {
    let mut words = HashMap::new();
    for word in curated_words() {
        words.entry(word.japanese).or_insert(word);
    }
    words
}

fn curated_english() -> HashMap<String, Vec<Word>> {
    let mut words: HashMap<String, Vec<Word>> = HashMap::new();
    for word in curated_words().filter(|word| !word.is("ja")) {
        for english in word.english.split('|') {
            words.entry(english.to_lowercase()).or_default().push(word);
        }
    }
    words
}

fn phrases(sides: fn((&'static str, &'static str)) -> (&'static str, &'static str)) -> HashMap<String, &'static str> {
    let mut phrases = HashMap::new();
    for row in rows(PHRASES) {
        if let [japanese, english] = row[..] {
            let (from, to) = sides((japanese, english));
            phrases.entry(normal(from)).or_insert(to);
        }
    }
    phrases
}

// === The big dictionaries ===

/// Lines of `key TAB fields`, sorted by key as bytes.
struct Table(String);

impl Table {
    fn unpack(packed: &[u8]) -> Table {
        let mut text = String::new();
        // The bytes are our own, embedded and tested; were they broken, the table would be empty and every word unknown.
        let _ = GzDecoder::new(packed).read_to_string(&mut text);
        Table(text)
    }

    /// All lines whose key is `key`, found by halving.
    fn lines(&self, key: &str) -> impl Iterator<Item = &str> + use<'_> {
        let text = self.0.as_str();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = text.floor_char_boundary((low + high) / 2);
            let start = text[..middle].rfind('\n').map_or(0, |at| at + 1);
            if key_of(&text[start..]) < key {
                low = text[middle..].find('\n').map_or(text.len(), |at| middle + at + 1);
            } else {
                high = start;
            }
        }
        let key = key.to_string();
        text[low..].lines().take_while(move |line| key_of(line) == key)
    }
}

fn key_of(line: &str) -> &str {
    let end = line.find(['\t', '\n']).unwrap_or(line.len());
    &line[..end]
}

fn japanese_line(line: &'static str) -> Option<Word> {
    let mut fields = line.split('\t');
    let (japanese, class, reading, english) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (class, notes) = class.split_once(',').unwrap_or((class, ""));
    let reading = if reading.is_empty() { japanese } else { reading };
    Some(Word { japanese, class, reading, english, notes, is_curated: false })
}

fn english_line(line: &'static str) -> Option<Word> {
    let mut fields = line.split('\t');
    let (english, class, japanese, reading) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    Some(Word { japanese, class, reading, english, notes: "", is_curated: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_both_directions() {
        assert_eq!(japanese("猫", None).map(|word| word.english()), Some("cat"));
        assert_eq!(japanese("自転車屋", None).map(|word| word.class), Some("n"));
        assert_eq!(japanese("辛い", Some("からい")).map(|word| word.english()), Some("spicy"));
        assert_eq!(english("mountain").first().map(|word| word.japanese), Some("山"));
        assert!(japanese("存在しない単語", None).is_none());
        assert!(english("").is_empty());
    }

    #[test]
    fn every_line_of_the_big_dictionaries_is_found_by_its_key() {
        for table in [&*JAPANESE, &*ENGLISH] {
            assert!(table.0.len() > 1_000_000, "the embedded dictionary is whole");
            for line in table.0.lines().step_by(997) {
                assert!(table.lines(key_of(line)).any(|found| found == line), "{line}");
            }
        }
    }

    #[test]
    fn every_curated_line_has_its_five_columns() {
        for row in rows(CURATED) {
            assert_eq!(row.len(), 5, "{row:?}");
        }
        for row in rows(PHRASES) {
            assert_eq!(row.len(), 2, "{row:?}");
        }
    }

    #[test]
    fn phrases_do_not_mind_case_or_marks() {
        assert_eq!(japanese_phrase("こんにちは！"), Some("Hello"));
        assert_eq!(english_phrase("hello"), Some("こんにちは"));
        assert_eq!(english_phrase("You’re welcome."), Some("どういたしまして"));
    }
}
