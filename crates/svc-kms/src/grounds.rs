//! What KMS tells the door of its keys: which key a call means, its policy, its owner, and KMS's condition keys.

use std::any::Any;
use std::borrow::Cow;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Ask, Caller, Ground, Grounding};
use kogumo_model::kms::{
    CreateGrantRequest, CreateKeyRequest, DecryptRequest, DeleteAliasRequest, ReEncryptRequest, RetireGrantRequest,
};
use kogumo_wire::Structure;

use crate::alias::{self, ALIASES};
use crate::ciphertext::Blob;
use crate::key::{self, KEYS, Key};
use crate::target::{Found, Name, Target};
use crate::{grant, managed, request};

/// Looks up the key that a call is about.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let Some(target) = target(grounding, ask)? else {
        let new = ask.call.and_then(|(_, input)| (input as &dyn Any).downcast_ref::<CreateKeyRequest>());
        return Ok(Ground { keys: new.map(of_new).unwrap_or_default(), ..Ground::default() });
    };
    let mut ground = Ground {
        resource: Some(target.arn()),
        owner: Some(target.scope.account.clone()),
        policies: grounding.cloud.documents.get(&target.key.policy).into_iter().collect(),
        holds_services: true,
        closed: true,
        ..Ground::default()
    };
    let asked = grant::Asked {
        action: ask.action.strip_prefix("kms:").unwrap_or(ask.action),
        caller: grounding.caller,
        input: ask.call.map(|(_, input)| input),
    };
    let grants = grant::of_key(grounding.store, &target.scope, &target.key.id)?;
    ground.policies.extend(grant::allowing(&grants, &asked).filter_map(|text| grounding.cloud.documents.get(&text)));
    if grounding.wants_keys || ground.policies.iter().any(|policy| policy.asks_context) {
        ground.keys = keys(grounding, ask, &target)?;
        ground = ground.tagged(&target.key.tags);
    }
    Ok(ground)
}

