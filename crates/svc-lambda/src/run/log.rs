//! The log of one environment: what it prints, line by line, kept for the caller's tail and sent to CloudWatch Logs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogumo_base::Timestamp;
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::logs::*;
use kogumo_wire::Fault;
use tokio::runtime::Handle;

/// How long lines may wait for more, while an invocation runs.
const GATHER: Duration = Duration::from_millis(100);
/// `LogType=Tail` answers so many bytes.
const TAIL: usize = 4096;
/// Limits of `PutLogEvents`: events and bytes of one call, and bytes of one event with its overhead.
const MOST_EVENTS: usize = 10_000;
const MOST_BYTES: usize = 1_000_000;
const LONGEST_EVENT: usize = 250_000;

pub struct Log {
    client: Client,
    cloud: Arc<Cloud>,
    group: String,
    pub stream: String,
    state: Mutex<State>,
    /// One sender at a time, so that lines stay in order.
    sending: tokio::sync::Mutex<Sent>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    /// A line that has not ended yet.
    partial: Vec<u8>,
    /// Lines that wait to be sent.
    waiting: Vec<(Timestamp, String)>,
    /// The last bytes of the invocation's lines.
    tail: String,
    /// Whether a sender is about to come.
    called: bool,
}

#[derive(Default)]
struct Sent {
    stream_made: bool,
    complained: bool,
}

impl Log {
    /// A log that is written as `caller`. Called from within the asynchronous runtime.
    pub fn new(cloud: &Arc<Cloud>, caller: &Caller, group: &str, stream: String) -> Arc<Log> {
        Arc::new(Log {
            client: Client::new(Arc::clone(cloud), caller.clone()),
            cloud: Arc::clone(cloud),
            group: group.to_owned(),
            stream,
            state: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            runtime: Handle::current(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes that the function wrote, cut anywhere.
    pub fn write(self: &Arc<Self>, bytes: &[u8]) {
        let now = self.cloud.clock.now();
        let mut state = self.state();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            state.partial.extend_from_slice(&rest[..end]);
            state.end_line(now);
            rest = &rest[end + 1..];
        }
        state.partial.extend_from_slice(rest);
        if state.partial.len() > LONGEST_EVENT {
            state.end_line(now);
        }
        self.call_sender(state);
    }

    /// Adds a line of the platform's own. A line that the function has begun ends before it.
    pub fn line(self: &Arc<Self>, text: String) {
        let now = self.cloud.clock.now();
        let mut state = self.state();
        if !state.partial.is_empty() {
            state.end_line(now);
        }
        state.add(now, text);
        self.call_sender(state);
    }

    /// Begins the tail of a new invocation.
    pub fn begin(&self) {
        self.state().tail.clear();
    }

    /// The last bytes of what this invocation has logged.
    pub fn tail(&self) -> String {
        self.state().tail.clone()
    }

    /// Lets what waits be sent soon.
    fn call_sender(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.called || state.waiting.is_empty() {
            return;
        }
        state.called = true;
        drop(state);
        let log = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(GATHER).await;
            log.send().await;
        });
    }

    /// Sends what waits.
    pub async fn send(&self) {
        let mut sent = self.sending.lock().await;
        let lines = {
            let mut state = self.state();
            state.called = false;
            std::mem::take(&mut state.waiting)
        };
        if lines.is_empty() {
            return;
        }
        let done = self.put_all(&mut sent, lines).await;
        if let Err(fault) = done
            && !std::mem::replace(&mut sent.complained, true)
        {
            tracing::warn!("cannot write the log {}: {fault}", self.group);
        }
    }

    async fn put_all(&self, sent: &mut Sent, lines: Vec<(Timestamp, String)>) -> Result<(), Fault> {
        let mut events = Vec::new();
        let mut bytes = 0;
        for (at, message) in lines {
            if events.len() == MOST_EVENTS || bytes + message.len() + 26 > MOST_BYTES {
                self.put(sent, std::mem::take(&mut events)).await?;
                bytes = 0;
            }
            bytes += message.len() + 26;
            events.push(InputLogEvent { timestamp: at.0, message });
        }
        self.put(sent, events).await
    }

    async fn put(&self, sent: &mut Sent, events: Vec<InputLogEvent>) -> Result<(), Fault> {
        if !sent.stream_made {
            self.make_stream().await?;
            sent.stream_made = true;
        }
        let input = |log_events| PutLogEventsRequest {
            log_group_name: self.group.clone(),
            log_stream_name: self.stream.clone(),
            log_events,
            ..PutLogEventsRequest::default()
        };
        match self.client.call::<PutLogEvents>(input(events.clone())).await {
            // Somebody has deleted the group meanwhile.
            Err(fault) if fault.is(&RESOURCE_NOT_FOUND_EXCEPTION) => {
                self.make_stream().await?;
                self.client.call::<PutLogEvents>(input(events)).await.map(drop)
            }
            other => other.map(drop),
        }
    }

    async fn make_stream(&self) -> Result<(), Fault> {
        let stream =
            CreateLogStreamRequest { log_group_name: self.group.clone(), log_stream_name: self.stream.clone() };
        match self.client.call::<CreateLogStream>(stream.clone()).await {
            Err(fault) if fault.is(&RESOURCE_NOT_FOUND_EXCEPTION) => {
                let group =
                    CreateLogGroupRequest { log_group_name: self.group.clone(), ..CreateLogGroupRequest::default() };
                unless_there(self.client.call::<CreateLogGroup>(group).await.map(drop))?;
                unless_there(self.client.call::<CreateLogStream>(stream).await.map(drop))
            }
            other => unless_there(other.map(drop)),
        }
    }
}

fn unless_there(made: Result<(), Fault>) -> Result<(), Fault> {
    match made {
        Err(fault) if fault.is(&RESOURCE_ALREADY_EXISTS_EXCEPTION) => Ok(()),
        other => other,
    }
}

impl State {
    /// The partial line is whole. CR parts the lines of one event: runtimes write it so.
    fn end_line(&mut self, now: Timestamp) {
        let line = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&line).trim_end_matches('\r').replace('\r', "\n");
        self.add(now, text);
    }

    fn add(&mut self, now: Timestamp, text: String) {
        self.tail.push_str(&text);
        self.tail.push('\n');
        if self.tail.len() > TAIL {
            let from = (self.tail.len() - TAIL..).find(|at| self.tail.is_char_boundary(*at)).unwrap_or(0);
            self.tail.drain(..from);
        }
        // CloudWatch Logs takes no empty events.
        if !text.is_empty() {
            self.waiting.push((now, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tails() {
        let mut state = State::default();
        state.partial.extend_from_slice("a\rb".as_bytes());
        state.end_line(Timestamp(1));
        state.end_line(Timestamp(2));
        assert_eq!(state.waiting, [(Timestamp(1), "a\nb".to_owned())]);
        assert_eq!(state.tail, "a\nb\n\n");
        state.add(Timestamp(3), "あ".repeat(2000));
        assert!(state.tail.len() <= TAIL && state.tail.ends_with("ああ\n"));
    }
}
