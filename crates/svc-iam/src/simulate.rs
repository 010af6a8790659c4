//! What policies would decide: the simulator's operations. It decides by the engine that decides calls.

use std::sync::Arc;

use kogumo_base::Arn;
use kogumo_door::{Cloud, Principal, Reader};
use kogumo_model::iam::*;
use kogumo_policy::{
    Attached, Context, Decision, Document, Layer, Policies, Principal as Who, Request, Verdict, context_keys, decide,
    matched,
};
use kogumo_wire::Fault;

use crate::authorize::{self, Held, Identity};
use crate::entity::{self, Kind};
use crate::exclusion::{Exclusions, kind_word, policy_type};
use crate::page::page;
use crate::spans::{Place, spans};

/// Texts of policies with the names that results show.
struct Source {
    id: String,
    kind: &'static str,
    text: String,
    document: Arc<Document>,
}

impl Source {
    fn attached(&self) -> Attached<'_> {
        Attached { name: &self.id, document: &self.document }
    }
}

/// What is asked, whoever's policies are asked.
struct Question {
    actions: Vec<String>,
    resources: Vec<String>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    context: Vec<ContextEntry>,
    marker: Option<String>,
    most: Option<i32>,
}

pub fn simulate_custom_policy(r: &Reader, input: SimulateCustomPolicyRequest) -> Result<SimulatePolicyResponse, Fault> {
    let levels = input.ordered_organization_policy_input_list.unwrap_or_default();
    let levels: Result<Vec<_>, Fault> = levels.into_iter().map(|level| control(r.cloud, level)).collect();
    let levels = levels?;
    let sources = given(r.cloud, &input.policy_input_list, "PolicyInputList")?;
    let boundary = given(
        r.cloud,
        &input.permissions_boundary_policy_input_list.unwrap_or_default(),
        "PermissionsBoundaryPolicyInputList",
    )?;
    let who = match &input.caller_arn {
        Some(arn) => caller(r, arn)?.1,
        None => Who::User {
            account: r.caller.account().to_owned(),
            arn: format!("arn:aws:iam::{}:user/simulated", r.caller.account()),
            id: String::new(),
        },
    };
    let question = Question {
        actions: input.action_names,
        resources: input.resource_arns.unwrap_or_default(),
        resource_policy: input.resource_policy,
        resource_owner: input.resource_owner,
        context: input.context_entries.unwrap_or_default(),
        marker: input.marker,
        most: input.max_items,
    };
    let limits = Limits { boundary: &boundary, levels: &levels };
    answer(r, &question, &who, Context::default(), &sources, &limits)
}

/// The service control policies of one level of an organization.
fn control(cloud: &Cloud, level: OrderedOrganizationPolicyType) -> Result<Vec<Source>, Fault> {
    let texts = level.service_control_policy_input_list.unwrap_or_default();
    given(cloud, &texts, "OrderedOrganizationPolicyInputList")
}

pub fn simulate_principal_policy(
    r: &Reader,
    input: SimulatePrincipalPolicyRequest,
) -> Result<SimulatePolicyResponse, Fault> {
    let exclusions = Exclusions::read(input.policy_exclusion_list.unwrap_or_default())?;
    let (identity, mut who) = caller(r, &input.policy_source_arn)?;
    let mut sources = attached(&identity, &exclusions);
    sources.extend(given(r.cloud, &input.policy_input_list.unwrap_or_default(), "PolicyInputList")?);
    let mut boundary = given(
        r.cloud,
        &input.permissions_boundary_policy_input_list.unwrap_or_default(),
        "PermissionsBoundaryPolicyInputList",
    )?;
    if let Some((name, document)) =
        identity.boundary.as_ref().filter(|(arn, _)| boundary.is_empty() && !exclusions.has_boundary(arn))
    {
        boundary.push(Source { id: name.clone(), kind: "none", text: String::new(), document: Arc::clone(document) });
    }
    if let Some(arn) = &input.caller_arn {
        who = caller(r, arn)?.1;
    }
    let context = authorize::of_simulated(&identity, r.now);
    let question = Question {
        actions: input.action_names,
        resources: input.resource_arns.unwrap_or_default(),
        resource_policy: input.resource_policy,
        resource_owner: input.resource_owner,
        context: input.context_entries.unwrap_or_default(),
        marker: input.marker,
        most: input.max_items,
    };
    answer(r, &question, &who, context, &sources, &Limits { boundary: &boundary, levels: &[] })
}

