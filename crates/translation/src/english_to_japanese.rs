//! English text into Japanese text, sentence by sentence: the verb is found, what stands before it is the topic, what
//! stands behind it gets its particle, and the verb goes last in polite speech.

use crate::english::{Form, Person, lemmas};
use crate::japanese::{Mood, Saying, polite, polite_be};
use crate::lexicon::{self, Word};
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
    const JOINTS: [(&str, &str); 4] = [
        (", but ", "が、"),
        (", and ", "。そして、"),
        (" because ", "。なぜなら、"),
        (", ", "、"),
    ];
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

/// The words of a clause, contractions undone: `don't` → `do not`, `I'm` → `I am`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.replace('’', "'").split_whitespace() {
        let word =
            word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'' && c != '%' && c != '$');
        let lower = word.to_lowercase();
        let parts: Vec<String> = match lower.as_str() {
            "" => continue,
            "can't" | "cannot" => vec!["can".into(), "not".into()],
            "won't" => vec!["will".into(), "not".into()],
            "let's" => vec!["let's".into()],
            _ => {
                const CONTRACTIONS: [(&str, &str); 6] = [
                    ("n't", "not"),
                    ("'m", "am"),
                    ("'re", "are"),
                    ("'ll", "will"),
                    ("'ve", "have"),
                    ("'d", "would"),
                ];
                let found = CONTRACTIONS.iter().find_map(|(end, full)| {
                    lower.strip_suffix(end).map(|stem| (stem.len(), *full))
                });
                match (found, lower.strip_suffix("'s")) {
                    (Some((length, full)), _) => vec![
                        word.get(..length).unwrap_or(&lower).to_string(),
                        full.into(),
                    ],
                    (None, Some(stem)) if IS_HOSTS.contains(&stem) => {
                        vec![stem.to_string(), "is".into()]
                    }
                    (None, Some(stem)) => vec![
                        word.get(..stem.len()).unwrap_or(stem).to_string(),
                        "'s".into(),
                    ],
                    (None, None) => vec![word.to_string()],
                }
            }
        };
        words.extend(parts);
    }
    words
}

/// Words whose 's is *is*, not an owner's.
const IS_HOSTS: [&str; 10] = [
    "it", "he", "she", "that", "there", "here", "what", "who", "where", "how",
];

const AUXILIARIES: [&str; 15] = [
    "do", "does", "did", "will", "can", "could", "must", "should", "may", "would", "am", "is",
    "are", "was", "were",
];

/// What a clause says, before it is put into Japanese order.
#[derive(Default)]
struct Clause {
    subject: Vec<String>,
    saying: Saying,
    /// The main verb, unless it is *to be*.
    verb: Option<Word>,
    is_be: bool,
    is_there: bool,
    rest: Vec<String>,
}

fn clause(words: &[String], question: bool) -> String {
    let Some(read) = read(words, question) else {
        return words_only(words);
    };
    let mut out = String::new();
    let (rest, times) = take_times(read.rest);
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
            out.push_str(&polite_be(
                verb.japanese,
                verb.class,
                read.saying.past,
                read.saying.negative,
            ));
        }
        Some(verb) => out.push_str(&polite(verb.japanese, verb.class, read.saying)),
        None => {}
    }
    if question && !out.ends_with('か') {
        out.push('か');
    }
    out
}

/// Liking is an adjective in Japanese.
fn is_liking(verb: &Word) -> bool {
    matches!(verb.japanese, "好き" | "大好き" | "嫌い")
}

