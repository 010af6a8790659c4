//! One execution environment: a sandbox with a runtime in it, its Runtime API, its log.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Cloud;
use kogumo_model::lambda::INVALID_RUNTIME_EXCEPTION;
use kogumo_sandbox::runtime::{Runtime, system_mounts};
use kogumo_sandbox::{Exit, Identity, Limits, Mount, Program, Sandbox, Spec, Watcher};
use kogumo_wire::Fault;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::api::{Api, Event};
use super::credentials::{self, Credentials};
use super::log::Log;
use super::pool::{Machine, Pool};
use super::report;
use super::signal::Signal;
use super::trust::Trust;
use super::variables::{Facts, log_stream, variables};
use crate::code::Code;
use crate::record::Version;
use crate::source::blocking;

/// How long a runtime may take to start before its time counts as the function's own.
const INIT_PATIENCE: Duration = Duration::from_secs(10);
/// Lambda's user inside.
const USER: Identity = Identity { uid: 993, gid: 990 };
/// Lambda's quotas for one environment.
const OPEN_FILES: u64 = 1024;
const PROCESSES: u64 = 1024;
/// The memory that comes with one processor's worth of share.
const MEMORY_OF_A_PROCESSOR: u64 = 1769;
const MIB: u64 = 1 << 20;
/// Keys that are about to expire aren't given to a new invocation.
const KEYS_LAST_SECONDS: i64 = 900 + 60;

/// Which function's environment it is; a changed function has another revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub scope: Scope,
    pub name: String,
    pub version: String,
    pub revision: String,
}

impl Key {
    pub fn of(scope: &Scope, name: &str, version: &Version) -> Key {
        Key {
            scope: scope.clone(),
            name: name.to_owned(),
            version: version.version.clone(),
            revision: version.revision_id.clone(),
        }
    }
}

pub struct Environment {
    pub key: Key,
    pub sandbox: Arc<dyn Sandbox>,
    pub log: Arc<Log>,
    /// How many times its function had been changed when it was started.
    pub generation: u64,
    api: Api,
    signals: UnboundedReceiver<Signal>,
    keys_expire: Timestamp,
    started: Instant,
}

/// How an environment's start or a call ended.
#[derive(Debug)]
pub enum Outcome {
    Ready,
    Answer(bytes::Bytes),
    Failure {
        payload: bytes::Bytes,
        kind: String,
    },
    /// The runtime could not start, and is ending.
    InitFailure {
        payload: bytes::Bytes,
        kind: String,
    },
    Ended(Exit),
    TimedOut,
}

/// Hears the sandbox.
struct Ear {
    log: Arc<Log>,
    signals: UnboundedSender<Signal>,
}

impl Watcher for Ear {
    fn output(&self, bytes: &[u8]) {
        self.log.write(bytes);
    }

    fn exited(&self, exit: Exit) {
        let _nobody_waits = self.signals.send(Signal::Ended(exit));
    }
}

impl Environment {
    /// Makes an environment and starts its runtime; whether that comes up, `wait_until_ready` tells.
    ///
    /// # Errors
    /// STS's, if the role can't be assumed; Lambda's, if nothing here can run that runtime.
    pub async fn start(
        cloud: &Arc<Cloud>,
        pool: &Arc<Pool>,
        key: Key,
        version: &Version,
    ) -> Result<Environment, Fault> {
        let generation = pool.generation(&key.scope, &key.name);
        let machine = pool.machine(cloud);
        let credentials = credentials::assume(cloud, &key.scope, &version.settings.role, &key.name).await?;
        let runtime = runtime(&machine, &version.settings.runtime).await?;
        let stream = log_stream(cloud.clock.now(), &key.version);
        let log = Log::new(cloud, &credentials.caller, &version.settings.logging.group, stream);
        log.line(report::init_start(version.settings.logging.json, cloud.clock.now(), &runtime.description));
        let (sender, signals) = unbounded_channel();
        let api = Api::serve(sender.clone()).await?;
        let ear = Arc::new(Ear { log: Arc::clone(&log), signals: sender });
        let data = cloud.settings.data.clone();
        let trust = blocking(move || Ok(Trust::of(&data)?)).await?;
        let prepared = Prepared {
            cloud,
            key: &key,
            version,
            credentials: &credentials,
            api: &api,
            log: &log,
            runtime: &runtime,
            trust: trust.as_ref(),
        };
        let program = prepared.program();
        let version = version.clone();
        let name = format!("lambda-{}", kogumo_base::hex_id(8));
        let started = Instant::now();
        let sandbox = blocking(move || {
            let spec = spec(name, &machine, &version, &runtime, trust.as_ref(), program)?;
            Ok(machine.host.start(spec, ear)?)
        });
        let sandbox = sandbox.await?;
        api.open_to(sandbox.user());
        Ok(Environment { key, sandbox, log, generation, api, signals, keys_expire: credentials.expires, started })
    }

    /// Waits until the runtime asks for its first event, but not for ever: `Ready` after that, too.
    /// Answers how long it took.
    pub async fn wait_until_ready(&mut self) -> (Outcome, Duration) {
        let waited = tokio::time::timeout(INIT_PATIENCE, self.next_outcome(None)).await;
        (waited.unwrap_or(Outcome::Ready), self.started.elapsed())
    }

