//! `write_files` of a `#cloud-config`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::boot::{run, tell};
use super::super::user_data::unpacked;
use super::text_of;

/// `path`, `content`, and perhaps `encoding`, `permissions`, `owner`, `append`.
pub(super) fn write_file(entry: &Value) {
    let Some(path) = text_of(&entry["path"]) else {
        println!("[kogumo] #cloud-config: a file without a path is not written.");
        return;
    };
    let content = text_of(&entry["content"]).unwrap_or_default();
    let bytes = match bytes_of(content, text_of(&entry["encoding"]).as_deref()) {
        Ok(bytes) => bytes,
        Err(problem) => return println!("[kogumo] #cloud-config: {path}: {problem}."),
    };
    let mut whole = if entry["append"] == Value::Bool(true) { fs::read(&path).unwrap_or_default() } else { Vec::new() };
    whole.extend(bytes);
    let folder = Path::new(&path).parent().map_or(Ok(()), fs::create_dir_all);
    tell(&path, folder.and_then(|()| fs::write(&path, whole)));
    let mode =
        text_of(&entry["permissions"]).and_then(|text| u32::from_str_radix(text.trim_start_matches("0o"), 8).ok());
    tell(&path, fs::set_permissions(&path, PermissionsExt::from_mode(mode.unwrap_or(0o644))));
    if let Some(owner) = text_of(&entry["owner"]) {
        run("chown", &["--", &owner, &path]);
    }
}

/// What is packed is in base64, too: YAML's `!!binary`, or the encoding says so.
fn bytes_of(content: String, encoding: Option<&str>) -> Result<Vec<u8>, String> {
    let encoding = encoding.unwrap_or("text/plain").to_ascii_lowercase();
    match encoding.as_str() {
        "text/plain" => Ok(content.into_bytes()),
        "b64" | "base64" => decoded(&content),
        "gz" | "gzip" | "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => {
            decoded(&content).map(|bytes| unpacked(&bytes).into_owned())
        }
        other => Err(format!("encoding {other} is not known here")),
    }
}

fn decoded(content: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(content.split_whitespace().collect::<String>()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_encoded() {
        // Python: base64 of gzip of `packed`.
        let packed = "H4sIAAAAAAACAytITM5OTQEAELT2IQYAAAA=";
        let is = |content: &str, encoding, bytes: &[u8]| {
            assert_eq!(bytes_of(content.to_owned(), encoding).as_deref(), Ok(bytes));
        };
        is("text", None, b"text");
        is("dGV4dA==", Some("b64"), b"text");
        is(packed, Some("gzip+base64"), b"packed");
        is(packed, Some("gz"), b"packed");
        assert!(bytes_of("x".into(), Some("rot13")).is_err());
    }
}
