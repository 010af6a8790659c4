//! What unit tests share: a pool and a client that are nowhere but here.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp};
use serde_json::{Map, json};

use crate::client::Client;
use crate::pool::Pool;
use crate::user_session::settings::Tracking;

pub fn pool() -> Pool {
    Pool {
        id: "us-east-1_Test12345".into(),
        name: "test".into(),
        scope: Scope::new("000000000000", "us-east-1"),
        created: Timestamp(0),
        modified: Timestamp(0),
        settings: Map::new(),
        mfa: Map::new(),
        schema: Vec::new(),
        tags: BTreeMap::new(),
        domain: None,
        device_group: "-group".into(),
        custom_domain: None,
        login_version: 0,
        log_configurations: Vec::new(),
        tracking: Tracking::default(),
    }
}

pub fn client(flows: &[&str]) -> Client {
    Client {
        id: "client".into(),
        secret: None,
        created: Timestamp(0),
        modified: Timestamp(0),
        settings: json!({ "ExplicitAuthFlows": flows }).as_object().cloned().unwrap_or_default(),
        secret_created: None,
        second: None,
        sso_minutes: None,
    }
}
