//! `DryRun`: the whole call happens, with all that it calls, and is taken back at its end.

use kogumo_wire::{Fault, Structure, model_json};

/// What a call that is only tried is answered with once it would have succeeded.
pub fn verdict(input: &dyn Structure) -> Option<Fault> {
    let members = input.shape().layout().members;
    let index = members.iter().position(|member| member.name == "DryRun")?;
    if !input.get(index).present() || model_json(input)["DryRun"] != true {
        return None;
    }
    let message = "Request would have succeeded, but DryRun flag is set.";
    Some(Fault::coded("DryRunOperation", 412, message))
}
