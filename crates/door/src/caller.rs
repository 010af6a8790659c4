//! Who calls, and what keys say of them.

use std::net::IpAddr;
use std::sync::Arc;

use kogumo_base::{Arn, Scope, Timestamp};

use crate::{Session, ViaEndpoint};

/// A call's circumstances: whose account, which region, on whose behalf, from where.
#[derive(Clone, Debug)]
pub struct Caller {
    pub scope: Scope,
    pub principal: Arc<Principal>,
    /// The access key that signed; empty for anonymous calls and services.
    pub access_key: String,
    pub request_id: String,
    pub source_ip: Option<IpAddr>,
    /// Where the client reached the cloud, for what is answered with URLs: `http://localhost:4566`. Calls from within
    /// reached it nowhere.
    pub reached: Option<String>,
    pub user_agent: String,
    /// Whether the call came over TLS: `aws:SecureTransport`. Calls from within are as good.
    pub secure: bool,
    /// How the call was signed; calls from within are not.
    pub signed: Option<Signed>,
    /// The services that passed the call on, the first one first: `aws:CalledVia`.
    pub called_via: Vec<String>,
    /// The service that makes the call on the principal's behalf (`cloudformation.amazonaws.com`).
    pub invoked_by: Option<String>,
    /// For what a service calls: the ARN that resource policies see as `aws:SourceArn`.
    pub source_arn: Option<String>,
    /// The VPC endpoint that the call came over.
    pub endpoint: Option<Arc<ViaEndpoint>>,
    /// What the temporary credentials carry that signed.
    pub session: Option<Arc<Session>>,
    /// The service that took on the role that the principal is a session of, without keys: the role must trust it.
    pub assumed_by: Option<String>,
    /// Whether the call is only tried: whatever it and the calls that it makes would write is taken back.
    pub rehearses: bool,
}

/// How a call was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// In the URL, for somebody else to use.
    pub presigned: bool,
    /// By the client's clock.
    pub at: Timestamp,
}

/// Who somebody is, as IAM speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's root user.
    Root {
        account: String,
    },
    User {
        account: String,
        name: String,
        path: String,
        id: String,
    },
    /// A session of a role; `id` is `AROA…:session`.
    AssumedRole {
        account: String,
        role: String,
        session: String,
        id: String,
    },
    /// A session of `sts:GetFederationToken`.
    Federated {
        account: String,
        name: String,
        id: String,
    },
    /// An AWS service by its own right: `apigateway.amazonaws.com`.
    Service(String),
    Anonymous,
}

/// What a key that this cloud issued stands for.
#[derive(Clone, Debug)]
pub struct Credential {
    pub secret: Arc<str>,
    /// Temporary credentials need their token in every request.
    pub session_token: Option<String>,
    pub expires: Option<Timestamp>,
    pub principal: Arc<Principal>,
    /// An inactive key is as good as none.
    pub active: bool,
    /// What temporary credentials carry.
    pub session: Option<Arc<Session>>,
}

impl Caller {
    /// A root caller without a network behind it: tests, the command line, first set-up.
    pub fn root(account: &str, region: &str) -> Self {
        Caller::of(Principal::Root { account: account.to_owned() }, Scope::new(account, region))
    }

    /// A service's own call in that scope.
    pub fn service(name: &str, scope: Scope) -> Self {
        Caller::of(Principal::Service(name.to_owned()), scope)
    }

    fn of(principal: Principal, scope: Scope) -> Self {
        Caller {
            scope,
            principal: Arc::new(principal),
            access_key: String::new(),
            request_id: kogumo_base::uuid(),
            source_ip: None,
            reached: None,
            user_agent: String::new(),
            secure: true,
            signed: None,
            called_via: Vec::new(),
            invoked_by: None,
            source_arn: None,
            endpoint: None,
            session: None,
            assumed_by: None,
            rehearses: false,
        }
    }

    /// A service in a role that it was given (`arn:aws:iam::…:role/…`); `None` if that is no role's ARN. Whether the role
    /// is there and trusts the service is decided with each call.
    pub fn in_role(service: &str, role: &str, session: &str, region: &str) -> Option<Self> {
        let role = Arn::parse(role).filter(|arn| arn.service == "iam")?;
        let name = role.resource.strip_prefix("role/")?.rsplit('/').next()?.to_owned();
        let principal = Principal::AssumedRole {
            account: role.account.clone(),
            id: format!("{name}:{session}"),
            role: name,
            session: session.to_owned(),
        };
        let caller = Caller::of(principal, Scope::new(role.account, region));
        Some(Caller { invoked_by: Some(service.to_owned()), assumed_by: Some(service.to_owned()), ..caller })
    }

    /// The same service, on behalf of that resource.
    pub fn for_source(self, arn: impl Into<String>) -> Self {
        Caller { source_arn: Some(arn.into()), ..self }
    }

    /// The same caller, through a service, under a request id of its own.
    pub fn through(&self, service: &str) -> Self {
        let mut through = Caller {
            request_id: kogumo_base::uuid(),
            invoked_by: Some(service.to_owned()),
            endpoint: None,
            ..self.clone()
        };
        through.called_via.push(service.to_owned());
        through
    }

    pub fn account(&self) -> &str {
        &self.scope.account
    }

    pub fn region(&self) -> &str {
        &self.scope.region
    }
}

impl Principal {
    /// The ARN that policies and the audit trail name.
    pub fn arn(&self) -> String {
        let arn = |service, account: &str, resource| Arn::new(service, "", account, resource).to_string();
        match self {
            Principal::Root { account } => arn("iam", account, String::from("root")),
            Principal::User { account, name, path, .. } => arn("iam", account, format!("user{path}{name}")),
            Principal::AssumedRole { account, role, session, .. } => {
                arn("sts", account, format!("assumed-role/{role}/{session}"))
            }
            Principal::Federated { account, name, .. } => arn("sts", account, format!("federated-user/{name}")),
            Principal::Service(name) => name.clone(),
            Principal::Anonymous => String::from("anonymous"),
        }
    }

    /// The unique id: of root it is the account.
    pub fn id(&self) -> &str {
        match self {
            Principal::Root { account } => account,
            Principal::User { id, .. } | Principal::AssumedRole { id, .. } | Principal::Federated { id, .. } => id,
            Principal::Service(name) => name,
            Principal::Anonymous => "ANONYMOUS_PRINCIPAL",
        }
    }

    /// The name that CloudTrail's LookupEvents finds events by.
    pub fn name(&self) -> &str {
        match self {
            Principal::Root { .. } => "root",
            Principal::User { name, .. } | Principal::Federated { name, .. } => name,
            Principal::AssumedRole { session, .. } => session,
            Principal::Service(name) => name,
            Principal::Anonymous => "",
        }
    }

    /// CloudTrail's `userIdentity.type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Principal::Root { .. } => "Root",
            Principal::User { .. } => "IAMUser",
            Principal::AssumedRole { .. } => "AssumedRole",
            Principal::Federated { .. } => "FederatedUser",
            Principal::Service(_) => "AWSService",
            Principal::Anonymous => "AWSAccount",
        }
    }
}
