//! Reads what Japanese hangs behind a predicate's stem: politeness, tense, negation, voice, aspect, mood.

use crate::lexicon;
use crate::predicate::{Core, Mood, Predicate};
use crate::reader::{Reader, is_explanatory};

impl Reader<'_> {
    /// Reads every ending into `predicate`; answers the joint (て, ば, たら, …) when the last one ties the clause to the next.
    pub(crate) fn endings(&mut self, predicate: &mut Predicate) -> Option<&'static str> {
        loop {
            let next = self.peek(0)?;
            if self.idiom(predicate) {
                continue;
            }
            let base = next.base.as_str();
            match (next.class.as_str(), base) {
                ("助動詞", "た" | "だ") if next.form == "仮定形" => {
                    self.at += 1;
                    self.skip(&["ば"]);
                    return Some("たら");
                }
                ("助動詞", "た") => predicate.past = true,
                ("助動詞", "だ") if next.surface == "だ" && predicate.japanese.ends_with(['む', 'ぶ', 'ぬ', 'ぐ']) => {
                    predicate.past = true
                }
                // だった is だっ + た; な before a noun ends the predicate.
                ("助動詞", "だ") if next.surface == "な" && !self.peek(1).is_some_and(is_explanatory) => {
                    return None;
                }
                ("助動詞", "です") if next.surface == "でしょ" => {
                    predicate.mood = Mood::Probably;
                    self.at += 1;
                    self.skip(&["う"]);
                    continue;
                }
                ("助動詞", "だ") if next.surface == "だろ" => {
                    predicate.mood = Mood::Probably;
                    self.at += 1;
                    self.skip(&["う"]);
                    continue;
                }
                ("助動詞", "ます" | "です" | "だ" | "ござる") => {}
                ("助動詞", "ない" | "ぬ" | "ん") | ("形容詞", "ない") => {
                    predicate.negative = !predicate.negative
                }
                ("助動詞", "たい") => predicate.desire = true,
                ("助動詞", "う" | "よう") => predicate.mood = Mood::Proposal,
                ("助動詞", "らしい") => predicate.mood = Mood::Seems,
                ("動詞", "れる" | "られる") if next.subclass == "接尾" => predicate.passive = true,
                ("動詞", "せる" | "させる") if next.subclass == "接尾" => predicate.causative = true,
                ("動詞", "てる" | "でる") if next.subclass == "非自立" => predicate.progressive = true,
                ("動詞", "すぎる" | "過ぎる") => {
                    if let Core::Be(complement) = &mut predicate.core {
                        *complement = format!("too {complement}");
                    }
                }
                ("動詞", "始める") if next.subclass == "非自立" => begin(predicate, "start to"),
                ("動詞", "続ける") if next.subclass == "非自立" => begin(predicate, "continue to"),
                ("動詞", "ある" | "ござる") if matches!(predicate.core, Core::Be(_)) => {}
                ("助詞", "は" | "も") if self.peek(1).is_some_and(is_negating) => {}
                ("助詞", "で") if self.peek(1).is_some_and(|next| next.surface == "は" || is_negating(next)) => {}
                ("助詞", "じゃ" | "では") => {}
                ("助詞", "ね" | "よ" | "な" | "わ" | "ぞ" | "ぜ" | "さ") if next.subclass == "終助詞" => {}
                ("助詞", "て" | "で") if next.subclass == "接続助詞" => {
                    self.at += 1;
                    if self.after_te(predicate) {
                        continue;
                    }
                    return Some("て");
                }
                ("助詞", joint) if next.subclass == "接続助詞" => {
                    let known = [
                        "が",
                        "けど",
                        "けれど",
                        "けれども",
                        "から",
                        "ので",
                        "のに",
                        "ながら",
                        "ば",
                        "と",
                        "し",
                        "たら",
                        "なら",
                    ];
                    let joint = known.into_iter().find(|known| *known == joint).unwrap_or("て");
                    self.at += 1;
                    return Some(joint);
                }
                ("名詞", "の" | "ん")
                    if is_explanatory(next)
                        && self.peek(1).is_some_and(|next| matches!(next.base.as_str(), "です" | "だ" | "か")) => {}
                _ => return None,
            }
            self.at += 1;
        }
    }

    /// Endings of several words that mean one thing together.
    fn idiom(&mut self, predicate: &mut Predicate) -> bool {
        const MUST: [&[&str]; 7] = [
            &["ない", "ば", "なる", "ます", "ん"],
            &["ない", "ば", "なる", "ない"],
            &["ない", "ば", "いける", "ます", "ん"],
            &["ない", "ば", "いける", "ない"],
            &["ない", "て", "は", "なる", "ます", "ん"],
            &["ない", "て", "は", "いける", "ます", "ん"],
            &["ない", "と", "いける", "ます", "ん"],
        ];
        const MAYBE: [&[&str]; 3] =
            [&["かも", "しれる", "ます", "ん"], &["かも", "しれる", "ない"], &["か", "も", "しれる", "ます", "ん"]];
        const CAN: [&[&str]; 2] = [&["こと", "が", "できる"], &["こと", "が", "出来る"]];
        if MUST.iter().any(|idiom| self.skip(idiom)) {
            predicate.mood = Mood::Must;
        } else if MAYBE.iter().any(|idiom| self.skip(idiom)) {
            predicate.mood = Mood::Maybe;
        } else if CAN.iter().any(|idiom| self.skip(idiom)) {
            predicate.potential = true;
        } else if predicate.past && self.skip(&["こと", "が", "ある"]) {
            (predicate.past, predicate.perfect) = (false, true);
        } else if self.skip(&["つもり"]) {
            predicate.mood = Mood::Intends;
        } else if self.peek(0).is_some_and(|next| next.class == "名詞")
            && (self.skip(&["よう", "です"]) || self.skip(&["そう", "です"]) || self.skip(&["みたい", "です"]))
        {
            predicate.mood = Mood::Seems;
        } else {
            return false;
        }
        true
    }

    /// What can follow て: an auxiliary verb, a permission, a ban. Answers whether something did.
    fn after_te(&mut self, predicate: &mut Predicate) -> bool {
        if self.skip(&["も", "いい"]) || self.skip(&["も", "よい"]) || self.skip(&["も", "構う", "ます", "ん"])
        {
            predicate.mood = Mood::May;
            return true;
        }
        if self.skip(&["は", "いける", "ます", "ん"])
            || self.skip(&["は", "いける", "ない"])
            || self.skip(&["は", "だめ"])
        {
            predicate.mood = Mood::MustNot;
            return true;
        }
        if self.skip(&["から"]) {
            return false;
        }
        let Some(next) = self.peek(0) else {
            return false;
        };
        if next.subclass != "非自立" {
            return false;
        }
        match next.base.as_str() {
            "いる" | "る" | "おる" | "いらっしゃる" => predicate.progressive = true,
            "ください" | "くださる" | "下さる" | "くれる" if is_order(&next.form) || next.base != "くれる" => {
                predicate.mood = Mood::Request
            }
            "ある" => predicate.passive = true,
            "みる" => begin(predicate, "try to"),
            "ほしい" | "欲しい" => begin(predicate, "want someone to"),
            // しまう, おく, いく, くる, もらう, くれる: English leaves them unsaid.
            _ => {}
        }
        self.at += 1;
        true
    }
}

