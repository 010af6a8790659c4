//! Whose policies count: of a user and its groups, of a role, of the maker of a federated session. They are read once
//! and remembered until IAM's records change.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::HashMap;
use kogumo_base::Trouble;
use kogumo_door::{Caller, Cloud, Principal};
use kogumo_policy::{Document, Principal as Who};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::scope_of;
use crate::entity::{self, Entity, Kind};
use crate::{aws_managed, login_profile, policy};

/// A principal with what is attached to it.
#[derive(Debug)]
pub struct Identity {
    pub principal: Who,
    pub attached: Vec<Held>,
    pub boundary: Option<(String, Arc<Document>)>,
    pub tags: BTreeMap<String, String>,
    pub asks_context: bool,
    /// A role's trust.
    pub trust: Option<Arc<Document>>,
}

/// A policy that somebody has.
#[derive(Clone, Debug)]
pub struct Held {
    /// The policy's name; of a managed policy its ARN.
    pub name: String,
    /// Whom it is attached to: a group, where a user has it by one.
    pub holder: (Kind, Arc<str>),
    pub text: Arc<str>,
    pub document: Arc<Document>,
}

/// Identities with the generation of IAM's records under which they were read. A session of a role has the name
/// `role/session`.
#[derive(Default)]
pub struct Identities(RwLock<Known>);

/// By kind, account and name; so that looking one up copies nothing, each in a map of its own.
#[derive(Default)]
struct Known {
    of_kind: [HashMap<String, HashMap<String, (u64, Arc<Identity>)>>; 3],
    count: usize,
}

/// So many identities are remembered; then all are forgotten.
const MOST: usize = 4096;

impl Known {
    fn get(&self, kind: Kind, account: &str, name: &str, generation: u64) -> Option<Arc<Identity>> {
        let (read_at, identity) = self.of_kind[kind as usize].get(account)?.get(name)?;
        (*read_at == generation).then(|| Arc::clone(identity))
    }

    fn put(&mut self, kind: Kind, account: &str, name: &str, read: (u64, Arc<Identity>)) {
        if self.count >= MOST {
            *self = Known::default();
        }
        let of_account = self.of_kind[kind as usize].entry(account.to_owned()).or_default();
        self.count += usize::from(of_account.insert(name.to_owned(), read).is_none());
    }
}

/// Who calls, with the policies that count.
pub fn of(cloud: &Cloud, caller: &Caller) -> Result<Arc<Identity>, Trouble> {
    of_principal(cloud, &caller.principal, caller.session.as_ref().and_then(|session| session.maker.as_deref()))
}

/// A principal with the policies that count; `maker` is the user who made a federated session.
///
/// # Errors
/// Trouble with the store.
pub fn of_principal(cloud: &Cloud, principal: &Principal, maker: Option<&str>) -> Result<Arc<Identity>, Trouble> {
    let own = match principal {
        Principal::User { account, name, .. } => same(remembered(cloud, Kind::User, account, name)?, principal),
        Principal::AssumedRole { account, role, session, .. } => {
            let in_session = || {
                let role = remembered(cloud, Kind::Role, account, role)?;
                Ok(role.in_session(account, principal, session))
            };
            same(remembered_or(cloud, Kind::Role, account, &format!("{role}/{session}"), in_session)?, principal)
        }
        Principal::Federated { account, .. } => {
            let user = maker.and_then(|arn| arn.rsplit_once('/')).map_or("", |(_, name)| name);
            let user = if user.is_empty() {
                Identity::root(account)
            } else {
                clone(&*remembered(cloud, Kind::User, account, user)?)
            };
            return Ok(Arc::new(user.federated(account, principal)));
        }
        Principal::Root { account } => Arc::new(Identity::bare(Who::Root { account: account.clone() })),
        Principal::Service(name) => Arc::new(Identity::bare(Who::Service { name: name.clone() })),
        Principal::Anonymous => Arc::new(Identity::bare(Who::Anonymous)),
    };
    Ok(own)
}

