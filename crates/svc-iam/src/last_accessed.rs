//! Which services somebody may use, and when that was last tried: out of the policies and the audit trail.
//!
//! A report is a moment: who was asked about, and when. What it says is read from the trail, which reaches back as far as
//! CloudTrail's event history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kogumo_base::{Arn, Scope, Timestamp, uuid};
use kogumo_door::trail::{Event, Trail};
use kogumo_door::{Cloud, Context, Reader};
use kogumo_model::iam::*;
use kogumo_policy::{Context as Keys, Document, Effect, Pattern};
use kogumo_store::Table;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::authorize;
use crate::entity::{Entity, Kind};
use crate::exclusion::{kind_word, policy_type};
use crate::page::page;
use crate::{aws_managed, policy, simulate};

/// A report that was asked for.
#[derive(Clone, Serialize, Deserialize)]
struct Report {
    arn: String,
    by_action: bool,
    made: Timestamp,
}

static REPORTS: Table<Report> = Table::new("iam/last-accessed");

/// A service as policies name it, and as people do.
struct Known {
    namespace: String,
    name: &'static str,
    /// As the trail names it.
    source: String,
}

/// Somebody who can call.
struct Subject {
    entity: Entity,
    arn: String,
}

/// The last time that a service, or an action of one, was tried.
#[derive(Clone)]
struct Last {
    time: Timestamp,
    region: String,
    who: String,
}

/// What the trail says of one service.
#[derive(Default)]
struct Uses {
    last: Option<Last>,
    who: BTreeSet<String>,
    actions: BTreeMap<String, Last>,
}

pub async fn generate_service_last_accessed_details(
    cx: Context,
    input: GenerateServiceLastAccessedDetailsRequest,
) -> Result<GenerateServiceLastAccessedDetailsResponse, Fault> {
    cx.cloud.trail.settle()?;
    cx.read(|r| subjects(r, &input.arn))?;
    let id = uuid();
    cx.write(|w| {
        let by_action = input.granularity.as_deref() == Some("ACTION_LEVEL");
        let report = Report { arn: input.arn.clone(), by_action, made: w.now };
        Ok::<_, Fault>(REPORTS.put(w.tx, &w.scope().global(), id.as_str(), &report)?)
    })?;
    Ok(GenerateServiceLastAccessedDetailsResponse { job_id: Some(id) })
}

fn report(r: &Reader, id: &str) -> Result<Report, Fault> {
    let missing = || NO_SUCH_ENTITY_EXCEPTION.because(format!("JobId {id} does not exist."));
    REPORTS.get(r.store, &r.scope().global(), id)?.ok_or_else(missing)
}

pub fn get_service_last_accessed_details(
    r: &Reader,
    input: GetServiceLastAccessedDetailsRequest,
) -> Result<GetServiceLastAccessedDetailsResponse, Fault> {
    let report = report(r, &input.job_id)?;
    let documents = documents(r, &report.arn)?;
    let subjects = subjects(r, &report.arn)?;
    let mut uses = uses(r, &subjects, report.made)?;
    let granted = services(r.cloud).into_iter().filter(|service| documents.iter().any(|one| grants(one, service)));
    let shown =
        granted.map(|service| shown(&service, uses.remove(&service.source).unwrap_or_default(), report.by_action));
    let page = page(shown.collect(), input.marker.as_deref(), input.max_items)?;
    Ok(GetServiceLastAccessedDetailsResponse {
        job_status: "COMPLETED".into(),
        job_type: Some(if report.by_action { "ACTION_LEVEL" } else { "SERVICE_LEVEL" }.into()),
        job_creation_date: report.made,
        job_completion_date: report.made,
        services_last_accessed: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
        error: None,
    })
}

