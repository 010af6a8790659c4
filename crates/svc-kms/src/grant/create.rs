//! CreateGrant.

use kogumo_base::Arn;
use kogumo_door::Writer;
use kogumo_model::kms::{CreateGrantRequest, CreateGrantResponse, INVALID_ARN_EXCEPTION};
use kogumo_wire::Fault;

use super::record::{GRANTS, Grant, Party, of_key, place};
use super::token;
use crate::key::Key;
use crate::spec::Usage;
use crate::target;

pub fn create_grant(w: &mut Writer, input: CreateGrantRequest) -> Result<CreateGrantResponse, Fault> {
    token::check_tokens(input.grant_tokens.as_deref())?;
    let target = target::write(w, &input.key_id)?;
    target.key.check_usable(&target.arn())?;
    let grant = wanted(w, input, &target.key)?;
    let known = of_key(w.store(), &target.scope, &target.key.id)?;
    // A name makes a request one that may be sent again.
    let same = known.into_iter().find(|known| known.name.is_some() && is_same(known, &grant));
    let grant = match same {
        Some(known) => known,
        None => {
            GRANTS.put(w.tx, &target.scope, place(&target.key.id, &grant.id), &grant)?;
            grant
        }
    };
    let token = token::make(&target.scope, &target.key.id, &grant.id);
    Ok(CreateGrantResponse { grant_token: Some(token), grant_id: Some(grant.id) })
}

fn wanted(w: &Writer, input: CreateGrantRequest, key: &Key) -> Result<Grant, Fault> {
    let constraints = input.constraints.unwrap_or_default();
    let arns = input.grantee_principal.iter().chain(&input.retiring_principal);
    arns.into_iter().try_for_each(|arn| check_principal(arn))?;
    if input.grantee_service_principal.is_some() && constraints.source_arn.is_none() {
        return Err(Fault::validation("A grant for a service principal must have a SourceArn constraint."));
    }
    let grantee = match (input.grantee_principal, input.grantee_service_principal) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(Fault::validation("Specify either GranteePrincipal or GranteeServicePrincipal, but not both."));
        }
        (principal, service) => Party::of(principal, service),
    };
    let grantee = grantee.ok_or_else(|| Fault::validation("GranteePrincipal is required."))?;
    if input.operations.is_empty() {
        return Err(Fault::validation("Operations must not be empty."));
    }
    if let Some(operation) = input.operations.iter().find(|operation| !is_for(key, operation)) {
        let spec = key.spec.name();
        return Err(Fault::validation(format!(
            "Grant operation {operation} is not supported by a KMS key of spec {spec}."
        )));
    }
    let bound = constraints.encryption_context_equals.is_some() || constraints.encryption_context_subset.is_some();
    if bound && !key.spec.is_symmetric() {
        return Err(Fault::validation(
            "Encryption context constraints are supported for symmetric encryption KMS keys only.",
        ));
    }
    Ok(Grant {
        id: kogumo_base::hex_id(64),
        name: input.name,
        created: w.now,
        grantee,
        retiring: Party::of(input.retiring_principal, input.retiring_service_principal),
        issuing_account: w.caller.account().to_owned(),
        operations: input.operations,
        equals: constraints.encryption_context_equals,
        subset: constraints.encryption_context_subset,
        source_arn: constraints.source_arn,
    })
}

/// An account, a user, a role, or a session of one.
fn check_principal(text: &str) -> Result<(), Fault> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let kinds = ["root", "user/", "role/", "assumed-role/", "federated-user/"];
    let is_principal = |arn: &Arn| {
        ["iam", "sts"].contains(&arn.service.as_str())
            && is_account(&arn.account)
            && kinds.iter().any(|kind| arn.resource.starts_with(kind))
    };
    match Arn::parse(text).is_some_and(|arn| is_principal(&arn)) || is_account(text) {
        true => Ok(()),
        false => Err(INVALID_ARN_EXCEPTION.because(format!("ARN does not refer to a valid principal: {text}"))),
    }
}

/// Whether an operation can be granted on such a key.
fn is_for(key: &Key, operation: &str) -> bool {
    let symmetric = key.spec.is_symmetric();
    match operation {
        "CreateGrant" | "RetireGrant" | "DescribeKey" => true,
        "Encrypt" | "Decrypt" | "ReEncryptFrom" | "ReEncryptTo" => key.usage == Usage::EncryptDecrypt,
        "GenerateDataKey"
        | "GenerateDataKeyWithoutPlaintext"
        | "GenerateDataKeyPair"
        | "GenerateDataKeyPairWithoutPlaintext" => symmetric,
        "Sign" | "Verify" => key.usage == Usage::SignVerify,
        "GetPublicKey" => key.spec.secret_length().is_none(),
        "GenerateMac" | "VerifyMac" => key.usage == Usage::GenerateVerifyMac,
        _ => false,
    }
}

fn is_same(known: &Grant, wanted: &Grant) -> bool {
    let wanted = Grant { id: known.id.clone(), created: known.created, ..wanted.clone() };
    *known == wanted
}
