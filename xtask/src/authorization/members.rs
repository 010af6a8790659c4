//! Which member of a request fills which part of an ARN, and which is which condition key: by their names.

use std::collections::BTreeMap;

use crate::facts::{Member, Operation, Service};

/// The members of an operation's input.
pub struct Members<'a> {
    service: &'a Service,
    members: &'a [Member],
    /// Variables whose members a patch names.
    named: &'a BTreeMap<String, String>,
}

impl<'a> Members<'a> {
    pub fn of(service: &'a Service, operation: &Operation, named: &'a BTreeMap<String, String>) -> Self {
        let shape = operation.input.as_ref().and_then(|input| service.shapes.get(input));
        Members { service, members: shape.map_or(&[], |shape| shape.members.as_slice()), named }
    }

    /// Whether the operation has a member of that name.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// A member of that name that is a text or a list of texts.
    fn find(&self, name: &str) -> Option<&'a str> {
        let named = self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))?;
        self.is_text(&named.shape).then_some(named.name.as_str())
    }

    fn is_text(&self, shape: &str) -> bool {
        match self.service.shapes.get(shape) {
            Some(shape) if shape.kind == "list" => shape.get("of").is_some_and(|element| self.is_text(element)),
            Some(shape) => matches!(shape.kind.as_str(), "string" | "integer" | "long"),
            None => false,
        }
    }

    /// The template with its variables named as members, `*` for those that the request does not say.
    pub fn fill(&self, template: &str, kind: &str) -> String {
        let mut filled = String::new();
        let mut rest = template;
        let variables =
            template.split('{').skip(1).filter(|rest| !rest.starts_with("Region}") && !rest.starts_with("Account}"));
        // The kind's name stands for a variable only where there is one.
        let kind = if variables.count() == 1 { kind } else { "" };
        while let Some((before, inside)) = rest.split_once('{') {
            let (variable, behind) = inside.split_once('}').unwrap_or((inside, ""));
            filled.push_str(before);
            match variable {
                "Region" | "Account" => filled.push_str(&format!("{{{variable}}}")),
                // A patch says which; what of it the operation has is kept.
                _ if variable.contains(['|', ',', '.']) => filled.push_str(&self.choice(variable)),
                _ => match self.variable(variable, kind) {
                    Some(members) => filled.push_str(&format!("{{{members}}}")),
                    None => filled.push('*'),
                },
            }
            rest = behind;
        }
        filled.push_str(rest);
        self.without_missing_options(&filled)
    }

    /// `[:{Qualifier}]` goes where the operation has no such member.
    fn without_missing_options(&self, template: &str) -> String {
        let mut kept = String::new();
        let mut rest = template;
        while let Some((before, inside)) = rest.split_once('[') {
            let (option, behind) = inside.split_once(']').unwrap_or((inside, ""));
            kept.push_str(before);
            if !option.contains('*') {
                kept.push_str(&format!("[{option}]"));
            }
            rest = behind;
        }
        kept + rest
    }

    /// `{A,B|filter}` without the members that the operation lacks.
    fn choice(&self, variable: &str) -> String {
        let (names, filter) = variable.split_once('|').unwrap_or((variable, ""));
        let found: Vec<&str> = names.split(',').filter_map(|name| self.find(name)).collect();
        match (found.is_empty(), filter) {
            (true, _) => "*".to_owned(),
            (false, "") => format!("{{{}}}", found.join(",")),
            (false, filter) => format!("{{{}|{filter}}}", found.join(",")),
        }
    }

    /// The members that may hold a variable's value, the best one first.
    fn variable(&self, variable: &str, kind: &str) -> Option<String> {
        let plain = variable.trim_end_matches("WithPath").trim_end_matches("WithoutLeadingSlash");
        let kind: String = kind.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
        let stem = plain.trim_end_matches("Name").trim_end_matches("Id");
        let named = self.named.get(variable).into_iter().flat_map(|names| names.split(',')).map(str::to_owned);
        let mut names: Vec<String> = named.chain([plain.to_owned(), format!("{plain}s")]).collect();
        let words = if plain == stem { vec![kind] } else { vec![stem.to_owned(), kind] };
        for word in words.iter().filter(|word| !word.is_empty()) {
            for end in ["", "Name", "Id", "Arn", "Names", "Ids", "Arns", "Identifier"] {
                names.push(format!("{word}{end}"));
            }
        }
        names.extend(["ResourceArn", "ResourceIdentifier", "Resource", "ResourceName"].map(str::to_owned));
        let mut found: Vec<&str> = names.iter().filter_map(|name| self.find(name)).collect();
        let mut seen = Vec::new();
        found.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        (!found.is_empty()).then(|| found.join(","))
    }

    /// The member that names a role to pass.
    pub fn role(&self) -> Option<&'a str> {
        ["Role", "RoleArn", "RoleARN", "ExecutionRoleArn", "ServiceRoleArn"]
            .into_iter()
            .find_map(|name| self.find(name))
    }

    /// Condition keys with the members that hold their values.
    pub fn keys<'k>(&self, keys: Vec<&'k str>) -> Vec<(&'k str, &'a str)> {
        let of = |key: &'k str| {
            let (_, name) = key.split_once(':')?;
            let is_meant = |member: &&Member| {
                let wire = member.get("name").unwrap_or_default();
                member.name.eq_ignore_ascii_case(name) || wire.eq_ignore_ascii_case(name)
            };
            self.members.iter().find(is_meant).map(|member| (key, member.name.as_str()))
        };
        keys.into_iter().filter_map(of).collect()
    }

    /// The path of a REST operation with its labels named as members.
    pub fn path(&self, operation: &Operation) -> String {
        let path = operation.uri.split('?').next().unwrap_or_default().replace('+', "");
        let path = path.strip_prefix("/v2").unwrap_or(&path).to_owned();
        self.members.iter().filter(|member| member.get("at") == Some("uri")).fold(path, |path, member| {
            let label = member.get("name").unwrap_or(&member.name);
            path.replace(&format!("{{{label}}}"), &format!("{{{}}}", member.name))
        })
    }
}
