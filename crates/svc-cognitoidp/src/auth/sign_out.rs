//! Signing out everywhere.

use kogumo_door::Writer;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::faults::no_user;
use crate::pool;
use crate::token::{access, grant};
use crate::user::find;

pub fn global_sign_out(w: &mut Writer, input: GlobalSignOutRequest) -> Result<GlobalSignOutResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    grant::delete_of_user(w.tx, &bearer.pool, &bearer.user.name)?;
    Ok(GlobalSignOutResponse::default())
}

pub fn admin_user_global_sign_out(
    w: &mut Writer,
    input: AdminUserGlobalSignOutRequest,
) -> Result<AdminUserGlobalSignOutResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    grant::delete_of_user(w.tx, &pool, &user.name)?;
    Ok(AdminUserGlobalSignOutResponse::default())
}
