//! Names of parameters: what may be one, and how a request names a parameter and one of its versions.
//! Source: "Creating Parameter Store parameters", Systems Manager User Guide.

use kogumo_base::Arn;
use kogumo_model::ssm::HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION;
use kogumo_wire::Fault;

/// A hierarchy has at most so many levels.
const DEEPEST: usize = 15;
/// The longest name; the model's 2048 count what AWS puts before it in the ARN.
const LONGEST: usize = 1011;

/// Which version of a parameter is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    Latest,
    Version(i64),
    Label(String),
}

/// A request's way to say which parameter, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The names it may stand for: an ARN does not say whether the name begins with a slash.
    pub names: Vec<String>,
    pub selector: Selector,
    /// The selector as it was written, with its colon.
    pub selector_text: Option<String>,
}

/// Whether a new parameter may be called so.
pub fn check(name: &str) -> Result<(), Fault> {
    let lower = name.trim_start_matches('/').to_lowercase();
    let is_path = name.contains('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if lower.starts_with("aws") && name.starts_with('/') {
        return Err(Fault::access_denied(format!("No access to reserved parameter name: {name}.")));
    }
    let reserved = lower.starts_with("ssm") || lower.starts_with("aws");
    let malformed = name.contains("//") || name.ends_with('/') || !name.chars().all(fits);
    if reserved || malformed {
        let prefixes = if is_path { "\"ssm\"" } else { "\"aws\" or \"ssm\"" };
        return Err(Fault::validation(format!(
            "Parameter name: can't be prefixed with {prefixes} (case-insensitive). If formed as a path, it can consist of \
             sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
             following 3 symbols .-_"
        )));
    }
    if is_path && !name.starts_with('/') {
        return Err(Fault::validation("Parameter name must be a fully qualified name."));
    }
    if name.len() > LONGEST {
        return Err(Fault::validation(format!("Parameter name must be at most {LONGEST} characters long.")));
    }
    if name.matches('/').count() > DEEPEST {
        return Err(HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION.because(format!(
            "Hierarchy depth exceeds limit. A parameter name hierarchy can have a maximum of {DEEPEST} levels."
        )));
    }
    Ok(())
}

/// Takes `name`, `name:3`, `name:label` or an ARN with the same endings apart. `None` if it is none of these.
pub fn reference(text: &str) -> Option<Reference> {
    let (name, is_arn) = match Arn::parse(text) {
        Some(arn) => (arn.resource.strip_prefix("parameter/")?.to_owned(), true),
        None if text.starts_with("arn:") => return None,
        None => (text.trim().to_owned(), false),
    };
    let (name, selector_text) = match name.split_once(':') {
        Some((name, selector)) if !selector.contains(':') => (name.to_owned(), Some(selector.to_owned())),
        Some(_) => return None,
        None => (name, None),
    };
    let selector = match selector_text.as_deref() {
        None => Selector::Latest,
        Some(text) => text.parse().map_or_else(|_| Selector::Label(text.to_owned()), Selector::Version),
    };
    let rooted = format!("/{}", name.trim_start_matches('/'));
    let names = match (is_arn, name.contains('/')) {
        (true, true) => vec![rooted],
        (true, false) => vec![name, rooted],
        (false, _) => vec![name],
    };
    Some(Reference { names, selector, selector_text: selector_text.map(|text| format!(":{text}")) })
}

/// Whether a path may be asked for; answers it without the slash at its end (`/` itself becomes empty).
pub fn path(path: &str) -> Result<&str, Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if !path.starts_with('/') || path.contains("//") || !path.chars().all(fits) {
        return Err(Fault::validation(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward \
             slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, \
             numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not \
             allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: \
             /get/parameters2-/by1./path0_.",
        ));
    }
    Ok(path.strip_suffix('/').unwrap_or(path))
}

/// Whether `name` lies under `path` (without a slash at its end), directly or, if `recursive`, at any depth.
pub fn is_under(name: &str, path: &str, recursive: bool) -> bool {
    let rooted = if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
    let rest = rooted.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| !rest.is_empty() && (recursive || !rest.contains('/')))
}

/// Names that AWS publishes parameters under.
pub fn is_public(name: &str) -> bool {
    name.to_lowercase().starts_with("/aws/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["a", "/a/b", "A.b-c_1", "/x/aws", &format!("/{}", "a/".repeat(14).trim_end_matches('/'))] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in
            ["aws", "AWSx", "ssm-a", "/ssm/a", "/aws/a", "a b", "a/b", "/a//b", "/a/", "日本", "a:1", &"x".repeat(1012)]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
        let deep = "/a".repeat(16);
        assert!(check(&deep).is_err_and(|fault| fault.is(&HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION)));
    }

    #[test]
    fn references_are_taken_apart() {
        let read = |text: &str| reference(text).map(|found| (found.names, found.selector));
        assert_eq!(read("/a/b:3"), Some((vec!["/a/b".into()], Selector::Version(3))));
        assert_eq!(read("a:live"), Some((vec!["a".into()], Selector::Label("live".into()))));
        let arn = "arn:aws:ssm:us-east-1:000000000000:parameter/";
        assert_eq!(read(&format!("{arn}a")), Some((vec!["a".into(), "/a".into()], Selector::Latest)));
        assert_eq!(read(&format!("{arn}a/b:2")), Some((vec!["/a/b".into()], Selector::Version(2))));
        assert_eq!(read("a:b:c"), None);
        assert_eq!(read("arn:aws:ssm"), None);
    }

    #[test]
    fn paths_hold_what_is_under_them() {
        assert!(is_under("/a/b", "/a", false) && is_under("/a/b/c", "/a", true) && is_under("x", "", false));
        assert!(!is_under("/a/b/c", "/a", false) && !is_under("/ab", "/a", true) && !is_under("/a", "/a", true));
    }
}
