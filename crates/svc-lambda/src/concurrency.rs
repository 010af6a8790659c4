//! Reserved concurrency: how many invocations of a function may run at once.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Range, Read};
use kogumo_wire::{Fault, Unit};

use crate::faults;
use crate::name::Target;
use crate::record::{self, FUNCTIONS};

/// How many invocations of an account may run at once in a region: Lambda's usual quota.
pub const ACCOUNT_LIMIT: i32 = 1000;
/// How much of that can't be reserved.
const UNRESERVABLE: i32 = 100;

/// What all functions but `except` have reserved.
pub fn reserved(read: &dyn Read, scope: &Scope, except: &str) -> Result<i32, Fault> {
    let mut sum = 0;
    for row in FUNCTIONS.scan(read, scope, &Range::all()) {
        let function = row?.1;
        if function.name != except {
            sum += function.reserved_concurrency.unwrap_or(0);
        }
    }
    Ok(sum)
}

pub fn put_function_concurrency(w: &mut Writer, input: PutFunctionConcurrencyRequest) -> Result<Concurrency, Fault> {
    let target = Target::whole(w.scope(), &input.function_name)?;
    let mut function = record::function(w.tx, &target)?;
    let others = reserved(w.tx, &target.scope, &target.name)?;
    let asked = input.reserved_concurrent_executions;
    if ACCOUNT_LIMIT - others - asked < UNRESERVABLE {
        return Err(faults::invalid(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVABLE}]."
        )));
    }
    function.reserved_concurrency = Some(asked);
    FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), &function)?;
    Ok(Concurrency { reserved_concurrent_executions: Some(asked) })
}

pub fn get_function_concurrency(
    r: &Reader,
    input: GetFunctionConcurrencyRequest,
) -> Result<GetFunctionConcurrencyResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    let function = record::function(r.store, &target)?;
    Ok(GetFunctionConcurrencyResponse { reserved_concurrent_executions: function.reserved_concurrency })
}

pub fn delete_function_concurrency(w: &mut Writer, input: DeleteFunctionConcurrencyRequest) -> Result<Unit, Fault> {
    let target = Target::whole(w.scope(), &input.function_name)?;
    let mut function = record::function(w.tx, &target)?;
    function.reserved_concurrency = None;
    FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), &function)?;
    Ok(Unit)
}
