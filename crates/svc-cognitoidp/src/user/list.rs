//! ListUsers.

use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{User, all, filter, view};
use crate::faults::invalid;
use crate::page::page;
use crate::pool;

pub fn list_users(r: &Reader, input: ListUsersRequest) -> Result<ListUsersResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let filter = filter::read(input.filter.as_deref().unwrap_or_default())?;
    let wanted = input.attributes_to_get;
    if wanted.iter().flatten().any(|name| pool.attribute(name).is_none()) {
        return Err(invalid("One or more requested attributes do not exist."));
    }
    let passes = |user: &User| filter.as_ref().is_none_or(|filter| filter.lets(user));
    let users: Result<Vec<User>, Trouble> =
        all(r.store, &pool).filter(|user| user.as_ref().map_or(true, passes)).collect();
    let (users, pagination_token) = page(users?, input.pagination_token.as_deref(), input.limit)?;
    let shown = |user: &User| {
        let mut shown = view::user_type(user);
        if let (Some(wanted), Some(attributes)) = (&wanted, &mut shown.attributes) {
            attributes.retain(|attribute| wanted.contains(&attribute.name));
        }
        shown
    };
    Ok(ListUsersResponse { users: Some(users.iter().map(shown).collect()), pagination_token })
}
