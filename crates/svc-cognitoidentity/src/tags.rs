//! Tags of identity pools.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::pool::{self, Pool};

const MOST: usize = 50;

fn find(read: &dyn Read, scope: &Scope, arn: &str) -> Result<Pool, Fault> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "cognito-identity");
    let id = parsed.as_ref().and_then(|arn| arn.resource.strip_prefix("identitypool/"));
    let id = id.ok_or_else(|| INVALID_PARAMETER_EXCEPTION.because(format!("Invalid resource ARN: {arn}")))?;
    pool::own(read, scope, id)
}

pub fn tag_resource(w: &mut Writer, input: TagResourceInput) -> Result<TagResourceResponse, Fault> {
    let mut pool = find(w.store(), w.scope(), &input.resource_arn)?;
    if let Some(key) = input.tags.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(INVALID_PARAMETER_EXCEPTION.because(format!("Tag key {key} is reserved")));
    }
    pool.tags.extend(input.tags);
    if pool.tags.len() > MOST {
        return Err(INVALID_PARAMETER_EXCEPTION.because("The number of tags exceeds the limit of 50"));
    }
    pool::put(w, &pool)?;
    Ok(TagResourceResponse::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceInput) -> Result<UntagResourceResponse, Fault> {
    let mut pool = find(w.store(), w.scope(), &input.resource_arn)?;
    pool.tags.retain(|key, _| !input.tag_keys.contains(key));
    pool::put(w, &pool)?;
    Ok(UntagResourceResponse::default())
}

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceResponse, Fault> {
    let pool = find(r.store, r.scope(), &input.resource_arn)?;
    Ok(ListTagsForResourceResponse { tags: Some(pool.tags) })
}
