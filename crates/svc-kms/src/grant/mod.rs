//! Grants: permissions that a key has besides its policy, for one principal and a few operations each.

mod create;
mod list;
mod record;
mod retire;
mod rules;
mod token;

pub use create::create_grant;
pub use list::{list_grants, list_retirable_grants};
pub use record::{forget, of_key, rename};
pub use retire::{retire_grant, revoke_grant};
pub use rules::{Asked, allowing};
pub use token::{check_tokens, read as read_token};
