//! How callers name a function: its name, an ARN or a part of one, with or without a qualifier.
//! Source: "FunctionName" of every function operation in the API reference.

use kogumo_base::{Arn, Scope};
use kogumo_wire::Fault;

use crate::faults;

/// The version that can change.
pub const LATEST: &str = "$LATEST";

/// A function, and which of its versions, as a caller named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The caller's region; the account may be another one's.
    pub scope: Scope,
    pub name: String,
    /// A version's number, `$LATEST`, or an alias.
    pub qualifier: Option<String>,
}

impl Target {
    /// Reads what a caller gave as `FunctionName` and `Qualifier`.
    ///
    /// # Errors
    /// A function of another region, or two qualifiers that differ.
    pub fn parse(caller: &Scope, given: &str, qualifier: Option<&str>) -> Result<Target, Fault> {
        let parts = Parts::of(given);
        if let Some(region) = parts.region.filter(|region| *region != caller.region) {
            let (there, here) = (region, &caller.region);
            return Err(faults::not_found(format!(
                "Functions from '{there}' are not reachable in this region ('{here}')"
            )));
        }
        let qualifier = match (parts.qualifier, qualifier) {
            (Some(inside), Some(beside)) if inside != beside => {
                return Err(faults::invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (inside, beside) => inside.or(beside),
        };
        Ok(Target {
            scope: Scope::new(parts.account.unwrap_or(&caller.account), &caller.region),
            name: parts.name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// The same for operations on the function as a whole.
    pub fn whole(caller: &Scope, given: &str) -> Result<Target, Fault> {
        Ok(Target { qualifier: None, ..Target::parse(caller, given, None)? })
    }

    /// The ARN, with the qualifier if there is one.
    pub fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.unqualified_arn()),
            None => self.unqualified_arn(),
        }
    }

    pub fn unqualified_arn(&self) -> String {
        function_arn(&self.scope, &self.name)
    }

    /// The qualifier, which is `$LATEST` if none was given.
    pub fn qualifier(&self) -> &str {
        self.qualifier.as_deref().unwrap_or(LATEST)
    }
}

/// The ARN of a function without a version.
pub fn function_arn(scope: &Scope, name: &str) -> String {
    Arn::new("lambda", &scope.region, &scope.account, format!("function:{name}")).to_string()
}

/// What a name is made of: `[arn:aws:lambda:][region:][account:][function:]name[:qualifier]`.
struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(given: &'a str) -> Parts<'a> {
        let mut rest: Vec<&str> = given.split(':').collect();
        if rest.first() == Some(&"arn") {
            rest.drain(..rest.len().min(3));
        }
        let mut take_if = |is: fn(&str) -> bool| {
            let found = rest.first().copied().filter(|first| rest.len() > 1 && is(first))?;
            rest.remove(0);
            Some(found)
        };
        let region = take_if(is_region);
        let account = take_if(is_account);
        take_if(|part| part == "function");
        Parts { region, account, name: rest.first().copied().unwrap_or(given), qualifier: rest.get(1).copied() }
    }
}

fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`: a function's name could look so only if something follows it.
fn is_region(part: &str) -> bool {
    let pieces: Vec<&str> = part.split('-').collect();
    pieces.len() >= 3
        && pieces[0].len() == 2
        && pieces.last().is_some_and(|last| last.len() == 1 && last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &str, qualifier: Option<&str>) -> Result<(String, String, Option<String>), String> {
        let scope = Scope::new("000000000000", "us-east-1");
        let target = Target::parse(&scope, given, qualifier).map_err(|fault| fault.message)?;
        Ok((target.scope.account, target.name, target.qualifier))
    }

    #[test]
    fn every_form() {
        let (own, other) = ("000000000000", "123456789012");
        for (given, account, name, qualifier) in [
            ("f", own, "f", None),
            ("f:1", own, "f", Some("1")),
            ("f:live", own, "f", Some("live")),
            ("function:f", own, "f", None),
            ("123456789012:function:f", other, "f", None),
            ("123456789012:f:2", other, "f", Some("2")),
            ("us-east-1:123456789012:function:f", other, "f", None),
            ("arn:aws:lambda:us-east-1:123456789012:function:f", other, "f", None),
            ("arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST", other, "f", Some("$LATEST")),
            ("function", own, "function", None),
            ("123456789012", own, "123456789012", None),
        ] {
            let expected = (account.to_owned(), name.to_owned(), qualifier.map(str::to_owned));
            assert_eq!(parse(given, None), Ok(expected), "{given}");
        }
    }

    #[test]
    fn qualifiers_have_to_agree() {
        assert_eq!(parse("f:1", Some("1")).map(|found| found.2), Ok(Some("1".to_owned())));
        assert!(parse("f:1", Some("2")).is_err());
        assert_eq!(parse("f", Some("2")).map(|found| found.2), Ok(Some("2".to_owned())));
    }

    #[test]
    fn other_regions_are_out_of_reach() {
        let refused = parse("arn:aws:lambda:eu-west-1:123456789012:function:f", None);
        assert_eq!(
            refused,
            Err("Functions from 'eu-west-1' are not reachable in this region ('us-east-1')".to_owned())
        );
    }

    #[test]
    fn odd_names_do_no_harm() {
        for given in ["", ":", "arn", "arn:", "arn:aws:lambda", "::::::", "arn:aws:lambda:us-east-1:1:function:"] {
            let _either = parse(given, Some("x"));
        }
    }
}
