//! English word forms: how verbs, nouns and articles inflect, and back from an inflected form to its lemma.

/// Lemma, past, past participle of the verbs that do not just take -ed.
const IRREGULAR: &[(&str, &str, &str)] = &[
    ("be", "was", "been"),
    ("have", "had", "had"),
    ("do", "did", "done"),
    ("go", "went", "gone"),
    ("become", "became", "become"),
    ("begin", "began", "begun"),
    ("break", "broke", "broken"),
    ("bring", "brought", "brought"),
    ("build", "built", "built"),
    ("buy", "bought", "bought"),
    ("catch", "caught", "caught"),
    ("choose", "chose", "chosen"),
    ("come", "came", "come"),
    ("cost", "cost", "cost"),
    ("cut", "cut", "cut"),
    ("draw", "drew", "drawn"),
    ("drink", "drank", "drunk"),
    ("drive", "drove", "driven"),
    ("eat", "ate", "eaten"),
    ("fall", "fell", "fallen"),
    ("feel", "felt", "felt"),
    ("fight", "fought", "fought"),
    ("find", "found", "found"),
    ("fly", "flew", "flown"),
    ("forget", "forgot", "forgotten"),
    ("get", "got", "gotten"),
    ("give", "gave", "given"),
    ("grow", "grew", "grown"),
    ("hear", "heard", "heard"),
    ("hide", "hid", "hidden"),
    ("hit", "hit", "hit"),
    ("hold", "held", "held"),
    ("hurt", "hurt", "hurt"),
    ("keep", "kept", "kept"),
    ("know", "knew", "known"),
    ("lead", "led", "led"),
    ("learn", "learned", "learned"),
    ("leave", "left", "left"),
    ("lend", "lent", "lent"),
    ("let", "let", "let"),
    ("lose", "lost", "lost"),
    ("make", "made", "made"),
    ("mean", "meant", "meant"),
    ("meet", "met", "met"),
    ("open", "opened", "opened"),
    ("pay", "paid", "paid"),
    ("put", "put", "put"),
    ("read", "read", "read"),
    ("ride", "rode", "ridden"),
    ("ring", "rang", "rung"),
    ("rise", "rose", "risen"),
    ("run", "ran", "run"),
    ("say", "said", "said"),
    ("see", "saw", "seen"),
    ("sell", "sold", "sold"),
    ("send", "sent", "sent"),
    ("set", "set", "set"),
    ("show", "showed", "shown"),
    ("shut", "shut", "shut"),
    ("sing", "sang", "sung"),
    ("sit", "sat", "sat"),
    ("sleep", "slept", "slept"),
    ("speak", "spoke", "spoken"),
    ("spend", "spent", "spent"),
    ("stand", "stood", "stood"),
    ("steal", "stole", "stolen"),
    ("swim", "swam", "swum"),
    ("take", "took", "taken"),
    ("teach", "taught", "taught"),
    ("tell", "told", "told"),
    ("think", "thought", "thought"),
    ("throw", "threw", "thrown"),
    ("understand", "understood", "understood"),
    ("wake", "woke", "woken"),
    ("wear", "wore", "worn"),
    ("win", "won", "won"),
    ("write", "wrote", "written"),
];

/// Singular and plural of the nouns that do not just take -s.
const PLURALS: &[(&str, &str)] = &[
    ("person", "people"),
    ("man", "men"),
    ("woman", "women"),
    ("child", "children"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("mouse", "mice"),
    ("knife", "knives"),
    ("life", "lives"),
    ("leaf", "leaves"),
    ("wife", "wives"),
    ("half", "halves"),
    ("sheep", "sheep"),
    ("fish", "fish"),
    ("deer", "deer"),
];

/// The grammatical person and number of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Person {
    /// I
    First,
    /// we, you, they, and every plural noun
    Plural,
    /// he, she, it, and every singular noun
    Third,
}

/// A form of a verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Base,
    Present(Person),
    Past(Person),
    /// -ing
    Gerund,
    /// -ed, or irregular
    Participle,
}

