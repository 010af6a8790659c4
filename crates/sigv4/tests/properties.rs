//! What holds for all requests, also for those that nobody would send. `make fuzz` runs it with more cases.

use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::Timestamp;
use kogumo_sigv4::{
    Authentication, BodyHash, ChunkSigner, Credential, Decoder, FormSignature, KeyCache, Presented, Request, Rules,
    Signer, SigningKey, Streaming, canonical_request,
};
use proptest::prelude::*;

const MOMENT: &str = "20261122T150000Z";

fn headers(authorization: &str, date: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [("authorization", authorization), ("x-amz-date", date), ("host", "localhost")] {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// Text that is nearly a signature.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("AWS4-HMAC-SHA256 "),
        Just("AWS "),
        Just("Credential="),
        Just("test/20261122/us-east-1/s3/aws4_request"),
        Just("SignedHeaders="),
        Just("host;x-amz-date"),
        Just("Signature="),
        Just("X-Amz-Algorithm=AWS4-HMAC-SHA256&"),
        Just("X-Amz-Signature=00&"),
        Just("X-Amz-Expires=60&"),
        Just("X-Amz-Date=20261122T150000Z&"),
        Just("AWSAccessKeyId=test&"),
        Just("Expires=99999999999999&"),
        Just(", "),
        Just("%"),
        Just("="),
        Just("/"),
        Just("🦀"),
    ];
    (proptest::collection::vec(pieces, 0..12), "(.|\n){0,30}").prop_map(|(pieces, end)| pieces.concat() + &end)
}

