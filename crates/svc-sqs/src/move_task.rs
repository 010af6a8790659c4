//! Messages go back from a dead-letter queue to where they came from, or to another queue: so many in each second of
//! the cloud's clock, a step at a time.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::sqs::{
    CancelMessageMoveTaskRequest, CancelMessageMoveTaskResult, ListMessageMoveTasksRequest, ListMessageMoveTasksResult,
    ListMessageMoveTasksResultEntry, RESOURCE_NOT_FOUND_EXCEPTION, StartMessageMoveTaskRequest,
    StartMessageMoveTaskResult, UNSUPPORTED_OPERATION,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::faults::{invalid, within};
use crate::message::{Message, tally};
use crate::queue::{BY_DEAD_LETTER, Found, QUEUES, look_up};
use crate::shelf;

/// The timer of a task's next step.
pub const STEP: &str = "sqs/move";

/// So many messages are moved in one step where no rate is given.
const A_STEP: usize = 500;

/// So many tasks of a queue are told of.
const TOLD: usize = 10;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub handle: String,
    /// The ARN of the dead-letter queue.
    pub source: String,
    /// The ARN of the queue that they go to; none for where each has come from.
    pub destination: Option<String>,
    /// Messages in a second.
    pub rate: Option<u32>,
    pub state: State,
    pub moved: u64,
    pub to_move: u64,
    /// Behind which message it goes on.
    pub after: Option<Vec<u8>>,
    pub started: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    Running,
    Completed,
    Cancelled,
    Failed(String),
}

/// Tasks by handle, and by their queue and when they began.
static TASKS: Table<Task> = Table::indexed("sqs/move-task", &[Index { name: BY_SOURCE, key: by_source }]);
const BY_SOURCE: &str = "source";

fn by_source(task: &Task) -> Option<Key> {
    Some(Key::new().str(&task.source).i64(task.started.0))
}

pub fn start_message_move_task(
    w: &mut Writer,
    input: StartMessageMoveTaskRequest,
) -> Result<StartMessageMoveTaskResult, Fault> {
    let source = queue_of(w.store(), &input.source_arn)?;
    let mut sources =
        QUEUES.by_index(w.tx, &source.at.scope, BY_DEAD_LETTER, &Range::prefix(input.source_arn.as_str()));
    if sources.next().transpose()?.is_none() {
        let reason = "Source queue must be configured as a Dead Letter Queue.";
        return Err(invalid(&input.source_arn, "SourceArn", reason));
    }
    drop(sources);
    let target = input.destination_arn.as_deref().map(|arn| queue_of(w.store(), arn)).transpose()?;
    if let Some(target) = &target
        && (target.is_fifo() != source.is_fifo() || target.at == source.at)
    {
        let reason = "Destination queue must be another queue of the same type as the source.";
        return Err(invalid(target.at.arn(), "DestinationArn", reason));
    }
    let rate = input.max_number_of_messages_per_second;
    let rate = rate.map(|rate| within(rate, 1, 500, "MaxNumberOfMessagesPerSecond")).transpose()?;
    let tasks = of_queue(w.store(), &source)?;
    if tasks.iter().any(|task| task.state == State::Running) {
        let message =
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
        return Err(UNSUPPORTED_OPERATION.because(message));
    }
    for old in tasks.iter().skip(TOLD - 1) {
        TASKS.delete(w.tx, &source.at.scope, old.handle.as_str())?;
    }
    let to_move = tally(w.store(), &source)?.messages;
    let task = Task {
        handle: handle(&input.source_arn),
        source: input.source_arn,
        destination: input.destination_arn,
        rate: rate.and_then(|rate| u32::try_from(rate).ok()),
        state: State::Running,
        moved: 0,
        to_move,
        after: None,
        started: w.now,
    };
    TASKS.put(w.tx, &source.at.scope, task.handle.as_str(), &task)?;
    timers::put(w.tx, w.now, STEP, &source.at.scope, Key::from(&task.handle), &[])?;
    Ok(StartMessageMoveTaskResult { task_handle: Some(task.handle) })
}

pub fn cancel_message_move_task(
    w: &mut Writer,
    input: CancelMessageMoveTaskRequest,
) -> Result<CancelMessageMoveTaskResult, Fault> {
    let scope = w.scope().clone();
    let task = TASKS.get(w.tx, &scope, input.task_handle.as_str())?;
    let task = task.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("Task does not exist."))?;
    if task.state != State::Running {
        return Err(UNSUPPORTED_OPERATION.because("Only active tasks can be cancelled."));
    }
    timers::cancel(w.tx, STEP, &scope, Key::from(&task.handle))?;
    let moved = i64::try_from(task.moved).unwrap_or(i64::MAX);
    TASKS.put(w.tx, &scope, input.task_handle.as_str(), &Task { state: State::Cancelled, ..task })?;
    Ok(CancelMessageMoveTaskResult { approximate_number_of_messages_moved: Some(moved) })
}

