//! Which language a text is in, for `auto`. Scripts tell most; among the Latin alphabet's languages n-grams and short words.

/// English words that a text of a few words is likely to have, and other languages are not.
const ENGLISH: &str = " the a an is are am was were i you he she it we they this that of and to in on for with my your hello hi thanks \
thank please yes no not do does did have has what where who when why how good morning evening night world like ";

/// The language of `text` as Amazon Translate's code; `None` when there is nothing to tell it by.
pub fn detect(text: &str) -> Option<&'static str> {
    let has = |test: fn(char) -> bool| text.chars().any(test);
    if has(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ｦ'..='ﾟ')) {
        return Some("ja");
    }
    if has(|c| matches!(c, '가'..='힣')) {
        return Some("ko");
    }
    if has(|c| matches!(c, '一'..='鿿')) {
        return Some(chinese_or_japanese(text));
    }
    if !has(char::is_alphabetic) {
        return None;
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let english = words.iter().filter(|word| ENGLISH.contains(&format!(" {word} "))).count();
    let ascii = text.chars().all(|c| c.is_ascii() || !c.is_alphabetic());
    if ascii && english * 3 >= words.len() {
        return Some("en");
    }
    let info = whatlang::detect(text)?;
    // A few words of plain ASCII that an English dictionary has are likelier English than what their trigrams resemble.
    let known = words.iter().filter(|word| !crate::lexicon::english(word).is_empty()).count();
    if ascii && !info.is_reliable() && known * 2 >= words.len() {
        return Some("en");
    }
    code(info.lang())
}

/// Han characters only: a text whose every word a Japanese dictionary has is Japanese.
fn chinese_or_japanese(text: &str) -> &'static str {
    const SIMPLIFIED: &str = "们这个国来时会说对后发现为进过还没请谢见问间门关开车东马语吗呢吧你您的是不我他她";
    const TRADITIONAL: &str = "們這個國來時會說對後發現為進過還沒請謝見問間門關開車東馬語嗎呢吧你您的是不我他她";
    let only_chinese = "们这么吗呢吧你您是她们說沒還過這個們嗎请谢问间说对为进";
    if !text.chars().any(|c| only_chinese.contains(c)) {
        let morphemes = crate::morpheme::analyse(text);
        let known = morphemes.iter().all(|morpheme| morpheme.class == "記号" || morpheme.reading.is_some());
        if known {
            return "ja";
        }
    }
    let count = |set: &str| text.chars().filter(|c| set.contains(*c)).count();
    if count(TRADITIONAL) > count(SIMPLIFIED) { "zh-TW" } else { "zh" }
}

fn code(language: whatlang::Lang) -> Option<&'static str> {
    use whatlang::Lang;
    Some(match language {
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Fin => "fi",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Bul => "bg",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Slv => "sl",
        Lang::Mkd => "mk",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Ell => "el",
        Lang::Tur => "tr",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Pes => "fa",
        Lang::Hin => "hi",
        Lang::Ben => "bn",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Mal => "ml",
        Lang::Kan => "kn",
        Lang::Guj => "gu",
        Lang::Pan => "pa",
        Lang::Mar => "mr",
        Lang::Urd => "ur",
        Lang::Sin => "si",
        Lang::Tha => "th",
        Lang::Vie => "vi",
        Lang::Ind => "id",
        Lang::Tgl => "tl",
        Lang::Cat => "ca",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Kat => "ka",
        Lang::Hye => "hy",
        Lang::Aze => "az",
        Lang::Uzb => "uz",
        Lang::Afr => "af",
        Lang::Amh => "am",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        let cases = [
            ("こんにちは", Some("ja")),
            ("世界", Some("ja")),
            ("株式会社", Some("ja")),
            ("Hello", Some("en")),
            ("Hello, world", Some("en")),
            ("I like cats", Some("en")),
            ("computer", Some("en")),
            ("안녕하세요", Some("ko")),
            ("你好吗", Some("zh")),
            ("Bonjour tout le monde, comment allez-vous aujourd'hui ?", Some("fr")),
            ("Guten Tag, wie geht es Ihnen heute?", Some("de")),
            ("Привет, как дела?", Some("ru")),
            ("12345 !?", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(detect(text), expected, "{text}");
        }
    }
}