/// The key, also one that AWS manages and that is made with its first use.
fn target(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Option<Target>, Trouble> {
    let own = &grounding.caller.scope;
    let name = match name_in(ask, own) {
        Some(name) => name,
        None => {
            let input = ask.call.map(|(_, input)| input);
            return match input {
                Some(input) => named_by_input(grounding, ask, input),
                None => Ok(None),
            };
        }
    };
    Ok(match name.find(grounding.store)? {
        Found::Key(target) => Some(target),
        Found::Unmade(scope, service) => {
            let id = managed::key_id(&scope, &service);
            let key = key::managed_key(&scope, id, &service, grounding.cloud.clock.now());
            Some(Target { scope, key })
        }
        Found::None => None,
    })
}

/// The key that the resource names: `arn:aws:kms:…:key/` with an id or an alias behind it, or an alias' own ARN. What is
/// done with an alias itself (`kms:CreateAlias` on it) concerns no key.
fn name_in(ask: &Ask<'_>, own: &Scope) -> Option<Name> {
    let is_about_alias = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"].contains(&ask.action);
    let (head, id) = ask.resource.split_once(":key/").unwrap_or(("", ask.resource));
    if id == "*" || (head.is_empty() && is_about_alias) {
        return None;
    }
    let name = if id.starts_with("alias/") { id } else { ask.resource };
    Name::parse(name, own).ok()
}

/// Ciphertexts say themselves which key opens them, aliases which key they lead to.
fn named_by_input(grounding: &Grounding<'_>, ask: &Ask<'_>, input: &dyn Structure) -> Result<Option<Target>, Trouble> {
    let own = &grounding.caller.scope;
    let find = |scope: Scope, id: &str| -> Result<Option<Target>, Trouble> {
        Ok(KEYS.get(grounding.store, &scope, id)?.map(|key| Target { scope, key }))
    };
    let input: &dyn Any = input;
    let blob = match (input.downcast_ref::<DecryptRequest>(), input.downcast_ref::<ReEncryptRequest>()) {
        (Some(decrypt), _) => decrypt.ciphertext_blob.as_deref(),
        (_, Some(re_encrypt)) if ask.action == "kms:ReEncryptFrom" => re_encrypt.ciphertext_blob.as_deref(),
        _ => None,
    };
    if let Some(blob) = blob.and_then(Blob::read) {
        return find(Scope::new(&blob.home.account, &own.region), &blob.home.key);
    }
    let retired = input.downcast_ref::<RetireGrantRequest>().and_then(|retire| retire.grant_token.as_deref());
    if let Some((scope, key, _)) = retired.and_then(grant::read_token) {
        return find(scope, &key);
    }
    let alias = input.downcast_ref::<DeleteAliasRequest>().filter(|_| ask.resource.contains(":key/"));
    let alias = alias.map(|input| ALIASES.get(grounding.store, own, input.alias_name.as_str())).transpose()?.flatten();
    alias.map_or(Ok(None), |alias| find(own.clone(), &alias.key))
}

type Keys = Vec<(Cow<'static, str>, Vec<String>)>;

/// What a key will be that is asked for, said or meant.
fn of_new(input: &CreateKeyRequest) -> Keys {
    let said = |member: &Option<String>, else_: &str| vec![member.clone().unwrap_or_else(|| else_.to_owned())];
    let spec = input.key_spec.clone().or_else(|| input.customer_master_key_spec.clone());
    vec![
        ("kms:KeySpec".into(), said(&spec, "SYMMETRIC_DEFAULT")),
        ("kms:KeyUsage".into(), said(&input.key_usage, "ENCRYPT_DECRYPT")),
        ("kms:KeyOrigin".into(), said(&input.origin, "AWS_KMS")),
        ("kms:MultiRegion".into(), vec![(input.multi_region == Some(true)).to_string()]),
    ]
}

/// KMS's condition keys that a request's members alone do not fill.
/// Source: AWS KMS Developer Guide, "AWS KMS condition keys".
fn keys(grounding: &Grounding<'_>, ask: &Ask<'_>, target: &Target) -> Result<Keys, Trouble> {
    let caller = grounding.caller;
    let mut keys: Keys = Vec::new();
    let mut put = |key: &'static str, values: Vec<String>| keys.push((key.into(), values));
    let Key { spec, usage, origin, .. } = &target.key;
    put("kms:CallerAccount", vec![caller.account().to_owned()]);
    put("kms:KeySpec", vec![spec.name().to_owned()]);
    put("kms:KeyUsage", vec![usage.name().to_owned()]);
    put("kms:KeyOrigin", vec![origin.name().to_owned()]);
    put("kms:MultiRegion", vec![target.key.regions.is_some().to_string()]);
    if let Some(regions) = &target.key.regions {
        let kind = if regions.primary == target.scope.region { "PRIMARY" } else { "REPLICA" };
        put("kms:MultiRegionKeyType", vec![kind.to_owned()]);
    }
    put("kms:ResourceAliases", aliases(grounding, target)?);
    if let Some(via) = via(caller) {
        put("kms:ViaService", vec![via]);
    }
    let Some((_, input)) = ask.call else { return Ok(keys) };
    if let Some(name) = request::key_named(input, ask.action)
        && let Some(at) = name.find(alias::PREFIX)
    {
        put("kms:RequestAlias", name.get(at..).map(str::to_owned).into_iter().collect());
    }
    if ask.action.ends_with("Grant") || ask.action.ends_with("Grants") {
        put("kms:GrantIsForAWSResource", vec![via(caller).is_some().to_string()]);
    }
    let any: &dyn Any = input;
    if let Some(constraints) = any.downcast_ref::<CreateGrantRequest>().and_then(|create| create.constraints.as_ref()) {
        let equals = constraints.encryption_context_equals.as_ref().map(|_| "EncryptionContextEquals".to_owned());
        let subset = constraints.encryption_context_subset.as_ref().map(|_| "EncryptionContextSubset".to_owned());
        put("kms:GrantConstraintType", equals.into_iter().chain(subset).collect());
    }
    if request::encrypts(ask.action) {
        put("kms:EncryptionAlgorithm", vec![request::algorithm(input, ask.action)]);
        let context = request::encryption_context(input, ask.action);
        put("kms:EncryptionContextKeys", context.iter().map(|(name, _)| name.clone()).collect());
        keys.extend(
            context.into_iter().map(|(name, value)| (format!("kms:EncryptionContext:{name}").into(), vec![value])),
        );
    }
    // A key without values is as good as none.
    keys.retain(|(_, values)| !values.is_empty());
    Ok(keys)
}

fn aliases(grounding: &Grounding<'_>, target: &Target) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    for row in ALIASES.scan(grounding.store, &target.scope, &kogumo_store::Range::all()) {
        let (_, alias) = row?;
        if alias.key == target.key.id {
            names.push(alias.name);
        }
    }
    Ok(names)
}

/// The service through which a principal comes, as `kms:ViaService` names it: `s3.us-east-1.amazonaws.com`.
pub fn via(caller: &Caller) -> Option<String> {
    let service = caller.called_via.last()?.strip_suffix(".amazonaws.com")?;
    Some(format!("{service}.{}.amazonaws.com", caller.region()))
}
