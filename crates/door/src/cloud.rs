//! The cloud: all services over one store and one clock.

use std::any::Any;
use std::sync::Arc;

use kogumo_base::{Clock, Scope, Trouble};
use kogumo_store::{Store, Table, Transaction};
use kogumo_wire::{Fault, Operation, Structure};
use tokio::sync::watch;

use crate::credentials::Credentials;
use crate::operation::{Answer, Handler};
use crate::parts::Parts;
use crate::service::Service;
use crate::trail::{self, Note, Trail};
use crate::{Authorizer, Caller, Context, Credential, Documents, Entrances, Op, Reader, Settings, Uses, Writer};

/// A running cloud.
pub struct Cloud {
    pub settings: Settings,
    pub store: Store,
    pub clock: Clock,
    pub trail: Trail,
    /// When keys and roles were last used.
    pub uses: Uses,
    /// Sockets in the cloud's networks, on their way to whoever serves the port.
    pub entrances: Entrances,
    /// In the order of their names.
    services: Vec<Service>,
    /// The places of those that issue keys.
    keepers: Vec<usize>,
    parts: Parts,
    authorizer: Option<Authorizer>,
    credentials: Credentials,
    /// Policy documents that have been read.
    pub documents: Documents,
    clock_moved: watch::Sender<()>,
}

/// How far the clock is ahead, kept so that it survives a restart.
static AHEAD: Table<i64> = Table::new("cloud/clock");

