//! The execution log of one request: what happened on its way, line by line, as far as the stage asks for it.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

use crate::stage::{MethodSettings, Stage};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_execute_api::access_log;
use kogumo_execute_api::exchange::{Pairs, Response};
use kogumo_model::logs::{CreateLogGroup, CreateLogGroupRequest, RESOURCE_ALREADY_EXISTS_EXCEPTION};
use kogumo_wire::Fault;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a line before AWS cuts it off.
const LONGEST: usize = 1024;

/// What a line is about, and so who gets to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something failed: levels `ERROR` and `INFO`.
    Error,
    /// A step: level `INFO`.
    Step,
    /// Headers and bodies: where data is traced, besides.
    Data,
}

/// The lines of a request, in order. Nothing is formatted for a stage that keeps no execution log.
pub struct Journal {
    lines: Option<Mutex<Vec<(Kind, String)>>>,
}

impl Journal {
    /// A journal that is kept if any method of the stage wants it: which one is called is not known yet.
    pub fn of(stage: &Stage) -> Journal {
        let wanted = stage.method_settings.values().any(logs);
        Journal { lines: wanted.then(Mutex::default) }
    }

    /// A journal that is kept.
    pub fn kept() -> Journal {
        Journal { lines: Some(Mutex::default()) }
    }

    pub fn error(&self, line: impl FnOnce() -> String) {
        self.write(Kind::Error, line);
    }

    pub fn step(&self, line: impl FnOnce() -> String) {
        self.write(Kind::Step, line);
    }

    pub fn data(&self, line: impl FnOnce() -> String) {
        self.write(Kind::Data, line);
    }

    fn write(&self, kind: Kind, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push((kind, cut(line())));
        }
    }

    /// What the client gets, whoever made it.
    pub fn close(&self, response: &Response) {
        self.data(|| format!("Method response body after transformations: {}", text(&response.body)));
        self.data(|| format!("Method response headers: {}", headers(&response.headers)));
        self.step(|| "Successfully completed execution".to_owned());
        self.error(|| format!("Method completed with status: {}", response.status));
    }

    /// What the client gets when no integration answers.
    pub fn refuse(&self, kind: &str, response: &Response) {
        self.error(|| format!("Gateway response type: {kind} with status code: {}", response.status));
        self.data(|| format!("Gateway response body: {}", text(&response.body)));
        self.data(|| format!("Gateway response headers: {}", headers(&response.headers)));
        self.error(|| format!("Method completed with status: {}", response.status));
    }

    /// The lines that a method's settings let through, each behind the request's id.
    pub fn lines(self, settings: Option<&MethodSettings>, request_id: &str) -> Vec<String> {
        let Some(settings) = settings.filter(|settings| logs(settings)) else { return Vec::new() };
        let lines = self.whole();
        // A method that logs errors only is silent about requests that go well.
        let info = settings.logging_level.as_deref() == Some("INFO");
        let failed = lines.iter().any(|(kind, line)| *kind == Kind::Error && !line.starts_with("Method completed"));
        if !info && !failed {
            return Vec::new();
        }
        let passes = |kind: Kind| match kind {
            Kind::Error => true,
            Kind::Step => info,
            Kind::Data => info && settings.data_trace_enabled,
        };
        lines.into_iter().filter(|(kind, _)| passes(*kind)).map(|(_, line)| format!("({request_id}) {line}")).collect()
    }

    /// All lines.
    pub fn all(self) -> impl Iterator<Item = String> {
        self.whole().into_iter().map(|(_, line)| line)
    }

    fn whole(self) -> Vec<(Kind, String)> {
        self.lines.map(|lines| lines.into_inner().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }
}

fn logs(settings: &MethodSettings) -> bool {
    settings.logging_level.as_deref().is_some_and(|level| level != "OFF")
}

/// A payload in a line.
pub fn text(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => "[Binary Data]".to_owned(),
    }
}

/// Headers and parameters as AWS writes them: `{name=value, name=value}`.
pub fn headers(pairs: &Pairs) -> String {
    let hidden = |name: &str, value: &str| match name.to_ascii_lowercase().as_str() {
        "authorization" | "x-api-key" => "*".repeat(10) + value.get(value.len().saturating_sub(6)..).unwrap_or(""),
        _ => value.to_owned(),
    };
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", hidden(name, value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn cut(mut line: String) -> String {
    if line.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        line.truncate(end);
        line += " [TRUNCATED]";
    }
    line
}

/// Writes lines into the stage's log group without keeping the client waiting.
pub fn write(cloud: &Arc<Cloud>, scope: &Scope, stage: (&str, &str), stream: &str, lines: Vec<String>, now: Timestamp) {
    let client = Client::new(Arc::clone(cloud), Caller::service("apigateway.amazonaws.com", scope.clone()));
    let group = format!("API-Gateway-Execution-Logs_{}/{}", stage.0, stage.1);
    let stream = stream.to_owned();
    tokio::spawn(async move {
        if let Err(fault) = put(&client, group, stream, lines, now).await {
            tracing::warn!("an execution log cannot be written: {fault}");
        }
    });
}

async fn put(client: &Client, group: String, stream: String, lines: Vec<String>, now: Timestamp) -> Result<(), Fault> {
    let input = CreateLogGroupRequest { log_group_name: group.clone(), ..CreateLogGroupRequest::default() };
    match client.call::<CreateLogGroup>(input).await {
        Err(fault) if !fault.is(&RESOURCE_ALREADY_EXISTS_EXCEPTION) => Err(fault),
        _ => access_log::put(client, group, stream, lines, now).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(level: &str, data: bool) -> MethodSettings {
        MethodSettings { logging_level: Some(level.into()), data_trace_enabled: data, ..MethodSettings::default() }
    }

    fn lines(settings: &MethodSettings, fails: bool) -> Vec<String> {
        let journal = Journal::kept();
        journal.step(|| "Starting".into());
        journal.data(|| "Headers".into());
        if fails {
            journal.error(|| "Execution failed".into());
        }
        journal.error(|| "Method completed with status: 500".into());
        journal.lines(Some(settings), "id")
    }

    #[test]
    fn the_settings_say_what_is_written() {
        assert_eq!(lines(&settings("OFF", true), true), [""; 0]);
        assert_eq!(lines(&settings("ERROR", true), false), [""; 0]);
        assert_eq!(
            lines(&settings("ERROR", true), true),
            ["(id) Execution failed", "(id) Method completed with status: 500"]
        );
        assert_eq!(lines(&settings("INFO", false), false).len(), 2);
        assert_eq!(lines(&settings("INFO", true), true).len(), 4);
    }

    #[test]
    fn secrets_and_long_lines_are_cut() {
        let pairs = vec![("X-Api-Key".to_owned(), "abcdefghijklmnop".to_owned()), ("A".to_owned(), "b".to_owned())];
        assert_eq!(headers(&pairs), "{X-Api-Key=**********klmnop, A=b}");
        assert_eq!(cut("あ".repeat(400)).len(), 1023 + " [TRUNCATED]".len());
    }
}
