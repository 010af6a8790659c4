//! Functions in Python, JavaScript and their own bootstraps, against a Runtime API that this test serves.

mod common;

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{MIB, linux, shell};
use kogumo_sandbox::runtime::{Runtimes, system_mounts};
use kogumo_sandbox::suite::Heard;
use kogumo_sandbox::{Host, Mount, Watcher};

/// What a function said to the Runtime API: the path and the body.
type Answers = Vec<(String, serde_json::Value)>;

/// Runs a function of these files on these events, one after the other; its answers and its log.
fn run(runtime: &str, handler: &str, files: &[(&str, &str)], events: &[&str]) -> (Answers, String) {
    let folder =
        std::env::temp_dir().join(format!("kogumo-runtimes-{}-{handler}", std::process::id()).replace('/', "_"));
    let code = folder.join("code");
    for (name, contents) in files {
        let path = code.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, contents).expect("a file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).expect("a mode");
    }
    let runtime = Runtimes::new(folder.join("runtimes")).get(runtime).expect("a runtime");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut spec = shell("function", "");
    spec.mounts = system_mounts();
    spec.mounts.extend(runtime.mounts.iter().cloned());
    spec.mounts.extend([
        Mount::Proc,
        Mount::Dev,
        Mount::Scratch { at: "/tmp".into(), bytes: 64 * MIB },
        Mount::Bind { from: code.clone(), at: "/var/task".into(), writable: false },
    ]);
    spec.limits.memory = 256 * MIB;
    spec.program.argv = runtime.argv.clone();
    spec.program.folder = PathBuf::from("/var/task");
    spec.program.env.extend(runtime.env.iter().cloned());
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", address.to_string().as_str()),
        ("_HANDLER", handler),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("AWS_LAMBDA_FUNCTION_NAME", "mine"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ] {
        spec.program.env.push((name.to_owned(), value.to_owned()));
    }
    let answers = Arc::new(Mutex::new(Answers::new()));
    let kept = Arc::clone(&answers);
    let mut events: VecDeque<String> = events.iter().map(|event| (*event).to_owned()).collect();
    let api = std::thread::spawn(move || {
        // A new connection for each request is as well, as curl makes them.
        for stream in listener.incoming() {
            if !serve(stream.expect("a connection"), &mut events, &kept) {
                return;
            }
        }
    });
    let heard = Arc::new(Heard::default());
    let sandbox = linux().start(spec, Arc::clone(&heard) as Arc<dyn Watcher>).expect("it starts");
    let began = std::time::Instant::now();
    while !api.is_finished() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(sandbox.close().is_empty());
    assert!(api.is_finished(), "the function asks for no more: {}", heard.text());
    fs::remove_dir_all(&folder).expect("removed");
    let answers = answers.lock().expect("no panic").clone();
    (answers, heard.text())
}

