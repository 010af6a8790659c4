//! English words as Japanese phrases: times, adverbs, objects and places with their particles, noun phrases.

use crate::english::{Form, Person, lemmas};
use crate::english_reader::{is_question_word, noun};
use crate::japanese::{Saying, polite, polite_be};
use crate::lexicon::{self, Word};

/// Verbs of being somewhere: the place takes に.
const STAYING: [&str; 5] = ["住む", "ある", "いる", "座る", "立つ"];

/// The particle of an English preposition, and whether it stands for place.
pub fn preposition(word: &str) -> Option<&'static str> {
    Some(match word {
        "to" | "into" => "に",
        "in" | "at" | "on" => "で",
        "from" => "から",
        "with" => "と",
        "by" => "で",
        "until" | "till" => "まで",
        "for" => "のために",
        "about" => "について",
        "than" => "より",
        "as" => "として",
        _ => return None,
    })
}

/// Today, every day, on Monday, at 3 o'clock, in the morning: the times among the words, in Japanese, and the other words.
pub fn take_times(words: Vec<String>) -> (Vec<String>, String) {
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut rest = Vec::new();
    let mut times = String::new();
    let mut at = 0;
    while at < words.len() {
        let skip = match lower[at].as_str() {
            "in" | "on" | "at" if lower.get(at + 1).is_some_and(|next| next == "the") => 2,
            "in" | "on" | "at" => 1,
            _ => 0,
        };
        let length = [2, 1]
            .into_iter()
            .find(|length| lower.get(at + skip..at + skip + length).is_some_and(|run| time(&run.join(" ")).is_some()));
        match length {
            Some(length) => {
                let word = time(&lower[at + skip..at + skip + length].join(" ")).unwrap_or_default();
                times.push_str(word);
                times.push_str(if skip > 0 { "に" } else { "" });
                at += skip + length;
            }
            None => {
                rest.push(words[at].clone());
                at += 1;
            }
        }
    }
    if !times.is_empty() && !times.ends_with('に') {
        times.push('、');
    }
    (rest, times)
}

fn time(words: &str) -> Option<&'static str> {
    let hour = words.strip_suffix(" o'clock").and_then(|hour| hour.parse::<usize>().ok());
    const HOURS: [&str; 13] =
        ["", "1時", "2時", "3時", "4時", "5時", "6時", "7時", "8時", "9時", "10時", "11時", "12時"];
    if let Some(hour) = hour {
        return HOURS.get(hour).copied();
    }
    lexicon::english(words).into_iter().find(|found| found.class == "time").map(|found| found.japanese)
}

pub fn take_adverbs(words: Vec<String>) -> (Vec<String>, String) {
    let mut rest = Vec::new();
    let mut adverbs = String::new();
    for word in words {
        let found = lexicon::english(&word.to_lowercase());
        match found.first() {
            Some(found) if found.class == "adv" && !is_question_word(&word.to_lowercase()) && found.is_curated => {
                adverbs.push_str(found.japanese)
            }
            _ => rest.push(word),
        }
    }
    (rest, adverbs)
}

/// What stands behind the verb, each part with its particle; behind *to be* the predicate itself.
pub fn complements(words: &[String], verb: &Option<Word>, is_be: bool, saying: Saying) -> String {
    let split = words.iter().position(|word| preposition(&word.to_lowercase()).is_some()).unwrap_or(words.len());
    let (object, prepositional) = words.split_at(split);
    let mut out = String::new();
    let mut start = 0;
    while start < prepositional.len() {
        let end = prepositional[start + 1..]
            .iter()
            .position(|word| preposition(&word.to_lowercase()).is_some())
            .map_or(prepositional.len(), |next| start + 1 + next);
        let phrase = noun_phrase(&prepositional[start + 1..end]);
        let particle = preposition(&prepositional[start].to_lowercase()).unwrap_or_default();
        let stays = verb.is_none_or(|verb| STAYING.contains(&verb.japanese));
        if !phrase.is_empty() {
            out.push_str(&phrase);
            out.push_str(if particle == "で" && stays { "に" } else { particle });
        }
        start = end;
    }
    if is_be {
        return out + &be_complement(object, saying, prepositional.is_empty());
    }
    let object_text = noun_phrase(object);
    if !object_text.is_empty() {
        let particle = match verb.map(|verb| verb.japanese) {
            Some("好き" | "大好き" | "嫌い" | "分かる" | "わかる") => "が",
            Some("会う" | "乗る" | "なる") => "に",
            Some("行く" | "来る" | "帰る" | "住む" | "いる" | "ある") if asks_where(object) => "に",
            Some("行く" | "来る" | "着く") => "",
            _ if asks_where(object) => "で",
            _ => "を",
        };
        out.push_str(&object_text);
        out.push_str(particle);
    }
    out
}

fn asks_where(object: &[String]) -> bool {
    object.iter().any(|word| word.eq_ignore_ascii_case("where"))
}

fn be_complement(object: &[String], saying: Saying, alone: bool) -> String {
    if object.is_empty() {
        return if alone { "です".into() } else { polite("いる", "v1", saying) };
    }
    let (determiners, rest) = object.split_at(object.iter().take_while(|word| is_article(word)).count());
    if let [before @ .., last] = rest
        && determiners.is_empty()
        && let Some(adjective) = lexicon::english(&last.to_lowercase())
            .into_iter()
            .find(|found| found.is_adjective() && found.class != "adj-pn")
        && noun(&last.to_lowercase()).is_none_or(|noun| !noun.is_curated)
    {
        return noun_phrase(before) + &polite_be(adjective.japanese, adjective.class, saying.past, saying.negative);
    }
    polite_be(&noun_phrase(object), "n", saying.past, saying.negative)
}

