//! An English clause as words: contractions undone, punctuation gone.

/// The words of a clause, contractions undone: `don't` → `do not`, `I'm` → `I am`.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.replace('’', "'").split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%' && c != '$');
        let lower = word.to_lowercase();
        let parts: Vec<String> = match lower.as_str() {
            "" => continue,
            "can't" | "cannot" => vec!["can".into(), "not".into()],
            "won't" => vec!["will".into(), "not".into()],
            "let's" => vec!["let's".into()],
            _ => {
                const CONTRACTIONS: [(&str, &str); 6] =
                    [("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ll", "will"), ("'ve", "have"), ("'d", "would")];
                let found =
                    CONTRACTIONS.iter().find_map(|(end, full)| lower.strip_suffix(end).map(|stem| (stem.len(), *full)));
                match (found, lower.strip_suffix("'s")) {
                    (Some((length, full)), _) => vec![word.get(..length).unwrap_or(&lower).to_string(), full.into()],
                    (None, Some(stem)) if IS_HOSTS.contains(&stem) => {
                        vec![stem.to_string(), "is".into()]
                    }
                    (None, Some(stem)) => vec![word.get(..stem.len()).unwrap_or(stem).to_string(), "'s".into()],
                    (None, None) => vec![word.to_string()],
                }
            }
        };
        words.extend(parts);
    }
    words
}

/// Words whose 's is *is*, not an owner's.
const IS_HOSTS: [&str; 10] = ["it", "he", "she", "that", "there", "here", "what", "who", "where", "how"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contractions_are_undone() {
        assert_eq!(words("I don't know"), ["I", "do", "not", "know"]);
        assert_eq!(words("It's Tanaka's book."), ["it", "is", "Tanaka", "'s", "book"]);
        assert_eq!(words("can’t won't 'quoted'"), ["can", "not", "will", "not", "quoted"]);
    }
}
