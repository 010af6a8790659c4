//! Tags of APIs, stages, API keys, usage plans and domain names, by ARN.

use crate::definition::Strings;
use crate::faults::{bad_request, not_found};
use crate::{api_key, domain_name, rest_api, stage, usage_plan};
use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

/// What an ARN of API Gateway names.
enum Target {
    Api(String),
    Stage(String, String),
    ApiKey(String),
    UsagePlan(String),
    Domain(String),
}

/// `arn:aws:apigateway:{region}::/restapis/{id}/stages/{name}` and its like.
fn target(arn: &str) -> Result<Target, Fault> {
    let invalid = || bad_request("Invalid resource ARN specified in the request");
    let arn = Arn::parse(arn).filter(|arn| arn.service == "apigateway").ok_or_else(invalid)?;
    let parts: Vec<&str> = arn.resource.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["restapis", id] => Ok(Target::Api((*id).to_owned())),
        ["restapis", id, "stages", stage] => Ok(Target::Stage((*id).to_owned(), (*stage).to_owned())),
        ["apikeys", id] => Ok(Target::ApiKey((*id).to_owned())),
        ["domainnames", name] => Ok(Target::Domain((*name).to_owned())),
        ["usageplans", id] => Ok(Target::UsagePlan((*id).to_owned())),
        _ => Err(invalid()),
    }
}

fn tags_of(read: &dyn Read, scope: &kogumo_base::Scope, target: &Target) -> Result<Strings, Fault> {
    match target {
        Target::Api(id) => rest_api::load(read, scope, id).map(|api| api.tags),
        Target::Stage(api, name) => stage::load(read, scope, api, name).map(|stage| stage.tags),
        Target::ApiKey(id) => api_key::load(read, scope, id).map(|api_key| api_key.tags),
        Target::UsagePlan(id) => usage_plan::load(read, scope, id).map(|plan| plan.tags),
        Target::Domain(name) => domain_name::load(read, scope, name).map(|domain| domain.tags),
    }
}

fn change(w: &mut Writer, target: &Target, change: impl FnOnce(&mut Strings)) -> Result<(), Fault> {
    let scope = w.scope().clone();
    match target {
        Target::Api(id) => rest_api::edit(w, id, |api| {
            change(&mut api.tags);
            Ok(())
        }),
        Target::Stage(api, name) => stage::edit(w, api, name, |stage| {
            change(&mut stage.tags);
            Ok(())
        }),
        Target::ApiKey(id) => {
            let mut api_key = api_key::load(w.tx, &scope, id)?;
            change(&mut api_key.tags);
            api_key::put(w, &api_key)
        }
        Target::Domain(name) => domain_name::retag(w, name, change),
        Target::UsagePlan(id) => usage_plan::edit(w, id, |plan| change(&mut plan.tags)),
    }
}

pub fn tag_resource(w: &mut Writer, input: model::TagResourceRequest) -> Result<Unit, Fault> {
    change(w, &target(&input.resource_arn)?, |tags| tags.extend(input.tags)).map(|()| Unit)
}

pub fn untag_resource(w: &mut Writer, input: model::UntagResourceRequest) -> Result<Unit, Fault> {
    change(w, &target(&input.resource_arn)?, |tags| tags.retain(|key, _| !input.tag_keys.contains(key))).map(|()| Unit)
}

pub fn get_tags(r: &Reader, input: model::GetTagsRequest) -> Result<model::Tags, Fault> {
    let tags = tags_of(r.store, r.scope(), &target(&input.resource_arn)?)?;
    if input.position.is_some() {
        return Err(not_found("Invalid position parameter"));
    }
    Ok(model::Tags { tags: Some(tags) })
}
