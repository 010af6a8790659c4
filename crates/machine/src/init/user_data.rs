//! User data: a shell script, `#cloud-config`, or several of them as MIME parts, perhaps packed with gzip; run once in an
//! instance's life.

use std::borrow::Cow;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, WaitOptions, waitpid};

use super::boot::{command, tell};
use super::cloud_config;
use crate::keeper::fork;

/// How long a listener to a program that has ended is waited for.
const LISTENING_OUT: Duration = Duration::from_millis(200);
/// Bytes of user data, unpacked.
const LARGEST: u64 = 4 << 20;
const FOLDER: &str = "/var/lib/cloud/instance";
const LOG: &str = "/var/log/cloud-init-output.log";

/// What one piece of user data is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Script(Cow<'a, str>),
    Config(Cow<'a, str>),
    /// Anything else, by what it says it is.
    Unknown(String),
}

/// Runs the user data. What it prints goes to the console and to cloud-init's log.
pub(super) fn run(data: &[u8]) {
    let plain = unpacked(data);
    let Ok(text) = std::str::from_utf8(&plain) else {
        println!("[kogumo] The user data is not text; it is not run.");
        return;
    };
    tell(FOLDER, fs::create_dir_all(format!("{FOLDER}/scripts")));
    tell("user-data.txt", fs::write(format!("{FOLDER}/user-data.txt"), data));
    let parts = parts(text);
    // All configuration comes before all scripts, as in cloud-init's stages.
    for part in &parts {
        match part {
            Part::Config(text) => cloud_config::apply(text),
            Part::Unknown(what) => {
                println!("[kogumo] User data that begins with {what:?} is not run: only scripts and #cloud-config are.")
            }
            Part::Script(_) => {}
        }
    }
    let scripts = parts.iter().filter_map(|part| if let Part::Script(text) = part { Some(text) } else { None });
    for (index, script) in scripts.enumerate() {
        run_script(&format!("{FOLDER}/scripts/part-{:03}", index + 1), script);
    }
    tell("boot-finished", fs::write(format!("{FOLDER}/boot-finished"), "\n"));
    println!("[kogumo] User data has run.");
}

/// What gzip packed, as tools do that make MIME parts of files; up to a limit that no configuration reaches.
fn unpacked(data: &[u8]) -> Cow<'_, [u8]> {
    if !data.starts_with(&[0x1f, 0x8b]) {
        return Cow::Borrowed(data);
    }
    let mut plain = Vec::new();
    match flate2::read::MultiGzDecoder::new(data).take(LARGEST).read_to_end(&mut plain) {
        Ok(_) => Cow::Owned(plain),
        Err(_) => Cow::Borrowed(data),
    }
}

/// Runs a script by its own first line.
pub(super) fn run_script(path: &str, script: &str) {
    let written = fs::write(path, script).and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(0o700)));
    tell(path, written);
    match run_logged(path) {
        Ok(Some(0)) => {}
        Ok(Some(code)) => println!("[kogumo] {path} ended with {code}."),
        Ok(None) => println!("[kogumo] {path} was killed."),
        Err(error) => println!("[kogumo] {path} could not be run: {error}."),
    }
}

/// Runs a program, and passes what it prints on to the console and to the log. Whatever it leaves running may go on
/// printing: a process of its own listens to it.
fn run_logged(path: &str) -> std::io::Result<Option<i32>> {
    let (mut output, input) = std::io::pipe()?;
    let listener = fork().map_err(std::io::Error::other)?;
    if listener.is_none() {
        drop(input);
        let mut log = fs::File::options().create(true).append(true).open(LOG).ok();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            let part = bytes.get(..count).unwrap_or_default();
            let _console_gone = std::io::stdout().write_all(part).and_then(|()| std::io::stdout().flush());
            if let Some(log) = &mut log {
                let _disk_full = log.write_all(part);
            }
        }
        std::process::exit(0);
    }
    drop(output);
    let errors = input.try_clone()?;
    let status = command(path).stdout(input).stderr(errors).status()?;
    if let Some(listener) = listener {
        listen_out(listener);
    }
    Ok(status.code())
}

/// What has been printed is passed on before anything else is, unless somebody goes on printing.
fn listen_out(listener: Pid) {
    let begun = Instant::now();
    while begun.elapsed() < LISTENING_OUT && matches!(waitpid(Some(listener), WaitOptions::NOHANG), Ok(None)) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let (head, _) = split_head(text);
    match boundary(head) {
        Some(boundary) => {
            let pieces = text.split(&format!("--{boundary}")).skip(1).map(str::to_owned).count();
            let all = text.split_once(boundary).map_or("", |(_, rest)| rest);
            mime_parts(all, boundary, pieces)
        }
        None => vec![part(Cow::Borrowed(text))],
    }
}

