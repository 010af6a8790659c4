//! Filter patterns: which log events are meant. Three languages, told apart by their first character: terms, `{ JSON }`
//! and `[space-delimited]`.
//! Source: "Filter pattern syntax", CloudWatch Logs User Guide.

mod comparison;
mod fields;
mod json;
mod scanner;
mod terms;

use std::collections::BTreeMap;

/// A pattern that has been read.
pub enum Pattern {
    Terms(terms::Terms),
    Json(json::Json),
    Fields(fields::Fields),
}

impl Pattern {
    /// Reads a pattern; `Err` says what is wrong with it, in AWS's words where they are known.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let text = text.trim();
        match text.chars().next() {
            Some('{') => json::Json::parse(text).map(Pattern::Json),
            Some('[') => fields::Fields::parse(text).map(Pattern::Fields),
            _ => terms::Terms::parse(text).map(Pattern::Terms),
        }
    }

    /// Whether a message is meant; if it is, the values that the pattern names in it (`$.user.id`, `$bytes`).
    pub fn matches(&self, message: &str) -> Option<BTreeMap<String, String>> {
        match self {
            Pattern::Terms(terms) => terms.matches(message).then(BTreeMap::new),
            Pattern::Json(json) => json.matches(message),
            Pattern::Fields(fields) => fields.matches(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<'a>(pattern: &str, messages: &[&'a str]) -> Vec<&'a str> {
        let pattern = Pattern::parse(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        messages.iter().copied().filter(|message| pattern.matches(message).is_some()).collect()
    }

    const PLAIN: [&str; 5] = [
        "[ERROR 400] BAD REQUEST",
        "[ERROR 401] UNAUTHORIZED REQUEST",
        "[ERROR 419] MISSING ARGUMENTS",
        "[ERROR 420] INVALID ARGUMENTS",
        "[INFO] REQUEST FAILED",
    ];

    #[test]
    fn terms_are_matched_as_documented() {
        assert_eq!(chosen("ERROR", &PLAIN), PLAIN[..4]);
        assert_eq!(chosen("ERROR ARGUMENTS", &PLAIN), PLAIN[2..4]);
        assert_eq!(chosen("?MISSING ?INFO", &PLAIN), [PLAIN[2], PLAIN[4]]);
        assert_eq!(chosen("?ERROR ?ARGUMENTS REQUEST", &PLAIN), [PLAIN[0], PLAIN[1], PLAIN[4]]);
        assert_eq!(chosen("\"UNAUTHORIZED REQUEST\"", &PLAIN), [PLAIN[1]]);
        assert_eq!(chosen("ERROR -ARGUMENTS", &PLAIN), PLAIN[..2]);
        assert_eq!(chosen("-\"BAD REQUEST\" ERROR", &PLAIN), PLAIN[1..4]);
        assert_eq!(chosen("\" \"", &PLAIN), PLAIN);
        assert_eq!(chosen("", &PLAIN), PLAIN);
        assert_eq!(chosen("error", &PLAIN), [""; 0]);
        assert_eq!(chosen("%[45]1[0-9]%", &PLAIN), [PLAIN[2]]);
        assert_eq!(chosen("エラー", &["エラーです"]), ["エラーです"]);
    }

    const DOCUMENT: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"cluster.name":"c","user":{"id":1,"email":"John.Stiles@example.com"},"coordinates":[[0,1,2],[4,5,6]],"ok":true,"number":[1000],"latency":12.5}"#;

    #[test]
    fn json_is_matched_as_documented() {
        let holds = [
            r#"{ $.eventType = "UpdateTrail" }"#,
            r#"{ $.eventType = UpdateTrail }"#,
            r#"{ $.eventType = "Update*" }"#,
            r#"{ $.sourceIPAddress != 123.123.* }"#,
            r#"{ $.arrayKey[0] = "value" }"#,
            r#"{ $.eventType = %Trail% }"#,
            r#"{ $.arrayKey[*] = %val.{2}% }"#,
            r#"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }"#,
            r#"{ $.['cluster.name'] = "c" }"#,
            r#"{ $.SomeObject IS NULL }"#,
            r#"{ $.ok IS TRUE }"#,
            r#"{ $.SomeOtherObject NOT EXISTS }"#,
            r#"{ ($.user.id = 1) && ($.objectList[1].name = "b") }"#,
            r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.arrayKey[2] = "nonmatch" }"#,
            r#"{$.number[0]=1e+3&&$.latency<50}"#,
            r#"{ $.latency >= 12.5 }"#,
            r#"{ $.user.id = 1* }"#,
            r#"{ $.objectList[*].id = 2 }"#,
        ];
        let fails = [
            r#"{ $.eventType != "UpdateTrail" }"#,
            r#"{ $.arrayKey = "value" }"#,
            r#"{ $.missing != "x" }"#,
            r#"{ $.eventType IS NULL }"#,
            r#"{ $.ok IS FALSE }"#,
            r#"{ $.eventType NOT EXISTS }"#,
            r#"{ ($.user.id = 1 || $.user.id = 2) && $.arrayKey[2] = "nonmatch" }"#,
            r#"{ $.latency > 12.5 }"#,
            r#"{ $.arrayKey[99999999999999999999] = 1 }"#,
        ];
        for pattern in holds {
            assert_eq!(chosen(pattern, &[DOCUMENT, "no JSON"]), [DOCUMENT], "{pattern}");
        }
        for pattern in fails.into_iter().take(8) {
            assert_eq!(chosen(pattern, &[DOCUMENT]), [""; 0], "{pattern}");
        }
        assert!(Pattern::parse(fails[8]).is_err());
    }

    const ACCESS: &str = r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

    #[test]
    fn fields_are_matched_as_documented() {
        let holds = [
            "[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
            "[..., request =*.html*, status_code = 4*, bytes]",
            "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
            "[ip, user!=Test&&user!=Stage, ...]",
            "[..., bytes > 1000]",
            "[ip, user, rest]",
            "[]",
        ];
        for pattern in holds {
            assert_eq!(chosen(pattern, &[ACCESS]), [ACCESS], "{pattern}");
        }
        for pattern in ["[ip=10.*, ...]", "[a, b, c, d, e, f, g, h]", "[..., bytes > 2000]", "[only]"] {
            assert_eq!(chosen(pattern, &[ACCESS]), [""; 0], "{pattern}");
        }
        let lines = ["ERROR 09/25/2014 12:00:02 Failed to process request", "INFO 09/25/2014 12:00:00 GET 1200"];
        assert_eq!(chosen("[w1=ERROR, w2]", &lines), [lines[0]]);
        let pattern = Pattern::parse("[..., request, status, bytes]").unwrap_or_else(|why| panic!("{why}"));
        let values = pattern.matches(ACCESS).unwrap_or_default();
        assert_eq!(values.get("$request").map(String::as_str), Some("GET /index.html HTTP/1.0"));
        assert_eq!(values.get("$bytes").map(String::as_str), Some("1534"));
    }

    #[test]
    fn wrong_patterns_are_told_what_is_wrong() {
        assert_eq!(Pattern::parse("a:b").err().as_deref(), Some("Invalid character(s) in term 'a:b'"));
        for wrong in [
            "\"open",
            "{",
            "{ $.a }",
            "{ $.a = }",
            "{ a = 1 }",
            "{ $.a = 1 && }",
            "{ ($.a = 1 }",
            "[a",
            "[a =, b]",
            "%(%",
            "%open",
            "{ $.a IS MAYBE }",
            "-",
            "?",
            "[a, ..., b, ...]",
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Pattern::parse(&format!("{{ {}$.a = 1{} }}", "(".repeat(500), ")".repeat(500))).is_err());
    }

    #[test]
    fn no_pattern_and_no_message_breaks_it() {
        let alphabet: Vec<char> = "{}[]()\"%$.*=!<>&|, ?-\\'aA1é日IS NULL".chars().collect();
        let mut seed: u64 = 7;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                text.push(alphabet[(seed >> 33) as usize % alphabet.len()]);
            }
            if let Ok(pattern) = Pattern::parse(&text) {
                pattern.matches(&text);
                pattern.matches(DOCUMENT);
            }
        }
    }
}
