//! The profanity setting: profane English words become Amazon Translate's grawlix.

/// What stands in the place of each profane word.
const GRAWLIX: &str = "?$#@$";

/// Words that are profane whatever is meant by them, in their forms.
const PROFANE: [&str; 22] = [
    "arsehole",
    "asshole",
    "assholes",
    "bastard",
    "bastards",
    "bitch",
    "bitches",
    "bullshit",
    "cunt",
    "damn",
    "dick",
    "fuck",
    "fucked",
    "fucker",
    "fucking",
    "motherfucker",
    "piss",
    "shit",
    "shitty",
    "slut",
    "wanker",
    "whore",
];

/// The text with every profane word hidden.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphabetic() {
            word.push(c);
        } else {
            finish(&mut out, &mut word);
            out.push(c);
        }
    }
    finish(&mut out, &mut word);
    out
}

fn finish(out: &mut String, word: &mut String) {
    let profane = PROFANE.contains(&word.to_lowercase().as_str());
    out.push_str(if profane { GRAWLIX } else { word });
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn only_whole_words_are_hidden() {
        assert_eq!(masked("Damn, that is a shitake."), "?$#@$, that is a shitake.");
        assert_eq!(masked(""), "");
    }
}
