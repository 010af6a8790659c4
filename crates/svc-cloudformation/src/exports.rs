//! What stacks export, and who imports it.

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Key, Range, Read, Transaction};

use crate::record::{EXPORTS, Export, IMPORTS, Output, Stack, uuid_of};

/// An export's name is unique in its account and region, and one that is used neither changes nor goes.
pub fn check(read: &dyn Read, scope: &Scope, stack: &Stack, outputs: &[Output]) -> Result<(), String> {
    let internal = |trouble: Trouble| {
        tracing::error!("{trouble}");
        "Internal Failure".to_owned()
    };
    for (output, name) in outputs.iter().filter_map(|output| Some((output, output.export.as_ref()?))) {
        let Some(there) = EXPORTS.get(read, scope, name.as_str()).map_err(internal)? else { continue };
        if there.stack_id != stack.id {
            let other = there.stack_id.rsplit('/').nth(1).unwrap_or_default();
            return Err(format!("Export with name {name} is already exported by stack {other}"));
        }
        let users = importers(read, scope, name).map_err(internal)?;
        if there.value != output.value && !users.is_empty() {
            return Err(format!("Cannot update export {name} as it is in use by {}", sentence(&users)));
        }
    }
    gone(read, scope, stack, outputs).map_err(internal)?.map_or(Ok(()), Err)
}

/// Why the exports that a stack would lose can't go; `None` if they can.
pub fn gone(read: &dyn Read, scope: &Scope, stack: &Stack, outputs: &[Output]) -> Result<Option<String>, Trouble> {
    for name in stack.outputs.iter().filter_map(|output| output.export.as_ref()) {
        if outputs.iter().any(|output| output.export.as_ref() == Some(name)) {
            continue;
        }
        let users = importers(read, scope, name)?;
        if !users.is_empty() {
            return Ok(Some(format!("Cannot delete export {name} as it is in use by {}", sentence(&users))));
        }
    }
    Ok(None)
}

fn sentence(names: &[String]) -> String {
    match names {
        [one] => format!("{one}."),
        [first @ .., last] => format!("{} and {last}.", first.join(", ")),
        [] => String::new(),
    }
}

/// The names of the stacks that use an export.
pub fn importers(read: &dyn Read, scope: &Scope, name: &str) -> Result<Vec<String>, Trouble> {
    IMPORTS.scan(read, scope, &Range::prefix(Key::new().str(name))).map(|row| row.map(|(_, stack)| stack)).collect()
}

/// The stack's exports and imports become these.
pub fn publish(
    tx: &mut Transaction,
    scope: &Scope,
    stack: &Stack,
    outputs: &[Output],
    imports: &[String],
) -> Result<(), Trouble> {
    let uuid = uuid_of(&stack.id);
    for name in stack.outputs.iter().filter_map(|output| output.export.as_ref()) {
        EXPORTS.delete(tx, scope, name.as_str())?;
    }
    for (output, name) in outputs.iter().filter_map(|output| Some((output, output.export.as_ref()?))) {
        let export = Export { name: name.clone(), value: output.value.clone(), stack_id: stack.id.clone() };
        EXPORTS.put(tx, scope, name.as_str(), &export)?;
    }
    for name in &stack.imports {
        IMPORTS.delete(tx, scope, Key::new().str(name).str(uuid))?;
    }
    for name in imports {
        IMPORTS.put(tx, scope, Key::new().str(name).str(uuid), &stack.name)?;
    }
    Ok(())
}
