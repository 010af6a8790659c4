//! Which service is meant, for requests as real clients send them.

use http::HeaderMap;
use kogumo_wire::{Operation, Protocol, Service, parse_query};

use super::*;

const fn operation(name: &'static str, method: &'static str, uri: &'static str) -> Operation {
    Operation::unbuilt(name, method, uri)
}

const fn service(
    name: &'static str,
    protocols: &'static [Protocol],
    operations: &'static [&'static Operation],
) -> Service {
    Service {
        name,
        sdk_id: name,
        signing_name: name,
        endpoint_prefix: name,
        api_version: "2011-06-15",
        target_prefix: "",
        xmlns: "",
        protocols,
        query_compatible: false,
        global: false,
        operations,
    }
}

static GET_CALLER: Operation = operation("GetCallerIdentity", "POST", "/");
static GET_ITEM: Operation = operation("GetItem", "POST", "/");
static GET_METRICS: Operation = operation("GetMetricData", "POST", "/");
static LIST_BUCKETS: Operation = operation("ListBuckets", "GET", "/");
static GET_OBJECT: Operation = operation("GetObject", "GET", "/{Bucket}/{Key+}");
static LIST_FUNCTIONS: Operation = operation("ListFunctions", "GET", "/2015-03-31/functions");

static STS: Service = service("sts", &[Protocol::Query], &[&GET_CALLER]);
static DYNAMODB: Service = Service {
    target_prefix: "DynamoDB_20120810",
    api_version: "2012-08-10",
    ..service("dynamodb", &[Protocol::Json10], &[&GET_ITEM])
};
static CLOUDWATCH: Service = Service {
    target_prefix: "GraniteServiceVersion20100801",
    signing_name: "monitoring",
    endpoint_prefix: "monitoring",
    api_version: "2010-08-01",
    ..service("cloudwatch", &[Protocol::RpcV2Cbor, Protocol::Json10, Protocol::Query], &[&GET_METRICS])
};
static S3: Service =
    Service { api_version: "2006-03-01", ..service("s3", &[Protocol::RestXml], &[&GET_OBJECT, &LIST_BUCKETS]) };
static LAMBDA: Service =
    Service { api_version: "2015-03-31", ..service("lambda", &[Protocol::RestJson], &[&LIST_FUNCTIONS]) };

struct Sent<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(&'static str, &'static str)],
    scope: Option<&'a str>,
}

const POST: Sent<'_> = Sent { method: "POST", host: "127.0.0.1", path: "/", query: "", headers: &[], scope: None };
const GET: Sent<'_> = Sent { method: "GET", ..POST };

fn with_hints<T>(sent: &Sent<'_>, then: impl FnOnce(&Directory, &Hints<'_>) -> T) -> T {
    let directory = Directory::new(&[&STS, &DYNAMODB, &CLOUDWATCH, &S3, &LAMBDA]);
    let headers: HeaderMap = sent
        .headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let query = parse_query(sent.query, true);
    let host = HostMeaning::of(sent.host);
    let hints = Hints {
        method: sent.method,
        path: sent.path,
        query: &query,
        headers: &headers,
        host: &host,
        scope_service: sent.scope,
    };
    then(&directory, &hints)
}

fn aim(sent: &Sent<'_>) -> Option<(&'static str, Protocol, &'static str)> {
    match with_hints(sent, |directory, hints| directory.aim(hints)) {
        Aim::At(target) => {
            Some((target.service.name, target.protocol, target.operation.map_or("?", |operation| operation.name)))
        }
        Aim::InForm => Some(("form", Protocol::Query, "")),
        Aim::Nowhere => None,
    }
}

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")];

#[test]
fn by_target_header() {
    let headers = &[("x-amz-target", "DynamoDB_20120810.GetItem"), ("content-type", "application/x-amz-json-1.0")];
    assert_eq!(aim(&Sent { headers, ..POST }), Some(("dynamodb", Protocol::Json10, "GetItem")));
    let headers = &[("x-amz-target", "DynamoDB_20120810.NoSuch")];
    assert_eq!(aim(&Sent { headers, ..POST }), Some(("dynamodb", Protocol::Json10, "?")));
    assert_eq!(aim(&Sent { headers: &[("x-amz-target", "NoSuch.Thing")], ..POST }), None);
}

#[test]
fn by_smithy_path() {
    let sent = Sent {
        headers: &[("smithy-protocol", "rpc-v2-cbor")],
        path: "/service/GraniteServiceVersion20100801/operation/GetMetricData",
        ..POST
    };
    assert_eq!(aim(&sent), Some(("cloudwatch", Protocol::RpcV2Cbor, "GetMetricData")));
}

#[test]
fn by_form_and_by_query() {
    let sent = Sent { headers: FORM, scope: Some("sts"), ..POST };
    assert_eq!(aim(&sent), Some(("form", Protocol::Query, "")));
    let form = parse_query("Action=GetCallerIdentity&Version=2011-06-15", true);
    let Aim::At(target) = with_hints(&sent, |directory, hints| directory.aim_in_form(hints, &form)) else { panic!() };
    assert_eq!(target.operation.map(|operation| operation.name), Some("GetCallerIdentity"));
    let unsigned = Sent { headers: FORM, ..POST };
    let Aim::At(target) = with_hints(&unsigned, |directory, hints| directory.aim_in_form(hints, &form)) else {
        panic!()
    };
    assert_eq!(target.service.name, "sts");
    let query = "Action=GetCallerIdentity&Version=2011-06-15";
    assert_eq!(aim(&Sent { query, ..GET }), Some(("sts", Protocol::Query, "GetCallerIdentity")));
    let presigned = Sent { query, scope: Some("sts"), ..GET };
    assert_eq!(aim(&presigned), Some(("sts", Protocol::Query, "GetCallerIdentity")));
}

