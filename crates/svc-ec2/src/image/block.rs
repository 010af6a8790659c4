//! Whether an account lets its images be shared with everybody, region by region.
//! Source: Amazon EC2 User Guide, "Understand block public access for AMIs".

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;

static BLOCKS: Table<bool> = Table::new("ec2/image-block");
const KEY: &str = "state";
const BLOCKED: &str = "block-new-sharing";
const UNBLOCKED: &str = "unblocked";

fn is_blocked(read: &dyn Read, scope: &Scope) -> Result<bool, Trouble> {
    Ok(BLOCKS.get(read, scope, KEY)?.unwrap_or_default())
}

/// What is public already stays so.
///
/// # Errors
/// `OperationNotPermitted` where images are not to be made public.
pub fn check_may_be_public(read: &dyn Read, scope: &Scope) -> Result<(), Fault> {
    if !is_blocked(read, scope)? {
        return Ok(());
    }
    let message = "You can't publicly share this image because block public access for AMIs is enabled for this account. \
                   To publicly share the image, you must call the DisableImageBlockPublicAccess API.";
    Err(Fault::coded("OperationNotPermitted", 400, message))
}

pub fn enable_image_block_public_access(
    w: &mut Writer,
    input: EnableImageBlockPublicAccessRequest,
) -> Result<EnableImageBlockPublicAccessResult, Fault> {
    BLOCKS.put(w.tx, &w.caller.scope, KEY, &true)?;
    let state = Some(input.image_block_public_access_state);
    Ok(EnableImageBlockPublicAccessResult { image_block_public_access_state: state })
}

pub fn disable_image_block_public_access(
    w: &mut Writer,
    _: DisableImageBlockPublicAccessRequest,
) -> Result<DisableImageBlockPublicAccessResult, Fault> {
    BLOCKS.delete(w.tx, &w.caller.scope, KEY)?;
    Ok(DisableImageBlockPublicAccessResult { image_block_public_access_state: Some(UNBLOCKED.into()) })
}

pub fn get_image_block_public_access_state(
    r: &Reader,
    _: GetImageBlockPublicAccessStateRequest,
) -> Result<GetImageBlockPublicAccessStateResult, Fault> {
    let state = if is_blocked(r.store, r.scope())? { BLOCKED } else { UNBLOCKED };
    Ok(GetImageBlockPublicAccessStateResult {
        image_block_public_access_state: Some(state.into()),
        managed_by: Some("account".into()),
    })
}
