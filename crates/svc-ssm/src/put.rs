//! PutParameter and the deletes.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ssm::{
    DeleteParameterRequest, DeleteParameterResult, DeleteParametersRequest, DeleteParametersResult,
    HIERARCHY_TYPE_MISMATCH_EXCEPTION, INVALID_ALLOWED_PATTERN_EXCEPTION, INVALID_KEY_ID, PARAMETER_ALREADY_EXISTS,
    PARAMETER_MAX_VERSION_LIMIT_EXCEEDED, PARAMETER_NOT_FOUND, PARAMETER_PATTERN_MISMATCH_EXCEPTION,
    PutParameterRequest, PutParameterResult,
};
use kogumo_store::timers;
use kogumo_wire::Fault;
use regex::Regex;

use crate::policy::{self, Policy};
use crate::record::{self, PARAMETERS, Parameter, Tier, Version};
use crate::{name, secret, tags};

/// A parameter keeps so many versions; the oldest goes when another comes.
const MOST_VERSIONS: i64 = 100;

pub async fn put_parameter(cx: Context, input: PutParameterRequest) -> Result<PutParameterResult, Fault> {
    // All is judged before KMS is asked, and once more when the value is there to be kept.
    let (parameter, version) = cx.read(|r| plan(r, &input))?;
    let sealed = match version.secret_key() {
        Some(key) => {
            let arn = record::arn(cx.scope(), &parameter.name);
            Some(secret::seal(&cx, key, &arn, &version.value, version.tier).await?)
        }
        None => None,
    };
    cx.write(|w| put(w, &input, sealed.as_deref()))
}

fn put(w: &mut Writer, input: &PutParameterRequest, sealed: Option<&str>) -> Result<PutParameterResult, Fault> {
    let scope = w.scope().clone();
    let (mut parameter, mut version) = plan(&w.reader(), input)?;
    make_room(w, &scope, &parameter)?;
    parameter.latest = version.number;
    if version.is_secret() {
        // Between the two looks it may have become one.
        let sealed = sealed.ok_or_else(|| Fault::from(Trouble::new("a secure string came without its ciphertext")))?;
        version.value = sealed.to_owned();
    }
    policy::schedule(w, &parameter.name, &version.policies)?;
    PARAMETERS.put(w.tx, &scope, parameter.name.as_str(), &parameter)?;
    record::put_version(w.tx, &scope, &parameter.name, &version)?;
    Ok(PutParameterResult { version: Some(version.number), tier: Some(version.tier.name().into()) })
}

