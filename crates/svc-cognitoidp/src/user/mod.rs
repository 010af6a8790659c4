//! Users: their names, attributes, passwords, and what they and their administrators do with them.

pub mod admin;
pub mod alias;
pub mod attribute_ops;
pub mod attributes;
pub mod confirm;
mod filter;
pub mod list;
pub mod password;
pub mod password_ops;
mod record;
pub mod recovery;
pub mod sign_up;
pub mod verify;
pub mod view;

pub use record::{Code, Device, Identity, Status, User, all, by_name, count, create, delete, delete_all, find, update};