/// Finds the verb and sorts the words around it; `None` when the words make no sentence.
fn read(words: &[String], question: bool) -> Option<Clause> {
    let mut clause = Clause::default();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut at = 0;
    let first = lower.first()?.as_str();
    if first == "please" {
        at = 1;
        clause.saying.mood = Mood::Request;
    } else if first == "let's" {
        at = 1;
        clause.saying.mood = Mood::Proposal;
    }
    let imperative = at == 1 || is_bare_verb(first, lower.get(1)) && !question;
    if imperative && at == 0 {
        clause.saying.mood = Mood::Request;
    }
    if !imperative {
        let asked = question && lower.get(at).is_some_and(|word| is_question_word(word));
        if asked {
            let length = if first == "how"
                && lower
                    .get(1)
                    .is_some_and(|word| matches!(word.as_str(), "much" | "many"))
            {
                2
            } else {
                1
            };
            clause.rest.extend_from_slice(&words[..length]);
            at += length;
        }
        let inverted = question
            && lower
                .get(at)
                .is_some_and(|word| AUXILIARIES.contains(&word.as_str()));
        if inverted {
            auxiliary(&lower[at], &mut clause);
            at += 1;
        }
        let start = at;
        let is_doing = |at: usize| lower[at].ends_with("ing") && is_verb_word(&lower[at]);
        let ends = |at: usize| match inverted && clause.is_be {
            true => at > start && is_doing(at),
            false => !(inverted && at == start) && is_verbal(&lower, at, inverted, at > start),
        };
        while at < words.len() && !ends(at) {
            at += 1;
        }
        if at >= words.len() && !clause.is_be {
            return None;
        }
        clause.subject = words[start..at.min(words.len())].to_vec();
        if inverted && clause.is_be && at >= words.len() {
            split_be_question(&mut clause);
        }
        if asked && clause.subject.is_empty() {
            clause.subject = std::mem::take(&mut clause.rest);
        }
    }
    while let Some(word) = lower.get(at) {
        match word.as_str() {
            "not" | "never" => clause.saying.negative = true,
            "want" | "wants" | "wanted" if lower.get(at + 1).is_some_and(|next| next == "to") => {
                clause.saying.past |= word == "wanted";
                clause.saying.mood = Mood::Desire;
                at += 1;
            }
            "have" | "has" | "had" | "need" | "needs"
                if lower.get(at + 1).is_some_and(|next| next == "to") =>
            {
                clause.saying.past |= word == "had";
                clause.saying.mood = Mood::Must;
                at += 1;
            }
            "always" | "often" | "usually" | "sometimes" | "also" | "really" => {
                clause.rest.push(words[at].clone())
            }
            _ if AUXILIARIES.contains(&word.as_str())
                && !(matches!(word.as_str(), "do" | "does" | "did") && !helps(&lower, at)) =>
            {
                auxiliary(word, &mut clause);
            }
            _ => break,
        }
        at += 1;
    }
    main_verb(&lower, words, at, &mut clause);
    let there = clause.subject.len() == 1 && clause.subject[0].eq_ignore_ascii_case("there");
    if there && clause.is_be {
        clause.is_there = true;
        there_is(&mut clause);
    }
    (clause.is_be || clause.verb.is_some()).then_some(clause)
}

/// `do` before a verb is its helper: `do not eat`, `did you go`.
fn helps(lower: &[String], at: usize) -> bool {
    lower[at + 1..]
        .iter()
        .take(2)
        .any(|word| word == "not" || is_verb_word(word))
}

fn auxiliary(word: &str, clause: &mut Clause) {
    match word {
        "did" => clause.saying.past = true,
        "was" | "were" => (clause.saying.past, clause.is_be) = (true, true),
        "am" | "is" | "are" | "be" => clause.is_be = true,
        "can" | "could" => clause.saying.mood = Mood::Ability,
        "must" | "should" => clause.saying.mood = Mood::Must,
        "may" => clause.saying.mood = Mood::May,
        _ => {}
    }
}

