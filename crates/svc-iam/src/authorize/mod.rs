//! May the caller? Every call at the door is decided here: by the policies of who calls, of the resource, and of the
//! session. What an operation needs comes from `kogumo-authorization`, what resources have from their services
//! ([`Grounds`](kogumo_door::Grounds)), and the decision is `kogumo-policy`'s.

mod circumstances;
mod explain;
mod grounds;
mod identity;
mod refusal;

use std::sync::Arc;

use kogumo_authorization::{Need, account_of, needs};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{Ask, Authorizer, Caller, Cloud, Denied, Ground, Grounding, Principal, Service};
use kogumo_policy::{
    Attached, Context, Decision, Document, Effect, Layer, Named, Policies, Principal as Who, Request, decide,
};
use kogumo_store::LateSnapshot;
use kogumo_wire::{Operation, Structure};

pub use circumstances::of_simulated;
pub use explain::surface;
pub use identity::{Held, Identities, Identity, of_group, of_principal};

/// What decides over all calls.
pub const AUTHORIZER: Authorizer = Authorizer { call, one, circumstances };

fn call(
    cloud: &Cloud,
    caller: &Caller,
    service: &Service,
    operation: &'static Operation,
    input: &dyn Structure,
) -> Result<(), Denied> {
    if operation.unsigned || passes(caller, service) {
        return Ok(());
    }
    refusal::of_token(caller, service, operation)?;
    let needs = needs(service.facts, operation, input, caller.region(), caller.account());
    let decider = Decider::new(cloud, caller, service).map_err(refusal::trouble)?;
    decider.trusted()?;
    needs.iter().try_for_each(|need| decider.decide(need, Some((operation, input))))
}

fn one(cloud: &Cloud, caller: &Caller, service: &Service, ask: &Ask<'_>) -> Result<(), Denied> {
    if passes(caller, service) {
        return Ok(());
    }
    let decider = Decider::new(cloud, caller, service).map_err(refusal::trouble)?;
    decider.trusted()?;
    let need = Need { passed_to: ask.passed_to, ..Need::new(ask.action.to_owned(), ask.resource) };
    decider.decide(&need, ask.call)
}

fn circumstances(cloud: &Cloud, caller: &Caller) -> Result<Context, Trouble> {
    let identity = identity::of(cloud, caller)?;
    Ok(circumstances::of(caller, &identity, cloud.clock.now()))
}

/// Root and services by their own right are held by policies of resources only: where a service has none, they pass.
fn passes(caller: &Caller, service: &Service) -> bool {
    let is_held = !matches!(*caller.principal, Principal::Root { .. } | Principal::Service(_));
    let is_limited = caller.endpoint.as_ref().is_some_and(|endpoint| endpoint.policy.is_some());
    !is_held && !is_limited && !service.has_policies && service.facts.name != "sts"
}

/// Decides what one caller asks for.
struct Decider<'a> {
    cloud: &'a Cloud,
    caller: &'a Caller,
    service: &'a Service,
    store: LateSnapshot<'a>,
    identity: Arc<Identity>,
    /// The session's own policies; none where nothing limits it.
    session: Option<Vec<Arc<Document>>>,
    /// The policy of the VPC endpoint that the call came over.
    endpoint: Option<Arc<Document>>,
}

type Called<'a> = Option<(&'static Operation, &'a dyn Structure)>;

impl<'a> Decider<'a> {
    fn new(cloud: &'a Cloud, caller: &'a Caller, service: &'a Service) -> Result<Self, Trouble> {
        let identity = identity::of(cloud, caller)?;
        let session = identity::session_policies(cloud, caller)?;
        let policy = caller.endpoint.as_ref().and_then(|endpoint| endpoint.policy.as_deref());
        let read = |text| cloud.documents.get(text).unwrap_or_else(|| Arc::new(Document::silent()));
        let endpoint = policy.map(read);
        Ok(Decider { cloud, caller, service, store: LateSnapshot::of(&cloud.store), identity, session, endpoint })
    }

    /// A service that works in somebody's role without keys of it: the role must trust the service.
    fn trusted(&self) -> Result<(), Denied> {
        let Some(name) = &self.caller.assumed_by else { return Ok(()) };
        let Who::Session { role, .. } = &self.identity.principal else { return Ok(()) };
        let silent = Arc::new(Document::silent());
        let trust = Attached { name: role, document: self.identity.trust.as_ref().unwrap_or(&silent) };
        let service = Who::Service { name: name.clone() };
        let mut context = Context::default();
        circumstances::of_time(&mut context, self.cloud.clock.now());
        let action = "sts:AssumeRole";
        let request = Request { principal: &service, action, resource: role, owner: "", context: &context };
        let decision = decide(&request, &Policies { trust: Some(trust), ..Policies::default() });
        if decision.is_allowed() {
            return Ok(());
        }
        let who = Caller::service(name, self.caller.scope.clone());
        Err(refusal::denied(self.cloud, &who, self.service, (action, role), &decision, &context))
    }

