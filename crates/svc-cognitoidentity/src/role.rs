//! The roles of a pool, as the API sets and shows them.

use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_wire::{Fault, Unit};

use crate::pool;
use crate::role_choice::{Ambiguous, Kind, Mapping, MatchType, Rule};

/// As many rules as one provider may have.
const MOST_RULES: usize = 400;

fn invalid(message: impl Into<String>) -> Fault {
    INVALID_PARAMETER_EXCEPTION.because(message.into())
}

fn checked_role(arn: String) -> Result<String, Fault> {
    let is_role = Arn::parse(&arn).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    if is_role { Ok(arn) } else { Err(invalid(format!("Invalid role ARN: {arn}"))) }
}

fn mapping(given: RoleMapping) -> Result<Mapping, Fault> {
    let ambiguous = match given.ambiguous_role_resolution.as_deref() {
        Some("AuthenticatedRole") => Ambiguous::AuthenticatedRole,
        Some("Deny") => Ambiguous::Deny,
        _ => return Err(invalid("AmbiguousRoleResolution is required for role mappings of type Token or Rules")),
    };
    let kind = match given.type_.as_str() {
        "Token" => Kind::Token,
        _ => {
            let rules = given.rules_configuration.map(|configuration| configuration.rules).unwrap_or_default();
            if rules.is_empty() || rules.len() > MOST_RULES {
                return Err(invalid("RulesConfiguration is required for role mappings of type Rules"));
            }
            Kind::Rules(rules.into_iter().map(rule).collect::<Result<_, _>>()?)
        }
    };
    Ok(Mapping { kind, ambiguous })
}

fn rule(given: MappingRule) -> Result<Rule, Fault> {
    let match_type = match given.match_type.as_str() {
        "Equals" => MatchType::Equals,
        "Contains" => MatchType::Contains,
        "StartsWith" => MatchType::StartsWith,
        _ => MatchType::NotEqual,
    };
    Ok(Rule { claim: given.claim, match_type, value: given.value, role: checked_role(given.role_arn)? })
}

fn shown(mapping: &Mapping) -> RoleMapping {
    let rule = |rule: &Rule| MappingRule {
        claim: rule.claim.clone(),
        match_type: format!("{:?}", rule.match_type),
        value: rule.value.clone(),
        role_arn: rule.role.clone(),
    };
    RoleMapping {
        type_: match mapping.kind {
            Kind::Token => "Token".into(),
            Kind::Rules(_) => "Rules".into(),
        },
        ambiguous_role_resolution: Some(format!("{:?}", mapping.ambiguous)),
        rules_configuration: match &mapping.kind {
            Kind::Token => None,
            Kind::Rules(rules) => Some(RulesConfigurationType { rules: rules.iter().map(rule).collect() }),
        },
    }
}

pub fn set_identity_pool_roles(w: &mut Writer, input: SetIdentityPoolRolesInput) -> Result<Unit, Fault> {
    let mut pool = pool::own(w.store(), w.scope(), &input.identity_pool_id)?;
    let roles = input.roles.into_iter().map(|(kind, role)| Ok((kind, checked_role(role)?)));
    pool.roles = roles.collect::<Result<_, Fault>>()?;
    let mappings = input.role_mappings.unwrap_or_default().into_iter();
    pool.mappings = mappings.map(|(provider, given)| Ok((provider, mapping(given)?))).collect::<Result<_, Fault>>()?;
    pool::put(w, &pool)?;
    Ok(Unit)
}

pub fn get_identity_pool_roles(
    r: &Reader,
    input: GetIdentityPoolRolesInput,
) -> Result<GetIdentityPoolRolesResponse, Fault> {
    let pool = pool::own(r.store, r.scope(), &input.identity_pool_id)?;
    let mappings = pool.mappings.iter().map(|(provider, mapping)| (provider.clone(), shown(mapping)));
    Ok(GetIdentityPoolRolesResponse {
        role_mappings: (!pool.mappings.is_empty()).then(|| mappings.collect()),
        identity_pool_id: Some(pool.id),
        roles: Some(pool.roles),
    })
}