#[test]
fn by_scope_and_template() {
    assert_eq!(
        aim(&Sent { scope: Some("lambda"), path: "/2015-03-31/functions", ..GET }),
        Some(("lambda", Protocol::RestJson, "ListFunctions"))
    );
    assert_eq!(
        aim(&Sent { scope: Some("lambda"), path: "/nothing", ..GET }),
        Some(("lambda", Protocol::RestJson, "?"))
    );
    assert_eq!(aim(&Sent { scope: Some("s3"), path: "/b/k/x", ..GET }), Some(("s3", Protocol::RestXml, "GetObject")));
    assert_eq!(aim(&Sent { scope: Some("nosuch"), path: "/b/k/x", ..GET }), None);
}

#[test]
fn by_host_and_at_last_s3() {
    let host = "lambda.us-east-1.amazonaws.com";
    assert_eq!(
        aim(&Sent { host, path: "/2015-03-31/functions", ..GET }),
        Some(("lambda", Protocol::RestJson, "ListFunctions"))
    );
    assert_eq!(aim(&Sent { host: "nosuch.us-east-1.amazonaws.com", ..GET }), None);
    assert_eq!(aim(&Sent { path: "/bucket/key", ..GET }), Some(("s3", Protocol::RestXml, "GetObject")));
    assert_eq!(
        aim(&Sent { scope: Some("s3"), headers: FORM, path: "/b", ..POST }),
        Some(("s3", Protocol::RestXml, "?"))
    );
}

/// The operation that the real model of a service has for a request.
fn modelled(service: &str, method: &str, path: &str, query: &str, headers: &[(&'static str, &'static str)]) -> String {
    let directory = Directory::new(kogumo_model::SERVICES);
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
    let query = parse_query(query, true);
    let host = HostMeaning::Plain;
    let hints = Hints { method, path, query: &query, headers: &headers, host: &host, scope_service: Some(service) };
    let Aim::At(target) = directory.aim(&hints) else { return "nothing".to_owned() };
    target.operation.map_or("?", |operation| operation.name).to_owned()
}

#[test]
fn s3s_operations_that_share_a_template() {
    let s3 = |method, path, query, headers| modelled("s3", method, path, query, headers);
    let copy: &[(&str, &str)] = &[("x-amz-copy-source", "b/k")];
    assert_eq!(s3("PUT", "/b/k", "", &[]), "PutObject");
    assert_eq!(s3("PUT", "/b/k", "x-id=PutObject", &[]), "PutObject");
    assert_eq!(s3("PUT", "/b/k", "partNumber=1&uploadId=u", &[]), "UploadPart");
    assert_eq!(s3("PUT", "/b/k", "", copy), "CopyObject");
    assert_eq!(s3("PUT", "/b/k", "partNumber=1&uploadId=u", copy), "UploadPartCopy");
    assert_eq!(s3("DELETE", "/b/k", "", &[]), "DeleteObject");
    assert_eq!(s3("DELETE", "/b/k", "uploadId=u", &[]), "AbortMultipartUpload");
    assert_eq!(s3("GET", "/b/k", "uploadId=u", &[]), "ListParts");
    assert_eq!(s3("GET", "/b/k/", "", &[]), "GetObject");
    assert_eq!(s3("GET", "/", "", &[]), "ListBuckets");
    assert_eq!(s3("GET", "/b", "", &[]), "ListObjects");
    assert_eq!(s3("GET", "/b/", "list-type=2", &[]), "ListObjectsV2");
    assert_eq!(s3("GET", "/b", "lifecycle", &[]), "GetBucketLifecycleConfiguration");
    assert_eq!(s3("PUT", "/b", "notification", &[]), "PutBucketNotificationConfiguration");
    assert_eq!(s3("POST", "/b", "delete", &[]), "DeleteObjects");
    assert_eq!(s3("HEAD", "/b", "", &[]), "HeadBucket");
    assert_eq!(s3("HEAD", "/b/k", "", &[]), "HeadObject");
    assert_eq!(s3("GET", "/b/k", "tagging", &[]), "GetObjectTagging");
}

#[test]
fn services_that_share_a_signing_name() {
    assert_eq!(modelled("apigateway", "GET", "/restapis", "", &[]), "GetRestApis");
    assert_eq!(modelled("apigateway", "GET", "/v2/apis", "", &[]), "GetApis");
    let account: &[(&str, &str)] = &[("x-amz-account-id", "000000000000")];
    assert_eq!(
        modelled("s3", "GET", "/v20180820/configuration/publicAccessBlock", "", account),
        "GetPublicAccessBlock"
    );
    assert_eq!(modelled("lambda", "POST", "/2015-03-31/functions/f/invocations", "", &[]), "Invoke");
}
