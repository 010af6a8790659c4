//! Queues come, go, and are emptied.

use std::collections::BTreeMap;

use kogumo_door::Writer;
use kogumo_model::sqs::{
    CreateQueueRequest, CreateQueueResult, DeleteQueueRequest, PURGE_QUEUE_IN_PROGRESS, PurgeQueueRequest,
    QUEUE_DELETED_RECENTLY, QUEUE_NAME_EXISTS,
};
use kogumo_wire::{Fault, Unit};

use crate::address::{self, Address};
use crate::attributes::{Attributes, unknown};
use crate::describe::check_principals;
use crate::faults::refused;
use crate::message::{count, tally};
use crate::queue::{DELETED, Found, QUEUES, Queue, find_to_write, look_up};
use crate::waiters::Waiters;
use crate::{redrive, sweep, tags};

/// How long a name rests after its queue was deleted, and a queue after it was purged.
const REST_SECONDS: i64 = 60;

pub fn create_queue(w: &mut Writer, input: CreateQueueRequest) -> Result<CreateQueueResult, Fault> {
    let given = input.attributes.unwrap_or_default();
    let at = Address::new(w.scope(), &input.queue_name);
    check_name(&at.name, &given)?;
    let url = at.url(w.cloud, w.caller);
    let attributes = match look_up(w.store(), at.clone())? {
        Some(there) => {
            compare(&there, &given)?;
            return Ok(CreateQueueResult { queue_url: Some(url) });
        }
        None => Attributes::of_new(&given)?,
    };
    check_principals(w, &attributes)?;
    let tags = input.tags.unwrap_or_default();
    tags::check(&tags)?;
    if let Some(redrive) = &attributes.redrive {
        redrive::check(w.store(), &at, attributes.fifo, redrive)?;
    }
    if DELETED.get(w.tx, &at.scope, at.name.as_str())?.is_some_and(|at| w.now < at.plus_seconds(REST_SECONDS)) {
        let message =
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
        return Err(QUEUE_DELETED_RECENTLY.because(message));
    }
    DELETED.delete(w.tx, &at.scope, at.name.as_str())?;
    let queue = Queue {
        name: at.name.clone(),
        id: kogumo_base::hex_id(32),
        purges: 0,
        attributes,
        tags,
        created: w.now,
        modified: w.now,
        purged: None,
        data_key: None,
    };
    Found { at, queue }.put(w.tx)?;
    Ok(CreateQueueResult { queue_url: Some(url) })
}

/// A name says of which kind its queue is, and the attributes must agree.
fn check_name(name: &str, given: &BTreeMap<String, String>) -> Result<(), Fault> {
    let fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
    let ends = name.ends_with(address::FIFO);
    match (address::is_name(name), fifo, ends) {
        (true, true, true) | (true, false, false) => Ok(()),
        (_, true, _) => Err(refused(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length",
        )),
        _ => Err(refused("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")),
    }
}

/// A queue may be created again with attributes that it has; of what is not given nothing is said.
fn compare(there: &Found, given: &BTreeMap<String, String>) -> Result<(), Fault> {
    let has: BTreeMap<_, _> = there.queue.attributes.told().into_iter().collect();
    // What could not be set on any queue is wrong in itself.
    there.queue.attributes.clone().changed(given).map(drop).or_else(|fault| match given.contains_key("FifoQueue") {
        true => Ok(()),
        false => Err(fault),
    })?;
    for (name, value) in given {
        if !crate::attributes::is_known(name) {
            return Err(unknown(name));
        }
        if has.get(name.as_str()).map_or("", String::as_str) != value {
            let message =
                format!("A queue already exists with the same name and a different value for attribute {name}");
            return Err(QUEUE_NAME_EXISTS.because(message));
        }
    }
    Ok(())
}

pub fn delete_queue(w: &mut Writer, input: DeleteQueueRequest) -> Result<Unit, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    QUEUES.delete(w.tx, &found.at.scope, found.at.name.as_str())?;
    DELETED.put(w.tx, &found.at.scope, found.at.name.as_str(), &w.now)?;
    sweep::leave(w, &found)?;
    w.cloud.part::<Waiters>()?.wake(&found.queue.id);
    Ok(Unit)
}

pub fn purge_queue(w: &mut Writer, input: PurgeQueueRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    if found.queue.purged.is_some_and(|at| w.now < at.plus_seconds(REST_SECONDS)) {
        let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", found.at.name);
        return Err(PURGE_QUEUE_IN_PROGRESS.because(message));
    }
    sweep::leave(w, &found)?;
    let sequence = tally(w.store(), &found)?.sequence;
    found.queue.purges += 1;
    found.queue.purged = Some(w.now);
    found.put(w.tx)?;
    count(w, &found, |tally| tally.sequence = sequence)?;
    Ok(Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_kinds() {
        let fifo = BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]);
        let standard = BTreeMap::new();
        assert!(check_name("a.fifo", &fifo).is_ok() && check_name("a", &standard).is_ok());
        assert!(check_name("a", &fifo).is_err() && check_name("a.fifo", &standard).is_err());
    }
}
