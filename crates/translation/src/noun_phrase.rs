//! An English noun phrase while it is being put together from a Japanese one, and its articles, plurals and cases.

use crate::english::{self, Person};
use crate::lexicon::Word;

/// A head noun with what has gathered around it.
#[derive(Clone, Debug, Default)]
pub struct NounPhrase {
    /// The head and the adjectives before it, without article.
    pub head: String,
    /// What stands behind: `of the book`, `who lives in Tokyo`.
    pub after: String,
    /// A determiner that takes the article's place: `this`, `my`, `Tanaka's`, `3`.
    pub determiner: String,
    pub mass: bool,
    /// Wants `the` wherever it stands: the sun, the weather.
    pub definite: bool,
    pub plural: bool,
    pub human: bool,
    pub place: bool,
    pub time: bool,
    /// A name, a pronoun: never an article.
    pub bare: bool,
    /// An adjectival noun (`元気`, `好き`): its English is an adjective.
    pub adjectival: bool,
    /// A noun that する makes a verb (`翻訳`).
    pub verbal: bool,
    /// Asks: who, what, where.
    pub question: bool,
    /// How many, when Japanese counts it apart from its noun (兄が二人).
    pub count: Option<u64>,
    /// The nouns before it that と joins to it.
    pub others: Vec<NounPhrase>,
    /// The Japanese it was written in.
    pub japanese: String,
}

/// How much an article says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Article {
    /// a cat
    Indefinite,
    /// the cat
    Definite,
    /// cats
    Generic,
}

const PRONOUNS: [(&str, &str, &str); 8] = [
    ("I", "me", "my"),
    ("we", "us", "our"),
    ("you", "you", "your"),
    ("he", "him", "his"),
    ("she", "her", "her"),
    ("they", "them", "their"),
    ("who", "whom", "whose"),
    ("it", "it", "its"),
];

impl NounPhrase {
    /// A phrase of nothing but a word of the lexicon.
    pub fn of_word(word: &Word) -> NounPhrase {
        let head = if word.english() == "me" { "I" } else { word.english() };
        let question = word.class == "pn" && QUESTIONS.contains(&head) || head == "why";
        NounPhrase {
            head: head.to_string(),
            mass: word.is("mass") || !word.is("person") && head.starts_with(|c: char| c.is_ascii_uppercase()),
            definite: word.is("the"),
            plural: matches!(head, "we" | "you" | "they" | "people" | "parents"),
            human: word.is("person"),
            place: word.is("place"),
            time: word.class == "time",
            bare: word.class == "pn",
            adjectival: word.class == "adj-na",
            verbal: word.class == "vs",
            question,
            japanese: word.japanese.to_string(),
            ..NounPhrase::default()
        }
    }

    /// A name or word that is taken over as it is.
    pub fn of_name(name: String, human: bool) -> NounPhrase {
        NounPhrase { head: name, bare: true, human, ..NounPhrase::default() }
    }

    /// What a verb agrees with.
    pub fn person(&self) -> Person {
        match self.head.as_str() {
            "I" => Person::First,
            _ if self.plural => Person::Plural,
            _ => Person::Third,
        }
    }

    /// The phrase as a subject.
    pub fn subject(&self) -> String {
        self.with(Article::Definite)
    }

    /// The phrase as an object or after a preposition.
    pub fn object(&self, article: Article) -> String {
        match self.pronoun() {
            Some((_, object, _)) => (*object).to_string(),
            None => self.with(article),
        }
    }

    /// The phrase as an owner: my, Tanaka's, the dog's.
    pub fn possessive(&self) -> String {
        match self.pronoun() {
            Some((.., possessive)) => (*possessive).to_string(),
            None => format!("{}'s", self.with(Article::Definite)),
        }
    }

    /// The phrase after its article and before what follows it.
    pub fn with(&self, article: Article) -> String {
        let mut all: Vec<String> = self.others.iter().map(|other| other.one(article)).collect();
        // I come last.
        all.sort_by_key(|other| other == "I");
        all.insert(
            if all.last().is_some_and(|last| last == "I") { all.len() - 1 } else { all.len() },
            self.one(article),
        );
        all.join(" and ")
    }

    fn one(&self, article: Article) -> String {
        let noun =
            if self.plural && !self.bare && !self.mass { english::plural(&self.head) } else { self.head.clone() };
        let front = if !self.determiner.is_empty() {
            format!("{} {noun}", self.determiner)
        } else if self.bare {
            noun
        } else if self.definite || (article == Article::Definite && !self.mass) {
            format!("the {noun}")
        } else if self.mass || self.plural {
            noun
        } else if article == Article::Generic {
            english::plural(&noun)
        } else {
            english::with_article(&noun)
        };
        if self.after.is_empty() { front } else { format!("{front} {}", self.after) }
    }

    /// Puts an adjective or a noun before the head.
    pub fn qualify(&mut self, adjective: &str) {
        self.head = format!("{adjective} {}", self.head);
        // The weather, but good weather.
        self.definite &= !self.mass;
        if self.head.starts_with("most ") {
            self.definite = true;
        }
    }

    fn pronoun(&self) -> Option<&'static (&'static str, &'static str, &'static str)> {
        let alone = self.bare && self.determiner.is_empty() && self.others.is_empty();
        PRONOUNS.iter().find(|(subject, ..)| alone && *subject == self.head)
    }
}

/// Words that ask; a clause that has one begins with it.
const QUESTIONS: [&str; 10] =
    ["who", "what", "where", "when", "which", "why", "how", "how much", "how many", "what time"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon;

    fn noun(japanese: &str) -> NounPhrase {
        NounPhrase::of_word(&lexicon::japanese(japanese, None).expect(japanese))
    }

    #[test]
    fn articles_follow_the_noun() {
        assert_eq!(noun("猫").with(Article::Indefinite), "a cat");
        assert_eq!(noun("猫").with(Article::Generic), "cats");
        assert_eq!(noun("水").with(Article::Definite), "water");
        assert_eq!(noun("天気").with(Article::Indefinite), "the weather");
        assert_eq!(noun("東京").subject(), "Tokyo");
    }

    #[test]
    fn pronouns_have_cases() {
        assert_eq!(noun("彼").subject(), "he");
        assert_eq!(noun("彼").object(Article::Indefinite), "him");
        assert_eq!(noun("私").possessive(), "my");
        assert_eq!(noun("先生").possessive(), "the teacher's");
    }
}
