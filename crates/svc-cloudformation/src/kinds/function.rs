//! `AWS::Lambda::Function`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::hands::{Hands, tag_map, text_at, with};
use crate::world::{Failure, Made, Work};
use crate::zip;

/// Properties that are members of the same name in `CreateFunction` and `UpdateFunctionConfiguration`.
const CONFIGURATION: [&str; 17] = [
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "VpcConfig",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "TracingConfig",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "EphemeralStorage",
    "SnapStart",
    "LoggingConfig",
];
const OTHERS: [&str; 7] = [
    "FunctionName",
    "Code",
    "PackageType",
    "CodeSigningConfigArn",
    "Architectures",
    "Tags",
    "ReservedConcurrentExecutions",
];

/// How long a function may take to become active.
const SECONDS: u64 = 300;

fn known(w: &Work) -> Result<(), Failure> {
    w.only(&[&CONFIGURATION[..], &OTHERS].concat())
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    known(w)?;
    let name = w.named("FunctionName");
    let input = with(
        [w.pick(&CONFIGURATION), w.pick(&["PackageType", "CodeSigningConfigArn", "Architectures"])]
            .into_iter()
            .flatten()
            .collect(),
        [("FunctionName", json!(name)), ("Code", code(w)?), ("Tags", tags(w))],
    );
    h.make(w, "lambda", "CreateFunction", input).await?;
    let later = async {
        concurrency(h, w, &name).await?;
        active(h, &name).await
    };
    later.await.map_err(|failure| failure.after(&name))
}

fn tags(w: &Work) -> Value {
    if w.list("Tags").is_empty() { Value::Null } else { tag_map(w.list("Tags")) }
}

/// Inline text is packed as `index.py` or `index.js`, with the module that answers CloudFormation beside it.
fn code(w: &Work) -> Result<Value, Failure> {
    let mut code = w.get("Code").as_object().cloned().unwrap_or_default();
    if code.contains_key("SourceKMSKeyArn") {
        return Err(Failure::new("SourceKMSKeyArn of AWS::Lambda::Function is not implemented by Kogumo"));
    }
    if let Some(Value::String(text)) = code.get("ZipFile").cloned() {
        let python = w.text("Runtime").is_some_and(|runtime| runtime.starts_with("python"));
        let archive = if python {
            zip::pack(&[("index.py", &text), ("cfnresponse.py", PYTHON_RESPONSE)])
        } else {
            zip::pack(&[("index.js", &text), ("cfn-response.js", NODE_RESPONSE)])
        };
        code.insert("ZipFile".into(), STANDARD.encode(archive).into());
    }
    Ok(Value::Object(code))
}

async fn concurrency(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    if !w.changed("ReservedConcurrentExecutions") {
        return Ok(());
    }
    match w.get("ReservedConcurrentExecutions") {
        Value::Null => h.remove("lambda", "DeleteFunctionConcurrency", json!({"FunctionName": name})).await,
        number => {
            let input = json!({"FunctionName": name, "ReservedConcurrentExecutions": number});
            h.call("lambda", "PutFunctionConcurrency", input).await.map(drop)
        }
    }
}

