//! Requests that botocore signed (vectors.py) are verified, and a change of any part of them is noticed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::Timestamp;
use kogumo_sigv4::{
    Authentication, BodyHash, FormSignature, KeyCache, Legacy, Place, Presented, Problem, Request, Rules,
};
use serde_json::Value;

/// The moment at which all vectors were signed.
const NOW: &str = "2026-11-22T15:00:00Z";

struct Case {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
    secret: String,
    token: Option<String>,
    region: String,
    service: String,
}

fn vectors() -> Vec<Value> {
    include_str!("vectors.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    value.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

impl Case {
    fn read(value: &Value) -> Case {
        let mut headers = HeaderMap::new();
        headers.insert("host", text(&value["host"]).parse().unwrap());
        for (name, value) in pairs(&value["headers"]) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Case {
            method: text(&value["method"]),
            path: text(&value["path"]),
            query: text(&value["query"]),
            headers,
            body: STANDARD.decode(text(&value["body"])).unwrap(),
            secret: text(&value["secret"]),
            token: value["token"].as_str().map(str::to_owned),
            region: text(&value["region"]),
            service: text(&value["service"]),
        }
    }

    fn request(&self) -> Request<'_> {
        Request { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    fn verify(&self, cache: &KeyCache) -> Result<(), Problem> {
        match Authentication::read(&self.headers, &self.query)?.unwrap() {
            Authentication::V4(presented) => self.verify_v4(&presented, cache),
            Authentication::Legacy(legacy) => self.verify_legacy(&legacy),
        }
    }

    fn verify_v4(&self, presented: &Presented, cache: &KeyCache) -> Result<(), Problem> {
        assert_eq!(presented.token, self.token);
        assert_eq!((&presented.credential.region, &presented.credential.service), (&self.region, &self.service));
        presented.check_scope()?;
        presented.check_time(Timestamp::parse_iso(NOW).unwrap())?;
        let is_s3 = self.service == "s3";
        let rules = if is_s3 { Rules::S3 } else { Rules::General };
        let payload = match presented.place {
            Place::Query if is_s3 => "UNSIGNED-PAYLOAD".to_owned(),
            _ => BodyHash::of(&self.body),
        };
        let credential = &presented.credential;
        let key = cache.key(&self.secret, &credential.date, &credential.region, &credential.service);
        presented.verify(&self.request(), rules, &payload, &key)
    }

    fn verify_legacy(&self, legacy: &Legacy) -> Result<(), Problem> {
        assert_eq!(legacy.token, self.token);
        legacy.check_time(Timestamp::parse_iso(NOW).unwrap())?;
        legacy.verify(&self.request(), None, &self.secret)
    }
}

#[test]
fn what_botocore_signed_stands() {
    let cache = KeyCache::default();
    for value in vectors().iter().filter(|value| value["kind"] != "form") {
        let case = Case::read(value);
        assert_eq!(case.verify(&cache), Ok(()), "{value}");
    }
}

#[test]
fn forms_that_botocore_signed_stand() {
    for value in vectors().iter().filter(|value| value["kind"] == "form") {
        let fields = pairs(&value["fields"]);
        let signature = FormSignature::read(&fields).unwrap().unwrap();
        assert_eq!(signature.verify(&text(&value["secret"])), Ok(()), "{value}");
        assert!(matches!(signature.verify("another"), Err(Problem::Mismatch(_))));
    }
}

#[test]
fn a_change_of_any_part_is_noticed() {
    let cache = KeyCache::default();
    for value in vectors().iter().filter(|value| value["kind"] != "form") {
        let changes: [fn(&mut Case); 4] = [
            |case| case.method.push('X'),
            |case| case.path.push_str("/x"),
            |case| case.secret.push('x'),
            |case| case.query.push_str("&versionId=x"),
        ];
        for change in changes {
            let mut case = Case::read(value);
            change(&mut case);
            assert!(matches!(case.verify(&cache), Err(Problem::Mismatch(_))), "{value}");
        }
    }
}