    /// Gives the runtime an event and waits for what comes of it.
    pub async fn call(&mut self, event: Event, patience: Duration) -> Outcome {
        let request = event.request.clone();
        self.api.give(event);
        let waited = tokio::time::timeout(patience, self.next_outcome(Some(&request))).await;
        waited.unwrap_or(Outcome::TimedOut)
    }

    /// The next signal that matters: of that request, or of the start.
    async fn next_outcome(&mut self, request: Option<&str>) -> Outcome {
        loop {
            match self.signals.recv().await {
                Some(Signal::Ready) if request.is_none() => return Outcome::Ready,
                Some(Signal::Answer { request: of, payload }) if Some(of.as_str()) == request => {
                    return Outcome::Answer(payload);
                }
                Some(Signal::Failure { request: of, payload, kind }) if Some(of.as_str()) == request => {
                    return Outcome::Failure { payload, kind };
                }
                Some(Signal::InitFailure { payload, kind }) => return Outcome::InitFailure { payload, kind },
                Some(Signal::Ended(exit)) => return Outcome::Ended(exit),
                Some(_) => {}
                // The sender lives in the Runtime API, which lives in `self`.
                None => return Outcome::Ended(Exit::Signal(9)),
            }
        }
    }

    /// Whether it can take another invocation: it lives, and its keys will last.
    pub fn is_usable(&mut self, now: Timestamp) -> bool {
        let lives = self.sandbox.wait(Duration::ZERO).is_none();
        lives && now.plus_seconds(KEYS_LAST_SECONDS) < self.keys_expire
    }

    /// MB of memory that it has used at most.
    pub fn memory_used(&self) -> u64 {
        self.sandbox.usage().peak_memory.div_ceil(MIB)
    }

    /// Ends it and takes it away. It takes a moment: on a thread for such.
    pub fn close(self) {
        for trouble in self.sandbox.close() {
            tracing::warn!("{trouble}");
        }
    }
}

async fn runtime(machine: &Arc<Machine>, identifier: &str) -> Result<Arc<Runtime>, Fault> {
    let (machine, identifier) = (Arc::clone(machine), identifier.to_owned());
    let unable = |trouble: Trouble| INVALID_RUNTIME_EXCEPTION.because(trouble.to_string());
    blocking(move || machine.runtime(&identifier).map_err(unable)).await
}

/// What a program's environment variables are made of.
struct Prepared<'a> {
    cloud: &'a Cloud,
    key: &'a Key,
    version: &'a Version,
    credentials: &'a Credentials,
    api: &'a Api,
    log: &'a Log,
    runtime: &'a Runtime,
    trust: Option<&'a Trust>,
}

impl Prepared<'_> {
    fn program(&self) -> Program {
        let env = variables(&Facts {
            scope: &self.key.scope,
            name: &self.key.name,
            version: self.version,
            credentials: self.credentials,
            log_stream: &self.log.stream,
            runtime_api: &self.api.address.to_string(),
            endpoint: &endpoint(self.cloud),
            trust: &self.trust.map(Trust::variables).unwrap_or_default(),
            runtime: &self.runtime.env,
        });
        let mut argv = self.runtime.argv.clone();
        // "Modifying the runtime environment" of the developer guide: a script that starts the runtime.
        if let Some((_, wrapper)) = env.iter().rev().find(|(name, _)| name == "AWS_LAMBDA_EXEC_WRAPPER") {
            argv.insert(0, wrapper.clone());
        }
        Program { argv, env, folder: PathBuf::from("/var/task") }
    }
}

/// Where a function reaches this cloud. It shares this machine's loopback.
fn endpoint(cloud: &Cloud) -> String {
    let listen = cloud.settings.listen;
    if listen.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", listen.port())
    } else {
        format!("http://{listen}")
    }
}

/// The sandbox of a function.
fn spec(
    name: String,
    machine: &Machine,
    version: &Version,
    runtime: &Runtime,
    trust: Option<&Trust>,
    program: Program,
) -> Result<Spec, Trouble> {
    let settings = &version.settings;
    let layers: Vec<Code> = settings.layers.iter().map(|layer| layer.code.clone()).collect();
    let mut mounts = system_mounts();
    mounts.extend(runtime.mounts.iter().cloned());
    let show = |from: PathBuf, at: &str| Mount::Bind { from, at: at.into(), writable: false };
    mounts.push(show(machine.code.files(&version.code), "/var/task"));
    mounts.extend(trust.map(|trust| show(trust.file.clone(), trust.at)));
    mounts.extend(machine.code.layers(&layers)?.map(|folder| show(folder, "/opt")));
    let scratch = u64::try_from(settings.ephemeral_storage).unwrap_or(512) * MIB;
    mounts.extend([Mount::Scratch { at: "/tmp".into(), bytes: scratch }, Mount::Proc, Mount::Dev]);
    let memory = u64::try_from(settings.memory).unwrap_or(128);
    Ok(Spec {
        name,
        hostname: "localhost".to_owned(),
        mounts,
        identity: USER,
        limits: Limits {
            memory: memory * MIB,
            processes: PROCESSES,
            open_files: OPEN_FILES,
            cpu_weight: (memory * 100 / MEMORY_OF_A_PROCESSOR).clamp(1, 10_000),
        },
        program,
    })
}
