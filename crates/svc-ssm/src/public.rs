//! AWS's public parameters: the ids of the images that everybody finds. Others that AWS publishes are not known here.

use kogumo_base::Arn;
use kogumo_door::Reader;
use kogumo_model::ssm::{PARAMETER_NOT_FOUND, Parameter as Answer};
use kogumo_wire::Fault;

use crate::name;

/// The parameter of that name.
///
/// # Errors
/// `ParameterNotFound`.
pub fn find(r: &Reader, name: &str) -> Result<Answer, Fault> {
    let image = kogumo_ami::of_parameter(name, r.caller.region()).ok_or_else(|| PARAMETER_NOT_FOUND.because(""))?;
    Ok(answer(r, name, image))
}

/// Those below a path, in the order of their names.
pub fn below(r: &Reader, path: &str, recursive: bool) -> Vec<Answer> {
    let mut found: Vec<Answer> = kogumo_ami::parameters(r.caller.region())
        .filter(|(name, _)| name::is_under(name, path, recursive))
        .map(|(name, image)| answer(r, name, image))
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn answer(r: &Reader, name: &str, image: String) -> Answer {
    let arn = Arn::new("ssm", r.caller.region(), "", format!("parameter{name}"));
    Answer {
        name: Some(name.to_owned()),
        type_: Some("String".into()),
        value: Some(image),
        version: Some(1),
        selector: None,
        source_result: None,
        last_modified_date: kogumo_base::Timestamp::parse_iso(kogumo_ami::CREATED),
        arn: Some(arn.to_string()),
        data_type: Some("aws:ec2:image".into()),
    }
}
