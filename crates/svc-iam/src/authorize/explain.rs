//! `kogumo iam explain`: what would be decided, and by which statement, in words.

use std::sync::Arc;

use kogumo_authorization::Need;
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Incoming, Reader, Surface};
use kogumo_policy::{Decision, Layer, Verdict, denial};
use kogumo_wire::{Body, Fault};
use serde_json::{Value, json};

use super::Decider;
use crate::simulate;

const PATH: &str = "/_kogumo/iam/explain";

/// The part of the port that answers the command.
pub fn surface() -> Surface {
    Surface { name: "iam explain", claims: |incoming| incoming.request.path == PATH, serve }
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        let answer = match explain(&cloud, &incoming.request.query) {
            Ok(answer) => answer,
            Err(fault) => json!({ "error": fault.message }),
        };
        let mut response = http::Response::new(Body::from(kogumo_wire::Bytes::from(answer.to_string())));
        let kind = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        response
    })
}

/// The question out of the query: `principal`, `action`, `resource`, and condition keys as `context=key=value`.
fn explain(cloud: &Arc<Cloud>, query: &[(String, String)]) -> Result<Value, Fault> {
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let (arn, action) = (asked("principal"), asked("action"));
    let resource = Some(asked("resource")).filter(|resource| !resource.is_empty()).unwrap_or("*");
    let prefix = action.split(':').next().unwrap_or_default();
    let service = cloud.services().iter().find(|service| {
        service.facts.signing_name == prefix || service.facts.name == prefix || service.facts.endpoint_prefix == prefix
    });
    let service = service.ok_or_else(|| Fault::validation(format!("No service has the action '{action}'.")))?;
    let region = resource.split(':').nth(3).filter(|region| !region.is_empty()).unwrap_or("us-east-1");
    let snapshot = cloud.store.read();
    let nobody = Caller::service("kogumo", Scope::new("", region));
    let reader = Reader { store: &snapshot, caller: &nobody, now: cloud.clock.now(), cloud };
    let principal = simulate::principal(&reader, arn)?;
    let caller =
        Caller { scope: Scope::new(principal.account(), region), principal: principal.into(), ..nobody.clone() };
    let decider = Decider::new(cloud, &caller, service)?;
    let entries = query.iter().filter(|(key, _)| key == "context").filter_map(|(_, entry)| entry.split_once('='));
    Ok(decider.explain(&Need::new(action.to_owned(), resource), entries)?)
}

fn told(who: &str, action: &str, resource: &str, decision: &Decision) -> Value {
    let by = decision.by.as_ref();
    json!({
        "decision": match decision.verdict {
            Verdict::Allowed => "allowed",
            Verdict::ExplicitDeny => "explicitDeny",
            Verdict::ImplicitDeny => "implicitDeny",
        },
        "policy": by.map(|by| by.policy),
        "statement": by.map(|by| by.index + 1),
        "sid": by.and_then(|by| by.sid.clone()),
        "en": english(who, action, resource, decision),
        "ja": japanese(who, action, resource, decision),
    })
}

/// `statement 2 ("Reading") of the identity-based policy "Readers"`
fn english_statement(decision: &Decision) -> String {
    let Some(by) = &decision.by else { return String::new() };
    let sid = by.sid.as_deref().map(|sid| format!(" (\"{sid}\")")).unwrap_or_default();
    format!("statement {}{sid} of the {} \"{}\"", by.index + 1, by.layer.name(), by.policy)
}

fn english(who: &str, action: &str, resource: &str, decision: &Decision) -> String {
    match decision.verdict {
        Verdict::Allowed if decision.by.is_none() => {
            format!("Allowed: {who} is the account's root, and no policy denies {action} on {resource}.")
        }
        Verdict::Allowed => format!("Allowed: {who} may {action} on {resource}, by {}.", english_statement(decision)),
        Verdict::ExplicitDeny => {
            format!(
                "Denied: {} denies {action} on {resource} to {who}. No other policy can allow it.",
                english_statement(decision)
            )
        }
        Verdict::ImplicitDeny => format!("Not allowed. {}.", denial(who, action, resource, decision)),
    }
}

fn japanese_layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "アイデンティティベースのポリシー",
        Layer::Boundary => "アクセス許可の境界",
        Layer::Session => "セッションポリシー",
        Layer::Resource => "リソースベースのポリシー",
        Layer::Trust => "ロールの信頼ポリシー",
        Layer::Endpoint => "VPC エンドポイントポリシー",
        Layer::ServiceControl => "サービスコントロールポリシー",
    }
}

fn japanese(who: &str, action: &str, resource: &str, decision: &Decision) -> String {
    let statement = decision.by.as_ref().map(|by| {
        let sid = by.sid.as_deref().map(|sid| format!("（Sid: {sid}）")).unwrap_or_default();
        format!("{}「{}」の{}番目のステートメント{sid}", japanese_layer(by.layer), by.policy, by.index + 1)
    });
    match (decision.verdict, statement) {
        (Verdict::Allowed, None) => {
            format!(
                "許可されます。{who} はアカウントのルートであり、{resource} への {action} を拒否するポリシーはありません。"
            )
        }
        (Verdict::Allowed, Some(statement)) => {
            format!("許可されます。{statement}が、{who} に {resource} への {action} を許しています。")
        }
        (Verdict::ExplicitDeny, statement) => format!(
            "拒否されます。{}が、{who} による {resource} への {action} を明示的に拒否しています。ほかのどのポリシーでも許可できません。",
            statement.unwrap_or_default()
        ),
        (Verdict::ImplicitDeny, _) => format!(
            "許可されません。{resource} への {action} を {who} に許可する{}がありません。",
            decision.layer.map_or("ポリシー", japanese_layer)
        ),
    }
}

impl Decider<'_> {
    /// What would be decided, with these condition keys besides.
    fn explain<'e>(&self, need: &Need, entries: impl Iterator<Item = (&'e str, &'e str)>) -> Result<Value, Trouble> {
        let ground = self.ground(need, None)?;
        let resource = ground.resource.as_deref().unwrap_or(&need.resource);
        let is_trust = need.action.starts_with("sts:") && resource.contains(":role/");
        let mut context = self.context(need, resource, &ground, None);
        for (key, value) in entries {
            context.put(key.to_owned(), value);
        }
        let decision = self.weigh(need, resource, &ground, is_trust, &context);
        Ok(told(&self.caller.principal.arn(), &need.action, &need.resource, &decision))
    }
}
