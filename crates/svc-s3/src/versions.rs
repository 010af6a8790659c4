//! The versions of an object: which one is meant, what a new one does to the old ones, and what removing one brings back.

use kogumo_base::{Timestamp, Trouble, random_from};
use kogumo_store::{Range, Read, Transaction};
use kogumo_wire::Fault;

use crate::blobs;
use crate::faults;
use crate::record::{Bucket, CURRENT, EVERYWHERE, OLDER, Version, Versioning, object_key, version_key};

/// The id of what is written while versioning is not enabled.
pub const NULL: &str = "null";

/// The newest version of a key, which may be a delete marker.
pub fn current(read: &dyn Read, bucket: &str, key: &str) -> Result<Option<Version>, Trouble> {
    CURRENT.get(read, &EVERYWHERE, object_key(bucket, key))
}

/// The entity tag that conditional writes are judged by.
pub fn current_etag(read: &dyn Read, bucket: &str, key: &str) -> Result<Option<String>, Trouble> {
    Ok(current(read, bucket, key)?.filter(|version| !version.marker).map(|version| version.etag))
}

/// The version that a request means: the one with that id, or the newest.
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion`, `InvalidArgument`; `MethodNotAllowed` for a delete marker that is named by its id.
pub fn object(read: &dyn Read, bucket: &str, key: &str, id: Option<&str>) -> Result<Version, Fault> {
    let current = current(read, bucket, key)?;
    let Some(id) = id else {
        return current.filter(|version| !version.marker).ok_or_else(faults::no_such_key);
    };
    let found = match current {
        Some(version) if version.id == id => Some(version),
        _ => older(read, bucket, key, id)?,
    };
    match found {
        Some(version) if version.marker => Err(faults::method_not_allowed()),
        Some(version) => Ok(version),
        None => Err(missing(id)),
    }
}

/// A version that is not there; S3 tells an id that cannot be one apart.
fn missing(id: &str) -> Fault {
    if can_be(id) { faults::no_such_version() } else { faults::invalid_argument("Invalid version id specified") }
}

fn can_be(id: &str) -> bool {
    id == NULL || sequence_of(id).is_some()
}

/// The older versions of a key, the newest first.
pub fn all_older<'a>(
    read: &'a dyn Read,
    bucket: &str,
    key: &str,
) -> impl Iterator<Item = Result<Version, Trouble>> + use<'a> {
    let rows = OLDER.scan(read, &EVERYWHERE, &Range::prefix(object_key(bucket, key)));
    rows.map(|row| Ok(row?.1))
}

fn older(read: &dyn Read, bucket: &str, key: &str, id: &str) -> Result<Option<Version>, Trouble> {
    let mut versions = all_older(read, bucket, key);
    versions.find(|version| version.as_ref().map_or(true, |version| version.id == id)).transpose()
}

/// Makes a version the newest one of its key, as the bucket's versioning has it, and answers its id if the bucket
/// has (or had) versions at all.
pub fn put(tx: &mut Transaction, bucket: &Bucket, key: &str, version: &mut Version) -> Result<Option<String>, Trouble> {
    let name = bucket.name.as_str();
    let previous = current(tx, name, key)?;
    // S3's times are whole seconds everywhere, so that lists and headers agree.
    version.modified = Timestamp::from_seconds(version.modified.seconds());
    version.sequence = previous.as_ref().map_or(1, |previous| previous.sequence + 1);
    version.id = match bucket.versioning {
        Versioning::Enabled => new_id(version.sequence),
        Versioning::Never | Versioning::Suspended => NULL.to_owned(),
    };
    if let Some(previous) = previous {
        if previous.id == version.id {
            blobs::forget(tx, &previous.parts);
        } else {
            OLDER.put(tx, &EVERYWHERE, version_key(name, key, previous.sequence), &previous)?;
        }
    }
    if bucket.versioning == Versioning::Suspended
        && let Some(null) = older(tx, name, key, NULL)?
    {
        OLDER.delete(tx, &EVERYWHERE, version_key(name, key, null.sequence))?;
        blobs::forget(tx, &null.parts);
    }
    CURRENT.put(tx, &EVERYWHERE, object_key(name, key), version)?;
    Ok((bucket.versioning != Versioning::Never).then(|| version.id.clone()))
}

/// Writes a version back that has been changed in place (its tags, its lock).
pub fn replace(tx: &mut Transaction, bucket: &str, key: &str, version: &Version) -> Result<(), Trouble> {
    let is_current = current(tx, bucket, key)?.is_some_and(|current| current.sequence == version.sequence);
    if is_current {
        CURRENT.put(tx, &EVERYWHERE, object_key(bucket, key), version)
    } else {
        OLDER.put(tx, &EVERYWHERE, version_key(bucket, key, version.sequence), version)
    }
}

/// The characters of a version's id, which count in 64s, too.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
/// So many of an id's characters hold the version's sequence, so that a list can go on behind a version that is gone.
const COUNTING: usize = 10;

fn new_id(sequence: u64) -> String {
    let mut id = random_from(ALPHABET, 32 - COUNTING);
    let digit = |place: usize| (sequence >> (6 * place)) & 63;
    id.extend((0..COUNTING).filter_map(|place| ALPHABET.get(digit(place) as usize)).map(|digit| char::from(*digit)));
    id
}

/// The sequence of the version with that id, whether it is there or not; `None` for an id that [`new_id`] did not make.
pub fn sequence_of(id: &str) -> Option<u64> {
    let digits = id.as_bytes().get(32 - COUNTING..).filter(|_| id.len() == 32)?;
    digits.iter().rev().try_fold(0u64, |sum, digit| {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        sum.checked_mul(64)?.checked_add(value as u64)
    })
}

/// What a removal has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The version that is gone, or the delete marker that was put.
    pub id: Option<String>,
    /// Whether a marker was put or is gone.
    pub marker: bool,
}

/// Removes a key: for good, or under versioning by a delete marker.
pub fn remove(tx: &mut Transaction, bucket: &Bucket, key: &str, now: Timestamp) -> Result<Removed, Trouble> {
    if bucket.versioning != Versioning::Never {
        let mut marker = Version { marker: true, modified: now, ..Version::default() };
        return Ok(Removed { id: put(tx, bucket, key, &mut marker)?, marker: true });
    }
    if let Some(gone) = CURRENT.delete(tx, &EVERYWHERE, object_key(&bucket.name, key))? {
        blobs::forget(tx, &gone.parts);
    }
    Ok(Removed::default())
}

/// Removes one version for good. One that is not there is no error.
///
/// # Errors
/// `InvalidArgument` for an id that cannot be one.
/// `AccessDenied` for a version under retention or legal hold; `bypass` gets by a retention in governance mode.
pub fn remove_version(
    tx: &mut Transaction,
    bucket: &Bucket,
    key: &str,
    id: &str,
    bypass: bool,
    now: Timestamp,
) -> Result<Removed, Fault> {
    let name = bucket.name.as_str();
    let current = current(tx, name, key)?;
    let is_current = current.as_ref().is_some_and(|version| version.id == id);
    let found = if is_current { current } else { older(tx, name, key, id)? };
    let removed = Removed { id: Some(id.to_owned()), marker: found.as_ref().is_some_and(|version| version.marker) };
    let Some(version) = found else {
        return if can_be(id) { Ok(removed) } else { Err(missing(id)) };
    };
    if is_locked(&version, bypass, now) {
        return Err(faults::object_locked());
    }
    drop_version(tx, name, key, &version, is_current)?;
    Ok(removed)
}

/// Removes a version, the next older one takes its place.
fn drop_version(
    tx: &mut Transaction,
    bucket: &str,
    key: &str,
    version: &Version,
    is_current: bool,
) -> Result<(), Trouble> {
    if is_current {
        let next = all_older(tx, bucket, key).next().transpose()?;
        match next {
            Some(next) => {
                OLDER.delete(tx, &EVERYWHERE, version_key(bucket, key, next.sequence))?;
                CURRENT.put(tx, &EVERYWHERE, object_key(bucket, key), &next)?;
            }
            None => {
                CURRENT.delete(tx, &EVERYWHERE, object_key(bucket, key))?;
            }
        }
    } else {
        OLDER.delete(tx, &EVERYWHERE, version_key(bucket, key, version.sequence))?;
    }
    blobs::forget(tx, &version.parts);
    Ok(())
}

/// Whether a version may not be removed.
fn is_locked(version: &Version, bypass: bool, now: Timestamp) -> bool {
    let retained = version
        .retention
        .as_ref()
        .is_some_and(|retention| retention.until > now && !(bypass && retention.mode == "GOVERNANCE"));
    retained || version.legal_hold == Some(true)
}

#[cfg(test)]
mod tests {
    use kogumo_store::Store;

    use super::*;
    use crate::record::Retention;

    fn bucket(versioning: Versioning) -> Bucket {
        Bucket {
            name: "b".into(),
            owner: "000000000000".into(),
            region: "us-east-1".into(),
            created: Timestamp(0),
            versioning,
            object_lock: false,
            acl: None,
            encryption: None,
            has_lifecycle: false,
            has_notifications: false,
        }
    }

    fn write(store: &Store, versioning: Versioning, etag: &str) -> Option<String> {
        let version = Version { etag: etag.into(), ..Version::default() };
        store.write(|tx| put(tx, &bucket(versioning), "k", &mut version.clone())).expect("written")
    }

    fn etags(store: &Store) -> Vec<String> {
        let read = store.read();
        let newest = current(&read, "b", "k").expect("read").into_iter();
        newest
            .chain(all_older(&read, "b", "k").map(|version| version.expect("read")))
            .map(|version| version.etag)
            .collect()
    }

    fn erase(store: &Store, id: &str) -> Result<Removed, Fault> {
        let enabled = bucket(Versioning::Enabled);
        store.write(|tx| remove_version(tx, &enabled, "k", id, false, Timestamp(1000)))
    }

    #[test]
    fn versions_pile_up_only_while_enabled() {
        let store = Store::ephemeral().expect("a store");
        assert_eq!(write(&store, Versioning::Never, "1"), None);
        assert_eq!(write(&store, Versioning::Never, "2"), None);
        assert_eq!(etags(&store), ["2"]);
        let third = write(&store, Versioning::Enabled, "3").expect("an id");
        write(&store, Versioning::Enabled, "4");
        assert_eq!(etags(&store), ["4", "3", "2"]);
        assert_eq!(write(&store, Versioning::Suspended, "5").as_deref(), Some(NULL));
        assert_eq!(etags(&store), ["5", "4", "3"]);
        assert_eq!(object(&store.read(), "b", "k", Some(&third)).expect("found").etag, "3");
    }

    #[test]
    fn removing_the_newest_brings_the_next_back() {
        let store = Store::ephemeral().expect("a store");
        write(&store, Versioning::Enabled, "1");
        write(&store, Versioning::Enabled, "2");
        let enabled = bucket(Versioning::Enabled);
        let removed = store.write(|tx| remove(tx, &enabled, "k", Timestamp(5))).expect("removed");
        assert!(removed.marker);
        assert!(object(&store.read(), "b", "k", None).is_err());
        let marker = removed.id.expect("an id");
        assert!(object(&store.read(), "b", "k", Some(&marker)).is_err());
        assert!(erase(&store, &marker).expect("removed").marker);
        assert_eq!(object(&store.read(), "b", "k", None).expect("back again").etag, "2");
        let second = current(&store.read(), "b", "k").expect("read").expect("there").id;
        erase(&store, &second).expect("removed");
        assert_eq!(etags(&store), ["1"]);
        let nobodys = new_id(7);
        assert_eq!(erase(&store, &nobodys).expect("no error").id, Some(nobodys));
        assert!(erase(&store, "nonesuch").is_err());
    }

    #[test]
    fn ids_tell_their_place() {
        for sequence in [0, 1, 63, 64, 1 << 40] {
            assert_eq!(new_id(sequence).len(), 32);
            assert_eq!(sequence_of(&new_id(sequence)), Some(sequence));
        }
        assert_eq!(sequence_of(NULL), None);
        assert_eq!(sequence_of("日本"), None);
    }

    #[test]
    fn locked_versions_stay() {
        let store = Store::ephemeral().expect("a store");
        let enabled = bucket(Versioning::Enabled);
        let until = |mode: &str, until| Some(Retention { mode: mode.into(), until: Timestamp(until) });
        let locked = |retention, legal_hold, bypass| {
            let version = Version { retention, legal_hold, ..Version::default() };
            let id = store.write(|tx| put(tx, &enabled, "k", &mut version.clone())).expect("written").expect("an id");
            store.write(|tx| remove_version(tx, &enabled, "k", &id, bypass, Timestamp(1000))).is_err()
        };
        assert!(locked(until("COMPLIANCE", 2000), None, true));
        assert!(locked(until("GOVERNANCE", 2000), None, false));
        assert!(!locked(until("GOVERNANCE", 2000), None, true));
        assert!(!locked(until("COMPLIANCE", 500), None, false));
        assert!(locked(None, Some(true), true));
        assert!(!locked(None, Some(false), false));
    }
}
