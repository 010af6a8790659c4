//! English text into Japanese text, sentence by sentence: the verb is found, what stands before it is the topic, what
//! stands behind it gets its particle, and the verb goes last in polite speech.

use crate::english::{Form, lemmas};
use crate::english_reader::{Clause, is_liking, read};
use crate::english_words::words;
use crate::japanese::{Mood, polite, polite_be};
use crate::japanese_phrase::{complements, noun_phrase, take_adverbs, take_times, words_only};
use crate::lexicon;
use crate::sentence::{Piece, japanese_mark, pieces};

/// The whole text in Japanese. Lines stay lines.
pub fn translate(text: &str) -> String {
    let pieces = pieces(text);
    let mut out = String::new();
    let mut quoted = false;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Break(c) => out.push(*c),
            Piece::Mark(c) => {
                quoted ^= *c == '"';
                out.push(japanese_mark(*c, quoted));
            }
            Piece::Sentence(english) => {
                let question = matches!(pieces.get(at + 1), Some(Piece::Mark('?' | '？')));
                out.push_str(&sentence(english, question));
            }
        }
    }
    // A question that says か asks no second time.
    out.replace("か？", "か。")
}

fn sentence(english: &str, question: bool) -> String {
    if let Some(phrase) = lexicon::english_phrase(english) {
        return match question && !phrase.ends_with('か') && !phrase.ends_with('は') {
            true => format!("{phrase}か"),
            false => phrase.to_string(),
        };
    }
    let english = match english.strip_suffix(", please") {
        Some(order) => &format!("please {order}"),
        None => english,
    };
    let parts: Vec<String> = clauses(english)
        .into_iter()
        .map(|(text, joint)| {
            let japanese = match lexicon::english_phrase(text) {
                Some(phrase) => phrase.to_string(),
                None => clause(&words(text), question),
            };
            format!("{japanese}{joint}")
        })
        .collect();
    parts.concat()
}

/// The clauses of a sentence, each with what Japanese puts behind it.
fn clauses(english: &str) -> Vec<(&str, &'static str)> {
    const JOINTS: [(&str, &str); 4] =
        [(", but ", "が、"), (", and ", "。そして、"), (" because ", "。なぜなら、"), (", ", "、")];
    let mut clauses = Vec::new();
    let mut rest = english;
    loop {
        let first = JOINTS
            .iter()
            .filter_map(|(joint, japanese)| rest.find(joint).map(|at| (at, joint.len(), *japanese)))
            .min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length)));
        match first {
            Some((at, length, japanese)) => {
                clauses.push((&rest[..at], japanese));
                rest = &rest[at + length..];
            }
            None => {
                clauses.push((rest, ""));
                return clauses;
            }
        }
    }
}

fn clause(words: &[String], question: bool) -> String {
    if let Some(said) = reported(words) {
        return said;
    }
    let Some(mut read) = read(words, question) else {
        return words_only(words);
    };
    possession(&mut read);
    let mut out = String::new();
    let (rest, times) = take_times(std::mem::take(&mut read.rest));
    let (rest, manner) = take_adverbs(rest);
    out.push_str(&times);
    if !read.subject.is_empty() {
        out.push_str(&noun_phrase(&read.subject));
        out.push_str(if read.is_there { "が" } else { "は" });
    }
    out.push_str(&manner);
    out.push_str(&complements(&rest, &read.verb, read.is_be, read.saying));
    match read.verb {
        Some(verb) if is_liking(&verb) => {
            out.push_str(&polite_be(verb.japanese, verb.class, read.saying.past, read.saying.negative));
        }
        Some(verb) => out.push_str(&polite(verb.japanese, verb.class, read.saying)),
        None => {}
    }
    if question && !out.ends_with('か') {
        out.push('か');
    }
    out
}

