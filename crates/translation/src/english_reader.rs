//! Reads an English clause: its subject, what the auxiliaries say, its verb, and what stands behind.

use crate::english::{Form, lemmas};
use crate::japanese::{Mood, Saying};
use crate::japanese_phrase::preposition;
use crate::lexicon::{self, Word};

const AUXILIARIES: [&str; 15] =
    ["do", "does", "did", "will", "can", "could", "must", "should", "may", "would", "am", "is", "are", "was", "were"];

/// What a clause says, before it is put into Japanese order.
#[derive(Default)]
pub struct Clause {
    pub subject: Vec<String>,
    pub saying: Saying,
    /// The main verb, unless it is *to be*.
    pub verb: Option<Word>,
    pub is_be: bool,
    /// There is, or somebody has: what there is takes が.
    pub is_there: bool,
    /// What stands behind the verb, and the question word.
    pub rest: Vec<String>,
}

/// Liking is an adjective in Japanese.
pub fn is_liking(verb: &Word) -> bool {
    matches!(verb.japanese, "好き" | "大好き" | "嫌い")
}

/// Finds the verb and sorts the words around it; `None` when the words make no sentence.
pub fn read(words: &[String], question: bool) -> Option<Clause> {
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
            let length = if first == "how" && lower.get(1).is_some_and(|word| matches!(word.as_str(), "much" | "many"))
            {
                2
            } else {
                1
            };
            clause.rest.extend_from_slice(&words[..length]);
            at += length;
        }
        let inverted = question && lower.get(at).is_some_and(|word| AUXILIARIES.contains(&word.as_str()));
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
            "have" | "has" | "had" | "need" | "needs" if lower.get(at + 1).is_some_and(|next| next == "to") => {
                clause.saying.past |= word == "had";
                clause.saying.mood = Mood::Must;
                at += 1;
            }
            "always" | "often" | "usually" | "sometimes" | "also" | "really" => clause.rest.push(words[at].clone()),
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
    lower[at + 1..].iter().take(2).any(|word| word == "not" || is_verb_word(word))
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
    // To become something: want to be a doctor.
    if lower.get(at).is_some_and(|word| word == "be") && clause.saying.mood != Mood::Statement {
        (clause.verb, clause.is_be) = (lexicon::japanese("なる", None), false);
        clause.rest.extend_from_slice(&words[at + 1..]);
        return;
    }
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
        // After be only -ing makes a verb, and not when it is an adjective (interesting); else it is what somebody is.
        let adjective = lexicon::english(&run[0]).iter().any(|found| found.is_curated && found.is_adjective());
        if clause.is_be && (form != Form::Gerund || adjective) {
            break;
        }
        clause.saying.past |= matches!(form, Form::Past(_));
        clause.saying.progressive = clause.is_be;
        clause.is_be = false;
        clause.verb = Some(verb);
        at += length;
        break;
    }
    clause.rest.extend_from_slice(words.get(at..).unwrap_or_default());
}

/// `Is this a book`: the subject is the determiner, pronoun or name; a noun phrase begins at the next article.
fn split_be_question(clause: &mut Clause) {
    let words = std::mem::take(&mut clause.subject);
    let split = words.iter().skip(1).position(|word| {
        let lower = word.to_lowercase();
        matches!(lower.as_str(), "a" | "an" | "the" | "in" | "at" | "on" | "from" | "my" | "your")
            || lexicon::english(&lower).iter().any(|found| found.is_adjective())
    });
    let pronoun = words
        .first()
        .is_some_and(|word| lexicon::english(&word.to_lowercase()).first().is_some_and(|found| found.class == "pn"));
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
    let split = rest.iter().position(|word| preposition(&word.to_lowercase()).is_some()).unwrap_or(rest.len());
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

pub fn is_question_word(word: &str) -> bool {
    matches!(word, "what" | "who" | "where" | "when" | "why" | "how" | "which")
}

fn is_verb_word(word: &str) -> bool {
    lemmas(word).iter().any(|(lemma, _)| verb(lemma).is_some() || matches!(lemma.as_str(), "like" | "love" | "hate"))
}

/// Whether an order begins so: a verb in its base form that is no noun, or that an article or `me` follows.
fn is_bare_verb(word: &str, next: Option<&String>) -> bool {
    let object_follows = next.is_some_and(|next| {
        matches!(next.as_str(), "the" | "a" | "an" | "me" | "it" | "this" | "that" | "your" | "to")
    });
    verb(word).is_some() && (object_follows || noun(word).is_none()) && !is_pronoun(word)
}

/// Whether the subject ends before the word at `at`: it is an auxiliary, or a verb that can stand here.
fn is_verbal(lower: &[String], at: usize, inverted: bool, has_subject: bool) -> bool {
    let word = lower[at].as_str();
    if word == "not"
        || AUXILIARIES.contains(&word)
        || matches!(word, "never" | "always" | "often" | "usually" | "sometimes" | "also" | "really") && has_subject
    {
        return true;
    }
    if !has_subject || !is_verb_word(word) {
        return false;
    }
    let before = lower[at - 1].as_str();
    let after_determiner = matches!(
        before,
        "a" | "an" | "the" | "my" | "your" | "his" | "her" | "our" | "their" | "this" | "that" | "'s" | "of" | "and"
    );
    let noun_too = lemmas(word).iter().any(|(lemma, _)| noun(lemma).is_some());
    // A noun that could be a verb is a noun behind a determiner or adjective, a verb behind a pronoun or another noun.
    match (inverted, noun_too) {
        (true, _) => true,
        (false, true) => {
            !after_determiner
                && (is_pronoun(before) || lower.get(at + 1).is_some_and(|next| next != "is" && next != "are"))
        }
        (false, false) => !(after_determiner && before == "and"),
    }
}

fn is_pronoun(word: &str) -> bool {
    matches!(word, "i" | "you" | "he" | "she" | "it" | "we" | "they" | "this" | "that" | "there" | "who" | "everyone")
}

fn verb(word: &str) -> Option<Word> {
    lexicon::english(word).into_iter().find(|found| found.is_verb() && found.japanese != "ある")
}

pub fn noun(word: &str) -> Option<Word> {
    lexicon::english(word).into_iter().find(|found| matches!(found.class, "n" | "vs" | "pn" | "time"))
}
