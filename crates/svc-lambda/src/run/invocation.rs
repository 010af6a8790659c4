//! One invocation from start to end: an environment, the event, what came of it, the report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kogumo_base::{Clock, Scope};
use kogumo_door::Cloud;
use kogumo_sandbox::Exit;
use kogumo_wire::Fault;

use super::api::{Event, problem_text};
use super::environment::{Environment, Key, Outcome};
use super::pool::{Pool, Ticket};
use super::report::{self, Failure, Report};
use super::streamed::Pieces;
use crate::record::Version;

/// An invocation to be done.
#[derive(Clone, Debug)]
pub struct Work {
    pub scope: Scope,
    pub name: String,
    pub version: Version,
    /// The ARN as the caller named the function.
    pub function_arn: String,
    pub reserved: Option<i32>,
    pub request: String,
    pub payload: Bytes,
    /// JSON.
    pub client_context: Option<String>,
    /// Who reads the answer piece by piece, if somebody does.
    pub pieces: Option<Pieces>,
}

/// An invocation that was done.
#[derive(Clone, Debug)]
pub struct Done {
    pub payload: Bytes,
    /// Whether the payload is an error's.
    pub failed: bool,
    /// The last 4 KB of the log.
    pub tail: String,
    pub version: String,
}

/// Does an invocation. It is done to its end even if nobody waits for it any more.
///
/// # Errors
/// Lambda's own, such as 429. What the function does wrong is no error here but in `Done`.
pub async fn run(cloud: &Arc<Cloud>, work: Work) -> Result<Done, Fault> {
    let pool = Pool::of(cloud)?;
    let ticket = pool.admit(&work.scope, &work.name, work.reserved)?;
    let cloud = Arc::clone(cloud);
    let done = tokio::spawn(async move { perform(&cloud, &pool, &ticket, work).await }).await;
    done.unwrap_or_else(|_| Err(kogumo_base::Trouble::new("an invocation has panicked").into()))
}

async fn perform(cloud: &Arc<Cloud>, pool: &Arc<Pool>, ticket: &Ticket, work: Work) -> Result<Done, Fault> {
    let key = Key::of(&work.scope, &work.name, &work.version);
    let (mut environment, cold) = match pool.take(&key, cloud.clock.now()) {
        Some(environment) => (environment, false),
        None => (Environment::start(cloud, pool, key, &work.version).await?, true),
    };
    ticket.works_in(&environment.sandbox);
    let settings = &work.version.settings;
    let json = settings.logging.json;
    if !cold {
        environment.log.begin();
    }
    let (ready, init) = match cold {
        true => {
            let (outcome, took) = environment.wait_until_ready().await;
            (outcome, Some(took))
        }
        false => (Outcome::Ready, None),
    };
    environment.log.line(report::start(json, cloud.clock.now(), &work.request, &work.version.version));
    let began = Instant::now();
    let outcome = match ready {
        Outcome::Ready => {
            let patience = Duration::from_secs(u64::try_from(settings.timeout).unwrap_or(3));
            environment.call(event(&work), patience).await
        }
        failed => failed,
    };
    let duration = began.elapsed();
    environment.sandbox.drain();
    let verdict = judge(&work, outcome);
    if let Some(line) = &verdict.line {
        environment.log.line(line.clone());
    }
    let report = Report {
        request: &work.request,
        duration: duration.as_secs_f64() * 1000.0,
        init: init.map(|init| init.as_secs_f64() * 1000.0),
        memory: settings.memory,
        used: environment.memory_used(),
        failure: verdict.failure.as_ref().map(|kind| match kind.as_str() {
            TIMED_OUT => Failure::Timeout,
            kind => Failure::Error(kind),
        }),
    };
    for line in report::end(json, cloud.clock.now(), &report) {
        environment.log.line(line);
    }
    let done = Done {
        payload: verdict.payload,
        failed: verdict.failed,
        tail: environment.log.tail(),
        version: work.version.version.clone(),
    };
    let log = Arc::clone(&environment.log);
    if verdict.reusable {
        pool.park(environment);
    } else {
        drop(tokio::task::spawn_blocking(move || environment.close()));
    }
    tokio::spawn(async move { log.send().await });
    Ok(done)
}

fn event(work: &Work) -> Event {
    let sampled = u8::from(work.version.settings.tracing == "Active");
    let seconds = Clock::machine_now().seconds();
    Event {
        request: work.request.clone(),
        payload: work.payload.clone(),
        deadline: Clock::machine_now().plus_seconds(i64::from(work.version.settings.timeout)).0,
        function_arn: work.function_arn.clone(),
        trace: format!(
            "Root=1-{seconds:08x}-{};Parent={};Sampled={sampled}",
            kogumo_base::hex_id(24),
            kogumo_base::hex_id(16)
        ),
        client_context: work.client_context.clone(),
        pieces: work.pieces.clone(),
    }
}

