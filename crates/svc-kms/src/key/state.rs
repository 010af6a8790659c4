//! The states of keys and what each lets a key do; EnableKey and DisableKey.
//! Source: AWS KMS Developer Guide, "Key states of AWS KMS keys".

use kogumo_door::Writer;
use kogumo_model::kms::{DisableKeyRequest, EnableKeyRequest};
use kogumo_wire::{Fault, Unit};

use super::{Key, rotation};
use crate::{faults, target};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Enabled,
    Disabled,
    /// Material is still to be imported, or to be imported again.
    PendingImport,
    PendingDeletion,
    /// A primary key that goes once its replicas are gone.
    PendingReplicaDeletion,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Enabled => "Enabled",
            State::Disabled => "Disabled",
            State::PendingImport => "PendingImport",
            State::PendingDeletion => "PendingDeletion",
            State::PendingReplicaDeletion => "PendingReplicaDeletion",
        }
    }

    pub fn is_enabled(self) -> bool {
        self == State::Enabled
    }
}

impl Key {
    pub fn state(&self) -> State {
        match self {
            Key { deletion: Some(_), .. } => State::PendingDeletion,
            Key { waiting_days: Some(_), .. } => State::PendingReplicaDeletion,
            key if key.current().is_none() => State::PendingImport,
            Key { enabled: false, .. } => State::Disabled,
            _ => State::Enabled,
        }
    }

    /// Whether the key can work at all.
    ///
    /// # Errors
    /// Why not.
    pub fn check_usable(&self, arn: &str) -> Result<(), Fault> {
        match self.state() {
            State::Enabled => Ok(()),
            State::Disabled => Err(faults::disabled(arn)),
            State::PendingImport => Err(faults::invalid_state(arn, "is pending import")),
            State::PendingDeletion => Err(faults::invalid_state(arn, "is pending deletion")),
            State::PendingReplicaDeletion => Err(faults::invalid_state(arn, "is pending replica deletion")),
        }
    }

    /// Whether the key is not on its way out.
    ///
    /// # Errors
    /// It is pending deletion.
    pub fn check_alive(&self, arn: &str) -> Result<(), Fault> {
        match self.state() {
            State::PendingDeletion | State::PendingReplicaDeletion => self.check_usable(arn),
            State::Enabled | State::Disabled | State::PendingImport => Ok(()),
        }
    }
}

pub fn enable_key(w: &mut Writer, input: EnableKeyRequest) -> Result<Unit, Fault> {
    switch(w, &input.key_id, true)
}

pub fn disable_key(w: &mut Writer, input: DisableKeyRequest) -> Result<Unit, Fault> {
    switch(w, &input.key_id, false)
}

fn switch(w: &mut Writer, key: &str, enabled: bool) -> Result<Unit, Fault> {
    let mut target = target::write(w, key)?;
    target.refuse_managed()?;
    target.check_alive()?;
    if target.key.state() == State::PendingImport {
        return Err(faults::invalid_state(&target.arn(), "is pending import"));
    }
    target.key.enabled = enabled;
    rotation::catch_up(w, &target.scope.clone(), &mut target.key)?;
    target.put(w)?;
    Ok(Unit)
}
