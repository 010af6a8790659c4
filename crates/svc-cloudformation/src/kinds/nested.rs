//! `AWS::CloudFormation::Stack`: a stack within a stack, made by CloudFormation's own operations.

use kogumo_store::{Key, Range};
use serde_json::{Value, json};

use super::hands::{Hands, text_at};
use super::internal;
use crate::record::{CHANGE_SETS, ChangeSet, STACKS, Stack, uuid_of};
use crate::status;
use crate::world::{Failure, Made, Work};

/// A day: nested stacks have no limit of their own besides `TimeoutInMinutes`.
const SECONDS: u64 = 24 * 3600;

fn stack(h: &Hands, id: &str) -> Result<Option<Stack>, Failure> {
    STACKS.get(&h.cloud.store.read(), &h.scope, uuid_of(id)).map_err(internal)
}

/// A nested stack's parameters as texts: lists with commas between.
pub fn parameters(given: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    given.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

/// The members that creating and updating have in common.
fn input(w: &Work, name: &str, parent: Option<&Stack>) -> Result<Value, Failure> {
    w.only(&["TemplateURL", "Parameters", "NotificationARNs", "Tags", "TimeoutInMinutes"])?;
    let parameters = parameters(w.get("Parameters")).into_iter();
    let parameters: Vec<Value> =
        parameters.map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect();
    Ok(json!({
        "StackName": name,
        "TemplateURL": w.get("TemplateURL"),
        "Parameters": parameters,
        "Tags": w.get("Tags"),
        "NotificationARNs": w.get("NotificationARNs"),
        // The parent's consent is the child's.
        "Capabilities": parent.map(|parent| parent.version.capabilities.clone()),
        "RoleARN": parent.and_then(|parent| parent.version.role.clone()),
    }))
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let parent = stack(h, &w.stack_id)?;
    let reviewed = change_set(h, w, parent.as_ref())?;
    let name = reviewed.as_ref().map_or(w.name.as_str(), |reviewed| &reviewed.stack_name);
    let there = w.again.then(|| child(h, name)).transpose()?.flatten();
    let id = match there {
        Some(id) => id,
        None => {
            reviewed.as_ref().map_or(Ok(()), |reviewed| execute(h, reviewed))?;
            let mut input = input(w, name, parent.as_ref())?;
            input["TimeoutInMinutes"] = w.get("TimeoutInMinutes").clone();
            input["OnFailure"] = "DO_NOTHING".into();
            text_at(&h.call("cloudformation", "CreateStack", input).await?, "/StackId")
        }
    };
    adopt(h, w, &id, parent.as_ref()).map_err(|failure| failure.after(&id))?;
    let made = settled(h, &id).await.map_err(|failure| failure.after(&id))?;
    if made.status == status::CREATE_COMPLETE {
        return Ok(shown(&made));
    }
    let reason = made.reason.unwrap_or_default();
    Err(Failure::new(format!("Embedded stack {id} was not successfully created: {reason}")).after(&id))
}

/// The child of this name that an interrupted step has made.
fn child(h: &Hands, name: &str) -> Result<Option<String>, Failure> {
    let snapshot = h.cloud.store.read();
    for row in STACKS.scan(&snapshot, &h.scope, &Range::all()) {
        let (_, stack) = row.map_err(internal)?;
        if stack.name == name && stack.deleted.is_none() && stack.status != status::REVIEW_IN_PROGRESS {
            return Ok(Some(stack.id));
        }
    }
    Ok(None)
}

/// The nested stack's part of the change set that its parent executes.
fn change_set(h: &Hands, w: &Work, parent: Option<&Stack>) -> Result<Option<ChangeSet>, Failure> {
    let Some(executed) = parent.and_then(|parent| parent.change_set.as_deref()) else { return Ok(None) };
    let snapshot = h.cloud.store.read();
    for row in CHANGE_SETS.scan(&snapshot, &h.scope, &Range::all()) {
        let (_, row) = row.map_err(internal)?;
        let is_its = row.parent.as_deref() == Some(executed) && row.logical_id.as_ref() == Some(&w.logical_id);
        if is_its && (w.again || row.execution_status == "AVAILABLE") {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Writes down that a nested stack is what its change set said.
fn execute(h: &Hands, change_set: &ChangeSet) -> Result<(), Failure> {
    let done = h.cloud.store.write(|tx| {
        let executed = ChangeSet { execution_status: "EXECUTE_IN_PROGRESS".into(), ..change_set.clone() };
        let key = Key::new().str(uuid_of(&executed.stack_id)).str(uuid_of(&executed.id));
        CHANGE_SETS.put(tx, &h.scope, key, &executed)?;
        let Some(mut child) = STACKS.get(&*tx, &h.scope, uuid_of(&executed.stack_id))? else { return Ok(()) };
        child.change_set = Some(executed.id.clone());
        STACKS.put(tx, &h.scope, uuid_of(&executed.stack_id), &child)
    });
    done.map_err(internal)
}

/// Tells a stack whose child it is.
fn adopt(h: &Hands, w: &Work, id: &str, parent: Option<&Stack>) -> Result<(), Failure> {
    let root = parent.and_then(|parent| parent.root.clone()).unwrap_or_else(|| w.stack_id.clone());
    let done = h.cloud.store.write(|tx| {
        let Some(mut child) = STACKS.get(&*tx, &h.scope, uuid_of(id))? else { return Ok(()) };
        child.parent = Some(w.stack_id.clone());
        child.root = Some(root.clone());
        STACKS.put(tx, &h.scope, uuid_of(id), &child)
    });
    done.map_err(internal)
}

/// The stack once nothing is in progress.
async fn settled(h: &Hands, id: &str) -> Result<Stack, Failure> {
    h.until(SECONDS, "The nested stack did not come to an end", || async {
        let found = stack(h, id)?.ok_or_else(|| Failure::new(format!("Stack {id} is gone")))?;
        Ok(Some(found).filter(|stack| stack.operation.is_none()))
    })
    .await
}

fn shown(stack: &Stack) -> Made {
    let outputs = stack.outputs.iter();
    outputs.fold(Made::new(stack.id.as_str()), |made, output| {
        made.attribute(&format!("Outputs.{}", output.key), output.value.as_str())
    })
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = w.physical_id.as_str();
    let parent = stack(h, &w.stack_id)?;
    if let Some(reviewed) = change_set(h, w, parent.as_ref())? {
        execute(h, &reviewed)?;
    }
    match h.call("cloudformation", "UpdateStack", input(w, id, parent.as_ref())?).await {
        Err(failure) if failure.reason.contains("No updates are to be performed.") => {}
        Err(failure) => return Err(failure),
        Ok(_) => {}
    }
    let changed = settled(h, id).await?;
    if changed.status.starts_with("UPDATE_ROLLBACK") || changed.status.ends_with("FAILED") {
        return Err(Failure::new(format!(
            "Embedded stack {id} was not successfully updated. Currently in {} with reason: {}",
            changed.status,
            changed.reason.unwrap_or_default()
        )));
    }
    Ok(shown(&changed))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let id = w.physical_id.as_str();
    h.call("cloudformation", "DeleteStack", json!({"StackName": id})).await?;
    let gone = settled(h, id).await?;
    if gone.deleted.is_some() {
        return Ok(());
    }
    let reason = gone.reason.unwrap_or_default();
    Err(Failure::new(format!("Embedded stack {id} was not successfully deleted: {reason}")))
}
