//! Parameters: what a template declares, and what values it accepts.

use fancy_regex::Regex;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A parameter's declaration. Numbers and booleans in it are kept as the text CloudFormation shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    /// `String`, `Number`, `List<Number>`, `CommaDelimitedList`, `AWS::EC2::VPC::Id`, `AWS::SSM::Parameter::Value<String>` …
    pub kind: String,
    pub default: Option<String>,
    pub description: Option<String>,
    pub allowed_values: Option<Vec<String>>,
    pub allowed_pattern: Option<String>,
    pub constraint_description: Option<String>,
    pub min_length: Option<String>,
    pub max_length: Option<String>,
    pub min_value: Option<String>,
    pub max_value: Option<String>,
    pub no_echo: bool,
}

/// The members of a declaration, in the order in which CloudFormation documents them.
const MEMBERS: [&str; 11] = [
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
];

impl Parameter {
    /// Reads a declaration without complaint: what can't be understood is left out.
    pub fn of(declaration: &Value) -> Self {
        let text = |name: &str| declaration.get(name).and_then(as_text);
        let listed = |items: &Vec<Value>| items.iter().map(|item| as_text(item).unwrap_or_default()).collect();
        Parameter {
            kind: text("Type").unwrap_or_default(),
            default: text("Default"),
            description: text("Description"),
            allowed_values: declaration.get("AllowedValues").and_then(Value::as_array).map(listed),
            allowed_pattern: text("AllowedPattern"),
            constraint_description: text("ConstraintDescription"),
            min_length: text("MinLength"),
            max_length: text("MaxLength"),
            min_value: text("MinValue"),
            max_value: text("MaxValue"),
            no_echo: text("NoEcho").is_some_and(|t| t.eq_ignore_ascii_case("true")),
        }
    }

    /// Reads a declaration as CloudFormation does.
    pub fn parse(name: &str, declaration: &Value) -> Result<Self, Problem> {
        let Value::Object(members) = declaration else {
            return Err(Problem::format("Every Parameters member must be a map"));
        };
        check_members(members)?;
        let parameter = Parameter::of(declaration);
        if parameter.kind.is_empty() {
            return Err(Problem::format("Every Parameters object must contain a Type member."));
        }
        if !is_recognised(&parameter.kind) {
            return Err(Problem::format(format_args!("Unrecognized parameter type: {}", parameter.kind)));
        }
        if let Some(pattern) = &parameter.allowed_pattern
            && Regex::new(&anchored(pattern)).is_err()
        {
            return Err(Problem::format(format_args!("Invalid AllowedPattern for parameter {name}: {pattern}")));
        }
        Ok(parameter)
    }

    /// A list once it is resolved: `Ref` answers its elements.
    pub fn is_list(&self) -> bool {
        let kind = self.value_kind();
        kind == "CommaDelimitedList" || kind.starts_with("List<")
    }

    /// For `AWS::SSM::Parameter::Value<T>` the `T`: the value given is a Parameter Store name. Else `None`.
    pub fn stored_kind(&self) -> Option<&str> {
        self.kind.strip_prefix("AWS::SSM::Parameter::Value<")?.strip_suffix('>')
    }

    fn value_kind(&self) -> &str {
        self.stored_kind().unwrap_or(&self.kind)
    }

