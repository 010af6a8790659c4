//! Reads noun phrases: compounds by the longest word a dictionary knows, numbers with their counters, names, and whatever
//! was waiting to qualify them.

use crate::clause::Clause;
use crate::english::joined;
use crate::lexicon;
use crate::morpheme::Morpheme;
use crate::noun_phrase::{Article, NounPhrase};
use crate::reader::{Qualifier, Reader, is_explanatory, is_nominal};
use crate::romaji::romaji;

/// The longest run of morphemes that is looked up as one word.
const LONGEST: usize = 6;

/// The longest word of the dictionary, in characters.
const LONGEST_WORD: usize = 8;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Suffixes of respect, which English does without.
const HONORIFICS: [&str; 6] = ["さん", "様", "さま", "君", "くん", "ちゃん"];

/// Counters that say nothing but how many.
const COUNTERS: [&str; 13] = ["個", "つ", "本", "冊", "匹", "枚", "台", "杯", "軒", "頭", "羽", "人", "名"];

impl Reader<'_> {
    /// Reads a whole run of nouns into the waiting noun; する behind it makes a verb of it instead.
    pub(crate) fn noun_phrase(&mut self) {
        if self.peek(0).is_some_and(is_explanatory) && self.qualifiers.is_empty() {
            self.at += 1;
            return;
        }
        self.place_noun("");
        let mut phrase: Option<NounPhrase> = None;
        while self.peek(0).is_some_and(is_nominal) {
            let piece = self.piece();
            let Some(piece) = piece else { continue };
            phrase = Some(match phrase {
                None => piece,
                // July 3, but every morning at 7.
                Some(before) if before.time && piece.time && MONTHS.contains(&before.head.as_str()) => {
                    compound(before, piece)
                }
                Some(before) if before.time => {
                    self.noun = Some(before);
                    self.place_noun("");
                    piece
                }
                Some(before) => compound(before, piece),
            });
        }
        let Some(phrase) = phrase else { return };
        let verbal = phrase.verbal || lexicon::japanese(&format!("{}する", phrase.japanese), None).is_some();
        let does = self
            .peek(0)
            .is_some_and(|next| matches!(next.base.as_str(), "する" | "いたす" | "できる") && next.class == "動詞");
        if verbal && does {
            let can = self.peek(0).is_some_and(|next| next.base == "できる");
            let noun = self.qualified(phrase);
            self.verbal_noun(noun);
            let _ = can;
            return;
        }
        let mut phrase = self.qualified(phrase);
        // 静かな + noun, 元気に + verb.
        if phrase.adjectival && self.skip_attributive() {
            self.qualifiers.push(Qualifier::Adjective(phrase.head));
            return;
        }
        if self.peek(0).is_some_and(|next| matches!(next.surface.as_str(), "たち" | "達")) {
            self.at += 1;
            phrase.plural = true;
        }
        self.noun = Some(phrase);
    }

    /// な of an adjectival noun, before the noun it qualifies.
    fn skip_attributive(&mut self) -> bool {
        let attributive = self.peek(0).is_some_and(|next| next.class == "助動詞" && next.surface == "な")
            && self.peek(1).is_some_and(|next| is_nominal(next) && !is_explanatory(next));
        if attributive {
            self.at += 1;
        }
        attributive
    }

    /// The next word of a compound: the longest that is known, a number, a name, or one morpheme as it sounds.
    fn piece(&mut self) -> Option<NounPhrase> {
        let first = self.peek(0)?;
        if first.is("名詞", "数") {
            return Some(self.number());
        }
        for length in (1..=LONGEST).rev() {
            let Some(run) = self.run(length) else {
                continue;
            };
            let surface: String = run.iter().map(|morpheme| morpheme.surface.as_str()).collect();
            let reading: Option<String> = run.iter().map(|morpheme| morpheme.reading.clone()).collect();
            let name = length == 1 && (first.subclass == "人名" || HONORIFICS.contains(&first.surface.as_str()));
            let Some(word) = lexicon::japanese(&surface, reading.as_deref()).filter(|_| !name) else {
                continue;
            };
            self.at += length;
            return Some(NounPhrase::of_word(&word));
        }
        self.at += 1;
        if HONORIFICS.contains(&first.surface.as_str())
            || first.class == "接頭詞" && first.reading.as_deref() == Some("お")
        {
            return None;
        }
        Some(katakana_compound(first).unwrap_or_else(|| name(first, self.peek(0))))
    }

    /// The next `length` morphemes, if all of them are nominal (a particle or verb would end the word).
    fn run(&self, length: usize) -> Option<Vec<&Morpheme>> {
        (0..length).map(|ahead| self.peek(ahead).filter(|next| is_nominal(next) && next.subclass != "数")).collect()
    }

    /// A number and its counter: `3人` → 3 people, `7月` → July, `5時` → 5 o'clock, `百円` → 100 yen.
    fn number(&mut self) -> NounPhrase {
        let mut digits = String::new();
        while let Some(next) = self.peek(0).filter(|next| next.is("名詞", "数")) {
            digits.push_str(&next.surface);
            self.at += 1;
        }
        let value = value(&digits);
        let shown = value.map_or_else(|| digits.clone(), |value| value.to_string());
        let counter = self.peek(0).map(|next| next.surface.as_str()).unwrap_or_default();
        let counted = |noun: &str| {
            let noun = if value == Some(1) { noun.to_string() } else { crate::english::plural(noun) };
            (format!("{shown} {noun}"), false)
        };
        let month = value.and_then(|value| MONTHS.get(usize::try_from(value).ok()?.checked_sub(1)?));
        let (head, time) = match (counter, month) {
            ("時", _) => (format!("{shown} o'clock"), true),
            ("月", Some(month)) => ((*month).to_string(), true),
            ("日" | "年", _) => (shown.clone(), true),
            ("時間", _) => (format!("for {}", counted("hour").0), true),
            ("分", _) => counted("minute"),
            ("円", _) => (format!("{shown} yen"), false),
            ("人" | "名", _) => counted("person"),
            ("歳" | "才", _) => (format!("{} old", counted("year").0), false),
            ("回" | "度", _) => (counted("time").0, true),
            ("週間", _) => (format!("for {}", counted("week").0), true),
            (counter, _) if COUNTERS.contains(&counter) => (shown.clone(), false),
            ("%" | "％" | "パーセント", _) => (format!("{shown}%"), false),
            _ => {
                return NounPhrase { time: false, bare: true, ..NounPhrase::of_name(shown, false) };
            }
        };
        self.at += 1;
        NounPhrase {
            time,
            bare: true,
            plural: value != Some(1),
            count: value.filter(|_| COUNTERS.contains(&counter)),
            ..NounPhrase::of_name(head, false)
        }
    }

    /// Hangs everything that waits on the noun.
    fn qualified(&mut self, mut noun: NounPhrase) -> NounPhrase {
        for qualifier in std::mem::take(&mut self.qualifiers).into_iter().rev() {
            match qualifier {
                Qualifier::Adjective(adjective) => noun.qualify(&adjective),
                Qualifier::Determiner(determiner) if determiner == "which" => {
                    noun.question = true;
                    noun.qualify("which");
                    noun.bare = true;
                }
                Qualifier::Determiner(determiner) => noun.determiner = determiner,
                Qualifier::Noun(owner) => owned(&mut noun, owner),
                Qualifier::And(first) => noun = both(first, noun),
                Qualifier::Clause(clause) => relate(&mut noun, *clause),
            }
        }
        noun
    }
}

