//! The hands that make resources: calls through the door, in the stack owner's name.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kogumo_base::{Arn, Scope, uuid};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_wire::{Fault, Protocol};
use serde_json::{Map, Value, json};

use crate::record::Stack;
use crate::world::{Failure, Work};

/// Who the calls' callers say they come through.
const SERVICE: &str = "cloudformation.amazonaws.com";

/// What others need is asked for again for so long before it fails to be deleted.
const PATIENCE: Duration = Duration::from_secs(60);
/// Whoever waits looks again after so long even if nothing has been committed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a resource type needs to make resources.
#[derive(Clone)]
pub struct Hands {
    pub cloud: Arc<Cloud>,
    pub client: Client,
    pub scope: Scope,
}

/// CloudFormation in the role that it was given for a stack; `None` if that is no role's ARN.
pub fn in_role(role: &str, scope: &Scope) -> Option<Caller> {
    Caller::in_role(SERVICE, role, "AWSCloudFormation", &scope.region)
}

impl Hands {
    /// The hands of a stack: of its role, else of its owner.
    pub fn of(cloud: &Arc<Cloud>, stack: &Stack, scope: &Scope) -> Self {
        let in_role = stack.version.role.as_deref().and_then(|role| in_role(role, scope));
        let owner = || Caller {
            principal: Arc::new(stack.owner.clone().into()),
            session: stack.owner_session.clone().map(Arc::new),
            ..Caller::service(SERVICE, scope.clone())
        };
        let caller = Caller { user_agent: SERVICE.into(), ..in_role.unwrap_or_else(owner).through(SERVICE) };
        Hands { cloud: Arc::clone(cloud), client: Client::new(Arc::clone(cloud), caller), scope: scope.clone() }
    }

    /// Calls an operation; keys are the model's member names. `null` members are left out.
    pub async fn call(&self, service: &str, operation: &str, mut input: Value) -> Result<Value, Failure> {
        if let Value::Object(members) = &mut input {
            members.retain(|_, value| !value.is_null());
        }
        self.client.call_json(service, operation, &input).await.map_err(|fault| self.failure(service, &fault))
    }

