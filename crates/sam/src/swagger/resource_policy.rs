//! `ResourcePolicy`: who may call a REST API from where.

use super::paths::{ANY_METHOD, stage_resource, with_wildcards};
use super::{POLICY, Swagger};
use crate::error::{Error, Result};
use crate::python2;
use crate::value::{Map, Text, Value, hashed, map};

impl Swagger {
    /// Adds the statements of a policy for every method of a path.
    pub(crate) fn add_resource_policy(&mut self, policy: &Map, path: &Text, stage: &Value) -> Result<()> {
        let resources = self.resources(path, stage)?;
        for (name, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
            if let Some(accounts) = policy.get(name).filter(|accounts| accounts.truthy()) {
                self.add_accounts(accounts, effect, &resources)?;
            }
        }
        for (name, operator) in [("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")] {
            if let Some(ranges) = policy.get(name).filter(|ranges| ranges.truthy()) {
                let condition = map([(operator, map([("aws:SourceIp", as_list(ranges).into())]))]);
                self.add_pair(&resources, condition);
            }
        }
        for (color, operator) in [("Blacklist", "StringEquals"), ("Whitelist", "StringNotEquals")] {
            let condition = endpoints(policy, color)?;
            if !condition.is_empty() {
                self.add_pair(&resources, map([(operator, condition.into())]));
            }
        }
        self.document.insert(POLICY, self.resource_policy.clone());
        Ok(())
    }

    /// Adds statements as they are.
    pub(crate) fn add_custom_statements(&mut self, statements: &Value) {
        self.resource_policy.insert("Version", "2012-10-17");
        match self.resource_policy.get("Statement") {
            None => self.resource_policy.insert("Statement", statements.clone()),
            Some(existing) => {
                let mut all = as_list(existing);
                for statement in as_list(statements) {
                    if !all.contains(&statement) {
                        all.push(statement);
                    }
                }
                self.resource_policy.insert("Statement", all);
            }
        }
        self.document.insert(POLICY, self.resource_policy.clone());
    }

    fn add_accounts(&mut self, accounts: &Value, effect: &str, resources: &Value) -> Result<()> {
        if accounts.as_map().is_none() && accounts.as_list().is_none() {
            let message = format!("Type of '{}' must be a list or dictionary", python2::str(accounts));
            return Err(Error::document(message));
        }
        let mut statement = statement(effect, resources);
        statement.insert("Principal", hashed([("AWS", as_list(accounts).into())]));
        self.resource_policy.insert("Version", "2012-10-17");
        match self.resource_policy.get("Statement") {
            None => self.resource_policy.insert("Statement", statement),
            Some(existing) => {
                let mut all = as_list(existing);
                all.push(statement.into());
                self.resource_policy.insert("Statement", all);
            }
        }
        Ok(())
    }

    /// Allows everybody, and denies those whom the condition meets.
    fn add_pair(&mut self, resources: &Value, condition: Value) {
        let mut allow = statement("Allow", resources);
        allow.insert("Principal", "*");
        let mut deny = statement("Deny", resources);
        deny.insert("Principal", "*");
        deny.insert("Condition", condition);
        self.resource_policy.insert("Version", "2012-10-17");
        let mut all = self.resource_policy.get("Statement").map(as_list).unwrap_or_default();
        for statement in [Value::from(allow), deny.into()] {
            if !all.contains(&statement) {
                all.push(statement);
            }
        }
        self.resource_policy.insert("Statement", all);
    }

    /// `execute-api:/stage/METHOD/path` of every method.
    fn resources(&mut self, path: &Text, stage: &Value) -> Result<Value> {
        let pattern = with_wildcards(path, false);
        let mut resources = Vec::new();
        for item in self.paths.items(path)? {
            for name in item.keys() {
                let any = matches!(name.to_lowercase().as_str(), ANY_METHOD | "any");
                let method = if any { "*".to_owned() } else { name.to_uppercase() };
                let resource = format!("execute-api:/${{__Stage__}}/{method}{pattern}");
                let unicode = path.unicode || name.unicode && !any;
                let resource = if unicode { Text::unicode(resource) } else { resource.into() };
                resources.push(stage_resource(resource, stage));
            }
        }
        Ok(resources.into())
    }
}

fn statement(effect: &str, resources: &Value) -> Map {
    let mut statement = Map::hashed();
    statement.insert("Effect", effect);
    statement.insert("Action", "execute-api:Invoke");
    statement.insert("Resource", resources.clone());
    statement
}

/// VPCs and VPC endpoints as a condition.
fn endpoints(policy: &Map, color: &str) -> Result<Map> {
    let mut condition = Map::hashed();
    let mut add = |key: &str, more: Vec<Value>| {
        if more.is_empty() {
            return;
        }
        if let Value::List(all) = condition.or_insert(key, Vec::new()) {
            all.extend(more);
        }
    };
    if let Some(given) = policy.get(&format!("SourceVpc{color}")) {
        let ids = given.python_items();
        if ids.iter().any(|id| id.as_str().is_none()) {
            return Err(Error::document(format!(
                "SourceVpc{color} must be a list of strings. Use IntrinsicVpc{color} instead for values that use \
                 Intrinsic Functions"
            )));
        }
        let starting = |prefix: &str| {
            ids.iter().filter(|id| id.as_str().is_some_and(|id| id.starts_with(prefix))).cloned().collect()
        };
        add("aws:SourceVpc", starting("vpc-"));
        add("aws:SourceVpce", starting("vpce-"));
    }
    for (kind, key) in [("Vpc", "aws:SourceVpc"), ("Vpce", "aws:SourceVpce")] {
        if let Some(Value::List(ids)) = policy.get(&format!("Intrinsic{kind}{color}")) {
            add(key, ids.clone());
        }
    }
    Ok(condition)
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.clone(),
        other => vec![other.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{list, text};

    #[test]
    fn endpoints_are_told_from_networks() {
        let policy = map([("SourceVpcWhitelist", list([text("vpc-1"), text("vpce-2")]))]);
        let condition = endpoints(policy.as_map().unwrap(), "Whitelist").unwrap();
        assert_eq!(condition.get("aws:SourceVpc"), Some(&list([text("vpc-1")])));
        assert_eq!(condition.get("aws:SourceVpce"), Some(&list([text("vpce-2")])));
    }
}
