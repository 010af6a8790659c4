//! The lines that the platform itself writes into a function's log. Pure.
//! Source: "Understanding the Lambda log format", and its JSON form in "Telemetry API reference", of the developer guide.

use kogumo_base::Timestamp;
use serde_json::{Value, json};

/// How an invocation went, for its report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<'a> {
    pub request: &'a str,
    /// Milliseconds.
    pub duration: f64,
    /// Milliseconds, if the environment was started for it.
    pub init: Option<f64>,
    /// MB.
    pub memory: i32,
    pub used: u64,
    /// `None` if all went well; else what failed.
    pub failure: Option<Failure<'a>>,
}

/// What failed: nothing that the handler could have reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure<'a> {
    Timeout,
    Error(&'a str),
}

/// Milliseconds that are charged: the start is, too, and what is begun counts as whole.
fn billed(report: &Report) -> u64 {
    (report.duration + report.init.unwrap_or(0.0)).ceil().max(1.0) as u64
}

/// `START`
pub fn start(json: bool, now: Timestamp, request: &str, version: &str) -> String {
    match json {
        false => format!("START RequestId: {request} Version: {version}"),
        true => event(now, "platform.start", json!({ "requestId": request, "version": version })),
    }
}

/// `INIT_START`: what runs the function.
pub fn init_start(json: bool, now: Timestamp, description: &str) -> String {
    match json {
        false => format!("INIT_START Runtime Version: {description}"),
        true => event(
            now,
            "platform.initStart",
            json!({ "initializationType": "on-demand", "phase": "init", "runtimeVersion": description }),
        ),
    }
}

/// `END` and `REPORT`; in JSON they are one.
pub fn end(json: bool, now: Timestamp, report: &Report) -> Vec<String> {
    if json { vec![end_json(now, report)] } else { end_text(report) }
}

fn end_text(report: &Report) -> Vec<String> {
    let mut line = format!(
        "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        report.request,
        report.duration,
        billed(report),
        report.memory,
        report.used
    );
    if let Some(init) = report.init {
        line.push_str(&format!("Init Duration: {init:.2} ms\t"));
    }
    match report.failure {
        None => {}
        Some(Failure::Timeout) => line.push_str("Status: timeout"),
        Some(Failure::Error(kind)) => line.push_str(&format!("Status: error\tError Type: {kind}")),
    }
    vec![format!("END RequestId: {}", report.request), line]
}

fn end_json(now: Timestamp, report: &Report) -> String {
    let round = |millis: f64| (millis * 1000.0).round() / 1000.0;
    let mut metrics = json!({
        "durationMs": round(report.duration),
        "billedDurationMs": billed(report),
        "memorySizeMB": report.memory,
        "maxMemoryUsedMB": report.used,
    });
    if let Some(init) = report.init {
        metrics["initDurationMs"] = json!(round(init));
    }
    let mut record = json!({ "requestId": report.request, "metrics": metrics, "status": "success" });
    match report.failure {
        None => {}
        Some(Failure::Timeout) => record["status"] = json!("timeout"),
        Some(Failure::Error(kind)) => {
            record["status"] = json!("error");
            record["errorType"] = json!(kind);
        }
    }
    event(now, "platform.report", record)
}

fn event(now: Timestamp, kind: &str, record: Value) -> String {
    json!({ "time": now.iso_millis(), "type": kind, "record": record }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: Report = Report { request: "id", duration: 2.345, init: None, memory: 128, used: 40, failure: None };

    #[test]
    fn text() {
        let expected = "REPORT RequestId: id\tDuration: 2.35 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t";
        assert_eq!(end(false, Timestamp(0), &REPORT), ["END RequestId: id", expected]);
        let cold = Report { init: Some(100.1), failure: Some(Failure::Timeout), ..REPORT };
        let line = end(false, Timestamp(0), &cold).remove(1);
        assert!(
            line.contains("Billed Duration: 103 ms") && line.ends_with("\tInit Duration: 100.10 ms\tStatus: timeout"),
            "{line}"
        );
        let failed = Report { failure: Some(Failure::Error("Runtime.ExitError")), ..REPORT };
        assert!(end(false, Timestamp(0), &failed)[1].ends_with("\tStatus: error\tError Type: Runtime.ExitError"));
        assert_eq!(start(false, Timestamp(0), "id", "$LATEST"), "START RequestId: id Version: $LATEST");
    }

    #[test]
    fn json_form() {
        let lines = end(true, Timestamp(0), &REPORT);
        let expected = r#"{"time":"1970-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"id","metrics":{"durationMs":2.345,"billedDurationMs":3,"memorySizeMB":128,"maxMemoryUsedMB":40},"status":"success"}}"#;
        assert_eq!(lines, [expected]);
        assert!(
            start(true, Timestamp(0), "id", "1")
                .contains(r#""type":"platform.start","record":{"requestId":"id","version":"1"}"#)
        );
    }
}