    /// What `Ref` answers for a (resolved) text: itself, or the list of its trimmed elements.
    pub fn value(&self, text: &str) -> Value {
        if !self.is_list() {
            return Value::String(text.to_owned());
        }
        if text.is_empty() {
            return Value::Array(Vec::new());
        }
        Value::Array(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
    }

    /// Checks a value against the constraints, in CloudFormation's words.
    pub fn check(&self, name: &str, text: &str) -> Result<(), Problem> {
        let elements: Vec<&str> = if self.is_list() && self.stored_kind().is_none() && !text.is_empty() {
            text.split(',').map(str::trim).collect()
        } else {
            vec![text]
        };
        elements.into_iter().try_for_each(|element| self.check_one(name, element))
    }

    fn check_one(&self, name: &str, text: &str) -> Result<(), Problem> {
        let fails = |otherwise: String| {
            Problem::new(match &self.constraint_description {
                Some(why) => format!("Parameter '{name}' failed to satisfy constraint: {why}"),
                None => format!("Parameter '{name}' {otherwise}"),
            })
        };
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().any(|one| one == text)
        {
            return Err(Problem::new(format!("Parameter '{name}' must be one of AllowedValues")));
        }
        if matches!(self.kind.as_str(), "Number" | "List<Number>") {
            self.check_number(name, text, &fails)?;
        } else {
            self.check_length(text, &fails)?;
        }
        match &self.allowed_pattern {
            Some(pattern) if !matches(pattern, text) => Err(fails(format!("must match pattern {pattern}"))),
            _ => Ok(()),
        }
    }

    fn check_number(&self, name: &str, text: &str, fails: &dyn Fn(String) -> Problem) -> Result<(), Problem> {
        let number = as_number(text).ok_or_else(|| Problem::new(format!("Parameter '{name}' must be a number.")))?;
        match (&self.min_value, &self.max_value) {
            (Some(least), _) if as_number(least).is_some_and(|n| number < n) => {
                Err(fails(format!("must be a number not less than {least}")))
            }
            (_, Some(most)) if as_number(most).is_some_and(|n| number > n) => {
                Err(fails(format!("must be a number not greater than {most}")))
            }
            _ => Ok(()),
        }
    }

    fn check_length(&self, text: &str, fails: &dyn Fn(String) -> Problem) -> Result<(), Problem> {
        let length = text.chars().count();
        let limit = |bound: &Option<String>| bound.as_ref().and_then(|b| b.parse::<usize>().ok());
        match (limit(&self.min_length), limit(&self.max_length)) {
            (Some(least), _) if length < least => Err(fails(format!("must contain at least {least} characters"))),
            (_, Some(most)) if length > most => Err(fails(format!("must contain at most {most} characters"))),
            _ => Ok(()),
        }
    }
}

/// Puts the given values and the defaults together and checks them: name → text, in the template's order.
///
/// # Errors
/// `Parameters: [A, B] must have values`, `Parameters: [X] do not exist in the template`, and each constraint's own.
pub fn bind(
    declared: &IndexMap<String, Parameter>,
    given: &IndexMap<String, String>,
) -> Result<IndexMap<String, String>, Problem> {
    let strangers: Vec<&str> = given.keys().filter(|name| !declared.contains_key(*name)).map(String::as_str).collect();
    if !strangers.is_empty() {
        return Err(Problem::new(format!("Parameters: [{}] do not exist in the template", strangers.join(", "))));
    }
    let value_of = |name: &String, parameter: &Parameter| given.get(name).or(parameter.default.as_ref()).cloned();
    let missing: Vec<&str> =
        declared.iter().filter(|(name, p)| value_of(name, p).is_none()).map(|(name, _)| name.as_str()).collect();
    if !missing.is_empty() {
        return Err(Problem::new(format!("Parameters: [{}] must have values", missing.join(", "))));
    }
    let mut bound = IndexMap::new();
    for (name, parameter) in declared {
        let text = value_of(name, parameter).unwrap_or_default();
        parameter.check(name, &text)?;
        bound.insert(name.clone(), text);
    }
    Ok(bound)
}

/// Text, and what CloudFormation turns into text: numbers and booleans.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn check_members(members: &Map<String, Value>) -> Result<(), Problem> {
    for (member, value) in members {
        if !MEMBERS.contains(&member.as_str()) {
            return Err(Problem::new(format!("Invalid template parameter property '{member}'")));
        }
        if member == "AllowedValues" {
            if !value.as_array().is_some_and(|items| items.iter().all(|item| as_text(item).is_some())) {
                return Err(Problem::format("Every AllowedValues member must be a list of strings."));
            }
        } else if as_text(value).is_none() {
            return Err(Problem::format(format_args!("Every {member} member must be a string.")));
        }
    }
    Ok(())
}

/// The types of the documentation: the plain ones, and any `AWS::Service::Thing::Attribute` alone, listed or stored.
fn is_recognised(kind: &str) -> bool {
    let inner = |prefix: &str| kind.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(stored) = inner("AWS::SSM::Parameter::Value<") {
        return is_recognised(stored);
    }
    match inner("List<") {
        Some(element) => matches!(element, "Number" | "String") || is_aws_specific(element),
        None => matches!(kind, "String" | "Number" | "CommaDelimitedList") || is_aws_specific(kind),
    }
}

