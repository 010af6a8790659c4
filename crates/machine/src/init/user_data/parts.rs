//! What user data consists of: scripts, `#cloud-config`, boothooks, lists of addresses, archives, or several of them as
//! MIME parts (cloud-init's documentation, "User-data formats"). Pure.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Archives and MIME parts hold others so deep at most.
const DEEPEST: usize = 3;

/// What one piece of user data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Runs once in an instance's life.
    Script(String),
    /// A script that runs at every boot.
    PerBoot(String),
    Config(String),
    /// Runs early, and at every boot.
    Boothook(String),
    /// Addresses of user data.
    Include(Vec<String>),
    /// Anything else, by what it says it is.
    Unknown(String),
}

/// The parts, in their order.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    collect(text, None, 0, &mut found);
    found
}

fn collect(text: &str, kind: Option<&str>, depth: usize, found: &mut Vec<Part>) {
    let (head, body) = split_head(text);
    if let Some(boundary) = boundary(head).filter(|_| depth < DEEPEST) {
        for piece in pieces(body, boundary) {
            let (head, body) = split_head(&piece);
            if self::boundary(head).is_some() {
                collect(&piece, None, depth + 1, found);
            } else {
                collect(&decoded(head, body), content_type(head).as_deref(), depth + 1, found);
            }
        }
        return;
    }
    let text = text.trim_start_matches(['\r', '\n']);
    let first = text.lines().next().unwrap_or_default();
    if first.trim_end() == "#cloud-config-archive" && depth < DEEPEST {
        return archived(text, depth, found);
    }
    found.push(one(text, first, kind));
}

fn one(text: &str, first: &str, kind: Option<&str>) -> Part {
    let unix = || text.replace("\r\n", "\n");
    match kind {
        Some("text/cloud-boothook") => return Part::Boothook(unix()),
        Some("text/x-shellscript-per-boot") => return Part::PerBoot(unix()),
        Some("text/x-include-url" | "text/x-include-once-url") => return Part::Include(addresses(text)),
        Some("text/cloud-config") => return Part::Config(text.to_owned()),
        _ => {}
    }
    match first.trim_end() {
        line if line.starts_with("#!") => Part::Script(unix()),
        "#cloud-config" => Part::Config(text.to_owned()),
        // The line that says so is no part of it.
        "#cloud-boothook" => Part::Boothook(unix().split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned())),
        "#include" | "#include-once" => Part::Include(addresses(text)),
        line => Part::Unknown(line.to_owned()),
    }
}

fn addresses(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// A list of texts, or of `type` and `content`.
fn archived(text: &str, depth: usize, found: &mut Vec<Part>) {
    let Ok(document) = kogumo_template::read(text) else {
        found.push(Part::Unknown("#cloud-config-archive".into()));
        return;
    };
    for entry in document.value.as_array().into_iter().flatten() {
        match entry.as_str() {
            Some(text) => collect(text, None, depth + 1, found),
            None => {
                let text = entry["content"].as_str().unwrap_or_default();
                collect(text, entry["type"].as_str(), depth + 1, found);
            }
        }
    }
}

/// What lies between the lines of a boundary (RFC 2046, 5.1.1).
fn pieces(text: &str, boundary: &str) -> Vec<String> {
    let (begin, end) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            own if own == begin => {
                found.push(String::new());
                inside = true;
            }
            own if own == end => break,
            _ if inside => found.last_mut().into_iter().for_each(|piece| piece.push_str(line)),
            _ => {}
        }
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
    let at = head.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let rest = head.get(at..)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', '\r', '\n', ' ']).next(),
    }
}

/// The value of a part's header, by its name in lower case, without what follows a semicolon.
fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
    let value = line.split_once(':')?.1;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

fn content_type(head: &str) -> Option<String> {
    header(head, "content-type:")
}

/// A part's text, which may be written in base64 (RFC 2045, `Content-Transfer-Encoding`).
fn decoded<'a>(head: &str, body: &'a str) -> Cow<'a, str> {
    if header(head, "content-transfer-encoding:").as_deref() != Some("base64") {
        return Cow::Borrowed(body);
    }
    let bytes = STANDARD.decode(body.split_whitespace().collect::<String>());
    match bytes.map(|bytes| String::from_utf8(super::unpacked(&bytes).into_owned())) {
        Ok(Ok(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Part {
        Part::Script(text.to_owned())
    }

    #[test]
    fn the_first_line_says_what_it_is() {
        assert_eq!(parts("#!/bin/sh\necho"), [script("#!/bin/sh\necho")]);
        assert_eq!(parts("#cloud-config\nruncmd: []\n"), [Part::Config("#cloud-config\nruncmd: []\n".into())]);
        assert_eq!(parts("hello"), [Part::Unknown("hello".into())]);
        assert_eq!(parts("#cloud-boothook\n#!/bin/sh\necho\n"), [Part::Boothook("#!/bin/sh\necho\n".into())]);
        assert_eq!(parts("#include\n# mine\nhttp://a/b\n"), [Part::Include(vec!["http://a/b".into()])]);
    }

    #[test]
    fn lines_that_end_as_on_windows_are_mended() {
        assert_eq!(parts("#!/bin/sh\r\necho 1\r\n"), [script("#!/bin/sh\necho 1\n")]);
    }

    #[test]
    fn parts_may_be_in_base64() {
        let text = "Content-Type: multipart/mixed; boundary=\"==x==\"\n\n--==x==\nContent-Type: text/x-shellscript; charset=\"utf-8\"\n\
                    Content-Transfer-Encoding: base64\n\nIyEvYmluL3NoCmVjaG8g\n4oKsCg==\n\n--==x==--\n";
        assert_eq!(parts(text), [script("#!/bin/sh\necho \u{20ac}\n")]);
    }

    #[test]
    fn mime_has_parts() {
        // The boundary of AWS's own examples occurs in every address.
        let text = "Content-Type: multipart/mixed; boundary=\"//\"\nMIME-Version: 1.0\n\n--//\nContent-Type: text/cloud-config; charset=\"us-ascii\"\n\n\
                    #cloud-config\nhostname: a\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/bash\ncurl http://a/ && echo --//x\n\n--//\n\
                    Content-Type: text/cloud-boothook\n\n#!/bin/sh\nhook\n--//--\n";
        let expected = [
            Part::Config("#cloud-config\nhostname: a\n\n".into()),
            script("#!/bin/bash\ncurl http://a/ && echo --//x\n\n"),
            Part::Boothook("#!/bin/sh\nhook\n".into()),
        ];
        assert_eq!(parts(text), expected);
    }

    #[test]
    fn archives_hold_parts() {
        let text =
            "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    runcmd: [a]\n- |\n  #!/bin/sh\n  b\n";
        assert_eq!(parts(text), [Part::Config("runcmd: [a]\n".into()), script("#!/bin/sh\nb\n")]);
    }
}