fn is_order(form: &str) -> bool {
    form.starts_with("命令")
}

fn is_negating(morpheme: &crate::morpheme::Morpheme) -> bool {
    matches!(morpheme.base.as_str(), "ない" | "ある" | "ござる") && morpheme.class != "名詞"
}

fn begin(predicate: &mut Predicate, before: &str) {
    if let Core::Verb(lemma) = &mut predicate.core {
        *lemma = format!("{before} {lemma}");
    }
}

/// The verb that an English noun of action belongs to: `translation` → `translate`, as far as the dictionary knows one.
pub(crate) fn verb_of(noun: &str) -> String {
    let is_verb = |word: &str| lexicon::english(word).iter().any(|found| found.is_verb());
    const ENDINGS: [(&str, &[&str]); 9] = [
        ("ation", &["ate", "e", ""]),
        ("ition", &["e", ""]),
        ("tion", &["t", "te", ""]),
        ("sion", &["d", "de", "se", "s"]),
        ("ment", &[""]),
        ("ance", &["", "e"]),
        ("ing", &["", "e"]),
        ("al", &["", "e"]),
        ("ure", &["", "e"]),
    ];
    if is_verb(noun) {
        return noun.to_string();
    }
    for (ending, verbs) in ENDINGS {
        let Some(stem) = noun.strip_suffix(ending) else {
            continue;
        };
        if let Some(verb) = verbs.iter().map(|verb| format!("{stem}{verb}")).find(|verb| is_verb(verb)) {
            return verb;
        }
    }
    format!("do {noun}")
}
