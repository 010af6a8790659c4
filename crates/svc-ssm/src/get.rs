//! The reads: one parameter, several, all under a path, all versions of one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_door::{Context, Reader};
use kogumo_model::ssm::{
    GetParameterHistoryRequest, GetParameterHistoryResult, GetParameterRequest, GetParameterResult,
    GetParametersByPathRequest, GetParametersByPathResult, GetParametersRequest, GetParametersResult,
    INVALID_NEXT_TOKEN, PARAMETER_NOT_FOUND, PARAMETER_VERSION_NOT_FOUND, Parameter as Answer, ParameterHistory,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::filter::{Filters, Operation};
use crate::name::{self, Reference, Selector};
use crate::record::{self, PARAMETERS, Parameter, Version};
use crate::{public, secret};

pub async fn get_parameter(cx: Context, input: GetParameterRequest) -> Result<GetParameterResult, Fault> {
    let mut parameter = cx.read(|r| find(r, &input.name))?;
    if input.with_decryption.unwrap_or_default() {
        reveal(&cx, [&mut parameter]).await?;
    }
    Ok(GetParameterResult { parameter: Some(parameter) })
}

pub async fn get_parameters(cx: Context, input: GetParametersRequest) -> Result<GetParametersResult, Fault> {
    let (mut found, invalid) = cx.read(|r| find_all(r, input.names))?;
    if input.with_decryption.unwrap_or_default() {
        reveal(&cx, &mut found).await?;
    }
    Ok(GetParametersResult { parameters: Some(found), invalid_parameters: Some(invalid) })
}

/// The parameters that are there, and the names of those that are not.
fn find_all(r: &Reader, names: Vec<String>) -> Result<(Vec<Answer>, Vec<String>), Fault> {
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match find(r, &name) {
            Ok(parameter) => found.push(parameter),
            Err(fault) if fault.is(&PARAMETER_NOT_FOUND) || fault.is(&PARAMETER_VERSION_NOT_FOUND) => {
                invalid.push(name)
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok((found, invalid))
}

/// Puts the values of secure strings in the place of their ciphertexts.
async fn reveal(cx: &Context, answers: impl IntoIterator<Item = &mut Answer>) -> Result<(), Fault> {
    for answer in answers {
        if answer.type_.as_deref() == Some("SecureString")
            && let (Some(arn), Some(sealed)) = (&answer.arn, &answer.value)
        {
            answer.value = Some(secret::open(cx, arn, sealed).await?);
        }
    }
    Ok(())
}

pub async fn get_parameters_by_path(
    cx: Context,
    input: GetParametersByPathRequest,
) -> Result<GetParametersByPathResult, Fault> {
    let decrypt = input.with_decryption.unwrap_or_default();
    let mut page = cx.read(|r| by_path(r, input))?;
    if decrypt {
        reveal(&cx, page.parameters.iter_mut().flatten()).await?;
    }
    Ok(page)
}

fn by_path(r: &Reader, input: GetParametersByPathRequest) -> Result<GetParametersByPathResult, Fault> {
    const PAGE: i32 = 10;
    if name::is_public(&input.path) || input.path.eq_ignore_ascii_case("/aws") {
        return public_by_path(r, input);
    }
    let path = name::path(&input.path)?;
    let filters = Filters::of(input.parameter_filters.as_deref().unwrap_or_default(), Operation::ByPath)?;
    let recursive = input.recursive.unwrap_or_default();
    // The parameters of `/` are all, also those whose names have no slash.
    let range = if path.is_empty() { Range::all() } else { Range::prefix(Key::open_str(&format!("{path}/"))) };
    let range = after(range, input.next_token.as_deref())?;
    let mut page = Page::new(input.max_results, PAGE);
    for row in PARAMETERS.scan(r.store, r.scope(), &range) {
        let (_, parameter) = row?;
        if !name::is_under(&parameter.name, path, recursive) {
            continue;
        }
        let Some(version) = filters.choose(r, &parameter)? else { continue };
        if !page.push(&parameter.name, || Ok(answer(r, &parameter, &version, None)))? {
            break;
        }
    }
    let (parameters, next_token) = page.finish();
    Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
}

/// A page of AWS's own parameters.
fn public_by_path(r: &Reader, input: GetParametersByPathRequest) -> Result<GetParametersByPathResult, Fault> {
    const PAGE: i32 = 10;
    let path = name::path(&input.path)?;
    let after = input.next_token.as_deref().map(decoded).transpose()?;
    let mut page = Page::new(input.max_results, PAGE);
    for answer in public::below(r, path, input.recursive.unwrap_or_default()) {
        let name = answer.name.clone().unwrap_or_default();
        if after.as_ref().is_none_or(|after| name > *after) && !page.push(&name, || Ok(answer))? {
            break;
        }
    }
    let (parameters, next_token) = page.finish();
    Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
}

pub async fn get_parameter_history(
    cx: Context,
    input: GetParameterHistoryRequest,
) -> Result<GetParameterHistoryResult, Fault> {
    let decrypt = input.with_decryption.unwrap_or_default();
    let mut page = cx.read(|r| versions_of(r, input))?;
    for version in page.parameters.iter_mut().flatten().filter(|_| decrypt) {
        if version.type_.as_deref() == Some("SecureString")
            && let (Some(name), Some(sealed)) = (&version.name, &version.value)
        {
            version.value = Some(secret::open(&cx, &record::arn(cx.scope(), name), sealed).await?);
        }
    }
    Ok(page)
}

fn versions_of(r: &Reader, input: GetParameterHistoryRequest) -> Result<GetParameterHistoryResult, Fault> {
    const PAGE: i32 = 50;
    let reference = name::reference(&input.name).filter(|reference| reference.selector == Selector::Latest);
    let parameter = reference.map(|reference| stored(r, &reference)).transpose()?.flatten();
    let parameter = parameter.ok_or_else(|| PARAMETER_NOT_FOUND.because(""))?;
    let after = match &input.next_token {
        Some(token) => decoded(token)?.parse().map_err(|_| bad_token())?,
        None => 0,
    };
    let mut page = Page::new(input.max_results, PAGE);
    for version in record::versions(r.store, r.scope(), &parameter.name, after)? {
        let number = version.number.to_string();
        if !page.push(&number, || Ok(history(&parameter, version)))? {
            break;
        }
    }
    let (parameters, next_token) = page.finish();
    Ok(GetParameterHistoryResult { parameters: Some(parameters), next_token })
}

fn history(parameter: &Parameter, version: Version) -> ParameterHistory {
    ParameterHistory {
        name: Some(parameter.name.clone()),
        key_id: version.secret_key().map(Into::into),
        value: Some(version.value),
        type_: Some(version.kind),
        last_modified_date: Some(version.modified),
        last_modified_user: Some(version.modified_by),
        description: version.description,
        allowed_pattern: version.allowed_pattern,
        version: Some(version.number),
        labels: Some(version.labels),
        tier: Some(version.tier.name().into()),
        policies: Some(version.policies.iter().map(|policy| policy.inline()).collect()),
        data_type: Some("text".into()),
    }
}

/// The version of a parameter that a request's `name:selector` or ARN means.
fn find(r: &Reader, text: &str) -> Result<Answer, Fault> {
    let Some(reference) = name::reference(text) else {
        return Err(Fault::validation(format!("Invalid parameter name or selector: {text}")));
    };
    if let Some(name) = reference.names.iter().find(|name| name::is_public(name)) {
        return public::find(r, name);
    }
    let parameter = stored(r, &reference)?.ok_or_else(|| PARAMETER_NOT_FOUND.because(""))?;
    let name = &parameter.name;
    let version = match &reference.selector {
        Selector::Latest => Some(record::latest(r.store, r.scope(), &parameter)?),
        Selector::Version(number) => record::version(r.store, r.scope(), name, *number)?,
        Selector::Label(label) => labelled(r, &parameter, label)?,
    };
    let version = version.ok_or_else(|| {
        let (kind, which) = match &reference.selector {
            Selector::Label(label) => ("label", label.clone()),
            Selector::Version(number) => ("version", number.to_string()),
            Selector::Latest => ("version", parameter.latest.to_string()),
        };
        PARAMETER_VERSION_NOT_FOUND.because(format!(
            "Systems Manager could not find {kind} {which} of parameter {name}. Verify the {kind} and try again."
        ))
    })?;
    Ok(answer(r, &parameter, &version, reference.selector_text))
}

/// The parameter that a reference means.
fn stored(r: &Reader, reference: &Reference) -> Result<Option<Parameter>, Fault> {
    for name in &reference.names {
        if let Some(parameter) = PARAMETERS.get(r.store, r.scope(), name.as_str())? {
            return Ok(Some(parameter));
        }
    }
    Ok(None)
}

/// The version that has a label.
pub fn labelled(r: &Reader, parameter: &Parameter, label: &str) -> Result<Option<Version>, Fault> {
    let versions = record::versions(r.store, r.scope(), &parameter.name, 0)?;
    Ok(versions.into_iter().find(|version| version.labels.iter().any(|own| own == label)))
}

/// A version as it is kept: a secret's value is its ciphertext.
fn answer(r: &Reader, parameter: &Parameter, version: &Version, selector: Option<String>) -> Answer {
    Answer {
        name: Some(parameter.name.clone()),
        type_: Some(version.kind.clone()),
        value: Some(version.value.clone()),
        version: Some(version.number),
        selector,
        source_result: None,
        last_modified_date: Some(version.modified),
        arn: Some(record::arn(r.scope(), &parameter.name)),
        data_type: Some("text".into()),
    }
}

// === Pages ===

/// A page of answers that knows where the next one begins.
pub struct Page<T> {
    limit: usize,
    items: Vec<T>,
    last: String,
    more: bool,
}

impl<T> Page<T> {
    pub fn new(asked: Option<i32>, most: i32) -> Page<T> {
        let limit = usize::try_from(asked.unwrap_or(most)).unwrap_or_default().max(1);
        Page { limit, items: Vec::new(), last: String::new(), more: false }
    }

    /// Adds an item that is found again by `key`; `false` when the page is full and there is more.
    pub fn push(&mut self, key: &str, item: impl FnOnce() -> Result<T, Fault>) -> Result<bool, Fault> {
        if self.items.len() >= self.limit {
            self.more = true;
            return Ok(false);
        }
        self.items.push(item()?);
        key.clone_into(&mut self.last);
        Ok(true)
    }

    /// The items, and the token of the next page.
    pub fn finish(self) -> (Vec<T>, Option<String>) {
        let token = self.more.then(|| BASE64_URL_SAFE_NO_PAD.encode(self.last));
        (self.items, token)
    }
}

/// The range behind the page that a token ended.
pub fn after(range: Range, token: Option<&str>) -> Result<Range, Fault> {
    match token {
        Some(token) => Ok(range.after(decoded(token)?.as_str())),
        None => Ok(range),
    }
}

fn decoded(token: &str) -> Result<String, Fault> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
    String::from_utf8(bytes).map_err(|_| bad_token())
}

fn bad_token() -> Fault {
    INVALID_NEXT_TOKEN.because("The specified token isn't valid.")
}
