//! Tags of APIs and stages, by ARN.

use crate::definition::Strings;
use crate::faults::bad_request;
use crate::{api, stage};
use kogumo_base::Arn;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::{Fault, Unit};

/// The API and the stage that `arn:aws:apigateway:{region}::/apis/{id}/stages/{name}` names.
fn target(arn: &str) -> Result<(String, Option<String>), Fault> {
    let invalid = || bad_request("Invalid resource ARN specified in the request");
    let arn = Arn::parse(arn).filter(|arn| arn.service == "apigateway").ok_or_else(invalid)?;
    let parts: Vec<&str> = arn.resource.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["apis", id] => Ok(((*id).to_owned(), None)),
        ["apis", id, "stages", stage] => Ok(((*id).to_owned(), Some((*stage).to_owned()))),
        _ => Err(invalid()),
    }
}

fn change(w: &mut Writer, arn: &str, change: impl FnOnce(&mut Strings)) -> Result<(), Fault> {
    match target(arn)? {
        (id, None) => api::edit(w, &id, |api| {
            change(&mut api.tags);
            Ok(())
        }),
        (id, Some(name)) => {
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
        (id, None) => api::load(r.store, r.scope(), &id)?.tags,
        (id, Some(name)) => stage::load(r.store, r.scope(), &id, &name)?.tags,
    };
    Ok(model::GetTagsResponse { tags: Some(tags) })
}
