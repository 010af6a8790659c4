//! Whatever bytes arrive, a codec answers; and what it has written it reads back.

#[path = "../examples/vectors/dynamic.rs"]
mod dynamic;

use dynamic::DynamicStructure;
use http::{HeaderMap, Method};
use kogumo_wire::schema::{Kind, Layout, Member, Shape};
use kogumo_wire::{Body, Bytes, Operation, Protocol, Request, Service, parse_query};
use proptest::prelude::*;
use serde_json::{Value, json};

const PROTOCOLS: [Protocol; 7] = [
    Protocol::Json10,
    Protocol::Json11,
    Protocol::Query,
    Protocol::Ec2,
    Protocol::RestJson,
    Protocol::RestXml,
    Protocol::RpcV2Cbor,
];

static TEXT: Shape = Shape::new("Text", Kind::String);
static NUMBER: Shape = Shape::new("Number", Kind::Integer);
static FRACTION: Shape = Shape::new("Fraction", Kind::Float);
static FLAG: Shape = Shape::new("Flag", Kind::Boolean);
static BYTES: Shape = Shape::new("Bytes", Kind::Blob);
static MOMENT: Shape = Shape::new("Moment", Kind::Timestamp);
static ELEMENT: Member = Member::new("member", &NODE);
static LIST: Shape = Shape::new("List", Kind::List(&ELEMENT));
static KEY: Member = Member::new("key", &TEXT);
static VALUE: Member = Member::new("value", &NODE);
static MAP: Shape = Shape::new("Map", Kind::Map(&KEY, &VALUE));
/// One of everything, and itself within.
static LAYOUT: Layout = Layout::new(&[
    Member::new("text", &TEXT),
    Member::new("number", &NUMBER),
    Member::new("fraction", &FRACTION),
    Member::new("flag", &FLAG),
    Member::new("bytes", &BYTES),
    Member::new("moment", &MOMENT),
    Member::new("list", &LIST),
    Member::new("flat", &LIST).flattened(),
    Member::new("map", &MAP),
    Member::new("node", &NODE),
]);
static NODE: Shape = Shape::new("Node", Kind::Structure(&LAYOUT));

fn operation() -> &'static Operation {
    let mut operation = Operation::unbuilt("Do", "POST", "/");
    operation.input = &NODE;
    operation.output = &NODE;
    operation.result_wrapper = "DoResult";
    Box::leak(Box::new(operation))
}

static SERVICE: Service = Service {
    name: "garbage",
    sdk_id: "Garbage",
    signing_name: "garbage",
    endpoint_prefix: "garbage",
    api_version: "2020-07-14",
    target_prefix: "Garbage",
    xmlns: "",
    protocols: &[Protocol::Json11],
    query_compatible: false,
    global: false,
    operations: &[],
};

fn read(protocol: Protocol, body: &[u8], query: &str) -> Result<Value, String> {
    let mut request = Request {
        method: Method::POST,
        path: "/".into(),
        query: parse_query(query, true),
        headers: HeaderMap::new(),
        body: Body::from(Bytes::copy_from_slice(body)),
    };
    let mut input = DynamicStructure::new(&NODE);
    let decoded = protocol.decode(operation(), &mut request, &mut input);
    decoded.map(|()| input.to_json()).map_err(|fault| fault.message)
}

fn written(protocol: Protocol, value: &Value) -> Vec<u8> {
    let mut output = DynamicStructure::new(&NODE);
    output.fill(value);
    match protocol.encode(&SERVICE, operation(), Box::new(output), "id").into_body() {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Empty | Body::Stream(..) => Vec::new(),
    }
}

/// Values of `NODE`. Collections are not empty: XML does not tell those from absent ones.
fn nodes() -> impl Strategy<Value = Value> {
    let leaf = (any::<Option<i32>>(), "[a-z0-9 <&\"\\\\/é日]{1,12}", any::<Option<bool>>(), 0..4_000_000_000_i64)
        .prop_map(|(number, text, flag, moment)| {
            let mut node = json!({ "text": text, "moment": moment as f64, "bytes": "some bytes" });
            if let Some(number) = number {
                node["number"] = json!(number);
                node["fraction"] = json!(f64::from(number) / 8.0);
            }
            if let Some(flag) = flag {
                node["flag"] = json!(flag);
            }
            node
        });
    leaf.prop_recursive(4, 24, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner.clone(), 1..3), prop::collection::btree_map("[a-z]{1,5}", inner, 1..3)).prop_map(
            |(node, list, map)| json!({ "text": "x", "node": node, "list": list.clone(), "flat": list, "map": map }),
        )
    })
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(body in prop::collection::vec(any::<u8>(), 0..200), query in ".{0,60}") {
        for protocol in PROTOCOLS {
            let _ = read(protocol, &body, &query);
        }
    }

    #[test]
    fn bytes_that_are_nearly_right_get_an_answer(value in nodes(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        for protocol in PROTOCOLS {
            let mut bytes = written(protocol, &value);
            let index = at.index(bytes.len());
            bytes[index] = byte;
            if cut {
                bytes.truncate(index);
            }
            let _ = read(protocol, &bytes, "");
        }
    }

    #[test]
    fn what_was_written_is_read_back(value in nodes()) {
        for protocol in [Protocol::Json10, Protocol::Json11, Protocol::RestJson, Protocol::RestXml, Protocol::RpcV2Cbor] {
            prop_assert_eq!(read(protocol, &written(protocol, &value), ""), Ok(value.clone()), "{:?}", protocol);
        }
    }

    #[test]
    fn dotted_names_get_an_answer(names in prop::collection::vec("(list|flat|map|node|text|member|entry|key|value|[0-9]{1,3}|)(\\.(list|flat|map|node|text|member|entry|key|value|[0-9]{1,3}|)){0,6}", 0..12)) {
        let form = names.iter().map(|name| format!("{name}=x")).collect::<Vec<_>>().join("&");
        for protocol in [Protocol::Query, Protocol::Ec2] {
            let _ = read(protocol, form.as_bytes(), "");
        }
    }
}

/// A thread with a small stack would overflow if depth were not bounded.
#[test]
fn depth_is_bounded() {
    let deep = 100_000;
    let json = [r#"{"node":"#.repeat(deep), "}".repeat(deep)].concat();
    let xml = ["<node>".repeat(deep), "</node>".repeat(deep)].concat();
    let cbor = [0xa1, 0x64, b'n', b'o', b'd', b'e'].repeat(deep);
    let form = format!("{}text=x", "node.".repeat(deep));
    let run = move || {
        for (protocol, bytes) in [
            (Protocol::Json11, json.as_bytes()),
            (Protocol::RestJson, json.as_bytes()),
            (Protocol::RestXml, xml.as_bytes()),
            (Protocol::RpcV2Cbor, &cbor),
            (Protocol::Query, form.as_bytes()),
            (Protocol::Ec2, form.as_bytes()),
        ] {
            assert!(read(protocol, bytes, "").is_err(), "{protocol:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no overflow");
}

/// Entities of a DTD could grow without bound.
#[test]
fn billion_laughs_are_refused() {
    let bomb = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Node><text>&b;</text></Node>"#;
    assert!(read(Protocol::RestXml, bomb.as_bytes(), "").is_err());
}
