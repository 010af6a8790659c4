//! The steps of the reconciler that open encrypted volumes: by what EC2 was lent, through KMS.

use kogumo_base::{Scope, Trouble};
use tokio::runtime::Handle;

use super::steps::{Done, Work};
use super::storage::Keys;
use crate::encryption::{self, Encryption, Grant, Key, Refusal};
use crate::volume::Volume;

impl Work {
    fn open(&self, scope: &Scope, encryption: &Encryption, user: &str) -> Result<Key, Refusal> {
        let opened = encryption::open(&self.cloud, &scope.account, encryption, user);
        Handle::current().block_on(opened).map_err(|fault| Refusal::of(&fault))
    }

    /// What a copy takes that is encrypted otherwise than what it is of; nothing if it is as that is.
    pub(super) fn keys(
        &self,
        scope: &Scope,
        user: &str,
        (source, own): (Option<&Encryption>, Option<&Encryption>),
    ) -> Result<Option<Keys>, Refusal> {
        if source == own {
            return Ok(None);
        }
        let open = |one: &Encryption| self.open(scope, one, user);
        Ok(Some(Keys { source: source.map(open).transpose()?, own: own.map(open).transpose()? }))
    }

    /// Makes the devices of volumes that are encrypted, where they are not there.
    pub(super) fn unlock(&self, scope: &Scope, volumes: &[Volume]) -> Result<Result<(), Refusal>, Trouble> {
        for volume in volumes {
            let Some(encryption) = volume.encryption.as_ref().filter(|_| self.files.device(&volume.id).is_none())
            else {
                continue;
            };
            match self.open(scope, encryption, &volume.id) {
                Ok(key) => self.files.unlock(&volume.id, &key)?,
                Err(refusal) => return Ok(Err(refusal)),
            };
        }
        Ok(Ok(()))
    }

    /// Gives back what EC2 was lent.
    pub(super) fn retire(&self, scope: &Scope, user: &str, grants: &[Grant]) {
        if !grants.is_empty() {
            Handle::current().block_on(encryption::retire(&self.cloud, &scope.account, user, grants));
        }
    }

    /// A volume that cannot be made, since KMS refuses its key.
    pub(super) fn refuse(&self, scope: &Scope, volume: &Volume, refusal: &Refusal) -> Result<Done, Trouble> {
        tracing::warn!("{} cannot be made: {}", volume.id, refusal.why);
        match &volume.attachment {
            None => self.remove_volume(scope, volume),
            Some(held) => self.fail_launch(scope, &held.instance, refusal),
        }
    }
}
