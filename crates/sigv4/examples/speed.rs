//! How long the verification of one header-signed request takes: `cargo run --release -p kogumo-sigv4 --example speed`.

use std::time::Instant;

use http::HeaderMap;
use kogumo_sigv4::{Authentication, BodyHash, KeyCache, Problem, Request, Rules};

fn main() {
    let mut headers = HeaderMap::new();
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/sts/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000";
    for (name, value) in [
        ("host", "127.0.0.1:4566"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-amz-date", "20261122T150000Z"),
        ("user-agent", "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.7"),
        ("authorization", authorization),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    let cache = KeyCache::default();
    let body = b"Action=GetCallerIdentity&Version=2011-06-15";
    let rounds = 200_000;
    let start = Instant::now();
    for _ in 0..rounds {
        let request = Request { method: "POST", path: "/", query: "", headers: &headers };
        let Ok(Some(Authentication::V4(presented))) = Authentication::read(&headers, "") else {
            return;
        };
        let credential = &presented.credential;
        let key = cache.key("secret", &credential.date, &credential.region, &credential.service);
        let verdict = presented
            .check_scope()
            .and_then(|()| presented.verify(&request, Rules::General, &BodyHash::of(body), &key));
        assert!(matches!(verdict, Err(Problem::Mismatch(_))));
    }
    println!("{:?} for one request", start.elapsed() / rounds);
}
