//! Calling Lambda functions: macros and custom resources.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::Client;
use kogumo_wire::Fault;
use serde_json::{Value, json};

/// Invokes a function and waits for its answer.
///
/// # Errors
/// Lambda's faults; an answer that is no JSON; an error that the function threw.
pub async fn function(client: &Client, name: &str, event: &Value) -> Result<Value, Fault> {
    let input = json!({"FunctionName": name, "InvocationType": "RequestResponse", "Payload": STANDARD.encode(event.to_string())});
    let output = client.call_json("lambda", "Invoke", &input).await?;
    let payload = output.get("Payload").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    let answer: Value = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    match output.get("FunctionError").and_then(Value::as_str) {
        Some(_) => {
            let message = answer.get("errorMessage").and_then(Value::as_str).unwrap_or("the function failed");
            Err(Fault::validation(message.to_owned()))
        }
        None => Ok(answer),
    }
}

/// Hands a function an event without waiting for it.
///
/// # Errors
/// Lambda's faults.
pub async fn event(client: &Client, name: &str, event: &Value) -> Result<(), Fault> {
    let input = json!({"FunctionName": name, "InvocationType": "Event", "Payload": STANDARD.encode(event.to_string())});
    client.call_json("lambda", "Invoke", &input).await.map(drop)
}
