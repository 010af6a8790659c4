//! Morphological analysis: a Japanese sentence as IPADIC's morphemes.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use vibrato::{Dictionary, Tokenizer};

use crate::romaji::{hiragana, is_kana};

/// `None` only if the embedded dictionary were broken, which a test excludes; then every text is one unknown word.
static TOKENIZER: LazyLock<Option<Tokenizer>> = LazyLock::new(|| {
    let mut unpacked = Vec::new();
    GzDecoder::new(&include_bytes!("../data/morphemes.gz")[..]).read_to_end(&mut unpacked).ok()?;
    Dictionary::read(&unpacked[..]).ok().map(Tokenizer::new)
});

/// The smallest piece of meaning, with what IPADIC knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Morpheme {
    pub surface: String,
    /// IPADIC's first two part-of-speech columns: `名詞`/`代名詞`, `助詞`/`格助詞`, …
    pub class: String,
    pub subclass: String,
    /// The inflected form: `基本形`, `連用形`, …; `*` when it does not inflect.
    pub form: String,
    /// The form the dictionary lists.
    pub base: String,
    /// In hiragana; `None` when nobody knows how it is read.
    pub reading: Option<String>,
}

impl Morpheme {
    /// Whether the part of speech is `class` and, unless `subclass` is empty, that too.
    pub fn is(&self, class: &str, subclass: &str) -> bool {
        self.class == class && (subclass.is_empty() || self.subclass == subclass)
    }

    /// A particle that is written so.
    pub fn is_particle(&self, surface: &str) -> bool {
        self.class == "助詞" && self.surface == surface
    }
}

/// The morphemes of one sentence; white space is no morpheme.
pub fn analyse(sentence: &str) -> Vec<Morpheme> {
    let Some(tokenizer) = TOKENIZER.as_ref() else {
        return vec![unknown(sentence)];
    };
    let mut worker = tokenizer.new_worker();
    worker.reset_sentence(sentence);
    worker.tokenize();
    (0..worker.num_tokens())
        .map(|at| morpheme(worker.token(at).surface(), worker.token(at).feature()))
        .filter(|morpheme| !morpheme.surface.trim().is_empty())
        .collect()
}

fn morpheme(surface: &str, feature: &str) -> Morpheme {
    let fields: Vec<&str> = feature.split(',').collect();
    let [class, subclass, form, base, reading] = fields[..] else {
        return unknown(surface);
    };
    let base = if base.is_empty() { surface } else { base };
    let reading = match reading {
        "" => is_kana(surface).then(|| hiragana(surface)),
        reading => Some(hiragana(reading)),
    };
    Morpheme {
        surface: surface.into(),
        class: class.into(),
        subclass: subclass.into(),
        form: form.into(),
        base: base.into(),
        reading,
    }
}

fn unknown(surface: &str) -> Morpheme {
    Morpheme {
        surface: surface.into(),
        class: "名詞".into(),
        subclass: "一般".into(),
        form: "*".into(),
        base: surface.into(),
        reading: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(sentence: &str) -> Vec<String> {
        analyse(sentence).into_iter().map(|morpheme| morpheme.base).collect()
    }

    #[test]
    fn sentences_fall_into_base_forms() {
        assert_eq!(bases("私は学生です"), ["私", "は", "学生", "です"]);
        assert_eq!(bases("東京へ行きませんでした"), ["東京", "へ", "行く", "ます", "ん", "です", "た"]);
        assert_eq!(bases("すもももももももものうち"), ["すもも", "も", "もも", "も", "もも", "の", "うち"]);
        assert!(bases("").is_empty());
    }

    #[test]
    fn readings_are_hiragana() {
        assert_eq!(analyse("田中")[0].reading.as_deref(), Some("たなか"));
        assert_eq!(analyse("Kogumo")[0].reading, None);
    }
}
