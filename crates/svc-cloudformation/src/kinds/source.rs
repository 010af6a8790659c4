//! `AWS::Lambda::EventSourceMapping`: the properties are the operation's members.

use serde_json::{Value, json};

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

fn members(w: &Work, but: &[&str]) -> serde_json::Map<String, Value> {
    let all = w.properties.as_object().cloned().unwrap_or_default();
    all.into_iter().filter(|(name, _)| !but.contains(&name.as_str())).collect()
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let tags = if w.list("Tags").is_empty() { Value::Null } else { super::hands::tag_map(w.list("Tags")) };
    let made = h.call("lambda", "CreateEventSourceMapping", with(members(w, &["Tags"]), [("Tags", tags)])).await?;
    Ok(mapped(&made))
}

fn mapped(made: &Value) -> Made {
    let id = text_at(made, "/UUID");
    Made::new(id.as_str())
        .attribute("Id", id)
        .attribute("EventSourceMappingArn", text_at(made, "/EventSourceMappingArn"))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let fixed = ["Tags", "EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource"];
    let input = with(members(w, &fixed), [("UUID", json!(w.physical_id))]);
    h.call("lambda", "UpdateEventSourceMapping", input).await.map(|made| mapped(&made))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("lambda", "DeleteEventSourceMapping", json!({"UUID": w.physical_id})).await
}