// === Noun phrases ===

fn is_article(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "a" | "an" | "the" | "some" | "any")
}

/// Words as one noun phrase: articles fall away, owners and `of` become の, `and` becomes と, the longest known word wins.
pub fn noun_phrase(words: &[String]) -> String {
    let words: Vec<String> = words.iter().filter(|word| !is_article(word)).cloned().collect();
    if let Some(of) = words.iter().position(|word| word.eq_ignore_ascii_case("of")).filter(|of| *of > 0) {
        let (head, owner) = (&words[..of], &words[of + 1..]);
        return format!("{}の{}", plain_phrase(owner), plain_phrase(head));
    }
    plain_phrase(&words)
}

fn plain_phrase(words: &[String]) -> String {
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut out = String::new();
    let mut at = 0;
    while at < words.len() {
        let fixed = match lower[at].as_str() {
            "my" => "私の",
            "your" => "あなたの",
            "his" => "彼の",
            "her" if at + 1 < words.len() => "彼女の",
            "our" => "私たちの",
            "their" => "彼らの",
            "its" => "その",
            "this" | "these" if at + 1 < words.len() => "この",
            "that" | "those" if at + 1 < words.len() => "その",
            "me" => "私",
            "him" => "彼",
            "her" => "彼女",
            "us" => "私たち",
            "them" => "彼ら",
            "and" => "と",
            "or" => "または",
            "'s" | "of" => "の",
            "not" => "ない",
            _ => "",
        };
        if !fixed.is_empty() {
            out.push_str(fixed);
            at += 1;
            continue;
        }
        if let Some((counted, length)) = counted(&lower[at..]) {
            out.push_str(&counted);
            at += length;
            continue;
        }
        let (text, length) = longest(&lower[at..]).unwrap_or_else(|| (words[at].clone(), 1));
        let foreign = text.is_ascii() && out.ends_with(|c: char| c.is_ascii_alphanumeric());
        if foreign {
            out.push(' ');
        }
        out.push_str(&text);
        at += length;
    }
    out
}

/// Two dogs: 2匹の犬. A number wants the counter of what is counted.
fn counted(lower: &[String]) -> Option<(String, usize)> {
    const NUMBERS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let (first, rest) = lower.split_first()?;
    let number = NUMBERS.iter().position(|word| word == first).map(|at| at + 1).or_else(|| first.parse().ok())?;
    let (_, length) = longest(rest)?;
    let (head, form) = lemmas(rest.get(length - 1)?).into_iter().find(|(lemma, _)| noun(lemma).is_some())?;
    let counter = match head.as_str() {
        "o'clock" | "minute" | "hour" | "year" => return None,
        _ if noun(&head).is_some_and(|noun| noun.is("person")) => "人",
        "cat" | "dog" | "fish" | "animal" => "匹",
        "bird" => "羽",
        "book" => "冊",
        "car" | "computer" | "bicycle" => "台",
        _ if form == Form::Base && number != 1 => return None,
        _ if number < 10 => "つ",
        _ => "個",
    };
    Some((format!("{number}{counter}の"), 1))
}

/// The longest run of words at the start that the dictionary has, as it stands inside a noun phrase.
fn longest(lower: &[String]) -> Option<(String, usize)> {
    for length in (1..=3.min(lower.len())).rev() {
        let (before, last) = lower[..length].split_at(length - 1);
        // Of `books` as it stands and of `book`, the one of the common words wins.
        let mut lemmas = lemmas(&last[0]);
        lemmas.sort_by_key(|(lemma, _)| !lexicon::english(lemma).first().is_some_and(|found| found.is_curated));
        for (lemma, form) in lemmas {
            let whole = before.iter().map(String::as_str).chain([lemma.as_str()]).collect::<Vec<_>>().join(" ");
            let found = lexicon::english(&whole);
            let more = lower.len() > length && !matches!(lower[length].as_str(), "and" | "or" | "of" | "'s");
            let adjective = found.iter().find(|found| found.is_adjective() && form == Form::Base && more);
            let nominal = |found: &&Word| {
                !found.is_verb() && !found.is_adjective() && !matches!(found.class, "pref" | "suf" | "ctr")
            };
            let word = adjective.or(found.iter().find(nominal)).or(found.iter().find(|found| found.is_adjective()));
            let word =
                word.or(found.first().filter(|_| form == Form::Base || matches!(form, Form::Present(Person::Third))));
            if let Some(word) = word {
                let ending = if word.class == "adj-na" && adjective.is_some() { "な" } else { "" };
                return Some((format!("{}{ending}", word.japanese), length));
            }
        }
    }
    None
}

/// Words that make no sentence, one after the other.
pub fn words_only(words: &[String]) -> String {
    let mut out = String::new();
    let mut start = 0;
    for at in 0..=words.len() {
        let here = words.get(at).and_then(|word| preposition(&word.to_lowercase()));
        if at == words.len() || here.is_some() && at > start {
            let part = &words[start..at];
            let particle = part.first().and_then(|word| preposition(&word.to_lowercase()));
            let phrase = noun_phrase(if particle.is_some() { &part[1..] } else { part });
            match particle {
                Some(particle) => out = format!("{phrase}{particle}{out}"),
                None => out.push_str(&phrase),
            }
            start = at;
        }
    }
    out
}
