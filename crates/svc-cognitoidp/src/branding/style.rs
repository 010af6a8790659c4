//! The settings of managed login's branding as CSS: what the branding editor calls a component is a part of our pages.
//! Pure. Settings for what the pages do not have are kept and change nothing.

use std::fmt::Write;

use serde_json::{Value, json};

/// A setting: where it is (`{mode}` stands for `lightMode` or `darkMode`), and the rule that it becomes.
struct Setting {
    at: &'static str,
    selector: &'static str,
    property: &'static str,
    /// What Cognito provides, in bright rooms.
    light: &'static str,
    dark: &'static str,
}

const fn color(
    at: &'static str,
    selector: &'static str,
    property: &'static str,
    (light, dark): (&'static str, &'static str),
) -> Setting {
    Setting { at, selector, property, light, dark }
}

/// Colors are eight hexadecimal digits: red, green, blue, alpha.
const COLORS: [Setting; 19] = [
    color("/components/pageBackground/{mode}/color", "body", "background-color", ("ffffffff", "0f1b2aff")),
    color("/components/form/{mode}/backgroundColor", "main", "background-color", ("ffffffff", "0f1b2aff")),
    color("/components/form/{mode}/borderColor", "main", "border-color", ("c6c6cdff", "424650ff")),
    color("/components/pageText/{mode}/headingColor", "h1", "color", ("000716ff", "d1d5dbff")),
    color("/components/pageText/{mode}/bodyColor", "body", "color", ("414d5cff", "b6bec9ff")),
    color(
        "/components/pageText/{mode}/descriptionColor",
        ".textDescription-customizable",
        "color",
        ("414d5cff", "b6bec9ff"),
    ),
    color(
        "/components/primaryButton/{mode}/defaults/backgroundColor",
        "button",
        "background-color",
        ("0972d3ff", "539fe5ff"),
    ),
    color("/components/primaryButton/{mode}/defaults/textColor", "button", "color", ("ffffffff", "000716ff")),
    color(
        "/components/primaryButton/{mode}/hover/backgroundColor",
        "button:hover",
        "background-color",
        ("033160ff", "89bdeeff"),
    ),
    color("/components/primaryButton/{mode}/hover/textColor", "button:hover", "color", ("ffffffff", "000716ff")),
    color(
        "/components/primaryButton/{mode}/active/backgroundColor",
        "button:active",
        "background-color",
        ("033160ff", "539fe5ff"),
    ),
    color("/components/primaryButton/{mode}/active/textColor", "button:active", "color", ("ffffffff", "000716ff")),
    color("/components/alert/{mode}/error/backgroundColor", ".error", "background-color", ("fff7f7ff", "1a0000ff")),
    color("/components/alert/{mode}/error/borderColor", ".error", "border-color", ("d91515ff", "eb6f6fff")),
    color(
        "/componentClasses/input/{mode}/defaults/backgroundColor",
        "input",
        "background-color",
        ("ffffffff", "0f1b2aff"),
    ),
    color("/componentClasses/input/{mode}/defaults/borderColor", "input", "border-color", ("7d8998ff", "5f6b7aff")),
    color("/componentClasses/inputLabel/{mode}/textColor", "label", "color", ("000716ff", "d1d5dbff")),
    color("/componentClasses/link/{mode}/defaults/textColor", "a", "color", ("0972d3ff", "539fe5ff")),
    color("/componentClasses/link/{mode}/hover/textColor", "a:hover", "color", ("033160ff", "89bdeeff")),
];

/// Lengths are pixels.
const LENGTHS: [(&str, &str, &str, u32); 3] = [
    ("/components/form/borderRadius", "main", "border-radius", 8),
    ("/componentClasses/input/borderRadius", "input", "border-radius", 8),
    ("/componentClasses/buttons/borderRadius", "button", "border-radius", 8),
];

/// `LIGHT`, `DARK` or `DYNAMIC`.
const SCHEME: &str = "/categories/global/colorSchemeMode";

/// The settings that Cognito provides.
pub fn provided() -> Value {
    let mut all = json!({});
    for setting in &COLORS {
        put(&mut all, &setting.at.replace("{mode}", "lightMode"), json!(setting.light));
        put(&mut all, &setting.at.replace("{mode}", "darkMode"), json!(setting.dark));
    }
    for (at, _, _, pixels) in LENGTHS {
        put(&mut all, at, json!(f64::from(pixels)));
    }
    put(&mut all, SCHEME, json!("LIGHT"));
    all
}

/// Sets what a pointer leads to, with all that is above it.
fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut place = into;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
}

/// The style sheet of a style's settings.
pub fn css(settings: &Value) -> String {
    let mut css = String::new();
    for (at, selector, property, usual) in LENGTHS {
        let pixels = settings.pointer(at).and_then(Value::as_f64).filter(|pixels| (0.0..=100.0).contains(pixels));
        let _ = write!(css, "{selector}{{{property}:{}px}}", pixels.unwrap_or(f64::from(usual)));
    }
    match settings.pointer(SCHEME).and_then(Value::as_str) {
        Some("DARK") => colors(&mut css, settings, "darkMode"),
        Some("DYNAMIC") => {
            colors(&mut css, settings, "lightMode");
            css.push_str("@media (prefers-color-scheme:dark){");
            colors(&mut css, settings, "darkMode");
            css.push('}');
        }
        _ => colors(&mut css, settings, "lightMode"),
    }
    css
}

fn colors(css: &mut String, settings: &Value, mode: &str) {
    for setting in &COLORS {
        let usual = if mode == "darkMode" { setting.dark } else { setting.light };
        let set = settings.pointer(&setting.at.replace("{mode}", mode)).and_then(Value::as_str);
        let color = set.filter(|color| is_color(color)).unwrap_or(usual);
        let _ = write!(css, "{}{{{}:#{color}}}", setting.selector, setting.property);
    }
}

fn is_color(text: &str) -> bool {
    matches!(text.len(), 6 | 8) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_rules() {
        let own = json!({
            "components": { "primaryButton": {
                "lightMode": { "defaults": { "backgroundColor": "ff0000ff", "textColor": "red;}" } },
                "darkMode": { "defaults": { "backgroundColor": "00ff00ff" } },
            } },
            "componentClasses": { "buttons": { "borderRadius": 2 } },
        });
        let light = css(&own);
        assert!(light.contains("button{background-color:#ff0000ff}") && light.contains("button{border-radius:2px}"));
        // What is no color does not get into the style sheet.
        assert!(light.contains("button{color:#ffffffff}") && !light.contains("00ff00"));
        let mut both = own.clone();
        put(&mut both, SCHEME, json!("DYNAMIC"));
        let dark = css(&both).split_once("@media").map(|(_, dark)| dark.to_owned()).unwrap_or_default();
        assert!(dark.contains("button{background-color:#00ff00ff}"));
        assert_eq!(css(&provided()), css(&json!({})));
    }
}
