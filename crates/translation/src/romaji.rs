//! Kana written in Latin letters, modified Hepburn without macrons, for names and words that no dictionary has.

const KANA: &str = "あ a い i う u え e お o か ka き ki く ku け ke こ ko が ga ぎ gi ぐ gu げ ge ご go さ sa し shi す su せ se そ so \
ざ za じ ji ず zu ぜ ze ぞ zo た ta ち chi つ tsu て te と to だ da ぢ ji づ zu で de ど do な na に ni ぬ nu ね ne の no \
は ha ひ hi ふ fu へ he ほ ho ば ba び bi ぶ bu べ be ぼ bo ぱ pa ぴ pi ぷ pu ぺ pe ぽ po ま ma み mi む mu め me も mo \
や ya ゆ yu よ yo ら ra り ri る ru れ re ろ ro わ wa ゐ i ゑ e を o ん n ゔ vu ぁ a ぃ i ぅ u ぇ e ぉ o ゃ ya ゅ yu ょ yo ゎ wa";

/// Hiragana for katakana; everything else as it is.
pub fn hiragana(text: &str) -> String {
    let to_hiragana = |c: char| match c {
        'ァ'..='ヴ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        _ => c,
    };
    text.chars().map(to_hiragana).collect()
}

/// Whether all of the text is kana.
pub fn is_kana(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー'))
}

/// The kana of `text` in Latin letters; characters that are not kana stay.
pub fn romaji(text: &str) -> String {
    let kana: Vec<char> = hiragana(text).chars().collect();
    let mut out = String::new();
    let mut double = false;
    let mut at = 0;
    while let Some(&c) = kana.get(at) {
        let small = kana.get(at + 1).copied().filter(|next| "ゃゅょぁぃぇぉ".contains(*next));
        at += 1;
        if c == 'っ' {
            double = true;
            continue;
        }
        // Long vowels go unmarked, as in Tokyo.
        let long = c == 'ー' || (c == 'う' && out.ends_with(['o', 'u']));
        if long {
            continue;
        }
        let Some(mut sound) = sound(c).map(String::from) else {
            out.push(c);
            double = false;
            continue;
        };
        if let Some(small) = small.and_then(|small| joined(&sound, small)) {
            sound = small;
            at += 1;
        }
        if std::mem::take(&mut double)
            && let Some(first) = sound.chars().next()
        {
            out.push(if sound.starts_with("ch") { 't' } else { first });
        }
        out.push_str(&sound);
    }
    out
}

fn sound(kana: char) -> Option<&'static str> {
    let mut words = KANA.split_whitespace();
    while let (Some(sign), Some(sound)) = (words.next(), words.next()) {
        if sign.starts_with(kana) {
            return Some(sound);
        }
    }
    None
}

/// `ki` and `ゃ` are `kya`, `shi` and `ゃ` are `sha`, `fu` and `ぁ` are `fa`; `None` when the two do not join.
fn joined(sound: &str, small: char) -> Option<String> {
    let vowel = self::sound(small)?;
    let stem = sound.strip_suffix(['i', 'u', 'e', 'o'])?;
    if stem.is_empty() {
        return None;
    }
    let palatal = vowel.starts_with('y');
    match (palatal, stem) {
        (true, "sh" | "ch" | "j") => Some(format!("{stem}{}", &vowel[1..])),
        _ => Some(format!("{stem}{vowel}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kana_become_letters() {
        let cases = [
            ("タナカ", "tanaka"),
            ("トウキョウ", "tokyo"),
            ("さっぽろ", "sapporo"),
            ("まっちゃ", "matcha"),
            ("しんじゅく", "shinjuku"),
            ("ファイル", "fairu"),
            ("ジェット", "jetto"),
            ("コーヒー", "kohi"),
            ("漢字", "漢字"),
            ("Kogumo", "Kogumo"),
            ("ー", ""),
            ("っ", ""),
        ];
        for (kana, expected) in cases {
            assert_eq!(romaji(kana), expected);
        }
    }
}
