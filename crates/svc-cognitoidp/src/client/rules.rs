//! What a client's settings must be, and what they are where nothing is said: pure.

use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use crate::faults::{invalid, unbuilt};
use crate::pool::Pool;

/// Scopes that every pool has.
pub const OWN_SCOPES: [&str; 5] = ["phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"];

/// Completes and checks a client's settings. `scopes` are those of the pool's resource servers, `providers` its
/// identity providers by name.
///
/// # Errors
/// Settings that contradict each other, or that are not built.
pub fn complete(
    pool: &Pool,
    scopes: &[String],
    providers: &[String],
    settings: &mut Map<String, Value>,
) -> Result<(), Fault> {
    if settings.contains_key("AnalyticsConfiguration") {
        return Err(unbuilt("AnalyticsConfiguration of user pool clients"));
    }
    check_flows(settings)?;
    check_attributes(pool, settings)?;
    check_hosted(scopes, providers, settings)?;
    check_lifetimes(settings)?;
    let defaults = json!({
        "RefreshTokenValidity": 30,
        "EnableTokenRevocation": true,
        "EnablePropagateAdditionalUserContextData": false,
        "AllowedOAuthFlowsUserPoolClient": false,
        "AuthSessionValidity": 3,
        "TokenValidityUnits": {},
    });
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            settings.entry(name).or_insert(value);
        }
    }
    Ok(())
}

fn texts<'a>(settings: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    let list = settings.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

/// Old names of flows and new ones do not mix.
fn check_flows(settings: &Map<String, Value>) -> Result<(), Fault> {
    let flows = texts(settings, "ExplicitAuthFlows");
    let new = flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if new > 0 && new < flows.len() {
        return Err(invalid(format!(
            "Legacy ExplicitAuthFlows and new values with ALLOW_ prefix cannot be used together: [{}]",
            flows.join(", ")
        )));
    }
    if flows.contains(&"ALLOW_CLIENT_TOKEN_AUTH") && flows.len() > 1 {
        return Err(invalid("ALLOW_CLIENT_TOKEN_AUTH cannot be used together with other authentication flows."));
    }
    Ok(())
}

fn check_attributes(pool: &Pool, settings: &Map<String, Value>) -> Result<(), Fault> {
    for list in ["ReadAttributes", "WriteAttributes"] {
        let unknown = texts(settings, list).into_iter().find(|name| pool.attribute(name).is_none());
        if let Some(name) = unknown {
            let what = if list == "ReadAttributes" { "read" } else { "write" };
            return Err(invalid(format!("Invalid {what} attributes specified while creating a client: {name}")));
        }
    }
    let written = texts(settings, "WriteAttributes");
    let missing = pool.schema.iter().find(|attribute| {
        attribute.required
            && attribute.name != "sub"
            && !written.is_empty()
            && !written.contains(&attribute.name.as_str())
    });
    match missing {
        Some(attribute) => Err(invalid(format!(
            "Invalid write attributes specified while creating a client: required attribute {} is missing",
            attribute.name
        ))),
        None => Ok(()),
    }
}

fn check_hosted(scopes: &[String], providers: &[String], settings: &Map<String, Value>) -> Result<(), Fault> {
    for url in texts(settings, "CallbackURLs").into_iter().chain(texts(settings, "LogoutURLs")) {
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|start| url.starts_with(start));
        let scheme = url.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        if scheme.is_empty() || (scheme == "http" && !local) || url.contains('#') {
            return Err(invalid(format!("cannot use the HTTP protocol, a fragment or no scheme: {url}")));
        }
    }
    if let Some(default) = settings.get("DefaultRedirectURI").and_then(Value::as_str)
        && !texts(settings, "CallbackURLs").contains(&default)
    {
        return Err(invalid(format!("{default} is not in the list of CallbackURLs.")));
    }
    let asked = texts(settings, "AllowedOAuthScopes");
    let known = |scope: &&str| OWN_SCOPES.contains(scope) || scopes.iter().any(|own| own == scope);
    if let Some(scope) = asked.iter().find(|scope| !known(scope)) {
        return Err(kogumo_model::cognitoidp::SCOPE_DOES_NOT_EXIST_EXCEPTION
            .because(format!("Invalid scope requested: {scope}")));
    }
    let flows = texts(settings, "AllowedOAuthFlows");
    if flows.contains(&"client_credentials") && flows.len() > 1 {
        return Err(invalid_flow("client_credentials flow can not be selected along with code flow or implicit flow."));
    }
    if flows.contains(&"client_credentials") && asked.iter().any(|scope| OWN_SCOPES.contains(scope)) {
        return Err(invalid_flow("client_credentials flow can not be selected with reserved scopes."));
    }
    let unknown = texts(settings, "SupportedIdentityProviders")
        .into_iter()
        .find(|name| *name != "COGNITO" && !providers.iter().any(|own| own == name));
    match unknown {
        Some(name) => Err(invalid(format!("The provider {name} does not exist for User Pool."))),
        None => Ok(()),
    }
}

fn invalid_flow(message: &str) -> Fault {
    kogumo_model::cognitoidp::INVALID_O_AUTH_FLOW_EXCEPTION.because(message)
}

/// Source: "TokenValidityUnits" in the API reference: 5 minutes to 1 day, refresh tokens 60 minutes to 10 years.
fn check_lifetimes(settings: &Map<String, Value>) -> Result<(), Fault> {
    const DAY: i64 = 86400;
    for (token, least, most, usual) in
        [("AccessToken", 300, DAY, "hours"), ("IdToken", 300, DAY, "hours"), ("RefreshToken", 3600, 3650 * DAY, "days")]
    {
        let value = settings.get(&format!("{token}Validity")).and_then(Value::as_i64);
        let Some(value) = value.filter(|value| *value != 0) else { continue };
        let unit = settings.get("TokenValidityUnits").and_then(|units| units.get(token)).and_then(Value::as_str);
        let seconds = value.saturating_mul(match unit.unwrap_or(usual) {
            "seconds" => 1,
            "minutes" => 60,
            "hours" => 3600,
            _ => DAY,
        });
        if !(least..=most).contains(&seconds) {
            return Err(invalid(format!("Invalid range for token validity: {token}Validity.")));
        }
    }
    Ok(())
}
