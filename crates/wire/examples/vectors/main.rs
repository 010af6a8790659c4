//! Runs botocore's protocol vectors from the server's side, for `tests/wire`.
//!
//! Standard input is a file of vectors (a JSON array of suites); standard output is one JSON line for each case.
//! `decode`: requests are read, and what was understood is printed. `encode`: results are written, and the response is printed.

mod dynamic;
mod model;

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dynamic::DynamicStructure;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kogumo_wire::{Body, Bytes, Fault, Protocol, Request, parse_query};
use model::Suite;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let suites: Vec<Value> = serde_json::from_str(&text)?;
    let decoding = std::env::args().nth(1).as_deref() == Some("decode");
    for value in &suites {
        let suite = Suite::new(value);
        for case in value["cases"].as_array().into_iter().flatten() {
            let told = if decoding { decode_case(&suite, case) } else { encode_case(&suite, case) };
            println!("{told}");
        }
    }
    Ok(())
}

fn decode_case(suite: &Suite, case: &Value) -> Value {
    let operation = suite.operation(&case["given"]);
    let mut input = DynamicStructure::new(operation.input);
    let mut request = request(suite.protocol, &case["serialized"]);
    match suite.protocol.decode(operation, &mut request, &mut input) {
        Ok(()) => json!({ "params": input.to_json() }),
        Err(fault) => json!({ "fault": fault.message }),
    }
}

fn request(protocol: Protocol, serialized: &Value) -> Request {
    let uri = serialized["uri"].as_str().unwrap_or("/");
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in serialized["headers"].as_object().into_iter().flatten() {
        let texts: Vec<&str> = value
            .as_array()
            .map_or_else(|| value.as_str().into_iter().collect(), |all| all.iter().filter_map(Value::as_str).collect());
        for text in texts {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(text)) {
                headers.append(name, value);
            }
        }
    }
    let body = serialized["body"].as_str().unwrap_or_default();
    let body = if protocol == Protocol::RpcV2Cbor {
        STANDARD.decode(body).unwrap_or_default()
    } else {
        body.as_bytes().to_vec()
    };
    Request {
        method: serialized["method"].as_str().and_then(|method| method.parse().ok()).unwrap_or(Method::POST),
        path: path.to_owned(),
        query: parse_query(query, true),
        headers,
        body: Body::from(Bytes::from(body)),
    }
}

fn encode_case(suite: &Suite, case: &Value) -> Value {
    let operation = suite.operation(&case["given"]);
    let response = if case.get("errorCode").is_some() {
        let code = case["errorCode"].as_str().unwrap_or_default();
        let (fact, shape) = suite.error(&case["given"], code);
        let mut fields = DynamicStructure::new(shape);
        fields.fill(&case["error"]);
        let fault = Fault::with_fields(fact, case["errorMessage"].as_str().unwrap_or_default(), fields);
        suite.protocol.encode_fault(suite.service, &fault, "request-id")
    } else {
        let mut output = DynamicStructure::new(operation.output);
        output.fill(&case["result"]);
        suite.protocol.encode(suite.service, operation, Box::new(output), "request-id")
    };
    let headers: Vec<Value> = response
        .headers()
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let status = response.status().as_u16();
    let body = match response.into_body() {
        Body::Bytes(bytes) => STANDARD.encode(bytes),
        Body::Empty | Body::Stream(..) => String::new(),
    };
    json!({ "status": status, "headers": headers, "body": body })
}