/// The verb `lemma` (its first word inflects: `listen to` → `listened to`) in `form`.
pub fn verb(lemma: &str, form: Form) -> String {
    let (head, tail) = lemma.split_once(' ').map_or((lemma, ""), |(head, tail)| (head, tail));
    let head = match form {
        Form::Base => head.to_string(),
        Form::Present(person) => present(head, person),
        Form::Past(person) => past(head, person),
        Form::Gerund => gerund(head),
        Form::Participle => {
            irregular(head).map_or_else(|| regular_past(head), |(_, participle)| participle.to_string())
        }
    };
    if tail.is_empty() { head } else { format!("{head} {tail}") }
}

fn irregular(lemma: &str) -> Option<(&'static str, &'static str)> {
    IRREGULAR.iter().find(|(base, ..)| *base == lemma).map(|(_, past, participle)| (*past, *participle))
}

fn present(lemma: &str, person: Person) -> String {
    match (lemma, person) {
        ("be", Person::First) => "am".into(),
        ("be", Person::Plural) => "are".into(),
        ("be", Person::Third) => "is".into(),
        ("have", Person::Third) => "has".into(),
        ("can" | "will" | "must" | "may" | "should" | "would" | "could", _) => lemma.into(),
        (_, Person::Third) if lemma.ends_with('o') => format!("{lemma}es"),
        (_, Person::Third) => with_s(lemma),
        _ => lemma.into(),
    }
}

fn past(lemma: &str, person: Person) -> String {
    match lemma {
        "be" if person == Person::Plural => "were".into(),
        "can" => "could".into(),
        "will" => "would".into(),
        "must" | "may" | "should" | "would" | "could" => lemma.into(),
        _ => irregular(lemma).map_or_else(|| regular_past(lemma), |(past, _)| past.to_string()),
    }
}

fn regular_past(lemma: &str) -> String {
    if lemma.ends_with('e') {
        format!("{lemma}d")
    } else if let Some(stem) = consonant_y(lemma) {
        format!("{stem}ied")
    } else {
        format!("{}ed", doubled(lemma))
    }
}

fn gerund(lemma: &str) -> String {
    match lemma {
        "be" => "being".into(),
        "die" | "lie" | "tie" => format!("{}ying", &lemma[..1]),
        _ => match lemma.strip_suffix('e') {
            Some(stem) if !stem.ends_with('e') && stem.len() > 1 => format!("{stem}ing"),
            _ => format!("{}ing", doubled(lemma)),
        },
    }
}

/// `study` → `stud`, when the y follows a consonant.
fn consonant_y(word: &str) -> Option<&str> {
    word.strip_suffix('y').filter(|stem| stem.ends_with(|c: char| c.is_ascii_alphabetic() && !is_vowel(c)))
}

/// `stop` → `stopp`: a short word that ends in consonant, vowel, consonant doubles the last.
fn doubled(lemma: &str) -> String {
    let ends: Vec<char> = lemma.chars().rev().take(4).collect();
    let vowels = lemma.chars().filter(|c| is_vowel(*c)).count();
    match ends[..] {
        [last, vowel, before, ..]
            if vowels == 1 && !is_vowel(last) && !"wxy".contains(last) && is_vowel(vowel) && !is_vowel(before) =>
        {
            format!("{lemma}{last}")
        }
        _ => lemma.to_string(),
    }
}

fn is_vowel(c: char) -> bool {
    "aeiou".contains(c.to_ascii_lowercase())
}

