//! The last answer of an operation, for as long as what it was made from stays as it is: whoever waits for something asks
//! the same again and again.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::Scope;
use kogumo_wire::schema::{Member, Shape};
use kogumo_wire::{Fault, Rejection, Shaped, Sink, Source, Structure, model_json, write_structure};
use serde_json::Value;

use crate::Reader;

/// An answer that others may have been given, too.
pub(crate) struct Remembered<T> {
    answer: Arc<T>,
    copy: fn(&T) -> T,
}

/// What was asked, in which scope and under which generation of the records.
#[derive(PartialEq)]
struct Question {
    scope: Scope,
    input: Value,
    generation: u64,
}

/// An operation's last question and its answer.
pub(crate) struct Last<T> {
    services: &'static [&'static str],
    held: Mutex<Option<(Question, Arc<T>)>>,
}

impl<T: Clone> Last<T> {
    /// For answers that are made from the records of these services, as tables name them, and the question.
    pub(crate) fn new(services: &'static [&'static str]) -> Self {
        Last { services, held: Mutex::new(None) }
    }

    /// The answer that was made of the records as they still are, or one that is made now.
    pub(crate) fn answer<I: Structure>(
        &self,
        reader: &Reader,
        input: I,
        make: fn(&Reader, I) -> Result<T, Fault>,
    ) -> Result<Remembered<T>, Fault> {
        // The number before the view: the view may hold more than it says, never less.
        let generation = reader.cloud.store.generation_of(self.services);
        let question = Question { scope: reader.scope().clone(), input: model_json(&input), generation };
        if let Some(answer) = self.known(&question) {
            return Ok(Remembered { answer, copy: T::clone });
        }
        // The room of the old one is for the new one.
        self.hold(None);
        let view = reader.cloud.store.read();
        let answer = Arc::new(make(&Reader { store: &view, ..*reader }, input)?);
        self.hold(Some((question, Arc::clone(&answer))));
        Ok(Remembered { answer, copy: T::clone })
    }

    fn hold(&self, answer: Option<(Question, Arc<T>)>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    fn known(&self, asked: &Question) -> Option<Arc<T>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|(question, _)| question == asked).map(|(_, answer)| Arc::clone(answer))
    }
}

/// An operation's output, also where it is a remembered one.
pub(crate) fn output<T: 'static>(answer: Box<dyn Any>) -> Option<T> {
    match answer.downcast::<T>() {
        Ok(own) => Some(*own),
        Err(other) => other.downcast::<Remembered<T>>().ok().map(|shared| (shared.copy)(&shared.answer)),
    }
}

impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a remembered answer")
    }
}

impl<T: Structure + Sync> Shaped for Remembered<T> {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        write_structure(self, at, to);
    }

    fn read(&mut self, _: &'static Member, _: &mut dyn Source) -> Result<(), Rejection> {
        Err(Rejection::new("an answer is not read".to_owned()))
    }

    fn as_structure(&self) -> Option<&dyn Structure> {
        Some(self)
    }
}

impl<T: Structure + Sync> Structure for Remembered<T> {
    fn shape(&self) -> &'static Shape {
        self.answer.shape()
    }

    fn get(&self, index: usize) -> &dyn Shaped {
        self.answer.get(index)
    }

    /// Nobody changes what others have been given: whatever is done here is forgotten. The box takes no memory.
    fn get_mut(&mut self, _: usize) -> &mut dyn Shaped {
        Box::leak(Box::new(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kogumo_store::{Store, Table};
    use kogumo_wire::Unit;

    use super::*;
    use crate::{Caller, Cloud, Settings, settings};

    static MADE: AtomicUsize = AtomicUsize::new(0);
    static OWN: Table<u8> = Table::new("things/thing");
    static FOREIGN: Table<u8> = Table::new("others/thing");

    fn make(_: &Reader, _: Unit) -> Result<Unit, Fault> {
        MADE.fetch_add(1, Ordering::Relaxed);
        Ok(Unit)
    }

    #[test]
    fn an_answer_lasts_until_its_records_change() -> Result<(), Fault> {
        let settings = Settings {
            listen: ([127, 0, 0, 1], 4566).into(),
            callback: None,
            data: std::env::temp_dir(),
            fsync: false,
            strict: false,
            public_addresses: settings::PUBLIC_ADDRESSES,
            public_ipv6_addresses: settings::PUBLIC_IPV6_ADDRESSES,
            translate_url: None,
        };
        let cloud = Cloud::new(settings, Store::ephemeral()?, Vec::new())?;
        let last = Last::new(&["things"]);
        let ask = |region: &str| {
            let caller = Caller::root("000000000000", region);
            let view = cloud.store.read();
            let reader = Reader { store: &view, caller: &caller, now: cloud.clock.now(), cloud: &cloud };
            last.answer(&reader, Unit, make).map(|_| MADE.load(Ordering::Relaxed))
        };
        assert_eq!((ask("us-east-1")?, ask("us-east-1")?), (1, 1));
        let scope = Scope::new("000000000000", "us-east-1");
        cloud.store.write(|tx| FOREIGN.put(tx, &scope, "one", &1))?;
        assert_eq!(ask("us-east-1")?, 1);
        cloud.store.write(|tx| OWN.put(tx, &scope, "one", &1))?;
        assert_eq!((ask("us-east-1")?, ask("eu-west-1")?, ask("us-east-1")?), (2, 3, 4));
        cloud.store.clear()?;
        assert_eq!(ask("us-east-1")?, 5);
        Ok(())
    }
}