proptest! {
    #[test]
    fn nothing_panics(header in nearly(), query in nearly(), path in "(.|\n){0,30}", date in "[0-9TZ]{0,20}", seconds in any::<i64>()) {
        let headers = headers(&header, &date);
        let request = Request { method: "GET", path: &path, query: &query, headers: &headers };
        match Authentication::read(&headers, &query) {
            Ok(Some(Authentication::V4(presented))) => {
                let _ = (presented.check_scope(), presented.check_headers_signed(&headers));
                let _ = presented.check_time(Timestamp(seconds));
                let key = KeyCache::default().key("s", &presented.credential.date, &presented.credential.region, "s3");
                for rules in [Rules::General, Rules::S3] {
                    prop_assert!(presented.verify(&request, rules, &header, &key).is_err());
                }
            }
            Ok(Some(Authentication::Legacy(legacy))) => {
                let _ = legacy.check_time(Timestamp(seconds));
                prop_assert!(legacy.verify(&request, Some(&path), "s").is_err());
            }
            Ok(None) | Err(_) => {}
        }
    }

    #[test]
    fn forms_do_not_panic(fields in proptest::collection::vec((nearly(), nearly()), 0..6), policy in "(.|\n){0,30}") {
        let mut fields = fields;
        fields.push(("policy".into(), policy));
        if let Ok(Some(signature)) = FormSignature::read(&fields) {
            let _ = signature.verify("secret");
        }
    }

    #[test]
    fn what_is_signed_stands_and_nothing_else(
        path in "/[a-zA-Z0-9%/._~ +-]{0,30}",
        query in "([a-z%+&=]{1,6}=[a-zA-Z0-9%+]{0,6}&){0,4}",
        meta in "[ -~]{0,30}",
        at in 0usize..64,
    ) {
        let moment = Timestamp::parse_basic(MOMENT).unwrap_or_default();
        let mut headers = headers("", MOMENT);
        headers.insert("x-amz-meta", HeaderValue::from_str(&meta).unwrap_or(HeaderValue::from_static("")));
        let request = Request { method: "PUT", path: &path, query: &query, headers: &headers };
        let signer = Signer { access_key: "AK", secret: "secret", region: "us-east-1", service: "s3", moment };
        for rules in [Rules::General, Rules::S3] {
            let authorization = signer.authorization(&request, rules, "host;x-amz-date;x-amz-meta", "hash");
            let mut presented = Presented::from_header(&authorization, &headers).expect("a header");
            let key = SigningKey::derive("secret", "20261122", "us-east-1", "s3");
            prop_assert_eq!(presented.verify(&request, rules, "hash", &key), Ok(()));
            prop_assert!(presented.verify(&request, rules, "hush", &key).is_err());
            let digit = if presented.signature.as_bytes()[at] == b'0' { "1" } else { "0" };
            presented.signature.replace_range(at..=at, digit);
            prop_assert!(presented.verify(&request, rules, "hash", &key).is_err());
        }
    }

    #[test]
    fn another_spelling_of_a_key_is_the_same_request(key in "[a-zA-Z0-9 ~.+]{1,20}") {
        let headers = HeaderMap::new();
        let canonical = |path: &str| canonical_request(&Request { method: "GET", path, query: "", headers: &headers }, Rules::S3, "host", "");
        let escaped: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(canonical(&format!("/{key}")), canonical(&format!("/{escaped}")));
    }

    #[test]
    fn chunked_bodies_come_out_as_they_went_in(
        data in proptest::collection::vec(any::<u8>(), 0..400),
        sizes in proptest::collection::vec(1usize..60, 1..20),
        pieces in proptest::collection::vec(1usize..90, 1..20),
    ) {
        let mut body = Vec::new();
        let mut rest = data.as_slice();
        for size in sizes.iter().cycle() {
            let (chunk, behind) = rest.split_at((*size).min(rest.len()));
            body.extend(format!("{:x}\r\n", chunk.len()).bytes());
            if chunk.is_empty() {
                break;
            }
            body.extend(chunk);
            body.extend(b"\r\n");
            rest = behind;
        }
        body.extend(b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n");
        let decoder = Decoder::new(Streaming::UnsignedTrailer, None, Some(data.len() as u64));
        let (out, trailers) = decode(decoder, &body, &pieces).expect("a good body");
        prop_assert_eq!(out, data);
        prop_assert_eq!(trailers.len(), 1);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(body in "[0-9a-f;\r\n:]{0,80}|(.|\n){0,40}", pieces in proptest::collection::vec(1usize..9, 1..5)) {
        for streaming in [Streaming::Signed, Streaming::SignedTrailer, Streaming::UnsignedTrailer] {
            let decoder = Decoder::new(streaming, Some(signer()), Some(100));
            let decoded = decode(decoder, body.as_bytes(), &pieces);
            prop_assert!(streaming == Streaming::UnsignedTrailer || decoded.is_err(), "nobody signed this");
        }
    }

    #[test]
    fn credentials_go_back_together(key in "[A-Za-z0-9/]{1,20}", region in "[a-z0-9-]{1,12}", service in "[a-z0-9-]{1,12}") {
        let text = format!("{key}/20261122/{region}/{service}/aws4_request");
        let credential = Credential::parse(&text).expect("a credential");
        prop_assert_eq!(format!("{}/{}", credential.access_key, credential.scope()), text);
    }
}

fn signer() -> ChunkSigner {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=AK/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
    let presented = Presented::from_header(authorization, &headers("", MOMENT)).expect("a header");
    ChunkSigner::new(&presented, SigningKey::derive(BodyHash::EMPTY, "20261122", "us-east-1", "s3"))
}

type Decoded = Result<(Vec<u8>, Vec<(String, String)>), kogumo_sigv4::ChunkProblem>;

/// Decodes a body that comes in pieces of these sizes.
fn decode(mut decoder: Decoder, body: &[u8], pieces: &[usize]) -> Decoded {
    let mut out = Vec::new();
    let mut rest = body;
    for size in pieces.iter().cycle() {
        let (mut input, behind) = rest.split_at((*size).min(rest.len()));
        if input.is_empty() {
            break;
        }
        while !input.is_empty() {
            let step = decoder.step(input)?;
            assert!(step.consumed > 0, "no progress");
            out.extend_from_slice(step.data);
            input = &input[step.consumed..];
        }
        rest = behind;
    }
    Ok((out, decoder.finish()?))
}