pub fn get_context_keys_for_custom_policy(
    r: &Reader,
    input: GetContextKeysForCustomPolicyRequest,
) -> Result<GetContextKeysForPolicyResponse, Fault> {
    let sources = given(r.cloud, &input.policy_input_list, "PolicyInputList")?;
    Ok(GetContextKeysForPolicyResponse { context_key_names: Some(keys(&sources)) })
}

pub fn get_context_keys_for_principal_policy(
    r: &Reader,
    input: GetContextKeysForPrincipalPolicyRequest,
) -> Result<GetContextKeysForPolicyResponse, Fault> {
    let (identity, _) = caller(r, &input.policy_source_arn)?;
    let mut sources = attached(&identity, &Exclusions::default());
    sources.extend(given(r.cloud, &input.policy_input_list.unwrap_or_default(), "PolicyInputList")?);
    Ok(GetContextKeysForPolicyResponse { context_key_names: Some(keys(&sources)) })
}

fn keys(sources: &[Source]) -> Vec<String> {
    context_keys(sources.iter().map(|source| &*source.document))
}

/// Documents out of a request.
fn given(cloud: &Cloud, texts: &[String], list: &str) -> Result<Vec<Source>, Fault> {
    let read = |(index, text): (usize, &String)| {
        Document::parse(text).map_err(|problem| INVALID_INPUT_EXCEPTION.because(problem.to_string()))?;
        let document = cloud.documents.get(text).unwrap_or_else(|| Arc::new(Document::silent()));
        Ok(Source { id: format!("{list}.{}", index + 1), kind: "none", text: text.clone(), document })
    };
    texts.iter().enumerate().map(read).collect()
}

/// The user, group or role of an ARN, with its policies.
pub fn caller(r: &Reader, arn: &str) -> Result<(Arc<Identity>, Who), Fault> {
    let identity = match group(r, arn)? {
        Some(group) => group,
        None => authorize::of_principal(r.cloud, &principal(r, arn)?, None)?,
    };
    let who = identity.principal.clone();
    Ok((identity, who))
}

/// The group of an ARN, if it names one.
fn group(r: &Reader, arn: &str) -> Result<Option<Arc<Identity>>, Fault> {
    let Some(arn) = Arn::parse(arn).filter(|arn| arn.service == "iam") else { return Ok(None) };
    let Some(path) = arn.resource.strip_prefix("group/") else { return Ok(None) };
    let scope = kogumo_base::Scope::new(&arn.account, r.scope().region.clone());
    let group = entity::get(r.store, &scope, Kind::Group, path.rsplit('/').next().unwrap_or(path))?;
    Ok(Some(authorize::of_group(r.cloud, &arn.account, &group.name)?))
}

/// Whom an ARN of IAM or STS names.
///
/// # Errors
/// NoSuchEntity; an ARN of something else.
pub fn principal(r: &Reader, arn: &str) -> Result<Principal, Fault> {
    let wrong = || {
        INVALID_INPUT_EXCEPTION
            .because(format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."))
    };
    let parsed = Arn::parse(arn).ok_or_else(wrong)?;
    let account = parsed.account.clone();
    let scope = kogumo_base::Scope::new(&account, r.scope().region.clone());
    if parsed.resource == "root" {
        return Ok(Principal::Root { account });
    }
    let (kind, path) = parsed.resource.split_once('/').ok_or_else(wrong)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    match kind {
        "user" => {
            let user = entity::get(r.store, &scope, Kind::User, name)?;
            Ok(Principal::User { account, name: user.name, path: user.path, id: user.id })
        }
        "role" => {
            let role = entity::get(r.store, &scope, Kind::Role, name)?;
            let id = format!("{}:simulated", role.id);
            Ok(Principal::AssumedRole { account, role: role.name, session: "simulated".to_owned(), id })
        }
        "assumed-role" => {
            let (name, session) = path.split_once('/').ok_or_else(wrong)?;
            let role = entity::get(r.store, &scope, Kind::Role, name)?;
            let id = format!("{}:{session}", role.id);
            Ok(Principal::AssumedRole { account, role: role.name, session: session.to_owned(), id })
        }
        _ => Err(wrong()),
    }
}

/// An identity's policies as results name them, but for those that are left out.
fn attached(identity: &Identity, exclusions: &Exclusions) -> Vec<Source> {
    let source = |held: &Held| {
        let (id, kind) = match policy_type(&held.name) {
            "inline" => (held.name.clone(), kind_word(held.holder.0)),
            managed => (held.name.rsplit('/').next().unwrap_or(&held.name).to_owned(), managed),
        };
        Source { id, kind, text: held.text.to_string(), document: Arc::clone(&held.document) }
    };
    identity.attached.iter().filter(|held| !exclusions.has(held)).map(source).collect()
}

/// What limits somebody's own policies.
struct Limits<'a> {
    boundary: &'a [Source],
    /// Service control policies, from the organization's root down.
    levels: &'a [Vec<Source>],
}

