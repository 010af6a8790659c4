//! Makes facts of botocore's service models. Documentation, examples and paginators stay behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::facts::{Member, Operation, Service, Shape};

/// The release whose models the facts are made of. A new one: change this, run `cargo xtask facts`, read the difference.
const PINNED: &str = "1.44.5";

pub fn write_all(root: &Path) -> Result<(), String> {
    for (path, text) in all(root)? {
        crate::write(&path, &text)?;
    }
    Ok(())
}

pub fn check_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::compare(path, text))
}

/// Each facts file with its text. `facts/services` lists the services: our name, and botocore's where it differs.
fn all(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let data = botocore_data(root)?;
    let list = fs::read_to_string(root.join("facts/services")).map_err(|error| format!("facts/services: {error}"))?;
    let mut files = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, folder) = line.split_once(' ').unwrap_or((line, line));
        let model = newest_model(&data.join(folder))?;
        let text = fs::read_to_string(&model).map_err(|error| format!("{}: {error}", model.display()))?;
        let model: Value = serde_json::from_str(&text).map_err(|error| format!("{folder}: {error}"))?;
        let facts = convert(name, &model);
        let head = format!(
            "# From botocore {PINNED} (Apache-2.0). Made by `cargo xtask facts`; changes belong into facts/patches.\n"
        );
        files.push((root.join("facts").join(format!("{name}.facts")), head + &facts.to_text()));
    }
    Ok(files)
}

/// The pinned package's data folder, installed below `target/` when it is not there yet.
fn botocore_data(root: &Path) -> Result<PathBuf, String> {
    let target = root.join(format!("target/botocore-{PINNED}"));
    let data = target.join("botocore/data");
    if !data.is_dir() {
        let status = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(&target)
            .arg(format!("botocore=={PINNED}"))
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("could not install botocore {PINNED} with pip"));
        }
    }
    Ok(data)
}

fn newest_model(folder: &Path) -> Result<PathBuf, String> {
    let versions = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).max();
    let newest = newest.ok_or_else(|| format!("{}: no version", folder.display()))?;
    let plain = newest.join("service-2.json");
    if plain.exists() {
        return Ok(plain);
    }
    unpack(&newest.join("service-2.json.gz"))
}

/// botocore ships its models gzipped; Python, which is needed anyway, unpacks them.
fn unpack(packed: &Path) -> Result<PathBuf, String> {
    let plain = packed.with_extension("");
    let script = "import gzip,sys; open(sys.argv[2],'wb').write(gzip.open(sys.argv[1]).read())";
    let status = Command::new("python3").args(["-c", script]).arg(packed).arg(&plain).status();
    if status.is_ok_and(|status| status.success()) {
        Ok(plain)
    } else {
        Err(format!("cannot unpack {}", packed.display()))
    }
}

fn convert(name: &str, model: &Value) -> Service {
    let mut service = Service { name: name.to_owned(), about: about(&model["metadata"]), ..Service::default() };
    if let Value::Object(operations) = &model["operations"] {
        service.operations =
            operations.iter().map(|(name, operation)| (name.clone(), convert_operation(operation))).collect();
    }
    if let Value::Object(shapes) = &model["shapes"] {
        service.shapes = shapes.iter().map(|(name, shape)| (name.clone(), convert_shape(shape))).collect();
    }
    // The input's own element name stands at the operation in the model.
    if let Value::Object(operations) = &model["operations"] {
        for operation in operations.values() {
            let input = &operation["input"];
            let named = input["shape"].as_str().and_then(|shape| service.shapes.get_mut(shape));
            if let (Some(shape), Some(element)) = (named, input["locationName"].as_str()) {
                shape.traits.insert("xml-name".into(), element.into());
            }
        }
    }
    service
}

fn about(metadata: &Value) -> BTreeMap<String, String> {
    let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
    let mut about = BTreeMap::new();
    about.insert("sdk-id".into(), text("serviceId"));
    about.insert("endpoint-prefix".into(), text("endpointPrefix"));
    let signing = if text("signingName").is_empty() { text("endpointPrefix") } else { text("signingName") };
    about.insert("signing-name".into(), signing);
    about.insert("api-version".into(), text("apiVersion"));
    about.insert("protocols".into(), protocols(metadata).join(" "));
    for (fact, key) in [("target-prefix", "targetPrefix"), ("xmlns", "xmlNamespace")] {
        if !text(key).is_empty() {
            about.insert(fact.into(), text(key));
        }
    }
    if metadata.get("awsQueryCompatible").is_some() {
        about.insert("query-compatible".into(), "yes".into());
    }
    if !text("globalEndpoint").is_empty() {
        about.insert("global".into(), "yes".into());
    }
    about
}

fn protocols(metadata: &Value) -> Vec<String> {
    let json_version = metadata["jsonVersion"].as_str().unwrap_or("1.0");
    let named = |name: &str| match name {
        "json" => format!("json-{json_version}"),
        "smithy-rpc-v2-cbor" => "rpc-v2-cbor".to_owned(),
        other => other.to_owned(),
    };
    match metadata["protocols"].as_array() {
        Some(list) => {
            let mut names: Vec<String> = list.iter().filter_map(Value::as_str).map(named).collect();
            // The first one is what older clients speak; CBOR is asked for by its own headers.
            names.sort_by_key(|name| name == "rpc-v2-cbor");
            names
        }
        None => vec![named(metadata["protocol"].as_str().unwrap_or_default())],
    }
}

