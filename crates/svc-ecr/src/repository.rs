//! Repositories.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ecr::*;
use kogumo_policy::Renaming;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::tags;

/// By name.
static REPOSITORIES: Table<Record> = Table::new("ecr/repository");

#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    created: Timestamp,
    /// `MUTABLE` or `IMMUTABLE`, or one of them with exclusions: what tags of images will obey.
    mutability: String,
    /// Filter type and filter.
    exclusions: Vec<(String, String)>,
    scan_on_push: bool,
    /// Type and key.
    encryption: (String, Option<String>),
    pub policy: Option<String>,
    pub lifecycle: Option<String>,
    pub tags: BTreeMap<String, String>,
}

fn find(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<Record>, Fault> {
    Ok(REPOSITORIES.get(read, scope, name)?)
}

/// # Errors
/// RepositoryNotFoundException
pub fn get(read: &dyn Read, scope: &Scope, name: &str) -> Result<Record, Fault> {
    find(read, scope, name)?.ok_or_else(|| {
        REPOSITORY_NOT_FOUND_EXCEPTION.because(format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            scope.account
        ))
    })
}

/// Changes a repository: `change` gets it and may refuse.
pub fn update(
    w: &mut Writer,
    name: &str,
    change: impl FnOnce(&mut Record) -> Result<(), Fault>,
) -> Result<Record, Fault> {
    let scope = w.scope().clone();
    let mut record = get(w.store(), &scope, name)?;
    change(&mut record)?;
    REPOSITORIES.put(w.tx, &scope, name, &record)?;
    Ok(record)
}

pub fn arn(scope: &Scope, name: &str) -> String {
    Arn::new("ecr", &scope.region, &scope.account, format!("repository/{name}")).to_string()
}

fn shown(record: &Record, scope: &Scope) -> Repository {
    let filters = record.exclusions.iter().map(|(filter_type, filter)| ImageTagMutabilityExclusionFilter {
        filter_type: filter_type.clone(),
        filter: filter.clone(),
    });
    Repository {
        repository_arn: Some(arn(scope, &record.name)),
        registry_id: Some(scope.account.clone()),
        repository_uri: Some(format!("{}.dkr.ecr.{}.amazonaws.com/{}", scope.account, scope.region, record.name)),
        repository_name: Some(record.name.clone()),
        created_at: Some(record.created),
        image_tag_mutability: Some(record.mutability.clone()),
        image_tag_mutability_exclusion_filters: (!record.exclusions.is_empty()).then(|| filters.collect()),
        image_scanning_configuration: Some(ImageScanningConfiguration { scan_on_push: Some(record.scan_on_push) }),
        encryption_configuration: Some(EncryptionConfiguration {
            encryption_type: record.encryption.0.clone(),
            kms_key: record.encryption.1.clone(),
        }),
    }
}

fn pairs(filters: Option<Vec<ImageTagMutabilityExclusionFilter>>) -> Vec<(String, String)> {
    filters.unwrap_or_default().into_iter().map(|filter| (filter.filter_type, filter.filter)).collect()
}

