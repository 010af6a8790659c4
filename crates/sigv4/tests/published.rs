//! The worked examples that AWS publishes, and each way in which a signature can fail.

use http::{HeaderMap, HeaderName};
use kogumo_base::Timestamp;
use kogumo_sigv4::{
    Authentication, BodyHash, Payload, Place, Presented, Problem, Request, Rules, SigningKey, Streaming,
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    list.iter()
        .map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap()))
        .collect()
}

/// Verifies one of the examples of "Signature calculations for the authorization header", Amazon S3 API Reference.
fn verify_s3(
    method: &str,
    path: &str,
    query: &str,
    payload: &str,
    signed: &str,
    signature: &str,
    more: &[(&str, &str)],
) {
    let mut all = headers(&[("host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z")]);
    all.insert("x-amz-content-sha256", payload.parse().unwrap());
    all.extend(headers(more));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={signature}"
    );
    let presented = Presented::from_header(&authorization, &all).unwrap();
    assert_eq!(presented.check_scope(), Ok(()));
    let key = SigningKey::derive(SECRET, "20130524", "us-east-1", "s3");
    let request = Request { method, path, query, headers: &all };
    assert_eq!(presented.verify(&request, Rules::S3, payload, &key), Ok(()));
}

#[test]
fn s3s_four_examples() {
    verify_s3(
        "GET",
        "/test.txt",
        "",
        BodyHash::EMPTY,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        &[("range", "bytes=0-9")],
    );
    verify_s3(
        "PUT",
        "/test%24file.text",
        "",
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
    );
    let plain = "host;x-amz-content-sha256;x-amz-date";
    let lifecycle = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
    verify_s3("GET", "/", "lifecycle", BodyHash::EMPTY, plain, lifecycle, &[]);
    let list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    verify_s3("GET", "/", "max-keys=2&prefix=J", BodyHash::EMPTY, plain, list, &[]);
}

const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn s3s_presigned_example_and_its_end() {
    let all = headers(&[("host", "examplebucket.s3.amazonaws.com")]);
    let Ok(Some(Authentication::V4(presented))) = Authentication::read(&all, PRESIGNED) else { panic!() };
    let key = SigningKey::derive(SECRET, "20130524", "us-east-1", "s3");
    let request = Request { method: "GET", path: "/test.txt", query: PRESIGNED, headers: &all };
    assert_eq!(presented.verify(&request, Rules::S3, "UNSIGNED-PAYLOAD", &key), Ok(()));
    let signed = presented.moment;
    assert_eq!(presented.check_time(signed.plus_seconds(86400)), Ok(()));
    let at = signed.plus_seconds(86400);
    let now = signed.plus_seconds(86401);
    assert_eq!(presented.check_time(now), Err(Problem::Expired { at, now }));
    assert!(matches!(presented.check_time(signed.plus_seconds(-901)), Err(Problem::TooNew { .. })));
}

/// The example of "Create a signed AWS API request", IAM User Guide.
#[test]
fn iams_example() {
    let all = headers(&[
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
    ]);
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let presented = Presented::from_header(authorization, &all).unwrap();
    let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
    let request = Request { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers: &all };
    assert_eq!(presented.verify(&request, Rules::General, BodyHash::EMPTY, &key), Ok(()));
    let Err(Problem::Mismatch(mismatch)) = presented.verify(&request, Rules::General, "other", &key) else { panic!() };
    assert!(mismatch.canonical_request.starts_with("GET\n/\nAction=ListUsers&Version=2010-05-08\ncontent-type:"));
    assert!(
        mismatch
            .string_to_sign
            .starts_with("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n")
    );
}

fn read(authorization: &str, date: &str) -> Result<Presented, Problem> {
    Presented::from_header(authorization, &headers(&[("x-amz-date", date)]))
}

const GOOD: &str =
    "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00";

