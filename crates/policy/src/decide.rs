//! The decision: allowed, denied in so many words, or simply not allowed.
//! Source: IAM User Guide, "Policy evaluation logic".

use crate::Context;
use crate::document::{Document, Effect, Statement};
use crate::principal::{Named, Principal};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// `s3:GetObject`
    pub action: &'a str,
    /// An ARN, or `*` for actions that know no resources.
    pub resource: &'a str,
    /// The account that owns the resource; empty where that is the principal's own.
    pub owner: &'a str,
    pub context: &'a Context,
}

/// A document and the name under which people know it.
#[derive(Clone, Copy, Debug)]
pub struct Attached<'a> {
    pub name: &'a str,
    pub document: &'a Document,
}

/// All policies that apply to a request.
#[derive(Clone, Debug, Default)]
pub struct Policies<'a> {
    /// Of the user and its groups, or of the role.
    pub identity: Vec<Attached<'a>>,
    /// At most this is allowed.
    pub boundary: Option<Attached<'a>>,
    /// At most this is allowed in the session; none at all allow nothing.
    pub session: Option<Vec<Attached<'a>>>,
    pub resource: Vec<Attached<'a>>,
    /// Nobody gets in whom the resource's policies do not let in, not even by his account's own policies: KMS keys.
    pub closed: bool,
    /// A policy of the resource without which nobody gets in: a role's trust.
    pub trust: Option<Attached<'a>>,
    /// At most this passes the VPC endpoint that the request came over, whoever asks.
    pub endpoint: Option<Attached<'a>>,
    /// Service control policies: each level, from the root of the organization down, must allow.
    pub service_control: Vec<Vec<Attached<'a>>>,
}

/// Kinds of policies, as messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Identity,
    Boundary,
    Session,
    Resource,
    Trust,
    Endpoint,
    ServiceControl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    ExplicitDeny,
    /// Nothing denies, and what should allow does not.
    ImplicitDeny,
}

/// A statement that speaks of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched<'a> {
    pub layer: Layer,
    /// The policy's name.
    pub policy: &'a str,
    pub sid: Option<&'a str>,
    /// The statement's place in its policy, from 0.
    pub index: usize,
    pub effect_is_deny: bool,
}

/// What was decided, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub verdict: Verdict,
    /// The kind of policy that allowed, denied, or lacked the permission. None where root is allowed as root.
    pub layer: Option<Layer>,
    /// The statement that decided; none where nothing allowed.
    pub by: Option<Matched<'a>>,
}

impl Decision<'_> {
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

/// Decides a request. Deny outweighs allow, and the order of policies and statements does not matter.
pub fn decide<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    let asked = Asked { request };
    if let Some(by) = asked.denial(policies) {
        return Decision { verdict: Verdict::ExplicitDeny, layer: Some(by.layer), by: Some(by) };
    }
    match asked.allowance(policies) {
        Ok(by) => Decision { verdict: Verdict::Allowed, layer: by.map(|by| by.layer), by },
        Err(layer) => Decision { verdict: Verdict::ImplicitDeny, layer: Some(layer), by: None },
    }
}

/// All statements that speak of a request, allowing or denying.
pub fn matched<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Vec<Matched<'a>> {
    let asked = Asked { request };
    let mut found = Vec::new();
    for (layer, attached) in policies.all() {
        for (index, statement) in attached.document.statements.iter().enumerate() {
            if asked.is_meant(layer, statement).is_some() {
                found.push(matched_by(layer, attached, index, statement));
            }
        }
    }
    found
}

impl<'a> Policies<'a> {
    fn all(&self) -> impl Iterator<Item = (Layer, Attached<'a>)> {
        let of = |layer: Layer| move |attached: &Attached<'a>| (layer, *attached);
        let control = self.service_control.iter().flatten().map(of(Layer::ServiceControl));
        let session = self.session.iter().flatten().map(of(Layer::Session));
        self.identity
            .iter()
            .map(of(Layer::Identity))
            .chain(self.resource.iter().map(of(Layer::Resource)))
            .chain(self.trust.iter().map(of(Layer::Trust)))
            .chain(self.endpoint.iter().map(of(Layer::Endpoint)))
            .chain(self.boundary.iter().map(of(Layer::Boundary)))
            .chain(session)
            .chain(control)
    }
}

fn matched_by<'a>(layer: Layer, attached: Attached<'a>, index: usize, statement: &'a Statement) -> Matched<'a> {
    Matched {
        layer,
        policy: attached.name,
        sid: statement.sid.as_deref().filter(|sid| !sid.is_empty()),
        index,
        effect_is_deny: statement.effect == Effect::Deny,
    }
}

/// A request that policies are asked about.
struct Asked<'r> {
    request: &'r Request<'r>,
}

