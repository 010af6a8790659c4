//! What a service crate hands over: its facts, its operations, and what it does besides answering calls.

use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kogumo_base::{Scope, Trouble};
use kogumo_store::Read;
use kogumo_store::timers::Timer;
use kogumo_wire::{Body, Fault, Operation, Request, Structure};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{Authorizer, Caller, Cloud, Credential, Entrance, Grounds, Op, Renames, Writer};

pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A service as the registry holds it. `svc-ssm` answers one from `pub fn service(…)`.
pub struct Service {
    pub facts: &'static kogumo_wire::Service,
    pub ops: Vec<Op>,
    pub reconcilers: Vec<Reconciler>,
    pub timers: Vec<(&'static str, TimerHandler)>,
    pub surfaces: Vec<Surface>,
    /// Host names that customers chose and this service serves.
    pub names: Option<Names>,
    /// Finds keys that this service issues (IAM, STS).
    pub credentials: Option<fn(&dyn Read, &str) -> Result<Option<Credential>, Trouble>>,
    /// The JWKS document of an issuer of tokens that is this service's (Cognito's user and identity pools).
    pub issuer: Option<fn(&dyn Read, &str) -> Result<Option<Value>, Trouble>>,
    /// Whether a call without a signature may happen that the model wants signed (S3's public objects).
    pub anonymous: Option<fn(&Cloud, &Caller, &'static Operation, &dyn Structure) -> bool>,
    /// Whether a page of another origin may use the service (S3's CORS rules).
    pub cross_origin: Option<fn(&Cloud, &CrossOrigin) -> Option<http::HeaderMap>>,
    /// Makes what an account has in a region from the beginning (EC2's default VPC); runs before each call.
    pub prepare: Option<fn(&Cloud, &Scope) -> Result<(), Fault>>,
    /// What decides over all services' calls: IAM's.
    pub authorizer: Option<Authorizer>,
    /// What the service knows of resources and a request does not say: their policies, owners and tags.
    pub grounds: Option<Grounds>,
    /// Whether resources have policies: root and other services are held to them.
    pub has_policies: bool,
    /// Changes the name of a principal in the policies that the service keeps.
    pub renames: Option<Renames>,
    pub(crate) generation: AtomicU64,
    /// Connects to public addresses of this cloud, as from the internet (EC2).
    pub internet: Option<Dial>,
    pub parts: Vec<Arc<dyn Any + Send + Sync>>,
    pub on_reset: Option<fn(Arc<Cloud>) -> BoxFuture<()>>,
    pub on_stop: Option<fn(Arc<Cloud>) -> BoxFuture<()>>,
}

/// Connects to a port of a public address of this cloud, or of a name that has one.
pub type Dial = fn(Arc<Cloud>, String, u16) -> BoxFuture<Result<TcpStream, Trouble>>;

/// What makes the reality match the records. It takes no input: it reads a snapshot, plans, and applies;
/// it is run after commits that touch what it follows, when the clock is moved, and once in every period.
pub struct Reconciler {
    pub name: &'static str,
    /// The services whose tables it acts on, as tables name them; `timers` wake it when one of them has fallen due.
    pub follows: &'static [&'static str],
    pub period: Duration,
    pub run: fn(Arc<Cloud>) -> BoxFuture<Result<(), Trouble>>,
}

/// Handles a timer that is due, in the transaction that removes it. Setting it again is its own affair.
pub type TimerHandler = fn(&mut Writer, &Timer) -> Result<(), Trouble>;

/// A part of the port that is not AWS's API: an API's stage, a function's URL, a website.
pub struct Surface {
    pub name: &'static str,
    /// Whether the request is for this surface. The first one that claims it serves it.
    pub claims: fn(&Incoming) -> bool,
    pub serve: fn(Arc<Cloud>, Incoming) -> BoxFuture<http::Response<Body>>,
}

/// Host names that customers chose themselves: API Gateway's custom domain names.
#[derive(Clone, Copy)]
pub struct Names {
    /// Whether a name (lower case, without a port) is one of them, in whichever account.
    pub has: fn(&Cloud, &str) -> bool,
    /// Whether the request is to one of them, and for this service.
    pub claims: fn(&Cloud, &Incoming) -> bool,
    pub serve: fn(Arc<Cloud>, Incoming) -> BoxFuture<http::Response<Body>>,
}

/// A request to a surface.
#[derive(Debug)]
pub struct Incoming {
    pub request: Request,
    /// The Host header in lower case, without the port.
    pub host: String,
    /// The raw query string, for surfaces that pass it on.
    pub raw_query: String,
    pub peer: SocketAddr,
    pub tls: bool,
    pub entrance: Entrance,
}

/// What a page of another origin wants. The answer is the headers that let it, or none if no rule does.
#[derive(Debug)]
pub struct CrossOrigin<'a> {
    /// `http://localhost:3000`
    pub origin: &'a str,
    /// The path with the bucket in it, percent-encoded.
    pub path: &'a str,
    /// The method that is asked for: a preflight names it.
    pub method: &'a str,
    /// The headers that a preflight asks for, in lower case.
    pub headers: Vec<String>,
    pub preflight: bool,
}

