//! The condition keys of a call. Source: IAM User Guide, "AWS global condition context keys".

use kogumo_authorization::{keys, values};
use kogumo_base::Timestamp;
use kogumo_door::{Caller, Principal};
use kogumo_policy::{Context, Principal as Who};
use kogumo_wire::{Operation, Service, Structure};

use super::Identity;

/// The keys of who calls, when, and from where.
pub fn of(caller: &Caller, identity: &Identity, now: Timestamp) -> Context {
    let mut context = Context::default();
    of_principal(&mut context, identity);
    of_session(&mut context, caller, now);
    of_network(&mut context, caller);
    of_services(&mut context, caller);
    of_time(&mut context, now);
    context.put("aws:RequestedRegion", caller.region());
    context
}

/// What the simulator knows by itself: who, and when.
pub fn of_simulated(identity: &Identity, now: Timestamp) -> Context {
    let mut context = Context::default();
    of_principal(&mut context, identity);
    of_time(&mut context, now);
    context
}

/// `aws:PrincipalArn` and its kin: what an identity has, whatever it does.
fn of_principal(context: &mut Context, identity: &Identity) {
    let who = &identity.principal;
    let (kind, arn, id) = match who {
        Who::Root { account } => ("Account", who.arn(), account.clone()),
        Who::User { arn, id, .. } => ("User", arn.clone(), id.clone()),
        // Of a session the role is the principal.
        Who::Session { role, id, .. } => ("AssumedRole", role.clone(), id.clone()),
        Who::FederatedUser { arn, id, .. } => ("FederatedUser", arn.clone(), id.clone()),
        Who::Anonymous | Who::Service { .. } | Who::Federated { .. } => {
            context.put("aws:PrincipalType", "Anonymous");
            return;
        }
    };
    context.put("aws:PrincipalType", kind);
    context.put("aws:PrincipalArn", arn);
    context.put("aws:PrincipalAccount", who.account());
    context.put("aws:userid", id);
    if let Who::User { arn, .. } = who {
        context.put("aws:username", arn.rsplit('/').next().unwrap_or_default());
    }
    for (key, value) in &identity.tags {
        context.put(format!("aws:PrincipalTag/{key}"), value);
    }
}

pub fn of_time(context: &mut Context, now: Timestamp) {
    context.put("aws:CurrentTime", now.iso());
    context.put("aws:EpochTime", now.seconds().to_string());
}

/// What temporary credentials say.
fn of_session(context: &mut Context, caller: &Caller, now: Timestamp) {
    let Some(session) = &caller.session else { return };
    context.put("aws:TokenIssueTime", session.issued.iso());
    context.put("aws:MultiFactorAuthPresent", if session.mfa.is_some() { "true" } else { "false" });
    let age = session.mfa.map(|shown| (now.seconds() - shown.seconds()).max(0).to_string());
    context.put_some("aws:MultiFactorAuthAge", age);
    context.put_some("aws:SourceIdentity", session.source_identity.as_deref());
    context.put_some("sts:SourceIdentity", session.source_identity.as_deref());
    context.put_some("aws:FederatedProvider", session.federated_provider.as_deref());
    for (key, value) in &session.tags {
        context.put(format!("aws:PrincipalTag/{key}"), value);
    }
    for (key, values) in &session.claims {
        context.put_all(key.clone(), values.iter().cloned());
    }
}

fn of_network(context: &mut Context, caller: &Caller) {
    // Nobody listens on the loopback interface: buckets that insist on TLS, as the SAM CLI makes them, can be used there.
    let is_private = caller.source_ip.is_none_or(|address| address.is_loopback());
    context.put("aws:SecureTransport", (caller.secure || is_private).to_string());
    // Behind a service the address is the service's, which is nobody's.
    if let Some(endpoint) = &caller.endpoint {
        // In a VPC there is no public address.
        context.put("aws:SourceVpc", endpoint.vpc.as_str());
        context.put("aws:SourceVpce", endpoint.id.as_str());
        context.put_some("aws:VpcSourceIp", endpoint.source.map(|address| address.to_string()));
    } else if caller.invoked_by.is_none() {
        context.put_some("aws:SourceIp", caller.source_ip.map(|address| address.to_string()));
    }
    if !caller.user_agent.is_empty() {
        context.put("aws:UserAgent", caller.user_agent.as_str());
    }
}

fn of_services(context: &mut Context, caller: &Caller) {
    let is_service = matches!(*caller.principal, Principal::Service(_));
    context.put("aws:PrincipalIsAWSService", is_service.to_string());
    context.put("aws:ViaAWSService", (!caller.called_via.is_empty()).to_string());
    if let (Some(first), Some(last)) = (caller.called_via.first(), caller.called_via.last()) {
        context.put("aws:CalledViaFirst", first);
        context.put("aws:CalledViaLast", last);
        context.put_all("aws:CalledVia", caller.called_via.iter().cloned());
    }
    if let Principal::Service(name) = &*caller.principal {
        context.put("aws:PrincipalServiceName", name);
    }
    if let Some(source) = &caller.source_arn {
        let account = source.split(':').nth(4).filter(|account| !account.is_empty()).unwrap_or(caller.account());
        context.put("aws:SourceAccount", account);
        context.put("aws:SourceArn", source);
    }
}

/// The keys that a request's members fill, and the tags that it brings.
pub fn of_call(context: &mut Context, service: &Service, called: Option<(&'static Operation, &dyn Structure)>) {
    let Some((operation, input)) = called else { return };
    // A second factor that comes with the request: STS looks whether it is right before it answers.
    if service.name == "sts" && kogumo_authorization::has(input, "TokenCode") {
        context.put("aws:MultiFactorAuthPresent", "true");
        context.put("aws:MultiFactorAuthAge", "0");
    }
    for (key, values) in keys(service, operation, input) {
        context.put_all(key, values);
    }
    of_tags(context, input);
}

/// `aws:RequestTag/…` and `aws:TagKeys`, out of the members that requests have tags in.
fn of_tags(context: &mut Context, input: &dyn Structure) {
    let mut tag_keys = Vec::new();
    for lists in [
        "Tags",
        "tags",
        "TagList",
        "TagSpecifications.Tags",
        "UserPoolTags",
        "IdentityPoolTags",
        "CreateBucketConfiguration.Tags",
    ] {
        for (key, value) in [("Key", "Value"), ("key", "value"), ("TagKey", "TagValue")] {
            let names = values(input, &format!("{lists}.{key}"));
            // A tag without a value has the empty one; lists of both are of one length only if none is empty.
            let given = values(input, &format!("{lists}.{value}"));
            for (at, name) in names.into_iter().enumerate() {
                context.put(format!("aws:RequestTag/{name}"), given.get(at).cloned().unwrap_or_default());
                tag_keys.push(name);
            }
        }
        // Tags as a map.
        let names = values(input, &format!("{lists}.*"));
        let given = values(input, lists);
        for (name, value) in names.into_iter().zip(given) {
            context.put(format!("aws:RequestTag/{name}"), value);
            tag_keys.push(name);
        }
    }
    for keys in ["TagKeys", "tagKeys"] {
        tag_keys.extend(values(input, keys));
    }
    if !tag_keys.is_empty() {
        context.put_all("aws:TagKeys", tag_keys);
    }
}
