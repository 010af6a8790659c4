//! Asynchronous invocations: kept until they are done, tried again by the cloud's clock, their outcome sent on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Context, Reconciler, Writer};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, Table, Transaction};
use kogumo_wire::{Fault, Protocol};
use serde::{Deserialize, Serialize};

use crate::event_invoke::{self, Config};
use crate::name::Target;
use crate::outcome::{Condition, Outcome};
use crate::retry::{Next, Rules, after_failure, after_throttle};
use crate::run::{self, Done};
use crate::{invoke, outcome, stream};

/// By when they are due and request, in no account's scope: the queue is one.
static QUEUE: Table<Queued> = Table::new("lambda/queue");
/// The timers that wake the queue for what is due later.
pub const WAKE: &str = "lambda/queue-wake";
/// How many are worked on at once.
const AT_ONCE: usize = 32;

/// One that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    pub account: String,
    pub region: String,
    pub function: String,
    pub qualifier: Option<String>,
    pub request: String,
    /// JSON.
    pub payload: String,
    pub accepted: Timestamp,
    pub due: Timestamp,
    /// How many times the function has been called for it.
    pub calls: u32,
    /// How many times there was no room for it.
    pub throttles: u32,
}

/// The requests that are worked on now.
#[derive(Default)]
pub struct Working(Mutex<HashSet<String>>);

impl Queued {
    pub fn new(target: &Target, request: String, payload: String, now: Timestamp) -> Queued {
        Queued {
            account: target.scope.account.clone(),
            region: target.scope.region.clone(),
            function: target.name.clone(),
            qualifier: target.qualifier.clone(),
            request,
            payload,
            accepted: now,
            due: now,
            calls: 0,
            throttles: 0,
        }
    }

    pub fn target(&self) -> Target {
        Target {
            scope: Scope::new(&self.account, &self.region),
            name: self.function.clone(),
            qualifier: self.qualifier.clone(),
        }
    }

    fn key(&self) -> Key {
        Key::new().i64(self.due.0).str(&self.request)
    }
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// Puts one into the queue; the reconciler is woken when it is due.
pub fn put(tx: &mut Transaction, queued: &Queued) -> Result<(), Trouble> {
    QUEUE.put(tx, &everywhere(), queued.key(), queued)?;
    if queued.due > queued.accepted {
        timers::put(tx, queued.due, WAKE, &everywhere(), queued.request.as_str(), &[])?;
    }
    Ok(())
}

/// A timer's only work is to be committed: that wakes the reconciler.
pub fn wake(_: &mut Writer, _: &Timer) -> Result<(), Trouble> {
    Ok(())
}

/// Starts whatever is due.
pub fn reconciler() -> Reconciler {
    Reconciler {
        name: "lambda queue",
        follows: &["lambda", "timers"],
        period: Duration::from_secs(60),
        run: |cloud| work(cloud),
    }
}

fn work(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let now = cloud.clock.now();
        let working = cloud.part::<Working>()?;
        let range = Range::all().before(Key::new().i64(now.0.saturating_add(1)));
        let snapshot = cloud.store.read();
        for row in QUEUE.scan(&snapshot, &everywhere(), &range) {
            let queued = row?.1;
            if !working.begin(&queued.request) {
                continue;
            }
            let (cloud, working) = (Arc::clone(&cloud), Arc::clone(&working));
            tokio::spawn(async move {
                if let Err(fault) = attempt(&cloud, &queued).await {
                    tracing::error!("asynchronous invocation {} of {}: {fault}", queued.request, queued.function);
                }
                working.end(&queued.request);
                // Those that found no room may begin now.
                if let Err(trouble) = work(cloud).await {
                    tracing::error!("lambda queue: {trouble}");
                }
            });
        }
        Ok(())
    })
}

impl Working {
    /// Whether it may begin: it is not worked on, and there is room.
    fn begin(&self, request: &str) -> bool {
        let mut working = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        working.len() < AT_ONCE && working.insert(request.to_owned())
    }

    fn end(&self, request: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(request);
    }
}

/// Calls the function once and decides what becomes of the event.
async fn attempt(cloud: &Arc<Cloud>, queued: &Queued) -> Result<(), Fault> {
    let target = queued.target();
    let caller = Caller::service("lambda.amazonaws.com", target.scope.clone());
    let cx = Context { cloud: Arc::clone(cloud), caller };
    // It may have been done between the scan and now.
    if !QUEUE.contains(&cx.snapshot(), &everywhere(), queued.key())? {
        return Ok(());
    }
    let config = event_invoke::of(&cx.snapshot(), &target)?.unwrap_or_default();
    let payload = queued.payload.clone().into();
    let work = match cx.read(|r| invoke::work(r, &target, payload, queued.request.clone())) {
        Ok(work) => work,
        // The function has gone: there is nobody to be told.
        Err(_) => return settle(&cx, queued, None),
    };
    let dead_letter = work.version.settings.dead_letter.clone();
    let sender = stream::as_role(cloud, &target.scope, &work.version.settings.role, &target.name);
    let called = run::run(cloud, work).await;
    let rules = Rules::of(config.retries, config.maximum_age);
    let (next, done, calls) = decide(queued, rules, cx.now(), &called);
    match next {
        Next::Again { due } => {
            let throttles = queued.throttles + u32::from(calls == queued.calls);
            settle(&cx, queued, Some(Queued { due, calls, throttles, ..queued.clone() }))
        }
        Next::Over(condition) => {
            settle(&cx, queued, None)?;
            let outcome = Outcome { queued, calls, condition, done, now: cx.now() };
            send_on(&sender, &config, dead_letter.as_deref(), &outcome).await;
            Ok(())
        }
    }
}

/// What becomes of an event after a call: when it is tried again, or how it is over.
fn decide<'a>(
    queued: &Queued,
    rules: Rules,
    now: Timestamp,
    called: &'a Result<Done, Fault>,
) -> (Next, Option<&'a Done>, u32) {
    let calls = queued.calls + 1;
    match called {
        Ok(done) if !done.failed => (Next::Over(Condition::Success), Some(done), calls),
        Ok(done) => (after_failure(calls, rules, queued.accepted, now), Some(done), calls),
        Err(fault) => {
            tracing::debug!("asynchronous invocation of {}: {}", queued.function, fault.code(Protocol::RestJson));
            (after_throttle(queued.throttles, rules, queued.accepted, now), None, queued.calls)
        }
    }
}

/// Takes the event out of the queue, or moves it to a later moment.
fn settle(cx: &Context, queued: &Queued, again: Option<Queued>) -> Result<(), Fault> {
    cx.write(|w| {
        QUEUE.delete(w.tx, &everywhere(), queued.key())?;
        again.as_ref().map_or(Ok(()), |again| put(w.tx, again)).map_err(Fault::from)
    })
}

async fn send_on(cx: &Context, config: &Config, dead_letter: Option<&str>, outcome: &Outcome<'_>) {
    let destination = match outcome.condition {
        Condition::Success => &config.on_success,
        _ => &config.on_failure,
    };
    if let Some(arn) = destination {
        outcome::send(cx, arn, outcome).await;
    }
    if let Some(arn) = dead_letter.filter(|_| outcome.condition != Condition::Success) {
        outcome::send_dead_letter(cx, arn, outcome).await;
    }
}
