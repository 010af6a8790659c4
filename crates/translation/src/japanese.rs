//! Japanese word forms: how a verb of each class reaches the endings that polite speech needs.

/// Where a godan verb's ending stands in each row: dictionary form, a (ない), i (ます), te-form.
const GODAN: [(&str, char, char, char, &str); 9] = [
    ("v5u", 'う', 'わ', 'い', "って"),
    ("v5k", 'く', 'か', 'き', "いて"),
    ("v5g", 'ぐ', 'が', 'ぎ', "いで"),
    ("v5s", 'す', 'さ', 'し', "して"),
    ("v5t", 'つ', 'た', 'ち', "って"),
    ("v5n", 'ぬ', 'な', 'に', "んで"),
    ("v5b", 'ぶ', 'ば', 'び', "んで"),
    ("v5m", 'む', 'ま', 'み', "んで"),
    ("v5r", 'る', 'ら', 'り', "って"),
];

/// A verb's stems: before ます, before ない, and the te-form.
#[derive(Debug, PartialEq)]
pub struct Stems {
    pub masu: String,
    pub nai: String,
    pub te: String,
}

/// The stems of `verb`, whose EDICT class is `class`. A noun that する makes a verb (`vs`) may come with or without it.
pub fn stems(verb: &str, class: &str) -> Stems {
    let of = |masu: String, nai: String, te: String| Stems { masu, nai, te };
    if let Some(noun) = verb.strip_suffix("する").or((class == "vs").then_some(verb)) {
        return of(format!("{noun}し"), format!("{noun}し"), format!("{noun}して"));
    }
    if class == "vk" {
        let stem = verb.strip_suffix("来る").map(|stem| format!("{stem}来")).unwrap_or_default();
        return of(stem.clone(), stem.clone(), format!("{stem}て"));
    }
    if class == "v5k-s"
        && let Some(stem) = verb.strip_suffix('く')
    {
        return of(format!("{stem}き"), format!("{stem}か"), format!("{stem}って"));
    }
    let row = GODAN.iter().find(|(name, ..)| class == *name || class == "v5aru" && *name == "v5r");
    if let Some((_, ending, a, i, te)) = row
        && let Some(stem) = verb.strip_suffix(*ending)
    {
        let i = if class == "v5aru" { 'い' } else { *i };
        return of(format!("{stem}{i}"), format!("{stem}{a}"), format!("{stem}{te}"));
    }
    let stem = verb.strip_suffix('る').unwrap_or(verb);
    of(stem.to_string(), stem.to_string(), format!("{stem}て"))
}

/// What a polite predicate says besides its verb.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Saying {
    pub past: bool,
    pub negative: bool,
    pub progressive: bool,
    pub mood: Mood,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Statement,
    Request,
    Proposal,
    Desire,
    Ability,
    Must,
    May,
}

/// The verb in polite speech.
pub fn polite(verb: &str, class: &str, saying: Saying) -> String {
    let stems = stems(verb, class);
    let plain = |saying: Saying| match (saying.past, saying.negative) {
        (false, false) => "ます",
        (false, true) => "ません",
        (true, false) => "ました",
        (true, true) => "ませんでした",
    };
    let Saying { past, negative, .. } = saying;
    match saying.mood {
        Mood::Request if negative => format!("{}ないでください", stems.nai),
        Mood::Request => format!("{}ください", stems.te),
        Mood::Proposal => format!("{}ましょう", stems.masu),
        Mood::Desire => {
            let ending = match (past, negative) {
                (false, false) => "たいです",
                (false, true) => "たくないです",
                (true, false) => "たかったです",
                (true, true) => "たくなかったです",
            };
            format!("{}{ending}", stems.masu)
        }
        Mood::Ability => format!("{verb}{}ことができ{}", if class == "vs" { "する" } else { "" }, plain(saying)),
        Mood::Must if negative => format!("{}てはいけません", stems.te.trim_end_matches('て')),
        Mood::Must => format!("{}なければなりません", stems.nai),
        Mood::May => format!("{}もいいです", stems.te),
        Mood::Statement if saying.progressive => format!("{}い{}", stems.te, plain(saying)),
        Mood::Statement => format!("{}{}", stems.masu, plain(saying)),
    }
}

/// An adjective (or a noun) as a polite predicate.
pub fn polite_be(word: &str, class: &str, past: bool, negative: bool) -> String {
    let i_adjective = class == "adj-i" && word.ends_with('い');
    // いい bends as よい does.
    let stem = if word == "いい" { "よ" } else { word.strip_suffix('い').unwrap_or(word) };
    match (i_adjective, past, negative) {
        (true, false, false) => format!("{word}です"),
        (true, false, true) => format!("{stem}くないです"),
        (true, true, false) => format!("{stem}かったです"),
        (true, true, true) => format!("{stem}くなかったです"),
        (false, false, false) => format!("{word}です"),
        (false, false, true) => format!("{word}ではありません"),
        (false, true, false) => format!("{word}でした"),
        (false, true, true) => format!("{word}ではありませんでした"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_of_every_class_are_polite() {
        let past_negative = Saying { past: true, negative: true, ..Saying::default() };
        let progressive = Saying { progressive: true, ..Saying::default() };
        let request = Saying { mood: Mood::Request, ..Saying::default() };
        let cases = [
            ("食べる", "v1", Saying::default(), "食べます"),
            ("行く", "v5k-s", progressive, "行っています"),
            ("飲む", "v5m", progressive, "飲んでいます"),
            ("買う", "v5u", past_negative, "買いませんでした"),
            ("勉強", "vs", Saying::default(), "勉強します"),
            ("する", "vs-i", request, "してください"),
            ("来る", "vk", request, "来てください"),
            ("話す", "v5s", Saying { mood: Mood::Must, ..Saying::default() }, "話さなければなりません"),
            ("読む", "v5m", Saying { mood: Mood::Ability, ..Saying::default() }, "読むことができます"),
        ];
        for (verb, class, saying, expected) in cases {
            assert_eq!(polite(verb, class, saying), expected);
        }
    }

    #[test]
    fn adjectives_are_polite() {
        assert_eq!(polite_be("いい", "adj-i", true, false), "よかったです");
        assert_eq!(polite_be("静か", "adj-na", false, true), "静かではありません");
        assert_eq!(polite_be("大きい", "adj-i", false, true), "大きくないです");
    }
}