fn shown(service: &Known, uses: Uses, by_action: bool) -> ServiceLastAccessed {
    let action = |(name, last): (String, Last)| TrackedActionLastAccessed {
        action_name: Some(name),
        last_accessed_entity: Some(last.who),
        last_accessed_time: Some(last.time),
        last_accessed_region: Some(last.region),
    };
    ServiceLastAccessed {
        service_name: service.name.to_owned(),
        service_namespace: service.namespace.clone(),
        total_authenticated_entities: i32::try_from(uses.who.len()).ok(),
        last_authenticated: uses.last.as_ref().map(|last| last.time),
        last_authenticated_region: uses.last.as_ref().map(|last| last.region.clone()),
        last_authenticated_entity: uses.last.map(|last| last.who),
        tracked_actions_last_accessed: by_action.then(|| uses.actions.into_iter().map(action).collect()),
    }
}

pub fn get_service_last_accessed_details_with_entities(
    r: &Reader,
    input: GetServiceLastAccessedDetailsWithEntitiesRequest,
) -> Result<GetServiceLastAccessedDetailsWithEntitiesResponse, Fault> {
    let report = report(r, &input.job_id)?;
    let mut entities = Vec::new();
    for subject in subjects(r, &report.arn)? {
        let (namespace, arn) = (input.service_namespace.as_str(), subject.arn.clone());
        let source = services(r.cloud).into_iter().find(|service| service.namespace == namespace);
        let entity = EntityInfo {
            arn: arn.clone(),
            name: subject.entity.name.clone(),
            type_: kind_word(subject.entity.kind).to_uppercase(),
            id: subject.entity.id.clone(),
            path: Some(subject.entity.path.clone()),
        };
        let mut uses = uses(r, std::slice::from_ref(&subject), report.made)?;
        let last = source.and_then(|service| uses.remove(&service.source)).and_then(|uses| uses.last);
        entities.push(EntityDetails { entity_info: entity, last_authenticated: last.map(|last| last.time) });
    }
    let page = page(entities, input.marker.as_deref(), input.max_items)?;
    Ok(GetServiceLastAccessedDetailsWithEntitiesResponse {
        job_status: "COMPLETED".into(),
        job_creation_date: report.made,
        job_completion_date: report.made,
        entity_details_list: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
        error: None,
    })
}

pub fn list_policies_granting_service_access(
    r: &Reader,
    input: ListPoliciesGrantingServiceAccessRequest,
) -> Result<ListPoliciesGrantingServiceAccessResponse, Fault> {
    let (identity, _) = simulate::caller(r, &input.arn)?;
    let entry = |namespace: String| {
        let service = Known { namespace, name: "", source: String::new() };
        let granting = identity.attached.iter().filter(|held| grants(&held.document, &service));
        let shown = |held: &authorize::Held| {
            let inline = policy_type(&held.name) == "inline";
            PolicyGrantingServiceAccess {
                policy_name: held.name.rsplit('/').next().unwrap_or(&held.name).to_owned(),
                policy_type: if inline { "INLINE" } else { "MANAGED" }.to_owned(),
                policy_arn: (!inline).then(|| held.name.clone()),
                entity_type: inline.then(|| kind_word(held.holder.0).to_uppercase()),
                entity_name: inline.then(|| held.holder.1.to_string()),
            }
        };
        ListPoliciesGrantingServiceAccessEntry {
            policies: Some(granting.map(shown).collect()),
            service_namespace: Some(service.namespace.clone()),
        }
    };
    Ok(ListPoliciesGrantingServiceAccessResponse {
        policies_granting_service_access: input.service_namespaces.into_iter().map(entry).collect(),
        is_truncated: Some(false),
        marker: None,
    })
}

/// Whether an ARN is a managed policy's.
fn is_policy(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"))
}

/// The policies that somebody has, or the one that was asked about.
fn documents(r: &Reader, arn: &str) -> Result<Vec<Arc<Document>>, Fault> {
    if !is_policy(arn) {
        let (identity, _) = simulate::caller(r, arn)?;
        return Ok(identity.attached.iter().map(|held| Arc::clone(&held.document)).collect());
    }
    let text = match aws_managed::find(arn) {
        Some(known) => Some(known.document.to_owned()),
        None => {
            let mut found = policy::get(r.store, r.scope(), arn)?;
            found.versions.remove(&found.default_version).map(|version| version.document)
        }
    };
    Ok(text.and_then(|text| r.cloud.documents.get(&text)).into_iter().collect())
}

