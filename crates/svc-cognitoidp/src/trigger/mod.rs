//! Lambda triggers: functions that a pool calls on the way of a flow, and what their answers change.
//!
//! Each is called through the door as `cognito-idp.amazonaws.com` on behalf of the pool, so that the function's resource
//! policy decides. They have five seconds.

mod call;
pub mod challenge;
pub mod inbound;
pub mod message;
pub mod migration;
pub mod sender;
pub mod sign_in;
pub mod sign_up;
pub mod tokens;

use std::collections::BTreeMap;

use kogumo_door::Context;
use serde_json::{Map, Value, json};

use crate::pool::Pool;
use crate::user::User;

/// What every trigger is told: where, through which client, and what the client adds (the "ClientMetadata").
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub cx: &'a Context,
    pub pool: &'a Pool,
    pub client: &'a str,
    pub metadata: Option<&'a BTreeMap<String, String>>,
}

/// Where calls without a client come from.
pub const NO_CLIENT: &str = "CLIENT_ID_NOT_APPLICABLE";

impl Setting<'_> {
    fn client_metadata(&self) -> Value {
        self.metadata.map_or_else(|| json!({}), |metadata| json!(metadata))
    }
}

/// A user's attributes as triggers see them.
fn attributes(user: &User) -> Value {
    let mut all: Map<String, Value> =
        user.all_attributes().into_iter().map(|(name, value)| (name, json!(value))).collect();
    all.insert("cognito:user_status".into(), json!(user.status.text()));
    Value::Object(all)
}
