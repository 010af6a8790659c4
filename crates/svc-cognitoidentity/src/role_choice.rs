//! Which role an identity gets. Pure. Source: Cognito Developer Guide, "Using role-based access control".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a provider's users are mapped to roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub kind: Kind,
    /// What happens where nothing decides: the pool's authenticated role, or none.
    pub ambiguous: Ambiguous,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The token names roles: `cognito:preferred_role`, `cognito:roles`.
    Token,
    Rules(Vec<Rule>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ambiguous {
    AuthenticatedRole,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub claim: String,
    pub match_type: MatchType,
    pub value: String,
    pub role: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchType {
    Equals,
    Contains,
    StartsWith,
    NotEqual,
}

/// Nobody may have a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRole {
    /// The mapping does not decide, and says that this means none.
    Denied,
    /// The wanted role is not one of those that the mapping gives.
    NotTheirs,
}

impl Mapping {
    /// The role for these claims; `wanted` is the one that the request asks for. None is the pool's authenticated role.
    ///
    /// # Errors
    /// See [`NoRole`].
    pub fn choose(&self, claims: &Map<String, Value>, wanted: Option<&str>) -> Result<Option<String>, NoRole> {
        let roles = self.roles(claims);
        if let Some(wanted) = wanted {
            return match roles.iter().any(|role| role == wanted) {
                true => Ok(Some(wanted.to_owned())),
                false => Err(NoRole::NotTheirs),
            };
        }
        let chosen = match &self.kind {
            Kind::Rules(_) => roles.into_iter().next(),
            Kind::Token => match text(claims, "cognito:preferred_role") {
                Some(preferred) => Some(preferred),
                None => <[String; 1]>::try_from(roles).ok().map(|[only]| only),
            },
        };
        match (chosen, self.ambiguous) {
            (None, Ambiguous::Deny) => Err(NoRole::Denied),
            (chosen, _) => Ok(chosen),
        }
    }

    /// All roles that the claims lead to, the first match first.
    fn roles(&self, claims: &Map<String, Value>) -> Vec<String> {
        match &self.kind {
            Kind::Token => match claims.get("cognito:roles") {
                Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            },
            Kind::Rules(rules) => rules.iter().filter(|rule| rule.fits(claims)).map(|rule| rule.role.clone()).collect(),
        }
    }
}

impl Rule {
    fn fits(&self, claims: &Map<String, Value>) -> bool {
        let Some(claim) = text(claims, &self.claim) else { return false };
        match self.match_type {
            MatchType::Equals => claim == self.value,
            MatchType::NotEqual => claim != self.value,
            MatchType::StartsWith => claim.starts_with(&self.value),
            MatchType::Contains => claim.contains(&self.value),
        }
    }
}

/// A claim as rules compare it; lists are their items with commas between.
pub fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    match claims.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn rule(claim: &str, match_type: MatchType, value: &str, role: &str) -> Rule {
        Rule { claim: claim.into(), match_type, value: value.into(), role: role.into() }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = vec![
            rule("email", MatchType::StartsWith, "boss", "boss"),
            rule("groups", MatchType::Contains, "dev", "dev"),
            rule("kind", MatchType::NotEqual, "guest", "staff"),
        ];
        let mapping = Mapping { kind: Kind::Rules(rules), ambiguous: Ambiguous::Deny };
        let role = |value| mapping.choose(&claims(value), None);
        assert_eq!(role(json!({"email": "boss@x", "groups": ["dev"]})), Ok(Some("boss".into())));
        assert_eq!(role(json!({"groups": ["ops", "dev"]})), Ok(Some("dev".into())));
        assert_eq!(role(json!({"kind": "staff"})), Ok(Some("staff".into())));
        assert_eq!(role(json!({"kind": "guest"})), Err(NoRole::Denied));
        let both = claims(json!({"email": "boss@x", "groups": ["dev"]}));
        assert_eq!(mapping.choose(&both, Some("dev")), Ok(Some("dev".into())));
        assert_eq!(mapping.choose(&both, Some("staff")), Err(NoRole::NotTheirs));
    }

    #[test]
    fn tokens_name_roles() {
        let mapping = Mapping { kind: Kind::Token, ambiguous: Ambiguous::AuthenticatedRole };
        let role = |value| mapping.choose(&claims(value), None);
        assert_eq!(role(json!({"cognito:roles": ["a", "b"], "cognito:preferred_role": "b"})), Ok(Some("b".into())));
        assert_eq!(role(json!({"cognito:roles": ["a"]})), Ok(Some("a".into())));
        assert_eq!(role(json!({"cognito:roles": ["a", "b"]})), Ok(None));
        assert_eq!(role(json!({})), Ok(None));
    }
}