pub fn list_message_move_tasks(
    r: &Reader,
    input: ListMessageMoveTasksRequest,
) -> Result<ListMessageMoveTasksResult, Fault> {
    let most = within(input.max_results.unwrap_or(1), 1, 10, "MaxResults")?;
    let source = queue_of(r.store, &input.source_arn)?;
    let tasks = of_queue(r.store, &source)?.into_iter().take(usize::try_from(most).unwrap_or(1));
    let results: Vec<_> = tasks.map(shown).collect();
    Ok(ListMessageMoveTasksResult { results: (!results.is_empty()).then_some(results) })
}

fn shown(task: Task) -> ListMessageMoveTasksResultEntry {
    let running = task.state == State::Running;
    let (status, failure_reason) = match task.state {
        State::Running => ("RUNNING", None),
        State::Completed => ("COMPLETED", None),
        State::Cancelled => ("CANCELLED", None),
        State::Failed(why) => ("FAILED", Some(why)),
    };
    ListMessageMoveTasksResultEntry {
        // Only a running task can be done something with.
        task_handle: running.then_some(task.handle),
        status: Some(status.to_owned()),
        source_arn: Some(task.source),
        destination_arn: task.destination,
        max_number_of_messages_per_second: task.rate.and_then(|rate| i32::try_from(rate).ok()),
        approximate_number_of_messages_moved: i64::try_from(task.moved).ok(),
        approximate_number_of_messages_to_move: i64::try_from(task.to_move).ok(),
        failure_reason,
        started_timestamp: Some(task.started.0),
    }
}

/// The tasks of a queue, the latest first.
fn of_queue(store: &dyn Read, source: &Found) -> Result<Vec<Task>, Trouble> {
    let range = Range::prefix(source.at.arn().as_str()).reverse();
    TASKS.by_index(store, &source.at.scope, BY_SOURCE, &range).map(|row| Ok(row?.1)).collect()
}

fn queue_of(store: &dyn Read, arn: &str) -> Result<Found, Fault> {
    let missing = || {
        let message = "The resource that you specified for the SourceArn parameter doesn't exist.";
        RESOURCE_NOT_FOUND_EXCEPTION.because(message)
    };
    let at = Address::of_arn(arn).ok_or_else(missing)?;
    look_up(store, at)?.ok_or_else(missing)
}

fn handle(source: &str) -> String {
    use base64::Engine;
    let text = serde_json::json!({"taskId": kogumo_base::uuid(), "sourceArn": source}).to_string();
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Moves some messages, and sets the timer for those that are left.
pub fn step(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(handle) = timer.id.reader().str() else { return Ok(()) };
    let task = TASKS.get(w.tx, &timer.scope, handle.as_str())?.filter(|task| task.state == State::Running);
    let Some(mut task) = task else { return Ok(()) };
    let most = task.rate.map_or(A_STEP, |rate| rate as usize);
    match some(w, &mut task, most)? {
        Ok(false) => task.state = State::Completed,
        Ok(true) => {
            let due = if task.rate.is_some() { w.now.plus_seconds(1) } else { w.now };
            timers::put(w.tx, due, STEP, &timer.scope, timer.id.clone(), &[])?;
        }
        Err(why) => task.state = State::Failed(why),
    }
    TASKS.put(w.tx, &timer.scope, handle.as_str(), &task)
}

/// Moves up to `most` messages and answers whether there may be more; or why it cannot go on.
fn some(w: &mut Writer, task: &mut Task, most: usize) -> Result<Result<bool, String>, Trouble> {
    let find = |w: &Writer, arn: &str| match Address::of_arn(arn) {
        Some(at) => look_up(w.store(), at),
        None => Ok(None),
    };
    let Some(source) = find(w, &task.source)? else {
        return Ok(Err("AWS.SimpleQueueService.NonExistentQueue".to_owned()));
    };
    let after = task.after.take().map(Key::from_encoded);
    let (messages, end) = shelf::receivable(w, &source, after.as_ref(), most)?;
    task.after = end.map(Key::into_bytes);
    for message in messages {
        let arn = task.destination.clone().or_else(|| message.source.clone());
        let Some(arn) = arn else { return Ok(Err("CouldNotDetermineMessageSource".to_owned())) };
        let Some(target) = find(w, &arn)? else { return Ok(Err("AWS.SimpleQueueService.NonExistentQueue".to_owned())) };
        shelf::remove(w, &source, &message)?;
        let anew = Message {
            id: kogumo_base::uuid(),
            sent: w.now,
            visible: w.now,
            source: None,
            receives: 0,
            first_received: None,
            receipt: 0,
            ..message
        };
        shelf::put(w, &target, anew)?;
        task.moved += 1;
    }
    // Behind the end there is nothing.
    Ok(Ok(task.after.is_some()))
}