#[test]
fn what_is_missing_is_named() {
    let missing = |result| match result {
        Err(Problem::Incomplete { missing, .. }) => missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(read("AWS4-HMAC-SHA256 x", "20150830T123600Z")), ["Credential", "Signature", "SignedHeaders"]);
    assert_eq!(missing(read(GOOD, "")), ["Date"]);
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fs%2Faws4_request";
    assert_eq!(missing(Presented::from_query(query)), ["X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]);
}

#[test]
fn each_problem_has_its_name() {
    let sigv4a = "AWS4-ECDSA-P256-SHA256 Credential=A/20150830/s3/aws4_request";
    assert!(
        matches!(read(sigv4a, ""), Err(Problem::UnsupportedAlgorithm { algorithm, .. }) if algorithm == "AWS4-ECDSA-P256-SHA256")
    );
    assert!(matches!(read(GOOD, "yesterday"), Err(Problem::DateMalformed { .. })));
    assert!(matches!(read(&GOOD.replace("/iam", ""), "20150830T123600Z"), Err(Problem::CredentialMalformed { .. })));
    let scope = |text: &str| read(text, "20150830T123600Z").unwrap().check_scope();
    assert_eq!(scope(GOOD), Ok(()));
    assert!(matches!(scope(&GOOD.replace("aws4_request", "aws5")), Err(Problem::WrongTerminator { .. })));
    assert!(matches!(scope(&GOOD.replace("20150830", "20150831")), Err(Problem::DateMismatch { .. })));
    assert_eq!(scope(&GOOD.replace("=host", "=x-amz-date")), Err(Problem::HostNotSigned));
    let presented = read(GOOD, "20150830T123600Z").unwrap();
    let time = |seconds| presented.check_time(presented.moment.plus_seconds(seconds));
    assert_eq!((time(900), time(-900)), (Ok(()), Ok(())));
    assert!(matches!(time(901), Err(Problem::TooOld { .. })));
    assert!(matches!(time(-901), Err(Problem::TooNew { .. })));
    let unsigned = presented.check_headers_signed(&headers(&[("x-amz-acl", "private"), ("host", "h")]));
    assert_eq!(unsigned, Err(Problem::HeadersNotSigned(vec!["x-amz-acl".to_owned()])));
    let week = PRESIGNED.replace("86400", "604801");
    assert!(matches!(Presented::from_query(&week), Err(Problem::ExpiresOutOfRange { .. })));
}

#[test]
fn authentication_is_one_of_several_or_none() {
    let read = |authorization: &str, query: &str| {
        let date = ("date", "Sun, 22 Nov 2026 15:00:00 GMT");
        Authentication::read(&headers(&[("authorization", authorization), date]), query)
    };
    assert_eq!(Authentication::read(&HeaderMap::new(), "list-type=2"), Ok(None));
    assert_eq!(read("Bearer eyJ", ""), Ok(None));
    assert_eq!(read(GOOD, PRESIGNED), Err(Problem::TwoWays));
    let v4 = read(GOOD, "").unwrap().unwrap();
    assert_eq!((v4.access_key(), v4.place()), ("A", Place::Header));
    let old = read("AWS AKID:c2ln", "").unwrap().unwrap();
    assert_eq!((old.access_key(), old.token()), ("AKID", None));
    assert!(matches!(read("AWS nothing", ""), Err(Problem::CredentialMalformed { .. })));
    let old = Authentication::read(&HeaderMap::new(), "AWSAccessKeyId=K&Expires=1&Signature=s").unwrap().unwrap();
    assert_eq!((old.access_key(), old.place()), ("K", Place::Query));
}

#[test]
fn a_date_header_may_stand_for_the_moment() {
    let all = headers(&[("date", "Sun, 30 Aug 2015 12:36:00 GMT")]);
    let presented = Presented::from_header(GOOD, &all).unwrap();
    assert_eq!(
        (presented.moment, presented.moment_text.as_str()),
        (Timestamp::from_seconds(1_440_938_160), "20150830T123600Z")
    );
}

#[test]
fn the_payloads_word_is_read() {
    assert_eq!(Payload::parse(BodyHash::EMPTY), Some(Payload::Hash(BodyHash::EMPTY.to_owned())));
    assert_eq!(Payload::parse("UNSIGNED-PAYLOAD"), Some(Payload::Unsigned));
    let trailer = Payload::parse("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert_eq!(trailer, Some(Payload::Streaming(Streaming::UnsignedTrailer)));
    assert_eq!(Payload::parse("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), None);
    assert_eq!(Payload::parse("e3b0"), None);
}
