//! Layers: code that functions share.

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::code::{Code, CodeStore, UNPACKED_LIMIT};
use crate::location::Locations;
use crate::page::page;
use crate::record;
use crate::settings::MOST_LAYERS;
use crate::source::{self, Source};
use crate::{faults, layer_policy, view};

/// By name: the highest number given.
static LAYERS: Table<Layer> = Table::new("lambda/layer");
/// By name and number.
static LAYER_VERSIONS: Table<LayerVersion> = Table::new("lambda/layer-version");

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Layer {
    name: String,
    last_version: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LayerVersion {
    pub version: i64,
    description: Option<String>,
    license_info: Option<String>,
    compatible_runtimes: Option<Vec<String>>,
    compatible_architectures: Option<Vec<String>>,
    created: Timestamp,
    pub code: Code,
}

/// A layer's name out of a name or an ARN.
pub fn name_of(given: &str) -> String {
    match Arn::parse(given) {
        Some(arn) => arn.resource.split(':').nth(1).unwrap_or(given).to_owned(),
        None => given.to_owned(),
    }
}

fn arn_of(scope: &Scope, name: &str) -> String {
    Arn::new("lambda", &scope.region, &scope.account, format!("layer:{name}")).to_string()
}

fn key(name: &str, version: i64) -> Key {
    Key::new().str(name).i64(version)
}

/// Finds the layers that a function wants, in their order.
///
/// # Errors
/// Lambda's, for one that isn't there or too many.
pub fn resolve(r: &Reader, arns: &[String]) -> Result<Vec<record::Layer>, Fault> {
    if arns.len() > MOST_LAYERS {
        return Err(faults::invalid(format!("Cannot reference more than {MOST_LAYERS} layers.")));
    }
    let mut layers: Vec<record::Layer> = Vec::new();
    for arn in arns {
        let parsed = Arn::parse(arn).filter(|parsed| parsed.region == r.scope().region);
        let parts = parsed.as_ref().and_then(|parsed| parsed.resource.strip_prefix("layer:")?.rsplit_once(':'));
        let (Some(parsed), Some((name, version))) = (&parsed, parts) else {
            return Err(faults::invalid(format!("Layer version {arn} does not exist.")));
        };
        if layers.iter().any(|layer| layer.arn.rsplit_once(':').map(|at| at.0) == arn.rsplit_once(':').map(|at| at.0)) {
            return Err(faults::invalid(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. \
                 {arn} and {} are versions of the same layer.",
                arn_of(r.scope(), name)
            )));
        }
        let scope = Scope::new(&parsed.account, &parsed.region);
        let found = LAYER_VERSIONS.get(r.store, &scope, key(name, version.parse().unwrap_or(0)))?;
        let found = found.ok_or_else(|| faults::invalid(format!("Layer version {arn} does not exist.")))?;
        layers.push(record::Layer { arn: arn.clone(), code: found.code });
    }
    Ok(layers)
}

/// Whether a function with its layers is small enough.
///
/// # Errors
/// Lambda's, if not.
pub fn check_size(code: &Code, layers: &[record::Layer]) -> Result<(), Fault> {
    let actual = code.unpacked + layers.iter().map(|layer| layer.code.unpacked).sum::<u64>();
    if actual > UNPACKED_LIMIT {
        return Err(faults::invalid(format!(
            "Function code combined with layers exceeds the maximum allowed size of {UNPACKED_LIMIT} bytes. The actual size is {actual} bytes."
        )));
    }
    Ok(())
}

/// Every package that a layer's version needs: for sweeping.
pub fn codes(read: &dyn Read) -> Result<Vec<Code>, kogumo_base::Trouble> {
    LAYER_VERSIONS.scan_all_scopes(read).map(|row| Ok(row?.2.code)).collect()
}

pub async fn publish_layer_version(
    cx: Context,
    input: PublishLayerVersionRequest,
) -> Result<PublishLayerVersionResponse, Fault> {
    let name = name_of(&input.layer_name);
    let package = Source::from(&input.content).fetch(&cx).await?;
    let code = source::keep(&CodeStore::new(&cx.cloud.settings.data), package).await?;
    let made = cx.write(|w| {
        let scope = w.scope().clone();
        let mut layer =
            LAYERS.get(w.tx, &scope, name.as_str())?.unwrap_or_else(|| Layer { name: name.clone(), last_version: 0 });
        layer.last_version += 1;
        LAYERS.put(w.tx, &scope, name.as_str(), &layer)?;
        let made = LayerVersion {
            version: layer.last_version,
            description: input.description.clone(),
            license_info: input.license_info.clone(),
            compatible_runtimes: input.compatible_runtimes.clone(),
            compatible_architectures: input.compatible_architectures.clone(),
            created: w.now,
            code: code.clone(),
        };
        LAYER_VERSIONS.put(w.tx, &scope, key(&name, made.version), &made)?;
        Ok::<_, Fault>(made)
    })?;
    let got = cx.read(|r| full(r, &name, made))?;
    Ok(PublishLayerVersionResponse {
        content: got.content,
        layer_arn: got.layer_arn,
        layer_version_arn: got.layer_version_arn,
        description: got.description,
        created_date: got.created_date,
        version: got.version,
        compatible_architectures: got.compatible_architectures,
        compatible_runtimes: got.compatible_runtimes,
        license_info: got.license_info,
    })
}

