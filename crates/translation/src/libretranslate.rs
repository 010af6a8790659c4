//! A neural engine on another machine, or another process: anything that speaks LibreTranslate's `POST /translate`.

use std::time::Duration;

use kogumo_base::Trouble;
use serde_json::{Value, json};

use crate::{Engine, Failure};

/// The longest answer that is read.
const ANSWER_LIMIT: u64 = 1 << 20;

/// A LibreTranslate-compatible server, by its base URL (`http://127.0.0.1:5000`).
pub struct LibreTranslate {
    url: String,
    key: Option<String>,
    agent: ureq::Agent,
}

impl LibreTranslate {
    /// An engine at `url`, with the API key that it wants, if it wants one.
    pub fn new(url: &str, key: Option<String>) -> LibreTranslate {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .http_status_as_error(false)
            .build();
        LibreTranslate { url: url.trim_end_matches('/').to_string(), key, agent: config.into() }
    }
}

impl Engine for LibreTranslate {
    fn name(&self) -> &str {
        "libretranslate"
    }

    /// The server is asked when a text comes: it may learn languages while the cloud runs.
    fn supports(&self, _source: &str, _target: &str) -> bool {
        true
    }

    fn translate(&self, text: &str, source: &str, target: &str) -> Result<String, Failure> {
        let mut request = json!({ "q": text, "source": code(source), "target": code(target), "format": "text" });
        if let Some(key) = &self.key {
            request["api_key"] = json!(key);
        }
        let trouble =
            |error: ureq::Error| Trouble::from_cause(format!("the translation server at {}", self.url), error);
        let mut answer = self
            .agent
            .post(format!("{}/translate", self.url))
            .header("content-type", "application/json")
            .send(request.to_string())
            .map_err(trouble)?;
        match answer.status().as_u16() {
            200 => {}
            // How it refuses a language: `{"error": "fr is not supported"}`.
            400 => return Err(Failure::UnsupportedPair),
            status => return Err(Trouble::new(format!("the translation server answered {status}")).into()),
        }
        let body = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().map_err(trouble)?;
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|error| Trouble::from_cause("the translation server's answer is not JSON", error))?;
        match answer["translatedText"].as_str() {
            Some(translated) => Ok(translated.to_string()),
            None => Err(Trouble::new("the translation server's answer has no translatedText").into()),
        }
    }
}

/// LibreTranslate's code for Amazon Translate's.
fn code(language: &str) -> &str {
    match language {
        "zh" => "zh-Hans",
        "zh-TW" => "zh-Hant",
        "no" => "nb",
        "fr-CA" => "fr",
        "es-MX" => "es",
        "pt-PT" => "pt",
        language => language,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server of one answer; gives back what it was asked.
    fn server(status: &'static str, body: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"}") {
                let read = stream.read(&mut buffer).expect("a request");
                request.extend_from_slice(&buffer[..read]);
            }
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).expect("an answer");
            String::from_utf8_lossy(&request).into_owned()
        });
        (url, served)
    }

    #[test]
    fn it_asks_as_libretranslate_wants_to_be_asked() {
        let (url, served) = server("200 OK", r#"{"translatedText":"Bonjour"}"#);
        let engine = LibreTranslate::new(&url, Some("secret".into()));
        assert_eq!(engine.translate("こんにちは", "ja", "fr").expect("an answer"), "Bonjour");
        let request = served.join().expect("the server ended");
        assert!(request.starts_with("POST /translate HTTP/1.1"), "{request}");
        assert!(request.contains(r#""source":"ja","target":"fr","format":"text","api_key":"secret""#), "{request}");
    }

    #[test]
    fn a_server_that_refuses_or_babbles_is_trouble() {
        for (status, body) in
            [("400 Bad Request", r#"{"error":"fr is not supported"}"#), ("200 OK", "<html>"), ("200 OK", "{}")]
        {
            let (url, served) = server(status, body);
            assert!(LibreTranslate::new(&url, None).translate("a", "en", "ja").is_err(), "{body}");
            served.join().expect("the server ended");
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_trouble() {
        let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        assert!(LibreTranslate::new(&format!("http://{closed}"), None).translate("a", "en", "ja").is_err());
    }
}
