//! Published versions: `PublishVersion`, `ListVersionsByFunction`.

use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_wire::Fault;

use crate::alias::sortable;
use crate::name::{LATEST, Target, function_arn};
use crate::page::page;
use crate::record::{self, FUNCTIONS, VERSIONS, Version, version_key};
use crate::{faults, view};

pub fn publish_version(w: &mut Writer, input: PublishVersionRequest) -> Result<FunctionConfiguration, Fault> {
    if input.publish_to.is_some() {
        return Err(Fault::not_implemented("PublishTo of a Lambda function"));
    }
    let target = Target::whole(w.scope(), &input.function_name)?;
    let latest = record::numbered(w.tx, &target, LATEST)?;
    faults::check_revision(input.revision_id.as_deref(), &latest.revision_id, "Function")?;
    if input.code_sha256.as_ref().is_some_and(|given| *given != latest.code.sha256) {
        let (given, latest) = (input.code_sha256.unwrap_or_default(), latest.code.sha256);
        return Err(faults::invalid(format!(
            "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({latest}). Please try again with the CodeSHA256 in $LATEST."
        )));
    }
    let published = publish(w, &target, input.description)?;
    Ok(view::configuration(&target.scope, &target.name, &published))
}

/// Publishes `$LATEST`. If it is what was published last, that version is answered, and none is made.
///
/// # Errors
/// Lambda's, if there is no such function.
pub fn publish(w: &mut Writer, target: &Target, description: Option<String>) -> Result<Version, Fault> {
    let mut function = record::function(w.tx, target)?;
    let latest = record::numbered(w.tx, target, LATEST)?;
    let last = VERSIONS.get(w.tx, &target.scope, version_key(&target.name, &function.last_version.to_string()))?;
    if let Some(last) = last.filter(|last| !last.is_latest() && same(last, &latest)) {
        return Ok(last);
    }
    function.last_version += 1;
    let mut version = Version {
        version: function.last_version.to_string(),
        revision_id: kogumo_base::uuid(),
        last_modified: latest.last_modified,
        ..latest
    };
    if let Some(description) = description {
        version.settings.description = description;
    }
    FUNCTIONS.put(w.tx, &target.scope, target.name.as_str(), &function)?;
    VERSIONS.put(w.tx, &target.scope, version_key(&target.name, &version.version), &version)?;
    Ok(version)
}

/// Whether two versions run the same. A description of one's own doesn't make another version.
fn same(one: &Version, other: &Version) -> bool {
    let mut settings = other.settings.clone();
    settings.description.clone_from(&one.settings.description);
    one.code == other.code && one.settings == settings
}

pub fn list_versions_by_function(
    r: &Reader,
    input: ListVersionsByFunctionRequest,
) -> Result<ListVersionsByFunctionResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    record::function(r.store, &target)?;
    let arn = function_arn(&target.scope, &target.name);
    let versions = record::versions(r.store, &target.scope, &target.name)?;
    let items = versions.iter().map(|version| {
        let mut shown = view::configuration(&target.scope, &target.name, version);
        shown.function_arn = Some(format!("{arn}:{}", version.version));
        (sortable(&version.version), shown)
    });
    let (versions, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListVersionsByFunctionResponse { next_marker, versions: Some(versions) })
}
