//! Updates: UpdateExpression (and the older AttributeUpdates), checked, and applied to items in `apply`.

use super::path::{Path, check_disjoint};
use super::placeholders::Placeholders;
use super::raw::{RawOperand, RawPath, invalid, needs_path, open, unknown_function, wrong_count, wrong_type};
use super::update_syntax::{self, RawAction, RawUpdate, RawValue};
use crate::{Type, ValidationError, Value};

/// What an update does to an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    pub actions: Vec<Action>,
    /// What AWS says of an attribute of the wrong type; the older parameters have their own words.
    pub(crate) mismatch: &'static str,
}

/// One thing that an update does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Set(Path, SetValue),
    Remove(Path),
    /// Adds to a number or a set.
    Add(Path, Value),
    /// Takes elements out of a set.
    Delete(Path, Value),
}

/// The right side of a SET.
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    Operand(SetOperand),
    Plus(SetOperand, SetOperand),
    Minus(SetOperand, SetOperand),
}

/// What a SET reads.
#[derive(Clone, Debug, PartialEq)]
pub enum SetOperand {
    Path(Path),
    Value(Value),
    IfNotExists(Path, Box<SetOperand>),
    ListAppend(Box<SetOperand>, Box<SetOperand>),
}

impl Update {
    /// Parses and checks an UpdateExpression.
    pub fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Update, ValidationError> {
        const PARAMETER: &str = "UpdateExpression";
        let mut cursor = open(PARAMETER, text)?;
        let parsed = update_syntax::parse(&mut cursor).and_then(|raw| {
            check_reserved(&raw)?;
            check_functions(&raw)?;
            check_sections(&raw)?;
            require_names(&raw, placeholders)?;
            require_values(&raw, placeholders)?;
            resolve(&raw, placeholders)
        });
        let actions = parsed.map_err(|message| invalid(PARAMETER, message))?;
        Ok(Update { actions, mismatch: "An operand in the update expression has an incorrect data type" })
    }

    /// The paths that the update writes to.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        self.actions.iter().map(Action::target)
    }

    /// Whether it makes an item where there is none: one that only takes away does not.
    pub fn creates_item(&self) -> bool {
        self.actions.is_empty() || self.actions.iter().any(|action| matches!(action, Action::Set(..) | Action::Add(..)))
    }
}

impl Action {
    /// The path that the action writes to.
    pub fn target(&self) -> &Path {
        match self {
            Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _) => path,
        }
    }
}

impl<'a> RawAction<'a> {
    fn target(&self) -> &RawPath<'a> {
        match self {
            RawAction::Set(path, _) | RawAction::Remove(path) => path,
            RawAction::Add(path, _) | RawAction::Delete(path, _) => path,
        }
    }

    fn operands(&self) -> impl Iterator<Item = &RawOperand<'a>> {
        let value = match self {
            RawAction::Set(_, value) => Some(value),
            _ => None,
        };
        value
            .into_iter()
            .flat_map(|value| std::iter::once(&value.left).chain(value.right.as_ref().map(|(_, operand)| operand)))
    }
}

fn check_reserved(raw: &RawUpdate<'_>) -> Result<(), String> {
    raw.actions.iter().try_for_each(|action| {
        action.target().check_reserved()?;
        action.operands().try_for_each(RawOperand::check_reserved)
    })
}

fn check_functions(raw: &RawUpdate<'_>) -> Result<(), String> {
    raw.actions.iter().flat_map(RawAction::operands).try_for_each(|operand| {
        operand.functions(&mut |name, _| match name {
            "if_not_exists" | "list_append" => Ok(()),
            _ => Err(unknown_function(name)),
        })
    })
}

fn check_sections(raw: &RawUpdate<'_>) -> Result<(), String> {
    let repeated =
        raw.sections.iter().enumerate().find(|(at, section)| raw.sections.iter().take(*at).any(|s| s == *section));
    match repeated {
        Some((_, section)) => Err(format!("The \"{section}\" section can only be used once in an update expression;")),
        None => Ok(()),
    }
}

fn require_names(raw: &RawUpdate<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
    fn names(operand: &RawOperand<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
        match operand {
            RawOperand::Path(path) => path.resolve(placeholders).map(drop),
            RawOperand::Value(_) => Ok(()),
            RawOperand::Function(_, arguments) => arguments.iter().try_for_each(|one| names(one, placeholders)),
        }
    }
    raw.actions.iter().try_for_each(|action| {
        action.target().resolve(placeholders)?;
        action.operands().try_for_each(|operand| names(operand, placeholders))
    })
}