/// Serves one connection; `false` once there is no event left, or the function couldn't start.
fn serve(stream: TcpStream, events: &mut VecDeque<String>, answers: &Mutex<Answers>) -> bool {
    let mut writer = stream.try_clone().expect("a clone");
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return true;
        }
        let path = line.split(' ').nth(1).expect("a path").trim_start_matches("/2018-06-01/runtime").to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).expect("a header");
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a number");
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        if path == "/invocation/next" {
            let Some(event) = events.pop_front() else {
                return false;
            };
            let deadline =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now").as_millis() + 3000;
            let context = r#"{"client":{"app_title":"t"},"custom":{"a":"b"},"env":{}}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-{}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:f\r\nLambda-Runtime-Trace-Id: Root=1\r\n\
                 Lambda-Runtime-Client-Context: {context}\r\nContent-Length: {}\r\n\r\n{event}",
                events.len(),
                event.len()
            );
            writer.write_all(head.as_bytes()).expect("written");
        } else {
            let value = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
            answers.lock().expect("no panic").push((path.clone(), value));
            writer.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}").expect("written");
            if path == "/init/error" {
                return false;
            }
        }
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn python_answers_and_logs() {
    let code = r#"
import json, logging, os, sys
import boto3
log = logging.getLogger()
log.setLevel("INFO")
def handler(event, context):
    print("printed", event)
    log.info("two\nlines")
    assert 0 < context.get_remaining_time_in_millis() <= 3000
    return {
        "event": event, "id": context.aws_request_id, "arn": context.invoked_function_arn,
        "name": context.function_name, "stream": context.log_stream_name, "memory": context.memory_limit_in_mb,
        "custom": context.client_context.custom, "title": context.client_context.client.app_title,
        "identity": context.identity.cognito_identity_id, "task": sys.path[0],
        "trace": os.environ["_X_AMZN_TRACE_ID"], "user": os.getuid(), "root": os.path.exists("/root/.bashrc"),
        "boto3": boto3.__file__, "packages": len([p for p in sys.path if p.endswith("-packages") and os.listdir(p)]),
    }
"#;
    let (answers, log) =
        run("python3.7", "pkg/app.handler", &[("pkg/app.py", code)], &["{\"a\": [1, \"\u{e9}\"]}", "null"]);
    let expected = json(
        r#"{"event": {"a": [1, "é"]}, "id": "id-1", "arn": "arn:f", "name": "mine", "stream": "stream", "memory": "256",
        "custom": {"a": "b"}, "title": "t", "identity": null, "task": "/var/task", "trace": "Root=1", "user": 993,
        "root": false, "boto3": "/var/runtime/boto3/__init__.py", "packages": 0}"#,
    );
    assert_eq!(answers[0], ("/invocation/id-1/response".to_owned(), expected), "{log}");
    assert_eq!(answers[1].1["event"], serde_json::Value::Null);
    assert!(log.contains("printed {'a': [1, 'é']}\n"), "{log}");
    let line = log.lines().find(|line| line.starts_with("[INFO]")).expect("a line of logging");
    let parts: Vec<&str> = line.split('\t').collect();
    assert_eq!((parts.len(), parts[2], parts[3]), (4, "id-1", "two\rlines"), "{line:?}");
    assert!(parts[1].len() == 24 && parts[1].ends_with('Z'), "{line:?}");
}

#[test]
fn python_errors() {
    let code = "import decimal\ndef handler(event, context):\n    if event == 1:\n        raise ValueError('no\\ngood')\n    \
                return decimal.Decimal(1)\n";
    let (answers, log) = run("python3.11", "raises.handler", &[("raises.py", code)], &["1", "2"]);
    assert_eq!(answers[0].0, "/invocation/id-1/error");
    let expected = json(
        r#"{"errorMessage": "no\ngood", "errorType": "ValueError", "requestId": "id-1",
        "stackTrace": ["  File \"/var/task/raises.py\", line 4, in handler\n    raise ValueError('no\\ngood')\n"]}"#,
    );
    assert_eq!(answers[0].1, expected);
    let logged = "[ERROR] ValueError: no\rgood\rTraceback (most recent call last):\r\
                  \u{a0}\u{a0}File \"/var/task/raises.py\", line 4, in handler\r\u{a0}\u{a0}\u{a0}\u{a0}raise ValueError('no\\ngood')\n";
    assert!(log.contains(logged), "{log:?}");
    assert_eq!(answers[1].1["errorType"], "Runtime.MarshalError");
    assert_eq!(
        answers[1].1["errorMessage"],
        "Unable to marshal response: Object of type Decimal is not JSON serializable"
    );
}

