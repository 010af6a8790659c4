//! As much of HTTP/1.1 (RFC 9112) as the metadata service needs: questions without bodies, short answers.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest head of a question.
const LONGEST: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Question {
    pub method: String,
    /// Without the query.
    pub path: String,
    headers: Vec<(String, String)>,
    pub keep_alive: bool,
}

impl Question {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

pub struct Answer {
    code: u16,
    reason: &'static str,
    headers: Vec<(&'static str, String)>,
    kind: &'static str,
    body: Vec<u8>,
}

impl Answer {
    pub fn text(body: impl Into<String>) -> Answer {
        Answer { code: 200, reason: "OK", headers: Vec::new(), kind: "text/plain", body: body.into().into_bytes() }
    }

    pub fn bytes(body: Vec<u8>) -> Answer {
        Answer { code: 200, reason: "OK", headers: Vec::new(), kind: "application/octet-stream", body }
    }

    pub fn error(code: u16, reason: &'static str) -> Answer {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>{code} - {reason}</title></head><body><h1>{code} - {reason}</h1></body></html>\n"
        );
        Answer { code, reason, headers: Vec::new(), kind: "text/html", body: body.into_bytes() }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Answer {
        self.headers.push((name, value));
        self
    }
}

/// The next question; `None` where the connection ends, or what comes is none.
pub async fn read(connection: &mut TcpStream) -> Option<Question> {
    let mut head = Vec::new();
    let mut byte = [0; 1024];
    let end = loop {
        let count = timeout(PATIENCE, connection.read(&mut byte)).await.ok()?.ok().filter(|count| *count > 0)?;
        head.extend_from_slice(byte.get(..count)?);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if head.len() > LONGEST {
            return None;
        }
    };
    let question = parse(std::str::from_utf8(head.get(..end)?).ok()?)?;
    // Bodies mean nothing here; they are read so that the next question begins where it does.
    let length: usize = question.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut left = length.checked_sub(head.len().saturating_sub(end + 4)).unwrap_or(0);
    if length > LONGEST {
        return None;
    }
    while left > 0 {
        let count = connection.read(&mut byte).await.ok().filter(|count| *count > 0)?;
        left = left.saturating_sub(count);
    }
    Some(question)
}

fn parse(head: &str) -> Option<Question> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let close = headers.iter().any(|(name, value)| name == "connection" && value.eq_ignore_ascii_case("close"));
    Some(Question { method: method.to_owned(), path, headers, keep_alive: version == "HTTP/1.1" && !close })
}

pub async fn write(connection: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let mut text = format!(
        "HTTP/1.1 {} {}\r\nServer: EC2ws\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
        answer.code,
        answer.reason,
        answer.kind,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    connection.write_all(&[text.as_bytes(), &answer.body].concat()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_path_and_headers() {
        let question =
            parse("PUT /latest/api/token?x=1 HTTP/1.1\r\nHost: a\r\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 60")
                .expect("a question");
        assert_eq!(
            (question.method.as_str(), question.path.as_str(), question.keep_alive),
            ("PUT", "/latest/api/token", true)
        );
        assert_eq!(question.header("x-aws-ec2-metadata-token-ttl-seconds"), Some("60"));
        assert!(parse("GET").is_none());
    }
}