fn require_values(raw: &RawUpdate<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
    fn values(operand: &RawOperand<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
        match operand {
            RawOperand::Path(_) => Ok(()),
            RawOperand::Value(name) => placeholders.value(name).map(drop),
            RawOperand::Function(_, arguments) => arguments.iter().try_for_each(|one| values(one, placeholders)),
        }
    }
    raw.actions.iter().try_for_each(|action| {
        if let RawAction::Add(_, name) | RawAction::Delete(_, name) = action {
            placeholders.value(name)?;
        }
        action.operands().try_for_each(|operand| values(operand, placeholders))
    })
}

/// The rest of AWS's order: paths that clash, then types of ADD and DELETE, then functions.
fn resolve(raw: &RawUpdate<'_>, placeholders: &mut Placeholders) -> Result<Vec<Action>, String> {
    let targets: Vec<Path> =
        raw.actions.iter().map(|action| action.target().resolve(placeholders)).collect::<Result<_, _>>()?;
    check_disjoint(targets.iter())?;
    for action in &raw.actions {
        check_operand(action, placeholders)?;
    }
    raw.actions.iter().zip(targets).map(|(action, target)| resolve_action(action, target, placeholders)).collect()
}

fn check_operand(action: &RawAction<'_>, placeholders: &mut Placeholders) -> Result<(), String> {
    let (operator, name) = match action {
        RawAction::Add(_, name) => ("ADD", name),
        RawAction::Delete(_, name) => ("DELETE", name),
        _ => return Ok(()),
    };
    let kind = placeholders.value(name)?.kind();
    if kind.is_set() || (operator == "ADD" && kind == Type::N) {
        return Ok(());
    }
    Err(format!(
        "Incorrect operand type for operator or function; operator: {operator}, operand type: {}",
        kind.long_name()
    ))
}

fn resolve_action(action: &RawAction<'_>, target: Path, placeholders: &mut Placeholders) -> Result<Action, String> {
    Ok(match action {
        RawAction::Set(_, value) => Action::Set(target, resolve_value(value, placeholders)?),
        RawAction::Remove(_) => Action::Remove(target),
        RawAction::Add(_, name) => Action::Add(target, placeholders.value(name)?.clone()),
        RawAction::Delete(_, name) => Action::Delete(target, placeholders.value(name)?.clone()),
    })
}

fn resolve_value(value: &RawValue<'_>, placeholders: &mut Placeholders) -> Result<SetValue, String> {
    let left = resolve_operand(&value.left, placeholders)?;
    let Some((operator, right)) = &value.right else {
        return Ok(SetValue::Operand(left));
    };
    let right = resolve_operand(right, placeholders)?;
    check_literals(operator, &[&left, &right], Type::N)?;
    Ok(if *operator == "+" { SetValue::Plus(left, right) } else { SetValue::Minus(left, right) })
}

/// Values given in the request must have the type that the operator works on.
fn check_literals(operator: &str, operands: &[&SetOperand], expected: Type) -> Result<(), String> {
    let wrong = operands.iter().find_map(|operand| match operand {
        SetOperand::Value(value) if value.kind() != expected => Some(value.kind()),
        _ => None,
    });
    wrong.map_or(Ok(()), |kind| Err(wrong_type(operator, kind)))
}

fn resolve_operand(operand: &RawOperand<'_>, placeholders: &mut Placeholders) -> Result<SetOperand, String> {
    match operand {
        RawOperand::Path(path) => path.resolve(placeholders).map(SetOperand::Path),
        RawOperand::Value(name) => Ok(SetOperand::Value(placeholders.value(name)?.clone())),
        RawOperand::Function(name, arguments) => {
            let mut resolved = Vec::new();
            for argument in arguments {
                resolved.push(resolve_operand(argument, placeholders)?);
            }
            function(name, resolved)
        }
    }
}

fn function(name: &str, arguments: Vec<SetOperand>) -> Result<SetOperand, String> {
    let count = arguments.len();
    let [first, second] = <[SetOperand; 2]>::try_from(arguments).map_err(|_| wrong_count(name, count))?;
    if name == "list_append" {
        check_literals(name, &[&first, &second], Type::L)?;
        return Ok(SetOperand::ListAppend(Box::new(first), Box::new(second)));
    }
    match first {
        SetOperand::Path(path) => Ok(SetOperand::IfNotExists(path, Box::new(second))),
        _ => Err(needs_path(name)),
    }
}