/// The parts between boundaries (RFC 2046), without their own heads.
fn mime_parts<'a>(text: &'a str, boundary: &str, at_most: usize) -> Vec<Part<'a>> {
    let mut rest = text;
    let mut found = Vec::new();
    for _ in 0..=at_most {
        let Some(start) = rest.find(boundary) else { break };
        let after = rest.get(start + boundary.len()..).unwrap_or_default();
        if after.starts_with("--") {
            break;
        }
        let end = after.find(boundary).unwrap_or(after.len());
        let piece = after.get(..end).unwrap_or_default().trim_end_matches('-').trim_start_matches(['\r', '\n']);
        let (head, body) = split_head(piece);
        found.push(part(decoded(head, body)));
        rest = after;
    }
    found
}

fn split_head(text: &str) -> (&str, &str) {
    let splits = ["\r\n\r\n", "\n\n"].into_iter().filter_map(|end| text.split_once(end));
    splits.min_by_key(|(head, _)| head.len()).unwrap_or(("", text))
}

fn boundary(head: &str) -> Option<&str> {
    if !head.to_ascii_lowercase().contains("content-type: multipart/") {
        return None;
    }
    let at = head.find("boundary=")? + "boundary=".len();
    let rest = head.get(at..)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', '\r', '\n', ' ']).next(),
    }
}

/// A part's text, which may be written in base64 (RFC 2045, `Content-Transfer-Encoding`).
fn decoded<'a>(head: &str, body: &'a str) -> Cow<'a, str> {
    let is_packed = head.to_ascii_lowercase().lines().any(|line| {
        line.strip_prefix("content-transfer-encoding:").is_some_and(|encoding| encoding.trim() == "base64")
    });
    let bytes = STANDARD.decode(body.split_whitespace().collect::<String>());
    match bytes.map(String::from_utf8) {
        Ok(Ok(text)) if is_packed => Cow::Owned(text),
        _ => Cow::Borrowed(body),
    }
}

fn part(text: Cow<'_, str>) -> Part<'_> {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(['\r', '\n'])),
        Cow::Owned(text) => Cow::Owned(text.trim_start_matches(['\r', '\n']).to_owned()),
    };
    let first = text.lines().next().unwrap_or_default();
    match first {
        line if line.starts_with("#!") => Part::Script(text),
        line if line.trim_end() == "#cloud-config" => Part::Config(text),
        line => Part::Unknown(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_it_is() {
        assert_eq!(parts("#!/bin/sh\necho"), [Part::Script("#!/bin/sh\necho".into())]);
        assert_eq!(parts("#cloud-config\nruncmd: []\n"), [Part::Config("#cloud-config\nruncmd: []\n".into())]);
        assert_eq!(parts("hello"), [Part::Unknown("hello".into())]);
    }

    #[test]
    fn parts_may_be_in_base64_and_all_of_it_packed() {
        let text = "Content-Type: multipart/mixed; boundary=\"==x==\"\n\n--==x==\nContent-Type: text/x-shellscript; charset=\"utf-8\"\n\
                    Content-Transfer-Encoding: base64\n\nIyEvYmluL3NoCmVjaG8g\n4oKsCg==\n\n--==x==--\n";
        assert_eq!(parts(text), [Part::Script("#!/bin/sh\necho \u{20ac}\n".into())]);
        // Python: gzip of `#!/bin/sh` and a line's end.
        let packed = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 83, 86, 212, 79, 202, 204, 211, 47, 206, 224, 2, 0, 29, 157, 251, 4, 10,
            0, 0, 0,
        ];
        assert_eq!(&*unpacked(&packed), b"#!/bin/sh\n");
        assert_eq!(&*unpacked(b"#!/bin/sh"), b"#!/bin/sh");
    }

    #[test]
    fn mime_has_parts() {
        let text = "Content-Type: multipart/mixed; boundary=\"//\"\nMIME-Version: 1.0\n\n--//\nContent-Type: text/cloud-config\n\n\
                    #cloud-config\nhostname: a\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/bash\necho 1\n--//--\n";
        let found = parts(text);
        assert!(
            matches!(found.as_slice(), [Part::Config(config), Part::Script(script)]
            if config.contains("hostname: a") && script.trim_end().ends_with("echo 1")),
            "{found:?}"
        );
    }
}
