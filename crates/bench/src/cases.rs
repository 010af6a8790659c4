//! What is measured: for each case its requests, and how near to the bare server it is to come.

use crate::message::Maker;

/// One line of the table.
pub struct Case {
    pub name: &'static str,
    /// The service that has to be built for it.
    pub service: &'static str,
    /// The ratio of requests per second to the bare server's that is to be reached.
    pub target: f64,
    /// Requests that set the stage, sent one after another.
    pub prepare: fn(Maker) -> Vec<Vec<u8>>,
    /// Requests that are sent in turn.
    pub requests: fn(Maker) -> Vec<Vec<u8>>,
}

fn nothing(_: Maker) -> Vec<Vec<u8>> {
    Vec::new()
}

const TABLE: &str = r#"{"TableName":"bench","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}"#;

fn item(partition: usize, sort: usize) -> String {
    format!(
        r#"{{"p":{{"S":"p{partition}"}},"s":{{"S":"s{sort:05}"}},"name":{{"S":"An item like those of an application"}},"n":{{"N":"{sort}"}},"tags":{{"SS":["a","b","c"]}},"nested":{{"M":{{"x":{{"BOOL":true}},"y":{{"L":[{{"N":"1"}},{{"N":"2.5"}}]}}}}}}}}"#
    )
}

fn put_item(maker: Maker, partition: usize, sort: usize) -> Vec<u8> {
    let body = format!(r#"{{"TableName":"bench","Item":{}}}"#, item(partition, sort));
    maker.json("dynamodb", "DynamoDB_20120810.PutItem", &body)
}

fn table(maker: Maker) -> Vec<Vec<u8>> {
    let create = maker.json("dynamodb", "DynamoDB_20120810.CreateTable", TABLE);
    std::iter::once(create).chain((0..100).map(|sort| put_item(maker, 0, sort))).collect()
}

/// A hundred thousand items in the same table, a hundred for each partition.
fn many(maker: Maker) -> Vec<Vec<u8>> {
    let batch = |n: usize| {
        let puts = (n * 25..n * 25 + 25)
            .map(|at| format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, item(1000 + at / 100, at % 100)));
        let body = format!(r#"{{"RequestItems":{{"bench":[{}]}}}}"#, puts.collect::<Vec<_>>().join(","));
        maker.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", &body)
    };
    (0..4000).map(batch).collect()
}

fn query(maker: Maker) -> Vec<Vec<u8>> {
    let body =
        r#"{"TableName":"bench","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"p0"}}}"#;
    vec![maker.json("dynamodb", "DynamoDB_20120810.Query", body)]
}

fn object(maker: Maker, size: usize) -> Vec<u8> {
    maker.rest("s3", "PUT", &format!("/bench/{size}"), &vec![b'o'; size])
}

fn bucket(maker: Maker) -> Vec<Vec<u8>> {
    vec![maker.rest("s3", "PUT", "/bench", b""), object(maker, 1024), object(maker, 1 << 20)]
}

/// The cases, in the table's order. A stage that an earlier case has set stays set.
pub const CASES: &[Case] = &[
    Case {
        name: "STS GetCallerIdentity",
        service: "sts",
        target: 0.6,
        prepare: nothing,
        requests: |maker| vec![maker.query("sts", "Action=GetCallerIdentity&Version=2011-06-15")],
    },
    Case {
        name: "DynamoDB GetItem",
        service: "dynamodb",
        target: 0.5,
        prepare: table,
        requests: |maker| {
            let body = r#"{"TableName":"bench","Key":{"p":{"S":"p0"},"s":{"S":"s00042"}}}"#;
            vec![maker.json("dynamodb", "DynamoDB_20120810.GetItem", body)]
        },
    },
    Case { name: "DynamoDB Query of 100", service: "dynamodb", target: 0.15, prepare: nothing, requests: query },
    Case {
        name: "DynamoDB PutItem",
        service: "dynamodb",
        target: 0.35,
        prepare: nothing,
        requests: |maker| (0..1000).map(|n| put_item(maker, 1 + n % 100, n)).collect(),
    },
    Case { name: "... Query among 100,000", service: "dynamodb", target: 0.15, prepare: many, requests: query },
    Case {
        name: "S3 GET 1 KiB",
        service: "s3",
        target: 0.5,
        prepare: bucket,
        requests: |maker| vec![maker.rest("s3", "GET", "/bench/1024", b"")],
    },
    Case {
        name: "S3 PUT 1 KiB",
        service: "s3",
        target: 0.25,
        prepare: nothing,
        requests: |maker| (0..100).map(|n| maker.rest("s3", "PUT", &format!("/bench/put{n}"), &[b'o'; 1024])).collect(),
    },
    Case {
        name: "S3 GET 1 MiB",
        service: "s3",
        target: 0.9,
        prepare: nothing,
        requests: |maker| vec![maker.rest("s3", "GET", "/bench/1048576", b"")],
    },
];
