//! Cross-origin resource sharing: which rule of a bucket lets a browser's page in, and what the answer then says.
//! Source: "Elements of a CORS configuration" and "Testing CORS", Amazon S3 User Guide.

use serde::{Deserialize, Serialize};

/// One `CORSRule`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: Option<String>,
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    pub max_age_seconds: Option<i32>,
}

/// Methods that a rule may name.
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// What is wrong with a configuration, in S3's words; the code is `InvalidRequest`, of no rules at all `MalformedXML`.
pub fn problem(rules: &[Rule]) -> Option<String> {
    for rule in rules {
        if let Some(method) = rule.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            return Some(format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}"));
        }
        let stars = |text: &&String| text.matches('*').count() > 1;
        if let Some(origin) = rule.origins.iter().find(stars) {
            return Some(format!("AllowedOrigin \"{origin}\" can not have more than one wildcard."));
        }
        if let Some(header) = rule.headers.iter().find(stars) {
            return Some(format!("AllowedHeader \"{header}\" can not have more than one wildcard."));
        }
        if let Some(header) = rule.exposed.iter().find(|header| header.contains('*')) {
            return Some(format!(
                "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            ));
        }
    }
    None
}

/// The answer's headers for `origin`, asking for `method` and (in a preflight) `headers`; `None` if no rule lets it in.
pub fn answer(rules: &[Rule], origin: &str, method: &str, headers: &[String]) -> Option<Vec<(&'static str, String)>> {
    let rule = rules.iter().find(|rule| {
        rule.methods.iter().any(|allowed| allowed == method)
            && rule.origins.iter().any(|allowed| fits(allowed, origin))
            && headers.iter().all(|header| {
                rule.headers.iter().any(|allowed| fits(&allowed.to_ascii_lowercase(), &header.to_ascii_lowercase()))
            })
    })?;
    let anybody = rule.origins.iter().any(|allowed| allowed == "*");
    let mut answer = vec![
        ("access-control-allow-origin", if anybody { "*".to_owned() } else { origin.to_owned() }),
        ("access-control-allow-methods", rule.methods.join(", ")),
    ];
    if !headers.is_empty() {
        let headers: Vec<_> = headers.iter().map(|header| header.to_ascii_lowercase()).collect();
        answer.push(("access-control-allow-headers", headers.join(", ")));
    }
    if !rule.exposed.is_empty() {
        answer.push(("access-control-expose-headers", rule.exposed.join(", ")));
    }
    if let Some(seconds) = rule.max_age_seconds {
        answer.push(("access-control-max-age", seconds.to_string()));
    }
    if !anybody {
        answer.push(("access-control-allow-credentials", "true".to_owned()));
    }
    answer.push(("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method".to_owned()));
    Some(answer)
}

/// Whether `text` is `pattern`, in which one `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origin: &str, methods: &[&str], headers: &[&str]) -> Rule {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Rule {
            origins: vec![origin.into()],
            methods: owned(methods),
            headers: owned(headers),
            max_age_seconds: Some(3000),
            ..Rule::default()
        }
    }

    #[test]
    fn the_first_fitting_rule_answers() {
        let rules = [rule("http://*.example.com", &["PUT", "POST"], &["X-*"]), rule("*", &["GET"], &[])];
        let put = answer(&rules, "http://www.example.com", "PUT", &["x-a".into()]).expect("allowed");
        assert!(put.contains(&("access-control-allow-origin", "http://www.example.com".into())));
        assert!(put.contains(&("access-control-allow-methods", "PUT, POST".into())));
        assert!(put.contains(&("access-control-allow-headers", "x-a".into())));
        assert!(put.contains(&("access-control-allow-credentials", "true".into())));
        let get = answer(&rules, "http://evil.test", "GET", &[]).expect("allowed to all");
        assert!(get.contains(&("access-control-allow-origin", "*".into())));
        assert!(!get.iter().any(|(name, _)| *name == "access-control-allow-credentials"));
        assert_eq!(answer(&rules, "http://evil.test", "PUT", &[]), None);
        assert_eq!(answer(&rules, "http://www.example.com", "PUT", &["authorization".into()]), None);
        assert_eq!(answer(&rules, "http://.example.com.evil", "PUT", &[]), None);
    }

    #[test]
    fn a_star_does_not_overlap_itself() {
        assert!(fits("ab*ba", "abba"));
        assert!(!fits("ab*ba", "aba"));
    }

    #[test]
    fn bad_rules_are_told() {
        assert!(problem(&[rule("*", &["PATCH"], &[])]).is_some_and(|text| text.ends_with("PATCH")));
        assert!(problem(&[rule("http://*.*", &["GET"], &[])]).is_some());
        assert!(problem(&[rule("*", &["GET"], &["*"])]).is_none());
    }
}
