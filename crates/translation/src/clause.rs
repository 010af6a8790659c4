//! A clause: who does what to whom, where and when, read from Japanese order and written in English order.

use crate::english::{self, Form, Person, joined};
use crate::noun_phrase::{Article, NounPhrase};
use crate::predicate::{Core, Mood, Predicate};
use crate::preposition::prepositional;

/// How a clause hangs on the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    #[default]
    End,
    And,
    But,
    Because,
    If,
    When,
    Although,
    While,
}

/// The parts of a clause, as the Japanese particles gave them.
#[derive(Clone, Debug, Default)]
pub struct Clause {
    /// は
    pub topic: Option<NounPhrase>,
    /// が
    pub subject: Option<NounPhrase>,
    /// を
    pub object: Option<NounPhrase>,
    /// に, へ, で, から, …: the particle and its phrase.
    pub obliques: Vec<(String, NounPhrase)>,
    /// Adverbs that stand before the verb, or intensify an adjective.
    pub adverbs: Vec<String>,
    /// Today, tomorrow, at 3 o'clock: at the end.
    pub times: Vec<String>,
    /// What is said or thought, already a sentence.
    pub quoted: Option<String>,
    pub predicate: Option<Predicate>,
    pub question: bool,
    /// The subject is that of the clause before, and *and* stands between.
    pub elliptic: bool,
    pub link: Link,
}

/// Adverbs that stand before the verb; the others go to the end.
const BEFORE_THE_VERB: [&str; 8] = ["always", "often", "sometimes", "usually", "already", "still", "never", "also"];
/// Adverbs that make an adjective stronger or weaker.
const DEGREE: [&str; 9] = ["very", "really", "a little", "more", "most", "too", "quite", "so", "extremely"];

/// Noun and verb that are one verb in English, by the Japanese: 雨が降る is just *to rain*.
const IT_VERBS: [(&str, &str, &str); 2] = [("雨", "降る", "rain"), ("雪", "降る", "snow")];

/// Adjectives that English says otherwise of some nouns, by the Japanese.
const SAID_OF: [(&str, &str, &str); 3] = [("天気", "いい", "nice"), ("天気", "良い", "nice"), ("背", "高い", "tall")];

impl Clause {
    /// Whether nothing has been put into it.
    pub fn is_empty(&self) -> bool {
        self.predicate.is_none()
            && self.topic.is_none()
            && self.subject.is_none()
            && self.object.is_none()
            && self.obliques.is_empty()
            && self.adverbs.is_empty()
            && self.times.is_empty()
            && self.quoted.is_none()
    }

    /// The clause in English, without capital and full stop. `carried` is the subject of the clause before.
    pub fn english(mut self, carried: Option<&NounPhrase>) -> String {
        let Some(predicate) = self.predicate.take() else {
            return self.fragments();
        };
        let predicate = self.settle(predicate);
        if predicate.core == Core::Exist {
            return self.existence(predicate);
        }
        if predicate.is_directive() {
            return joined(&[&predicate.directive(), &self.rest(&predicate, Article::Indefinite)]);
        }
        let subject = self.choose_subject(&predicate, carried);
        self.sentence(&subject, &predicate)
    }

    /// Takes the subject a relative clause has, for the noun it hangs on.
    pub fn relative(mut self, noun: &NounPhrase) -> String {
        let Some(predicate) = self.predicate.take() else {
            return String::new();
        };
        let predicate = self.settle(predicate);
        let relative = if noun.human { "who" } else { "that" };
        if let Some(subject) = self.subject.take().or(self.topic.take()) {
            let (front, rest) = predicate.conjugated(subject.person(), false);
            return joined(&["that", &subject.subject(), &front, &rest, &self.rest(&predicate, Article::Indefinite)]);
        }
        let done_to_noun = predicate.transitive && self.object.is_none() && !noun.human && !predicate.passive;
        let (subject, person) = if done_to_noun { ("that I", Person::First) } else { (relative, noun.person()) };
        let (front, rest) = predicate.conjugated(person, false);
        joined(&[subject, &front, &rest, &self.rest(&predicate, Article::Indefinite)])
    }

