//! Key policies: without one that lets him, nobody uses a key, not even its account.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Caller, Cloud, Principal, Reader, Writer};
use kogumo_model::kms::{
    GetKeyPolicyRequest, GetKeyPolicyResponse, ListKeyPoliciesRequest, ListKeyPoliciesResponse,
    MALFORMED_POLICY_DOCUMENT_EXCEPTION, NOT_FOUND_EXCEPTION, PutKeyPolicyRequest,
};
use kogumo_policy::{Attached, Context, Document, Policies, Principal as Who, Renaming, Request, Sort, decide};
use kogumo_store::{Read, Transaction};
use kogumo_wire::{Fault, Unit};
use serde_json::{Value, json};

use crate::grant;
use crate::key::KEYS;
use crate::page::Page;
use crate::target::{self, Aliases};

/// The one policy that a key has.
const NAME: &str = "default";

/// A policy may have so many bytes.
const LONGEST: usize = 32_768;

pub fn get_key_policy(r: &Reader, input: GetKeyPolicyRequest) -> Result<GetKeyPolicyResponse, Fault> {
    let target = target::read(r, &input.key_id, Aliases::Refused)?;
    if input.policy_name.as_deref().is_some_and(|name| name != NAME) {
        return Err(NOT_FOUND_EXCEPTION.because("No such policy exists"));
    }
    Ok(GetKeyPolicyResponse { policy: Some(target.key.policy), policy_name: Some(NAME.into()) })
}

pub fn list_key_policies(r: &Reader, input: ListKeyPoliciesRequest) -> Result<ListKeyPoliciesResponse, Fault> {
    target::read(r, &input.key_id, Aliases::Refused)?;
    let mut page = Page::new(input.limit, 100, 1000, input.marker.as_deref())?;
    page.push(NAME.into(), NAME.to_owned());
    let (names, next_marker, truncated) = page.finish();
    Ok(ListKeyPoliciesResponse { policy_names: Some(names), next_marker, truncated: Some(truncated) })
}

pub fn put_key_policy(w: &mut Writer, input: PutKeyPolicyRequest) -> Result<Unit, Fault> {
    match input.policy_name.as_deref() {
        None | Some(NAME) => {}
        Some("AWS_RAM") => return Err(Fault::validation("The AWS_RAM policy can only be managed by the RAM service.")),
        Some(_) => return Err(NOT_FOUND_EXCEPTION.because("No such policy exists")),
    }
    let mut target = target::write(w, &input.key_id)?;
    target.refuse_managed()?;
    target.check_alive()?;
    let bypass = input.bypass_policy_lockout_safety_check.unwrap_or_default();
    target.key.policy = check(w.store(), w.cloud, w.caller, input.policy, bypass)?;
    target.put(w)?;
    Ok(Unit)
}

/// A policy that may be put on a key.
///
/// # Errors
/// One that is malformed or too long, and one that locks the caller out (unless he says that he knows).
pub fn check(read: &dyn Read, cloud: &Cloud, caller: &Caller, text: String, bypass: bool) -> Result<String, Fault> {
    let malformed = |why: String| MALFORMED_POLICY_DOCUMENT_EXCEPTION.because(why);
    if text.len() > LONGEST {
        return Err(kogumo_model::kms::LIMIT_EXCEEDED_EXCEPTION
            .because(format!("Policy length {} exceeds the limit of {LONGEST} bytes", text.len())));
    }
    let document = Document::parse(&text).map_err(|problem| malformed(problem.to_string()))?;
    document.check(Sort::Resource).map_err(|problem| malformed(problem.to_string()))?;
    if cloud.stranger(read, caller.account(), &document)?.is_some() {
        return Err(malformed("Policy contains a statement with one or more invalid principals.".to_owned()));
    }
    if !bypass && !lets_manage(cloud, caller, &document) {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.".to_owned(),
        ));
    }
    Ok(text)
}