#[test]
fn python_that_does_not_load() {
    let cases = [
        (
            "nodot",
            "",
            "Runtime.MalformedHandlerName",
            "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)",
        ),
        ("gone.handler", "", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        (
            "needs.handler",
            "import requests",
            "Runtime.ImportModuleError",
            "Unable to import module 'needs': No module named 'requests'",
        ),
        ("empty.handler", "x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'empty'"),
        (
            "broken.handler",
            "x = ",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'broken': invalid syntax (broken.py, line 1)",
        ),
        ("fails.handler", "x = 1 / 0", "ZeroDivisionError", "division by zero"),
        ("sys.exit", "", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ];
    for (handler, code, kind, message) in cases {
        let file = format!("{}.py", handler.split('.').next().unwrap_or(""));
        let files: &[(&str, &str)] = if code.is_empty() { &[("other.py", "")] } else { &[(file.as_str(), code)] };
        let (answers, _) = run("python3.11", handler, files, &[]);
        assert_eq!(answers[0].0, "/init/error", "{handler}");
        assert_eq!(
            (answers[0].1["errorType"].as_str(), answers[0].1["errorMessage"].as_str()),
            (Some(kind), Some(message))
        );
    }
}

#[test]
fn node_in_every_form() {
    let forms: [(&str, &str, &str); 6] = [
        (
            "index.js",
            "index.handler",
            "exports.handler = async (event, context) => ({ event, id: context.awsRequestId })",
        ),
        (
            "index.mjs",
            "index.handler",
            "export const handler = async (event, context) => ({ event, id: context.awsRequestId })",
        ),
        (
            "index.js",
            "index.handler",
            "exports.handler = (event, context, done) => done(null, { event, id: context.awsRequestId })",
        ),
        (
            "index.js",
            "index.handler",
            "exports.handler = (event, context, done) => { setTimeout(() => done(null, { event, id: context.awsRequestId }), 5) }",
        ),
        (
            "src/app.cjs",
            "src/app.inner.deep",
            "exports.inner = { deep: async (event, c) => ({ event, id: c.awsRequestId }) }",
        ),
        (
            "index.js",
            "index.handler",
            "exports.handler = (event, context) => { context.succeed({ event, id: context.awsRequestId }) }",
        ),
    ];
    for (file, handler, code) in forms {
        let (answers, log) = run("nodejs20.x", handler, &[(file, code)], &["{\"a\": 1}", "2"]);
        assert_eq!(answers.first().map(|a| &a.1), Some(&json(r#"{"event": {"a": 1}, "id": "id-1"}"#)), "{code}: {log}");
        assert_eq!(answers.get(1).map(|a| &a.1), Some(&json(r#"{"event": 2, "id": "id-0"}"#)), "{code}");
    }
}

#[test]
fn node_logs_and_fails() {
    let code = "console.log('a\\nb', { c: 1 });\nexports.handler = async (event) => { console.error('seen', event); \
                if (event === 1) throw new TypeError('bad'); if (event === 2) return undefined; return event; }";
    let (answers, log) = run("nodejs18.x", "fails.handler", &[("fails.js", code)], &["1", "2", "\"3\""]);
    assert_eq!(answers[0].0, "/invocation/id-2/error");
    assert_eq!(
        (answers[0].1["errorType"].as_str(), answers[0].1["errorMessage"].as_str()),
        (Some("TypeError"), Some("bad"))
    );
    assert_eq!(answers[0].1["trace"][0], "TypeError: bad");
    assert_eq!((answers[1].1.clone(), answers[2].1.clone()), (serde_json::Value::Null, "3".into()));
    assert!(log.contains("\tundefined\tINFO\ta\rb { c: 1 }\n"), "{log:?}");
    assert!(log.contains("\tid-2\tERROR\tseen 1\n"), "{log:?}");
    assert!(
        log.contains("\tid-2\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"bad\",\"stack\":["),
        "{log:?}"
    );
}

#[test]
fn node_that_does_not_load() {
    let cases = [
        ("gone.handler", "", "Runtime.ImportModuleError"),
        ("empty.handler", "exports.x = 1", "Runtime.HandlerNotFound"),
        ("broken.handler", "let = =", "Runtime.UserCodeSyntaxError"),
        ("throws.handler", "throw new RangeError('x')", "RangeError"),
        ("nodot", "", "Runtime.MalformedHandlerName"),
    ];
    for (handler, code, kind) in cases {
        let file = format!("{}.js", handler.split('.').next().unwrap_or(""));
        let files: &[(&str, &str)] = if code.is_empty() { &[("other.js", "")] } else { &[(file.as_str(), code)] };
        let (answers, log) = run("nodejs20.x", handler, files, &[]);
        assert_eq!(answers[0].0, "/init/error", "{handler}");
        assert_eq!(answers[0].1["errorType"], kind, "{handler}: {log}");
    }
}

#[test]
fn a_bootstrap_of_its_own() {
    let code = r#"#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
    event=$(curl -sS -D /tmp/head "$api/next") || exit 1
    id=$(grep -i request-id /tmp/head | tr -d '\r' | cut -d' ' -f2)
    curl -sS -o /dev/null "$api/$id/response" -d "{\"got\": $event}"
done
"#;
    let (answers, log) = run("provided.al2023", "any", &[("bootstrap", code)], &["1", "2"]);
    assert_eq!(answers[0], ("/invocation/id-1/response".to_owned(), json("{\"got\": 1}")), "{log}");
    assert_eq!(answers[1].1, json("{\"got\": 2}"));
}
