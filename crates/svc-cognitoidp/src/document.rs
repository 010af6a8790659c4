//! Settings as they are kept: AWS's own members by AWS's names, so that what is described is what was set.

use kogumo_base::Trouble;
use kogumo_wire::{Checks, Structure, from_model_json, model_json};
use serde_json::{Map, Value};

/// The members of a structure that are set.
pub fn of(structure: &dyn Structure) -> Map<String, Value> {
    match model_json(structure) {
        Value::Object(mut members) => {
            members.retain(|_, value| !value.is_null());
            members
        }
        _ => Map::new(),
    }
}

/// A structure out of its members; those that it does not have are passed over.
///
/// # Errors
/// Members that do not fit: they were written by another version of us.
pub fn into<S: Structure + Default>(members: Map<String, Value>) -> Result<S, Trouble> {
    let mut structure = S::default();
    from_model_json(&Value::Object(members), &mut structure, &mut Checks::default())
        .map_err(|rejection| Trouble::new(format!("kept settings do not fit the model: {}", rejection.0)))?;
    Ok(structure)
}
