//! `Invoke`: now, later, or only as a question.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_door::{Context, Reader};
use kogumo_model::lambda::*;
use kogumo_wire::Fault;
use serde::de::IgnoredAny;

use crate::name::Target;
use crate::queue::{self, Queued};
use crate::record;
use crate::run::{self, Work};

/// Bytes of an event: Lambda's quotas for synchronous and asynchronous invocation.
pub const SYNCHRONOUS_LIMIT: usize = 6_291_456;
const ASYNCHRONOUS_LIMIT: usize = 1_048_576;
/// Bytes of a client context in Base64.
const CONTEXT_LIMIT: usize = 3583;

pub async fn invoke(cx: Context, input: InvocationRequest) -> Result<InvocationResponse, Fault> {
    if input.durable_execution_name.is_some() || input.tenant_id.is_some() {
        return Err(Fault::not_implemented("DurableExecutionName or TenantId of Invoke"));
    }
    let target = Target::parse(cx.scope(), &input.function_name, input.qualifier.as_deref())?;
    let payload = input.payload.unwrap_or_default();
    match input.invocation_type.as_deref() {
        Some("DryRun") => {
            record::version(&cx.snapshot(), &target)?;
            Ok(InvocationResponse { status_code: Some(204), ..InvocationResponse::default() })
        }
        Some("Event") => {
            enqueue(&cx, &target, payload)?;
            Ok(InvocationResponse { status_code: Some(202), ..InvocationResponse::default() })
        }
        _ => {
            let payload = check_payload(payload, SYNCHRONOUS_LIMIT, "RequestResponse")?;
            let context = input.client_context.as_deref().map(client_context).transpose()?;
            let mut work = cx.read(|r| work(r, &target, payload, cx.caller.request_id.clone()))?;
            work.client_context = context;
            let done = run::run(&cx.cloud, work).await?;
            let wants_tail = input.log_type.as_deref() == Some("Tail");
            Ok(InvocationResponse {
                status_code: Some(200),
                function_error: done.failed.then(|| "Unhandled".to_owned()),
                log_result: wants_tail.then(|| STANDARD.encode(&done.tail)),
                payload: Some(done.payload),
                executed_version: Some(done.version),
                ..InvocationResponse::default()
            })
        }
    }
}

/// The deprecated form of `InvocationType=Event`.
pub async fn invoke_async(cx: Context, input: InvokeAsyncRequest) -> Result<InvokeAsyncResponse, Fault> {
    let target = Target::whole(cx.scope(), &input.function_name)?;
    let body = input.invoke_args.collect(ASYNCHRONOUS_LIMIT as u64).await;
    let payload = body.map_err(|_| too_large(ASYNCHRONOUS_LIMIT + 1, ASYNCHRONOUS_LIMIT, "Event"))?;
    enqueue(&cx, &target, payload)?;
    Ok(InvokeAsyncResponse { status: Some(202) })
}

/// An invocation of what is named; an alias with weights chooses its version here.
///
/// # Errors
/// Lambda's, if there is no such function.
pub fn work(r: &Reader, target: &Target, payload: Bytes, request: String) -> Result<Work, Fault> {
    let function = record::function(r.store, target)?;
    let version = match record::alias_of(r.store, target)? {
        Some(alias) => record::numbered(r.store, target, alias.choose(chance()))?,
        None => record::numbered(r.store, target, target.qualifier())?,
    };
    Ok(Work {
        scope: target.scope.clone(),
        name: target.name.clone(),
        version,
        function_arn: target.arn(),
        reserved: function.reserved_concurrency,
        request,
        payload,
        client_context: None,
        pieces: None,
    })
}

/// Evenly from 0 to 1.
fn chance() -> f64 {
    f64::from(u32::from_le_bytes(kogumo_base::random_bytes())) / (f64::from(u32::MAX) + 1.0)
}

fn enqueue(cx: &Context, target: &Target, payload: Bytes) -> Result<(), Fault> {
    let payload = check_payload(payload, ASYNCHRONOUS_LIMIT, "Event")?;
    let payload = String::from_utf8(payload.to_vec()).map_err(|_| unreadable("it is not UTF-8"))?;
    record::version(&cx.snapshot(), target)?;
    let queued = Queued::new(target, cx.caller.request_id.clone(), payload, cx.now());
    cx.write(|w| queue::put(w.tx, &queued).map_err(Fault::from))
}

/// An event has to be JSON of a certain size; none at all is an empty object.
pub fn check_payload(payload: Bytes, limit: usize, kind: &str) -> Result<Bytes, Fault> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    if payload.len() > limit {
        return Err(too_large(payload.len(), limit, kind));
    }
    serde_json::from_slice::<IgnoredAny>(&payload).map_err(|e| unreadable(&e.to_string()))?;
    Ok(payload)
}

fn too_large(size: usize, limit: usize, kind: &str) -> Fault {
    let message = format!("{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)");
    let fields = RequestTooLargeException { type_: Some("User".to_owned()) };
    Fault::with_fields(&REQUEST_TOO_LARGE_EXCEPTION, message, fields)
}

fn unreadable(why: &str) -> Fault {
    let message = format!("Could not parse request body into json: Could not parse payload into json: {why}");
    let fields = InvalidRequestContentException { type_: Some("User".to_owned()) };
    Fault::with_fields(&INVALID_REQUEST_CONTENT_EXCEPTION, message, fields)
}

/// The client context's JSON, on one line as it travels in a header.
pub fn client_context(given: &str) -> Result<String, Fault> {
    let refused = || {
        let fields = InvalidRequestContentException { type_: Some("User".to_owned()) };
        Fault::with_fields(
            &INVALID_REQUEST_CONTENT_EXCEPTION,
            "Client context must be a valid Base64-encoded JSON object.",
            fields,
        )
    };
    if given.len() > CONTEXT_LIMIT {
        return Err(refused());
    }
    let decoded = STANDARD.decode(given).map_err(|_| refused())?;
    let value: serde_json::Value = serde_json::from_slice(&decoded).map_err(|_| refused())?;
    Ok(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_to_be_json_of_a_size() {
        let check =
            |text: &str| check_payload(Bytes::copy_from_slice(text.as_bytes()), 10, "Event").map_err(|f| f.message);
        assert_eq!(check(""), Ok(Bytes::from_static(b"{}")));
        assert_eq!(check("[1, 2]"), Ok(Bytes::from_static(b"[1, 2]")));
        let large = "11 byte payload is too large for the Event invocation type (limit 10 bytes)";
        assert_eq!(check("\"123456789\""), Err(large.to_owned()));
        assert!(check("{").is_err_and(|why| why.starts_with("Could not parse request body into json")));
        let deep = "[".repeat(100_000);
        assert!(check_payload(deep.into(), SYNCHRONOUS_LIMIT, "RequestResponse").is_err());
    }

    #[test]
    fn client_contexts() {
        let encoded = STANDARD.encode("{\"custom\":\n{\"a\": 1}}");
        assert_eq!(client_context(&encoded).map_err(|f| f.message), Ok("{\"custom\":{\"a\":1}}".to_owned()));
        assert!(client_context("!!!").is_err());
        assert!(client_context(&STANDARD.encode("nonsense")).is_err());
    }
}
