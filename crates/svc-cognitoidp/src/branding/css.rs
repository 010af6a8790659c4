//! The CSS that hosted pages take: rules for Cognito's own classes, and nothing that reaches out of the page. Pure.

/// The classes that may be dressed, with the states that they have. Source: "Customizing hosted UI (classic) branding".
const CLASSES: [(&str, &[&str]); 15] = [
    ("logo-customizable", &[]),
    ("banner-customizable", &[]),
    ("label-customizable", &[]),
    ("textDescription-customizable", &[]),
    ("idpDescription-customizable", &[]),
    ("legalText-customizable", &[]),
    ("submitButton-customizable", &["hover"]),
    ("errorMessage-customizable", &[]),
    ("inputField-customizable", &["focus"]),
    ("idpButton-customizable", &["hover"]),
    ("socialButton-customizable", &["hover"]),
    ("redirect-customizable", &[]),
    ("passwordCheck-notValid-customizable", &[]),
    ("passwordCheck-valid-customizable", &[]),
    ("background-customizable", &[]),
];

/// Whether a style sheet holds only what it may.
///
/// # Errors
/// What is not let in, in words.
pub fn check(css: &str) -> Result<(), String> {
    let plain = without_comments(css).ok_or("a comment has no end")?;
    if plain.contains(['<', '\\', '@']) || plain.to_ascii_lowercase().contains("url(") {
        return Err("escapes, rules with @, markup and url() are not allowed".into());
    }
    let mut rest = plain.as_str();
    while let Some((selectors, behind)) = rest.split_once('{') {
        let (declarations, behind) = behind.split_once('}').ok_or("a rule has no end")?;
        if declarations.contains('{') {
            return Err("rules within rules are not allowed".into());
        }
        if let Some(selector) = selectors.split(',').map(str::trim).find(|selector| !is_known(selector)) {
            return Err(format!("{selector} is not a customizable class"));
        }
        rest = behind;
    }
    if rest.trim().is_empty() { Ok(()) } else { Err("there is text that is no rule".into()) }
}

fn is_known(selector: &str) -> bool {
    let Some(name) = selector.strip_prefix('.') else { return false };
    let (name, state) = name.split_once(':').map_or((name, None), |(name, state)| (name, Some(state)));
    CLASSES.iter().any(|(class, states)| *class == name && state.is_none_or(|state| states.contains(&state)))
}

fn without_comments(css: &str) -> Option<String> {
    let mut plain = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/")?.1;
    }
    plain.push_str(rest);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_may_be_dressed() {
        for good in [
            "",
            ".banner-customizable { background-color: lightblue; padding: 1px }",
            "/* ours */ .submitButton-customizable:hover{color:#fff} .label-customizable,.textDescription-customizable{font-weight:1}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "body { display: none }",
            ".other { color: red }",
            ".label-customizable:hover { color: red }",
            ".banner-customizable { background: url(https://evil.example) }",
            ".banner-customizable { background: u\\72l(https://evil.example) }",
            "@import 'x';",
            ".banner-customizable { } </style><script>",
            ".banner-customizable { .label-customizable { } }",
            ".banner-customizable {",
            "/* open",
            "text",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