/// I think (that) he is kind: the inner clause in plain speech, と, and the verb.
fn reported(words: &[String]) -> Option<String> {
    const REPORTING: [(&str, &str, &str); 4] = [
        ("think", "と思います", "と思いました"),
        ("believe", "と信じています", "と信じていました"),
        ("say", "と言います", "と言いました"),
        ("know", "と知っています", "と知っていました"),
    ];
    let [subject, verb, inner @ ..] = words else {
        return None;
    };
    let lemmas = lemmas(&verb.to_lowercase());
    let (lemma, form) = lemmas.first()?;
    let (_, present, past) = REPORTING.iter().find(|(english, ..)| english == lemma)?;
    let inner = match inner {
        [that, inner @ ..] if that.eq_ignore_ascii_case("that") => inner,
        inner => inner,
    };
    read(inner, false)?;
    let inner = clause(inner, false);
    let plain = match inner.strip_suffix("です") {
        Some(adjective) if adjective.ends_with('い') => adjective.to_string(),
        Some(noun) => format!("{noun}だ"),
        None => inner,
    };
    let ending = if matches!(form, Form::Past(_)) { past } else { present };
    Some(format!("{}は、{plain}{ending}", noun_phrase(std::slice::from_ref(subject))))
}

/// I have a car: Japanese is holding it.
fn possession(clause: &mut Clause) {
    let has = clause.verb.is_some_and(|verb| verb.japanese == "持つ") && clause.saying.mood == Mood::Statement;
    clause.saying.progressive |= has;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_a_first_textbook() {
        let cases = [
            ("Hello", "こんにちは"),
            ("Hello, world", "こんにちは、世界"),
            ("Good morning.", "おはよう。"),
            ("Thank you very much!", "どうもありがとう！"),
            ("cat", "猫"),
            ("I am a student.", "私は学生です。"),
            ("I'm a teacher", "私は先生です"),
            ("I like cats.", "私は猫が好きです。"),
            ("I read books.", "私は本を読みます。"),
            ("She is beautiful.", "彼女は美しいです。"),
            ("He went to Tokyo yesterday.", "昨日、彼は東京に行きました。"),
            ("I live in Tokyo.", "私は東京に住みます。"),
            ("I do not eat meat.", "私は肉を食べません。"),
            ("I don't understand English.", "私は英語が分かりません。"),
            ("Do you speak Japanese?", "あなたは日本語を話しますか。"),
            ("Can you speak Japanese?", "あなたは日本語を話すことができますか。"),
            ("What do you eat?", "あなたは何を食べますか。"),
            ("Where is the station?", "駅はどこですか。"),
            ("This is my book.", "これは私の本です。"),
            ("I want to drink water.", "私は水を飲みたいです。"),
            ("I have to go to school tomorrow.", "明日、私は学校に行かなければなりません。"),
            ("Please read this book.", "この本を読んでください。"),
            ("Let's eat lunch.", "昼ご飯を食べましょう。"),
            ("There is a book on the desk.", "本が机にあります。"),
            ("She is eating an apple.", "彼女はりんごを食べています。"),
            ("My name is Tanaka.", "私の名前はTanakaです。"),
            ("The weather is good today.", "今日、天気はいいです。"),
            ("Is this a book?", "これは本ですか。"),
            ("Where do you live?", "あなたはどこに住みますか。"),
            ("Open the window, please.", "窓を開けてください。"),
            ("There are two dogs in the park.", "2匹の犬が公園にいます。"),
            ("This book is interesting.", "この本は面白いです。"),
            ("I think he is kind.", "私は、彼は優しいと思います。"),
            ("She wants to be a doctor.", "彼女は医者になりたいです。"),
            ("Tokyo is the capital of Japan.", "東京は日本の首都です。"),
            ("It is raining.", "雨が降っています。"),
        ];
        let wrong: Vec<String> = cases
            .iter()
            .filter(|(english, japanese)| translate(english) != *japanese)
            .map(|(english, japanese)| format!("{english}: {:?}, not {japanese:?}", translate(english)))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}