    /// The clause as a noun: 本を読むの is reading books.
    pub fn gerund(mut self) -> String {
        let Some(predicate) = self.predicate.take() else {
            return self.fragments();
        };
        let predicate = self.settle(predicate);
        let verb = match &predicate.core {
            Core::Verb(lemma) => english::verb(lemma, Form::Gerund),
            Core::Be(_) | Core::Exist => "being".into(),
        };
        let owner = self.topic.take().or(self.subject.take()).map(|owner| owner.possessive());
        let not = if predicate.negative { "not" } else { "" };
        joined(&[&owner.unwrap_or_default(), not, &verb, &self.rest(&predicate, Article::Generic)])
    }

    /// Turns what Japanese says with other parts of speech into English's own pattern.
    fn settle(&mut self, mut predicate: Predicate) -> Predicate {
        if let (Core::Verb(_), Some(subject)) = (&predicate.core, &self.subject)
            && let Some((.., verb)) =
                IT_VERBS.iter().find(|(noun, fall, _)| *noun == subject.japanese && *fall == predicate.japanese)
        {
            predicate.core = Core::Verb((*verb).to_string());
            self.subject = Some(NounPhrase::of_name("it".into(), false));
            self.topic = None;
        }
        if let (Core::Be(_), Some(subject)) = (&predicate.core, &self.subject)
            && let Some((.., said)) = SAID_OF
                .iter()
                .find(|(noun, adjective, _)| *noun == subject.japanese && *adjective == predicate.japanese)
        {
            predicate.core = Core::Be((*said).to_string());
        }
        let likes = match predicate.japanese.as_str() {
            "好き" => Some("like"),
            "大好き" => Some("love"),
            "嫌い" => Some("dislike"),
            "大嫌い" => Some("hate"),
            "欲しい" | "ほしい" => Some("want"),
            "必要" if self.topic.is_some() => Some("need"),
            "上手" => Some("be good at"),
            "苦手" | "下手" => Some("be bad at"),
            "分かる" | "わかる" => Some("understand"),
            "できる" | "出来る" => Some("be able to do"),
            _ => None,
        };
        if let Some(verb) = likes {
            predicate.core = Core::Verb(verb.to_string());
            predicate.transitive = true;
            if self.object.is_none() {
                self.object = self.subject.take();
            }
            if self.object.is_some() && verb == "be able to do" {
                predicate.core = Core::Verb("do".into());
                predicate.potential = true;
            }
        }
        let to_be_able = match &predicate.core {
            Core::Verb(lemma) => lemma.strip_prefix("be able to ").map(String::from),
            _ => None,
        };
        if let Some(lemma) = to_be_able {
            predicate.core = Core::Verb(lemma);
            predicate.potential = true;
            predicate.transitive = true;
            self.object = self.object.take().or_else(|| self.subject.take());
        }
        // To live, to know, to have: what goes on is not in the progressive.
        if let Core::Verb(lemma) = &predicate.core
            && matches!(lemma.as_str(), "live" | "know" | "have" | "love" | "like" | "resemble" | "understand" | "want")
        {
            predicate.progressive = false;
        }
        predicate
    }

    /// Who does it: が, else は, else whoever did the last thing, else the speaker, the hearer, or it.
    fn choose_subject(&mut self, predicate: &Predicate, carried: Option<&NounPhrase>) -> NounPhrase {
        let topic = self.topic.take();
        if let Some(mut subject) = self.subject.take() {
            match topic {
                // 象は鼻が長い: the elephant's nose.
                Some(topic) if !topic.time && subject.determiner.is_empty() => subject.determiner = topic.possessive(),
                _ => {}
            }
            return subject;
        }
        match topic {
            Some(topic) if self.object.is_none() && predicate.transitive && !topic.human && !predicate.passive => {
                self.object = Some(NounPhrase { definite: !topic.bare && topic.determiner.is_empty(), ..topic });
                self.default_subject(predicate, carried)
            }
            Some(topic) => topic,
            None => self.default_subject(predicate, carried),
        }
    }

    fn default_subject(&self, predicate: &Predicate, carried: Option<&NounPhrase>) -> NounPhrase {
        if let Some(carried) = carried {
            return carried.clone();
        }
        let name = match predicate.core {
            Core::Verb(_) if predicate.passive => "it",
            Core::Verb(_) if predicate.mood == Mood::May && self.question => "I",
            Core::Verb(_) if self.question || matches!(predicate.mood, Mood::May | Mood::MustNot) => "you",
            Core::Verb(_) => "I",
            _ => "it",
        };
        NounPhrase { plural: name == "you", ..NounPhrase::of_name(name.into(), true) }
    }