fn is_aws_specific(kind: &str) -> bool {
    const NAMED: [&str; 10] = [
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::Volume::Id",
        "AWS::EC2::VPC::Id",
        "AWS::Route53::HostedZone::Id",
    ];
    NAMED.contains(&kind) || matches!(kind, "AWS::SSM::Parameter::Name")
}

fn as_number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|n| n.is_finite())
}

fn anchored(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

/// Whether the whole text matches, as Java's `matches()` has it. A pattern that can't be decided matches nothing.
fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(&anchored(pattern)).is_ok_and(|regex| regex.is_match(text).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(declaration: Value, text: &str) -> String {
        Parameter::parse("P", &declaration).expect("a declaration").check("P", text).expect_err(text).0
    }

    #[test]
    fn constraints_in_cloudformations_words() {
        let allowed = json!({"Type": "String", "AllowedValues": ["a", 1]});
        assert_eq!(refusal(allowed.clone(), "b"), "Parameter 'P' must be one of AllowedValues");
        assert_eq!(Parameter::of(&allowed).check("P", "1"), Ok(()));
        let short = json!({"Type": "String", "MinLength": 2, "MaxLength": "3"});
        assert_eq!(refusal(short.clone(), "a"), "Parameter 'P' must contain at least 2 characters");
        assert_eq!(refusal(short, "abcd"), "Parameter 'P' must contain at most 3 characters");
        let number = json!({"Type": "Number", "MinValue": 1, "MaxValue": 9});
        assert_eq!(refusal(number.clone(), "x"), "Parameter 'P' must be a number.");
        assert_eq!(refusal(number.clone(), "0"), "Parameter 'P' must be a number not less than 1");
        assert_eq!(refusal(number, "10"), "Parameter 'P' must be a number not greater than 9");
        let pattern = json!({"Type": "String", "AllowedPattern": "[a-z]+"});
        assert_eq!(refusal(pattern, "aB"), "Parameter 'P' must match pattern [a-z]+");
        let why = json!({"Type": "String", "AllowedPattern": "(?!x)[a-z]+", "ConstraintDescription": "no x"});
        assert_eq!(refusal(why, "xa"), "Parameter 'P' failed to satisfy constraint: no x");
        assert_eq!(refusal(json!({"Type": "List<Number>"}), "1, b"), "Parameter 'P' must be a number.");
    }

    #[test]
    fn declarations_that_are_refused() {
        let refused = |d: Value| Parameter::parse("P", &d).expect_err("refused").0;
        assert_eq!(refused(json!({"Type": "Strin"})), "Template format error: Unrecognized parameter type: Strin");
        assert_eq!(refused(json!({})), "Template format error: Every Parameters object must contain a Type member.");
        assert_eq!(
            refused(json!({"Type": "String", "Default": {"Ref": "X"}})),
            "Template format error: Every Default member must be a string."
        );
        assert_eq!(refused(json!({"Type": "String", "Foo": 1})), "Invalid template parameter property 'Foo'");
        for kind in ["List<AWS::EC2::Subnet::Id>", "AWS::SSM::Parameter::Value<List<String>>", "CommaDelimitedList"] {
            assert!(Parameter::parse("P", &json!({"Type": kind})).is_ok(), "{kind}");
        }
    }

    #[test]
    fn binding() {
        let declared = IndexMap::from_iter([
            ("A".to_owned(), Parameter::of(&json!({"Type": "String"}))),
            ("B".to_owned(), Parameter::of(&json!({"Type": "Number", "Default": 3}))),
            ("C".to_owned(), Parameter::of(&json!({"Type": "String"}))),
        ]);
        let given = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), "v".to_owned())).collect();
        let refused = |names: &[&str]| bind(&declared, &given(names)).expect_err("refused").0;
        assert_eq!(refused(&[]), "Parameters: [A, C] must have values");
        assert_eq!(refused(&["A", "C", "D"]), "Parameters: [D] do not exist in the template");
        let bound = bind(&declared, &given(&["A", "C"])).expect("bound");
        assert_eq!(bound["B"], "3");
    }

    #[test]
    fn lists() {
        let list = Parameter::of(&json!({"Type": "CommaDelimitedList"}));
        assert_eq!(list.value("a, b,c"), json!(["a", "b", "c"]));
        assert_eq!(list.value(""), json!([]));
        assert_eq!(Parameter::of(&json!({"Type": "Number"})).value("5"), json!("5"));
    }
}