    /// A call that takes something away: what isn't there is no failure. What others need is asked for again for a
    /// while: resources that the template does not order go at the same time, an instance more slowly than its gateway.
    pub async fn remove(&self, service: &str, operation: &str, input: Value) -> Result<(), Failure> {
        let mut commits = self.cloud.store.changes();
        let begun = Instant::now();
        loop {
            commits.mark_unchanged();
            match self.call(service, operation, input.clone()).await {
                Ok(_) => return Ok(()),
                Err(failure) if failure.not_found => return Ok(()),
                Err(failure) if failure.needed && begun.elapsed() < PATIENCE => {
                    // Whether it changed or the time is over: it is asked again.
                    let _ = tokio::time::timeout(LOOK_AGAIN, commits.changed()).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A call that makes something; if this step was run before, that it is there already is no failure.
    pub async fn make(&self, work: &Work, service: &str, operation: &str, input: Value) -> Result<Value, Failure> {
        match self.call(service, operation, input).await {
            Err(failure) if failure.exists && work.again => Ok(Value::Null),
            done => done,
        }
    }

    /// A fault in the words of a stack event.
    fn failure(&self, service: &str, fault: &Fault) -> Failure {
        let facts = self.cloud.service(service).map(|service| service.facts);
        let protocol = facts.and_then(|facts| facts.protocols.first()).copied().unwrap_or(Protocol::Json11);
        let (code, status) = (fault.code(protocol), fault.status(protocol));
        let not_found = status == 404 || ["NotFound", "NoSuch", "NonExistent"].iter().any(|word| code.contains(word));
        let exists = ["AlreadyExists", "ResourceConflict", "ResourceInUse", "AlreadyOwned", "Conflict", "Duplicate"]
            .iter()
            .any(|word| code.contains(word));
        let handler_code = match (not_found, exists, status) {
            (true, _, _) => "NotFound",
            (_, true, _) => "AlreadyExists",
            (_, _, 403) => "AccessDenied",
            (_, _, 400..500) => "InvalidRequest",
            _ => "GeneralServiceException",
        };
        let service = facts.map_or(service, |facts| facts.sdk_id);
        let reason = format!(
            "Resource handler returned message: \"{} (Service: {service}, Status Code: {status}, Request ID: {})\" \
             (RequestToken: {}, HandlerErrorCode: {handler_code})",
            fault.message,
            uuid(),
            uuid()
        );
        Failure { not_found, exists, needed: code == "DependencyViolation", ..Failure::new(reason) }
    }

    pub fn arn(&self, service: &str, resource: &str) -> String {
        Arn::new(service, &self.scope.region, &self.scope.account, resource).to_string()
    }

    /// An ARN of a service without regions.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        Arn::new(service, "", &self.scope.account, resource).to_string()
    }

    /// Asks until the answer is there, woken by commits.
    ///
    /// # Errors
    /// The question's own, and `late` after so many seconds.
    pub async fn until<T, F>(&self, seconds: u64, late: &str, mut ask: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Option<T>, Failure>>,
    {
        let mut commits = self.cloud.store.changes();
        let waiting = async {
            loop {
                commits.mark_unchanged();
                if let Some(answer) = ask().await? {
                    return Ok(answer);
                }
                let _ = tokio::time::timeout(LOOK_AGAIN, commits.changed()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(seconds), waiting).await.unwrap_or_else(|_| Err(Failure::new(late)))
    }
}

impl Work {
    /// A property; `Null` if it isn't there.
    pub fn get(&self, name: &str) -> &Value {
        self.properties.get(name).unwrap_or(&Value::Null)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// The name that a property gives, else the made-up one.
    pub fn named(&self, property: &str) -> String {
        self.text(property).unwrap_or(&self.name).to_owned()
    }

    pub fn list(&self, name: &str) -> &[Value] {
        self.get(name).as_array().map_or(&[], Vec::as_slice)
    }

    /// What the property was before the change.
    pub fn was(&self, name: &str) -> &Value {
        self.before.get(name).unwrap_or(&Value::Null)
    }

    pub fn changed(&self, name: &str) -> bool {
        self.get(name) != self.was(name)
    }

    /// These properties as they are, for operations whose members have the same names.
    pub fn pick(&self, names: &[&str]) -> Map<String, Value> {
        let there = names.iter().filter_map(|name| Some(((*name).to_owned(), self.properties.get(*name)?.clone())));
        there.collect()
    }

    /// Refuses properties that aren't built here: none is accepted and ignored.
    pub fn only(&self, names: &[&str]) -> Result<(), Failure> {
        let mut given = self.properties.as_object().into_iter().flatten().map(|(name, _)| name);
        match given.find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(Failure::new(format!("{name} of {} is not implemented by Kogumo", self.kind))),
            None => Ok(()),
        }
    }

    /// The elements that a list property has lost, and those it has gained.
    pub fn list_changes(&self, name: &str) -> (Vec<Value>, Vec<Value>) {
        let empty = Vec::new();
        let (old, new) = (self.was(name).as_array().unwrap_or(&empty), self.get(name).as_array().unwrap_or(&empty));
        let without =
            |these: &[Value], those: &[Value]| these.iter().filter(|one| !those.contains(one)).cloned().collect();
        (without(old, new), without(new, old))
    }

    /// Tags given as a list: the keys that are gone, and the tags that are new or changed.
    pub fn tag_changes(&self, name: &str) -> (Vec<Value>, Vec<Value>) {
        let (lost, gained) = self.list_changes(name);
        let kept = |tag: &Value| self.list(name).iter().any(|one| one["Key"] == tag["Key"]);
        (lost.iter().filter(|tag| !kept(tag)).map(|tag| tag["Key"].clone()).collect(), gained)
    }
}

/// A JSON document as text: properties hold it either way.
pub fn document(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => value.clone(),
        other => Value::String(other.to_string()),
    }
}

/// Tags as a map, out of a list of keys and values.
pub fn tag_map(tags: &[Value]) -> Value {
    let pairs = tags.iter().filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].clone())));
    Value::Object(pairs.collect())
}

/// Tags as a list, out of a map.
pub fn tag_list(tags: &Value) -> Vec<Value> {
    tags.as_object().into_iter().flatten().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// The object with more members; what is `Null` isn't added.
pub fn with(mut object: Map<String, Value>, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    object.extend(more.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)));
    Value::Object(object)
}

/// A text within an answer.
pub fn text_at(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Failure {
    /// The failure of a later step: what was made has to be deleted.
    pub fn after(self, physical_id: &str) -> Self {
        Failure { made: Some(physical_id.to_owned()), ..self }
    }
}
