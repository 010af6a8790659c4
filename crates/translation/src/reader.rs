//! Reads a Japanese sentence's morphemes, left to right and without backtracking, into clauses.
//!
//! Japanese modifies from the left, so whatever has been read and not yet placed hangs on what comes next: adjectives on the
//! next noun, a whole clause on the noun behind its verb. The English of such pieces is made at once, so nothing nests.

use crate::clause::{Clause, Link};
use crate::lexicon;
use crate::morpheme::Morpheme;
use crate::noun_phrase::{Article, NounPhrase};
use crate::predicate::{Core, Mood, Predicate};
use crate::preposition::time;

/// What a sentence is made of: words called out before it (`yes`, `however`) and its clauses.
#[derive(Default)]
pub struct Sentence {
    pub leads: Vec<String>,
    pub clauses: Vec<Clause>,
}

pub struct Reader<'a> {
    morphemes: &'a [Morpheme],
    pub(crate) at: usize,
    sentence: Sentence,
    clause: Clause,
    /// Adjectives and determiners that wait for their noun.
    pub(crate) qualifiers: Vec<Qualifier>,
    /// A noun phrase whose particle has not been read yet.
    pub(crate) noun: Option<NounPhrase>,
}

/// Something that waits for the noun it qualifies.
pub enum Qualifier {
    /// `red`, `quiet`
    Adjective(String),
    /// `this`, `my`
    Determiner(String),
    /// N1 の
    Noun(NounPhrase),
    /// N1 と
    And(NounPhrase),
    /// A clause: its English depends on the noun.
    Clause(Box<Clause>),
}

/// Verbs behind と that report what somebody says or thinks.
const REPORTING: [&str; 8] = ["思う", "言う", "いう", "考える", "聞く", "信じる", "話す", "感じる"];

/// The sentence that the morphemes make. `question` says that it ended in a question mark.
pub fn read(morphemes: &[Morpheme], question: bool) -> Sentence {
    let mut reader = Reader {
        morphemes,
        at: 0,
        sentence: Sentence::default(),
        clause: Clause { question, ..Clause::default() },
        qualifiers: Vec::new(),
        noun: None,
    };
    while reader.at < morphemes.len() {
        let before = reader.at;
        reader.step();
        // Every step reads something; should one not, its morpheme is passed over rather than read for ever.
        if reader.at == before {
            reader.at += 1;
        }
    }
    reader.place_noun("");
    reader.end_clause(Link::End);
    reader.sentence
}