fn relate(noun: &mut NounPhrase, clause: Clause) {
    let after = clause.relative(noun);
    noun.definite |= noun.determiner.is_empty() && !noun.bare;
    noun.after = joined(&[&noun.after, &after]);
}

/// N1 の N2.
fn owned(noun: &mut NounPhrase, owner: NounPhrase) {
    let number = owner.bare && owner.head.starts_with(|c: char| c.is_ascii_digit());
    if number {
        noun.determiner = owner.head;
        noun.plural = owner.plural;
    } else if owner.adjectival {
        noun.qualify(&owner.head);
    } else if (owner.human || owner.time) && noun.determiner.is_empty() {
        noun.determiner = owner.possessive();
    } else if owner.mass && !owner.place && !owner.definite && owner.after.is_empty() {
        noun.qualify(&owner.head);
    } else if owner.place {
        let preposition = if noun.place || noun.mass { "in" } else { "of" };
        noun.after = joined(&[&noun.after, preposition, &owner.object(Article::Definite)]);
        noun.definite = true;
    } else if matches!(noun.head.as_str(), "top" | "bottom" | "inside" | "front" | "back" | "next door") {
        // 机の上: on the desk, once に says so.
        noun.after = joined(&[&noun.after, "of", &owner.object(Article::Definite)]);
    } else {
        noun.after = joined(&["of", &owner.object(Article::Definite), &noun.after]);
        noun.definite = true;
    }
}