pub async fn active(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h
        .until(SECONDS, &format!("Function {name} did not become active"), || async {
            let found = h.call("lambda", "GetFunction", json!({"FunctionName": name})).await?;
            let configuration = found.get("Configuration").cloned().unwrap_or_default();
            let (state, last) = (text_at(&configuration, "/State"), text_at(&configuration, "/LastUpdateStatus"));
            match (state.as_str(), last.as_str()) {
                ("Failed", _) => Err(Failure::new(text_at(&configuration, "/StateReason"))),
                (_, "Failed") => Err(Failure::new(text_at(&configuration, "/LastUpdateStatusReason"))),
                ("Pending", _) | (_, "InProgress") => Ok(None),
                _ => Ok(Some(configuration)),
            }
        })
        .await?;
    let mut made = Made::new(name).attribute("Arn", text_at(&found, "/FunctionArn"));
    if let Some(snap) = found.get("SnapStart") {
        for part in ["ApplyOn", "OptimizationStatus"] {
            made = made.attribute(&format!("SnapStartResponse.{part}"), snap.get(part).cloned().unwrap_or_default());
        }
    }
    Ok(made)
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    known(w)?;
    let name = w.physical_id.as_str();
    if w.changed("CodeSigningConfigArn") {
        return Err(Failure::new("CodeSigningConfigArn of AWS::Lambda::Function is not implemented by Kogumo"));
    }
    if w.changed("Code") || w.changed("Architectures") {
        let code = code(w)?.as_object().cloned().unwrap_or_default();
        let architectures = w.get("Architectures").clone();
        h.call(
            "lambda",
            "UpdateFunctionCode",
            with(code, [("FunctionName", json!(name)), ("Architectures", architectures)]),
        )
        .await?;
        active(h, name).await?;
    }
    let changed: Vec<&str> = CONFIGURATION.into_iter().filter(|property| w.changed(property)).collect();
    if !changed.is_empty() {
        let mut input = w.pick(&changed);
        for property in changed {
            // What is gone goes back to its default.
            if w.get(property).is_null() {
                input.insert(property.into(), default(property)?);
            }
        }
        h.call("lambda", "UpdateFunctionConfiguration", with(input, [("FunctionName", json!(name))])).await?;
    }
    concurrency(h, w, name).await?;
    let made = active(h, name).await?;
    let (gone, new) = w.tag_changes("Tags");
    let arn = made.attributes.get("Arn").cloned().unwrap_or_default();
    if !gone.is_empty() {
        h.call("lambda", "UntagResource", json!({"Resource": arn, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("lambda", "TagResource", json!({"Resource": arn, "Tags": tag_map(&new)})).await?;
    }
    Ok(made)
}

fn default(property: &str) -> Result<Value, Failure> {
    Ok(match property {
        "Description" | "KMSKeyArn" => "".into(),
        "Timeout" => 3.into(),
        "MemorySize" => 128.into(),
        "Environment" => json!({"Variables": {}}),
        "Layers" | "FileSystemConfigs" => json!([]),
        "TracingConfig" => json!({"Mode": "PassThrough"}),
        "EphemeralStorage" => json!({"Size": 512}),
        "VpcConfig" => json!({"SubnetIds": [], "SecurityGroupIds": []}),
        "DeadLetterConfig" => json!({"TargetArn": ""}),
        "SnapStart" => json!({"ApplyOn": "None"}),
        "ImageConfig" | "LoggingConfig" => Value::Object(Map::new()),
        other => return Err(Failure::new(format!("{other} of a function can't be taken away"))),
    })
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("lambda", "DeleteFunction", json!({"FunctionName": w.physical_id})).await
}

/// What `import cfnresponse` offers inline Python code (AWS documentation, "cfn-response module").
const PYTHON_RESPONSE: &str = r#"import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps({
        "Status": responseStatus,
        "Reason": reason or "See the details in CloudWatch Log Stream: " + context.log_stream_name,
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed:", error)
"#;

/// The same for Node.js: `require('cfn-response')`.
const NODE_RESPONSE: &str = r#"exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
    return new Promise((resolve) => {
        const body = JSON.stringify({
            Status: responseStatus,
            Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
            PhysicalResourceId: physicalResourceId || context.logStreamName,
            StackId: event.StackId,
            RequestId: event.RequestId,
            LogicalResourceId: event.LogicalResourceId,
            NoEcho: noEcho || false,
            Data: responseData,
        });
        const url = new URL(event.ResponseURL);
        const client = require(url.protocol === "http:" ? "http" : "https");
        const options = { method: "PUT", headers: { "content-type": "", "content-length": Buffer.byteLength(body) } };
        const done = () => { resolve(); if (context.done) context.done(); };
        const request = client.request(url, options, (response) => { response.resume(); done(); });
        request.on("error", (error) => { console.log("send(..) failed: " + error); done(); });
        request.end(body);
    });
};
"#;
