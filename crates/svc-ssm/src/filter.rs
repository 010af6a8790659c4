//! The filters of DescribeParameters and GetParametersByPath.

use kogumo_door::Reader;
use kogumo_model::ssm::{
    INVALID_FILTER_KEY, INVALID_FILTER_OPTION, INVALID_FILTER_VALUE, ParameterStringFilter, ParametersFilter,
};
use kogumo_wire::Fault;

use crate::record::{self, Parameter, Version};
use crate::{get, name};

/// Whose filters they are: each operation has keys of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Describe,
    ByPath,
}

/// Filters that have been checked. A parameter must pass all of them.
pub struct Filters(Vec<Filter>);

struct Filter {
    key: Key,
    option: Choice,
    values: Vec<String>,
}

enum Key {
    Name,
    Path,
    Type,
    KeyId,
    Tier,
    DataType,
    Label,
    Tag(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Equals,
    BeginsWith,
    Contains,
    OneLevel,
    Recursive,
}

impl Filters {
    /// Checks a request's filters.
    pub fn of(filters: &[ParameterStringFilter], operation: Operation) -> Result<Filters, Fault> {
        filters.iter().map(|filter| Filter::of(filter, operation)).collect::<Result<_, _>>().map(Filters)
    }

    /// The older form of DescribeParameters: names begin with the value, the other keys equal it.
    pub fn of_old(filters: &[ParametersFilter]) -> Filters {
        let key = |filter: &ParametersFilter| match filter.key.as_str() {
            "Name" => (Key::Name, Choice::BeginsWith),
            "Type" => (Key::Type, Choice::Equals),
            _ => (Key::KeyId, Choice::Equals),
        };
        let filter = |filter: &ParametersFilter| {
            let (key, option) = key(filter);
            Filter { key, option, values: filter.values.clone() }
        };
        Filters(filters.iter().map(filter).collect())
    }

    /// The version of a parameter that is meant, if the parameter passes: the newest, or the one with the label.
    pub fn choose(&self, r: &Reader, parameter: &Parameter) -> Result<Option<Version>, Fault> {
        let mut chosen = record::latest(r.store, r.scope(), parameter)?;
        for filter in &self.0 {
            if matches!(filter.key, Key::Label) {
                let Some(label) = filter.values.first() else { return Ok(None) };
                let Some(version) = get::labelled(r, parameter, label)? else { return Ok(None) };
                chosen = version;
            } else if !filter.passes(parameter, &chosen) {
                return Ok(None);
            }
        }
        Ok(Some(chosen))
    }
}

impl Filter {
    fn of(filter: &ParameterStringFilter, operation: Operation) -> Result<Filter, Fault> {
        let describes = operation == Operation::Describe;
        let key = match filter.key.as_str() {
            "Name" if describes => Key::Name,
            "Path" if describes => Key::Path,
            "Tier" if describes => Key::Tier,
            "DataType" if describes => Key::DataType,
            "Type" => Key::Type,
            "KeyId" => Key::KeyId,
            "Label" if !describes => Key::Label,
            key => match key.strip_prefix("tag:").filter(|_| describes) {
                Some(tag) => Key::Tag(tag.to_owned()),
                None => {
                    return Err(INVALID_FILTER_KEY.because(format!("The following filter key is not valid: {key}.")));
                }
            },
        };
        let values = filter.values.clone().unwrap_or_default();
        let option = key.option(filter.option.as_deref())?;
        if values.is_empty() && !matches!(key, Key::Tag(_)) {
            return Err(INVALID_FILTER_VALUE
                .because(format!("The following filter values are missing : null for filter key {}", filter.key)));
        }
        if matches!(key, Key::Path) {
            for value in &values {
                name::path(value)?;
            }
        }
        Ok(Filter { key, option, values })
    }

    fn passes(&self, parameter: &Parameter, version: &Version) -> bool {
        let any = |value: &str| self.values.iter().any(|wanted| self.matches(value, wanted));
        match &self.key {
            Key::Name => {
                // Names are compared as paths: a filter `a` finds `/a` too.
                let name = rooted(&parameter.name);
                self.values.iter().any(|wanted| match self.option {
                    Choice::Contains => parameter.name.contains(wanted.as_str()),
                    _ => self.matches(&name, &rooted(wanted)),
                })
            }
            Key::Path => self.values.iter().any(|path| {
                let path = path.strip_suffix('/').unwrap_or(path);
                name::is_under(&parameter.name, path, self.option == Choice::Recursive)
            }),
            Key::Type => any(&version.kind),
            Key::KeyId => version.secret_key().is_some_and(|key| any(key)),
            Key::Tier => any(version.tier.name()),
            Key::DataType => any("text"),
            Key::Tag(tag) => parameter.tags.get(tag).is_some_and(|value| self.values.is_empty() || any(value)),
            Key::Label => true,
        }
    }

    fn matches(&self, value: &str, wanted: &str) -> bool {
        match self.option {
            Choice::BeginsWith => value.starts_with(wanted),
            Choice::Contains => value.contains(wanted),
            _ => value == wanted,
        }
    }
}

impl Key {
    /// The option of a filter with this key, checked; each key knows its own ones.
    fn option(&self, option: Option<&str>) -> Result<Choice, Fault> {
        let invalid = |option: &str| {
            INVALID_FILTER_OPTION.because(format!(
                "The following filter option is not valid: {option}. Valid options include: [{}]",
                self.options()
            ))
        };
        match (self, option) {
            (Key::Path, Some("Recursive")) => Ok(Choice::Recursive),
            (Key::Path, None | Some("OneLevel")) => Ok(Choice::OneLevel),
            (Key::Path, Some(other)) => Err(invalid(other)),
            (_, None | Some("Equals")) => Ok(Choice::Equals),
            (Key::Name, Some("Contains")) => Ok(Choice::Contains),
            (Key::Label | Key::Tag(_), Some(other)) => Err(invalid(other)),
            (_, Some("BeginsWith")) => Ok(Choice::BeginsWith),
            (_, Some(other)) => Err(invalid(other)),
        }
    }

    fn options(&self) -> &'static str {
        match self {
            Key::Name => "Equals, BeginsWith, Contains",
            Key::Path => "Recursive, OneLevel",
            Key::Label | Key::Tag(_) => "Equals",
            _ => "Equals, BeginsWith",
        }
    }
}

fn rooted(name: &str) -> String {
    format!("/{}", name.trim_start_matches('/'))
}
