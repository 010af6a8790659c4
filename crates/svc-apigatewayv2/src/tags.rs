//! Tags of APIs, stages and domain names, by ARN.

use crate::definition::Strings;
use crate::faults::bad_request;
use crate::{api, domain_name, stage};
use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

/// What an ARN of API Gateway names.
enum Target {
    Api(String),
    Stage(String, String),
    Domain(String),
}

/// `arn:aws:apigateway:{region}::/apis/{id}/stages/{name}` and its like.
fn target(arn: &str) -> Result<Target, Fault> {
    let invalid = || bad_request("Invalid resource ARN specified in the request");
    let arn = Arn::parse(arn).filter(|arn| arn.service == "apigateway").ok_or_else(invalid)?;
    let parts: Vec<&str> = arn.resource.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["apis", id] => Ok(Target::Api((*id).to_owned())),
        ["apis", id, "stages", stage] => Ok(Target::Stage((*id).to_owned(), (*stage).to_owned())),
        ["domainnames", name] => Ok(Target::Domain((*name).to_owned())),
        _ => Err(invalid()),
    }
}

fn change(w: &mut Writer, arn: &str, change: impl FnOnce(&mut Strings)) -> Result<(), Fault> {
    match target(arn)? {
        Target::Domain(name) => domain_name::retag(w, &name, change),
        Target::Api(id) => api::edit(w, &id, |api| {
            change(&mut api.tags);
            Ok(())
        }),
        Target::Stage(id, name) => {
            let mut stage = stage::load(w.tx, &w.caller.scope, &id, &name)?;
            change(&mut stage.tags);
            stage::put(w, &id, &stage)
        }
    }
}

pub fn tag_resource(w: &mut Writer, input: model::TagResourceRequest) -> Result<model::TagResourceResponse, Fault> {
    change(w, &input.resource_arn, |tags| tags.extend(input.tags.unwrap_or_default()))?;
    Ok(model::TagResourceResponse {})
}

pub fn untag_resource(w: &mut Writer, input: model::UntagResourceRequest) -> Result<Unit, Fault> {
    change(w, &input.resource_arn, |tags| tags.retain(|key, _| !input.tag_keys.contains(key)))?;
    Ok(Unit)
}

pub fn get_tags(r: &Reader, input: model::GetTagsRequest) -> Result<model::GetTagsResponse, Fault> {
    let tags = match target(&input.resource_arn)? {
        Target::Domain(name) => domain_name::load(r.store, r.scope(), &name)?.tags,
        Target::Api(id) => api::load(r.store, r.scope(), &id)?.tags,
        Target::Stage(id, name) => stage::load(r.store, r.scope(), &id, &name)?.tags,
    };
    Ok(model::GetTagsResponse { tags: Some(tags) })
}