/// Takes the main verb at `at`, and the rest behind it.
fn main_verb(lower: &[String], words: &[String], mut at: usize, clause: &mut Clause) {
    // A phrasal verb of two words before one of one: listen to, get up.
    for length in [3, 2, 1] {
        let Some(run) = lower.get(at..at + length) else {
            continue;
        };
        let found = lemmas(&run[0]).into_iter().find_map(|(lemma, form)| {
            let whole = std::iter::once(lemma.as_str())
                .chain(run[1..].iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join(" ");
            let verb = match whole.as_str() {
                "like" => lexicon::japanese("好き", None),
                "love" => lexicon::japanese("大好き", None),
                "hate" | "dislike" => lexicon::japanese("嫌い", None),
                whole => verb(whole).filter(|found| length == 1 || found.is_curated),
            };
            verb.map(|verb| (verb, form))
        });
        let Some((verb, form)) = found else { continue };
        // After be only -ing makes a verb; anything else is what somebody is.
        if clause.is_be && form != Form::Gerund {
            break;
        }
        clause.saying.past |= matches!(form, Form::Past(_));
        clause.saying.progressive = clause.is_be;
        clause.is_be = false;
        clause.verb = Some(verb);
        at += length;
        break;
    }
    clause
        .rest
        .extend_from_slice(words.get(at..).unwrap_or_default());
}

/// `Is this a book`: the subject is the determiner, pronoun or name; a noun phrase begins at the next article.
fn split_be_question(clause: &mut Clause) {
    let words = std::mem::take(&mut clause.subject);
    let split = words.iter().skip(1).position(|word| {
        let lower = word.to_lowercase();
        matches!(
            lower.as_str(),
            "a" | "an" | "the" | "in" | "at" | "on" | "from" | "my" | "your"
        ) || lexicon::english(&lower)
            .iter()
            .any(|found| found.is_adjective())
    });
    let pronoun = words.first().is_some_and(|word| {
        lexicon::english(&word.to_lowercase())
            .first()
            .is_some_and(|found| found.class == "pn")
    });
    let at = match (pronoun, split) {
        (true, _) => 1,
        (false, Some(at)) if clause.rest.is_empty() => at + 1,
        _ => words.len(),
    };
    clause.subject = words[..at.min(words.len())].to_vec();
    clause.rest.extend_from_slice(&words[at.min(words.len())..]);
}

/// There is a book on the desk: the book is the subject, the verb ある or いる.
fn there_is(clause: &mut Clause) {
    let rest = std::mem::take(&mut clause.rest);
    let split = rest
        .iter()
        .position(|word| preposition(&word.to_lowercase()).is_some())
        .unwrap_or(rest.len());
    clause.subject = rest[..split].to_vec();
    clause.rest = rest[split..].to_vec();
    let lives = clause.subject.last().is_some_and(|head| {
        lemmas(&head.to_lowercase()).iter().any(|(lemma, _)| {
            matches!(lemma.as_str(), "cat" | "dog" | "bird" | "fish" | "animal")
                || noun(lemma).is_some_and(|noun| noun.is("person"))
        })
    });
    clause.verb = lexicon::japanese(if lives { "いる" } else { "ある" }, None);
    clause.is_be = false;
}

fn is_question_word(word: &str) -> bool {
    matches!(
        word,
        "what" | "who" | "where" | "when" | "why" | "how" | "which"
    )
}

fn is_verb_word(word: &str) -> bool {
    lemmas(word).iter().any(|(lemma, _)| {
        verb(lemma).is_some() || matches!(lemma.as_str(), "like" | "love" | "hate")
    })
}

/// Whether an order begins so: a verb in its base form that is no noun, or that an article or `me` follows.
fn is_bare_verb(word: &str, next: Option<&String>) -> bool {
    let object_follows = next.is_some_and(|next| {
        matches!(
            next.as_str(),
            "the" | "a" | "an" | "me" | "it" | "this" | "that" | "your" | "to"
        )
    });
    verb(word).is_some() && (object_follows || noun(word).is_none()) && !is_pronoun(word)
}

/// Whether the subject ends before the word at `at`: it is an auxiliary, or a verb that can stand here.
fn is_verbal(lower: &[String], at: usize, inverted: bool, has_subject: bool) -> bool {
    let word = lower[at].as_str();
    if word == "not"
        || AUXILIARIES.contains(&word)
        || matches!(
            word,
            "never" | "always" | "often" | "usually" | "sometimes" | "also" | "really"
        ) && has_subject
    {
        return true;
    }
    if !has_subject || !is_verb_word(word) {
        return false;
    }
    let before = lower[at - 1].as_str();
    let after_determiner = matches!(
        before,
        "a" | "an"
            | "the"
            | "my"
            | "your"
            | "his"
            | "her"
            | "our"
            | "their"
            | "this"
            | "that"
            | "'s"
            | "of"
            | "and"
    );
    let noun_too = lemmas(word).iter().any(|(lemma, _)| noun(lemma).is_some());
    // A noun that could be a verb is a noun behind a determiner or adjective, a verb behind a pronoun or another noun.
    match (inverted, noun_too) {
        (true, _) => true,
        (false, true) => {
            !after_determiner
                && (is_pronoun(before)
                    || lower
                        .get(at + 1)
                        .is_some_and(|next| next != "is" && next != "are"))
        }
        (false, false) => !(after_determiner && before == "and"),
    }
}

fn is_pronoun(word: &str) -> bool {
    matches!(
        word,
        "i" | "you"
            | "he"
            | "she"
            | "it"
            | "we"
            | "they"
            | "this"
            | "that"
            | "there"
            | "who"
            | "everyone"
    )
}

fn verb(word: &str) -> Option<Word> {
    lexicon::english(word)
        .into_iter()
        .find(|found| found.is_verb() && found.japanese != "ある")
}

fn noun(word: &str) -> Option<Word> {
    lexicon::english(word)
        .into_iter()
        .find(|found| matches!(found.class, "n" | "vs" | "pn" | "time"))
}

// === Behind the verb ===

/// The particle of an English preposition, and whether it stands for place.
fn preposition(word: &str) -> Option<&'static str> {
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
fn take_times(words: Vec<String>) -> (Vec<String>, String) {
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
        let length = [2, 1].into_iter().find(|length| {
            lower
                .get(at + skip..at + skip + length)
                .is_some_and(|run| time(&run.join(" ")).is_some())
        });
        match length {
            Some(length) => {
                let word =
                    time(&lower[at + skip..at + skip + length].join(" ")).unwrap_or_default();
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
    let hour = words
        .strip_suffix(" o'clock")
        .and_then(|hour| hour.parse::<usize>().ok());
    const HOURS: [&str; 13] = [
        "", "1時", "2時", "3時", "4時", "5時", "6時", "7時", "8時", "9時", "10時", "11時", "12時",
    ];
    if let Some(hour) = hour {
        return HOURS.get(hour).copied();
    }
    lexicon::english(words)
        .into_iter()
        .find(|found| found.class == "time")
        .map(|found| found.japanese)
}

fn take_adverbs(words: Vec<String>) -> (Vec<String>, String) {
    let mut rest = Vec::new();
    let mut adverbs = String::new();
    for word in words {
        let found = lexicon::english(&word.to_lowercase());
        match found.first() {
            Some(found)
                if found.class == "adv"
                    && !is_question_word(&word.to_lowercase())
                    && found.is_curated =>
            {
                adverbs.push_str(found.japanese)
            }
            _ => rest.push(word),
        }
    }
    (rest, adverbs)
}

/// What stands behind the verb, each part with its particle; behind *to be* the predicate itself.
fn complements(words: &[String], verb: &Option<Word>, is_be: bool, saying: Saying) -> String {
    let split = words
        .iter()
        .position(|word| preposition(&word.to_lowercase()).is_some())
        .unwrap_or(words.len());
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
        let stays = verb
            .is_none_or(|verb| matches!(verb.japanese, "住む" | "ある" | "いる" | "座る" | "立つ"));
        if !phrase.is_empty() {
            out.push_str(&phrase);
            out.push_str(if particle == "で" && stays {
                "に"
            } else {
                particle
            });
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
            Some("会う" | "乗る") => "に",
            Some("行く" | "来る" | "着く") => "",
            _ => "を",
        };
        out.push_str(&object_text);
        out.push_str(particle);
    }
    out
}

fn be_complement(object: &[String], saying: Saying, alone: bool) -> String {
    if object.is_empty() {
        return if alone {
            "です".into()
        } else {
            polite("いる", "v1", saying)
        };
    }
    let (determiners, rest) =
        object.split_at(object.iter().take_while(|word| is_article(word)).count());
    if let [before @ .., last] = rest
        && determiners.is_empty()
        && let Some(adjective) = lexicon::english(&last.to_lowercase())
            .into_iter()
            .find(|found| found.is_adjective() && found.class != "adj-pn")
        && noun(&last.to_lowercase()).is_none_or(|noun| !noun.is_curated)
    {
        return noun_phrase(before)
            + &polite_be(
                adjective.japanese,
                adjective.class,
                saying.past,
                saying.negative,
            );
    }
    polite_be(&noun_phrase(object), "n", saying.past, saying.negative)
}

// === Noun phrases ===

fn is_article(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "a" | "an" | "the" | "some" | "any"
    )
}

/// Words as one noun phrase: articles fall away, owners and `of` become の, `and` becomes と, the longest known word wins.
fn noun_phrase(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .filter(|word| !is_article(word))
        .cloned()
        .collect();
    if let Some(of) = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("of"))
        .filter(|of| *of > 0)
    {
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

/// The longest run of words at the start that the dictionary has, as it stands inside a noun phrase.
fn longest(lower: &[String]) -> Option<(String, usize)> {
    for length in (1..=3.min(lower.len())).rev() {
        let (before, last) = lower[..length].split_at(length - 1);
        // Of `books` as it stands and of `book`, the one of the common words wins.
        let mut lemmas = lemmas(&last[0]);
        lemmas.sort_by_key(|(lemma, _)| {
            !lexicon::english(lemma)
                .first()
                .is_some_and(|found| found.is_curated)
        });
        for (lemma, form) in lemmas {
            let whole = before
                .iter()
                .map(String::as_str)
                .chain([lemma.as_str()])
                .collect::<Vec<_>>()
                .join(" ");
            let found = lexicon::english(&whole);
            let more = lower.len() > length
                && !matches!(lower[length].as_str(), "and" | "or" | "of" | "'s");
            let adjective = found
                .iter()
                .find(|found| found.is_adjective() && form == Form::Base && more);
            let nominal = |found: &&Word| {
                !found.is_verb()
                    && !found.is_adjective()
                    && !matches!(found.class, "pref" | "suf" | "ctr")
            };
            let word = adjective
                .or(found.iter().find(nominal))
                .or(found.iter().find(|found| found.is_adjective()));
            let word = word.or(found
                .first()
                .filter(|_| form == Form::Base || matches!(form, Form::Present(Person::Third))));
            if let Some(word) = word {
                let ending = if word.class == "adj-na" && adjective.is_some() {
                    "な"
                } else {
                    ""
                };
                return Some((format!("{}{ending}", word.japanese), length));
            }
        }
    }
    None
}

/// Words that make no sentence, one after the other.
fn words_only(words: &[String]) -> String {
    let mut out = String::new();
    let mut start = 0;
    for at in 0..=words.len() {
        let here = words
            .get(at)
            .and_then(|word| preposition(&word.to_lowercase()));
        if at == words.len() || here.is_some() && at > start {
            let part = &words[start..at];
            let particle = part
                .first()
                .and_then(|word| preposition(&word.to_lowercase()));
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
            (
                "He went to Tokyo yesterday.",
                "昨日、彼は東京に行きました。",
            ),
            ("I live in Tokyo.", "私は東京に住みます。"),
            ("I do not eat meat.", "私は肉を食べません。"),
            ("I don't understand English.", "私は英語が分かりません。"),
            ("Do you speak Japanese?", "あなたは日本語を話しますか。"),
            (
                "Can you speak Japanese?",
                "あなたは日本語を話すことができますか。",
            ),
            ("What do you eat?", "あなたは何を食べますか。"),
            ("Where is the station?", "駅はどこですか。"),
            ("This is my book.", "これは私の本です。"),
            ("I want to drink water.", "私は水を飲みたいです。"),
            (
                "I have to go to school tomorrow.",
                "明日、私は学校に行かなければなりません。",
            ),
            ("Please read this book.", "この本を読んでください。"),
            ("Let's eat lunch.", "昼ご飯を食べましょう。"),
            ("There is a book on the desk.", "本が机にあります。"),
            ("She is eating an apple.", "彼女はりんごを食べています。"),
            ("My name is Tanaka.", "私の名前はTanakaです。"),
            ("The weather is good today.", "今日、天気はいいです。"),
            ("Is this a book?", "これは本ですか。"),
        ];
        let wrong: Vec<String> = cases
            .iter()
            .filter(|(english, japanese)| translate(english) != *japanese)
            .map(|(english, japanese)| {
                format!("{english}: {:?}, not {japanese:?}", translate(english))
            })
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}