/// Who calls with the permissions of a user, a role, a group, a policy.
fn subjects(r: &Reader, arn: &str) -> Result<Vec<Subject>, Fault> {
    let everybody = policy::everybody(r.store, r.scope())?;
    let account = r.caller.account();
    let groups: BTreeSet<String> = match is_policy(arn) {
        true => {
            policy::must_be_attachable(r.store, r.scope(), arn)?;
            let holding = everybody.iter().filter(|one| one.kind == Kind::Group && one.attached.contains(arn));
            holding.map(|group| group.name.to_lowercase()).collect()
        }
        false => {
            simulate::caller(r, arn)?;
            let asked = everybody.iter().filter(|one| one.kind == Kind::Group && one.arn(account) == arn);
            asked.map(|group| group.name.to_lowercase()).collect()
        }
    };
    let is_meant = |one: &Entity| {
        one.kind != Kind::Group
            && (one.arn(account) == arn || one.attached.contains(arn) || !one.groups.is_disjoint(&groups))
    };
    let meant = everybody.into_iter().filter(is_meant);
    Ok(meant.map(|entity| Subject { arn: entity.arn(account), entity }).collect())
}

impl Subject {
    fn made(&self, event: &Event) -> bool {
        match self.entity.kind {
            Kind::Role => {
                let session = format!(":assumed-role/{}/", self.entity.name);
                event.principal_arn.contains(&session)
            }
            _ => event.principal_arn == self.arn,
        }
    }
}

/// What the subjects have tried until then, by the services' sources.
fn uses(r: &Reader, subjects: &[Subject], until: Timestamp) -> Result<BTreeMap<String, Uses>, Fault> {
    let mut all: BTreeMap<String, Uses> = BTreeMap::new();
    for event in Trail::of_account(r.store, r.caller.account(), Timestamp(0)) {
        let event = event?;
        let Some(subject) = subjects.iter().find(|subject| event.time <= until && subject.made(&event)) else {
            continue;
        };
        let region = if event.scope.region == Scope::GLOBAL { "us-east-1" } else { &event.scope.region };
        let last = Last { time: event.time, region: region.to_owned(), who: subject.arn.clone() };
        let uses = all.entry(event.source).or_default();
        uses.who.insert(subject.arn.clone());
        if uses.last.as_ref().is_none_or(|known| known.time < last.time) {
            uses.last = Some(last.clone());
        }
        let action = uses.actions.entry(event.name).or_insert_with(|| last.clone());
        if action.time < last.time {
            *action = last;
        }
    }
    Ok(all)
}

/// The services of this cloud, by the names that policies have for them.
fn services(cloud: &Cloud) -> Vec<Known> {
    let known = cloud.services().iter().filter_map(|service| {
        let facts = service.facts;
        let mut actions = facts.operations.iter().flat_map(|one| kogumo_authorization::actions(facts.name, one.name));
        let (namespace, _) = actions.next()?.split_once(':')?;
        let source = if facts.name == "cloudwatch" { "monitoring" } else { facts.endpoint_prefix };
        Some(Known { namespace: namespace.to_owned(), name: facts.sdk_id, source: format!("{source}.amazonaws.com") })
    });
    let mut known: Vec<Known> = known.collect();
    known.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    known.dedup_by(|one, other| one.namespace == other.namespace);
    known
}

/// Whether a policy allows something of a service.
fn grants(document: &Document, service: &Known) -> bool {
    let keys = Keys::default();
    let speaks = |text: &String| {
        let namespace = text.split_once(':').map_or(text.as_str(), |(namespace, _)| namespace);
        Pattern::read(&namespace.to_lowercase(), false).fits(&service.namespace, &keys)
    };
    let allowing = document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    allowing.filter_map(|statement| statement.action.as_ref()).any(|action| match action.negated {
        false => action.texts.iter().any(speaks),
        // All but these: of the service something is left unless it is named as a whole.
        true => !action.texts.iter().any(|text| speaks(text) && (text == "*" || text.ends_with(":*"))),
    })
}