pub fn create_repository(w: &mut Writer, input: CreateRepositoryRequest) -> Result<CreateRepositoryResponse, Fault> {
    let scope = w.scope().clone();
    let name = input.repository_name;
    if find(w.store(), &scope, &name)?.is_some() {
        let message =
            format!("The repository with name '{name}' already exists in the registry with id '{}'", scope.account);
        return Err(REPOSITORY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    let scanning = input.image_scanning_configuration.and_then(|scanning| scanning.scan_on_push);
    let encryption = input.encryption_configuration.map(|encryption| (encryption.encryption_type, encryption.kms_key));
    let record = Record {
        created: Timestamp::from_seconds(w.now.seconds()),
        mutability: input.image_tag_mutability.unwrap_or_else(|| "MUTABLE".into()),
        exclusions: pairs(input.image_tag_mutability_exclusion_filters),
        scan_on_push: scanning.unwrap_or(false),
        encryption: encryption.unwrap_or_else(|| ("AES256".into(), None)),
        policy: None,
        lifecycle: None,
        tags: tags::made(input.tags),
        name,
    };
    REPOSITORIES.put(w.tx, &scope, record.name.as_str(), &record)?;
    Ok(CreateRepositoryResponse { repository: Some(shown(&record, &scope)) })
}

pub fn describe_repositories(
    r: &Reader,
    input: DescribeRepositoriesRequest,
) -> Result<DescribeRepositoriesResponse, Fault> {
    const MOST: usize = 100;
    let scope = r.scope();
    if let Some(names) = input.repository_names {
        let named = names.iter().map(|name| Ok(shown(&get(r.store, scope, name)?, scope)));
        return Ok(DescribeRepositoriesResponse {
            repositories: Some(named.collect::<Result<_, Fault>>()?),
            next_token: None,
        });
    }
    let range = match &input.next_token {
        Some(token) => Range::all().after(position(token)?),
        None => Range::all(),
    };
    let most = input.max_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST);
    let rows: Vec<(Key, Record)> =
        REPOSITORIES.scan(r.store, scope, &range).take(most + 1).collect::<Result<_, _>>()?;
    let more = rows.len() > most;
    let page = &rows[..rows.len().min(most)];
    let token = page.last().filter(|_| more).map(|(key, _)| URL_SAFE.encode(key.as_bytes()));
    let repositories = page.iter().map(|(_, record)| shown(record, scope)).collect();
    Ok(DescribeRepositoriesResponse { repositories: Some(repositories), next_token: token })
}

/// The key that an earlier page ended with.
fn position(token: &str) -> Result<Key, Fault> {
    let bytes = URL_SAFE.decode(token).map_err(|_| INVALID_PARAMETER_EXCEPTION.because("Invalid token"))?;
    Ok(Key::from_encoded(bytes))
}

pub fn delete_repository(w: &mut Writer, input: DeleteRepositoryRequest) -> Result<DeleteRepositoryResponse, Fault> {
    let scope = w.scope().clone();
    let record = get(w.store(), &scope, &input.repository_name)?;
    REPOSITORIES.delete(w.tx, &scope, input.repository_name.as_str())?;
    Ok(DeleteRepositoryResponse { repository: Some(shown(&record, &scope)) })
}

/// Nothing can be pushed yet, so there is nothing in a repository.
pub fn list_images(r: &Reader, input: ListImagesRequest) -> Result<ListImagesResponse, Fault> {
    get(r.store, r.scope(), &input.repository_name)?;
    Ok(ListImagesResponse { image_ids: Some(Vec::new()), next_token: None })
}

pub fn put_image_tag_mutability(
    w: &mut Writer,
    input: PutImageTagMutabilityRequest,
) -> Result<PutImageTagMutabilityResponse, Fault> {
    let record = update(w, &input.repository_name, |record| {
        record.mutability = input.image_tag_mutability;
        record.exclusions = pairs(input.image_tag_mutability_exclusion_filters);
        Ok(())
    })?;
    let shown = shown(&record, w.scope());
    Ok(PutImageTagMutabilityResponse {
        registry_id: shown.registry_id,
        repository_name: shown.repository_name,
        image_tag_mutability: shown.image_tag_mutability,
        image_tag_mutability_exclusion_filters: shown.image_tag_mutability_exclusion_filters,
    })
}

pub fn put_image_scanning_configuration(
    w: &mut Writer,
    input: PutImageScanningConfigurationRequest,
) -> Result<PutImageScanningConfigurationResponse, Fault> {
    let record = update(w, &input.repository_name, |record| {
        record.scan_on_push = input.image_scanning_configuration.scan_on_push.unwrap_or(false);
        Ok(())
    })?;
    let shown = shown(&record, w.scope());
    Ok(PutImageScanningConfigurationResponse {
        registry_id: shown.registry_id,
        repository_name: shown.repository_name,
        image_scanning_configuration: shown.image_scanning_configuration,
    })
}

/// Changes the name of a principal in all repositories' policies.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, name, mut record) in REPOSITORIES.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        let Some(policy) = record.policy.as_deref().and_then(|text| renaming.document(text)) else { continue };
        record.policy = Some(policy);
        REPOSITORIES.put(tx, &scope, name, &record)?;
    }
    Ok(())
}