    fn decide(&self, need: &Need, called: Called<'_>) -> Result<(), Denied> {
        let ground = self.ground(need, called).map_err(refusal::trouble)?;
        if matches!(*self.caller.principal, Principal::Service(_)) && !ground.holds_services {
            return Ok(());
        }
        let resource = ground.resource.as_deref().unwrap_or(&need.resource);
        let is_trust = need.action.starts_with("sts:") && resource.contains(":role/");
        let context = self.context(need, resource, &ground, called);
        let decision = self.weigh(need, resource, &ground, is_trust, &context);
        if decision.is_allowed() {
            return Ok(());
        }
        let decision = match decision.layer {
            // STS weighs the trust itself: it alone knows the session to be.
            Some(Layer::Trust) if is_trust => match self.beside_trust(need, resource, &ground, &context) {
                None => return Ok(()),
                Some(lacking) => lacking,
            },
            _ => decision,
        };
        Err(refusal::denied(self.cloud, self.caller, self.service, (&need.action, resource), &decision, &context))
    }

    /// What the caller's own policies lack, if a trust policy that may let him in does not name him himself.
    fn beside_trust<'d>(
        &'d self,
        need: &Need,
        resource: &'d str,
        ground: &'d Ground,
        context: &Context,
    ) -> Option<Decision<'d>> {
        let who = &self.identity.principal;
        let statements = ground.policies.iter().flat_map(|document| &document.statements);
        let allowing = statements.filter(|statement| statement.effect == Effect::Allow);
        let named = allowing.filter_map(|statement| statement.principal.as_ref()?.names(who)).max()?;
        if who.account().is_empty() || (named > Named::Account && account_of(resource) == who.account()) {
            return None;
        }
        let policies = self.policies();
        let decision = decide(&self.request(need, resource, "", context), &policies);
        (!decision.is_allowed()).then_some(decision)
    }

    fn weigh<'d>(
        &'d self,
        need: &Need,
        resource: &'d str,
        ground: &'d Ground,
        is_trust: bool,
        context: &Context,
    ) -> Decision<'d> {
        let mut policies = self.policies();
        let mut attached = ground.policies.iter().map(|document| Attached { name: resource, document });
        if is_trust {
            policies.trust = attached.next_back();
        } else {
            policies.resource = attached.collect();
            policies.closed = ground.closed;
        }
        let owner = ground.owner.as_deref().unwrap_or_else(|| account_of(resource));
        decide(&self.request(need, resource, owner, context), &policies)
    }

    fn request<'r>(&'r self, need: &'r Need, resource: &'r str, owner: &'r str, context: &'r Context) -> Request<'r> {
        Request { principal: &self.identity.principal, action: &need.action, resource, owner, context }
    }

    /// The caller's own policies, and those that limit the call.
    fn policies(&self) -> Policies<'_> {
        let session = self.session.as_ref();
        let endpoint = self.caller.endpoint.as_ref().map_or("", |endpoint| endpoint.id.as_str());
        Policies {
            session: session.map(|documents| {
                documents.iter().map(|document| Attached { name: "session policy", document }).collect()
            }),
            endpoint: self.endpoint.as_ref().map(|document| Attached { name: endpoint, document }),
            ..self.identity.policies()
        }
    }

    /// What is known of the resource besides what the request says.
    fn ground(&self, need: &Need, called: Called<'_>) -> Result<Ground, Trouble> {
        let ask = Ask { action: &need.action, resource: &need.resource, passed_to: need.passed_to, call: called };
        let wants_keys = self.asks_context();
        let grounding = Grounding { cloud: self.cloud, store: &self.store, caller: self.caller, wants_keys };
        if need.resource.starts_with("arn:aws:iam:") {
            return grounds::of_entity(&grounding, &ask);
        }
        self.service.grounds.map_or(Ok(Ground::default()), |tell| tell(&grounding, &ask))
    }

    fn asks_context(&self) -> bool {
        let limits = self.session.iter().flatten().chain(&self.endpoint);
        self.identity.asks_context || limits.into_iter().any(|document| document.asks_context)
    }

    /// The circumstances; empty where no policy asks for them.
    fn context(&self, need: &Need, resource: &str, ground: &Ground, called: Called<'_>) -> Context {
        if !self.asks_context() && !ground.policies.iter().any(|document| document.asks_context) {
            return Context::default();
        }
        let mut context = circumstances::of(self.caller, &self.identity, self.cloud.clock.now());
        circumstances::of_call(&mut context, self.service.facts, called);
        let owner = ground.owner.as_deref().unwrap_or_else(|| resource.split(':').nth(4).unwrap_or_default());
        let owner = if owner.is_empty() { self.caller.account() } else { owner };
        context.put("aws:ResourceAccount", owner);
        context.put_some("iam:PassedToService", need.passed_to);
        context.put_some("iam:AssociatedResourceArn", need.associated.as_deref());
        for (key, values) in &ground.keys {
            context.put_all(key.clone(), values.iter().cloned());
        }
        context
    }
}

/// The scope of an account's own records.
fn scope_of(account: &str) -> Scope {
    Scope::new(account, Scope::GLOBAL)
}

impl Identity {
    /// The policies attached to it and its boundary.
    pub fn policies(&self) -> Policies<'_> {
        Policies {
            identity: self
                .attached
                .iter()
                .map(|held| Attached { name: &held.name, document: &held.document })
                .collect(),
            boundary: self.boundary.as_ref().map(|(name, document)| Attached { name, document }),
            ..Policies::default()
        }
    }
}
