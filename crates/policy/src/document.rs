//! Policy documents, read once and asked often.
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

use serde_json::{Map, Value};

use crate::arn::ArnPattern;
use crate::condition::Condition;
use crate::pattern::Pattern;
use crate::principal::PrincipalElement;
use crate::{Context, Problem};

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Version 2012-10-17 has policy variables; 2008-10-17, which is meant where none is written, has not.
    pub has_variables: bool,
    pub id: Option<String>,
    pub statements: Vec<Statement>,
    /// Whether anything depends on the request's circumstances: conditions, or variables in resources.
    pub asks_context: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements<T> {
    pub negated: bool,
    pub patterns: Vec<T>,
    /// As they are written.
    pub texts: Vec<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub principal: Option<PrincipalElement>,
    pub action: Option<Elements<Pattern>>,
    pub resource: Option<Elements<ArnPattern>>,
    pub conditions: Vec<Condition>,
}

impl Document {
    /// A document that says nothing.
    pub fn silent() -> Self {
        Document { has_variables: false, id: None, statements: Vec::new(), asks_context: false }
    }

    /// Reads a document by the grammar that all policies share. What a sort of policy asks for besides says
    /// [`Document::check`].
    ///
    /// # Errors
    /// What is wrong, in IAM's words.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let value: Value = serde_json::from_str(text).map_err(|_| Problem::Json)?;
        Document::read(&value)
    }

    /// # Errors
    /// As [`Document::parse`].
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let Value::Object(policy) = value else { return Err(Problem::Syntax) };
        if let Some(unknown) = policy.keys().find(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement")) {
            return Err(Problem::UnknownElement(unknown.clone()));
        }
        let has_variables = match policy.get("Version").map(Value::as_str) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            Some(_) => return Err(Problem::Version),
        };
        let id = text(policy, "Id")?;
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(Problem::Syntax),
        };
        let statements =
            statements.into_iter().map(|one| Statement::read(one, has_variables)).collect::<Result<Vec<_>, _>>()?;
        let asks_context = statements.iter().any(Statement::asks_context);
        Ok(Document { has_variables, id, statements, asks_context })
    }
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Statement {
    fn read(value: &Value, variables: bool) -> Result<Self, Problem> {
        let Value::Object(statement) = value else { return Err(Problem::Syntax) };
        if let Some(unknown) = statement.keys().find(|key| !ELEMENTS.contains(&key.as_str())) {
            return Err(Problem::UnknownElement(unknown.clone()));
        }
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(Problem::Effect),
        };
        let principal = match one_of(statement, "Principal", "NotPrincipal")? {
            Some((value, negated)) => Some(PrincipalElement::read(value, negated)?),
            None => None,
        };
        let action = Elements::read(statement, "Action", "NotAction", |text| Pattern::read(text, false))?;
        let resource = Elements::read(statement, "Resource", "NotResource", |text| ArnPattern::read(text, variables))?;
        let conditions = match statement.get("Condition") {
            None => Vec::new(),
            Some(Value::Object(operators)) => read_conditions(operators, variables)?,
            Some(_) => return Err(Problem::Syntax),
        };
        Ok(Statement { sid: text(statement, "Sid")?, effect, principal, action, resource, conditions })
    }

    fn asks_context(&self) -> bool {
        let resources = self.resource.iter().flat_map(|elements| &elements.patterns);
        !self.conditions.is_empty() || resources.flat_map(ArnPattern::variables).next().is_some()
    }

    /// Whether the statement speaks of the action, whose case does not matter.
    pub(crate) fn is_about_action(&self, action: &str, context: &Context) -> bool {
        self.action.as_ref().is_some_and(|elements| {
            elements.patterns.iter().any(|pattern| pattern.is_any() || pattern.fits_any_case(action, context))
                != elements.negated
        })
    }

    /// Whether the statement speaks of the resource. A trust policy names none: it is the role's.
    pub(crate) fn is_about_resource(&self, resource: &str, context: &Context) -> bool {
        self.resource.as_ref().is_none_or(|elements| {
            elements.patterns.iter().any(|pattern| pattern.fits(resource, context)) != elements.negated
        })
    }

    pub(crate) fn conditions_hold(&self, context: &Context) -> bool {
        self.conditions.iter().all(|condition| condition.holds(context))
    }
}

fn read_conditions(operators: &Map<String, Value>, variables: bool) -> Result<Vec<Condition>, Problem> {
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else { return Err(Problem::Syntax) };
        for (key, values) in keys {
            conditions.push(Condition::read(operator, key, values, variables)?);
        }
    }
    Ok(conditions)
}

/// An element or its negation; not both.
fn one_of<'a>(
    statement: &'a Map<String, Value>,
    plain: &str,
    negated: &str,
) -> Result<Option<(&'a Value, bool)>, Problem> {
    match (statement.get(plain), statement.get(negated)) {
        (Some(_), Some(_)) => Err(Problem::Syntax),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Problem::Syntax),
    }
}

impl<T> Elements<T> {
    fn read(
        statement: &Map<String, Value>,
        plain: &str,
        negated: &str,
        pattern: impl Fn(&str) -> T,
    ) -> Result<Option<Self>, Problem> {
        let Some((value, negated)) = one_of(statement, plain, negated)? else { return Ok(None) };
        let texts: Vec<String> = match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(values) => {
                let texts = values.iter().map(|value| value.as_str().map(str::to_owned).ok_or(Problem::Syntax));
                texts.collect::<Result<_, _>>()?
            }
            _ => return Err(Problem::Syntax),
        };
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Ok(None);
        }
        let patterns = texts.iter().map(|text| pattern(text)).collect();
        Ok(Some(Elements { negated, patterns, texts }))
    }
}