/// Two nouns that stand together as one: machine + translation.
fn compound(first: NounPhrase, second: NounPhrase) -> NounPhrase {
    let japanese = format!("{}{}", first.japanese, second.japanese);
    let number = second.bare && second.head.starts_with(|c: char| c.is_ascii_digit());
    let head = match number {
        true => format!("{} {}", first.head, second.head),
        false => joined(&[&first.head, &second.head]),
    };
    NounPhrase { head, japanese, determiner: first.determiner, bare: first.bare && second.bare, ..second }
}

/// N1 と N2.
fn both(first: NounPhrase, mut second: NounPhrase) -> NounPhrase {
    second.human &= first.human;
    second.others.insert(0, first);
    second.plural |= second.bare;
    second
}

/// サーバーレスアーキテクチャ: katakana that the analyser does not know, as words that the dictionary does. `None` unless
/// all of it is known.
fn katakana_compound(word: &Morpheme) -> Option<NounPhrase> {
    let chars: Vec<char> = word.surface.chars().collect();
    let mut whole: Option<NounPhrase> = None;
    let mut start = 0;
    while start < chars.len() {
        let found = (start + 2..=chars.len().min(start + LONGEST_WORD)).rev().find_map(|end| {
            let part: String = chars[start..end].iter().collect();
            lexicon::japanese(&part, None)
                .filter(|found| matches!(found.class, "n" | "vs" | "adj-na"))
                .map(|found| (end, found))
        });
        let (end, found) = found.filter(|_| crate::romaji::is_kana(&word.surface))?;
        let part = NounPhrase::of_word(&found);
        whole = Some(match whole {
            Some(before) => compound(before, part),
            None => part,
        });
        start = end;
    }
    whole
}

/// A word nobody knows: letters stay, kana and names become Latin letters.
fn name(word: &Morpheme, next: Option<&Morpheme>) -> NounPhrase {
    let latin = romaji(word.reading.as_deref().unwrap_or(&word.surface));
    let proper =
        word.is("名詞", "人名") || word.is("名詞", "地域") || word.is("名詞", "組織") || word.is("名詞", "固有名詞");
    let kana = word.reading.is_some() || crate::romaji::is_kana(&word.surface);
    let shown = if proper || kana && word.is("名詞", "") { crate::english::capitalised(&latin) } else { latin };
    let human = word.is("名詞", "人名") || next.is_some_and(|next| HONORIFICS.contains(&next.surface.as_str()));
    let place = word.is("名詞", "地域");
    NounPhrase { place, japanese: word.surface.clone(), ..NounPhrase::of_name(shown, human) }
}

/// The value of digits in any of Japan's ways to write them; `None` when it is none or beyond 64 bits.
fn value(digits: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut section: u64 = 0;
    let mut digit: Option<u64> = None;
    for c in digits.chars() {
        let plain = c.to_digit(10).or_else(|| "０１２３４５６７８９".chars().position(|d| d == c).map(|d| d as u32));
        let kanji = "〇一二三四五六七八九".chars().position(|d| d == c).map(|d| d as u32);
        if let Some(next) = plain.or(kanji) {
            digit = Some(digit.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(next))?);
            continue;
        }
        let (unit, large) = match c {
            '十' => (10, false),
            '百' => (100, false),
            '千' => (1_000, false),
            '万' => (10_000, true),
            '億' => (100_000_000, true),
            '兆' => (1_000_000_000_000, true),
            ',' | '，' => continue,
            _ => return None,
        };
        if large {
            let below = section.checked_add(digit.take().unwrap_or(0))?;
            total = total.checked_add(below.max(1).checked_mul(unit)?)?;
            section = 0;
        } else {
            section = section.checked_add(digit.take().unwrap_or(1).checked_mul(unit)?)?;
        }
    }
    total.checked_add(section)?.checked_add(digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_way_they_are_written() {
        for (digits, expected) in [
            ("3", 3),
            ("１２", 12),
            ("二十三", 23),
            ("千五百", 1_500),
            ("三万二千", 32_000),
            ("百", 100),
            ("1億", 100_000_000),
        ] {
            assert_eq!(value(digits), Some(expected), "{digits}");
        }
        assert_eq!(value("99999999999999999999999"), None);
        assert_eq!(value("数"), None);
    }
}
