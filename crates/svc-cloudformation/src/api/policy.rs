//! What protects a stack, and signals to it.

use kogumo_door::{Reader, Writer};
use kogumo_model::cloudformation::*;
use kogumo_store::Key;
use kogumo_wire::{Fault, Unit};

use super::find;
use crate::record::{RESOURCES, SIGNALS, STACKS, uuid_of};
use crate::stack_policy;

pub fn get_stack_policy(r: &Reader, input: GetStackPolicyInput) -> Result<GetStackPolicyOutput, Fault> {
    let stack = find::existing(r.store, r.scope(), &input.stack_name)?;
    Ok(GetStackPolicyOutput { stack_policy_body: stack.policy })
}

pub fn set_stack_policy(w: &mut Writer, input: SetStackPolicyInput) -> Result<Unit, Fault> {
    if input.stack_policy_url.is_some() {
        return Err(Fault::not_implemented("SetStackPolicy with StackPolicyURL"));
    }
    let scope = w.scope().clone();
    let mut stack = find::existing(w.store(), &scope, &input.stack_name)?;
    let policy = input.stack_policy_body.unwrap_or_default();
    stack_policy::parse(&policy).map_err(Fault::validation)?;
    stack.policy = Some(policy);
    STACKS.put(w.tx, &scope, uuid_of(&stack.id), &stack)?;
    Ok(Unit)
}

pub fn update_termination_protection(
    w: &mut Writer,
    input: UpdateTerminationProtectionInput,
) -> Result<UpdateTerminationProtectionOutput, Fault> {
    let scope = w.scope().clone();
    let mut stack = find::bracketed(w.store(), &scope, &input.stack_name)?;
    if stack.parent.is_some() {
        return Err(Fault::validation(format!(
            "Termination protection cannot be changed on nested stack [{}]; change it on its root stack",
            stack.name
        )));
    }
    stack.termination_protection = input.enable_termination_protection;
    STACKS.put(w.tx, &scope, uuid_of(&stack.id), &stack)?;
    Ok(UpdateTerminationProtectionOutput { stack_id: Some(stack.id) })
}

pub fn signal_resource(w: &mut Writer, input: SignalResourceInput) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let stack = find::bracketed(w.store(), &scope, &input.stack_name)?;
    let of_resource = Key::new().str(uuid_of(&stack.id)).str(&input.logical_resource_id);
    let resource = RESOURCES.get(w.store(), &scope, of_resource.clone())?;
    if !resource.is_some_and(|resource| resource.status.ends_with("_IN_PROGRESS")) {
        return Err(Fault::validation(format!(
            "Resource {} is in an invalid state for signaling or does not exist",
            input.logical_resource_id
        )));
    }
    SIGNALS.put(w.tx, &scope, of_resource.str(&input.unique_id), &input.status)?;
    Ok(Unit)
}
