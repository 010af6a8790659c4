//! Principals that policies name: whether they are there, and trust policies when they go or get another name. Source: IAM User Guide, "AWS JSON policy elements: Principal".

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_model::iam::MALFORMED_POLICY_DOCUMENT_EXCEPTION;
use kogumo_policy::{Document, Renaming};
use kogumo_store::{Read, Transaction};
use kogumo_wire::Fault;

use crate::entity::{self, Kind};

/// Providers of web identities that every account knows.
const WEB: [&str; 4] =
    ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// What names of services end with.
const SERVICES: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];

/// Checks that whom a trust policy names is there.
///
/// # Errors
/// MalformedPolicyDocument with AWS's message.
pub fn check(read: &dyn Read, account: &str, text: &str) -> Result<(), Fault> {
    let Ok(document) = Document::parse(text) else { return Ok(()) };
    match stranger(read, account, &document)? {
        Some(stranger) => {
            let message = format!("Invalid principal in policy: {stranger}");
            Err(MALFORMED_POLICY_DOCUMENT_EXCEPTION.because(message))
        }
        None => Ok(()),
    }
}

/// The first principal that a policy of an account names and that is nobody; see [`kogumo_door::Principals`].
pub fn stranger(read: &dyn Read, account: &str, document: &Document) -> Result<Option<String>, Trouble> {
    for principal in document.statements.iter().filter_map(|statement| statement.principal.as_ref()) {
        for name in principal.aws() {
            if !is_there(read, account, name)? {
                return Ok(Some(format!("\"AWS\":\"{name}\"")));
            }
        }
        if let Some(name) = principal.services().find(|name| !SERVICES.iter().any(|end| name.ends_with(end))) {
            return Ok(Some(format!("\"SERVICE\":\"{name}\"")));
        }
        let is_provider = |name: &String| {
            let is_own = name.contains(":oidc-provider/") || name.contains(":saml-provider/");
            is_own || WEB.contains(&name.as_str())
        };
        if let Some(name) = principal.federated().find(|name| !is_provider(name)) {
            return Ok(Some(format!("\"FEDERATED\":\"{name}\"")));
        }
    }
    Ok(None)
}

/// Whether an account, ARN or unique id is somebody's. Who is in accounts that nobody here uses is not known: whatever
/// they are said to have, they have.
fn is_there(read: &dyn Read, own: &str, name: &str) -> Result<bool, Trouble> {
    if name.starts_with("AIDA") || name.starts_with("AROA") {
        return entity::is_somebody(read, name);
    }
    let Some(arn) = Arn::parse(name) else { return Ok(true) };
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    let mut path = arn.resource.split('/');
    let kind = match (arn.service.as_str(), path.next()) {
        // CloudFront's own users stand in an account that has no number.
        _ if !is_account => return Ok(true),
        ("iam", Some("user")) => Kind::User,
        ("iam", Some("role")) | ("sts", Some("assumed-role")) => Kind::Role,
        ("iam", Some("root")) | ("sts", Some("federated-user")) => return Ok(true),
        _ => return Ok(false),
    };
    let scope = Scope::new(&arn.account, Scope::GLOBAL);
    if arn.account != own && entity::is_empty(read, &scope)? {
        return Ok(true);
    }
    let named = if arn.service == "sts" { path.next() } else { path.next_back() };
    let found = entity::look_up(read, &scope, kind, named.unwrap_or_default())?;
    Ok(found.is_some_and(|found| arn.service == "sts" || found.arn(&arn.account) == name))
}

/// Changes a name in the trust policies of all roles.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, mut role) in entity::roles_everywhere(tx)? {
        let Some(details) = role.role.as_mut() else { continue };
        let Some(trust) = renaming.document(&details.trust) else { continue };
        details.trust = trust;
        entity::put_in(tx, &scope, &role)?;
    }
    Ok(())
}