impl Cloud {
    /// A cloud of these services over that store. The clock goes on where it was.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn new(settings: Settings, store: Store, mut services: Vec<Service>) -> Result<Arc<Self>, Trouble> {
        let ahead = AHEAD.get(&store.read(), &system_scope(), "ahead")?.unwrap_or(0);
        services.sort_by_key(|service| service.facts.name);
        let keepers = (0..services.len()).filter(|&place| services[place].credentials.is_some()).collect();
        let authorizer = services.iter().find_map(|service| service.authorizer);
        let mut parts = Parts::default();
        services.iter_mut().flat_map(|service| service.parts.drain(..)).for_each(|part| parts.insert(part));
        Ok(Arc::new(Cloud {
            trail: Trail::new(store.clone()),
            uses: Uses::default(),
            entrances: Entrances::default(),
            settings,
            store,
            clock: Clock::ahead_by(ahead),
            services,
            keepers,
            parts,
            authorizer,
            credentials: Credentials::default(),
            documents: Documents::default(),
            clock_moved: watch::channel(()).0,
        }))
    }

    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Whether a customer chose that host name for what a service serves.
    pub fn has_name(&self, host: &str) -> bool {
        self.services.iter().filter_map(|service| service.names).any(|names| (names.has)(self, host))
    }

    /// The service of that name (Kogumo's: `ssm`, `stepfunctions`).
    pub fn service(&self, name: &str) -> Option<&Service> {
        let place = self.services.binary_search_by_key(&name, |service| service.facts.name);
        place.ok().and_then(|place| self.services.get(place))
    }

    pub(crate) fn find_by_facts(&self, facts: &'static Operation) -> Option<(&Service, &Op)> {
        let pairs = self.services.iter().flat_map(|service| service.ops.iter().map(move |op| (service, op)));
        pairs.into_iter().find(|(_, op)| std::ptr::eq(op.facts, facts))
    }

    /// A part that a service keeps.
    ///
    /// # Errors
    /// No service has brought such a part.
    pub fn part<T: Any + Send + Sync>(&self) -> Result<Arc<T>, Trouble> {
        self.parts.get().ok_or_else(|| Trouble::new(format!("no service keeps a {}", std::any::type_name::<T>())))
    }

    /// What decides over calls; none in a cloud without IAM.
    pub(crate) fn authorizer(&self) -> Option<Authorizer> {
        self.authorizer
    }

    /// The credential behind a key that this cloud issued.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn credential(&self, access_key: &str) -> Result<Option<Arc<Credential>>, Trouble> {
        let keepers = || self.keepers.iter().filter_map(|&place| self.services.get(place));
        let generation = keepers().map(Service::generation).sum();
        if let Some(credential) = self.credentials.get(access_key, generation) {
            return Ok(Some(credential));
        }
        let snapshot = self.store.read();
        for find in keepers().filter_map(|service| service.credentials) {
            if let Some(credential) = find(&snapshot, access_key)? {
                let credential = Arc::new(credential);
                self.credentials.put(access_key, generation, &credential);
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }

    /// The JWKS document of an issuer that is this cloud's own; `None` for all others.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn issuer_keys(&self, issuer: &str) -> Result<Option<serde_json::Value>, Trouble> {
        let snapshot = self.store.read();
        for find in self.services.iter().filter_map(|service| service.issuer) {
            if let Some(keys) = find(&snapshot, issuer)? {
                return Ok(Some(keys));
            }
        }
        Ok(None)
    }

    /// The one way to an operation: may it happen, do it, note it.
    ///
    /// # Errors
    /// The operation's faults.
    pub async fn call(
        self: &Arc<Self>,
        caller: Caller,
        service: &Service,
        op: &Op,
        input: Box<dyn Structure>,
    ) -> Answer {
        let is_noted = trail::is_noted(&caller, service.facts.name);
        let now = self.clock.now();
        self.uses.note(&caller, service.facts.signing_name, now);
        let mut note = Note::begin(service.facts, op.facts, &*input, now);
        let allowed = self.authorizer.map_or(Ok(()), |decide| (decide.call)(self, &caller, service, op.facts, &*input));
        let admitted = allowed.map_err(|denied| {
            note.decide(denied.decision);
            denied.fault
        });
        let answer = match admitted.and_then(|()| self.prepare(&caller, service)) {
            Ok(()) => self.run(&caller, op, input).await,
            Err(fault) => Err(fault),
        };
        if let (Ok(_), Some(settled)) = (&answer, op.settled) {
            settled(Arc::clone(self)).await;
        }
        if op.writes() {
            service.outdate();
        }
        if let Err(fault) = &answer {
            note.fail(fault);
        }
        if is_noted {
            self.trail.note(note, caller);
        }
        answer
    }

    /// Makes the service ready for the account and region.
    fn prepare(&self, caller: &Caller, service: &Service) -> Result<(), Fault> {
        service.prepare.map_or(Ok(()), |prepare| prepare(self, &caller.scope))
    }

    async fn run(self: &Arc<Self>, caller: &Caller, op: &Op, input: Box<dyn Structure>) -> Answer {
        let now = self.clock.now();
        let verdict = op.verdict(&*input);
        let rehearses = caller.rehearses || verdict.is_some();
        let answer = match &op.handler {
            Handler::Read(run) => {
                let snapshot = self.store.read();
                run(&Reader { store: &snapshot, caller, now, cloud: self }, input)
            }
            Handler::Write(begin) => {
                let work = begin(input)?;
                self.write(rehearses, |tx| work(&mut Writer { tx, caller, now, cloud: self }))
            }
            Handler::Task(run) => {
                let caller = Caller { rehearses, ..caller.clone() };
                run(Context { cloud: Arc::clone(self), caller }, input).await
            }
        }?;
        verdict.map_or(Ok(answer), Err)
    }

    /// Runs `work` in a transaction; in a rehearsal, in one that is thrown away.
    pub(crate) fn write<R, E: From<Trouble>>(
        &self,
        rehearses: bool,
        work: impl FnMut(&mut Transaction) -> Result<R, E>,
    ) -> Result<R, E> {
        if rehearses { self.store.rehearse(work) } else { self.store.write(work) }
    }

    /// Writes when keys and roles were last used.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn write_uses(&self) -> Result<(), Trouble> {
        self.uses.flush(&self.store)
    }

    /// Moves the clock forward and wakes whoever waits for a time.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn advance_clock(&self, millis: u64) -> Result<(), Trouble> {
        let ahead = self.clock.advance(millis);
        self.store.write(|tx| AHEAD.put(tx, &system_scope(), "ahead", &ahead))?;
        self.clock_moved.send_replace(());
        Ok(())
    }

    /// Changes each time the clock is moved.
    pub fn clock_moves(&self) -> watch::Receiver<()> {
        self.clock_moved.subscribe()
    }

    /// Empties the cloud: all records, the clock's advance, and what services keep besides.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub async fn reset(self: &Arc<Self>) -> Result<(), Trouble> {
        self.trail.forget();
        self.uses.forget();
        self.store.clear()?;
        self.clock.reset();
        self.services.iter().for_each(Service::outdate);
        self.clock_moved.send_replace(());
        for run in self.services.iter().filter_map(|service| service.on_reset) {
            run(Arc::clone(self)).await;
        }
        Ok(())
    }

    /// Lets the services put their things away. The trail is written out, and the store made ready for a quick start.
    pub async fn stop(self: &Arc<Self>) {
        for run in self.services.iter().filter_map(|service| service.on_stop) {
            run(Arc::clone(self)).await;
        }
        if let Err(trouble) = self.trail.settle().and_then(|()| self.write_uses()).and_then(|()| self.store.settle()) {
            tracing::error!("{trouble}");
        }
    }
}

/// Records of the cloud itself belong to no account.
fn system_scope() -> Scope {
    Scope::new("", "")
}
