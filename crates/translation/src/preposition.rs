//! Where and when: the English preposition for a Japanese particle, by what it stands behind and before.

use crate::english::joined;
use crate::noun_phrase::{Article, NounPhrase};

/// The English preposition of a Japanese particle, by what it stands behind and before.
pub fn prepositional(particle: &str, phrase: &NounPhrase, verb: &str) -> String {
    if let Some((preposition, of)) = relation(phrase) {
        return joined(&[preposition, of]);
    }
    let here = matches!(phrase.head.as_str(), "here" | "there" | "over there");
    let inside = |noun: &NounPhrase| if noun.human { "with" } else { "in" };
    let preposition = match (particle, verb) {
        _ if here && matches!(particle, "に" | "へ" | "で") => "",
        ("に", "会う" | "乗る" | "入る") => "",
        ("に", "住む" | "ある" | "いる" | "居る" | "" | "泊まる" | "立つ") => inside(phrase),
        ("に" | "へ", "座る") => "on",
        ("に", "なる") => "",
        ("に" | "へ", _) => "to",
        ("で", _) if phrase.place => {
            if phrase.bare || phrase.mass {
                "in"
            } else {
                "at"
            }
        }
        ("で", _) if phrase.mass && !phrase.bare => "in",
        ("で", _) if VEHICLES.contains(&phrase.head.as_str()) => {
            return format!("by {}", phrase.head);
        }
        ("で", _) => "with",
        ("から", _) => "from",
        ("まで", _) => "until",
        ("より", _) => "than",
        ("と", _) => "with",
        ("として", _) => "as",
        ("について", _) => "about",
        ("によって", _) => "by",
        ("のために", _) => "for",
        _ => "of",
    };
    let article = if phrase.place && verb != "なる" { Article::Definite } else { Article::Indefinite };
    joined(&[preposition, &phrase.object(article)])
}

/// What one goes by, without an article.
const VEHICLES: [&str; 7] = ["train", "bus", "car", "bicycle", "airplane", "phone", "taxi"];

/// The top of the desk → on the desk: nouns of place that English says by a preposition.
fn relation(phrase: &NounPhrase) -> Option<(&'static str, &str)> {
    let preposition = match phrase.head.as_str() {
        "top" => "on",
        "bottom" => "under",
        "inside" => "in",
        "front" => "in front of",
        "back" => "behind",
        "next door" => "next to",
        _ => return None,
    };
    Some((preposition, phrase.after.strip_prefix("of ")?))
}

/// When something happens, with the preposition English wants: today, on Monday, in the morning, at 3 o'clock.
pub fn time(noun: &NounPhrase, particle: &str) -> String {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let text = noun.with(Article::Definite);
    let head = noun.head.as_str();
    let date = head.split_once(' ').is_some_and(|(_, day)| day.chars().all(|c| c.is_ascii_digit()));
    if DAYS.contains(&head) || date {
        format!("on {text}")
    } else if head.ends_with("o'clock") || matches!(head, "noon" | "night") {
        format!("at {}", noun.head)
    } else if matches!(
        head,
        "morning" | "evening" | "afternoon" | "spring" | "summer" | "autumn" | "winter" | "weekend"
    ) {
        let article = if noun.determiner.is_empty() && !noun.mass { "the " } else { "" };
        format!("in {article}{}", noun.object(Article::Definite).trim_start_matches("the "))
    } else if particle == "に"
        && noun.determiner.is_empty()
        && head.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase())
    {
        format!("in {head}")
    } else if noun.determiner.is_empty() {
        noun.head.clone()
    } else {
        text
    }
}
