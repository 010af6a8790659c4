//! ListObjectVersions.

use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::s3;
use kogumo_wire::Fault;

use crate::list::{self, Encoding};
use crate::listing::{self, Position, Query};
use crate::record::{CURRENT, EVERYWHERE, Version};
use crate::{access, bucket, describe, faults, versions};

pub fn list_object_versions(
    cx: &Reader,
    input: s3::ListObjectVersionsRequest,
) -> Result<s3::ListObjectVersionsOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let encoding = Encoding::new(input.encoding_type.as_deref())?;
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let version_marker = input.version_id_marker.as_deref().filter(|id| !id.is_empty());
    if version_marker.is_some() && key_marker.is_empty() {
        return Err(faults::invalid_argument("A version-id marker cannot be specified without a key marker."));
    }
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        max: list::max(input.max_keys)?,
        marker: key_marker,
    };
    let page = listing::page(&query, |position| {
        let rest = match (position, version_marker) {
            (Position::Start, Some(id)) => rest_of_key(cx, &bucket.name, query.prefix, key_marker, id),
            _ => Vec::new(),
        };
        let range = list::range(&bucket.name, query.prefix, query.marker, position);
        let name = bucket.name.as_str();
        let rows = CURRENT.scan(cx.store, &EVERYWHERE, &range);
        rest.into_iter().chain(rows.flat_map(move |row| all_versions(cx, name, row)))
    })?;
    let owner = bucket::owner(&bucket.owner);
    let (mut shown, mut markers) = (Vec::new(), Vec::new());
    for (key, (version, is_latest)) in &page.entries {
        if version.marker {
            markers.push(s3::DeleteMarkerEntry {
                owner: Some(owner.clone()),
                key: Some(encoding.apply(key)),
                version_id: Some(version.id.clone()),
                is_latest: Some(*is_latest),
                last_modified: Some(version.modified),
            });
        } else {
            shown.push(s3::ObjectVersion {
                e_tag: describe::quoted(&version.etag),
                checksum_algorithm: version.checksum.as_ref().map(|sum| vec![sum.algorithm.clone()]),
                checksum_type: version.checksum.as_ref().map(|sum| sum.kind().to_owned()),
                size: i64::try_from(version.size).ok(),
                storage_class: describe::listed_storage_class(&version.described),
                key: Some(encoding.apply(key)),
                version_id: Some(version.id.clone()),
                is_latest: Some(*is_latest),
                last_modified: Some(version.modified),
                owner: Some(owner.clone()),
                restore_status: None,
            });
        }
    }
    let last = page.last().filter(|_| page.truncated).map(str::to_owned);
    let last_entry = page.entries.last().filter(|(key, _)| Some(key) == last.as_ref());
    Ok(s3::ListObjectVersionsOutput {
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.apply(key_marker)),
        version_id_marker: Some(version_marker.unwrap_or_default().to_owned()),
        next_key_marker: last.as_deref().map(|last| encoding.apply(last)),
        next_version_id_marker: last_entry.map(|(_, (version, _))| version.id.clone()),
        versions: Some(shown),
        delete_markers: Some(markers),
        common_prefixes: Some(list::common_prefixes(&page, &encoding)),
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(query.prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| encoding.apply(delimiter)),
        max_keys: i32::try_from(query.max).ok(),
        encoding_type: input.encoding_type.clone(),
        ..Default::default()
    })
}

/// A version under its key, and whether it is the newest.
type Entry = Result<(String, (Version, bool)), Trouble>;

/// All versions of the key of a row of current versions, the newest first.
fn all_versions<'a>(
    cx: &'a Reader,
    bucket: &str,
    row: Result<(kogumo_store::Key, Version), Trouble>,
) -> Box<dyn Iterator<Item = Entry> + 'a> {
    let current = row.and_then(|(key, version)| Ok((list::name_of(&key)?, version)));
    match current {
        Err(trouble) => Box::new(std::iter::once(Err(trouble))),
        Ok((key, version)) => {
            let older = versions::all_older(cx.store, bucket, &key);
            let first = std::iter::once(Ok((key.clone(), (version, true))));
            Box::new(first.chain(older.map(move |version| Ok((key.clone(), (version?, false))))))
        }
    }
}

/// The versions of the marker's key that are older than the marker's version, which may be gone by now.
fn rest_of_key(cx: &Reader, bucket: &str, prefix: &str, key: &str, id: &str) -> Vec<Entry> {
    let rest = || {
        let current = versions::current(cx.store, bucket, key)?;
        let newest = current.as_ref().map(|version| version.sequence);
        let older = versions::all_older(cx.store, bucket, key);
        let all: Vec<_> = current.into_iter().map(Ok).chain(older).collect::<Result<_, Trouble>>()?;
        let marker = all.iter().find(|version| version.id == id).map(|version| version.sequence);
        // A `null` version that is gone tells nothing: better shown twice than not at all.
        let before = marker.or_else(|| versions::sequence_of(id)).unwrap_or(u64::MAX);
        Ok(all
            .into_iter()
            .filter(|version| version.sequence < before)
            .map(|version| {
                let is_latest = Some(version.sequence) == newest;
                Ok((key.to_owned(), (version, is_latest)))
            })
            .collect())
    };
    if key.starts_with(prefix) { rest().unwrap_or_else(|trouble| vec![Err(trouble)]) } else { Vec::new() }
}
