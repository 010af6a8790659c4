//! The one way of every request, step by step. Each step either passes the request on or answers it.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Method, Response, Version};
use hyper::body::Incoming as HyperBody;
use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Caller, Cloud, EndpointFinder, Entrance, Incoming, Principal, ViaEndpoint};
use kogumo_sigv4::{Authentication, BodyHash, KeyCache, Problem};
use kogumo_wire::{Body, Common, Fault, Protocol, Service, parse_query};

use crate::arrival::Arrival;
use crate::authenticate::{self, Identity};
use crate::authority::Authority;
use crate::browser::{Allowed, Refusal, Sender};
use crate::guard::guarded;
use crate::outgoing::Outgoing;
use crate::payload;
use crate::target::{Aim, Directory, Hints, Target};
use crate::{auth_faults, cross_origin, inside, own_routes, queue_url, tunnel};

/// What answers requests.
pub struct Gateway {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) authority: Arc<Authority>,
    directory: Directory,
    allowed: Allowed,
    keys: KeyCache,
}

/// A fault and how to write it.
struct Rejected {
    service: &'static Service,
    protocol: Protocol,
    fault: Fault,
}

impl Gateway {
    /// `services` are the facts of all services, built or not.
    pub fn new(cloud: Arc<Cloud>, services: &[&'static Service], authority: Arc<Authority>, allowed: Allowed) -> Self {
        Gateway { cloud, authority, directory: Directory::new(services), allowed, keys: KeyCache::default() }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: http::Request<HyperBody>,
        peer: SocketAddr,
        tls: bool,
        entrance: Entrance,
    ) -> Response<Outgoing> {
        if request.method() == Method::CONNECT {
            return tunnel::open(&self.cloud, request, &entrance).await.map(Outgoing);
        }
        // Who waits for "100 Continue" and is refused instead keeps the body to itself. Whatever comes next on this
        // connection must not be taken for that body, so nothing does (RFC 9110, section 10.1.1).
        let waits = request.version() == Version::HTTP_11 && request.headers().contains_key(EXPECT);
        let mut response = self.pass(Arrival::new(request, peer, tls, entrance)).await;
        if waits && !response.status().is_success() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response.map(Outgoing)
    }

    async fn pass(&self, mut arrival: Arrival) -> Response<Body> {
        if arrival.incoming.entrance != Entrance::Port
            && let Some(response) = inside::answer(&arrival)
        {
            return response;
        }
        if let Some(serve) = self.chosen_name(&arrival) {
            let served = guarded("a name of a customer's own", serve(self.cloud.clone(), arrival.incoming)).await;
            return served.unwrap_or_else(|trouble| own_routes::failed(&trouble));
        }
        let sender = match self.allowed.sender(inside::judged_host(&arrival), arrival.headers()) {
            Ok(sender) => sender,
            Err(refusal) => return own_routes::refuse(refusal),
        };
        let is_own = arrival.raw_path.starts_with(own_routes::PREFIX);
        if is_own && !may_visit(&sender, &arrival) {
            return own_routes::refuse(Refusal::Origin);
        }
        if let Some(surface) = self.surface(&arrival) {
            let served = guarded(surface.name, (surface.serve)(self.cloud.clone(), arrival.incoming)).await;
            return served.unwrap_or_else(|trouble| own_routes::failed(&trouble));
        }
        if matches!(arrival.incoming.entrance, Entrance::Metadata { .. }) {
            return inside::nothing_here();
        }
        let welcome = match &sender {
            Sender::Friend { origin } => match cross_origin::welcome(&arrival, origin) {
                (_, Some(preflight)) => return preflight,
                (headers, None) => Some(headers),
            },
            _ => None,
        };
        let mut response = if is_own {
            own_routes::answer(self, arrival).await
        } else {
            let called = self.call(&mut arrival, &sender).await;
            called.unwrap_or_else(|Rejected { service, protocol, fault }| {
                protocol.encode_fault(service, &fault, &arrival.request_id)
            })
        };
        if let Some(welcome) = welcome {
            response.headers_mut().extend(welcome);
        }
        response
    }

    /// The part of the port outside of AWS's API that claims the request.
    fn surface(&self, arrival: &Arrival) -> Option<&kogumo_door::Surface> {
        let surfaces = self.cloud.services().iter().flat_map(|service| service.surfaces.iter());
        surfaces.into_iter().find(|surface| (surface.claims)(&arrival.incoming))
    }

    /// What serves a name that a customer chose. The usual names of this cloud are not looked up.
    fn chosen_name(&self, arrival: &Arrival) -> Option<fn(Arc<Cloud>, Incoming) -> BoxFuture<Response<Body>>> {
        let host = arrival.incoming.host.as_str();
        if host == "localhost" || host.ends_with(".amazonaws.com") || host.parse::<std::net::IpAddr>().is_ok() {
            return None;
        }
        let names = self.cloud.services().iter().filter_map(|service| service.names);
        names.into_iter().find(|names| (names.claims)(&self.cloud, &arrival.incoming)).map(|names| names.serve)
    }

    /// A call of an operation, from the signature to the response.
    async fn call(&self, arrival: &mut Arrival, sender: &Sender) -> Result<Response<Body>, Rejected> {
        let authentication = Authentication::read(arrival.headers(), &arrival.incoming.raw_query);
        let target = self.aim(arrival, authentication.as_ref().ok().and_then(Option::as_ref)).await?;
        let granted = match sender {
            Sender::Own | Sender::Friend { .. } => None,
            Sender::Foreign { origin } => match cross_origin::judge(&self.cloud, arrival, target.service, origin) {
                cross_origin::Judgement::Answer(response) => return Ok(response),
                cross_origin::Judgement::GoOn(headers) => headers,
            },
        };
        let name = target.operation.map_or(target.service.name, |operation| operation.name);
        let performed = guarded(name, self.perform(arrival, target, authentication)).await;
        let mut response = match performed.unwrap_or_else(|trouble| Err(trouble.into())) {
            Ok(response) => response,
            Err(fault) => {
                // A body at fault ends the handler's stream; what the handler made of that is not what happened.
                let fault = arrival.verdict.take().unwrap_or(fault);
                target.protocol.encode_fault(target.service, &fault, &arrival.request_id)
            }
        };
        if let Some(granted) = granted {
            response.headers_mut().extend(granted);
        }
        Ok(response)
    }

    /// The VPC endpoint that the call came over.
    fn endpoint(&self, arrival: &Arrival, target: Target) -> Option<Arc<ViaEndpoint>> {
        let Arrival { incoming, .. } = arrival;
        if incoming.entrance == Entrance::Port {
            return None;
        }
        let finder = self.cloud.part::<EndpointFinder>().ok()?;
        (finder.0)(&self.cloud, &incoming.entrance, incoming.peer.ip(), target.service.name).map(Arc::new)
    }

    /// Finds service, protocol and operation; reads the body where they stand in a form.
    async fn aim(&self, arrival: &mut Arrival, authentication: Option<&Authentication>) -> Result<Target, Rejected> {
        let scope_service = match authentication {
            Some(Authentication::V4(presented)) => Some(presented.credential.service.as_str()),
            Some(Authentication::Legacy(_)) => Some("s3"),
            None => None,
        };
        if self.is_for_s3(arrival, scope_service) {
            arrival.move_bucket_into_path();
        }
        let mut aim = self.directory.aim(&hints(arrival, scope_service));
        if matches!(aim, Aim::InForm) {
            let service =
                scope_service.and_then(|name| self.directory.service(name)).or_else(|| self.directory.service("sts"));
            let service = service.ok_or_else(|| self.lost(arrival, scope_service))?;
            let body = payload::gather(arrival, service).await.map_err(|fault| rejected(service, fault))?;
            let form = parse_query(&String::from_utf8_lossy(&body), true);
            aim = self.directory.aim_in_form(&hints(arrival, scope_service), &form);
        }
        match aim {
            Aim::At(target) => Ok(target),
            Aim::InForm | Aim::Nowhere => Err(self.lost(arrival, scope_service)),
        }
    }

    /// A bucket's own host name means S3 for sure; `bucket.localhost` does for a request that is signed for S3.
    fn is_for_s3(&self, arrival: &Arrival, scope_service: Option<&str>) -> bool {
        use crate::virtual_host::HostMeaning::{PerhapsBucket, S3};
        match arrival.meaning {
            S3 { .. } => scope_service.is_none_or(|name| name == "s3"),
            PerhapsBucket(_) => {
                scope_service.map_or(!arrival.headers().contains_key("x-amz-target"), |name| name == "s3")
            }
            _ => false,
        }
    }

    /// No service is meant that anybody knows.
    fn lost(&self, arrival: &Arrival, scope_service: Option<&str>) -> Rejected {
        let wanted = scope_service.or_else(|| arrival.header("x-amz-target")).unwrap_or(&arrival.incoming.host);
        let fault = Fault::not_implemented(&format!("The service '{wanted}'"));
        let protocol = if arrival.header("x-amz-target").is_some() { Protocol::Json11 } else { Protocol::Query };
        Rejected { service: &NOBODY, protocol, fault }
    }

    /// Verifies, decodes, calls through the door, encodes.
    async fn perform(
        &self,
        arrival: &mut Arrival,
        target: Target,
        authentication: Result<Option<Authentication>, Problem>,
    ) -> Result<Response<Body>, Fault> {
        let service = target.service;
        let s3 = authenticate::is_s3(service);
        let authentication = authentication.map_err(|problem| auth_faults::fault(&problem, "", s3))?;
        let identity = self.admit(arrival, target, authentication.as_ref()).await?;
        let Some(operation) = target.operation else {
            return Err(unknown_operation(arrival, target));
        };
        let built = self.cloud.service(service.name).and_then(|built| Some((built, built.op(operation.name)?)));
        let Some((built, op)) = built else {
            return Err(Fault::not_implemented(&format!("{}:{}", service.name, operation.name)));
        };
        let anonymous = *identity.principal == Principal::Anonymous && !op.facts.unsigned;
        if anonymous && built.anonymous.is_none() {
            return Err(auth_faults::missing_token(s3));
        }
        let mut input = (op.new_input)();
        queue_url::complete(arrival, target);
        target.protocol.decode(op.facts, &mut arrival.incoming.request, &mut *input)?;
        let caller = Caller { endpoint: self.endpoint(arrival, target), ..caller(arrival, identity) };
        if anonymous && !built.anonymous.is_some_and(|may| may(&self.cloud, &caller, op.facts, &*input)) {
            return Err(auth_faults::missing_token(s3));
        }
        let output = self.cloud.call(caller, built, op, input).await?;
        Ok(target.protocol.encode(service, op.facts, output, &arrival.request_id))
    }

    /// Finds out who calls, and makes the body ready: in memory, or a stream that watches over itself.
    async fn admit(
        &self,
        arrival: &mut Arrival,
        target: Target,
        authentication: Option<&Authentication>,
    ) -> Result<Identity, Fault> {
        let service = target.service;
        let signed = match authentication {
            Some(authentication) => authenticate::payload_word(arrival, service, authentication)?,
            None => None,
        };
        // Where the body's hash is signed and not said, it has to be known before anything is done.
        let must_hash = signed.is_none() && authentication.is_some();
        if target.operation.is_some_and(payload::is_streamed) && !must_hash {
            let word = signed.as_deref().unwrap_or(UNSIGNED);
            let identity = self.identify(arrival, service, authentication, word)?;
            payload::settle_streamed(arrival, &identity, signed.as_deref())?;
            return Ok(identity);
        }
        let body = payload::gather(arrival, service).await?;
        let identity = match &signed {
            Some(word) => self.identify(arrival, service, authentication, word)?,
            None => {
                // Operations of the authentication type `v4-unsigned-body` are signed with the word.
                let hashed = self.identify(arrival, service, authentication, &BodyHash::of(&body));
                hashed.or_else(|fault| self.identify(arrival, service, authentication, UNSIGNED).map_err(|_| fault))?
            }
        };
        payload::settle_gathered(arrival, service, &identity, signed.as_deref(), &body).await?;
        Ok(identity)
    }

    fn identify(
        &self,
        arrival: &Arrival,
        service: &Service,
        authentication: Option<&Authentication>,
        payload: &str,
    ) -> Result<Identity, Fault> {
        match authentication {
            Some(authentication) => {
                authenticate::identify(&self.cloud, &self.keys, arrival, service, authentication, payload)
            }
            None => Ok(authenticate::anonymous(arrival)),
        }
    }

    /// Refuses what would let strangers in: an address that others can reach, and keys that everybody knows.
    ///
    /// # Errors
    /// The reason, for the terminal.
    pub fn check_address(listen: SocketAddr, strict: bool) -> Result<(), Trouble> {
        if listen.ip().is_loopback() || strict {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{listen} can be reached from other machines, and everybody knows the key `test`: \
             start with --strict (only keys that this cloud has issued), or listen on 127.0.0.1"
        )))
    }
}

