//! What an account has and may have, and what a function has none of.

use kogumo_door::Reader;
use kogumo_model::lambda::*;
use kogumo_wire::Fault;

use crate::code::{INLINE_LIMIT, UNPACKED_LIMIT};
use crate::concurrency::{ACCOUNT_LIMIT, reserved};
use crate::name::Target;
use crate::record::{self, FUNCTIONS, VERSIONS};
use kogumo_store::Range;

/// Bytes of code that an account may keep in a region: Lambda's usual quota.
const CODE_LIMIT: i64 = 80_530_636_800;

pub fn get_account_settings(
    r: &Reader,
    _input: GetAccountSettingsRequest,
) -> Result<GetAccountSettingsResponse, Fault> {
    let functions = FUNCTIONS.scan(r.store, r.scope(), &Range::all()).count();
    let mut size = 0;
    for row in VERSIONS.scan(r.store, r.scope(), &Range::all()) {
        size += i64::try_from(row?.1.code.size).unwrap_or(0);
    }
    let unreserved = ACCOUNT_LIMIT - reserved(r.store, r.scope(), "")?;
    Ok(GetAccountSettingsResponse {
        account_limit: Some(AccountLimit {
            total_code_size: Some(CODE_LIMIT),
            code_size_unzipped: i64::try_from(UNPACKED_LIMIT).ok(),
            code_size_zipped: i64::try_from(INLINE_LIMIT).ok(),
            concurrent_executions: Some(ACCOUNT_LIMIT),
            unreserved_concurrent_executions: Some(unreserved),
        }),
        account_usage: Some(AccountUsage {
            total_code_size: Some(size),
            function_count: i64::try_from(functions).ok(),
        }),
    })
}

/// No function has one: functions that ask for a signed package are refused.
pub fn get_function_code_signing_config(
    r: &Reader,
    input: GetFunctionCodeSigningConfigRequest,
) -> Result<GetFunctionCodeSigningConfigResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    record::function(r.store, &target)?;
    Ok(GetFunctionCodeSigningConfigResponse {
        function_name: target.name,
        ..GetFunctionCodeSigningConfigResponse::default()
    })
}

/// Every function runs on the interpreter that is there, so a newer one is used as soon as it is.
pub fn get_runtime_management_config(
    r: &Reader,
    input: GetRuntimeManagementConfigRequest,
) -> Result<GetRuntimeManagementConfigResponse, Fault> {
    let target = Target::parse(r.scope(), &input.function_name, input.qualifier.as_deref())?;
    record::version(r.store, &target)?;
    Ok(GetRuntimeManagementConfigResponse {
        update_runtime_on: Some("Auto".to_owned()),
        function_arn: Some(target.arn()),
        runtime_version_arn: None,
    })
}
