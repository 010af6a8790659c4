//! The engine that is always there: Japanese and English by dictionary and a little grammar, in process.

use crate::{Engine, Failure, english_to_japanese, japanese_to_english};

/// Japanese ↔ English, and any language to itself.
pub struct Dictionary;

impl Engine for Dictionary {
    fn name(&self) -> &str {
        "dictionary"
    }

    fn supports(&self, source: &str, target: &str) -> bool {
        source == target || matches!((source, target), ("ja", "en") | ("en", "ja"))
    }

    fn translate(&self, text: &str, source: &str, target: &str) -> Result<String, Failure> {
        match (source, target) {
            ("ja", "en") => Ok(japanese_to_english::translate(text)),
            ("en", "ja") => Ok(english_to_japanese::translate(text)),
            _ if source == target => Ok(text.to_string()),
            _ => Err(Failure::UnsupportedPair),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn both_ways(text: &str) {
        for (source, target) in [("ja", "en"), ("en", "ja")] {
            assert!(Dictionary.translate(text, source, target).is_ok());
        }
        crate::detect(text);
    }

    /// Texts nobody would write: every sort of character in every order. The generator is a plain linear congruence, so a
    /// failure repeats.
    #[test]
    fn no_text_breaks_it() {
        let alphabet: Vec<char> = "はがをにでと、。食べる行ったない人本3五百今日 The a is not cat's to,.\u{0}\n\t「」()ーっゃ\u{301}\u{1F600}漢ｱＡé\u{202e}い私の"
            .chars()
            .collect();
        let mut seed: u64 = 42;
        for _ in 0..400 {
            let mut text = String::new();
            for _ in 0..30 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                text.push(alphabet[(seed >> 33) as usize % alphabet.len()]);
            }
            both_ways(&text);
        }
        for c in (0..=0x10FFFF_u32).step_by(251).filter_map(char::from_u32) {
            both_ways(&c.to_string());
        }
    }

    #[test]
    fn the_longest_text_takes_no_long_time() {
        both_ways("猫");
        for unit in [
            "の",
            "食べて",
            "私は",
            "すもももももももものうち",
            "a ",
            "the cat of ",
            "大きい",
            "「",
            "一",
            "と",
            "。",
            "x",
        ] {
            let text: String =
                unit.chars().cycle().take(10_000 / unit.chars().next().map_or(1, char::len_utf8)).collect();
            let start = Instant::now();
            both_ways(&text);
            assert!(start.elapsed() < Duration::from_secs(20), "{unit}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn other_pairs_are_not_supported() {
        assert!(Dictionary.supports("ja", "en") && Dictionary.supports("fr", "fr"));
        assert!(!Dictionary.supports("ja", "fr"));
        assert!(Dictionary.translate("x", "ja", "fr").is_err());
    }
}