fn answer(
    r: &Reader,
    question: &Question,
    who: &Who,
    mut context: Context,
    sources: &[Source],
    limits: &Limits<'_>,
) -> Result<SimulatePolicyResponse, Fault> {
    for entry in &question.context {
        if let Some(key) = &entry.context_key_name {
            context.put_all(key.clone(), entry.context_key_values.clone().unwrap_or_default());
        }
    }
    let resource_policy = match &question.resource_policy {
        Some(text) => given(r.cloud, std::slice::from_ref(text), "ResourcePolicy")?.pop(),
        None => None,
    };
    let policies = Policies {
        identity: sources.iter().map(Source::attached).collect(),
        boundary: limits.boundary.first().map(Source::attached),
        service_control: limits.levels.iter().map(|level| level.iter().map(Source::attached).collect()).collect(),
        resource: resource_policy.iter().map(Source::attached).collect(),
        ..Policies::default()
    };
    let any = vec!["*".to_owned()];
    let resources = if question.resources.is_empty() { &any } else { &question.resources };
    let asked = keys(sources).into_iter().chain(keys(limits.boundary));
    let asked = asked.chain(limits.levels.iter().flat_map(|level| keys(level)));
    let missing: Vec<String> = asked.filter(|key| context.get(key).is_none()).collect();
    let owner = question.resource_owner.as_deref().and_then(|arn| arn.split(':').nth(4)).unwrap_or_default();
    let mut results = Vec::new();
    for action in &question.actions {
        for resource in resources {
            let request = Request { principal: who, action, resource, owner, context: &context };
            let decision = decide(&request, &policies);
            let statements = statements(&matched(&request, &policies), sources, resource_policy.as_ref());
            let by_boundary = policies.boundary.is_some().then(|| PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(decision.layer != Some(Layer::Boundary)),
            });
            let by_organization = (!limits.levels.is_empty()).then(|| OrganizationsDecisionDetail {
                allowed_by_organizations: Some(decision.layer != Some(Layer::ServiceControl)),
            });
            results.push(EvaluationResult {
                eval_action_name: action.clone(),
                eval_resource_name: Some(resource.clone()),
                eval_decision: word(&decision).to_owned(),
                matched_statements: Some(statements),
                missing_context_values: Some(missing.clone()),
                permissions_boundary_decision_detail: by_boundary,
                organizations_decision_detail: by_organization,
                ..EvaluationResult::default()
            });
        }
    }
    let page = page(results, question.marker.as_deref(), question.most)?;
    Ok(SimulatePolicyResponse {
        evaluation_results: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

fn word(decision: &Decision) -> &'static str {
    match decision.verdict {
        Verdict::Allowed => "allowed",
        Verdict::ExplicitDeny => "explicitDeny",
        Verdict::ImplicitDeny => "implicitDeny",
    }
}

/// The statements that speak of a request, with their places in the texts.
fn statements(found: &[kogumo_policy::Matched], sources: &[Source], resource: Option<&Source>) -> Vec<Statement> {
    let position =
        |place: Place| Position { line: i32::try_from(place.line).ok(), column: i32::try_from(place.column).ok() };
    let shown = |one: &kogumo_policy::Matched| {
        let source = match one.layer {
            Layer::Identity => sources.iter().find(|source| source.id == one.policy)?,
            Layer::Resource => resource?,
            _ => return None,
        };
        let span = spans(&source.text).into_iter().nth(one.index);
        Some(Statement {
            source_policy_id: Some(source.id.clone()),
            source_policy_type: Some(if one.layer == Layer::Resource { "resource" } else { source.kind }.to_owned()),
            start_position: span.map(|(start, _)| position(start)),
            end_position: span.map(|(_, end)| position(end)),
        })
    };
    found.iter().filter_map(shown).collect()
}
