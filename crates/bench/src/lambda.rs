//! Invocations of a Python function: warm, as most are, and cold, held against starting an interpreter.

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_sigv4::{Checksum, ChecksumAlgorithm};

use crate::ask::{exchange, succeed};
use crate::message::Maker;

const CODE: &[u8] = b"def handler(event, context):\n    return {'ok': True}\n";

/// What was measured, each a median.
pub struct Invocations {
    pub warm: Duration,
    pub cold: Duration,
    pub interpreter: Duration,
}

/// Creates functions, invokes them, and answers the medians.
pub fn measure(maker: Maker) -> Result<Invocations, String> {
    let cold: Vec<Duration> = (0..5).map(|n| cold(maker, &format!("bench-{n}"))).collect::<Result<_, _>>()?;
    let request = invoke(maker, "bench-0");
    let mut socket = TcpStream::connect(maker.address).map_err(|error| error.to_string())?;
    let mut warm = Vec::new();
    for _ in 0..300 {
        let begin = Instant::now();
        exchange(&mut socket, &request).map_err(|error| error.to_string())?;
        warm.push(begin.elapsed());
    }
    let interpreter = (0..10).map(|_| {
        let begin = Instant::now();
        let _ = Command::new("python3").args(["-c", "pass"]).status();
        begin.elapsed()
    });
    Ok(Invocations { warm: median(warm), cold: median(cold), interpreter: median(interpreter.collect()) })
}

/// The time of a new function's first invocation.
fn cold(maker: Maker, name: &str) -> Result<Duration, String> {
    let create = serde_json::json!({
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Code": {"ZipFile": STANDARD.encode(zip("index.py", CODE))},
    });
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role =
        format!("Action=CreateRole&Version=2010-05-08&RoleName=bench&AssumeRolePolicyDocument={}", escaped(trust));
    // It is there already from the second function on.
    let _ = succeed(maker.address, &maker.query("iam", &role));
    let create = maker.rest("lambda", "POST", "/2015-03-31/functions", create.to_string().as_bytes());
    succeed(maker.address, &create)?;
    let begin = Instant::now();
    succeed(maker.address, &invoke(maker, name))?;
    Ok(begin.elapsed())
}

fn invoke(maker: Maker, name: &str) -> Vec<u8> {
    maker.rest("lambda", "POST", &format!("/2015-03-31/functions/{name}/invocations"), b"{}")
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A zip file of one stored (not compressed) file. Source: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let crc = Checksum::of(ChecksumAlgorithm::Crc32, content);
    let length = (content.len() as u32).to_le_bytes();
    let mut common = Vec::from([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    common.extend(crc.iter().rev());
    common.extend(length);
    common.extend(length);
    common.extend((name.len() as u16).to_le_bytes());
    common.extend([0, 0]);
    let mut out = Vec::from(b"PK\x03\x04");
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(content);
    let directory = out.len() as u32;
    out.extend(b"PK\x01\x02\x14\x03");
    out.extend(&common);
    // No comment, first disk, no internal attributes; a regular file with mode 0644; at the beginning.
    out.extend([0; 6]);
    out.extend((0o100644u32 << 16).to_le_bytes());
    out.extend([0; 4]);
    out.extend(name.as_bytes());
    let size = out.len() as u32 - directory;
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(size.to_le_bytes());
    out.extend(directory.to_le_bytes());
    out.extend([0, 0]);
    out
}