impl Service {
    /// A service that answers these operations and does nothing else.
    pub fn new(facts: &'static kogumo_wire::Service, ops: Vec<Op>) -> Self {
        Service {
            facts,
            ops,
            reconcilers: Vec::new(),
            timers: Vec::new(),
            surfaces: Vec::new(),
            names: None,
            credentials: None,
            issuer: None,
            anonymous: None,
            cross_origin: None,
            prepare: None,
            authorizer: None,
            grounds: None,
            has_policies: false,
            renames: None,
            generation: AtomicU64::new(0),
            internet: None,
            parts: Vec::new(),
            on_reset: None,
            on_stop: None,
        }
    }

    pub fn reconciler(mut self, reconciler: Reconciler) -> Self {
        self.reconcilers.push(reconciler);
        self
    }

    /// `kind` is what the timer was put with.
    pub fn timer(mut self, kind: &'static str, handler: TimerHandler) -> Self {
        self.timers.push((kind, handler));
        self
    }

    pub fn surface(mut self, surface: Surface) -> Self {
        self.surfaces.push(surface);
        self
    }

    /// Serves names that customers chose.
    pub fn names(mut self, names: Names) -> Self {
        self.names = Some(names);
        self
    }

    pub fn credentials(mut self, find: fn(&dyn Read, &str) -> Result<Option<Credential>, Trouble>) -> Self {
        self.credentials = Some(find);
        self
    }

    /// Answers for the keys of token issuers: by `https://cognito-idp.{region}.amazonaws.com/{pool}` their JWKS.
    pub fn issuer(mut self, find: fn(&dyn Read, &str) -> Result<Option<Value>, Trouble>) -> Self {
        self.issuer = Some(find);
        self
    }

    /// Lets calls without a signature through where the function says so.
    pub fn anonymous(mut self, may: fn(&Cloud, &Caller, &'static Operation, &dyn Structure) -> bool) -> Self {
        self.anonymous = Some(may);
        self
    }

    /// Lets pages of other origins in where the function says so.
    pub fn cross_origin(mut self, may: fn(&Cloud, &CrossOrigin) -> Option<http::HeaderMap>) -> Self {
        self.cross_origin = Some(may);
        self
    }

    /// Runs before each call: it has to be quick once everything is there.
    pub fn prepare(mut self, prepare: fn(&Cloud, &Scope) -> Result<(), Fault>) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// Decides over all calls.
    pub fn authorizer(mut self, authorizer: Authorizer) -> Self {
        self.authorizer = Some(authorizer);
        self
    }

    /// Tells owners and tags of resources.
    pub fn grounds(mut self, grounds: Grounds) -> Self {
        self.grounds = Some(grounds);
        self
    }

    /// Tells policies of resources, too: nobody passes without having been decided by them.
    pub fn policies(mut self, grounds: Grounds) -> Self {
        self.has_policies = true;
        self.grounds(grounds)
    }

    /// Follows principals that go or get another name, in the policies that the service keeps.
    pub fn renames(mut self, renames: Renames) -> Self {
        self.renames = Some(renames);
        self
    }

    /// Another number after each call that may have changed the service's records: what is remembered of them under an
    /// earlier number is out of date.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn outdate(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Connects to public addresses.
    pub fn internet(mut self, dial: Dial) -> Self {
        self.internet = Some(dial);
        self
    }

    /// Keeps a part that handlers find by its type: `cloud.part::<Pool>()`.
    pub fn with<T: Any + Send + Sync>(mut self, part: T) -> Self {
        self.parts.push(Arc::new(part));
        self
    }

    /// Runs when the cloud is emptied, after the store is.
    pub fn on_reset(mut self, run: fn(Arc<Cloud>) -> BoxFuture<()>) -> Self {
        self.on_reset = Some(run);
        self
    }

    /// Runs when the cloud stops.
    pub fn on_stop(mut self, run: fn(Arc<Cloud>) -> BoxFuture<()>) -> Self {
        self.on_stop = Some(run);
        self
    }

    /// The built operation of that name.
    pub fn op(&self, name: &str) -> Option<&Op> {
        self.ops.iter().find(|op| op.facts.name == name)
    }
}