/// Whether a policy would let the caller put another in its place, by itself or through the policies of his account.
fn lets_manage(cloud: &Cloud, caller: &Caller, document: &Document) -> bool {
    let who = who(caller, document);
    let Ok(all) = Document::read(&json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } })) else {
        return false;
    };
    let context = circumstances(cloud, caller);
    let request = Request { principal: &who, action: "kms:PutKeyPolicy", resource: "*", owner: "", context: &context };
    let policies = Policies {
        identity: vec![Attached { name: "identity", document: &all }],
        resource: vec![Attached { name: "key", document }],
        closed: true,
        ..Policies::default()
    };
    decide(&request, &policies).is_allowed()
}

fn circumstances(cloud: &Cloud, caller: &Caller) -> Context {
    let mut context = Context::default();
    context.put("aws:PrincipalArn", caller.principal.arn());
    context.put("aws:PrincipalAccount", caller.account());
    context.put("kms:CallerAccount", caller.account());
    context.put("aws:CurrentTime", cloud.clock.now().iso());
    context.put_some("kms:ViaService", crate::grounds::via(caller));
    context
}

/// The caller as policies name him. A session does not say its role's path; the policy does.
fn who(caller: &Caller, document: &Document) -> Who {
    let arn = caller.principal.arn();
    match &*caller.principal {
        Principal::Root { account } => Who::Root { account: account.clone() },
        Principal::User { account, id, .. } => Who::User { account: account.clone(), arn, id: id.clone() },
        Principal::AssumedRole { account, role, id, .. } => {
            let (start, end) = (format!("arn:aws:iam::{account}:role/"), format!("/{role}"));
            let elements = document.statements.iter().filter_map(|statement| statement.principal.as_ref());
            let mut named = elements.flat_map(|element| element.aws());
            let role = named.find(|named| named.starts_with(&start) && named.ends_with(&end));
            let role = role.map_or_else(|| format!("{start}{}", end.trim_start_matches('/')), str::to_owned);
            Who::Session { account: account.clone(), arn, role, id: id.clone() }
        }
        Principal::Federated { account, id, .. } => {
            Who::FederatedUser { account: account.clone(), arn, user: String::new(), id: id.clone() }
        }
        Principal::Service(name) => Who::Service { name: name.clone() },
        Principal::Anonymous => Who::Anonymous,
    }
}

/// Changes the name of a principal in all keys' policies and grants.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, id, mut key) in KEYS.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        let Some(policy) = renaming.document(&key.policy) else { continue };
        key.policy = policy;
        KEYS.put(tx, &scope, id, &key)?;
    }
    grant::rename(tx, renaming)
}

/// What a key has whose maker says nothing: its account decides by its own policies.
/// Source: AWS KMS Developer Guide, "Default key policy".
pub fn of_customers(account: &str) -> String {
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    }))
}

/// The policy of a key that AWS manages: everybody in the account through the service, nobody past it.
/// Source: AWS KMS Developer Guide, "AWS managed keys".
pub fn of_managed(scope: &Scope, service: &str) -> String {
    let Scope { account, region } = scope;
    // A key's service is called otherwise than its host in a few places.
    let host = match service {
        "ebs" => "ec2",
        other => other,
    };
    let mut actions = vec![
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:DescribeKey",
    ];
    if service == "s3" || service == "ssm" {
        actions.retain(|action| *action != "kms:CreateGrant");
    }
    let name = service_name(service);
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-2"),
        "Statement": [
            {
                "Sid": format!("Allow access through {name} for all principals in the account that are authorized to use {name}"),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": actions,
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": account,
                        "kms:ViaService": format!("{host}.{region}.amazonaws.com"),
                    },
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }))
}

fn service_name(service: &str) -> String {
    match service {
        "dynamodb" => "Amazon DynamoDB".to_owned(),
        "lambda" => "AWS Lambda".to_owned(),
        "secretsmanager" => "AWS Secrets Manager".to_owned(),
        other => other.to_uppercase(),
    }
}

/// As AWS writes policies of its own.
fn pretty(policy: &Value) -> String {
    serde_json::to_string_pretty(policy).unwrap_or_default()
}