fn with_s(word: &str) -> String {
    if let Some(stem) = consonant_y(word) {
        format!("{stem}ies")
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

/// The plural of a noun phrase, whose last word inflects (`office worker` → `office workers`), or the word before `of`.
pub fn plural(noun: &str) -> String {
    if let Some((head, rest)) = noun.split_once(" of ") {
        return format!("{} of {rest}", plural(head));
    }
    let (before, last) = noun.rsplit_once(' ').map_or(("", noun), |(before, last)| (before, last));
    let last = match PLURALS.iter().find(|(singular, _)| *singular == last) {
        Some((_, plural)) => plural.to_string(),
        None => with_s(last),
    };
    if before.is_empty() { last } else { format!("{before} {last}") }
}

/// `noun` after the article that its first sound asks for.
pub fn with_article(noun: &str) -> String {
    let lower = noun.to_ascii_lowercase();
    let vowel_sound = match lower.chars().next() {
        Some('u') => !["uni", "use", "usu", "ute", "eu"].iter().any(|start| lower.starts_with(start)),
        Some('h') => ["hour", "honest", "honor", "heir"].iter().any(|start| lower.starts_with(start)),
        Some(c) => "aeio".contains(c) && !lower.starts_with("one") && !lower.starts_with("eu"),
        None => return String::new(),
    };
    format!("{} {noun}", if vowel_sound { "an" } else { "a" })
}

/// The words that are not empty, with one space between.
pub fn joined(words: &[&str]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}

/// Every lemma that `word` (in lower case) may be a form of, the likeliest first, with the form it would be.
pub fn lemmas(word: &str) -> Vec<(String, Form)> {
    let third = Form::Present(Person::Third);
    let past = Form::Past(Person::Third);
    let mut found = vec![(word.to_string(), Form::Base)];
    match word {
        "am" | "is" | "are" => found.insert(0, ("be".into(), third)),
        "were" => found.insert(0, ("be".into(), past)),
        "has" => found.insert(0, ("have".into(), third)),
        _ => {}
    }
    for (base, past_form, participle) in IRREGULAR {
        if *past_form == word && *base != word {
            found.insert(0, (base.to_string(), past));
        } else if *participle == word && *base != word {
            found.insert(0, (base.to_string(), Form::Participle));
        }
    }
    found.extend(
        PLURALS.iter().filter(|(_, plural)| *plural == word).map(|(singular, _)| (singular.to_string(), third)),
    );
    for (suffix, form) in [("s", third), ("ed", past), ("ing", Form::Gerund)] {
        if let Some(stem) = word.strip_suffix(suffix).filter(|stem| stem.len() >= 2) {
            found.extend(stems(stem, suffix).into_iter().map(|stem| (stem, form)));
        }
    }
    found
}

/// What a word may have been before `suffix` was put to it: `stopp` → `stopp`, `stoppe`, `stop`; `studi` → `study`.
fn stems(stem: &str, suffix: &str) -> Vec<String> {
    let mut stems = vec![stem.to_string()];
    if suffix == "s" {
        stems.extend(stem.strip_suffix('e').map(String::from));
        stems.extend(stem.strip_suffix("ie").map(|stem| format!("{stem}y")));
        return stems;
    }
    stems.insert(0, format!("{stem}e"));
    stems.extend(stem.strip_suffix('i').map(|stem| format!("{stem}y")));
    let mut chars = stem.chars().rev();
    if let (Some(last), Some(before)) = (chars.next(), chars.next())
        && last == before
    {
        stems.push(stem[..stem.len() - last.len_utf8()].to_string());
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_inflect() {
        let cases = [
            ("study", Form::Present(Person::Third), "studies"),
            ("go", Form::Present(Person::Third), "goes"),
            ("be", Form::Past(Person::Plural), "were"),
            ("stop", Form::Past(Person::Third), "stopped"),
            ("listen to", Form::Past(Person::First), "listened to"),
            ("make", Form::Gerund, "making"),
            ("run", Form::Gerund, "running"),
            ("see", Form::Gerund, "seeing"),
            ("write", Form::Participle, "written"),
            ("play", Form::Past(Person::Third), "played"),
        ];
        for (lemma, form, expected) in cases {
            assert_eq!(verb(lemma, form), expected);
        }
    }

    #[test]
    fn nouns_take_plurals_and_articles() {
        assert_eq!(plural("office worker"), "office workers");
        assert_eq!(plural("box"), "boxes");
        assert_eq!(plural("child"), "children");
        assert_eq!(with_article("apple"), "an apple");
        assert_eq!(with_article("university"), "a university");
        assert_eq!(with_article("hour"), "an hour");
    }

    #[test]
    fn forms_lead_back_to_lemmas() {
        for (form, lemma) in
            [("went", "go"), ("studies", "study"), ("stopped", "stop"), ("making", "make"), ("people", "person")]
        {
            assert!(lemmas(form).iter().any(|(found, _)| found == lemma), "{form}: {:?}", lemmas(form));
        }
    }
}
