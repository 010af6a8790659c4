//! Operations that are built: a line in a service's table ties an operation's type to its handler.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use kogumo_wire::{Fault, Operation, OperationType, Structure};

use crate::remembered::Last;
use crate::service::BoxFuture;
use crate::{Cloud, Context, Reader, Writer};

/// What a handler answers.
pub type Answer = Result<Box<dyn Structure>, Fault>;

/// A built operation: its facts and its handler, the types erased.
pub struct Op {
    pub facts: &'static Operation,
    pub new_input: fn() -> Box<dyn Structure>,
    pub(crate) handler: Handler,
    pub(crate) rehearsal: Option<Rehearsal>,
    pub(crate) settled: Option<Settled>,
}

/// What a call that only wants to be tried is answered with, once it would have succeeded (EC2's `DryRun`).
pub type Rehearsal = fn(&dyn Structure) -> Option<Fault>;

/// Waits until what a call wrote is felt.
pub type Settled = fn(Arc<Cloud>) -> BoxFuture<()>;

/// What a write does in its transaction, once its input has been read. It may be run again on a conflict.
pub(crate) type Work = Box<dyn Fn(&mut Writer) -> Answer + Send>;

pub(crate) enum Handler {
    Read(Box<dyn Fn(&Reader, Box<dyn Structure>) -> Answer + Send + Sync>),
    Write(Box<dyn Fn(Box<dyn Structure>) -> Result<Work, Fault> + Send + Sync>),
    Task(Box<dyn Fn(Context, Box<dyn Structure>) -> BoxFuture<Answer> + Send + Sync>),
}

impl Op {
    fn of<O: OperationType>(handler: Handler) -> Self {
        Op { facts: O::FACTS, new_input: new_input::<O>, handler, rehearsal: None, settled: None }
    }

    /// Lets calls be tried: the handler runs, its changes are taken back, and the answer is the function's. What a
    /// task calls as its caller is taken back, too; a task must have no other effect.
    pub fn rehearsed_by(self, rehearsal: Rehearsal) -> Self {
        Op { rehearsal: Some(rehearsal), ..self }
    }

    /// The answer of a successful call waits until what it wrote is felt: where AWS is immediate, its reconciler has to be.
    pub fn settled_by(self, settled: Settled) -> Self {
        Op { settled: Some(settled), ..self }
    }

    /// Whether it may change records.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self.handler, Handler::Read(_))
    }

    /// The answer of a call that is only tried, once it would have succeeded.
    pub(crate) fn verdict(&self, input: &dyn Structure) -> Option<Fault> {
        self.rehearsal.and_then(|verdict| verdict(input))
    }
}

/// A handler that only reads: `fn(&Reader, Input) -> Result<Output, Fault>`.
pub fn read<O: OperationType>(handler: fn(&Reader, O::Input) -> Result<O::Output, Fault>) -> Op {
    let run =
        move |reader: &Reader, input| Ok(Box::new(handler(reader, unboxed::<O::Input>(input)?)?) as Box<dyn Structure>);
    Op::of::<O>(Handler::Read(Box::new(run)))
}

/// As [`read`], for what is asked again and again: the answer is given once more as long as no record of these services
/// has changed since, as tables name them. It must follow from those records, the scope and the input alone.
pub fn remembered<O: OperationType>(
    services: &'static [&'static str],
    handler: fn(&Reader, O::Input) -> Result<O::Output, Fault>,
) -> Op
where
    O::Output: Clone + Sync,
{
    let last = Last::new(services);
    let run = move |reader: &Reader, input| -> Answer {
        Ok(Box::new(last.answer(reader, unboxed::<O::Input>(input)?, handler)?))
    };
    Op::of::<O>(Handler::Read(Box::new(run)))
}

/// A handler that writes in one transaction: `fn(&mut Writer, Input) -> Result<Output, Fault>`.
/// Each run of the transaction gets an input of its own.
pub fn write<O: OperationType>(handler: fn(&mut Writer, O::Input) -> Result<O::Output, Fault>) -> Op
where
    O::Input: Clone,
{
    let begin = move |input| {
        let input = unboxed::<O::Input>(input)?;
        let work = move |writer: &mut Writer| -> Answer { Ok(Box::new(handler(writer, input.clone())?)) };
        Ok(Box::new(work) as Work)
    };
    Op::of::<O>(Handler::Write(Box::new(begin)))
}

/// A handler that writes, in two steps: what the request says is understood before the transaction begins, so that
/// other writers do not wait for it.
pub fn prepared<O: OperationType, P: Send + 'static>(
    prepare: fn(O::Input) -> Result<P, Fault>,
    perform: fn(&mut Writer, &P) -> Result<O::Output, Fault>,
) -> Op {
    let begin = move |input| {
        let plan = prepare(unboxed::<O::Input>(input)?)?;
        let work = move |writer: &mut Writer| -> Answer { Ok(Box::new(perform(writer, &plan)?)) };
        Ok(Box::new(work) as Work)
    };
    Op::of::<O>(Handler::Write(Box::new(begin)))
}

/// A handler for streams and long waits: `async fn(Context, Input) -> Result<Output, Fault>`.
pub fn task<O: OperationType, F>(handler: fn(Context, O::Input) -> F) -> Op
where
    F: Future<Output = Result<O::Output, Fault>> + Send + 'static,
{
    let run = move |context, input| -> BoxFuture<Answer> {
        let started = unboxed::<O::Input>(input).map(|input| handler(context, input));
        Box::pin(async move { Ok(Box::new(started?.await?) as Box<dyn Structure>) })
    };
    Op::of::<O>(Handler::Task(Box::new(run)))
}

fn new_input<O: OperationType>() -> Box<dyn Structure> {
    Box::new(O::Input::default())
}

fn unboxed<I: Structure>(input: Box<dyn Structure>) -> Result<I, Fault> {
    let input: Box<dyn Any> = input;
    input.downcast::<I>().map(|input| *input).map_err(|_| wrong_type())
}

fn wrong_type() -> Fault {
    kogumo_base::Trouble::new("an operation was called with another operation's input").into()
}