    fn sentence(mut self, subject: &NounPhrase, predicate: &Predicate) -> String {
        let article = match &predicate.core {
            Core::Verb(lemma) if matches!(lemma.as_str(), "like" | "love" | "hate" | "dislike") => Article::Generic,
            _ => Article::Indefinite,
        };
        let asked = self.take_question();
        let complement_asks = matches!(&predicate.core, Core::Be(complement) if is_question(complement));
        if subject.question {
            let (front, rest) = predicate.conjugated(Person::Third, false);
            let rest = format!("{rest} {}", self.rest(predicate, article));
            return joined(&[&subject.head, &front, &rest]);
        }
        let inverted = self.question || asked.is_some() || complement_asks;
        let (front, verb) = predicate.conjugated(subject.person(), inverted);
        let subject = if self.elliptic { String::new() } else { subject.subject() };
        if complement_asks && let Core::Be(complement) = &predicate.core {
            return joined(&[complement, &front, &subject, &verb, &self.rest_after_complement()]);
        }
        let early = self.take_early();
        let rest = self.rest(predicate, article);
        match (inverted, asked) {
            (true, asked) => joined(&[&asked.unwrap_or_default(), &front, &subject, &early, &verb, &rest]),
            (false, _) => joined(&[&subject, &front, &early, &verb, &rest]),
        }
    }

    /// 机の上に本があります: there is a book on the desk.
    fn existence(mut self, predicate: Predicate) -> String {
        // 私は猫がいます, 時間がありません: someone has something; someone is somewhere.
        let mut owner = self.topic.take();
        if owner.is_none()
            && let Some(at) = self.obliques.iter().position(|(particle, phrase)| particle == "に" && phrase.human)
        {
            owner = Some(self.obliques.remove(at).1);
        }
        // 名前はない: what there is not is often only the topic.
        if self.subject.is_none() && predicate.japanese == "ない" {
            self.subject = owner.take();
        }
        if predicate.negative {
            self.adverbs.iter_mut().filter(|adverb| *adverb == "still").for_each(|adverb| *adverb = "yet".into());
        }
        let asked = self.take_question();
        if let (Some(owner), None) = (&owner, &self.subject) {
            let be = Predicate { core: Core::Be(String::new()), ..predicate };
            let (front, rest) = be.conjugated(owner.person(), self.question);
            let place = self.rest_after_complement();
            return match (self.question, asked) {
                (true, asked) => joined(&[&asked.unwrap_or_default(), &front, &owner.subject(), &rest, &place]),
                (false, _) => joined(&[&owner.subject(), &front, &rest, &place]),
            };
        }
        let Some(mut thing) = self.subject.take() else {
            return joined(&["there is", &self.rest_after_complement()]);
        };
        let person = thing.person();
        if predicate.negative && !thing.bare && thing.determiner.is_empty() {
            thing.determiner = "no".into();
        }
        if let Some(owner) = owner.filter(|owner| owner.human) {
            let have = Predicate { core: Core::Verb("have".into()), negative: false, ..predicate };
            let (front, rest) = have.conjugated(owner.person(), self.question);
            let thing = thing.object(Article::Indefinite);
            return match self.question {
                true => joined(&[&front, &owner.subject(), &rest, &thing, &self.rest_after_complement()]),
                false => joined(&[&owner.subject(), &front, &rest, &thing, &self.rest_after_complement()]),
            };
        }
        let be = Predicate { core: Core::Be(String::new()), negative: false, ..predicate };
        let (front, rest) = be.conjugated(person, self.question);
        let thing = thing.with(Article::Indefinite);
        let place = self.rest_after_complement();
        match self.question {
            true => joined(&[&front, "there", &rest, &thing, &place]),
            false => joined(&["there", &front, &rest, &thing, &place]),
        }
    }

    /// The question word that English puts first, with its preposition left behind.
    fn take_question(&mut self) -> Option<String> {
        if self.object.as_ref().is_some_and(|object| object.question) {
            return self.object.take().map(|object| joined(&[&object.determiner, &object.head]));
        }
        let asked = self.obliques.iter().position(|(_, phrase)| phrase.question)?;
        let (_, phrase) = self.obliques.remove(asked);
        Some(phrase.head)
    }

    fn take_early(&mut self) -> String {
        let (early, late) = std::mem::take(&mut self.adverbs)
            .into_iter()
            .partition::<Vec<_>, _>(|adverb| BEFORE_THE_VERB.contains(&adverb.as_str()));
        self.adverbs = late;
        early.join(" ")
    }