/// What is known of a name, if it is still the caller's: temporary credentials outlive users and roles, and whoever got
/// the name after them is somebody else. A service in a role knows no unique id.
fn same(known: Arc<Identity>, principal: &Principal) -> Arc<Identity> {
    let (Who::User { id: own, account, .. } | Who::Session { id: own, account, .. }) = &known.principal else {
        return known;
    };
    let id = principal.id();
    if own == id || !(id.starts_with("AIDA") || id.starts_with("AROA")) {
        return known;
    }
    let (account, arn, id) = (account.clone(), principal.arn(), id.to_owned());
    Arc::new(Identity::bare(match principal {
        Principal::User { .. } => Who::User { account, arn, id },
        _ => Who::Session { account, arn, role: String::new(), id },
    }))
}

/// A group with its policies. It is nobody who calls; the simulator takes it for a user who has nothing else.
///
/// # Errors
/// Trouble with the store.
pub fn of_group(cloud: &Cloud, account: &str, name: &str) -> Result<Arc<Identity>, Trouble> {
    remembered(cloud, Kind::Group, account, name)
}

fn clone(identity: &Identity) -> Identity {
    Identity {
        principal: identity.principal.clone(),
        attached: identity.attached.clone(),
        boundary: identity.boundary.clone(),
        tags: identity.tags.clone(),
        asks_context: identity.asks_context,
        trust: identity.trust.clone(),
    }
}

fn remembered(cloud: &Cloud, kind: Kind, account: &str, name: &str) -> Result<Arc<Identity>, Trouble> {
    remembered_or(cloud, kind, account, name, || read(cloud, kind, account, name).map_err(trouble))
}

/// The identity as it was read last, or as it is read now.
fn remembered_or(
    cloud: &Cloud,
    kind: Kind,
    account: &str,
    name: &str,
    read: impl FnOnce() -> Result<Identity, Trouble>,
) -> Result<Arc<Identity>, Trouble> {
    let identities = cloud.part::<Identities>()?;
    let generation = cloud.service("iam").map_or(0, |iam| iam.generation());
    let known = identities.0.read().unwrap_or_else(PoisonError::into_inner).get(kind, account, name, generation);
    if let Some(identity) = known {
        return Ok(identity);
    }
    let identity = Arc::new(read()?);
    let mut known = identities.0.write().unwrap_or_else(PoisonError::into_inner);
    known.put(kind, account, name, (generation, Arc::clone(&identity)));
    Ok(identity)
}

fn trouble(fault: Fault) -> Trouble {
    Trouble::new(fault.message)
}

/// Reads an identity from IAM's records. Who is not there any more has no policies.
fn read(cloud: &Cloud, kind: Kind, account: &str, name: &str) -> Result<Identity, Fault> {
    let (store, scope) = (cloud.store.read(), scope_of(account));
    let Some(entity) = entity::find(&store, &scope, kind, name)? else {
        return Ok(Identity::bare(match kind {
            Kind::Role => {
                Who::Session { account: account.to_owned(), arn: String::new(), role: String::new(), id: String::new() }
            }
            _ => Who::User {
                account: account.to_owned(),
                arn: format!("arn:aws:iam::{account}:user/{name}"),
                id: String::new(),
            },
        }));
    };
    let arn = entity.arn(account);
    let principal = match kind {
        Kind::Role => {
            Who::Session { account: account.to_owned(), arn: String::new(), role: arn, id: entity.id.clone() }
        }
        _ => Who::User { account: account.to_owned(), arn, id: entity.id.clone() },
    };
    let mut identity = Identity::bare(principal);
    identity.take(cloud, &store, account, (kind, &entity))?;
    for group in &entity.groups {
        if let Some(group) = entity::find(&store, &scope, Kind::Group, group)? {
            identity.take(cloud, &store, account, (Kind::Group, &group))?;
        }
    }
    if kind == Kind::User && login_profile::rules(&store, &scope)?.is_some_and(|rules| rules.users_may_change) {
        let holder = (kind, Arc::from(entity.name.as_str()));
        let held = |(text, document)| Held { name: "AllowUsersToChangePassword".to_owned(), holder, text, document };
        identity.attached.extend(read_text(cloud, MAY_CHANGE_PASSWORD).map(held));
        identity.asks_context = true;
    }
    if let Some(arn) = &entity.boundary {
        let document = managed(cloud, &store, account, arn)?;
        let document = document.map_or_else(|| Arc::new(Document::silent()), |(_, document)| document);
        identity.asks_context |= document.asks_context;
        identity.boundary = Some((arn.clone(), document));
    }
    identity.trust = entity.role.as_ref().and_then(|role| cloud.documents.get(&role.trust));
    identity.tags = entity.tags;
    Ok(identity)
}