/// Whether the cloud's own pages are open: to a foreign page's link they are (it cannot look at what comes back), as reading them
/// changes nothing; to its scripts they are not.
fn may_visit(sender: &Sender, arrival: &Arrival) -> bool {
    match sender {
        Sender::Own | Sender::Friend { .. } => true,
        Sender::Foreign { origin } => origin.is_empty() && arrival.incoming.request.method == Method::GET,
    }
}

/// In whose name an error is written when no service is known.
static NOBODY: Service = Service {
    name: "nobody",
    sdk_id: "",
    signing_name: "",
    endpoint_prefix: "",
    api_version: "",
    target_prefix: "",
    xmlns: "",
    protocols: &[],
    query_compatible: false,
    global: false,
    operations: &[],
};

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

fn hints<'a>(arrival: &'a Arrival, scope_service: Option<&'a str>) -> Hints<'a> {
    let request = &arrival.incoming.request;
    Hints {
        method: request.method.as_str(),
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        host: &arrival.meaning,
        scope_service,
    }
}

fn rejected(service: &'static Service, fault: Fault) -> Rejected {
    Rejected { service, protocol: service.protocols.first().copied().unwrap_or(Protocol::Json11), fault }
}

fn caller(arrival: &Arrival, identity: Identity) -> Caller {
    Caller {
        scope: identity.scope,
        principal: identity.principal,
        access_key: identity.access_key,
        request_id: arrival.request_id.clone(),
        source_ip: Some(arrival.incoming.peer.ip()),
        reached: arrival.reached(),
        user_agent: arrival.header("user-agent").unwrap_or_default().to_owned(),
        secure: arrival.incoming.tls,
        signed: identity.signed,
        called_via: Vec::new(),
        invoked_by: None,
        source_arn: None,
        endpoint: None,
        assumed_by: None,
        rehearses: false,
        session: identity.session,
    }
}