/// The parameter as it was, but for its tags, and the version that a request makes, its value still open.
fn plan(r: &Reader, input: &PutParameterRequest) -> Result<(Parameter, Version), Fault> {
    let scope = r.scope();
    let name = input.name.trim().to_owned();
    name::check(&name)?;
    let old = PARAMETERS.get(r.store, scope, name.as_str())?;
    let overwrite = input.overwrite.unwrap_or_default();
    if old.is_some() && !overwrite {
        return Err(PARAMETER_ALREADY_EXISTS.because(
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        ));
    }
    if overwrite && input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        return Err(Fault::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    let before = old.as_ref().map(|old| record::latest(r.store, scope, old)).transpose()?;
    let version = new_version(r.now, &r.caller.principal.arn(), input, before.as_ref())?;
    let mut parameter = old.unwrap_or(Parameter { name, latest: 0, tags: Default::default() });
    tags::add(&mut parameter.tags, input.tags.clone().unwrap_or_default())?;
    Ok((parameter, version))
}

/// The version that a request makes after `before`, its value still open.
fn new_version(
    now: Timestamp,
    author: &str,
    input: &PutParameterRequest,
    before: Option<&Version>,
) -> Result<Version, Fault> {
    let kind = kind(input, before)?;
    if input.key_id.is_some() && kind != "SecureString" {
        return Err(Fault::validation("KeyId is required for SecureString type parameter only."));
    }
    if input.key_id.as_deref() == Some("") {
        return Err(INVALID_KEY_ID.because("The key ID is not valid."));
    }
    match input.data_type.as_deref() {
        None | Some("" | "text") => {}
        Some(other) => return Err(Fault::not_implemented(&format!("The data type {other} of a parameter"))),
    }
    let policies = match &input.policies {
        Some(text) => policy::read(text, now)?,
        None => before.map(|before| before.policies.clone()).unwrap_or_default(),
    };
    let tier = tier(input, before, &policies)?;
    let allowed_pattern = input.allowed_pattern.clone().or_else(|| before?.allowed_pattern.clone());
    check_value(&input.value, tier, allowed_pattern.as_deref())?;
    Ok(Version {
        number: before.map_or(1, |before| before.number.saturating_add(1)),
        kind,
        value: input.value.clone(),
        key: input.key_id.clone(),
        description: input.description.clone().or_else(|| before?.description.clone()),
        allowed_pattern: allowed_pattern.filter(|pattern| !pattern.is_empty()),
        tier,
        policies,
        labels: Vec::new(),
        modified: now,
        modified_by: author.to_owned(),
    })
}

fn kind(input: &PutParameterRequest, before: Option<&Version>) -> Result<String, Fault> {
    match (&input.type_, before) {
        (None, None) => Err(Fault::validation("A parameter type is required when you create a parameter.")),
        (None, Some(before)) => Ok(before.kind.clone()),
        (Some(kind), Some(before)) if *kind != before.kind => Err(HIERARCHY_TYPE_MISMATCH_EXCEPTION.because(
            "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a \
             parameter from a String type to a SecureString type. You must create a new, unique parameter.",
        )),
        (Some(kind), _) => Ok(kind.clone()),
    }
}

/// The tier that is asked for, or that is needed; an advanced parameter stays one.
fn tier(input: &PutParameterRequest, before: Option<&Version>, policies: &[Policy]) -> Result<Tier, Fault> {
    let was = before.map_or(Tier::Standard, |before| before.tier);
    let needs_advanced = input.value.chars().count() > Tier::Standard.longest_value() || !policies.is_empty();
    match (input.tier.as_deref(), was) {
        (Some("Standard"), Tier::Advanced) => Err(Fault::validation(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter \
             tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as \
             a standard parameter.",
        )),
        (_, Tier::Advanced) | (Some("Advanced"), _) => Ok(Tier::Advanced),
        (Some("Intelligent-Tiering"), _) if needs_advanced => Ok(Tier::Advanced),
        _ if !policies.is_empty() => Err(Fault::validation(
            "Parameter policies are supported only by the advanced-parameter tier. Upgrade the parameter to use the \
             advanced-parameter tier.",
        )),
        _ => Ok(Tier::Standard),
    }
}

fn check_value(value: &str, tier: Tier, pattern: Option<&str>) -> Result<(), Fault> {
    if value.is_empty() {
        return Err(Fault::validation(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        ));
    }
    if value.contains("{{") && value.contains("}}") {
        return Err(Fault::validation(format!(
            "Parameter value '{value}' can't nest another parameter. Do not use \"{{{{}}}}\" in the value."
        )));
    }
    let longest = tier.longest_value();
    if value.chars().count() > longest {
        let advice = match tier {
            Tier::Standard => {
                " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more \
                 information, see \
                 https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
            }
            Tier::Advanced => "",
        };
        let tier = tier.name();
        return Err(Fault::validation(format!(
            "{tier} tier parameters support a maximum parameter value of {longest} characters.{advice}"
        )));
    }
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return Ok(()) };
    let regex = Regex::new(pattern).map_err(|_| {
        INVALID_ALLOWED_PATTERN_EXCEPTION
            .because(format!("The allowed pattern is not a valid regular expression: {pattern}"))
    })?;
    match regex.is_match(value) {
        true => Ok(()),
        false => Err(PARAMETER_PATTERN_MISMATCH_EXCEPTION
            .because(format!("Parameter value, cannot be validated against allowedPattern: {pattern}"))),
    }
}

/// Removes the oldest version when there are as many as may be; one with a label cannot go.
fn make_room(w: &mut Writer, scope: &Scope, parameter: &Parameter) -> Result<(), Fault> {
    let oldest = parameter.latest.saturating_sub(MOST_VERSIONS - 1);
    if oldest < 1 {
        return Ok(());
    }
    let name = &parameter.name;
    match record::version(w.tx, scope, name, oldest)? {
        Some(version) if !version.labels.is_empty() => Err(PARAMETER_MAX_VERSION_LIMIT_EXCEEDED.because(format!(
            "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
             Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
             label to another version of the parameter, and try again."
        ))),
        _ => Ok(record::delete_version(w.tx, scope, name, oldest)?),
    }
}

pub fn delete_parameter(w: &mut Writer, input: DeleteParameterRequest) -> Result<DeleteParameterResult, Fault> {
    match delete(w, &input.name)? {
        true => Ok(DeleteParameterResult::default()),
        false => Err(PARAMETER_NOT_FOUND.because("")),
    }
}

pub fn delete_parameters(w: &mut Writer, input: DeleteParametersRequest) -> Result<DeleteParametersResult, Fault> {
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for name in input.names {
        let there = delete(w, &name)?;
        if there { &mut deleted } else { &mut invalid }.push(name);
    }
    Ok(DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(invalid) })
}

fn delete(w: &mut Writer, text: &str) -> Result<bool, Fault> {
    let scope = w.scope().clone();
    for name in name::reference(text).map(|reference| reference.names).unwrap_or_default() {
        if record::delete(w.tx, &scope, &name)? {
            timers::cancel(w.tx, policy::EXPIRY, &scope, name.as_str())?;
            return Ok(true);
        }
    }
    Ok(false)
}