/// What an account's password policy may give all of its users: their own passwords, and the policy to choose them by.
const MAY_CHANGE_PASSWORD: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "arn:aws:iam::*:user/${aws:username}"},
    {"Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*"}]}"#;

type Text = (Arc<str>, Arc<Document>);

fn read_text(cloud: &Cloud, text: &str) -> Option<Text> {
    cloud.documents.get(text).map(|document| (text.into(), document))
}

/// The document of a managed policy in its default version.
///
/// # Errors
/// Trouble with the store.
fn managed(cloud: &Cloud, read: &dyn Read, account: &str, arn: &str) -> Result<Option<Text>, Fault> {
    if let Some(known) = aws_managed::find(arn) {
        return Ok(read_text(cloud, known.document));
    }
    match policy::get(read, &scope_of(account), arn) {
        Ok(found) => {
            let version = found.versions.get(&found.default_version);
            Ok(version.and_then(|version| read_text(cloud, &version.document)))
        }
        Err(fault) if fault.is(&kogumo_model::iam::NO_SUCH_ENTITY_EXCEPTION) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The session's own policies, if any limit it. A federated user without has no rights at all.
pub fn session_policies(cloud: &Cloud, caller: &Caller) -> Result<Option<Vec<Arc<Document>>>, Trouble> {
    let is_federated = matches!(*caller.principal, Principal::Federated { .. });
    let Some(session) = &caller.session else { return Ok(is_federated.then(Vec::new)) };
    if session.policies.is_empty() && session.policy_arns.is_empty() && !is_federated {
        return Ok(None);
    }
    let store = cloud.store.read();
    let mut documents: Vec<_> = session.policies.iter().filter_map(|text| cloud.documents.get(text)).collect();
    for arn in &session.policy_arns {
        let found = managed(cloud, &store, caller.principal.account(), arn).map_err(trouble)?;
        documents.extend(found.map(|(_, document)| document));
    }
    Ok(Some(documents))
}

impl Identity {
    /// Somebody with nothing attached.
    fn bare(principal: Who) -> Self {
        Identity {
            principal,
            attached: Vec::new(),
            boundary: None,
            tags: BTreeMap::new(),
            asks_context: false,
            trust: None,
        }
    }

    /// What root may: everything. It is needed where root's rights are shared with a session that is not root.
    fn root(account: &str) -> Self {
        let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let holder = (Kind::User, Arc::from("root"));
        let held = |document| Held { name: "root".to_owned(), holder, text: all.into(), document: Arc::new(document) };
        Identity {
            attached: Document::parse(all).map(held).into_iter().collect(),
            ..Identity::bare(Who::Root { account: account.to_owned() })
        }
    }

    fn take(
        &mut self,
        cloud: &Cloud,
        read: &dyn Read,
        account: &str,
        (kind, entity): (Kind, &Entity),
    ) -> Result<(), Fault> {
        let holder: (Kind, Arc<str>) = (kind, entity.name.as_str().into());
        for (name, text) in &entity.inline {
            let held = |(text, document)| Held { name: name.clone(), holder: holder.clone(), text, document };
            self.attached.extend(read_text(cloud, text).map(held));
        }
        for arn in &entity.attached {
            let held = |(text, document)| Held { name: arn.clone(), holder: holder.clone(), text, document };
            self.attached.extend(managed(cloud, read, account, arn)?.map(held));
        }
        self.asks_context = self.attached.iter().any(|held| held.document.asks_context);
        Ok(())
    }

    /// The role as one of its sessions.
    fn in_session(&self, account: &str, principal: &Principal, session: &str) -> Self {
        let (role, id) = match &self.principal {
            Who::Session { role, id, .. } => (role.clone(), id.clone()),
            _ => Default::default(),
        };
        let principal =
            Who::Session { account: account.to_owned(), arn: principal.arn(), role, id: format!("{id}:{session}") };
        Identity { principal, ..clone(self) }
    }

    /// The maker as its federated user. The maker's tags are not the session's.
    fn federated(self, account: &str, principal: &Principal) -> Self {
        let user = self.principal.arn();
        let (arn, id) = (principal.arn(), principal.id().to_owned());
        let principal = Who::FederatedUser { account: account.to_owned(), arn, user, id };
        Identity { principal, tags: BTreeMap::new(), ..self }
    }
}
