//! ListUsers' filters: `attribute = "value"`, `attribute ^= "start"`: pure.

use kogumo_wire::Fault;

use super::User;
use crate::faults::invalid;

/// A filter that has been read.
#[derive(Debug, PartialEq, Eq)]
pub struct Filter {
    attribute: String,
    prefix: bool,
    value: String,
}

const SEARCHABLE: [&str; 10] = [
    "username",
    "email",
    "phone_number",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "cognito:user_status",
    "status",
    "sub",
];

/// Reads a filter; an empty one lets everybody through.
///
/// # Errors
/// Text of another form, or an attribute that cannot be searched.
pub fn read(text: &str) -> Result<Option<Filter>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = || invalid("Error while parsing filter.");
    let (left, right) = text.split_once('=').ok_or_else(malformed)?;
    let prefix = left.ends_with('^');
    let attribute = left.trim_end_matches('^').trim().trim_matches('"').to_owned();
    let quoted = right.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    let value = quoted.replace("\\\"", "\"").replace("\\\\", "\\");
    if attribute.is_empty() || attribute.contains(char::is_whitespace) {
        return Err(malformed());
    }
    if !SEARCHABLE.contains(&attribute.as_str()) {
        return Err(invalid(format!("Invalid search attribute: {attribute}")));
    }
    Ok(Some(Filter { attribute, prefix, value }))
}

impl Filter {
    pub fn lets(&self, user: &User) -> bool {
        let found = match self.attribute.as_str() {
            "username" => Some(user.name.as_str()),
            "sub" => Some(user.sub.as_str()),
            "cognito:user_status" => Some(user.status.text()),
            "status" => Some(if user.enabled { "Enabled" } else { "Disabled" }),
            name => user.attribute(name),
        };
        let Some(found) = found else { return false };
        // Status is compared without regard to case; so is what people are known by.
        let folds = matches!(self.attribute.as_str(), "cognito:user_status" | "email");
        let (found, wanted) = if folds {
            (found.to_lowercase(), self.value.to_lowercase())
        } else {
            (found.to_owned(), self.value.clone())
        };
        if self.prefix { found.starts_with(&wanted) } else { found == wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read() {
        let filter = |attribute: &str, prefix, value: &str| {
            Some(Filter { attribute: attribute.into(), prefix, value: value.into() })
        };
        assert_eq!(read("email = \"a@b.c\"").ok(), Some(filter("email", false, "a@b.c")));
        assert_eq!(read("email ^= \"a\"").ok(), Some(filter("email", true, "a")));
        assert_eq!(read("name=\"a = \\\"b\\\"\"").ok(), Some(filter("name", false, "a = \"b\"")));
        assert_eq!(read("  ").ok(), Some(None));
        for wrong in ["email", "email = a", "custom:x = \"1\"", "= \"x\"", "email = \"", "a b = \"c\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
