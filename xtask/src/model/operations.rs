//! The service's own facts, its operations and its errors, as statics.

use std::fmt::Write;

use crate::facts::{Operation, Service};
use crate::names::{constant, type_name};

pub fn service(service: &Service) -> String {
    let about = |name: &str| service.about(name);
    let protocols: Vec<String> =
        about("protocols").split(' ').map(|name| format!("Protocol::{}", protocol(name))).collect();
    let mut out = String::new();
    let _ = write!(
        out,
        "pub static SERVICE: Service = Service {{ name: {:?}, sdk_id: {:?}, signing_name: {:?}, endpoint_prefix: {:?}, api_version: {:?}, \
         target_prefix: {:?}, xmlns: {:?}, protocols: &[{}], query_compatible: {}, global: {}, operations: OPERATIONS }};\n\n",
        service.name,
        about("sdk-id"),
        about("signing-name"),
        about("endpoint-prefix"),
        about("api-version"),
        about("target-prefix"),
        about("xmlns"),
        protocols.join(", "),
        about("query-compatible") == "yes",
        about("global") == "yes",
    );
    out
}

fn protocol(name: &str) -> &'static str {
    match name {
        "json-1.0" => "Json10",
        "json-1.1" => "Json11",
        "query" => "Query",
        "ec2" => "Ec2",
        "rest-json" => "RestJson",
        "rest-xml" => "RestXml",
        _ => "RpcV2Cbor",
    }
}

pub fn operations(service: &Service, built: &[String]) -> String {
    let mut out = String::from("static OPERATIONS: &[&schema::Operation] = &[\n");
    for (name, operation) in &service.operations {
        if built.contains(name) {
            let _ = writeln!(out, "&{},", constant(name));
        } else {
            let _ =
                writeln!(out, "&schema::Operation::unbuilt({name:?}, {:?}, {:?}),", operation.method, operation.uri);
        }
    }
    out.push_str("];\n\n");
    for name in built {
        out.push_str(&built_operation(service, name, &service.operations[name]));
    }
    out
}

fn built_operation(service: &Service, name: &str, operation: &Operation) -> String {
    let input = operation.input.as_deref().map_or("Unit".to_owned(), type_name);
    let output = operation.output.as_deref().map_or("Unit".to_owned(), type_name);
    let shape = |shape: &Option<String>| shape.as_ref().map_or("UNIT".to_owned(), |shape| format!("S_{shape}"));
    let errors: Vec<String> = operation
        .errors
        .iter()
        .filter(|error| service.shapes.contains_key(*error))
        .map(|error| format!("&{}", constant(error)))
        .collect();
    let invalid = match service.about.get("validation-error") {
        Some(error) => format!("Some(&{})", constant(error)),
        None => "None".to_owned(),
    };
    // A service that has moved to JSON has lost the wrapper's name: it was the output's.
    let moved =
        service.about("query-compatible") == "yes" && service.about("protocols").split(' ').any(|it| it == "query");
    let wrapper = operation.wrapper.as_ref().or(operation.output.as_ref().filter(|_| moved));
    format!(
        "static {constant}: schema::Operation = schema::Operation {{ name: {name:?}, method: {:?}, uri: {:?}, status: {}, input: &{}, output: &{}, \
         errors: &[{}], result_wrapper: {:?}, unsigned: {}, built: true, invalid: {invalid} }};\n\
         #[derive(Clone, Copy)]\npub struct {name};\n\
         impl OperationType for {name} {{ type Input = {input}; type Output = {output}; const FACTS: &'static schema::Operation = &{constant}; }}\n\n",
        operation.method,
        operation.uri,
        operation.status.as_deref().unwrap_or("200"),
        shape(&operation.input),
        shape(&operation.output),
        errors.join(", "),
        wrapper.map_or("", String::as_str),
        operation.unsigned,
        constant = constant(name),
    )
}

/// All errors of the service, whether an operation that is built lists them or not: they are few and small.
pub fn errors(service: &Service) -> String {
    let mut out = String::new();
    for (name, shape) in service.shapes.iter().filter(|(_, shape)| shape.has("error")) {
        let message = shape
            .members
            .iter()
            .map(|member| member.name.as_str())
            .find(|member| member.eq_ignore_ascii_case("message"));
        let _ = write!(
            out,
            "pub static {}: ErrorFact = ErrorFact {{ shape: {name:?}, code: {:?}, status: {}, message: {:?} }};\n",
            constant(name),
            shape.get("code").unwrap_or(name),
            shape.get("status").unwrap_or("400"),
            message.unwrap_or("message"),
        );
    }
    out.push('\n');
    out
}