    /// Everything behind the verb: complement, object, places, manner, times.
    fn rest(&self, predicate: &Predicate, article: Article) -> String {
        let complement = match &predicate.core {
            Core::Be(complement) => complement.as_str(),
            _ => "",
        };
        let (degree, adverbs): (Vec<&str>, Vec<&str>) = self
            .adverbs
            .iter()
            .map(String::as_str)
            .partition(|adverb| DEGREE.contains(adverb) && !complement.is_empty());
        let object = self.object.as_ref().map(|object| object.object(article)).unwrap_or_default();
        let quoted = self.quoted.as_ref().map(|quoted| format!("that {quoted}")).unwrap_or_default();
        let degree = degree.join(" ");
        // Very much, not very, when there is no adjective to make stronger.
        let adverbs = adverbs.join(" ");
        let adverbs = adverbs.strip_suffix("very").map_or(adverbs.clone(), |start| format!("{start}very much"));
        joined(&[
            &degree,
            complement,
            &object,
            &quoted,
            &self.places(&predicate.japanese),
            &adverbs,
            &self.times.join(" "),
        ])
    }

    fn rest_after_complement(&self) -> String {
        joined(&[&self.places(""), &self.adverbs.join(" "), &self.times.join(" ")])
    }

    fn places(&self, verb: &str) -> String {
        let places: Vec<String> =
            self.obliques.iter().map(|(particle, phrase)| prepositional(particle, phrase, verb)).collect();
        places.join(" ")
    }

    /// A text without a verb: its parts in the order English would have them.
    fn fragments(self) -> String {
        let mut parts = self.adverbs.clone();
        parts.extend(self.topic.iter().map(|topic| topic.with(Article::Indefinite)));
        let only = self.topic.is_none() && self.object.is_none() && self.obliques.is_empty() && self.times.is_empty();
        if let Some(subject) = &self.subject {
            let bare = only && subject.after.is_empty() && subject.determiner.is_empty() && self.adverbs.is_empty();
            parts.push(if bare { subject.head.clone() } else { subject.with(Article::Indefinite) });
        }
        parts.extend(self.object.iter().map(|object| object.object(Article::Indefinite)));
        parts.push(self.places(""));
        parts.extend(self.times);
        parts.extend(self.quoted);
        joined(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn is_question(complement: &str) -> bool {
    let first = complement.split(' ').next().unwrap_or_default();
    matches!(first, "who" | "what" | "where" | "when" | "which" | "why" | "how" | "whose")
}

/// Several clauses as one sentence.
pub fn sentence(mut clauses: Vec<Clause>) -> String {
    share_tense(&mut clauses);
    let mut text = String::new();
    let mut carried: Option<NounPhrase> = None;
    let mut joint = "";
    for mut clause in clauses {
        let link = clause.link;
        clause.elliptic = joint == "and" && clause.topic.is_none() && clause.subject.is_none() && !clause.question;
        let subject = clause.topic.clone().filter(|topic| !topic.time).or(clause.subject.clone());
        let has_verb = clause.predicate.is_some();
        let mut english = clause.english(carried.as_ref());
        if let Some(opening) = opening(link) {
            english = format!("{opening} {english}");
        }
        text = joined(&[&text, joint, &english]).replace(" ,", ",");
        joint = match (link, has_verb) {
            (Link::And, true) => "and",
            (Link::And, false) => ",",
            (Link::But, _) => ", but",
            (Link::End, _) => "",
            _ => ",",
        };
        if has_verb && subject.as_ref().is_some_and(|subject| subject.human && !subject.question) {
            carried = subject;
        }
    }
    text
}

/// 行って、買いました: a clause that ends in て has the tense and mood of the one it leads to.
fn share_tense(clauses: &mut [Clause]) {
    let mut last: Option<(bool, Mood)> = None;
    for clause in clauses.iter_mut().rev() {
        let Some(predicate) = &mut clause.predicate else {
            continue;
        };
        if let (Link::And, Some((past, mood))) = (clause.link, last) {
            (predicate.past, predicate.mood) = (past || predicate.past, mood);
        }
        last = Some((predicate.past, predicate.mood));
    }
}

fn opening(link: Link) -> Option<&'static str> {
    Some(match link {
        Link::Because => "because",
        Link::If => "if",
        Link::When => "when",
        Link::Although => "although",
        Link::While => "while",
        Link::End | Link::And | Link::But => return None,
    })
}
