//! RetireGrant and RevokeGrant.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_model::kms::{NOT_FOUND_EXCEPTION, RetireGrantRequest, RevokeGrantRequest};
use kogumo_wire::{Fault, Unit};

use super::record::{GRANTS, place};
use super::token;
use crate::target;

pub fn retire_grant(w: &mut Writer, input: RetireGrantRequest) -> Result<Unit, Fault> {
    let (scope, key, grant) = match (input.grant_token, input.key_id, input.grant_id) {
        (Some(text), _, _) => token::read(&text).ok_or_else(token::invalid)?,
        (None, Some(key), Some(grant)) => {
            let target = target::write(w, &key)?;
            (target.scope, target.key.id, grant)
        }
        _ => {
            return Err(Fault::validation("Specify either a GrantToken, or both a GrantId and a KeyId."));
        }
    };
    take(w, &scope, &key, &grant)
}

pub fn revoke_grant(w: &mut Writer, input: RevokeGrantRequest) -> Result<Unit, Fault> {
    let target = target::write(w, &input.key_id)?;
    take(w, &target.scope, &target.key.id, &input.grant_id)
}

fn take(w: &mut Writer, scope: &Scope, key: &str, grant: &str) -> Result<Unit, Fault> {
    let gone = GRANTS.delete(w.tx, scope, place(key, grant))?;
    gone.map(|_| Unit).ok_or_else(|| NOT_FOUND_EXCEPTION.because(format!("Grant Id {grant} not found")))
}