const TIMED_OUT: &str = "Sandbox.Timedout";

/// What an outcome means for the caller, the log and the environment.
struct Verdict {
    payload: Bytes,
    failed: bool,
    reusable: bool,
    /// A line of the platform's about it.
    line: Option<String>,
    /// The error's type, if it isn't one that the handler itself has reported.
    failure: Option<String>,
}

fn judge(work: &Work, outcome: Outcome) -> Verdict {
    let request = &work.request;
    let broken = |kind: &str, message: String, line: String| Verdict {
        payload: problem_text(kind, &message),
        failed: true,
        reusable: false,
        line: Some(line),
        failure: Some(kind.to_owned()),
    };
    match outcome {
        Outcome::Answer(payload) => Verdict { payload, failed: false, reusable: true, line: None, failure: None },
        Outcome::Failure { payload, kind } => {
            // What Lambda itself finds wrong with an answer has a name of Lambda's own.
            let platforms = kind.starts_with("Runtime.") || kind.starts_with("Function.");
            Verdict { payload, failed: true, reusable: true, line: None, failure: platforms.then_some(kind) }
        }
        Outcome::InitFailure { payload, kind } => {
            Verdict { payload, failed: true, reusable: false, line: None, failure: Some(kind) }
        }
        Outcome::TimedOut | Outcome::Ready => {
            let seconds = f64::from(work.version.settings.timeout);
            let message = format!("RequestId: {request} Error: Task timed out after {seconds:.2} seconds");
            let line =
                format!("{} {request} Task timed out after {seconds:.2} seconds", Clock::machine_now().iso_millis());
            broken(TIMED_OUT, message, line)
        }
        Outcome::Ended(exit) => {
            let (kind, why) = ending(work, exit);
            let message = format!("RequestId: {request} Error: {why}");
            let line = format!("{message}\n{kind}");
            let mut verdict = broken(kind, message, line);
            if exit == Exit::OutOfMemory {
                verdict.failure = Some("Runtime.OutOfMemory".to_owned());
            }
            verdict
        }
    }
}

/// Lambda's words for the end of a runtime.
fn ending(work: &Work, exit: Exit) -> (&'static str, String) {
    const EXIT: &str = "Runtime.ExitError";
    match exit {
        Exit::Code(127) if work.version.settings.runtime.starts_with("provided") => (
            "Runtime.InvalidEntrypoint",
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned(),
        ),
        Exit::Code(0) => (EXIT, "Runtime exited without providing a reason".to_owned()),
        Exit::Code(code) => (EXIT, format!("Runtime exited with error: exit status {code}")),
        Exit::OutOfMemory => (EXIT, "Runtime exited with error: signal: killed".to_owned()),
        Exit::Signal(signal) => (EXIT, format!("Runtime exited with error: signal: {}", signal_name(signal))),
    }
}

/// The names that strsignal(3) has for what ends programs.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        let mut version = Version::default();
        version.settings.timeout = 3;
        version.settings.runtime = "provided.al2023".into();
        Work {
            scope: Scope::new("0", "r"),
            name: "f".into(),
            version,
            function_arn: "arn".into(),
            reserved: None,
            request: "id".into(),
            payload: Bytes::new(),
            client_context: None,
            pieces: None,
        }
    }

    fn text(outcome: Outcome) -> String {
        String::from_utf8_lossy(&judge(&work(), outcome).payload).into_owned()
    }

    #[test]
    fn words_for_what_goes_wrong() {
        assert_eq!(
            text(Outcome::TimedOut),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 3.00 seconds"}"#
        );
        assert_eq!(
            text(Outcome::Ended(Exit::OutOfMemory)),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: signal: killed"}"#
        );
        assert!(text(Outcome::Ended(Exit::Code(1))).contains("exit status 1"));
        assert!(text(Outcome::Ended(Exit::Code(0))).contains("without providing a reason"));
        assert!(text(Outcome::Ended(Exit::Code(127))).contains("Runtime.InvalidEntrypoint"));
        assert!(text(Outcome::Ended(Exit::Signal(11))).contains("signal: segmentation fault"));
    }

    #[test]
    fn a_handlers_error_leaves_the_environment_usable() {
        let failure = |kind: &str| judge(&work(), Outcome::Failure { payload: Bytes::new(), kind: kind.into() });
        assert!(failure("ValueError").reusable && failure("ValueError").failure.is_none());
        assert!(failure("Function.ResponseSizeTooLarge").reusable);
        assert!(failure("Runtime.MarshalError").reusable);
        let init = Outcome::InitFailure { payload: Bytes::new(), kind: "ZeroDivisionError".into() };
        assert!(!judge(&work(), init).reusable);
    }
}
