//! Who somebody is.

use kogumo_door::{Context, Principal, Reader};
use kogumo_model::sts::{
    GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, GetCallerIdentityRequest, GetCallerIdentityResponse,
};
use kogumo_wire::Fault;

pub fn get_caller_identity(r: &Reader, _: GetCallerIdentityRequest) -> Result<GetCallerIdentityResponse, Fault> {
    Ok(GetCallerIdentityResponse {
        user_id: Some(r.caller.principal.id().to_owned()),
        account: Some(r.caller.account().to_owned()),
        arn: Some(r.caller.principal.arn()),
    })
}

/// The account that a key belongs to. AWS reads it out of the key's letters; here it is looked up.
pub async fn get_access_key_info(
    cx: Context,
    input: GetAccessKeyInfoRequest,
) -> Result<GetAccessKeyInfoResponse, Fault> {
    let credential = cx.cloud.credential(&input.access_key_id)?;
    let account = match credential.as_deref().map(|credential| &*credential.principal) {
        Some(
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::AssumedRole { account, .. }
            | Principal::Federated { account, .. },
        ) => account.clone(),
        Some(Principal::Service(_) | Principal::Anonymous) | None => {
            return Err(Fault::validation("The access key ID is not valid"));
        }
    };
    Ok(GetAccessKeyInfoResponse { account: Some(account) })
}
