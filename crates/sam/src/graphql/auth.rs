//! Who may call a GraphQL API.

use super::connector;
use crate::error::Result;
use crate::intrinsics::{get_att, reference};
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Value, list, map, text};

/// Types of authentication with the property of SAM and that of AppSync.
const TYPES: [(&str, &str, &str); 3] = [
    ("AWS_LAMBDA", "LambdaAuthorizer", "LambdaAuthorizerConfig"),
    ("OPENID_CONNECT", "OpenIDConnect", "OpenIDConnectConfig"),
    ("AMAZON_COGNITO_USER_POOLS", "UserPool", "UserPoolConfig"),
];

/// Sets the API's authentication; answers connectors to the functions that authorize.
pub(crate) fn add(api: &Instance, properties: &Map, resource: &mut Resource) -> Result<Vec<Instance>> {
    let mut auth = properties.get("Auth").and_then(Value::as_map).cloned().unwrap_or_default();
    let additional = auth.remove("Additional");
    let mut functions = Vec::new();
    resource.set("AuthenticationType", auth.get("Type").cloned().unwrap_or(Value::Null));
    if let Some((name, config)) = configuration(api, &auth, None)? {
        functions.extend(config.get("AuthorizerUri").cloned());
        resource.set(name, config);
    }
    let mut providers = Vec::new();
    for (index, provider) in additional.as_ref().and_then(Value::as_list).into_iter().flatten().enumerate() {
        let Some(given) = provider.as_map() else { continue };
        let mut provider = Map::new();
        provider.insert("AuthenticationType", given.get("Type").cloned().unwrap_or(Value::Null));
        if let Some((name, config)) = configuration(api, given, Some(index))? {
            functions.extend(config.get("AuthorizerUri").cloned());
            provider.insert(name, config);
        }
        providers.push(Value::from(provider));
    }
    if !providers.is_empty() {
        resource.set("AdditionalAuthenticationProviders", providers);
    }
    functions.into_iter().enumerate().map(|(at, function)| to_function(api, at + 1, function)).collect()
}

/// The configuration that a type of authentication needs, and its name.
fn configuration(api: &Instance, auth: &Map, index: Option<usize>) -> Result<Option<(&'static str, Map)>> {
    const MOST: usize = 2;
    if auth.len() > MOST {
        let path =
            index.filter(|index| *index > 0).map_or("'Auth'".to_owned(), |index| format!("'Auth.Additional.{index}'"));
        return Err(api.error(format!("{path} has more than one authentication configuration defined.")));
    }
    let Some((kind, property, name)) = TYPES.iter().find(|(kind, ..)| auth.str("Type") == Some(kind)) else {
        return Ok(None);
    };
    let Some(Value::Map(config)) = auth.get(property) else {
        return Err(api.error(format!("'{property}' must be defined if type is '{kind}'.")));
    };
    let mut config = config.clone();
    if index.is_some() && *property == "UserPool" {
        config.remove("DefaultAction");
    }
    Ok((!config.is_empty()).then_some((*name, config)))
}

fn to_function(api: &Instance, number: usize, function: Value) -> Result<Instance> {
    let source = map([
        ("Type", text("AWS::AppSync::GraphQLApi")),
        ("Arn", reference(&api.id)),
        ("ResourceId", get_att(api.id.clone(), "ApiId")),
    ]);
    let destination = map([("Type", text("AWS::Lambda::Function")), ("Arn", function)]);
    connector(format!("{}ToLambdaAuthConnector{number}", api.id), source, destination, list([text("Write")]))
}
