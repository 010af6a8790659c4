//! The languages that Amazon Translate knows, and their names.
//! Source: "Supported languages and language codes", Amazon Translate Developer Guide.

use kogumo_door::Reader;
use kogumo_model::translate::{
    INVALID_PARAMETER_VALUE_EXCEPTION, Language, ListLanguagesRequest, ListLanguagesResponse,
    UNSUPPORTED_DISPLAY_LANGUAGE_CODE_EXCEPTION,
};
use kogumo_wire::Fault;

/// Code, English name, Japanese name; in the order of the English names.
const LANGUAGES: [(&str, &str, &str); 75] = [
    ("af", "Afrikaans", "アフリカーンス語"),
    ("sq", "Albanian", "アルバニア語"),
    ("am", "Amharic", "アムハラ語"),
    ("ar", "Arabic", "アラビア語"),
    ("hy", "Armenian", "アルメニア語"),
    ("az", "Azerbaijani", "アゼルバイジャン語"),
    ("bn", "Bengali", "ベンガル語"),
    ("bs", "Bosnian", "ボスニア語"),
    ("bg", "Bulgarian", "ブルガリア語"),
    ("fr-CA", "Canadian French", "フランス語 (カナダ)"),
    ("ca", "Catalan", "カタロニア語"),
    ("zh", "Chinese", "中国語 (簡体字)"),
    ("zh-TW", "Chinese Traditional", "中国語 (繁体字)"),
    ("hr", "Croatian", "クロアチア語"),
    ("cs", "Czech", "チェコ語"),
    ("da", "Danish", "デンマーク語"),
    ("fa-AF", "Dari", "ダリー語"),
    ("nl", "Dutch", "オランダ語"),
    ("en", "English", "英語"),
    ("et", "Estonian", "エストニア語"),
    ("fi", "Finnish", "フィンランド語"),
    ("fr", "French", "フランス語"),
    ("ka", "Georgian", "ジョージア語"),
    ("de", "German", "ドイツ語"),
    ("el", "Greek", "ギリシャ語"),
    ("gu", "Gujarati", "グジャラート語"),
    ("ht", "Haitian", "ハイチ語"),
    ("ha", "Hausa", "ハウサ語"),
    ("he", "Hebrew", "ヘブライ語"),
    ("hi", "Hindi", "ヒンディー語"),
    ("hu", "Hungarian", "ハンガリー語"),
    ("is", "Icelandic", "アイスランド語"),
    ("id", "Indonesian", "インドネシア語"),
    ("ga", "Irish", "アイルランド語"),
    ("it", "Italian", "イタリア語"),
    ("ja", "Japanese", "日本語"),
    ("kn", "Kannada", "カンナダ語"),
    ("kk", "Kazakh", "カザフ語"),
    ("ko", "Korean", "韓国語"),
    ("lv", "Latvian", "ラトビア語"),
    ("lt", "Lithuanian", "リトアニア語"),
    ("mk", "Macedonian", "マケドニア語"),
    ("ms", "Malay", "マレー語"),
    ("ml", "Malayalam", "マラヤーラム語"),
    ("mt", "Maltese", "マルタ語"),
    ("mr", "Marathi", "マラーティー語"),
    ("es-MX", "Mexican Spanish", "スペイン語 (メキシコ)"),
    ("mn", "Mongolian", "モンゴル語"),
    ("no", "Norwegian", "ノルウェー語"),
    ("ps", "Pashto", "パシュトー語"),
    ("fa", "Persian", "ペルシア語"),
    ("pl", "Polish", "ポーランド語"),
    ("pt", "Portuguese", "ポルトガル語"),
    ("pt-PT", "Portugal Portuguese", "ポルトガル語 (ポルトガル)"),
    ("pa", "Punjabi", "パンジャブ語"),
    ("ro", "Romanian", "ルーマニア語"),
    ("ru", "Russian", "ロシア語"),
    ("sr", "Serbian", "セルビア語"),
    ("si", "Sinhala", "シンハラ語"),
    ("sk", "Slovak", "スロバキア語"),
    ("sl", "Slovenian", "スロベニア語"),
    ("so", "Somali", "ソマリ語"),
    ("es", "Spanish", "スペイン語"),
    ("sw", "Swahili", "スワヒリ語"),
    ("sv", "Swedish", "スウェーデン語"),
    ("tl", "Tagalog", "タガログ語"),
    ("ta", "Tamil", "タミル語"),
    ("te", "Telugu", "テルグ語"),
    ("th", "Thai", "タイ語"),
    ("tr", "Turkish", "トルコ語"),
    ("uk", "Ukrainian", "ウクライナ語"),
    ("ur", "Urdu", "ウルドゥー語"),
    ("uz", "Uzbek", "ウズベク語"),
    ("vi", "Vietnamese", "ベトナム語"),
    ("cy", "Welsh", "ウェールズ語"),
];

/// Whether the code is one of Amazon Translate's languages (`auto` is none).
pub fn is_supported(code: &str) -> bool {
    LANGUAGES.iter().any(|(known, ..)| *known == code)
}

pub fn list_languages(_: &Reader, input: ListLanguagesRequest) -> Result<ListLanguagesResponse, Fault> {
    let display = input.display_language_code.unwrap_or_else(|| "en".into());
    if !matches!(display.as_str(), "en" | "ja") {
        let why = format!("Language names in {display} are not known to Kogumo; use en or ja.");
        return Err(UNSUPPORTED_DISPLAY_LANGUAGE_CODE_EXCEPTION.because(why));
    }
    let automatic = ("auto", "Auto", "自動");
    let all = std::iter::once(&automatic).chain(&LANGUAGES);
    let start = match input.next_token.as_deref() {
        None => 0,
        Some(token) => {
            token.parse().map_err(|_| INVALID_PARAMETER_VALUE_EXCEPTION.because("The NextToken is not valid."))?
        }
    };
    let limit = input.max_results.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LANGUAGES.len() + 1);
    let languages: Vec<Language> = all
        .skip(start)
        .take(limit)
        .map(|(code, english, japanese)| Language {
            language_name: if display == "ja" { japanese } else { english }.to_string(),
            language_code: (*code).to_string(),
        })
        .collect();
    let next = start.saturating_add(languages.len());
    let next_token = (next <= LANGUAGES.len() && !languages.is_empty()).then(|| next.to_string());
    Ok(ListLanguagesResponse { languages: Some(languages), display_language_code: Some(display), next_token })
}
