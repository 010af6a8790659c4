//! The account's settings.

use crate::patch;
use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;

/// Requests at once, of an account in a region.
pub const BURST_LIMIT: i32 = 5_000;
/// Requests a second, of an account in a region.
pub const RATE_LIMIT: f64 = 10_000.0;

/// The role that writes logs.
static LOG_ROLES: Table<String> = Table::new("apigateway/log-role");

pub fn get_account(r: &Reader, _: model::GetAccountRequest) -> Result<model::Account, Fault> {
    shape(r.store, r.scope())
}

pub fn update_account(w: &mut Writer, input: model::UpdateAccountRequest) -> Result<model::Account, Fault> {
    let scope = w.scope().clone();
    for patch in patch::read(input.patch_operations)? {
        match patch.parts().as_slice() {
            ["cloudwatchRoleArn"] => match patch.optional().filter(|role| !role.is_empty()) {
                Some(role) => LOG_ROLES.put(w.tx, &scope, "role", &role)?,
                None => drop(LOG_ROLES.delete(w.tx, &scope, "role")?),
            },
            ["features"] => {}
            _ => return Err(patch.refused()),
        }
    }
    shape(w.tx, &scope)
}

/// Whether a role is set that writes logs.
pub fn logs(read: &dyn Read, scope: &Scope) -> Result<bool, Fault> {
    Ok(LOG_ROLES.contains(read, scope, "role")?)
}

fn shape(read: &dyn Read, scope: &Scope) -> Result<model::Account, Fault> {
    Ok(model::Account {
        cloudwatch_role_arn: LOG_ROLES.get(read, scope, "role")?,
        throttle_settings: Some(model::ThrottleSettings {
            burst_limit: Some(BURST_LIMIT),
            rate_limit: Some(RATE_LIMIT),
        }),
        features: Some(vec!["UsagePlans".into()]),
        api_key_version: Some("4".into()),
    })
}
