//! Tags of pools.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::faults::{invalid, no_pool};

/// The pool's id out of its ARN.
fn pool_id(arn: &str) -> Result<&str, Fault> {
    arn.rsplit_once(":userpool/").map(|(_, id)| id).ok_or_else(|| invalid("Invalid resource ARN."))
}

pub fn tag_resource(w: &mut Writer, input: TagResourceRequest) -> Result<TagResourceResponse, Fault> {
    const MOST: usize = 50;
    let mut pool = super::get(w.store(), w.scope(), pool_id(&input.resource_arn)?)?;
    pool.tags.extend(input.tags);
    if pool.tags.len() > MOST {
        return Err(invalid("Tag limit exceeded."));
    }
    super::put(w.tx, &pool)?;
    Ok(TagResourceResponse::default())
}

pub fn untag_resource(w: &mut Writer, input: UntagResourceRequest) -> Result<UntagResourceResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), pool_id(&input.resource_arn)?)?;
    pool.tags.retain(|key, _| !input.tag_keys.contains(key));
    super::put(w.tx, &pool)?;
    Ok(UntagResourceResponse::default())
}

pub fn list_tags_for_resource(
    r: &Reader,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let id = pool_id(&input.resource_arn)?;
    let pool = super::get(r.store, r.scope(), id).map_err(|_| no_pool(id))?;
    Ok(ListTagsForResourceResponse { tags: Some(pool.tags) })
}