/// An allowance of a layer and how far it reaches.
#[derive(Clone, Copy)]
struct Grant<'a> {
    named: Named,
    by: Matched<'a>,
}

impl Asked<'_> {
    /// Whether a statement speaks of the request, and how it names the principal.
    fn is_meant(&self, layer: Layer, statement: &Statement) -> Option<Named> {
        let request = self.request;
        let named = match (layer, &statement.principal) {
            (Layer::Resource | Layer::Trust | Layer::Endpoint, Some(principal))
                if principal.negated && statement.effect == Effect::Deny =>
            {
                (!principal.spares(request.principal)).then_some(Named::Role)?
            }
            (Layer::Resource | Layer::Trust | Layer::Endpoint, Some(principal)) => {
                principal.names(request.principal)?
            }
            (Layer::Resource | Layer::Trust | Layer::Endpoint, None) => return None,
            _ => Named::Self_,
        };
        let meant = statement.is_about_action(request.action, request.context)
            && statement.is_about_resource(request.resource, request.context)
            && statement.conditions_hold(request.context);
        meant.then_some(named)
    }

    fn denial<'a>(&self, policies: &Policies<'a>) -> Option<Matched<'a>> {
        policies.all().find_map(|(layer, attached)| {
            let mut statements = attached.document.statements.iter().enumerate();
            let found = statements
                .find(|(_, statement)| statement.effect == Effect::Deny && self.is_meant(layer, statement).is_some());
            found.map(|(index, statement)| matched_by(layer, attached, index, statement))
        })
    }

    /// The farthest allowance that the policies of a layer give.
    fn grant<'a>(&self, layer: Layer, policies: &[Attached<'a>]) -> Option<Grant<'a>> {
        let mut best: Option<Grant<'a>> = None;
        for &attached in policies {
            for (index, statement) in attached.document.statements.iter().enumerate() {
                if statement.effect == Effect::Deny {
                    continue;
                }
                let Some(named) = self.is_meant(layer, statement) else { continue };
                if best.is_none_or(|best| best.named < named) {
                    best = Some(Grant { named, by: matched_by(layer, attached, index, statement) });
                }
                if named == Named::Self_ {
                    return best;
                }
            }
        }
        best
    }

    /// The statement that allows (none for root), or the layer that lacks the permission.
    fn allowance<'a>(&self, policies: &Policies<'a>) -> Result<Option<Matched<'a>>, Layer> {
        let principal = self.request.principal;
        if let Some(endpoint) = policies.endpoint {
            self.grant(Layer::Endpoint, &[endpoint]).ok_or(Layer::Endpoint)?;
        }
        let by_resource = match policies.trust {
            Some(trust) => self.grant(Layer::Trust, &[trust]),
            None => self.grant(Layer::Resource, &policies.resource),
        };
        let lacking = if policies.trust.is_some() { Layer::Trust } else { Layer::Resource };
        let closed = policies.closed || policies.trust.is_some();
        if !principal.has_identity() {
            return by_resource.map(|grant| Some(grant.by)).ok_or(lacking);
        }
        for level in &policies.service_control {
            self.grant(Layer::ServiceControl, level).ok_or(Layer::ServiceControl)?;
        }
        let own_account = self.request.owner.is_empty() || self.request.owner == principal.account();
        if own_account && let Some(grant) = by_resource {
            let suffices = match grant.named {
                Named::Account => false,
                Named::Role => self.is_within_limits(policies).is_ok(),
                Named::Self_ => true,
            };
            if suffices {
                return Ok(Some(grant.by));
            }
        }
        let own = match principal {
            Principal::Root { .. } => None,
            _ => {
                let identity = self.grant(Layer::Identity, &policies.identity);
                // A role that the resource names needs no policy of its own, only room within its limits.
                let named = own_account && by_resource.is_some_and(|grant| grant.named == Named::Role);
                if identity.is_none() && !named {
                    return Err(if own_account && closed && by_resource.is_none() { lacking } else { Layer::Identity });
                }
                self.is_within_limits(policies)?;
                identity.map(|grant| grant.by)
            }
        };
        let needs_resource = !own_account || closed;
        if needs_resource && by_resource.is_none() {
            return Err(lacking);
        }
        Ok(if needs_resource { by_resource.map(|grant| grant.by) } else { own })
    }

    /// Whether boundary and session policies leave room.
    fn is_within_limits(&self, policies: &Policies<'_>) -> Result<(), Layer> {
        if matches!(self.request.principal, Principal::Root { .. }) {
            return Ok(());
        }
        if let Some(boundary) = policies.boundary {
            self.grant(Layer::Boundary, &[boundary]).ok_or(Layer::Boundary)?;
        }
        if let Some(session) = &policies.session {
            self.grant(Layer::Session, session).ok_or(Layer::Session)?;
        }
        Ok(())
    }
}