fn full(r: &Reader, name: &str, version: LayerVersion) -> Result<GetLayerVersionResponse, Fault> {
    let location = r.cloud.part::<Locations>()?.give(&r.cloud.settings.endpoint(), &version.code.hex());
    let arn = arn_of(r.scope(), name);
    Ok(GetLayerVersionResponse {
        content: Some(LayerVersionContentOutput {
            location: Some(location),
            code_sha256: Some(version.code.sha256.clone()),
            code_size: i64::try_from(version.code.size).ok(),
            ..LayerVersionContentOutput::default()
        }),
        layer_version_arn: Some(format!("{arn}:{}", version.version)),
        layer_arn: Some(arn),
        description: Some(version.description.unwrap_or_default()),
        created_date: Some(view::moment(version.created)),
        version: Some(version.version),
        compatible_architectures: version.compatible_architectures,
        compatible_runtimes: version.compatible_runtimes,
        license_info: version.license_info,
    })
}

/// A layer's version.
///
/// # Errors
/// Lambda's, if there is none.
pub fn find(read: &dyn Read, scope: &Scope, name: &str, version: i64) -> Result<LayerVersion, Fault> {
    let found = LAYER_VERSIONS.get(read, scope, key(name, version))?;
    found.ok_or_else(|| faults::not_found("The resource you requested does not exist."))
}

pub fn get_layer_version(r: &Reader, input: GetLayerVersionRequest) -> Result<GetLayerVersionResponse, Fault> {
    let name = name_of(&input.layer_name);
    let found = find(r.store, r.scope(), &name, input.version_number)?;
    full(r, &name, found)
}

pub fn get_layer_version_by_arn(
    r: &Reader,
    input: GetLayerVersionByArnRequest,
) -> Result<GetLayerVersionResponse, Fault> {
    let version = input.arn.rsplit(':').next().and_then(|version| version.parse().ok()).unwrap_or(0);
    let name = name_of(&input.arn);
    let found = find(r.store, r.scope(), &name, version)?;
    full(r, &name, found)
}

/// An item of a list.
fn item(scope: &Scope, name: &str, version: LayerVersion) -> LayerVersionsListItem {
    LayerVersionsListItem {
        layer_version_arn: Some(format!("{}:{}", arn_of(scope, name), version.version)),
        version: Some(version.version),
        description: version.description,
        created_date: Some(view::moment(version.created)),
        compatible_architectures: version.compatible_architectures,
        compatible_runtimes: version.compatible_runtimes,
        license_info: version.license_info,
    }
}

/// The versions of a layer that fit, the newest first.
fn fitting(
    r: &Reader,
    name: &str,
    runtime: Option<&str>,
    architecture: Option<&str>,
) -> Result<Vec<LayerVersion>, Fault> {
    let fits = |list: &Option<Vec<String>>, wanted: Option<&str>| {
        wanted.is_none_or(|wanted| list.as_ref().is_some_and(|list| list.iter().any(|one| one == wanted)))
    };
    let mut found = Vec::new();
    for row in LAYER_VERSIONS.scan(r.store, r.scope(), &Range::prefix(Key::new().str(name)).reverse()) {
        let version = row?.1;
        if fits(&version.compatible_runtimes, runtime) && fits(&version.compatible_architectures, architecture) {
            found.push(version);
        }
    }
    Ok(found)
}

pub fn list_layer_versions(r: &Reader, input: ListLayerVersionsRequest) -> Result<ListLayerVersionsResponse, Fault> {
    let name = name_of(&input.layer_name);
    let versions = fitting(r, &name, input.compatible_runtime.as_deref(), input.compatible_architecture.as_deref())?;
    // Newest first: the marker has to grow as the numbers fall.
    let sortable = |version: &LayerVersion| format!("{:020}", i64::MAX - version.version);
    let items = versions.into_iter().map(|version| (sortable(&version), item(r.scope(), &name, version)));
    let (versions, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListLayerVersionsResponse { next_marker, layer_versions: Some(versions) })
}

pub fn list_layers(r: &Reader, input: ListLayersRequest) -> Result<ListLayersResponse, Fault> {
    let mut items = Vec::new();
    for row in LAYERS.scan(r.store, r.scope(), &Range::all()) {
        let name = row?.1.name;
        let fit = fitting(r, &name, input.compatible_runtime.as_deref(), input.compatible_architecture.as_deref())?;
        if let Some(newest) = fit.into_iter().next() {
            let shown = LayersListItem {
                layer_name: Some(name.clone()),
                layer_arn: Some(arn_of(r.scope(), &name)),
                latest_matching_version: Some(item(r.scope(), &name, newest)),
            };
            items.push((name, shown));
        }
    }
    let (layers, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListLayersResponse { next_marker, layers: Some(layers) })
}

/// A version that isn't there is deleted, too. Functions that use it keep it.
pub fn delete_layer_version(w: &mut Writer, input: DeleteLayerVersionRequest) -> Result<Unit, Fault> {
    let (scope, name) = (w.scope().clone(), name_of(&input.layer_name));
    LAYER_VERSIONS.delete(w.tx, &scope, key(&name, input.version_number))?;
    layer_policy::forget(w, &name, input.version_number)?;
    Ok(Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_layers() {
        assert_eq!(name_of("tools"), "tools");
        assert_eq!(name_of("arn:aws:lambda:us-east-1:123456789012:layer:tools"), "tools");
        assert_eq!(name_of("arn:aws:lambda:us-east-1:123456789012:layer:tools:3"), "tools");
    }
}