impl<'a> Reader<'a> {
    /// The morpheme `ahead` of the next one.
    pub(crate) fn peek(&self, ahead: usize) -> Option<&'a Morpheme> {
        self.morphemes.get(self.at + ahead)
    }

    /// Reads the next surfaces if they are exactly these.
    pub(crate) fn skip(&mut self, surfaces: &[&str]) -> bool {
        let there = surfaces.iter().enumerate().all(|(ahead, surface)| {
            self.peek(ahead).is_some_and(|morpheme| morpheme.surface == *surface || morpheme.base == *surface)
        });
        if there {
            self.at += surfaces.len();
        }
        there
    }

    fn step(&mut self) {
        let Some(next) = self.peek(0) else { return };
        match next.class.as_str() {
            "記号" => self.symbol(next),
            "感動詞" | "接続詞" | "フィラー" => self.lead(next),
            "副詞" => self.adverb(next),
            "連体詞" => self.adnominal(next),
            "形容詞" => self.adjective(next),
            "動詞" => self.verb(next),
            "助詞" => self.particle(next),
            "助動詞" => self.copula(),
            _ => self.noun_phrase(),
        }
    }

    // === Words that stand alone ===

    fn symbol(&mut self, symbol: &Morpheme) {
        self.at += 1;
        let comma = matches!(symbol.surface.as_str(), "、" | "，" | ",");
        if comma {
            // A noun before a comma without a particle: one of several.
            if let Some(noun) = self.noun.take() {
                if self.peek(0).is_some_and(|next| next.class == "名詞") && !noun.time {
                    self.qualifiers.push(Qualifier::And(noun));
                } else {
                    self.noun = Some(noun);
                    self.place_noun("");
                }
            }
        } else if let Some(noun) = &mut self.noun {
            noun.head.push_str(&symbol.surface);
        }
    }

    fn lead(&mut self, word: &Morpheme) {
        self.at += 1;
        let english =
            lexicon::japanese_phrase(&word.surface)
                .or(lexicon::japanese(&word.base, word.reading.as_deref()).map(|word| word.english()));
        if let Some(english) = english.filter(|_| word.class != "フィラー") {
            match self.clause.is_empty() && self.noun.is_none() {
                true => self.sentence.leads.push(english.to_string()),
                false => self.clause.adverbs.push(english.to_lowercase()),
            }
        }
        if self.peek(0).is_some_and(|next| next.is("記号", "読点")) {
            self.at += 1;
        }
    }

    fn adverb(&mut self, word: &Morpheme) {
        self.at += 1;
        self.place_noun("");
        let Some(found) = lexicon::japanese(&word.base, word.reading.as_deref()) else {
            self.clause.adverbs.push(crate::romaji::romaji(&word.surface));
            return;
        };
        let english = found.english();
        match english {
            "how" | "why" | "when" => {
                let asking = NounPhrase { question: true, ..NounPhrase::of_name(english.into(), false) };
                self.clause.question = true;
                self.noun = Some(asking);
                if !self.peek(0).is_some_and(|next| next.class == "助動詞") {
                    self.place_noun("に");
                }
            }
            _ => {
                self.skip(&["に"]);
                self.clause.adverbs.push(english.to_string());
            }
        }
    }

    fn adnominal(&mut self, word: &Morpheme) {
        self.at += 1;
        self.place_noun("");
        let english = lexicon::japanese(&word.base, word.reading.as_deref()).map_or("that", |word| word.english());
        self.qualifiers.push(match english {
            "big" | "small" | "strange" => Qualifier::Adjective(english.into()),
            _ => Qualifier::Determiner(english.into()),
        });
    }

    // === Adjectives ===

    fn adjective(&mut self, word: &Morpheme) {
        self.at += 1;
        if matches!(word.base.as_str(), "ない" | "無い") {
            self.place_noun("が");
            let negative = Predicate { negative: true, ..Predicate::new(Core::Exist, "ない") };
            return self.predicate(negative);
        }
        let english = self.gloss(word);
        let next_is_noun = self.peek(0).is_some_and(is_nominal);
        let adverbial = word.form.starts_with("連用") && self.peek(0).is_some_and(|next| next.class == "動詞");
        if adverbial {
            self.place_noun("が");
            let adverb = lexicon::japanese(&word.surface, None).filter(|found| found.class == "adv");
            let becomes = self.peek(0).is_some_and(|next| next.base == "なる");
            let english = match adverb {
                _ if becomes => english,
                Some(adverb) => adverb.english().to_string(),
                None => adverb_of(&english),
            };
            self.clause.adverbs.push(english);
        } else if next_is_noun && word.form == "基本形" && !self.peek(0).is_some_and(is_explanatory) {
            match self.noun.is_some() || self.clause.subject.is_some() {
                // 背の高い人, 天気がいい日: a clause of its own.
                true => self.predicate(Predicate::new(Core::Be(english), &word.base)),
                false => self.qualifiers.push(Qualifier::Adjective(english)),
            }
        } else {
            self.predicate(Predicate::new(Core::Be(english), &word.base));
        }
    }

    // === Particles ===

    fn particle(&mut self, particle: &Morpheme) {
        self.at += 1;
        let surface = particle.surface.as_str();
        match (particle.subclass.as_str(), surface) {
            ("終助詞" | "副助詞／並立助詞／終助詞", "か" | "かな" | "かしら") => {
                self.clause.question = true
            }
            ("連体化", _) => self.of(),
            ("並立助詞", "と" | "や" | "とか" | "か" | "に") => self.and(),
            (_, "で") if self.noun.is_some() && self.denies() => self.bare_predicate(),
            (_, "と") if self.noun.is_some() && self.peek(0).is_some_and(is_nominal) => self.and(),
            ("接続助詞", _) => {
                if self.clause.predicate.is_none() {
                    self.bare_predicate();
                }
                self.link(surface);
            }
            ("係助詞", "は" | "も") if self.noun.is_some() => {
                if surface == "も" {
                    self.clause.adverbs.push("also".into());
                }
                self.place_noun("は");
            }
            ("係助詞", _) => {}
            ("格助詞" | "副助詞" | "格助詞,連語", _) => self.place_noun(surface),
            _ => self.place_noun(""),
        }
    }

    /// N1 の: N1 waits for N2. Without an N2, it is the possessive pronoun's work (私のです).
    fn of(&mut self) {
        if let Some(noun) = self.noun.take() {
            self.qualifiers.push(Qualifier::Noun(noun));
        }
    }

    fn and(&mut self) {
        if let Some(noun) = self.noun.take() {
            let next_human = self.peek(0).is_some_and(|next| {
                let word = lexicon::japanese(&next.base, None);
                next.subclass == "人名" || word.is_some_and(|word| word.is("person"))
            });
            let joins =
                self.peek(0).is_some_and(|next| is_nominal(next) || next.class == "連体詞" || next.class == "形容詞");
            // A person and a thing are not listed together: 友達と映画を is a film, with a friend.
            match joins && noun.human == next_human {
                true => self.qualifiers.push(Qualifier::And(noun)),
                false => {
                    self.noun = Some(noun);
                    self.place_noun("と");
                }
            }
        }
    }

    /// Puts the waiting noun into the clause as `particle` says.
    pub(crate) fn place_noun(&mut self, particle: &str) {
        let Some(mut noun) = self.noun.take() else {
            return;
        };
        let last = self.peek(0).is_none();
        if particle.is_empty() && noun.adjectival && last {
            return self.predicate_from(noun);
        }
        if noun.adjectival && particle == "に" {
            return self.adjectival_adverb(noun);
        }
        let clause = &mut self.clause;
        // 兄が二人: how many of what was just named.
        let counted = clause.object.as_mut().or(clause.subject.as_mut());
        if let (Some(count), "", Some(counted)) = (noun.count, particle, counted) {
            counted.determiner = count.to_string();
            counted.plural = count != 1;
            return;
        }
        if noun.time && !matches!(particle, "が" | "を" | "から" | "まで" | "より") {
            clause.question |= noun.question;
            clause.times.push(time(&noun, particle));
            return;
        }
        clause.question |= noun.question;
        match particle {
            "は" if clause.topic.is_none() => clause.topic = Some(noun),
            "は" | "が" if clause.subject.is_none() => clause.subject = Some(noun),
            "を" if clause.object.is_none() => clause.object = Some(noun),
            "" if clause.subject.is_none() && last => clause.subject = Some(noun),
            "" if clause.object.is_none() => clause.object = Some(noun),
            "だけ" | "しか" | "ばかり" => {
                noun.head = format!("only {}", noun.head);
                self.noun = Some(noun);
            }
            _ => clause.obliques.push((particle.to_string(), noun)),
        }
    }

    // === Verbs and predicates ===

    /// 静かに: quietly; but 静かにする is to be quiet.
    fn adjectival_adverb(&mut self, noun: NounPhrase) {
        let verb = self.peek(0).filter(|next| next.class == "動詞").map(|next| next.base.as_str());
        let core = match verb {
            Some("する") => Core::Be(noun.head),
            Some("なる") => Core::Verb(format!("become {}", noun.head)),
            _ => return self.clause.adverbs.push(adverb_of(&noun.head)),
        };
        self.at += 1;
        self.predicate(Predicate::new(core, &noun.japanese));
    }

    /// 見に行く: to go to see. Answers the verb of motion, when one follows.
    fn purpose(&mut self, word: &Morpheme) -> Option<&'static str> {
        const MOTIONS: [(&str, &str); 4] = [("行く", "go"), ("いく", "go"), ("来る", "come"), ("帰る", "go back")];
        let stem = word.form == "連用形" && self.peek(0).is_some_and(|next| next.is_particle("に"));
        let motion = self.peek(1).filter(|_| stem).and_then(|next| MOTIONS.iter().find(|(base, _)| *base == next.base));
        let (_, english) = motion?;
        self.at += 2;
        Some(english)
    }

    fn verb(&mut self, word: &Morpheme) {
        self.place_noun("");
        self.at += 1;
        let found = lexicon::japanese(&word.base, word.reading.as_deref()).filter(|found| found.is_verb());
        let lemma = match (self.gloss(word), self.purpose(word)) {
            (lemma, Some(motion)) => format!("{motion} to {lemma}"),
            (lemma, None) => lemma,
        };
        let exists = matches!(word.base.as_str(), "ある" | "いる" | "居る" | "有る" | "おる");
        let core = match exists {
            true => Core::Exist,
            false => Core::Verb(lemma),
        };
        let mut predicate = Predicate::new(core, &word.base);
        predicate.transitive = found.is_some_and(|found| found.is_transitive());
        match word.form.as_str() {
            "命令ｉ" | "命令ｒｏ" | "命令ｙｏ" | "命令ｅ" => predicate.mood = Mood::Command,
            "未然ウ接続" => predicate.mood = Mood::Proposal,
            _ => {}
        }
        // 水をください: please give me water.
        if matches!(word.base.as_str(), "くださる" | "下さる") {
            predicate =
                Predicate { mood: Mood::Request, ..Predicate::new(Core::Verb("give me".into()), "くださる") };
        }
        self.predicate(predicate);
    }

    /// 翻訳 + する, and every other noun that する makes a verb.
    pub(crate) fn verbal_noun(&mut self, noun: NounPhrase) {
        self.at += 1;
        let compound = format!("{}する", noun.japanese);
        let word = lexicon::japanese(&compound, None);
        let lemma =
            word.map_or_else(|| crate::predicate_reader::verb_of(&noun.head), |word| word.english().to_string());
        let mut predicate = Predicate::new(Core::Verb(lemma), &compound);
        predicate.transitive = word.is_none_or(|word| word.is_transitive());
        self.predicate(predicate);
    }

    /// です, だ, ではない behind whatever was read.
    fn copula(&mut self) {
        match self.noun.take() {
            Some(noun) => self.predicate_from(noun),
            None => self.at += 1,
        }
    }

    /// A noun phrase as the complement of *to be*.
    fn predicate_from(&mut self, noun: NounPhrase) {
        let complement = match &noun {
            NounPhrase { question: true, .. } => noun.head.clone(),
            NounPhrase { adjectival: true, .. } => noun.head.clone(),
            NounPhrase { plural: true, .. } => noun.with(Article::Generic),
            _ => noun.object(if noun.after.is_empty() { Article::Indefinite } else { Article::Definite }),
        };
        self.clause.question |= noun.question;
        let mut predicate = Predicate::new(Core::Be(complement), &noun.japanese);
        // The plural of the subject asks for the plural of what it is: we are students.
        let plural = self
            .clause
            .topic
            .as_ref()
            .or(self.clause.subject.as_ref())
            .is_some_and(|subject| subject.plural && subject.head != "you");
        if plural && !noun.adjectival && !noun.bare && noun.determiner.is_empty() {
            predicate.core = Core::Be(noun.with(Article::Generic));
        }
        self.predicate(predicate);
    }

    /// Whether は/も and ない or ある follow: ではない, でもありません.
    fn denies(&self) -> bool {
        self.peek(0).is_some_and(|next| next.is_particle("は") || next.is_particle("も"))
            && self.peek(1).is_some_and(|next| matches!(next.base.as_str(), "ある" | "ない" | "ござる"))
    }

    fn bare_predicate(&mut self) {
        if let Some(noun) = self.noun.take() {
            self.predicate_from(noun);
        }
    }

    /// Reads what hangs behind a predicate's stem, then sees where the whole belongs: before a noun, in a quotation, or here.
    fn predicate(&mut self, mut predicate: Predicate) {
        self.place_noun(if matches!(predicate.core, Core::Be(_)) { "が" } else { "" });
        let joint = self.endings(&mut predicate);
        self.clause.predicate = Some(predicate);
        if self.peek(0).is_some_and(|next| next.is_particle("か")) {
            self.at += 1;
            self.clause.question = true;
        }
        if let Some(joint) = joint {
            self.link(joint);
        } else if self.peek(0).is_some_and(|next| next.is_particle("と"))
            && self.peek(1).is_some_and(|next| REPORTING.contains(&next.base.as_str()))
        {
            self.quote();
        } else if self.peek(0).is_some_and(is_nominal) {
            self.relative();
        } else if self.peek(0).is_some_and(|next| next.class == "動詞" || next.is("記号", "読点")) {
            self.end_clause(Link::And);
        }
    }

    fn link(&mut self, joint: &str) {
        self.end_clause(match joint {
            "が" | "けど" | "けれど" | "けれども" => Link::But,
            "から" | "ので" => Link::Because,
            "ば" | "たら" | "なら" => Link::If,
            "と" => Link::When,
            "のに" => Link::Although,
            "ながら" => Link::While,
            "とき" => Link::When,
            _ => Link::And,
        });
    }

    /// ～と思います: what was read becomes what is thought.
    fn quote(&mut self) {
        self.at += 1;
        let thinker =
            self.clause.topic.as_ref().is_some_and(|topic| topic.head == "I") || self.clause.subject.is_some();
        let topic = if thinker { self.clause.topic.take() } else { None };
        let question = std::mem::take(&mut self.clause.question);
        let quoted = std::mem::take(&mut self.clause).english(None);
        self.clause = Clause { topic, question, quoted: Some(quoted), ..Clause::default() };
    }

    /// A finished predicate before a noun: the clause waits for that noun.
    fn relative(&mut self) {
        let topic = self.clause.topic.take();
        let question = std::mem::take(&mut self.clause.question);
        let clause = std::mem::take(&mut self.clause);
        self.clause = Clause { topic, question, ..Clause::default() };
        if let Some(next) = self.peek(0).filter(|next| next.is("名詞", "非自立"))
            && matches!(next.surface.as_str(), "の" | "こと")
        {
            self.at += 1;
            self.noun = Some(NounPhrase::of_name(clause.gerund(), false));
            return;
        }
        if self.skip(&["とき"]) || self.skip(&["時"]) {
            self.skip(&["に"]);
            self.skip(&["は"]);
            self.clause = Clause { topic: self.clause.topic.take(), ..clause };
            self.end_clause(Link::When);
            return;
        }
        self.qualifiers.push(Qualifier::Clause(Box::new(clause)));
    }

    fn end_clause(&mut self, link: Link) {
        self.place_noun("");
        for qualifier in std::mem::take(&mut self.qualifiers) {
            self.stranded(qualifier);
        }
        if self.clause.is_empty() {
            return;
        }
        let question = self.clause.question;
        let mut clause = std::mem::take(&mut self.clause);
        clause.link = link;
        clause.question = question && link == Link::End || clause.question && link == Link::But;
        self.sentence.clauses.push(clause);
        self.clause.question = question;
    }

    /// A qualifier whose noun never came is said by itself.
    fn stranded(&mut self, qualifier: Qualifier) {
        match qualifier {
            Qualifier::Adjective(word) | Qualifier::Determiner(word) => self.clause.adverbs.push(word),
            Qualifier::Noun(noun) => self.clause.adverbs.push(noun.possessive()),
            Qualifier::And(noun) => self.clause.adverbs.push(noun.with(Article::Indefinite)),
            Qualifier::Clause(clause) => self.clause = *clause,
        }
    }

    /// The English of an inflected word: its likeliest meaning, or its sound.
    fn gloss(&self, word: &Morpheme) -> String {
        let found = lexicon::japanese(&word.base, word.reading.as_deref());
        match found {
            Some(found) => found.english().to_string(),
            None => crate::romaji::romaji(word.reading.as_deref().unwrap_or(&word.surface)),
        }
    }
}

/// Whether the morpheme can begin or go on a noun phrase.
pub(crate) fn is_nominal(morpheme: &Morpheme) -> bool {
    matches!(morpheme.class.as_str(), "名詞" | "接頭詞")
}

/// ん and の before です: no noun, only a tone of voice.
pub(crate) fn is_explanatory(morpheme: &Morpheme) -> bool {
    morpheme.is("名詞", "非自立") && matches!(morpheme.surface.as_str(), "の" | "ん")
}

/// `quick` → `quickly`.
pub(crate) fn adverb_of(adjective: &str) -> String {
    match adjective.strip_suffix('y') {
        _ if adjective.contains(' ') => adjective.to_string(),
        Some(stem) => format!("{stem}ily"),
        None if adjective.ends_with("le") => format!("{}y", &adjective[..adjective.len() - 1]),
        None if adjective.ends_with("ic") => format!("{adjective}ally"),
        None => format!("{adjective}ly"),
    }
}
