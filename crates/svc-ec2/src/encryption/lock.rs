//! Locks: what is found out of KMS, as the caller, before something encrypted is recorded.

use std::collections::BTreeMap;

use kogumo_door::Context;

use super::data_key::{lend_all, make};
use super::record::{Encryption, Grant};
use super::rules::{Refusal, Wish};
use crate::resource::Resource;
use crate::volume::Volume;

/// Something new that may have to be encrypted.
#[derive(Clone, Debug)]
pub struct Want {
    pub wish: Wish,
    /// How what it is made of is encrypted.
    pub source: Option<Encryption>,
    /// Whether it is made of anything: then that has to be read, and encrypted anew under another key.
    pub has_content: bool,
    /// Whether an instance uses it at once.
    pub is_used: bool,
}

/// The id that it will have, its encryption, and what EC2 was lent for it.
#[derive(Clone, Debug)]
pub struct Lock {
    pub id: String,
    pub encryption: Encryption,
    pub grants: Vec<Grant>,
}

/// By the instance's index and the device's name.
pub type Locks = BTreeMap<(i32, String), Lock>;

/// The lock for a volume or snapshot of that id; `None` for one in the clear.
///
/// # Errors
/// KMS refuses.
pub async fn lock(context: &Context, want: &Want, id: &str) -> Result<Option<Lock>, Refusal> {
    let refused = |fault| Refusal::of(&fault);
    let encryption = match (&want.wish, &want.source) {
        (Wish::Plain, _) | (Wish::Same, None) => return Ok(None),
        (Wish::Same, Some(source)) => source.clone(),
        (Wish::Key(key), _) => make(context, key, id).await.map_err(refused)?,
    };
    let anew = want.has_content && want.source.as_ref() != Some(&encryption);
    let own = Some(&encryption).filter(|_| anew || want.is_used);
    let source = want.source.as_ref().filter(|_| anew);
    let grants = lend_all(context, &[own, source], id).await.map_err(refused)?;
    Ok(Some(Lock { id: id.to_owned(), encryption, grants }))
}

/// Locks for the devices, by their names, of so many instances.
///
/// # Errors
/// KMS refuses: the instances will not start.
pub async fn of_launch(context: &Context, devices: &[(String, Want)], count: i32) -> Result<Locks, Refusal> {
    let mut locks = Locks::new();
    for index in 0..count {
        for (name, want) in devices {
            if let Some(lock) = lock(context, want, &Volume::KIND.new_id()).await? {
                locks.insert((index, name.clone()), lock);
            }
        }
    }
    Ok(locks)
}
