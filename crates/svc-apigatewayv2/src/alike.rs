//! The model has the same structure under another name for each operation that answers it. One of
//! them is written, the others are read from it.

use kogumo_wire::{Checks, Fault, Structure, from_model_json, model_json};

/// `structure` as another one with members of the same names.
pub fn alike<T: Structure + Default>(structure: &dyn Structure) -> Result<T, Fault> {
    let mut other = T::default();
    let read = from_model_json(&model_json(structure), &mut other, &mut Checks::default());
    read.map_err(|rejection| kogumo_base::Trouble::new(format!("structures are not alike: {}", rejection.0)))?;
    Ok(other)
}
