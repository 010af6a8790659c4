//! May the caller? What decides over calls (IAM brings it), and what services tell it of their resources.

use std::borrow::Cow;
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_policy::{Context as Circumstances, Document};
use kogumo_store::Read;
use kogumo_wire::{Fault, Operation, Structure};

use crate::{Caller, Cloud, Service};

/// What decides over calls. IAM has it.
#[derive(Clone, Copy)]
pub struct Authorizer {
    /// Decides a call of an operation by all that it needs.
    pub call: fn(&Cloud, &Caller, &Service, &'static Operation, &dyn Structure) -> Result<(), Denied>,
    /// Decides a single permission: what a handler asks for that works on many things, or on none that a call names.
    pub one: fn(&Cloud, &Caller, &Service, &Ask<'_>) -> Result<(), Denied>,
    /// The condition keys of who calls, when, and from where: for a service that weighs a policy itself (a role's trust).
    pub circumstances: fn(&Cloud, &Caller) -> Result<Circumstances, Trouble>,
}

/// A call that may not happen.
#[derive(Debug)]
pub struct Denied {
    /// In the service's own words.
    pub fault: Fault,
    /// For the audit trail: what decided, `explicitDeny by statement 0 (Sid) of identity-based policy Name`.
    pub decision: String,
}

/// One permission, asked for.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// `s3:GetObject`
    pub action: &'a str,
    /// An ARN or `*`.
    pub resource: &'a str,
    /// For `iam:PassRole`: the service that gets the role.
    pub passed_to: Option<&'static str>,
    /// The operation and its input, where a call asks.
    pub call: Option<(&'static Operation, &'a dyn Structure)>,
}

/// What only the service knows of a resource that somebody asks for.
#[derive(Default)]
pub struct Ground {
    /// The resource's whole ARN, where the request has said less.
    pub resource: Option<String>,
    /// The account that owns it, where its ARN names none.
    pub owner: Option<String>,
    /// The policies attached to it, also what access control lists come to.
    pub policies: Vec<Arc<Document>>,
    /// Services that call by their own right need one of the policies, too.
    pub holds_services: bool,
    /// Nobody gets in whom the policies do not let in, not even the account's own people: KMS keys.
    pub closed: bool,
    /// Condition keys: `aws:ResourceTag/…` and the service's own.
    pub keys: Vec<(Cow<'static, str>, Vec<String>)>,
}

/// Tells what a service knows of the resource that is asked for.
pub type Grounds = fn(&Grounding<'_>, &Ask<'_>) -> Result<Ground, Trouble>;

/// What [`Grounds`] may look at.
#[derive(Clone, Copy)]
pub struct Grounding<'a> {
    pub cloud: &'a Cloud,
    pub store: &'a dyn Read,
    pub caller: &'a Caller,
    /// Whether a policy asks for condition keys: without, tags need not be looked up.
    pub wants_keys: bool,
}

impl Ground {
    /// The tags of a resource as condition keys.
    #[must_use]
    pub fn tagged<'t>(mut self, tags: impl IntoIterator<Item = (&'t String, &'t String)>) -> Self {
        let keys = tags.into_iter().map(|(key, value)| (format!("aws:ResourceTag/{key}").into(), vec![value.clone()]));
        self.keys.extend(keys);
        self
    }
}

impl Cloud {
    /// Whether a caller has one permission; `service` is whose words a refusal has.
    ///
    /// # Errors
    /// The refusal.
    pub fn may(&self, caller: &Caller, service: &str, action: &str, resource: &str) -> Result<(), Fault> {
        self.one(caller, service, &Ask { action, resource, passed_to: None, call: None })
    }

    /// Whether a caller may give a role to a service (`ec2.amazonaws.com`), where a call names the role by something that
    /// holds it; `service` is whose words a refusal has.
    ///
    /// # Errors
    /// The refusal.
    pub fn may_pass(&self, caller: &Caller, service: &str, role: &str, to: &'static str) -> Result<(), Fault> {
        self.one(caller, service, &Ask { action: "iam:PassRole", resource: role, passed_to: Some(to), call: None })
    }

    /// What conditions may ask of a caller, whatever he does.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn circumstances(&self, caller: &Caller) -> Result<Circumstances, Trouble> {
        self.authorizer().map_or(Ok(Circumstances::default()), |authorizer| (authorizer.circumstances)(self, caller))
    }

    fn one(&self, caller: &Caller, service: &str, ask: &Ask<'_>) -> Result<(), Fault> {
        let (Some(authorizer), Some(service)) = (self.authorizer(), self.service(service)) else { return Ok(()) };
        (authorizer.one)(self, caller, service, ask).map_err(|denied| denied.fault)
    }
}