fn convert_operation(operation: &Value) -> Operation {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Operation {
        method: text(&operation["http"]["method"]).unwrap_or_else(|| "POST".into()),
        uri: text(&operation["http"]["requestUri"]).unwrap_or_else(|| "/".into()),
        status: operation["http"]["responseCode"].as_u64().map(|status| status.to_string()),
        input: text(&operation["input"]["shape"]),
        output: text(&operation["output"]["shape"]),
        wrapper: text(&operation["output"]["resultWrapper"]),
        errors: operation["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| text(&error["shape"]))
            .collect(),
        unsigned: operation["authtype"] == "none"
            || operation["auth"].as_array().is_some_and(|auth| auth.iter().any(|one| one == "smithy.api#noAuth")),
    }
}

fn convert_shape(shape: &Value) -> Shape {
    let kind = shape["type"].as_str().unwrap_or("string");
    let is_document = shape["document"] == true;
    let mut converted =
        Shape { kind: if is_document { "document".into() } else { kind_name(kind).into() }, ..Shape::default() };
    let traits = &mut converted.traits;
    copy_scalar_traits(shape, traits);
    match kind {
        "list" => {
            traits.insert("of".into(), shape["member"]["shape"].as_str().unwrap_or_default().into());
            copy_name(&shape["member"], "element-name", traits);
        }
        "map" => {
            for side in ["key", "value"] {
                traits.insert(side.into(), shape[side]["shape"].as_str().unwrap_or_default().into());
                copy_name(&shape[side], &format!("{side}-name"), traits);
            }
        }
        "structure" if !is_document => {
            copy_structure_traits(shape, traits);
            let required: BTreeSet<&str> =
                shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if let Value::Object(members) = &shape["members"] {
                converted.members = members
                    .iter()
                    .map(|(name, member)| convert_member(name, member, required.contains(name.as_str())))
                    .collect();
            }
        }
        _ => {}
    }
    converted
}

fn kind_name(kind: &str) -> &str {
    match kind {
        "character" => "string",
        "short" | "byte" => "integer",
        other => other,
    }
}

fn copy_scalar_traits(shape: &Value, traits: &mut BTreeMap<String, String>) {
    for (fact, key) in [("min", "min"), ("max", "max")] {
        if let Some(number) = shape[key]
            .as_i64()
            .or_else(|| shape[key].as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
        {
            traits.insert(fact.into(), number.to_string());
        }
    }
    // Where the values are listed, a pattern says nothing more.
    if let Some(pattern) = shape["pattern"].as_str().filter(|_| !shape["enum"].is_array()) {
        traits.insert(
            "pattern".into(),
            pattern.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\"),
        );
    }
    if let Some(values) = shape["enum"].as_array() {
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        traits.insert("enum".into(), values.join(" | "));
    }
    for (fact, key) in [
        ("sensitive", "sensitive"),
        ("flattened", "flattened"),
        ("event-stream", "eventstream"),
        ("streaming", "streaming"),
    ] {
        if shape[key] == true {
            traits.insert(fact.into(), String::new());
        }
    }
    if let Some(format) = shape["timestampFormat"].as_str() {
        traits.insert("time".into(), format.into());
    }
}

fn copy_structure_traits(shape: &Value, traits: &mut BTreeMap<String, String>) {
    if let Some(payload) = shape["payload"].as_str() {
        traits.insert("payload".into(), payload.into());
    }
    if shape["union"] == true {
        traits.insert("union".into(), String::new());
    }
    copy_name(shape, "xml-name", traits);
    if let Some(uri) = shape["xmlNamespace"]["uri"].as_str() {
        traits.insert("xmlns".into(), uri.into());
    }
    if shape["exception"] == true || shape.get("error").is_some() {
        traits.insert("error".into(), String::new());
        if let Some(code) = shape["error"]["code"].as_str() {
            traits.insert("code".into(), code.into());
        }
        let fault = shape["fault"] == true;
        let status = shape["error"]["httpStatusCode"].as_u64().unwrap_or(if fault { 500 } else { 400 });
        traits.insert("status".into(), status.to_string());
    }
}

fn copy_name(from: &Value, fact: &str, traits: &mut BTreeMap<String, String>) {
    if let Some(name) = from["locationName"].as_str() {
        traits.insert(fact.into(), name.into());
    }
}

fn convert_member(name: &str, member: &Value, required: bool) -> Member {
    let mut traits = BTreeMap::new();
    if required {
        traits.insert("required".into(), String::new());
    }
    if let Some(location) = member["location"].as_str() {
        traits.insert("at".into(), location.into());
    }
    copy_name(member, "name", &mut traits);
    if let Some(name) = member["queryName"].as_str() {
        traits.insert("query-name".into(), name.into());
    }
    let flags = [
        ("flattened", "flattened"),
        ("xml-attribute", "xmlAttribute"),
        ("streaming", "streaming"),
        ("idempotency-token", "idempotencyToken"),
        ("json-value", "jsonvalue"),
    ];
    for (fact, key) in flags {
        if member[key] == true {
            traits.insert(fact.into(), String::new());
        }
    }
    if let Some(format) = member["timestampFormat"].as_str() {
        traits.insert("time".into(), format.into());
    }
    if let Some(uri) = member["xmlNamespace"]["uri"].as_str() {
        traits.insert("xmlns".into(), uri.into());
        if let Some(prefix) = member["xmlNamespace"]["prefix"].as_str() {
            traits.insert("xmlns-prefix".into(), prefix.into());
        }
    }
    Member { name: name.into(), shape: member["shape"].as_str().unwrap_or_default().into(), traits }
}
