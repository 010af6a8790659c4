//! An English predicate while it is being put together: the verb, and everything Japanese hangs behind it.

use crate::english::{self, Form, Person};

/// What is said of the subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Core {
    /// A verb, by its lemma.
    Verb(String),
    /// To be something: an adjective, or a noun phrase with its article.
    Be(String),
    /// There is.
    Exist,
}

/// What the speaker does by saying it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Statement,
    /// ～てください
    Request,
    /// ～ましょう
    Proposal,
    /// 食べろ
    Command,
    /// ～なければならない
    Must,
    /// ～てもいい
    May,
    /// ～てはいけない
    MustNot,
    /// ～でしょう
    Probably,
    /// ～かもしれない
    Maybe,
    /// ～そうだ, ～ようだ, ～らしい
    Seems,
    /// ～つもりだ
    Intends,
}

/// A predicate: its core, and its tense, polarity, voice and mood.
#[derive(Clone, Debug)]
pub struct Predicate {
    pub core: Core,
    pub transitive: bool,
    pub past: bool,
    pub negative: bool,
    pub progressive: bool,
    /// ～たことがある: has done it, some time.
    pub perfect: bool,
    pub passive: bool,
    pub causative: bool,
    pub desire: bool,
    pub potential: bool,
    pub mood: Mood,
    /// The base form of the Japanese, for the few that want their own English.
    pub japanese: String,
}

impl Predicate {
    /// A plain, present, positive statement of `core`.
    pub fn new(core: Core, japanese: &str) -> Predicate {
        Predicate {
            core,
            transitive: false,
            past: false,
            negative: false,
            progressive: false,
            perfect: false,
            passive: false,
            causative: false,
            desire: false,
            potential: false,
            mood: Mood::Statement,
            japanese: japanese.to_string(),
        }
    }

    /// Whether the sentence has no subject of its own: orders, requests, proposals.
    pub fn is_directive(&self) -> bool {
        matches!(self.mood, Mood::Request | Mood::Proposal | Mood::Command)
    }

    /// A state has no progressive: to be late, to live somewhere.
    fn is_state(&self) -> bool {
        matches!(&self.core, Core::Verb(lemma) if lemma.starts_with("be "))
    }

    /// The verbs as English chains them, each with the form it asks of the next: `can` → `be` → `eating`.
    fn chain(&self) -> Vec<(String, Form)> {
        let mut chain = Vec::new();
        let mut add = |verb: &str, form| chain.push((verb.to_string(), form));
        match self.mood {
            Mood::Must => add("have to", Form::Base),
            Mood::May => add("may", Form::Base),
            Mood::MustNot => add("must", Form::Base),
            Mood::Probably if !self.past => add("will", Form::Base),
            Mood::Maybe => add("might", Form::Base),
            Mood::Seems => add("seem to", Form::Base),
            Mood::Intends => add("intend to", Form::Base),
            _ => {}
        }
        if self.desire {
            add("want to", Form::Base);
        }
        if self.potential {
            let modal = chain.last().is_some();
            chain.push((if modal { "be able to" } else { "can" }.to_string(), Form::Base));
        }
        if self.perfect {
            chain.push(("have".into(), Form::Participle));
        }
        if self.progressive && !self.is_state() {
            chain.push(("be".into(), Form::Gerund));
        }
        if self.passive {
            chain.push(("be".into(), Form::Participle));
        }
        let main = match &self.core {
            Core::Verb(lemma) if self.causative => format!("make someone {lemma}"),
            Core::Verb(lemma) => lemma.clone(),
            Core::Be(_) | Core::Exist => "be".into(),
        };
        // be found, be late: to be is the verb that bends, the rest stands.
        match main.strip_prefix("be ").filter(|_| !self.causative) {
            Some(state) => chain.extend([("be".to_string(), Form::Base), (state.to_string(), Form::Base)]),
            None => chain.push((main, Form::Base)),
        }
        chain
    }

    /// The finite verb apart from the rest: `("can", "not be eating")`. The first part is empty when nothing would stand
    /// before the subject in a question; `inverted` asks that something does.
    pub fn conjugated(&self, person: Person, inverted: bool) -> (String, String) {
        let mut chain = self.chain();
        let negative = self.negative || self.mood == Mood::MustNot;
        let perfect = chain[0].0 == "have" && chain[0].1 == Form::Participle;
        let head_is_auxiliary =
            perfect || matches!(chain[0].0.as_str(), "be" | "can" | "may" | "must" | "will" | "might" | "be able to");
        if !head_is_auxiliary && (negative || inverted) {
            chain.insert(0, ("do".into(), Form::Base));
        }
        let auxiliary_first = head_is_auxiliary || negative || inverted;
        let mut form = if self.past { Form::Past(person) } else { Form::Present(person) };
        let mut words: Vec<String> = Vec::new();
        for (verb, next) in &chain {
            words.push(if *verb == "might" { verb.clone() } else { english::verb(verb, form) });
            form = *next;
        }
        if self.mood == Mood::Probably {
            words.insert(1.min(words.len()), "probably".into());
        }
        let rest = if auxiliary_first { words.split_off(1) } else { words.split_off(0) };
        let mut front = words.concat();
        let not = match (negative, front.as_str()) {
            (true, "can") if !inverted => {
                front = "cannot".into();
                ""
            }
            (true, _) => "not",
            (false, _) => "",
        };
        (front, english::joined(&[not, &rest.join(" ")]))
    }

    /// The predicate without a subject, as an order or a proposal.
    pub fn directive(&self) -> String {
        let lemma = match &self.core {
            Core::Verb(lemma) => lemma.as_str(),
            Core::Be(_) | Core::Exist => "be",
        };
        match (self.mood, self.negative) {
            (Mood::Proposal, false) => format!("let's {lemma}"),
            (Mood::Proposal, true) => format!("let's not {lemma}"),
            (Mood::Request, false) => format!("please {lemma}"),
            (Mood::Request, true) => format!("please do not {lemma}"),
            (_, false) => lemma.to_string(),
            (_, true) => format!("do not {lemma}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eat() -> Predicate {
        Predicate::new(Core::Verb("eat".into()), "食べる")
    }

    fn said(predicate: &Predicate, inverted: bool) -> String {
        let (front, rest) = predicate.conjugated(Person::Third, inverted);
        format!("{front}|{rest}")
    }

    #[test]
    fn verbs_chain_as_english_chains_them() {
        assert_eq!(said(&eat(), false), "|eats");
        assert_eq!(said(&eat(), true), "does|eat");
        assert_eq!(said(&Predicate { past: true, negative: true, ..eat() }, false), "did|not eat");
        assert_eq!(said(&Predicate { progressive: true, past: true, ..eat() }, false), "was|eating");
        assert_eq!(said(&Predicate { desire: true, ..eat() }, false), "|wants to eat");
        assert_eq!(said(&Predicate { potential: true, negative: true, ..eat() }, false), "cannot|eat");
        assert_eq!(said(&Predicate { mood: Mood::Must, ..eat() }, false), "|has to eat");
        assert_eq!(said(&Predicate { mood: Mood::Probably, ..eat() }, false), "will|probably eat");
        assert_eq!(said(&Predicate { passive: true, past: true, ..eat() }, false), "was|eaten");
    }
}
