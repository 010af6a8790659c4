//! Labels: names for versions. One version of a parameter has a label at a time; it moves when another gets it.
//! Source: "Working with parameter labels", Systems Manager User Guide.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_model::ssm::{
    LabelParameterVersionRequest, LabelParameterVersionResult, PARAMETER_NOT_FOUND,
    PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED, PARAMETER_VERSION_NOT_FOUND, UnlabelParameterVersionRequest,
    UnlabelParameterVersionResult,
};
use kogumo_wire::Fault;

use crate::record::{self, PARAMETERS, Version};

/// A version has at most so many.
const MOST: usize = 10;

pub fn label_parameter_version(
    w: &mut Writer,
    input: LabelParameterVersionRequest,
) -> Result<LabelParameterVersionResult, Fault> {
    let scope = w.scope().clone();
    let name = input.name.as_str();
    let parameter = PARAMETERS.get(w.tx, &scope, name)?.ok_or_else(|| PARAMETER_NOT_FOUND.because(""))?;
    let number = input.parameter_version.unwrap_or(parameter.latest);
    let mut version = find(w, &scope, name, number)?;
    let (valid, invalid): (Vec<String>, Vec<String>) = input.labels.into_iter().partition(|label| is_valid(label));
    for label in &valid {
        if !version.labels.contains(label) {
            version.labels.push(label.clone());
        }
    }
    if version.labels.len() > MOST {
        return Err(PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED.because(
            "An error occurred (ParameterVersionLabelLimitExceeded) when calling the LabelParameterVersion operation: A \
             parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
        ));
    }
    for mut other in record::versions(w.tx, &scope, name, 0)? {
        let had = other.labels.len();
        other.labels.retain(|label| !valid.contains(label));
        if other.number != number && other.labels.len() != had {
            record::put_version(w.tx, &scope, name, &other)?;
        }
    }
    record::put_version(w.tx, &scope, name, &version)?;
    Ok(LabelParameterVersionResult { invalid_labels: Some(invalid), parameter_version: Some(number) })
}

pub fn unlabel_parameter_version(
    w: &mut Writer,
    input: UnlabelParameterVersionRequest,
) -> Result<UnlabelParameterVersionResult, Fault> {
    let scope = w.scope().clone();
    let name = input.name.as_str();
    if !PARAMETERS.contains(w.tx, &scope, name)? {
        return Err(PARAMETER_NOT_FOUND.because(""));
    }
    let mut version = find(w, &scope, name, input.parameter_version)?;
    let (removed, invalid): (Vec<String>, Vec<String>) =
        input.labels.into_iter().partition(|label| version.labels.contains(label));
    version.labels.retain(|label| !removed.contains(label));
    record::put_version(w.tx, &scope, name, &version)?;
    Ok(UnlabelParameterVersionResult { removed_labels: Some(removed), invalid_labels: Some(invalid) })
}

fn find(w: &Writer, scope: &Scope, name: &str, number: i64) -> Result<Version, Fault> {
    record::version(w.tx, scope, name, number)?.ok_or_else(|| {
        PARAMETER_VERSION_NOT_FOUND.because(format!(
            "Systems Manager could not find version {number} of {name}. Verify the version and try again."
        ))
    })
}

/// Letters, digits, `.`, `-`, `_`; not beginning with a digit, `aws` or `ssm`.
fn is_valid(label: &str) -> bool {
    let lower = label.to_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    label.chars().all(fits)
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}