/// An operation that the service does not have, by the name that the client used.
fn unknown_operation(arrival: &Arrival, target: Target) -> Fault {
    let request = &arrival.incoming.request;
    let named = match target.protocol {
        Protocol::Query | Protocol::Ec2 => {
            let in_body = match &request.body {
                Body::Bytes(bytes) => parse_query(&String::from_utf8_lossy(bytes), true),
                _ => Vec::new(),
            };
            let action = in_body.iter().chain(&request.query).find(|(name, _)| name == "Action");
            let action = action.map_or("", |(_, value)| value.as_str());
            format!("The action {action} is not valid for this web service.")
        }
        Protocol::RestJson | Protocol::RestXml if request.method == Method::OPTIONS => {
            "The method OPTIONS needs an Origin.".to_owned()
        }
        Protocol::RestXml => "The specified method is not allowed against this resource.".to_owned(),
        Protocol::RestJson => {
            format!("Unable to determine service/operation name to be authorized: {} {}", request.method, request.path)
        }
        Protocol::Json10 | Protocol::Json11 | Protocol::RpcV2Cbor => {
            let target = request.header("x-amz-target").unwrap_or(&request.path);
            format!("The requested operation {target} is not recognized by the service.")
        }
    };
    Fault::common(Common::UnknownOperation, named)
}
