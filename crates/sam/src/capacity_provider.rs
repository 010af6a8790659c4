//! To be written.

use crate::error::Result;
use crate::rules::{Instance, Rule};
use crate::transform::{Generated, Translation};

pub(crate) const RULES: &[Rule] = &[];

pub(crate) fn transform(instance: Instance, _: &mut Translation) -> Result<Generated> {
    Err(instance.error("not built yet"))
}
